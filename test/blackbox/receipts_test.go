package blackbox_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// The secrets of the vendors below.
const (
	receiptSecret = "canaryreceiptsecret0123456789"
	receiptDate   = "20261121T030005Z"
)

// signedVendor is a vendor that signs its receipts: its answer to a send, and its push
// when a message was delivered.
type signedVendor struct {
	config   map[string]any
	accepted string
	// push returns headers and body; address is the URL that the vendor pushes to.
	push func(address, secret string) (header map[string]string, body string)
}

var signedVendors = map[string]signedVendor{
	"Baidu": {
		config:   map[string]any{"accessKey": "k-baidu-0123", "accessSecret": "s-baidu-0123", "verifySign": "sms-sign-1", "verifyTemplateCode": "sms-tmpl-1", "receiptToken": receiptSecret},
		accepted: `{"requestId":"R","code":"1000","data":[{"code":"1000","messageId":"m-Baidu"}]}`,
		push: func(_, secret string) (map[string]string, string) {
			body := `{"code":"0","messageId":"m-Baidu","carrierCode":"DELIVRD","mobile":"13800138000"}`
			return map[string]string{"Content-Type": "application/json;charset=utf-8", "requestId": "r", "timestamp": "1597320812102",
				"signature": fmt.Sprintf("%x", md5.Sum([]byte(secret+"1597320812102"+body)))}, body
		},
	},
	"Huawei": {
		config:   map[string]any{"appKey": "k-huawei-0123", "appSecret": "s-huawei-0123", "sender": "csms1", "verifyTemplateCode": "1", "receiptKey": "push-ak-0123", "receiptSecret": receiptSecret},
		accepted: `{"code":"000000","result":[{"smsMsgId":"m-Huawei","status":"000000"}]}`,
		push: func(address, secret string) (map[string]string, string) {
			at, _ := url.Parse(address)
			body := `{"statusReportList":[{"smsMsgId":"m-Huawei","status":"DELIVRD"}]}`
			hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
			canonical := "POST\n" + at.Path + "/\n\nhost:" + at.Host + "\nx-sdk-date:" + receiptDate + "\n\nhost;x-sdk-date\n" + hash(body)
			mac := hmac.New(sha256.New, []byte(secret))
			_, _ = io.WriteString(mac, "SDK-HMAC-SHA256\n"+receiptDate+"\n"+hash(canonical))
			return map[string]string{"Content-Type": "application/json", "X-Sdk-Date": receiptDate,
				"Authorization": "SDK-HMAC-SHA256 Access=push-ak-0123, SignedHeaders=host;x-sdk-date, Signature=" + hex.EncodeToString(mac.Sum(nil))}, body
		},
	},
	"Twilio": {
		config:   map[string]any{"accountSid": "AC0123456789abcdef0123456789abcdef", "authToken": receiptSecret, "from": "+15005550006"},
		accepted: `{"sid":"m-Twilio","status":"queued"}`,
		push: func(address, secret string) (map[string]string, string) {
			mac := hmac.New(sha1.New, []byte(secret))
			_, _ = io.WriteString(mac, address+"MessageSidm-Twilio"+"MessageStatusdelivered")
			return map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil))},
				"MessageStatus=delivered&MessageSid=m-Twilio"
		},
	},
}

// A signed receipt can't be forged, even with its address, because the signature covers
// the address.
func TestOnlyTheVendorsOwnReceiptsAreTaken(t *testing.T) {
	t.Parallel()
	const public = "https://shop.example/base"
	app := blackbox.Bare(t)
	for name, v := range signedVendors {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, v.accepted)
		}))
		t.Cleanup(s.Close)
		v.config["endpoint"] = s.URL
		app.WriteJSON("SMS/my"+name+"/e.json", map[string]any{"title": name, "type": "SMS." + name})
		app.WriteJSON("SMS/my"+name+"/sms.json", v.config)
		args := `{"phoneList":["+8613800138000"],"params":{"code":"493027","minutes":"5","product":"p"}}`
		require.Zero(t, blackbox.Lintel(t, app.Dir, nil, "call", "SMS.my"+name, "sendMessage", "--args", args, "--dev", "--dev-send").Code)
	}
	s := app.Serve(blackbox.Start{Args: []string{"--public-url", public}})
	_, status := s.Operator("/status")
	var told struct {
		Receipts []struct{ Element, URL string }
	}
	require.NoError(t, json.Unmarshal([]byte(status), &told))
	require.Len(t, told.Receipts, len(signedVendors))
	for _, at := range told.Receipts {
		name := strings.TrimPrefix(at.Element, "SMS.my")
		path, ok := strings.CutPrefix(at.URL, public)
		require.True(t, ok, at.URL)
		push := func(address, secret string) int {
			header, body := signedVendors[name].push(address, secret)
			req, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
			require.NoError(t, err)
			for name, value := range header {
				req.Header.Set(name, value)
			}
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			return resp.StatusCode
		}
		require.Equal(t, http.StatusForbidden, push(at.URL, "another-secret"), name)
		if name != "Baidu" { // whose signature doesn't cover the address
			require.Equal(t, http.StatusForbidden, push(s.URL+path, receiptSecret), name)
		}
		require.Empty(t, sendsOf(t, app, "--state", "delivered", "--instance", at.Element), name)
		for range 2 {
			require.Equal(t, http.StatusOK, push(at.URL, receiptSecret), name)
		}
		delivered := sendsOf(t, app, "--state", "delivered", "--instance", at.Element)
		require.Len(t, delivered, 1, name)
		require.Equal(t, "m-"+name, delivered[0].MessageID)
		require.NotContains(t, s.Log(), path[strings.LastIndexByte(path, '/')+1:])
	}
	require.NotContains(t, s.Log(), receiptSecret)
}
