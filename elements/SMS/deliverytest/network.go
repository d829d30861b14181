package deliverytest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/internal/freeport"
	"github.com/lintel-run/lintel/internal/testproxy"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// Network tests an instance in a closed network: the vendor's name is known to the proxy
// alone, and its certificate is a private authority's.
func (v Vendor) Network(t *testing.T) {
	const host, private = "sms.private.test:443", "https://sms.private.test"
	authority := testproxy.NewAuthority(t)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(caFile, authority.PEM, 0o600))
	var requests atomic.Int32
	vendor := authority.Serve(t, "sms.private.test", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		v.Accepted.write(w)
	}))
	start := func(t *testing.T) *testproxy.Proxy {
		p := testproxy.Start(t)
		p.Know(host, vendor.Listener.Addr().String())
		requests.Store(0)
		return p
	}
	server := func(proxy string, authorities []byte) sdktest.Option {
		return sdktest.Outbound(sdk.Outbound{Proxy: proxy, Authorities: authorities})
	}

	t.Run("of the instance", func(t *testing.T) {
		p := start(t)
		sms := v.open(t, private, map[string]any{"proxy": p.URL(), "caFile": caFile})
		for range 3 {
			_, err := v.send(sms, v.Phone)
			require.NoError(t, err)
		}
		require.Equal(t, []string{"CONNECT " + host}, p.Requests(), "connections are shared")
		require.EqualValues(t, 3, requests.Load())
	})
	t.Run("of the server", func(t *testing.T) {
		p := start(t)
		sms := sdktest.Open(t, v.Type, v.config(private, nil), server(p.URL(), authority.PEM))
		_, err := v.send(sms, v.Phone)
		require.NoError(t, err)
		require.NotEmpty(t, p.Requests())
	})
	t.Run("a file of the app", func(t *testing.T) {
		p := start(t)
		sms := sdktest.Open(t, v.Type, v.config(private, map[string]any{"proxy": p.URL(), "caFile": "ca.pem"}), sdktest.InDir(filepath.Dir(caFile)))
		_, err := v.send(sms, v.Phone)
		require.NoError(t, err)
	})
	t.Run("plain http", func(t *testing.T) {
		p := start(t)
		plain := newStandIn(t, always(v.Accepted))
		p.Know("sms.private.test", plain.Listener.Addr().String())
		sms := v.open(t, "http://sms.private.test", map[string]any{"proxy": p.URL(), "allowPlainHTTP": true})
		_, err := v.send(sms, v.Phone)
		require.NoError(t, err)
		require.Len(t, p.Requests(), 1)
		require.NotContains(t, p.Requests()[0], "CONNECT")
	})
	t.Run("loopback addresses only if asked", func(t *testing.T) {
		p := start(t)
		s := newStandIn(t, always(v.Accepted))
		for _, more := range []map[string]any{nil, {"proxy": "none"}} {
			sms := sdktest.Open(t, v.Type, v.config(s.URL, more), server(p.URL(), nil))
			_, err := v.send(sms, v.Phone)
			require.NoError(t, err)
		}
		require.Empty(t, p.Requests())
		_, err := v.send(v.open(t, s.URL, map[string]any{"proxy": p.URL()}), v.Phone)
		require.NoError(t, err)
		require.Len(t, p.Requests(), 1)
	})

	gone := "http://" + testproxy.User + ":" + testproxy.Password + "@" + freeport.Address(t)
	for name, row := range map[string]struct {
		proxy  string
		answer int
		caFile string
		cause  smscode.Cause
		says   string
	}{
		"wrong password":     {answer: http.StatusProxyAuthRequired, caFile: caFile, cause: smscode.CauseProxy, says: "407"},
		"forbidden":          {answer: http.StatusForbidden, caFile: caFile, cause: smscode.CauseProxy, says: "403"},
		"no way to it":       {answer: http.StatusBadGateway, caFile: caFile, cause: smscode.CauseProxy, says: "502"},
		"proxy gone":         {proxy: gone, caFile: caFile, cause: smscode.CauseProxy, says: "refused"},
		"untrusted":          {cause: smscode.CauseCertificate, says: "certificate"},
		"plain, no password": {answer: http.StatusProxyAuthRequired, proxy: "plain", cause: smscode.CauseProxy, says: "407"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.Answer(row.answer)
			endpoint, more := private, map[string]any{"proxy": p.URL()}
			switch row.proxy {
			case "":
			case "plain":
				endpoint, more["allowPlainHTTP"] = "http://sms.private.test", true
			default:
				more["proxy"] = row.proxy
			}
			if row.caFile != "" {
				more["caFile"] = row.caFile
			}
			sms := v.open(t, endpoint, more)
			e := v.fails(t, sms)
			require.Equal(t, smscode.Refused, e.Code, "definitely not sent")
			require.Equal(t, map[string]any{"reason": "unavailable", "cause": string(row.cause), "outcome": errcode.OutcomeNotExecuted}, e.Details)
			require.Contains(t, e.Message, string(row.cause))
			require.Contains(t, e.Message, row.says)
			require.Zero(t, requests.Load())
			for _, secret := range []string{testproxy.Password, testproxy.User + ":"} {
				require.NotContains(t, fmt.Sprint(e, sms.Log()), secret)
			}
		})
	}

	for name, more := range map[string]map[string]any{
		"/proxy no URL":            {"proxy": "proxy.example:3128"},
		"/proxy of another scheme": {"proxy": "socks5://" + testproxy.User + ":" + testproxy.Password + "@proxy.example"},
		"/proxy with a path":       {"proxy": "http://proxy.example/path"},
		"/caFile none there":       {"caFile": caFile + ".none"},
		"/caFile a directory":      {"caFile": filepath.Dir(caFile)},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := sdktest.TryOpen(t, v.Type, v.config(private, more))
			require.Len(t, wrong, 1)
			require.Contains(t, name, wrong[0].GetPointer())
			require.NotContains(t, wrong[0].GetMessage(), testproxy.Password)
			require.NotContains(t, wrong[0].GetMessage(), caFile)
		})
	}
}
