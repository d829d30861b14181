package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTally(t *testing.T) {
	tests := []struct {
		name   string
		events []string
		ok     bool
		last   string
		shows  []string
		hides  []string
	}{
		{
			name: "counts what passed and hides what it said",
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			ok: true, last: "1 passed, 0 failed, 0 skipped", shows: []string{"ok  \tp"}, hides: []string{"noise"},
		},
		{
			name: "shows what a failed test said",
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"want 1, have 2\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			last: "0 passed, 1 failed, 0 skipped", shows: []string{"want 1, have 2"},
		},
		{
			name: "prints the reason of a skipped test",
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"  a_test.go:3: no redis-server here\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestB"}`,
			},
			ok: true, last: "1 passed, 0 failed, 1 skipped", shows: []string{"skipped p TestA: a_test.go:3: no redis-server here"},
		},
		{
			name: "a build that failed is a failure though no test failed",
			events: []string{
				`{"ImportPath":"p","Action":"build-output","Output":"x.go:1: undefined: y\n"}`,
				`{"ImportPath":"p","Action":"build-fail"}`,
				`{"Action":"fail","Package":"p","FailedBuild":"p"}`,
			},
			last: "0 passed, 0 failed, 0 skipped", shows: []string{"undefined: y"},
		},
		{
			name: "a package that died is a failure and shows what its tests had said",
			events: []string{
				`{"Action":"pass","Package":"q","Test":"TestQ"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			last: "1 passed, 0 failed, 0 skipped", shows: []string{"panic: boom"},
		},
		{name: "nothing that ran is a failure", last: "0 passed, 0 failed, 0 skipped"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var count tally
			var out strings.Builder
			require.NoError(t, count.read(strings.NewReader(strings.Join(test.events, "\n")), &out))
			require.Equal(t, test.ok, count.ok())
			require.True(t, strings.HasSuffix(count.String(), test.last), count.String())
			for _, s := range test.shows {
				require.Contains(t, out.String(), s)
			}
			for _, s := range test.hides {
				require.NotContains(t, out.String(), s)
			}
		})
	}
}
