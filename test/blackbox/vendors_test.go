package blackbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each official vendor's Type runs in its own process, with the most verbose logging of
// Lintel and the SDKs, against a vendor that echoes every request. The processes'
// output contains nothing of it.
func TestVendorsWriteNothingSecret(t *testing.T) {
	const key, secret, code, phone = "CANARYKEY0123456", "canarysecret0123456789abcdef", "493027", "+8613812345678"
	var mu sync.Mutex
	var signatures []string
	requests := 0
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		_ = r.ParseForm()
		mu.Lock()
		requests++
		header := r.Header.Get("Authorization")
		signatures = append(signatures, header[strings.LastIndexAny(header, "=/ ")+1:], r.Form.Get("sig"), r.Form.Get("Signature"))
		mu.Unlock()
		all := r.RequestURI + " " + header + " " + string(body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"Code": all, "Message": all, "RequestId": all, "code": all, "message": all, "requestId": all, "statusCode": all, "statusMsg": all,
			"Response": map[string]any{"Error": map[string]any{"Code": all, "Message": all}, "RequestId": all},
		})
	}))
	defer vendor.Close()
	types := map[string]map[string]any{
		"Aliyun":   {"accessKey": key, "accessSecret": secret, "verifySign": "s", "verifyTemplateCode": "SMS_1"},
		"Tencent":  {"secretId": key, "secretKey": secret, "sdkAppId": "1400006666", "verifySign": "s", "verifyTemplateCode": "1"},
		"Huawei":   {"appKey": key, "appSecret": secret, "sender": "csms1", "verifyTemplateCode": "1"},
		"Baidu":    {"accessKey": key, "accessSecret": secret, "verifySign": "sms-sign-1", "verifyTemplateCode": "sms-tmpl-1"},
		"Ronglian": {"accountSid": key, "authToken": secret, "appId": "a", "verifyTemplateCode": "1"},
		"Twilio":   {"accountSid": key, "authToken": secret, "from": "+15005550006"},
		"AwsSns":   {"accessKey": key, "secretKey": secret, "region": "us-east-1"},
	}
	app := Bare(t)
	for name, config := range types {
		config["endpoint"] = vendor.URL
		app.WriteJSON("SMS/my"+name+"/e.json", map[string]any{"title": name, "type": "SMS." + name})
		app.WriteJSON("SMS/my"+name+"/sms.json", config)
	}
	require.Zero(t, Lintel(t, app.Dir, nil, "validate", app.Dir).Code)
	args, err := json.Marshal(map[string]any{"phoneList": []string{phone}, "params": map[string]string{"code": code, "minutes": "5", "product": "p"}})
	require.NoError(t, err)
	loud := []string{"DEBUG=sdk", "AWS_SDK_LOAD_CONFIG=1", "TWILIO_EDGE=sydney", "GODEBUG=http2debug=2"}
	for name := range types {
		out := Lintel(t, app.Dir, loud, "call", app.Dir, "SMS.my"+name, "sendMessage", "--args", string(args), "--log-level", "debug")
		written := out.Stdout + out.Stderr
		require.Equal(t, 1, out.Code, written)
		require.Contains(t, written, "SMS_", "no error of an SMS vendor's was shown")
		mu.Lock()
		hidden := append([]string{key, secret, code, phone[1:], phone[3:]}, signatures...)
		mu.Unlock()
		for _, word := range hidden {
			if len(word) > 3 && strings.Contains(written, word) {
				t.Errorf("%s: %q in %s", name, word, written)
			}
		}
	}
	require.Equal(t, len(types), requests)
}
