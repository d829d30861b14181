package blackbox_test

import (
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/testproxy"
	"github.com/lintel-run/lintel/test/blackbox"
)

// closedNetwork is a shop whose vendor has a name that only the proxy knows and a
// certificate of a private authority.
func closedNetwork(t *testing.T) (shop *blackbox.Shop, proxy *testproxy.Proxy, caFile string) {
	shop, proxy = blackbox.NewShop(t), testproxy.Start(t)
	authority := testproxy.NewAuthority(t)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(caFile, authority.PEM, 0o600))
	shop.Edit("SMS/gateway/sms.json", func(config map[string]any) {
		at, err := url.Parse(config["url"].(string))
		require.NoError(t, err)
		s := authority.Serve(t, "sms.private.test", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: at.Host}))
		proxy.Know("sms.private.test:443", s.Listener.Addr().String())
		at.Scheme, at.Host = "https", "sms.private.test"
		config["url"] = at.String()
	})
	return shop, proxy, caFile
}

func TestAMessageLeavesAClosedNetwork(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(proxy, caFile string) blackbox.Start{
		"flags": func(p, ca string) blackbox.Start {
			return blackbox.Start{Args: []string{"--proxy", p, "--ca-file", ca}}
		},
		"variables": func(p, ca string) blackbox.Start {
			return blackbox.Start{Env: []string{"LINTEL_PROXY=" + p, "LINTEL_CA_FILE=" + ca}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, proxy, caFile := closedNetwork(t)
			shop.Open(1, how(proxy.URL(), caFile))
			spelt, e164 := blackbox.Phone()
			shop.Visitor().Send(spelt).OK(t)
			require.Len(t, shop.Codes(e164), 1)
			require.Equal(t, []string{"CONNECT sms.private.test:443"}, proxy.Requests())
			require.NotContains(t, shop.Servers[0].Log(), testproxy.Password)
		})
	}
	t.Run("the instance's", func(t *testing.T) {
		t.Parallel()
		shop, proxy, caFile := closedNetwork(t)
		text, err := os.ReadFile(caFile)
		require.NoError(t, err)
		shop.Write("certificates/ca.pem", string(text))
		shop.Edit("SMS/gateway/sms.json", func(config map[string]any) {
			config["proxy"], config["caFile"] = "{{EGRESS}}", "certificates/ca.pem"
		})
		shop.Write(".env", "EGRESS="+proxy.URL()+"\n")
		// The environment's own proxy means nothing.
		shop.Open(1, blackbox.Start{Env: []string{"HTTPS_PROXY=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:1"}})
		spelt, e164 := blackbox.Phone()
		shop.Visitor().Send(spelt).OK(t)
		require.Len(t, shop.Codes(e164), 1)
		require.NotEmpty(t, proxy.Requests())
	})
}

// The refusal of a proxy is named, the person may try again at once, and its password is
// nowhere.
func TestARefusingProxyIsTold(t *testing.T) {
	t.Parallel()
	shop, proxy, caFile := closedNetwork(t)
	wrong := strings.Replace(proxy.URL(), testproxy.Password, "another-passw0rd", 1)
	shop.Open(1, blackbox.Start{Args: []string{"--proxy", wrong, "--ca-file", caFile}})
	spelt, e164 := blackbox.Phone()
	for range 2 {
		data := shop.Visitor().Send(spelt).Fails(t, 502, "SMS_REFUSED")
		require.Equal(t, "unavailable", data.Text("reason"))
	}
	require.Empty(t, shop.Codes(e164))
	log := shop.Servers[0].Log()
	require.Contains(t, log, "it answers 407")
	require.Contains(t, log, "cause=proxy")
	require.NotContains(t, log, "another-passw0rd")
	require.NotContains(t, log, testproxy.User+":")

	out := blackbox.Lintel(t, shop.Dir, nil, "check", "SMS.gateway", "--send", "13800138000", "--yes", "--proxy", wrong, "--ca-file", caFile)
	require.Equal(t, 1, out.Code, out.Stdout)
	require.Contains(t, out.Stdout+out.Stderr, "407")
	require.NotContains(t, out.Stdout+out.Stderr, "another-passw0rd")
}

func TestAWrongWayOutIsAnError(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, row := range map[string]struct {
		args []string
		env  string
		says string
	}{
		"no such file":     {[]string{"--ca-file", filepath.Join(dir, "none.pem")}, "", "no such file"},
		"an empty file":    {[]string{"--ca-file", write("empty.pem", "")}, "", "is empty"},
		"not PEM":          {[]string{"--ca-file", write("der.pem", "\x30\x82")}, "", "not in PEM"},
		"a directory":      {[]string{"--ca-file", dir}, "", "not a file"},
		"a variable's":     {nil, "LINTEL_CA_FILE=" + write("text.pem", "hello"), "not in PEM"},
		"no URL":           {[]string{"--proxy", "proxy.example:3128"}, "", "must be the URL of an HTTP proxy"},
		"another protocol": {nil, "LINTEL_PROXY=socks5://egress:secret-word@proxy.example", "must be the URL of an HTTP proxy"},
	} {
		for _, command := range []string{"validate", "serve"} {
			out := blackbox.Lintel(t, dir, []string{row.env}, append([]string{command, shop.Dir}, row.args...)...)
			require.Equal(t, 2, out.Code, "%s: %s", name, out.Stderr)
			require.Contains(t, out.Stderr, row.says, name)
			require.NotContains(t, out.Stderr, "secret-word", name)
		}
		out := blackbox.Lintel(t, dir, []string{row.env}, append([]string{"doctor", shop.Dir}, row.args...)...)
		require.Equal(t, 1, out.Code, name)
		require.Contains(t, out.Stdout, row.says, name)
		require.NotContains(t, out.Stdout, "secret-word", name)
	}
	out := blackbox.Lintel(t, dir, nil, "doctor", shop.Dir, "--proxy", "http://egress:secret-word@proxy.example:3128")
	require.Contains(t, out.Stdout, "through the proxy proxy.example:3128")
	require.NotContains(t, out.Stdout, "secret-word")
	out = blackbox.Lintel(t, dir, []string{"HTTPS_PROXY=http://egress:secret-word@proxy.example"}, "doctor", shop.Dir)
	require.Contains(t, out.Stdout, "HTTPS_PROXY is set, but only --proxy and LINTEL_PROXY are used")
	require.NotContains(t, out.Stdout, "secret-word")

	shop.Edit("SMS/gateway/sms.json", func(config map[string]any) { config["proxy"] = "proxy.example" })
	out = blackbox.Lintel(t, dir, nil, "validate", shop.Dir)
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "/proxy: must be the URL of an HTTP proxy")
}
