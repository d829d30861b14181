package phonetype

import (
	"github.com/nyaruka/phonenumbers"
)

// Colors are those of the login page; what isn't set is the page's own.
type Colors struct {
	Accent     string `json:"accent,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$" doc:"Buttons and links, as #rrggbb."`
	AccentDark string `json:"accentDark,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$" doc:"The same on dark pages."`
}

// callingCodes gives the calling code of each region that may log in.
func callingCodes(regions []string) map[string]int {
	codes := make(map[string]int, len(regions))
	for _, region := range regions {
		codes[region] = phonenumbers.GetCountryCodeForRegion(region)
	}
	return codes
}
