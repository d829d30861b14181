package httptype_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	phone = "+8613800138000"
	code  = "493027"
)

var args = sdktest.Args{
	"phoneList": []string{phone}, "params": map[string]any{"code": code, "minutes": 5, "product": `Q"<&]]>` + "\r\n中"}, "verifyTemplateCode": "T1",
}

// request is a request to a stand-in.
type request struct {
	*http.Request
	body []byte
}

// vendor starts a stand-in that answers with fn. seen returns the last request.
func vendor(t *testing.T, fn http.HandlerFunc) (url string, seen func() request) {
	var mu sync.Mutex
	var last request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		mu.Lock()
		last = request{r, raw}
		mu.Unlock()
		fn(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() request { mu.Lock(); defer mu.Unlock(); return last }
}

func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func typ() sdk.Type { return httptype.Type() }

func open(t *testing.T, config map[string]any) *sdktest.Instance {
	t.Helper()
	if config["accepted"] == nil {
		config["accepted"] = map[string]any{"status": []int{200}}
	}
	raw, err := json.Marshal(config)
	require.NoError(t, err)
	return sdktest.Open(t, httptype.Type(), string(raw))
}

func TestTheExampleOfTheDocumentation(t *testing.T) {
	url, seen := vendor(t, saying(200, `{"code":0,"data":{"id":"m-7"}}`))
	sms := open(t, map[string]any{
		"method": "POST", "url": url + "/send", "headers": map[string]string{"Authorization": "Bearer ${secrets.token}"},
		"secrets": map[string]string{"token": "tok"}, "bodyType": "json",
		"body":     map[string]any{"to": "${phone}", "tpl": "${template}", "vars": map[string]string{"code": "${params.code}"}, "id": "${requestId}"},
		"accepted": map[string]any{"status": []int{200}, "where": map[string]any{"/code": "0"}}, "messageId": "/data/id",
		"refused": []any{map[string]any{"where": map[string]any{"/code": "E42"}, "reason": "throttled"}, map[string]any{"status": []int{401}, "reason": "auth"}},
	})
	out, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"vendor": "Http", "requestId": "test-request",
		"results": []any{map[string]any{"phone": phone, "messageId": "m-7", "status": "accepted"}}}, out)
	r := seen()
	require.Equal(t, "/send", r.RequestURI)
	require.Equal(t, "Bearer tok", r.Header.Get("Authorization"))
	require.JSONEq(t, `{"to":"+8613800138000","tpl":"T1","vars":{"code":"493027"},"id":"test-request"}`, string(r.body))
}

func TestEveryPlaceholderAndFilter(t *testing.T) {
	url, seen := vendor(t, saying(200, ""))
	sums := map[string]string{
		"p": "${phone}", "n": "${phoneNational}", "d": "${phoneDigits}", "c": "${countryCode}", "t": "${template}", "g": "${sign}",
		"x": "${text}", "md5": "${params.code | md5}", "sha": "${params.code|sha256|upper}", "b": "${params.code | base64}",
		"mb": "${params.code | md5 | base64}", "mm": "${params.code | md5 | sha256}",
		"h": "${params.code | hmacSha256:secrets.k}", "h64": "${params.code | hmacSha256:secrets64.k64 | base64}",
		"u": "${sign | url}", "rn": "${requestNumber}", "lit": "$${phone} $5", "mix": "a ${params.minutes} b",
	}
	sms := open(t, map[string]any{"url": url, "verifySign": "灯 1", "text": "${code}!", "body": sums,
		"secrets": map[string]string{"k": "key", "k64": "whsec_" + base64.StdEncoding.EncodeToString([]byte("key"))}})
	_, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	var got map[string]string
	require.NoError(t, json.Unmarshal(seen().body, &got))
	require.Regexp(t, `^[1-9][0-9]{14}$`, got["rn"])
	delete(got, "rn")
	md := md5.Sum([]byte(code))
	sha := sha256.Sum256([]byte(code))
	mm := sha256.Sum256(md[:])
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write([]byte(code))
	b64 := base64.StdEncoding.EncodeToString
	require.Equal(t, map[string]string{
		"p": phone, "n": "13800138000", "d": "8613800138000", "c": "86", "t": "T1", "g": "灯 1", "x": code + "!",
		"md5": hex.EncodeToString(md[:]), "sha": strings.ToUpper(hex.EncodeToString(sha[:])), "b": b64([]byte(code)),
		"mb": b64(md[:]), "mm": hex.EncodeToString(mm[:]), "h": hex.EncodeToString(mac.Sum(nil)), "h64": b64(mac.Sum(nil)),
		"u": "%E7%81%AF%201", "lit": "${phone} $5", "mix": "a 5 b",
	}, got)
}

