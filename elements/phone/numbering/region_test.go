package numbering

import (
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
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

func TestRegionsAreTheLibrarys(t *testing.T) {
	var known []string
	for name := range phonenumbers.GetSupportedRegions() {
		known = append(known, name)
		require.Equal(t, phonenumbers.GetCountryCodeForRegion(name), CallingCode(name), name)
	}
	slices.Sort(known)
	require.Equal(t, known, Regions())
	for _, name := range Regions() {
		r, _ := NewRules([]string{name}, name)
		require.NotNil(t, r, name)
	}
}
