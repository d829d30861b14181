package manifest

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFullNameSkipsFrontendAndBackend(t *testing.T) {
	for dir, want := range map[string]struct{ name, bad string }{
		"SMS/a":                  {"SMS.a", ""},
		"backend/SMS/frontend/a": {"SMS.a", ""},
		"frontend":               {"", ""},
		".":                      {"", ""},
		"a/b-c/_d":               {"a.b-c._d", ""},
		"a/1b":                   {"", "1b"},
		"a/b c":                  {"", "b c"},
		"a/ä":                    {"", "ä"},
		"a/b.c":                  {"", "b.c"},
		"Backend/a":              {"Backend.a", ""},
	} {
		name, bad := FullName(dir)
		require.Equal(t, want.name, name, dir)
		require.Equal(t, want.bad, bad, dir)
	}
}

func FuzzElementName(f *testing.F) {
	for _, seed := range []string{"SMS/a", "frontend/a/backend", "a//b", "../x", "a/ä", "1/2", ".", "a.b/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dir string) {
		name, bad := FullName(dir)
		if name != "" {
			require.Empty(t, bad)
			require.True(t, ValidName(name), "%q", name)
			again, _ := FullName(strings.ReplaceAll(name, ".", "/"))
			require.Equal(t, name, again)
		}
		if file, ok := LocalFile(dir); ok {
			require.NotContains(t, strings.Split(file, "/"), "..")
			require.False(t, path.IsAbs(file))
		}
		if code, ok := parseCode(dir); ok && code.Kind == BareCode {
			require.NotContains(t, code.Name, "/")
			require.NotEqual(t, "..", code.Name)
		}
	})
}
