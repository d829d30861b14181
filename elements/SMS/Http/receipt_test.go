package httptype_test

import (
	"context"
	"encoding/base64"
	"net/http"
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
