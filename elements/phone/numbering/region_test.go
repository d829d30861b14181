package numbering

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegionOfANumber(t *testing.T) {
	for e164, want := range map[string]string{
		"+8613800138000": "CN",
		"+447400123456":  "GB",
		"+12042345678":   "CA",
		"+12012345678":   "US",
		"+19992345678":   "US", // no such range: the main country of +1
		"+1":             "",
		"+9991234567":    "",
		"":               "",
	} {
		require.Equal(t, want, Region(e164), e164)
	}
}

func TestEveryRegionHasACallingCodeAndRules(t *testing.T) {
	require.Greater(t, len(Regions()), 200)
	for _, name := range Regions() {
		require.NotZero(t, CallingCode(name), name)
		r, _ := NewRules([]string{name}, name)
		require.NotNil(t, r, name)
	}
	require.Zero(t, CallingCode("XX"))
}
