package blackbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/test/blackbox"
)

// door makes a login in a directory of its own and returns its full name.
func door(app *blackbox.App, config string) string {
	app.Write("shops/frontend/east/backend/out/e.json", `{"title": "Out", "type": "SMS.Outbox"}`)
	app.Write("gate/backend/Door-1/e.json", `{"title": "Door", "type": "auths.loginTypes.PhoneType", "backendBundleEntry": "."}`)
	app.Write("gate/backend/Door-1/Door-1.json", config)
	return "gate.Door-1"
}

func TestAnAppJSONAndTwoInstancesAreAWholeApp(t *testing.T) {
	t.Parallel()
	app := blackbox.Bare(t)
	name := door(app, `{"smsFullName": "shops.east.out", "smsConfig": {"noticeText": "moved"}}`)
	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--dev")
	require.Equal(t, 0, out.Code, out.Stdout)
	s := app.Serve()
	c := s.Client()
	spelt, e164 := blackbox.Phone()
	c.Call(name, "sendMessage", blackbox.Args{"phone": spelt}).OK(t)
	user := c.Call(name, "register", blackbox.Args{"phone": spelt, "code": s.Code(e164), "nick": "Ada"}).OK(t)
	session := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "mobile"}).OK(t)
	require.Equal(t, user.Text("userId"), session.Text("userId"))
	require.Equal(t, "Empty", s.Outbox()[0].Params["product"])
	require.FileExists(t, filepath.Join(app.Dir, "appData", "secret"))
}

func TestATypeOfOnesOwnWithoutCode(t *testing.T) {
	t.Parallel()
	app := blackbox.Bare(t)
	door(app, `{"smsFullName": "shops.east.out"}`)
	app.Write("my/LongCodes/e.json", `{"title": "Long", "type": "auths.loginTypes.PhoneType", "functionList": [
		{"name": "sendMessage", "loginRequired": 0}, {"name": "getLoginConfig", "loginRequired": 1}]}`)
	app.Write("my/LongCodes/defaults.json", `{"codeLength": 9, "smsFullName": "shops.east.out", "smsConfig": {"noticeText": "moved"}}`)
	app.Write("my/login/e.json", `{"title": "Mine", "type": "my.LongCodes"}`)
	s := app.Serve()
	c := s.Client()
	spelt, e164 := blackbox.Phone()
	c.Call("my.login", "sendMessage", blackbox.Args{"phone": spelt}).OK(t)
	require.Len(t, s.Code(e164), 9)
	c.Call("my.login", "getLoginConfig", nil).Fails(t, http.StatusUnauthorized, "LOGIN_REQUIRED")
	c.Call("my.login", "getLoginCode", blackbox.Args{"phone": spelt, "code": s.Code(e164)}).Fails(t, http.StatusForbidden, "FORBIDDEN")
	c.Call("gate.Door-1", "getLoginConfig", nil).OK(t)
	require.Len(t, s.Plugins(2), 2, "one process serves a Type and those derived from it")

	// A list that lowers a requirement is refused, and the last good one stays.
	app.Write("my/login/e.json", `{"title": "Mine", "type": "my.LongCodes", "functionList": [{"name": "getLoginConfig", "loginRequired": 0}, {"name": "bind"}]}`)
	blackbox.Eventually(t, 5*time.Second, "the problem is shown", func() bool {
		_, body := s.Operator("/status")
		return strings.Contains(body, "my/login/e.json")
	})
	c.Call("my.login", "getLoginConfig", nil).Fails(t, http.StatusUnauthorized, "LOGIN_REQUIRED")
}

// An app's own PhoneType in place of the official one, run by an interpreter.
func TestAnOwnPhoneTypeTakesTheOfficialOnesPlace(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	s.Register()
	official := s.Plugins(2)["auths.loginTypes.PhoneType"]

	const dir = "auths/loginTypes/PhoneType/"
	text, err := os.ReadFile(filepath.Join(blackbox.Bin(t), "lintel-types"))
	require.NoError(t, err)
	described, err := os.ReadFile(filepath.Join(blackbox.Bin(t), "lintel-types.types.json"))
	require.NoError(t, err)
	app.Write(dir+"types", string(text))
	require.NoError(t, os.Chmod(filepath.Join(app.Dir, dir, "types"), 0o755))
	app.Write(dir+"run.sh.types.json", strings.ReplaceAll(string(described), `"Phone login"`, `"Own login"`))
	app.Write(dir+"run.sh", "echo own code runs >&2\nexec \"$(dirname \"$0\")/types\" \"$@\"\n")
	app.Write(dir+"e.json", `{"title": "Own", "type": "auths.loginTypes.Meta", "backendBundleEntry": "./run.sh", "interpreter": "sh"}`)
	blackbox.Eventually(t, 10*time.Second, "the own Type serves", func() bool {
		pid := s.Plugins(2)["auths.loginTypes.PhoneType"]
		return pid != official && strings.Contains(s.Log(), "own code runs") && !blackbox.Alive(official)
	})
	s.Register()

	require.Equal(t, 0, blackbox.Lintel(t, app.Dir, nil, "lock").Code)
	locked := app.Serve(blackbox.Start{Args: []string{"--locked"}})
	locked.Register()
	locked.Stop()
	app.Write(dir+"added.txt", "any file of the directory counts")
	refusing := app.Serve(blackbox.Start{Args: []string{"--locked"}})
	spelt, _ := blackbox.Phone()
	refusing.Client().Send(spelt).Fails(t, http.StatusServiceUnavailable, "ELEMENT_UNAVAILABLE")
	refusing.Stop()
	app.Remove(dir + "added.txt")
	app.Serve(blackbox.Start{Args: []string{"--locked"}}).Register()
}

