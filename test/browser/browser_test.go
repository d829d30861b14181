// Package browser_test runs scenarios of people at a browser, who use the pages of a
// running app.
package browser_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// chromium returns the path of the browser. It skips the test where the browser, node
// or what the scenarios import is missing; test/fetch installs them.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if _, err := exec.LookPath("node"); err != nil {
			t.Skip("node is not installed")
		}
		if _, err := os.Stat("node_modules/playwright-core"); err != nil {
			t.Skip("playwright-core is not installed; run test/fetch")
		}
		return path
	}
	t.Skip("chromium is not installed")
	return ""
}

// quick configures a login for people who never wait.
var quick = map[string]any{"captcha": "off", "resendInterval": 1, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000, "ipHourlyLimit": 100000}

// shop serves the example; pages of the origin front may call.
func shop(t testing.TB, front string) *blackbox.Server {
	app := blackbox.Example(t)
	app.SetLogin(quick)
	return app.Serve(blackbox.Start{Args: []string{"--redirect-origins", "https://front.example", "--cors-origins", front}})
}

// many serves an app with several logins, some of which ask for captchas, and its
// vendor; pages of the origin front may call.
func many(t testing.TB, front string) (*blackbox.Server, *blackbox.Vendor) {
	app, vendor := blackbox.Example(t), blackbox.NewVendor(t)
	app.UseVendor(vendor, "gateway")
	app.SetLogin(quick)
	login := func(name, title string, settings map[string]any) {
		config := map[string]any{"smsFullName": "SMS.gateway"}
		for _, more := range []map[string]any{quick, settings} {
			for key, value := range more {
				config[key] = value
			}
		}
		app.WriteJSON("auths/loginTypes/"+name+"/e.json", map[string]any{"title": title, "type": "auths.loginTypes.PhoneType"})
		app.WriteJSON("auths/loginTypes/"+name+"/config.json", config)
	}
	login("slow", "Slow", map[string]any{"resendInterval": 45})
	login("read", "Read", map[string]any{"captcha": "always", "captchaKind": "image"})
	login("worked", "Worked", map[string]any{"captcha": "always"})
	login("second", "Second", map[string]any{"corpFullName": "corps.second"})
	login("broken", "Broken", map[string]any{"smsFullName": "SMS.nowhere"})
	app.WriteJSON("corps/second/e.json", map[string]any{"title": "Second Shop", "type": "corps.NormalType"})
	login("brief", "Brief", map[string]any{"codeTTL": 2})
	login("world", "World", map[string]any{
		"regions": []string{"CN", "HK", "GB", "US"}, "codeLength": 8,
		"logo": pixel, "colors": map[string]any{"accent": "#ffb300", "accentDark": "#7a4fff"},
	})
	login("terms", "Terms", map[string]any{"termsUrl": "https://front.example/terms", "privacyUrl": "privacy.html", "consentRequired": 1})
	login("termsOnly", "Only terms", map[string]any{"termsUrl": "/terms"})
	app.Write("../locales/ar.json", `{"language": "العربية", "sentTo": "إلى {x}", "agree": "أوافق على {x}.", "terms": "الشروط", "privacy": "سياسة الخصوصية", "and": " و"}`)
	// In development nobody is asked for a captcha.
	return app.Serve(blackbox.Start{NoDev: true, Args: []string{"--cors-origins", front, "--locales", filepath.Join(filepath.Dir(app.Dir), "locales")}}), vendor
}

func environment(sites map[string]string, browser string, more ...string) []string {
	text, _ := json.Marshal(sites)
	return append(os.Environ(), append(more, "LINTEL_SITES="+string(text), "LINTEL_CHROMIUM="+browser)...)
}

func TestPeopleAtABrowser(t *testing.T) {
	browser := chromium(t)
	other := newStub(t)
	one := shop(t, other)
	several, vendor := many(t, other)
	cmd := exec.Command("node", "pages.mjs")
	cmd.Env = environment(map[string]string{"shop": one.URL, "many": several.URL, "stub": other, "world": newWorld(t, several, vendor)}, browser)
	ran := runScenarios(t, cmd)
	require.GreaterOrEqual(t, ran, 1)
	for s, messages := range map[*blackbox.Server][]blackbox.Message{one: one.Outbox(), several: sent(vendor)} {
		log := s.Log()
		require.NotContains(t, log, "panicked")
		for _, m := range messages {
			require.NotContains(t, log, m.Phone[len(m.Phone)-10:], "a phone in the log")
			if code := m.Params["code"]; code != "" { // a notice has none
				require.NotContains(t, log, `"`+code+`"`, "a code in the log")
				require.NotContains(t, log, "="+code+" ", "a code in the log")
			}
		}
	}
}

// runScenarios reports each line of a scenario runner as a test.
func runScenarios(t *testing.T, cmd *exec.Cmd) (ran int) {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var done struct{ Name, Error string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &done), lines.Text())
		ran++
		t.Run(done.Name, func(t *testing.T) {
			if done.Error != "" {
				t.Error(done.Error)
			}
		})
	}
	require.NoError(t, cmd.Wait())
	return ran
}

// TestScreenshots takes the pictures of the documentation, for make screenshots.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("LINTEL_SCREENSHOTS")
	if dir == "" {
		t.Skip("make screenshots writes them")
	}
	browser := chromium(t)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	s := shop(t, "https://front.example")
	several, vendor := many(t, "https://front.example")
	cmd := exec.Command("node", "screenshots.mjs")
	cmd.Env = environment(map[string]string{"shop": s.URL, "many": several.URL, "world": newWorld(t, several, vendor)}, browser, "LINTEL_SCREENSHOTS="+filepath.Clean(dir))
	runScenarios(t, cmd)
}

func TestLockedPackagesNameNoRegistry(t *testing.T) {
	text, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	require.False(t, strings.Contains(string(text), `"resolved"`))
}
