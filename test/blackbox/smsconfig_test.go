package blackbox_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// An SMS configuration that can't work is an error of the app, with file and line,
// before any process runs.
func TestWrongSMSConfigurationsAreNotValid(t *testing.T) {
	t.Parallel()
	type config = map[string]any
	ronglian := config{"accountSid": "a", "authToken": "b", "appId": "c"}
	gateway := config{"accepted": config{"status": []any{200}}, "bodyType": "none"}
	twilio := config{"accountSid": "a", "authToken": "b"}
	huawei := config{"appKey": "a", "appSecret": "b", "sender": "csms1"}
	sns := config{"accessKey": "a", "secretKey": "b"}
	cases := []struct {
		typ     string
		common  config
		more    config
		pointer string // of the error, "-" for none
	}{
		{"Ronglian", ronglian, config{}, "-"}, {"Ronglian", ronglian, config{"endpoint": ""}, "-"},
		{"Ronglian", ronglian, config{"endpoint": "https://sms.example.com:8883/x"}, "-"}, {"Ronglian", ronglian, config{"endpoint": "HTTPS://sms.example.com"}, "-"},
		{"Ronglian", ronglian, config{"endpoint": "http://127.0.0.1:80/x"}, "-"}, {"Ronglian", ronglian, config{"endpoint": "http://127.255.3.4"}, "-"},
		{"Ronglian", ronglian, config{"endpoint": "http://LocalHost:1"}, "-"}, {"Ronglian", ronglian, config{"endpoint": "http://[::1]:1/"}, "-"},
		{"Ronglian", ronglian, config{"endpoint": "http://10.0.0.1", "allowPlainHTTP": true}, "-"},
		{"Ronglian", ronglian, config{"endpoint": "http://10.0.0.1"}, "/endpoint"}, {"Ronglian", ronglian, config{"endpoint": "HTTP://sms.example.com", "allowPlainHTTP": false}, "/endpoint"},
		{"Ronglian", ronglian, config{"endpoint": "http://127.0.0.1.example.com"}, "/endpoint"}, {"Ronglian", ronglian, config{"endpoint": "http://localhost.example.com"}, "/endpoint"},
		{"Ronglian", ronglian, config{"endpoint": "http://127.0.0.1@example.com"}, "/endpoint"}, {"Ronglian", ronglian, config{"endpoint": "http://0.0.0.0"}, "/endpoint"},
		{"Ronglian", ronglian, config{"endpoint": "sms.example.com"}, "/endpoint"}, {"Ronglian", ronglian, config{"endpoint": "ftp://sms.example.com"}, "/endpoint"},
		{"Ronglian", ronglian, config{"endpoint": "https://"}, "/endpoint"},
		{"Http", gateway, config{"url": "https://gw.example/${phone}?x=${params.code}"}, "-"}, {"Http", gateway, config{"url": "http://127.0.0.1:1/x"}, "-"},
		{"Http", gateway, config{"url": "http://gw.example/x", "allowPlainHTTP": true}, "-"}, {"Http", gateway, config{"url": "http://gw.example/x", "endpoint": "https://gw.example"}, "-"},
		{"Http", gateway, config{"url": "http://gw.example/x"}, "/url"}, {"Http", gateway, config{"url": "http://gw.example/x", "endpoint": ""}, "/url"},
		{"Http", gateway, config{"url": "gw.example"}, "/url"}, {"Http", gateway, config{"url": "https://gw.example", "endpoint": "http://gw.example"}, "/endpoint"},
		{"Twilio", twilio, config{"from": "+15005550006"}, "-"}, {"Twilio", twilio, config{"messagingServiceSid": "MG1", "from": ""}, "-"},
		{"Twilio", twilio, config{}, ""}, {"Twilio", twilio, config{"from": "", "messagingServiceSid": ""}, ""},
		{"Twilio", twilio, config{"from": "+15005550006", "messagingServiceSid": "MG1"}, "/messagingServiceSid"},
		{"Twilio", twilio, config{"from": "+15005550006", "text": "t", "contentSid": "HX1"}, "/contentSid"},
		{"Huawei", huawei, config{}, "-"}, {"Huawei", huawei, config{"receiptKey": "k", "receiptSecret": "s"}, "-"},
		{"Huawei", huawei, config{"statusCallback": "https://shop.example/r"}, "-"}, {"Huawei", huawei, config{"statusCallback": ""}, "-"},
		{"Huawei", huawei, config{"statusCallback": "/receipts/x"}, "/statusCallback"}, {"Twilio", twilio, config{"from": "+15005550006", "statusCallback": "shop.example"}, "/statusCallback"},
		{"Huawei", huawei, config{"receiptKey": "k"}, "/receiptSecret"}, {"Huawei", huawei, config{"receiptSecret": "k"}, "/receiptSecret"},
		{"AwsSns", sns, config{"region": "ap-southeast-1"}, "-"}, {"AwsSns", sns, config{"region": "us-gov-west-1"}, "-"},
		{"AwsSns", sns, config{"region": "Singapore"}, "/region"}, {"AwsSns", sns, config{"region": "us-east-1.example.com/"}, "/region"},
	}
	app := blackbox.Bare(t)
	// All errors are reported at once.
	cases = append(cases, cases[len(cases)-1])
	cases[len(cases)-1].more = config{"region": "Singapore", "endpoint": "x", "timeout": 1}
	cases[len(cases)-1].pointer = "/endpoint/region/timeout"
	for i, c := range cases {
		name := fmt.Sprintf("SMS/my%d", i)
		whole := config{}
		for _, part := range []config{c.common, c.more} {
			for key, value := range part {
				whole[key] = value
			}
		}
		app.WriteJSON(name+"/e.json", config{"title": name, "type": "SMS." + c.typ})
		app.WriteJSON(name+"/sms.json", whole)
	}
	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--json")
	require.Equal(t, 1, out.Code)
	var found []struct {
		Element, Pointer string
		Warning          bool
	}
	var wrapped struct{ Problems json.RawMessage }
	text := []byte(out.Stdout)
	if json.Unmarshal(text, &wrapped) == nil && wrapped.Problems != nil {
		text = wrapped.Problems
	}
	require.NoError(t, json.Unmarshal(text, &found), out.Stdout)
	got := map[string]string{}
	for _, p := range found {
		if !p.Warning {
			got[p.Element] += p.Pointer
		}
	}
	for i, c := range cases {
		pointer, wrong := got[fmt.Sprintf("SMS.my%d", i)]
		if c.pointer == "-" {
			require.False(t, wrong, "%s %v: %s", c.typ, c.more, pointer)
			continue
		}
		require.True(t, wrong, "%s %v", c.typ, c.more)
		require.Equal(t, c.pointer, pointer, "%s %v", c.typ, c.more)
	}
}
