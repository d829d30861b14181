package numbering

import (
	"maps"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Regions returns the regions whose numbers are known, as ISO 3166 codes in order.
func Regions() []string { return slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) }

// CallingCode returns the country calling code of a region, 0 for an unknown one.
func CallingCode(region string) int {
	if region == china {
		return chinaCallingCode
	}
	return phonenumbers.GetCountryCodeForRegion(region)
}

// Region returns the region of a number in E.164, or "" if there is none. The
// number's range decides between countries that share a calling code, such as +1;
// in a range that is not known yet, the main country of the calling code.
func Region(e164 string) string {
	if strings.HasPrefix(e164, "+86") {
		return china
	}
	number, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return ""
	}
	if region := phonenumbers.GetRegionCodeForNumber(number); region != "" && region != "ZZ" {
		return region
	}
	if region := phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode())); region != "ZZ" {
		return region
	}
	return ""
}
