package httptype_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"net/http/httptest"

	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// FuzzTemplate puts any value into every kind of place. The request that arrives must
// have the configured structure, with the value in its place only.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"", "493027", `"},{"x":"`, "a&b=c", "]]>", "]]]>>", "</a><b>", "a\r\nX: y", "../..", "%2e%2e", "?x#y", "中😀", "\x00\u2028", "${phone}", "'\"><!--", "\ufffe"} {
		f.Add(seed)
	}
	kinds := map[string]string{
		"json":      `"bodyType":"json","body":{"a":["${params.v}"],"b":"<${params.v}>"}`,
		"form":      `"bodyType":"form","body":{"a":"${params.v}","b":"<${params.v}>"}`,
		"form text": `"bodyType":"form","body":"a=${params.v}&b=%3C${params.v}%3E"`,
		"xml":       `"bodyType":"xml","body":"<r a=\"${params.v}\" b='&lt;${params.v}&gt;'><c>${params.v}</c><d><![CDATA[]${params.v}]]]></d></r>"`,
		"none":      `"bodyType":"none"`,
		"in form":   `"bodyType":"form","body":{"j":"{\"a\":\"${params.v}\",\"b\":[${params.v | json}]}"}`,
		"in text":   `"bodyType":"text","body":"{\"a\":\"${values.w}\",\"b\":[${values.w | json}]}","values":{"w":"${params.v}"}`,
		"in JSON":   `"bodyType":"json","body":{"j":"{\"a\":\"${params.v}\",\"b\":[${params.v | json}]}"}`,
	}
	var mu sync.Mutex
	var last *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		last = r
		body, _ = io.ReadAll(r.Body)
	}))
	f.Cleanup(s.Close)
	instances := make(map[string]*sdktest.Instance)
	for kind, config := range kinds {
		instances[kind] = sdktest.Open(f, httptype.Type(), `{"url":"`+s.URL+`/p/s${params.v}/e?a=${params.v}&b=%3C${params.v}%3E","accepted":{"status":[200]},
			"headers":{"X-A":"${params.v}","X-B":"end"},`+config+`}`)
	}
	f.Fuzz(func(t *testing.T, v string) {
		v = strings.ToValidUTF8(v, "\uFFFD")
		if len(v) > 1000 {
			return
		}
		for kind := range kinds {
			last, body = nil, nil
			_, err := instances[kind].Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"v": v}})
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			same(t, kind+" path", last.URL.Path, "/p/s"+v+"/e")
			query, err := url.ParseQuery(last.URL.RawQuery)
			if err != nil || len(query) != 2 {
				t.Fatalf("%s: query %q", kind, last.URL.RawQuery)
			}
			same(t, kind+" query", query["a"], []string{v})
			same(t, kind+" query", query["b"], []string{"<" + v + ">"})
			same(t, kind+" header", last.Header["X-B"], []string{"end"})
			arrived(t, kind, body, v)
		}
	})
}

func arrived(t *testing.T, kind string, body []byte, v string) {
	switch kind {
	case "json":
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		same(t, kind, got, map[string]any{"a": []any{v}, "b": "<" + v + ">"})
	case "in form", "in text", "in JSON":
		text := string(body)
		switch kind {
		case "in form":
			form, err := url.ParseQuery(text)
			if err != nil || len(form) != 1 {
				t.Fatalf("%q: %v", body, err)
			}
			text = form.Get("j")
		case "in JSON":
			var outer map[string]string
			if err := json.Unmarshal(body, &outer); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			text = outer["j"]
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		same(t, kind, got, map[string]any{"a": v, "b": []any{v}})
	case "form", "form text":
		got, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		same(t, kind, got, url.Values{"a": {v}, "b": {"<" + v + ">"}})
	case "xml":
		var got struct {
			Attrs []xml.Attr `xml:",any,attr"`
			C     string     `xml:"c"`
			D     string     `xml:"d"`
			More  []struct{} `xml:",any"`
		}
		if err := xml.Unmarshal(body, &got); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		// Characters that XML forbids arrive as replacement characters.
		x := strings.Map(func(r rune) rune {
			if r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
				return 0xFFFD
			}
			return r
		}, v)
		if len(got.Attrs) != 2 || len(got.More) != 0 {
			t.Fatalf("%q: another structure", body)
		}
		same(t, kind, []string{got.Attrs[0].Value, got.Attrs[1].Value, got.C, got.D}, []string{x, "<" + x + ">", x, "]" + x + "]"})
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Fatalf("%s: got %s, want %s", what, g, w)
	}
}

