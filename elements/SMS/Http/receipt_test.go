package httptype_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const sending = `"url":"https://gw.example","accepted":{"status":[200]}`

func push(e *sdktest.Instance, method, url, body string) (delivery.CallbackResult, error) {
	var got delivery.CallbackResult
	err := e.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": method, "url": url, "body": base64.StdEncoding.EncodeToString([]byte(body))}, &got)
	return got, err
}

func TestReceiptsAsConfigured(t *testing.T) {
	const rules = `"messageId":"/id","state":"/st","delivered":["ok",0],"pending":["wait"]`
	for name, tt := range map[string]struct {
		receipt, method, url, body string
		want                       []delivery.Receipt
		refused                    bool
	}{
		"one":     {`{` + rules + `}`, "POST", "/r", `{"id":"m1","st":"ok"}`, []delivery.Receipt{{MessageID: "m1", State: "delivered", Code: "ok"}}, false},
		"numbers": {`{` + rules + `}`, "POST", "/r", `{"id":17,"st":0}`, []delivery.Receipt{{MessageID: "17", State: "delivered", Code: "0"}}, false},
		"a list": {`{` + rules + `}`, "POST", "/r", `[{"id":"m1","st":"no"},{"id":"m2","st":"wait"},{"st":"ok"},{"id":"m3"}]`,
			[]delivery.Receipt{{MessageID: "m1", State: "failed", Code: "no"}}, false},
		"a list below": {`{` + rules + `,"list":"/a/b","code":"/c"}`, "POST", "/r", `{"a":{"b":[{"id":"m1","st":"x","c":"E7"}]}}`,
			[]delivery.Receipt{{MessageID: "m1", State: "failed", Code: "E7"}}, false},
		"a form": {`{"from":"form","messageId":"sid","state":"st","delivered":["S0S"],"reply":"0"}`, "POST", "/r", `sid=m%201&st=S0S`,
			[]delivery.Receipt{{MessageID: "m 1", State: "delivered", Code: "S0S"}}, false},
		"a query":       {`{"from":"form","messageId":"sid","state":"st","delivered":["S0S"],"reply":"0"}`, "GET", "/r?sid=m1&st=R", ``, []delivery.Receipt{{MessageID: "m1", State: "failed", Code: "R"}}, false},
		"no JSON":       {`{` + rules + `}`, "POST", "/r", `<x/>`, nil, true},
		"no list there": {`{` + rules + `,"list":"/a"}`, "POST", "/r", `{}`, nil, true},
		"a bad form":    {`{"from":"form","messageId":"sid","state":"st","delivered":["x"]}`, "POST", "/r", `%zz`, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := sdktest.Open(t, httptype.Type(), `{`+sending+`,"receipt":`+tt.receipt+`}`)
			got, err := push(e, tt.method, tt.url, tt.body)
			if tt.refused {
				require.ErrorIs(t, err, errcode.Params)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got.Receipts)
			require.NotEmpty(t, got.Reply)
		})
	}
}

func TestWithoutReceiptNoneAreTaken(t *testing.T) {
	_, err := push(sdktest.Open(t, httptype.Type(), `{`+sending+`}`), "POST", "/r", `{}`)
	require.ErrorIs(t, err, errcode.FunctionNotFound)
	_, wrong := sdktest.TryOpen(t, httptype.Type(), `{`+sending+`,"receipt":{"messageId":"id","state":"/s","delivered":["x"]}}`)
	require.Equal(t, "/receipt/messageId", wrong[0].GetPointer())
}

// If the vendor's response has no ID, the message's ID is ours.
func TestOurIDIsTheMessagesWhereTheVendorHasNone(t *testing.T) {
	url, _ := vendor(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("00")) })
	e := sdktest.Open(t, httptype.Type(), `{"url":"`+url+`","bodyType":"json","body":{"id":"${requestId}"},"accepted":{"where":{"$":"00"}}}`)
	var got delivery.SendResult
	require.NoError(t, e.CallInto(context.Background(), "sendMessage", args, &got))
	require.Equal(t, "test-request", got.Results[0].MessageID)

	e = sdktest.Open(t, httptype.Type(), `{"url":"`+url+`","bodyType":"form","body":{"id":"${requestNumber}"},"accepted":{"where":{"$":"00"}}}`)
	ids := map[string]bool{}
	for _, phone := range []string{phone, "+8613800138001", phone} {
		one := sdktest.Args{"phoneList": []string{phone}, "params": args["params"]}
		require.NoError(t, e.CallInto(context.Background(), "sendMessage", one, &got))
		ids[got.Results[0].MessageID] = true
	}
	require.Len(t, ids, 2, "an id is one message's")
}

