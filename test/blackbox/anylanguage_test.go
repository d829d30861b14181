package blackbox_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// nodeType copies the example's Type in Node into an app that sends with it.
func nodeType(t *testing.T) *blackbox.Shop {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	example := filepath.Join(blackbox.Root(), "examples", "type-in-node", "vendors")
	if _, err := os.Stat(filepath.Join(example, "Acme", "node_modules", "@grpc", "grpc-js")); err != nil {
		t.Skip("the packages of examples/type-in-node are not installed; run test/fetch")
	}
	shop := blackbox.NewShop(t)
	require.NoError(t, os.CopyFS(filepath.Join(shop.Dir, "vendors"), os.DirFS(example)))
	// Started with the app: a busy machine may need more than one attempt.
	shop.Edit("vendors/Acme/e.json", func(e map[string]any) { e["backendLoadTime"] = "afterAppInit" })
	shop.WriteJSON("SMS/acme/e.json", map[string]any{"title": "acme", "type": "vendors.Acme"})
	shop.WriteJSON("SMS/acme/sms.json", map[string]any{"url": shop.Vendor.URL, "key": shop.Vendor.Key})
	shop.SetLogin(map[string]any{"smsFullName": "SMS.acme", "resendInterval": 1, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000})
	return shop
}

// nodeRuns waits for a process of the Type other than the given one.
func nodeRuns(t *testing.T, s *blackbox.Server, than int) (pid int) {
	t.Helper()
	blackbox.Eventually(t, time.Minute, "the Type in Node runs", func() bool {
		pid = s.Plugins(1)["vendors.Acme"]
		return pid != 0 && pid != than
	})
	return pid
}

// A Type in another language is a Type like any other: its schema is checked without
// starting it, it is validated, called, restarted after a crash, and ended with its host.
func TestATypeInNode(t *testing.T) {
	t.Parallel()
	shop := nodeType(t)
	shop.WriteJSON("SMS/wrong/e.json", map[string]any{"title": "wrong", "type": "vendors.Acme"})
	shop.WriteJSON("SMS/wrong/sms.json", map[string]any{"url": shop.Vendor.URL, "kee": "k"})
	invalid := blackbox.Lintel(t, shop.Dir, []string{"PATH="}, "validate", "--static")
	require.Equal(t, 1, invalid.Code, "its configuration is checked where there is no node")
	require.Contains(t, invalid.Stdout+invalid.Stderr, `SMS/wrong/sms.json`)
	require.Contains(t, invalid.Stdout+invalid.Stderr, `kee`)
	shop.Remove("SMS/wrong")
	require.Equal(t, 0, blackbox.Lintel(t, shop.Dir, []string{"PATH="}, "validate", "--static").Code)
	nowhere := blackbox.Lintel(t, shop.Dir, []string{"PATH="}, "validate")
	require.Equal(t, 1, nowhere.Code, "a server can't start it without node")
	require.Contains(t, nowhere.Stdout, "vendors/Acme/e.json")
	require.Equal(t, 0, blackbox.Lintel(t, shop.Dir, nil, "validate").Code)

	shop.Open(1)
	s := shop.Servers[0]
	nodeRuns(t, s, 0)
	shop.SignUp(blackbox.Login)
	spelt, _ := blackbox.Phone()
	c := s.Client()
	for _, test := range []struct {
		turn   blackbox.Turn
		code   string
		reason any
	}{
		{blackbox.RefuseNumber, "SMS_REFUSED", "number"},
		{blackbox.RefuseAuth, "SMS_REFUSED", "unavailable"},
		{blackbox.Status500, "SMS_FAILED", nil},
	} {
		shop.Vendor.Next(test.turn)
		data := sendWhenAllowed(t, c, blackbox.Login, spelt).Fails(t, 502, test.code)
		require.Equal(t, test.reason, data["reason"])
	}

	old := nodeRuns(t, s, killPlugin(t, s, "vendors.Acme"))
	shop.SignUp(blackbox.Login)

	// A file that the script imports belongs to it.
	text, err := os.ReadFile(filepath.Join(shop.Dir, "vendors/Acme/plugin.mjs"))
	require.NoError(t, err)
	shop.Write("vendors/Acme/plugin.mjs", string(text)+"\nconsole.error('the changed one runs');\n")
	pid := nodeRuns(t, s, old)
	blackbox.Eventually(t, 10*time.Second, "the changed one runs", func() bool { return strings.Contains(s.Log(), "the changed one runs") })
	shop.SignUp(blackbox.Login)

	s.Kill()
	blackbox.Eventually(t, 10*time.Second, "it ends with its host", func() bool { return !blackbox.Alive(pid) })
	require.NotContains(t, shop.Log(), shop.Vendor.Key)
}

// A lock pins the interpreter and every file beside the script, imported packages
// included.
func TestATypeInNodeIsLocked(t *testing.T) {
	t.Parallel()
	shop := nodeType(t)
	require.Equal(t, 0, blackbox.Lintel(t, shop.Dir, nil, "lock").Code)
	locked := blackbox.Start{Args: []string{"--locked"}}
	shop.Open(1, locked)
	nodeRuns(t, shop.Servers[0], 0)
	shop.SignUp(blackbox.Login)
	shop.Servers[0].Stop()
	shop.Write("vendors/Acme/node_modules/@grpc/grpc-js/build/src/index.js", "process.exit(0)")
	shop.Servers = nil
	shop.Open(1, locked)
	spelt, _ := blackbox.Phone()
	shop.Visitor().Send(spelt).Fails(t, 503, "ELEMENT_UNAVAILABLE")
	require.Empty(t, shop.Servers[0].Plugins(1)["vendors.Acme"])
}

// The example's copies of this repository's files are identical to them.
func TestTheTypeInNodeIsOfThisContract(t *testing.T) {
	dir := filepath.Join(blackbox.Root(), "examples", "type-in-node", "vendors", "Acme")
	read := func(path ...string) string {
		text, err := os.ReadFile(filepath.Join(path...))
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, read(blackbox.Root(), "plugins", "proto", "lintel", "element", "v1", "element.proto"), read(dir, "proto", "element.proto"))
	require.NotContains(t, read(dir, "package-lock.json"), `"resolved"`, "no registry's name")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skip("the packages of examples/type-in-node are not installed; run test/fetch")
	}
	said, err := exec.Command("node", filepath.Join(dir, "acme.mjs"), "describe").Output()
	require.NoError(t, err)
	require.True(t, json.Valid(said))
	require.Equal(t, read(dir, "acme.mjs.types.json"), string(said))
}
