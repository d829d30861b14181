package web

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/server/extension"
)

func TestACodeIsFoundInWhatWasPasted(t *testing.T) {
	for text, want := range map[string]string{
		"123456": "123456", " 123 456 ": "123456", "123-456": "123456", "１２３４５６": "123456",
		"\u202d123456\u202c": "123456", "123\u200b456": "123456", "\ufeff１２３-４５６": "123456", "١٢٣٤٥٦": "123456", "۱۲۳ ۴۵۶": "123456",
		"你的验证码是\u200e𝟏𝟐𝟑𝟒𝟓𝟔。": "123456", "①②③④⑤⑥": "",
		"验证码:123456,5分钟内有效": "123456", "Your code is 123456. Valid for 5 minutes.": "123456",
		"012345": "012345", "12": "12", "": "", "abc": "", "1234567": "1234567",
	} {
		require.Equal(t, want, tidyCode(text, 6), "%q", text)
	}
}

func TestRedirectsLeadToThisSiteOrAllowedOrigins(t *testing.T) {
	allowed := []string{"https://front.example", "http://localhost:3000"}
	for wanted, want := range map[string]string{
		"/account": "/account", "/a?b=c#d": "/a?b=c#d",
		"https://front.example/x": "https://front.example/x", "HTTPS://FRONT.example:443/x": "https://FRONT.example:443/x",
		"http://localhost:3000/": "http://localhost:3000/",
		"":                       "", "//evil.example": "", "/\\evil.example": "", "https://evil.example": "", "http://front.example/": "",
		"https://front.example@evil.example/": "", "https://front.example.evil.example/": "", "javascript:alert(1)": "",
		"data:text/html,x": "", "/a\nb": "", "account": "", "http://localhost:3001/": "",
	} {
		require.Equal(t, want, destination(wanted, allowed), "%q", wanted)
	}
}

func TestOriginsAreExact(t *testing.T) {
	got, err := extension.ParseOrigins("corsOrigins", []string{" https://Front.example:443/ ", "http://[::1]:80", ""})
	require.NoError(t, err)
	require.Equal(t, []string{"https://front.example", "http://[::1]"}, got)
	for _, bad := range []string{"*", "https://*.example", "front.example", "ftp://x", "https://x/y", "https://x?y", "https://u@x", "null", "https://x;y"} {
		_, err := extension.ParseOrigins("corsOrigins", []string{bad})
		require.ErrorContains(t, err, "corsOrigins", bad)
	}
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	found := map[string]map[string]string{}
	require.NoError(t, readLocales(official, "locales", found))
	for name, texts := range found {
		for key := range found[fallback] {
			require.NotEmpty(t, texts[key], "%s: %s", name, key)
		}
		require.Len(t, texts, len(found[fallback]), name)
	}
}

func TestFurtherLanguagesComeFromFiles(t *testing.T) {
	l, err := newLocales(fstest.MapFS{"fr.json": {Data: []byte(`{"language":"Français","signIn":"Connexion"}`)}, "README.md": {}})
	require.NoError(t, err)
	tags, _, err := language.ParseAcceptLanguage("fr-CA, en;q=0.5")
	require.NoError(t, err)
	_, i, _ := l.matcher.Match(tags...)
	require.Equal(t, "Connexion", l.all[i].T("signIn"))
	require.Equal(t, "Continue", l.all[i].T("continue"), "what a file leaves out is English")
	for name, text := range map[string]string{"fr.json": `{"sign_in":"x"}`, "no language.json": `{}`, "de.json": `[]`} {
		_, err := newLocales(fstest.MapFS{name: {Data: []byte(text)}})
		require.ErrorContains(t, err, name)
	}
}

func TestTextOnAnyColourIsReadable(t *testing.T) {
	for _, accent := range []string{"ffb300", "0b57d0", "ffffff", "000000", "777777", "409eff"} {
		css := themed(colors{Accent: "#" + accent})
		require.Contains(t, css, "--a:#"+accent)
		rgb, ok := readColor("#" + accent)
		require.True(t, ok)
		on := max(contrast(rgb, [3]float64{}), contrast(rgb, [3]float64{1, 1, 1}))
		require.GreaterOrEqual(t, on, 4.5)
		require.GreaterOrEqual(t, contrast(readable(rgb, [3]float64{1, 1, 1}), [3]float64{1, 1, 1}), 4.5)
	}
	require.Empty(t, themed(colors{Accent: "red;}body{display:none"}))
}

func TestNumbersAreTypedInManyWays(t *testing.T) {
	for typed, want := range map[string]string{
		"138 0013 8000": "+86 138 0013 8000", " +852 5123 4567 ": "+852 5123 4567", "＋85251234567": "＋85251234567", "0085251234567": "0085251234567",
		"\u202d13800138000\u202c": "+86 13800138000", "\u200e+85251234567": "+85251234567", "tel:+85251234567": "+85251234567",
		"Tel: 13800138000": "+86 13800138000", "\ufefftel:+٨٥٢٥١٢٣٤٥٦٧": "+85251234567", "٠٠٨٥٢٥١٢٣٤٥٦٧": "0085251234567",
	} {
		require.Equal(t, want, international(typed, 86, true), typed)
	}
}

func TestTypedNumbersAreMasked(t *testing.T) {
	for _, c := range []struct {
		typed       string
		callingCode int
		want        string
	}{
		{"13800138000", 86, "138****8000"}, {"+86 138 0013 8000", 86, "138****8000"}, {"86 13800138000", 86, "138****8000"},
		{"008613800138000", 86, "138****8000"}, {"１３８００１３８０００", 86, "138****8000"},
		{"\u202d١٣٨٠٠١٣٨٠٠٠\u202c", 86, "138****8000"}, {"tel:+8613800138000", 86, "138****8000"},
		// Fewer than eleven national digits: the last two only.
		{"+852 5123 4567", 86, "******67"}, {"5123 4567", 852, "******67"}, {"07400 123456", 44, "********56"},
		{"+44 7400 123456", 44, "********56"}, {"+44 07400 123456", 44, "********56"}, {"(202) 555-0123", 1, "********23"},
		{"1", 86, ""},
	} {
		require.Equal(t, c.want, phone.Mask(e164(c.typed, c.callingCode)), c.typed)
	}
}
