package httptype_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func TestNoTwoNumbersShareAWireForm(t *testing.T) {
	for name, row := range map[string]struct{ config map[string]any }{
		"national alone":        {map[string]any{"body": map[string]any{"to": "${phoneNational}"}}},
		"national in the URL":   {map[string]any{"url": "http://localhost/${phoneNational}", "method": "GET"}},
		"national in a header":  {map[string]any{"headers": map[string]any{"To": "${phoneNational}"}}},
		"national and a digest": {map[string]any{"body": map[string]any{"to": "${phoneNational}", "sum": "${phone | md5}"}}},
		"national and signed": {map[string]any{"body": map[string]any{"to": "${phoneNational}"},
			"sign": "${phone}", "headers": map[string]any{"S": "${signed | sha256}"}}},
		"national by name": {map[string]any{"body": map[string]any{"to": "${values.to | json}"}, "values": map[string]any{"to": "n:${values.n}", "n": "${phoneNational}"}}},
		"national in JSON": {map[string]any{"bodyType": "form", "body": map[string]any{"to": `["${phoneNational}"]`, "sum": "${values.sum}"}, "values": map[string]any{"sum": "${phoneDigits | sha1}"}}},
		"named E.164":      {map[string]any{"body": map[string]any{"to": "${phoneNational}", "all": "${values.all | hex}"}, "values": map[string]any{"all": "${phone}"}}},
		"E.164":            {map[string]any{"body": map[string]any{"to": "${phone}"}}},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]any{"url": "http://localhost/", "accepted": map[string]any{"status": []int{200}}}
			for key, value := range row.config {
				config[key] = value
			}
			deliverytest.Vendor{Type: httptype.Type(), Config: config, Phone: "+8613800138000"}.Numbers(t)
		})
	}
}

// nationalOf chooses the country of a request that has national numbers only.
func TestNationalNumbersAreOfOneCountry(t *testing.T) {
	url, _ := vendor(t, saying(200, ""))
	for name, row := range map[string]struct {
		more map[string]any
		sent []string
	}{
		"mainland":      {map[string]any{"body": map[string]any{"to": "${phoneNational}"}}, []string{"+8618624017194"}},
		"of India":      {map[string]any{"nationalOf": "91", "body": map[string]any{"to": "91${phoneNational}"}}, []string{"+918624017194"}},
		"encoded":       {map[string]any{"body": map[string]any{"to": "${values.n | base64}"}, "values": map[string]any{"n": "${phoneNational | hex}"}}, []string{"+8618624017194"}},
		"with its code": {map[string]any{"body": map[string]any{"to": "${phoneNational}", "cc": "${countryCode}"}}, []string{"+8618624017194", "+18624017194", "+918624017194"}},
	} {
		row.more["url"] = url
		sms := open(t, row.more)
		for _, phone := range []string{"+8618624017194", "+18624017194", "+918624017194"} {
			_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{}})
			if slices.Contains(row.sent, phone) {
				require.NoError(t, err, name, phone)
				continue
			}
			require.Equal(t, string(smscode.Region), deliverytest.Coded(t, err).Details["reason"], name, phone)
		}
	}
}
