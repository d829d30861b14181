package phonetype

import "github.com/lintel-run/lintel/elements/phone/numbering"

// Colors are colors of the login page. One that isn't set is the page's default.
type Colors struct {
	Accent     string `json:"accent,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$" doc:"Buttons and links, as #rrggbb."`
	AccentDark string `json:"accentDark,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$" doc:"The same on dark pages."`
}

// Look is the appearance of the login page.
type Look struct {
	// CallingCodes are the calling codes of the regions that may log in.
	CallingCodes map[string]int `json:"callingCodes"`
	Logo         string         `json:"logo"`
	Colors       Colors         `json:"colors"`
	// TermsURL and PrivacyURL are what people agree to. ConsentRequired is 1 if they have
	// to tick a box.
	TermsURL        string `json:"termsUrl"`
	PrivacyURL      string `json:"privacyUrl"`
	ConsentRequired int    `json:"consentRequired"`
}

func (p *PhoneLogin) look() Look {
	codes := make(map[string]int, len(p.config.Regions))
	for _, region := range p.config.Regions {
		codes[region] = numbering.CallingCode(region)
	}
	return Look{
		CallingCodes: codes, Logo: p.config.Logo, Colors: p.config.Colors,
		TermsURL: p.config.TermsURL, PrivacyURL: p.config.PrivacyURL, ConsentRequired: p.config.ConsentRequired,
	}
}
