package blackbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// An unknown region, and a default region outside regions, is an error of the app before any process runs.
func TestRegionsThatCannotWorkAreNotValid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		more    map[string]any
		pointer string // of the error, "" for none
	}{
		{map[string]any{"regions": []string{"US", "GB", "HK"}, "defaultRegion": "HK"}, ""},
		{map[string]any{"regions": []string{"US"}}, ""},
		{map[string]any{"regions": []string{"US", "CN"}}, ""},
		{map[string]any{"regions": []string{"US"}, "defaultRegion": "CN"}, "/defaultRegion: "},
		{map[string]any{"regions": []string{"US", "GB"}, "defaultRegion": "FR"}, "/defaultRegion: "},
		{map[string]any{"regions": []string{"US", "GB"}}, "/defaultRegion: "},
		{map[string]any{"defaultRegion": "US"}, "/defaultRegion: "},
		{map[string]any{"regions": []string{"US", "XX"}}, "/regions: "},
		{map[string]any{"regions": []string{"us"}}, "/regions: "},
		{map[string]any{"defaultRegion": "XX"}, "/defaultRegion: "},
		{map[string]any{"defaultRegion": ""}, "/defaultRegion: "},
	} {
		app := blackbox.Example(t)
		app.SetLogin(c.more)
		out := blackbox.Lintel(t, app.Dir, nil, "validate", "--dev")
		if c.pointer == "" {
			require.Equal(t, 0, out.Code, out.Stdout)
			continue
		}
		require.Equal(t, 1, out.Code, "%v", c.more)
		require.Contains(t, out.Stdout, "config.json:")
		require.Contains(t, out.Stdout, c.pointer)
		require.Contains(t, out.Stdout, "1 error, ")
	}
}