func TestAnAppBelowAnother(t *testing.T) {
	t.Parallel()
	app := blackbox.Bare(t)
	app.Write("../base/app.json", `{"appId": "org.base", "version": "2.3.4", "title": "Base"}`)
	app.Write("../base/SMS/hidden/e.json", `{"title": "Hidden", "type": "SMS.Outbox", "accessModifier": "private"}`)
	app.Write("../base/SMS/kept/e.json", `{"title": "Kept", "type": "SMS.Outbox", "accessModifier": "protected"}`)
	app.Write("../base/entry/e.json", `{"title": "Entry", "type": "auths.loginTypes.PhoneType"}`)
	app.Write("../base/entry/config.json", `{"smsFullName": "SMS.hidden", "smsConfig": {"noticeText": "moved"}}`)
	extends := func(version string) {
		app.WriteJSON("app.json", map[string]any{"appId": "example.shop", "title": "Below",
			"extends": []any{map[string]any{"appId": "org.base", "version": version, "path": "../base"}}})
	}
	extends("~2.3")
	s := app.Serve()
	spelt, _ := blackbox.Phone()
	s.Client().Call("entry", "sendMessage", blackbox.Args{"phone": spelt}).OK(t)
	s.Client().Call("SMS.hidden", "sendMessage", nil).Fails(t, http.StatusNotFound, "ELEMENT_NOT_FOUND")
	s.Stop()

	app.Write("SMS/kept/e.json", `{"title": "Mine", "type": "SMS.Outbox"}`)
	app.Write("mine/e.json", `{"title": "Mine", "type": "auths.loginTypes.PhoneType"}`)
	app.Write("mine/config.json", `{"smsFullName": "SMS.hidden", "smsConfig": {"noticeText": "moved"}}`)
	out := blackbox.Lintel(t, app.Dir, nil, "validate")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "SMS.kept is protected in org.base:SMS/kept/e.json")
	require.Contains(t, out.Stdout, "mine/config.json:1: mine: /smsFullName: there is no element SMS.hidden")
	app.Remove("SMS")
	app.Remove("mine")

	extends(">=3")
	for _, command := range []string{"validate", "serve"} {
		out := blackbox.Lintel(t, app.Dir, nil, command, app.Dir)
		require.Equal(t, 1, out.Code, command)
		require.Contains(t, out.Stdout+out.Stderr, "2.3.4")
	}
}

func TestVariablesAreWatchedTypedAndNamedWhenTheyAreMissing(t *testing.T) {
	t.Parallel()
	app := blackbox.Bare(t)
	app.Write("app.json", `{"appId": "example.shop", "title": "V", "variables": [
		{"name": "CODE_LENGTH", "title": "Length", "default": "7"}, {"name": "TOKEN", "title": "Token", "secret": true}]}`)
	name := door(app, `{"smsFullName": "shops.east.{{WHICH}}", "codeLength": "{{CODE_LENGTH}}", "smsConfig": {"noticeText": "{{{{x}} {y} {{TOKEN}}"}}`)
	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--json")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "variable WHICH has no value")
	require.Contains(t, out.Stdout, `"pointer": "/smsFullName"`)

	app.Write(".env", "WHICH=out\nTOKEN=\"tricky\\\" , \\\\ value\"\n")
	out = blackbox.Lintel(t, app.Dir, []string{"WHICH=never", "CODE_LENGTH=abc"}, "validate")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "/codeLength")
	require.NotContains(t, out.Stdout, "abc")
	require.NotContains(t, out.Stdout, "never", "an undeclared name isn't taken from the environment")

	s := app.Serve()
	length := func() float64 { return s.Client().Call(name, "getLoginConfig", nil).OK(t)["codeLength"].(float64) }
	require.Equal(t, 7.0, length())
	watch := pace.Start(t)
	app.Write(".env", "WHICH=out\nTOKEN=t\nCODE_LENGTH=8\n")
	blackbox.Eventually(t, 5*time.Second, "the new .env", func() bool { return length() == 8 })
	watch.Within(t, 1500*time.Millisecond)
	app.Write(".env", "WHICH=\nTOKEN=t\nCODE_LENGTH=9\n")
	blackbox.Eventually(t, 5*time.Second, "the empty variable is named", func() bool {
		_, body := s.Operator("/status")
		return strings.Contains(body, "variable WHICH has no value")
	})
	require.Equal(t, 8.0, length(), "the last good configuration serves")
	status, _ := s.Operator("/readyz")
	require.Equal(t, http.StatusOK, status, "it serves")
}