func TestValuesAreEscapedWhereTheyStand(t *testing.T) {
	product := args["params"].(map[string]any)["product"].(string)
	t.Run("url", func(t *testing.T) {
		url, seen := vendor(t, saying(200, ""))
		sms := open(t, map[string]any{"method": "GET", "url": url + "/中/${params.product}/x?a=${params.product}&b=2"})
		_, err := sms.Call(context.Background(), "sendMessage", args)
		require.NoError(t, err)
		require.Equal(t, "/中/"+product+"/x", seen().URL.Path)
		require.Equal(t, map[string][]string{"a": {product}, "b": {"2"}}, map[string][]string(seen().URL.Query()))
		_, err = sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"product": ".."}})
		require.ErrorIs(t, err, smscode.Params)
	})
	t.Run("header", func(t *testing.T) {
		url, seen := vendor(t, saying(200, ""))
		sms := open(t, map[string]any{"url": url, "headers": map[string]string{"X-P": "v=${params.product}"}})
		_, err := sms.Call(context.Background(), "sendMessage", args)
		require.NoError(t, err)
		require.Equal(t, `v=Q"<&]]>%0D%0A%E4%B8%AD`, seen().Header.Get("X-P"))
	})
	for name, body := range map[string]any{
		"form object": map[string]any{"p": "${params.product}", "n": 1}, "form text": "p=${params.product}&n=1",
	} {
		t.Run(name, func(t *testing.T) {
			url, seen := vendor(t, saying(200, ""))
			sms := open(t, map[string]any{"url": url, "bodyType": "form", "charset": "gbk", "body": body})
			_, err := sms.Call(context.Background(), "sendMessage", args)
			require.NoError(t, err)
			require.Equal(t, "application/x-www-form-urlencoded; charset=gbk", seen().Header.Get("Content-Type"))
			require.ElementsMatch(t, []string{"p=Q%22%3C%26%5D%5D%3E%0D%0A%D6%D0", "n=1"}, strings.Split(string(seen().body), "&"))
		})
	}
	t.Run("xml", func(t *testing.T) {
		url, seen := vendor(t, saying(200, ""))
		sms := open(t, map[string]any{"url": url, "bodyType": "xml", "body": `<a b="${params.product}"><c>${params.product}</c><d><![CDATA[]${params.product}>]]></d></a>`})
		_, err := sms.Call(context.Background(), "sendMessage", args)
		require.NoError(t, err)
		var got struct {
			B string `xml:"b,attr"`
			C string `xml:"c"`
			D string `xml:"d"`
		}
		require.NoError(t, xml.Unmarshal(seen().body, &got), string(seen().body))
		require.Equal(t, []string{product, product, "]" + product + ">"}, []string{got.B, got.C, got.D})
	})
	t.Run("what gbk doesn't have is not sent", func(t *testing.T) {
		url, seen := vendor(t, saying(200, ""))
		sms := open(t, map[string]any{"url": url, "bodyType": "text", "charset": "gbk", "body": "${params.code}"})
		_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "😀"}})
		require.ErrorIs(t, err, smscode.Params)
		require.Nil(t, seen().Request)
	})
}

func failure(t *testing.T, sms *sdktest.Instance) *errcode.Error {
	t.Helper()
	_, err := sms.Call(context.Background(), "sendMessage", args)
	return coded(t, err)
}

func coded(t *testing.T, err error) *errcode.Error {
	t.Helper()
	var e *errcode.Error
	require.True(t, errors.As(err, &e), "%v", err)
	return e
}

