package phonetype

import "github.com/lintel-run/lintel/elements/phone/numbering"

// Colors are those of the login page; what isn't set is the page's own.
type Colors struct {
	Accent     string `json:"accent,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$" doc:"Buttons and links, as #rrggbb."`
	AccentDark string `json:"accentDark,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$" doc:"The same on dark pages."`
}

// Look is what the login page shows besides the settings of the login.
type Look struct {
	// CallingCodes are those of the regions that may log in.
	CallingCodes map[string]int `json:"callingCodes"`
	Logo         string         `json:"logo"`
	Colors       Colors         `json:"colors"`
}

func (p *PhoneLogin) look() Look {
	codes := make(map[string]int, len(p.config.Regions))
	for _, region := range p.config.Regions {
		codes[region] = numbering.CallingCode(region)
	}
	return Look{CallingCodes: codes, Logo: p.config.Logo, Colors: p.config.Colors}
}
