package blackbox

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// App is an app's directory that a test may change.
type App struct {
	t   testing.TB
	Dir string
}

// Example copies app.example, with captcha off. All tests share one address, which
// would need a captcha after three sends.
func Example(t testing.TB) *App {
	t.Helper()
	a := Shipped(t)
	a.SetLogin(map[string]any{"captcha": "off"})
	return a
}

// Shipped copies app.example as it is.
func Shipped(t testing.TB) *App {
	t.Helper()
	a := &App{t: t, Dir: filepath.Join(t.TempDir(), "app")}
	if err := os.CopyFS(a.Dir, os.DirFS(filepath.Join(Root(), "app.example"))); err != nil {
		t.Fatal(err)
	}
	// Running the example may have left data here.
	for _, name := range []string{"appData", ".env"} {
		if err := os.RemoveAll(filepath.Join(a.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// Bare makes an app that has only an app.json.
func Bare(t testing.TB) *App {
	t.Helper()
	a := &App{t: t, Dir: filepath.Join(t.TempDir(), "app")}
	a.WriteJSON("app.json", map[string]any{"appId": "example.shop", "title": "Empty"})
	return a
}

// Write writes a file below the app as editors do: a new file, moved into place.
func (a *App) Write(path, text string) {
	a.t.Helper()
	path = filepath.Join(a.Dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(path+"~", []byte(text), 0o644); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		a.t.Fatal(err)
	}
}

// WriteJSON writes a JSON file below the app.
func (a *App) WriteJSON(path string, value any) {
	a.t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		a.t.Fatal(err)
	}
	a.Write(path, string(text)+"\n")
}

// Edit changes a JSON file below the app.
func (a *App) Edit(path string, change func(map[string]any)) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.Dir, filepath.FromSlash(path)))
	if err != nil {
		a.t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		a.t.Fatal(err)
	}
	change(value)
	a.WriteJSON(path, value)
}

// Remove removes a file or directory below the app.
func (a *App) Remove(path string) {
	a.t.Helper()
	if err := os.RemoveAll(filepath.Join(a.Dir, filepath.FromSlash(path))); err != nil {
		a.t.Fatal(err)
	}
}

// Login is the full name of the phone login of Example.
const Login = "auths.loginTypes.myPhoneLogin"

// LoginConfig is its configuration file.
const LoginConfig = "auths/loginTypes/myPhoneLogin/config.json"

// Sessions is the full name of the element of sessions.
const Sessions = "auths.loginTypes.services.AuthSvc"

// SetLogin changes settings of the phone login.
func (a *App) SetLogin(settings map[string]any) {
	a.t.Helper()
	a.Edit(LoginConfig, func(config map[string]any) {
		for key, value := range settings {
			config[key] = value
		}
	})
}

// UseVendor makes an instance of SMS.Http that posts to the stand-in, and has the login
// use it.
func (a *App) UseVendor(v *Vendor, name string) {
	a.t.Helper()
	a.WriteJSON("SMS/"+name+"/e.json", map[string]any{"title": name, "type": "SMS.Http", "backendBundleEntry": "."})
	a.WriteJSON("SMS/"+name+"/sms.json", v.Config())
	a.SetLogin(map[string]any{"smsFullName": "SMS." + name})
}