func TestRules(t *testing.T) {
	rules := func(url string) map[string]any {
		return map[string]any{"url": url, "accepted": map[string]any{"where": map[string]any{"/code": 0, "/list/1/ok": true}},
			"refused": []any{
				map[string]any{"where": map[string]any{"/code": "E42"}, "reason": "throttled"},
				map[string]any{"status": []int{503}, "where": map[string]any{"/a~1b": "1"}, "reason": "balance"},
				map[string]any{"where": map[string]any{"$": "09"}},
			}}
	}
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"accepted, number against text", `{"code":"0","list":[1,{"ok":"true"}]}`, 200, "accepted"},
		{"accepted", `{"code":0,"list":[1,{"ok":true}]}`, 201, "accepted"},
		{"one condition is missing", `{"code":0,"list":[1]}`, 200, "unknown"},
		{"0.0 is not 0", `{"code":0.0,"list":[1,{"ok":true}]}`, 200, "unknown"},
		{"an accepting body with 500", `{"code":0,"list":[1,{"ok":true}]}`, 500, "unknown"},
		{"an accepting body with 302", `{"code":0,"list":[1,{"ok":true}]}`, 302, "unknown"},
		{"refused", `{"code":"E42","list":[1,{"ok":true}]}`, 200, "throttled"},
		{"refused by status and where", `{"a/b":1}`, 503, "balance"},
		{"only half of a refusal", `{"a/b":1}`, 200, "unknown"},
		{"refused by text, no reason", " 09\r\n", 200, "other"},
		{"empty", "", 200, "unknown"}, {"not JSON", "<html>", 200, "unknown"}, {"null", "null", 200, "unknown"},
		{"cut", `{"code":0,"list":[1,{"ok":true}],"x":"` + strings.Repeat("x", 1<<20) + `"}`, 200, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, _ := vendor(t, saying(c.status, c.body))
			sms := open(t, rules(url))
			if c.want == "accepted" {
				_, err := sms.Call(context.Background(), "sendMessage", args)
				require.NoError(t, err)
				return
			}
			e := failure(t, sms)
			if c.want == "unknown" {
				require.Equal(t, smscode.Failed, e.Code)
				return
			}
			require.Equal(t, smscode.Refused, e.Code)
			require.Equal(t, c.want, e.Details["reason"])
		})
	}
}

func TestThrottledSaysHowLong(t *testing.T) {
	url, _ := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	e := failure(t, open(t, map[string]any{"url": url, "refused": []any{map[string]any{"status": []int{429}, "reason": "throttled"}}}))
	require.Equal(t, 17*time.Second, e.RetryAfter)
	require.Equal(t, "HTTP 429", e.Details["vendorCode"])
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other, seen := vendor(t, saying(200, ""))
	url, _ := vendor(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) })
	require.Equal(t, smscode.Failed, failure(t, open(t, map[string]any{"url": url})).Code)
	require.Nil(t, seen().Request)
}

func TestPrivateAddressesAreRefusedWhenDialled(t *testing.T) {
	url, seen := vendor(t, saying(200, ""))
	port := url[strings.LastIndexByte(url, ':'):]
	// A name that is not written as a loopback address but resolves to one.
	name, err := os.Hostname()
	require.NoError(t, err)
	e := failure(t, open(t, map[string]any{"url": "http://" + name + port, "allowPlainHTTP": true}))
	require.Equal(t, smscode.Refused, e.Code)
	require.Nil(t, seen().Request)

	for _, host := range []string{"10.0.0.1", "169.254.169.254", "100.100.100.200", "[fd00::1]", "[::ffff:10.0.0.1]", "192.168.1.1", "0.0.0.0", "[64:ff9b::a00:1]"} {
		_, wrong := sdktest.TryOpen(t, httptype.Type(), fmt.Sprintf(`{"url":"https://%s/","accepted":{"status":[200]}}`, host))
		require.Len(t, wrong, 1, host)
		_, wrong = sdktest.TryOpen(t, httptype.Type(), fmt.Sprintf(`{"url":"https://%s/","accepted":{"status":[200]},"allowPrivateNetwork":true}`, host))
		require.Empty(t, wrong, host)
	}
	_, err = open(t, map[string]any{"url": strings.Replace(url, "127.0.0.1", "localhost", 1)}).Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
}

func TestAWrongConfigurationIsNamed(t *testing.T) {
	for _, c := range []struct{ pointer, change string }{
		{"/url", `"url":"http://sms.example.com"`}, {"/url", `"url":"https://${phone}.example.com"`}, {"/url", `"url":"sms"`},
		{"/url", `"url":"https://u:p@example.com"`}, {"/url", `"url":"https://example.com/#x"`}, {"/url", `"url":"https://example.com/${nothing}"`},
		{"/body/a", `"body":{"a":"${params.x"}`}, {"/body/a/0", `"body":{"a":["${phone | rot13}"]}`}, {"/body", `"bodyType":"xml","body":"<a>"`},
		{"/body", `"bodyType":"xml","body":"<${phone}/>"`}, {"/body", `"bodyType":"xml","body":"<a><!-- ${phone} --></a>"`}, {"/body", `"bodyType":"none","body":"x"`},
		{"/body/a", `"bodyType":"form","body":{"a":[1]}`}, {"/body", `"method":"GET","body":{}`}, {"/body/a", `"body":{"a":"${body}"}`}, {"/body/a", `"body":{"a":"${secrets.no}"}`},
		{"/headers/X", `"headers":{"X":"${signed}"}`}, {"/headers/Content-Length", `"headers":{"Content-Length":"1"}`}, {"/headers/a b", `"headers":{"a b":"1"}`},
		{"/secrets/k", `"secrets":{"k":"***"},"sign":"${body | hmacSha256:secrets64.k}"`}, {"/accepted", `"accepted":{}`}, {"/accepted/where/code", `"accepted":{"where":{"code":1}}`},
		{"/refused/0", `"refused":[{"reason":"auth"}]`}, {"/messageId", `"messageId":"id"`}, {"/endpoint", `"endpoint":"https://x.example?y"`},
	} {
		config := map[string]json.RawMessage{"url": json.RawMessage(`"https://sms.example.com/"`), "accepted": json.RawMessage(`{"status":[200]}`)}
		require.NoError(t, json.Unmarshal([]byte("{"+c.change+"}"), &config))
		raw, _ := json.Marshal(config)
		_, wrong := sdktest.TryOpen(t, httptype.Type(), string(raw))
		require.Len(t, wrong, 1, c.change)
		require.Equal(t, c.pointer, wrong[0].GetPointer(), "%s: %s", c.change, wrong[0].GetMessage())
		require.NotContains(t, wrong[0].GetMessage(), "***")
	}
}

