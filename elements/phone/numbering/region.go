package numbering

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// regions are the regions that libphonenumber knows. The list stands here so that
// describing a Type's configuration doesn't read its tables.
const regions = `
AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ
BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU
CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL
IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK
PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM
SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ
UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
`

// Regions returns the regions whose numbers are known, as ISO 3166 codes in order.
func Regions() []string { return strings.Fields(regions) }

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