// What vendors push beside a list of reports, and what must not be lost with a 200.
func TestReceiptsInEveryWrapping(t *testing.T) {
	const inForm = `{"from":"form","field":"data","messageId":"/id","state":"/st","delivered":["ok"]}`
	const events = `{"list":"","where":{"/type":"Sms.Report"},"messageId":"/data/id","state":"/data/st","delivered":["ok"],"handshake":{"value":"/0/data/code","reply":"{\"validationResponse\":${value | json}}"}}`
	one := []delivery.Receipt{{MessageID: "m1", State: "delivered", Code: "ok"}}
	for name, tt := range map[string]struct {
		receipt, method, url, kind, body string
		want                             []delivery.Receipt
		reply                            string
		unreadable                       int
		refused                          bool
	}{
		"JSON in a form field":         {inForm, "POST", "/r", "", "data=" + url.QueryEscape(`[{"id":"m1","st":"ok"}]`), one, "ok", 0, false},
		"JSON in a query":              {inForm, "GET", "/r?data=" + url.QueryEscape(`{"id":"m1","st":"ok"}`), "", "", one, "ok", 0, false},
		"a query of a POST":            {inForm, "POST", "/r?data=" + url.QueryEscape(`{"id":"m1","st":"ok"}`), "", "", one, "ok", 0, false},
		"JSON in a part":               {inForm, "POST", "/r", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n[{\"id\":\"m1\",\"st\":\"ok\"}]\r\n--b--\r\n", one, "ok", 0, false},
		"no such field":                {inForm, "POST", "/r", "", "date=x", nil, "", 0, true},
		"a field without JSON":         {inForm, "POST", "/r", "", "data=x", nil, "", 0, true},
		"parts that end early":         {inForm, "POST", "/r", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n[", nil, "", 0, true},
		"events":                       {events, "POST", "/r", "", `[{"type":"Sms.Received","data":{"x":1}},{"type":"Sms.Report","data":{"id":"m1","st":"ok"}}]`, one, "ok", 0, false},
		"a handshake":                  {events, "POST", "/r", "", `[{"type":"Validation","data":{"code":"5\"1"}}]`, nil, `{"validationResponse":"5\"1"}`, 0, false},
		"a handshake without value":    {events, "POST", "/r", "", `[{"type":"Validation","data":{}}]`, nil, "ok", 0, false},
		"a batch with a bad one":       {events, "POST", "/r", "", `[{"type":"Sms.Report","data":{"st":"ok"}},{"type":"Sms.Report","data":{"id":"m1","st":"ok"}},{"type":"Sms.Report","data":{"id":"m2"}}]`, one, "ok", 2, false},
		"items that are no objects":    {`{"messageId":"/id","state":"/st","delivered":["ok"]}`, "POST", "/r", "", `[1,null,"x",{"id":"m1","st":"ok"}]`, one, "ok", 3, false},
		"an empty ID":                  {`{"messageId":"/id","state":"/st","delivered":["ok"]}`, "POST", "/r", "", `{"id":"","st":"ok"}`, nil, "ok", 1, false},
		"a form without ID":            {`{"from":"form","messageId":"id","state":"st","delivered":["ok"]}`, "GET", "/r?st=ok", "", "", nil, "ok", 1, false},
		"a number too long for floats": {`{"messageId":"/id","state":"/st","delivered":[1]}`, "POST", "/r", "", `{"id":12345678901234567891,"st":1}`, []delivery.Receipt{{MessageID: "12345678901234567891", State: "delivered", Code: "1"}}, "ok", 0, false},
		"a byte order mark":            {`{"messageId":"/id","state":"/st","delivered":["ok"]}`, "POST", "/r", "", "\ufeff" + `{"id":"m1","st":"ok"}`, one, "ok", 0, false},
		"an empty list":                {`{"messageId":"/id","state":"/st","delivered":["ok"]}`, "POST", "/r", "", `[]`, nil, "ok", 0, false},
		"null":                         {`{"messageId":"/id","state":"/st","delivered":["ok"]}`, "POST", "/r", "", `null`, nil, "", 0, true},
		"no body":                      {`{"messageId":"/id","state":"/st","delivered":["ok"]}`, "POST", "/r", "", ``, nil, "", 0, true},
		"a phone in the ID":            {`{"messageId":"/id","state":"/st","delivered":["ok"],"phone":"/to"}`, "POST", "/r", "", `{"id":"x-14155552671-1","st":"ok","to":"14155552671"}`, []delivery.Receipt{{MessageID: "x-141****2671-1", State: "delivered", Code: "ok"}}, "ok", 0, false},
		"echoed to a form":             {`{"from":"form","field":"data","messageId":"/id","state":"/st","delivered":["ok"],"handshake":{"value":"echostr"}}`, "GET", "/r?echostr=abc%3C", "", "", nil, "abc<", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := sdktest.Open(t, typ(), `{`+sending+`,"receipt":`+tt.receipt+`}`)
			var got delivery.CallbackResult
			err := e.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": tt.method, "url": tt.url,
				"header": map[string][]string{"content-type": {tt.kind}}, "body": base64.StdEncoding.EncodeToString([]byte(tt.body))}, &got)
			if tt.refused || tt.unreadable > 0 {
				require.Contains(t, e.Log(), "can't be read")
			}
			if tt.refused {
				require.ErrorIs(t, err, errcode.Params)
				return
			}
			require.NoError(t, err)
			require.ElementsMatch(t, tt.want, got.Receipts)
			require.Equal(t, []any{tt.reply, tt.unreadable}, []any{got.Reply, got.Unreadable})
		})
	}
}
