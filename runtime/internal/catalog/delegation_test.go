package catalog

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

// routed is an app whose library has a Type that hands on to its own family, and
// one with a key that doesn't go with it.
func routed(t *testing.T, files map[string]string) *app {
	a := newApp(t, files)
	lib := library()
	lib["SMS/Route/e.json"] = &fstest.MapFile{Data: []byte(`{"title":"Route","type":"SMS.Meta","backendBundleEntry":"router"}`)}
	lib["auths/loginTypes/StyledType/e.json"] = &fstest.MapFile{Data: []byte(`{"title":"Styled","type":"auths.loginTypes.Meta","backendBundleEntry":"router"}`)}
	a.cfg.Library = lib
	require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "router"), []byte("code"), 0o755))
	a.write("../plugins/router.types.json", `{"types":[
	 {"name":"SMS.Route","configFile":"sms.json","configSchema":"{\"type\":\"object\",\"properties\":{\"use\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-element\":\"SMS.Meta\"}}}}"},
	 {"name":"StyledType","configSchema":"{\"type\":\"object\",\"properties\":{\"sms\":{\"type\":\"string\",\"x-element\":\"SMS.Meta\"},\"style\":{\"type\":\"object\",\"x-excludes\":{\"sms\":\"SMS.Route\"},\"properties\":{\"sign\":{\"type\":\"string\"}}}}}"}]}`)
	return a
}

func route(name, config string) map[string]string {
	return map[string]string{"SMS/" + name + "/e.json": `{"title":"R","type":"SMS.Route"}`, "SMS/" + name + "/sms.json": config}
}

func styled(config string) map[string]string {
	return map[string]string{"login/e.json": `{"title":"L","type":"auths.loginTypes.StyledType"}`, "login/config.json": config}
}

func TestCirclesOfDelegationAreErrors(t *testing.T) {
	vendor := sms("SMS/v", `{"url":"x"}`)
	for name, tt := range map[string]struct {
		files map[string]string
		want  map[string]string // by element
	}{
		"none":        {with(vendor, route("a", `{"use":["SMS.b","SMS.v"]}`), route("b", `{"use":["SMS.v"]}`)), nil},
		"two ways to": {with(vendor, route("a", `{"use":["SMS.b","SMS.c"]}`), route("b", `{"use":["SMS.c"]}`), route("c", `{"use":["SMS.v"]}`)), nil},
		"itself":      {route("a", `{"use":["SMS.a"]}`), map[string]string{"SMS.a": "a circle: SMS.a uses SMS.a"}},
		"by another": {with(vendor, route("a", `{"use":["SMS.v","SMS.b"]}`), route("b", `{"use":["SMS.a"]}`)),
			map[string]string{"SMS.a": "a circle: SMS.a uses SMS.b uses SMS.a", "SMS.b": "a circle: SMS.b uses SMS.a uses SMS.b"}},
		"one that leads to a circle": {with(route("a", `{"use":["SMS.b"]}`), route("b", `{"use":["SMS.b"]}`)), map[string]string{"SMS.b": "a circle: SMS.b uses SMS.b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for _, p := range routed(t, tt.files).load().Problems {
				got[p.Element] = p.Message
			}
			if tt.want == nil {
				tt.want = map[string]string{}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestAKeyThatDoesNotGoWithTheElementBesideIt(t *testing.T) {
	vendor := with(sms("SMS/v", `{"url":"x"}`), route("r", `{"use":["SMS.v"]}`),
		map[string]string{"MyRoute/e.json": `{"title":"R","type":"SMS.Route"}`, "MyRoute/defaults.json": `{}`, "SMS/own/e.json": `{"title":"O","type":"MyRoute"}`})
	for config, refused := range map[string]bool{
		`{"sms":"SMS.v","style":{"sign":"x"}}`:   false,
		`{"sms":"SMS.r","style":{"sign":""}}`:    false,
		`{"sms":"SMS.r","style":{}}`:             false,
		`{"sms":"SMS.r"}`:                        false,
		`{"style":{"sign":"x"}}`:                 false,
		`{"sms":"SMS.r","style":{"sign":"x"}}`:   true,
		`{"sms":"SMS.own","style":{"sign":"x"}}`: true,
	} {
		s := routed(t, with(vendor, styled(config))).load()
		if !refused {
			fine(t, s)
			continue
		}
		p := only(t, s)
		require.Equal(t, []any{"login", problem.CodeReference, "/style", "style does not go with sms of an SMS.Route"}, []any{p.Element, p.Code, p.Pointer, p.Message}, config)
	}
}

// The element that is named may change its Type while the one that names it stays.
func TestAnElementThatBecomesARouteIsSeen(t *testing.T) {
	a := routed(t, with(sms("SMS/v", `{"url":"x"}`), sms("SMS/x", `{"url":"x"}`), styled(`{"sms":"SMS.x","style":{"sign":"x"}}`)))
	fine(t, a.load())
	a.write("SMS/x/e.json", `{"title":"R","type":"SMS.Route"}`)
	a.write("SMS/x/sms.json", `{"use":["SMS.v"]}`)
	p := only(t, a.reload(1e9))
	require.Equal(t, "login", p.Element)
	require.True(t, p.Serving)
}
