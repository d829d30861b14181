package httptype_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/internal/testproxy"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func TestAClosedNetwork(t *testing.T) {
	deliverytest.Vendor{
		Type: httptype.Type(), Phone: "+8613800138000", EndpointKey: "url",
		Config: map[string]any{
			"verifyTemplateCode": "T", "body": map[string]any{"to": "${phone}", "code": "${params.code}"},
			"accepted": map[string]any{"status": []int{200}, "where": map[string]any{"/ok": "1"}}, "messageId": "/id",
		},
		Accepted: deliverytest.Answer{Type: "application/json", Body: `{"ok":1,"id":"m1"}`},
	}.Network(t)
}

// A proxy resolves names itself, so only what is written as an address can be refused.
func TestAnAddressThatIsNotAllowedIsNotAllowedThroughAProxyEither(t *testing.T) {
	p := testproxy.Start(t)
	for _, host := range []string{
		"127.1", "0x7f000001", "2130706433", "10.0.0.1.", "localhost.", "app.localhost", "10.0.0x1",
	} {
		sms := sdktest.Open(t, httptype.Type(), `{"url": "https://`+host+`/send", "accepted": {"status": [200]}, "body": "${params.code}"}`,
			sdktest.Outbound(sdk.Outbound{Proxy: p.URL()}))
		_, err := sms.Call(t.Context(), "sendMessage", sdktest.Args{"phoneList": []string{"+8613800138000"}, "params": map[string]any{"code": "1"}})
		require.ErrorContains(t, err, "the address is not allowed", host)
	}
	require.Empty(t, p.Requests())
	p.Answer(503)
	for _, host := range []string{"sms.example", "10.0.0.1.example", "1and1.example", "x0x"} {
		sms := sdktest.Open(t, httptype.Type(), `{"url": "https://`+host+`/send", "accepted": {"status": [200]}, "body": "${params.code}"}`,
			sdktest.Outbound(sdk.Outbound{Proxy: p.URL()}))
		_, err := sms.Call(t.Context(), "sendMessage", sdktest.Args{"phoneList": []string{"+8613800138000"}, "params": map[string]any{"code": "1"}})
		require.ErrorContains(t, err, "it answers 503", host)
	}
}
