package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// lintel runs a command line in an empty directory.
func lintel(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(args, &out, &err)
	return code, out.String(), err.String()
}

func TestWrongUsageExitsWithTwoAndSaysWhatIsWrong(t *testing.T) {
	tests := []struct {
		line  string
		words string
	}{
		{"", "needs a command"},
		{"sreve", `no command "sreve"; did you mean serve?`},
		{"help sreve", `no command "sreve"`},
		{"--nope", "unknown flag: --nope"},
		{"serve --nope", "unknown flag: --nope"},
		{"serve a b", `unexpected argument "b"`},
		{"serve", "there is no app.json in the current directory"},
		{"serve app --listen 8080", "--listen is HOST:PORT"},
		{"serve app --dev --listen 0.0.0.0:0", "loopback"},
		{"serve app --dev --listen :0", "loopback"},
		{"serve app --dev --listen [::]:0", "loopback"},
		{"serve app --dev --listen example.com:0", "loopback"},
		{"serve app --admin 127.0.0.1:0", "needs --admin-token"},
		{"serve app --admin nonsense", "--admin is HOST:PORT or unix:PATH"},
		{"serve app --trusted-proxies 10.0.0.0/33", "nor a CIDR"},
		{"serve app --trusted-proxies proxy.example", "nor a CIDR"},
		{"serve app --public-url shop.example", "--public-url is a URL"},
		{"serve app --drain-timeout soon", "invalid argument"},
		{"serve app --drain-timeout -1s", "not negative"},
		{"serve app --drain-delay -1s", "not negative"},
		{"serve app --log-level loud", "--log-level is debug, info, warn or error"},
		{"serve app --log-format xml", "--log-format is text or json"},
		{"serve app --config none.yaml", "none.yaml: no such file"},
		{"validate", "there is no app.json"},
		{"validate a b", `unexpected argument "b"`},
		{"elements", "there is no app.json"},
		{"lock", "there is no app.json"},
		{"keys", "needs a command: list, revoke, rotate"},
		{"keys turn", "no command"},
		{"new", "needs a command"},
		{"new app", "takes the directory"},
		{"new app d.e", `"example.d.e" is no appId`},
		{"new app d --id shop", `"shop" is no appId`},
		{"serve app --listen 127.0.0.1:99999", `"99999" is no port`},
		{"new instance SMS.acme", "takes a full name and a Type"},
		{"call", "call needs"},
		{"call app SMS.x", "call needs"},
		{"call app SMS.x f a --args {}", "not both"},
		{"call app SMS.x f --args [1]", "not a JSON object"},
		{"call app SMS.x f --args {}{}", "more than one"},
		{"types a", `unexpected argument "a"`},
		{"version a", `unexpected argument "a"`},
		{"status", "there is no app.json"},
		{"status --admin nonsense", "--admin is HOST:PORT"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, stdout, stderr := lintel(t, strings.Fields(test.line)...)
			require.Equal(t, exitUsage, code, stderr)
			require.Contains(t, stderr, test.words)
			require.Empty(t, stdout)
		})
	}
}

func TestSettingsOfTheEnvironmentAndTheFileAreCheckedAsFlagsAre(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("LINTEL_LISTEN", "0.0.0.0:0")
	code, _, stderr := lintel(t, "serve", "app", "--dev")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "loopback")

	require.NoError(t, os.WriteFile("lintel.yaml", []byte("trustedProxies: [nonsense]\nlisten: 127.0.0.1:0\n"), 0o600))
	code, _, stderr = lintel(t, "serve", "app")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, `"nonsense" is neither`)

	require.NoError(t, os.WriteFile("lintel.yaml", []byte("lisen: x\n"), 0o600))
	code, _, stderr = lintel(t, "version")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "no such setting: lisen")
}

