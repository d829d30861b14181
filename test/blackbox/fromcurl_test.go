package blackbox_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A command that works, and what the vendor answered, become an instance that sends;
// the vendor's push finds its send, and what can't be read isn't lost with a 200.
func TestACurlCommandBecomesAnInstance(t *testing.T) {
	t.Parallel()
	var last atomic.Pointer[string]
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen := r.Header.Get("X-Api-Key") + " " + string(body)
		last.Store(&seen)
		_, _ = io.WriteString(w, `{"code":0,"data":{"msgId":"m-4477"}}`)
	}))
	t.Cleanup(vendor.Close)
	const key = "canary-key-0123456789abcdef"
	app := blackbox.Bare(t)
	app.Write("cmd.txt", "curl '"+vendor.URL+"/send' \\\n -H 'X-Api-Key: "+key+"' \\\n --json '{\"to\":\"+8613800138000\",\"code\":\"493027\"}'\n---\n"+
		`{"code":0,"data":{"msgId":"m-1"}}`+"\n---\n"+`{"code":7,"msg":"too many messages"}`+"\n")
	app.Write(".env", "OTHER=1\nACME_GW_PIN=kept")
	made := func(args ...string) blackbox.Outcome {
		return blackbox.Lintel(t, app.Dir, nil, append([]string{"new", "instance", "SMS.acmeGw", "SMS.Http"}, args...)...)
	}
	require.Equal(t, 2, made("--from-curl", "curl https://x.example").Code, "without an answer")
	require.Equal(t, 1, made("--from-curl", "wget https://x.example", "--good", "0").Code)
	require.Equal(t, 2, blackbox.Lintel(t, app.Dir, nil, "new", "instance", "SMS.x", "SMS.Aliyun", "--from-curl", "@cmd.txt").Code)
	require.NoDirExists(t, filepath.Join(app.Dir, "SMS"))

	out := made("--from-curl", "@cmd.txt")
	require.Equal(t, 0, out.Code, out.Stderr)
	for _, says := range []string{"SMS/acmeGw/sms.json", "${phone}", "${params.code}", "ACME_GW_X_API_KEY", "/data/msgId", "refused as throttled", "Check:"} {
		require.Contains(t, out.Stdout, says)
	}
	secret, err := os.Stat(filepath.Join(app.Dir, ".env"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), secret.Mode().Perm())
	env, err := os.ReadFile(filepath.Join(app.Dir, ".env"))
	require.NoError(t, err)
	require.Equal(t, "OTHER=1\nACME_GW_PIN=kept\nACME_GW_X_API_KEY='"+key+"'\n", string(env))
	for _, name := range []string{"e.json", "sms.json"} {
		text, err := os.ReadFile(filepath.Join(app.Dir, "SMS/acmeGw", name))
		require.NoError(t, err)
		require.NotContains(t, string(text)+out.Stdout, key)
	}
	out = made("--from-curl", "@cmd.txt")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "is there already")
	require.Equal(t, 0, blackbox.Lintel(t, app.Dir, nil, "validate").Code)

	app.Edit("SMS/acmeGw/sms.json", func(config map[string]any) {
		config["receipt"] = map[string]any{"messageId": "/id", "state": "/st", "delivered": []string{"ok"}, "where": map[string]any{"/kind": "dlr"},
			"handshake": map[string]any{"value": "/0/challenge", "reply": `{"answer":${value | json}}`}}
	})
	out = blackbox.Lintel(t, app.Dir, nil, "call", "SMS.acmeGw", "sendMessage", "--dev", "--dev-send", "--args", `{"phoneList":["+8613800138001"],"params":{"code":"271828","minutes":"5","product":"p"}}`)
	require.Equal(t, 0, out.Code, out.Stderr)
	given, body, _ := strings.Cut(*last.Load(), " ")
	require.Equal(t, key, given)
	require.JSONEq(t, `{"to":"+8613800138001","code":"271828"}`, body)

	s := app.Serve()
	_, status := s.Operator("/status")
	var told struct {
		Receipts []struct{ URL string }
	}
	require.NoError(t, json.Unmarshal([]byte(status), &told))
	path := told.Receipts[0].URL
	if at := strings.Index(path, "/receipts/"); at >= 0 {
		path = path[at:]
	}
	push := func(body string) (int, string) {
		resp, err := http.Post(s.URL+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(text)
	}
	code, text := push(`[{"challenge":"a\"b"}]`)
	require.Equal(t, http.StatusOK, code, text)
	require.JSONEq(t, `{"answer":"a\"b"}`, text)
	code, _ = push(`[{"kind":"reply","text":"hi"}]`)
	require.Equal(t, http.StatusOK, code)
	require.Empty(t, sendsOf(t, app, "--state", "delivered"))
	for _, body := range []string{`[{"kind":"dlr"},{"kind":"dlr","id":"m-4477","st":"ok"}]`, `{"kind":"dlr","st":"ok"}`, `nonsense`, ``} {
		code, text = push(body)
		require.Equal(t, http.StatusBadRequest, code, body+text)
	}
	require.Len(t, sendsOf(t, app, "--state", "delivered"), 1, "the readable report of a batch is stored")
	require.Contains(t, s.Log(), "a delivery receipt can't be read")
	_, metrics := s.Operator("/metrics")
	require.Contains(t, metrics, `lintel_sms_receipts_total{element="SMS.acmeGw",state="unreadable"} 4`)
}