func TestABrokenElementAtStartAndWhatComesAndGoesLater(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	good, err := os.ReadFile(filepath.Join(app.Dir, blackbox.LoginConfig))
	require.NoError(t, err)
	app.Write(blackbox.LoginConfig, `{"smsFullName": "SMS.devOutbox", "codeLenght": "s3cret-word"}`)
	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--json")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, `did you mean \"codeLength\"`)
	require.NotContains(t, out.Stdout, "s3cret-word")

	s := app.Serve()
	c := s.Client()
	data := c.Call(blackbox.Login, "getLoginConfig", nil).Fails(t, http.StatusServiceUnavailable, "ELEMENT_UNAVAILABLE")
	require.Equal(t, "not_executed", data.Text("outcome"))
	status, body := s.Operator("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, blackbox.Login)
	response, err := http.Get(s.URL + "/readyz")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode, "there is no other login")
	var bare map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&bare))
	require.Equal(t, map[string]any{"ready": false}, bare)

	works := func() bool { return c.Call(blackbox.Login, "getLoginConfig", nil).Status == http.StatusOK }
	app.Write(blackbox.LoginConfig, string(good))
	blackbox.Eventually(t, 5*time.Second, "it was put right", works)

	// Without its configuration an element keeps the last good one. Without its e.json
	// it is removed.
	app.Remove(blackbox.LoginConfig)
	blackbox.Eventually(t, 5*time.Second, "the missing file is reported", func() bool {
		_, body := s.Operator("/status")
		return strings.Contains(body, "the configuration file is missing")
	})
	require.True(t, works())
	app.Remove("auths/loginTypes/myPhoneLogin/e.json")
	require.True(t, works(), "not at once: editors do this")
	blackbox.Eventually(t, 5*time.Second, "it is gone", func() bool {
		return c.Call(blackbox.Login, "getLoginConfig", nil).Is("ELEMENT_NOT_FOUND")
	})
	app.Write("auths/loginTypes/myPhoneLogin/config.json", string(good))
	app.Write("auths/loginTypes/myPhoneLogin/e.json", `{"title": "Back", "type": "auths.loginTypes.PhoneType"}`)
	blackbox.Eventually(t, 5*time.Second, "it is back", works)
}

// A Type that doesn't answer delays only its own instances, and gets their changes when
// it works again.
func TestAFrozenPluginHoldsNoOtherChangeUp(t *testing.T) {
	t.Parallel()
	app := blackbox.Bare(t)
	app.Write("a/out/e.json", `{"title": "Out", "type": "SMS.Outbox"}`)
	app.Write("a/out/out.json", `{}`)
	app.Write("z/door/e.json", `{"title": "Door", "type": "auths.loginTypes.PhoneType"}`)
	login := func(length int) {
		app.WriteJSON("z/door/door.json", map[string]any{"smsFullName": "a.out", "codeLength": length, "captcha": "off"})
	}
	login(6)
	s := app.Serve()
	spelt, _ := blackbox.Phone()
	s.Client().Call("z.door", "sendMessage", blackbox.Args{"phone": spelt}).OK(t)
	outbox := s.Plugins(2)["SMS.Outbox"]
	require.NoError(t, syscall.Kill(outbox, syscall.SIGSTOP))
	defer func() { _ = syscall.Kill(outbox, syscall.SIGCONT) }()

	app.Write("a/out/out.json", `{"timeout": 4000}`)
	for _, length := range []int{7, 8} {
		login(length)
		watch := pace.Start(t)
		blackbox.Eventually(t, 20*time.Second, "the login's change", func() bool {
			return s.Client().Call("z.door", "getLoginConfig", nil).OK(t)["codeLength"] == float64(length)
		})
		watch.Within(t, 4*time.Second, "a freeze is noticed after six at the soonest")
	}
	blackbox.Eventually(t, 30*time.Second, "the frozen one's change, with another process", func() bool {
		return strings.Contains(s.Log(), `configuration changed" element=a.out`)
	})
	require.NotEqual(t, outbox, s.Plugins(2)["SMS.Outbox"])
	blackbox.Eventually(t, 10*time.Second, "nothing is wrong any more", func() bool {
		_, body := s.Operator("/status")
		return !strings.Contains(body, `"configure"`)
	})
}