func TestEveryFlagIsASetting(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("LINTEL_JSON", "true")
	code, stdout, stderr := lintel(t, "version")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, `"version"`)
	code, stdout, _ = lintel(t, "version", "--json=false")
	require.Equal(t, exitDone, code)
	require.NotContains(t, stdout, `"version"`)

	require.NoError(t, os.Mkdir("app", 0o700))
	require.NoError(t, os.WriteFile("app/app.json", []byte(`{"appId": "acme.shop"}`), 0o600))
	require.NoError(t, os.WriteFile("app/lintel.yaml", []byte("json: no\n"), 0o600))
	t.Setenv("LINTEL_JSON", "")
	_, stdout, _ = lintel(t, "elements", "app")
	require.Contains(t, stdout, "FULL NAME")
	require.NoError(t, os.WriteFile("app/lintel.yaml", []byte("json: yes\n"), 0o600))
	_, stdout, _ = lintel(t, "elements", "app")
	require.Contains(t, stdout, `"fullName"`, "the app's settings file, where there is none here")
	require.NoError(t, os.WriteFile("lintel.yaml", []byte("json: no\n"), 0o600))
	_, stdout, _ = lintel(t, "elements", "app")
	require.Contains(t, stdout, "FULL NAME", "the one here counts")
	require.NoError(t, os.WriteFile("lintel.yaml", []byte("config: x\n"), 0o600))
	code, _, stderr = lintel(t, "elements", "app")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "no such setting: config")
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		line := strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "lintel"))
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			code, stdout, stderr := lintel(t, append(strings.Fields(line), "--help")...)
			require.Equal(t, exitDone, code)
			require.Empty(t, stderr)
			require.Contains(t, stdout, "Usage:")
			require.Contains(t, stdout, "Examples:\n  ")
		})
		for _, child := range cmd.Commands() {
			visit(child)
		}
	}
	visit(newRoot(&invocation{}))
}

func TestNamesDontSteerTheTerminal(t *testing.T) {
	app := t.TempDir()
	for name, text := range map[string]string{
		"app.json":         `{"appId": "acme.shop"}`,
		"a\x1b[31m/e.json": `{"title": "x", "type": ""}`,
		"a\nb/e.json":      `{"title": "x", "type": ""}`,
		"corps/x/e.json":   `{"title": "\u001b]0;x\u0007", "type": "corps.NormalType"}`,
		"corps/x/x.json":   `{"\u001b[2J": 1}`,
	} {
		path := filepath.Join(app, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	code, stdout, _ := lintel(t, "validate", app)
	require.Equal(t, exitFailed, code)
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(stdout), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "library:") // whose executable is not beside this test's
	})
	require.Len(t, lines, 4, "one line a problem, and the count")
	require.NotContains(t, stdout, "\x1b")
	code, stdout, _ = lintel(t, "elements", app)
	require.Equal(t, exitDone, code)
	require.NotContains(t, stdout, "\x1b")
}

func TestNoServerRunning(t *testing.T) {
	code, _, stderr := lintel(t, "status", "--data", filepath.Join(t.TempDir(), "none"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "no server runs")
}

func TestArgumentsAreReadAsTheirDataTypeSays(t *testing.T) {
	tests := []struct {
		dataType, text string
		want           any
	}{
		{"Phone", "13800138000", "13800138000"},
		{"Stext", "true", "true"},
		{"Numeric", "12", 12.0},
		{"Checkbox", "true", true},
		{"JitDict", `{"a":1}`, map[string]any{"a": 1.0}},
		{"", "13800138000", "13800138000"},
		{"", `["a"]`, []any{"a"}},
		{"", `"a"`, "a"},
		{"", "null", nil},
		{"", "{not JSON", "{not JSON"},
	}
	for _, test := range tests {
		have, err := argument(test.dataType, test.text)
		require.NoError(t, err)
		require.Equal(t, test.want, have, test.text)
	}
	_, err := argument("Numeric", "many")
	require.Equal(t, exitUsage, exitCode(err))
}

func TestOperatorsAddresses(t *testing.T) {
	tests := map[string]operators{
		"127.0.0.1:9090":       {tcp: "127.0.0.1:9090"},
		":9090":                {tcp: ":9090"},
		"unix:/run/l.sock":     {socket: "/run/l.sock"},
		"unix:///run/l.sock":   {socket: "/run/l.sock"},
		"unix:run/l.sock":      {socket: "run/l.sock"},
		"./l.sock":             {socket: "./l.sock"},
		"/run/lintel/one.sock": {socket: "/run/lintel/one.sock"},
	}
	for text, want := range tests {
		have, err := parseOperators(text)
		require.NoError(t, err)
		require.Equal(t, want, have, text)
	}
	for _, text := range []string{"unix:", "unix:/", "9090"} {
		_, err := parseOperators(text)
		require.Equal(t, exitUsage, exitCode(err), text)
	}
}
