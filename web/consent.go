package web

import (
	"html/template"
	"net/url"
	"strings"
)

// consent is what people who sign in agree to: links within a sentence, and a box
// where it has to be ticked.
type consent struct {
	Before, After   string
	Links           []consentLink
	Required, Given bool
}

type consentLink struct {
	Before  string
	Address template.URL
	Text    string
}

// consent returns what the login's configuration links to, nil if that is nothing.
func (v *visit) consent() *consent {
	c := &consent{Required: v.config.ConsentRequired == 1, Given: v.flow.Consent}
	for _, one := range []struct{ address, text string }{{v.config.TermsURL, "terms"}, {v.config.PrivacyURL, "privacy"}} {
		address := documentURL(one.address)
		if address == "" {
			continue
		}
		link := consentLink{Address: address, Text: v.words.T(one.text)}
		if len(c.Links) > 0 {
			link.Before = v.words.T("and")
		}
		c.Links = append(c.Links, link)
	}
	if len(c.Links) == 0 {
		return nil
	}
	sentence := "agreeByGoingOn"
	if c.Required {
		sentence = "agree"
	}
	c.Before, c.After, _ = strings.Cut(v.words.T(sentence), "{x}")
	return c
}

// documentURL returns an address that is https or of this site, else "".
func documentURL(text string) template.URL {
	u, err := url.Parse(text)
	if err != nil || text == "" || strings.ContainsRune(text, '\\') ||
		(u.Scheme != "https" || u.Host == "") && (u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(text, "//")) {
		return ""
	}
	return template.URL(text) //nolint:gosec // G203: checked to be harmless, from the configuration
}
