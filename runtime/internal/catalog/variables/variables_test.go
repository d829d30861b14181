package variables

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLookupOrder(t *testing.T) {
	s := &Source{
		Fixed:     map[string]string{"A": "fixed"},
		LookupEnv: func(n string) (string, bool) { return "env", n == "A" || n == "B" || n == "X" },
		Files:     []map[string]string{{"B": "file1", "C": "file1"}, {"C": "file2", "D": "file2", "X": "file2"}},
		Declared: [][]Declaration{
			{{Name: "B"}, {Name: "C", Default: "near", HasDefault: true}, {Name: "E", Secret: true}},
			{{Name: "E", Default: "far", HasDefault: true}, {Name: "C", Default: "far", HasDefault: true}, {Name: "F"}},
		},
	}
	for name, want := range map[string]string{"A": "fixed", "B": "env", "C": "file1", "D": "file2", "E": "far", "X": "file2"} {
		got, secret, found := s.Lookup(name)
		require.True(t, found, name)
		require.Equal(t, want, got, name)
		require.Equal(t, name == "E", secret, name)
	}
	_, _, found := s.Lookup("F")
	require.False(t, found)
}

func TestExpandIsLinear(t *testing.T) {
	s := &Source{Fixed: map[string]string{"A": "{{A}}"}}
	out, missing := s.Expand(strings.Repeat("{{A", 300_000))
	require.Empty(t, missing)
	require.Len(t, out.Text, 900_000)
	out, _ = s.Expand("{{A}}{{A}}")
	require.Equal(t, "{{A}}{{A}}", out.Text)
	require.Empty(t, out.Whole)
	out, _ = s.Expand("{{{{A}}")
	require.Equal(t, "{{A}}", out.Text)
	out, _ = s.Expand("{{A}}")
	require.Equal(t, "A", out.Whole)
}