func preset(t *testing.T, name, url string, variables ...string) string {
	raw, err := os.ReadFile("presets/" + name)
	require.NoError(t, err)
	text := strings.NewReplacer(variables...).Replace(string(raw))
	var config map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &config))
	config["endpoint"] = url
	out, _ := json.Marshal(config)
	return string(out)
}

func TestPresetVcom(t *testing.T) {
	url, seen := vendor(t, saying(200, "00"))
	sms := sdktest.Open(t, httptype.Type(), preset(t, "vcom.sms.json", url, "{{VCOM_LOGIN}}", "me", "{{VCOM_PASSWORD}}", "secret"))
	var sent delivery.SendResult
	require.NoError(t, sms.CallInto(context.Background(), "sendMessage", args, &sent))
	require.Equal(t, "/Opration.aspx", seen().RequestURI)
	require.Equal(t, "text/xml; charset=gbk", seen().Header.Get("Content-Type"))
	body, err := simplifiedchinese.GBK.NewDecoder().String(string(seen().body))
	require.NoError(t, err)
	require.Contains(t, body, `Login_Name="me" Login_Pwd="5EBE2294ECD0E0F08EAB7690D2A6EE69"`)
	require.Contains(t, body, `<Recive_Phone_Number>13800138000</Recive_Phone_Number>`)
	require.Contains(t, body, `<![CDATA[您的验证码是493027，5分钟内有效。]]>`)
	// The gateway's receipts have the number that the request gave the message.
	id := sent.Results[0].MessageID
	require.Regexp(t, `^[1-9][0-9]{14}$`, id)
	require.Contains(t, body, "<Search_ID>"+id+"</Search_ID>")
	for query, state := range map[string]delivery.State{"Search_ID=" + id + "&State=S0S": "delivered", "state=UNDELIV&search_id=" + id: "failed"} {
		got, err := push(sms, "GET", "https://shop.example/receipts/x?"+query, "")
		require.NoError(t, err)
		require.Equal(t, "0", got.Reply)
		require.Len(t, got.Receipts, 1, query)
		require.Equal(t, []any{id, state}, []any{got.Receipts[0].MessageID, got.Receipts[0].State})
	}
}

// The signature is computed here by the Standard Webhooks specification.
func TestPresetWebhookIsSigned(t *testing.T) {
	url, seen := vendor(t, saying(204, ""))
	key := []byte("0123456789abcdef0123456789abcdef")
	sms := sdktest.Open(t, httptype.Type(), preset(t, "webhook.sms.json", url, "{{WEBHOOK_URL}}", "https://x.example/hook",
		"{{WEBHOOK_KEY}}", "whsec_"+base64.StdEncoding.EncodeToString(key)))
	_, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	r := seen()
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.body)
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), r.Header.Get("webhook-signature"))
}

func TestNothingSensitiveInErrorsAndLogs(t *testing.T) {
	url, _ := vendor(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"code":%q,"id":%q}`, r.Header.Get("Authorization"), r.URL.Query().Get("to"))
	})
	for _, rule := range []string{"/code", "/id"} {
		sms := open(t, map[string]any{"url": url + "?to=${phoneNational}&c=${params.code}", "headers": map[string]string{"Authorization": "${secrets.t}"},
			"secrets": map[string]string{"t": "canary-token"}, "messageId": "/id", "accepted": map[string]any{"where": map[string]any{rule: "0"}}})
		e := failure(t, sms)
		seen := fmt.Sprintf("%v %+v %s", e, e.Details, sms.Log())
		for _, hidden := range []string{"13800138000", code, "canary-token"} {
			require.NotContains(t, seen, hidden)
		}
	}
}
