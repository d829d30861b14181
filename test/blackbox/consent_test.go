package blackbox_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// What a login page links to is https or of the same site.
func TestADocumentOfTheLoginPageIsHTTPSOrRelative(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	good := []string{"https://shop.example", "https://shop.example/terms?v=2#top", "/", "/terms", "terms.html", "legal/terms", "../terms"}
	wrong := []string{
		"http://shop.example", "//shop.example", "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
		"mailto:a@b.example", "https://", "https:///x", "https:shop.example", `/\shop.example`, `\\shop.example`, "/\t/shop.example",
		" https://shop.example", "a b", "",
	}
	for i, address := range append(good, wrong...) {
		app.WriteJSON(fmt.Sprintf("z/l%d/e.json", i), map[string]any{"title": "L", "type": "auths.loginTypes.PhoneType"})
		app.WriteJSON(fmt.Sprintf("z/l%d/config.json", i), map[string]any{
			"smsFullName": "{{PHONE_SMS}}", "termsUrl": address, "privacyUrl": "/privacy", "consentRequired": 1,
		})
	}
	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--dev")
	require.Equal(t, 1, out.Code)
	for i := range good {
		require.NotContains(t, out.Stdout, fmt.Sprintf("z.l%d: /termsUrl", i), good[i])
	}
	for i, address := range wrong {
		require.Contains(t, out.Stdout, fmt.Sprintf("z.l%d: /termsUrl", i+len(good)), address)
	}
	app.SetLogin(map[string]any{"consentRequired": 1})
	out = blackbox.Lintel(t, app.Dir, nil, "validate", "--dev")
	require.Contains(t, out.Stdout, "/consentRequired: is 1, but there is neither termsUrl nor privacyUrl")
}