// FuzzConfiguration opens any template in any place. Errors must name a pointer, and
// nothing may panic.
func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{"${values.a | hmacSha1:values.a}", `{"a":${text}}`, "xml:/a/@b", "(?P<x>", "${timestamp | date:iso}", "", "${", "${}", "$${", "${phone|", "${params.}", "${a}${b}", "<a>${text}</a>", "/${phone}?${phone}#", "${secrets.k | hmacSha256:secrets64.k}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, place := range []string{"url", "sign", "xml", "json", "header", "endpoint", "values", "where", "matches", "receipt"} {
			config := map[string]any{"url": "https://sms.example.com/", "accepted": map[string]any{"status": []int{200}}, "secrets": map[string]string{"k": "a2V5"}}
			switch place {
			case "url":
				config["url"] = "https://sms.example.com" + text
			case "xml":
				config["bodyType"], config["body"] = "xml", text
			case "json":
				config["body"] = map[string]any{text: text}
			case "values":
				config["values"] = map[string]string{"a": text, text: "${values.a}"}
			case "where":
				config["accepted"] = map[string]any{"where": map[string]any{text: map[string]any{"exists": true}}}
			case "matches":
				config["messageId"] = map[string]any{"matches": text + "."}
			case "receipt":
				config["receipt"] = map[string]any{"messageId": text + "/", "state": text + "/", "delivered": []string{text}, "handshake": map[string]any{"value": "/x", "reply": text}}
			case "header":
				config["headers"] = map[string]string{"X-A": text, "X" + text: "v"}
			default:
				config[place] = text
			}
			raw, _ := json.Marshal(config)
			_, wrong := sdktest.TryOpen(t, httptype.Type(), string(raw))
			for _, d := range wrong {
				if d.GetPointer() == "" || strings.Contains(d.GetMessage(), "log says why") || strings.Contains(d.GetMessage(), "internal") {
					t.Fatalf("%s %q: %s %s", place, text, d.GetPointer(), d.GetMessage())
				}
			}
		}
	})
}

// FuzzAnswers reads any answer at every kind of place. Whatever it says, it is accepted
// only with the marker, and nothing may panic.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"", "0", `{"code":"0","id":{"a":[1,null]}}`, "<r a='1'><c>0</c><c/></r>", "code=0&id=%zz", "<?xml version=\"1.0\" encoding=\"x\"?><r/>", "\xef\xbb\xbf{}", "<!DOCTYPE r [<!ENTITY e 'x'>]><r>&e;</r>", strings.Repeat("[", 1000), strings.Repeat("<a>", 1000)} {
		f.Add(seed)
	}
	var mu sync.Mutex
	answer := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.WriteString(w, answer)
	}))
	f.Cleanup(s.Close)
	instances := make(map[string]*sdktest.Instance)
	for _, place := range []string{"$", "/code", "xml:/r/c", "xml:/r/@a", "form:code"} {
		instances[place] = sdktest.Open(f, httptype.Type(), `{"url":"`+s.URL+`","accepted":{"where":{"`+place+`":{"matches":"^0$"}}},"messageId":"`+place+`",
			"refused":[{"where":{"`+place+`":{"exists":true},"/refused":{"exists":true},"xml:/refused":{"exists":true},"form:refused":"1"}}]}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for place, sms := range instances {
			mu.Lock()
			answer = text
			mu.Unlock()
			var sent delivery.SendResult
			err := sms.CallInto(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{}}, &sent)
			if err == nil && (!strings.Contains(text, "0") && !strings.Contains(text, "&#") && !strings.Contains(text, `\u003`) || sent.Results[0].MessageID != "0") {
				t.Fatalf("%s: %q was accepted as %q", place, text, sent.Results[0].MessageID)
			}
			if err != nil && (strings.Contains(err.Error(), "internal") || strings.Contains(sms.Log(), "panic")) {
				t.Fatalf("%s: %q: %v", place, text, err)
			}
		}
	})
}

// FuzzReceipts reads any push. Nothing may panic, and what has no ID is no receipt.
func FuzzReceipts(f *testing.F) {
	for _, seed := range []string{"", "[]", `[{"id":"m","st":"ok"},{}]`, "data=%5B%7B%7D%5D", "data=[{\"id\":1,\"st\":2}]&x", "--b\r\n\r\n--b--"} {
		f.Add(seed, "POST", "")
	}
	f.Add("", "GET", "data=[]")
	f.Add("--b\r\nContent-Disposition: form-data; name=data\r\n\r\n[]\r\n--b--\r\n", "POST", "multipart/form-data; boundary=b")
	instances := []*sdktest.Instance{}
	for _, receipt := range []string{`{"messageId":"/id","state":"/st","delivered":["ok"],"handshake":{"value":"/0/code"}}`,
		`{"from":"form","field":"data","messageId":"/id","state":"/st","delivered":["ok"],"where":{"/id":{"matches":"."}}}`, `{"from":"form","messageId":"id","state":"st","delivered":["ok"]}`} {
		instances = append(instances, sdktest.Open(f, httptype.Type(), `{`+sending+`,"receipt":`+receipt+`}`))
	}
	f.Fuzz(func(t *testing.T, body, method, kind string) {
		for _, e := range instances {
			var got delivery.CallbackResult
			err := e.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": method, "url": "https://shop.example/r?" + url.QueryEscape(kind),
				"header": map[string][]string{"Content-Type": {kind}}, "body": base64.StdEncoding.EncodeToString([]byte(body))}, &got)
			for _, r := range got.Receipts {
				if r.MessageID == "" || r.State == "" {
					t.Fatalf("%q: %+v", body, got)
				}
			}
			if err != nil && strings.Contains(err.Error(), "internal") {
				t.Fatalf("%q: %v", body, err)
			}
		}
	})
}
