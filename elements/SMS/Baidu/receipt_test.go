package baidu_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	baidu "github.com/lintel-run/lintel/elements/SMS/Baidu"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	token     = "canary-account-id"
	timestamp = "1597320812102"
	arrived   = `{"code":"0","requestId":"R","messageId":"m-1","mobile":"13800138000","carrierCode":"DELIVRD","custom":"短","attemptCount":1,"segmentCount":1,"deliverTime":"2026-11-21T03:00:05Z","requestTime":"2026-11-21T03:00:00Z"}`
)

func push(t *testing.T, config, body, signature string) (delivery.CallbackResult, error) {
	e := sdktest.Open(t, baidu.Type(), `{"accessKey":"k","accessSecret":"s"`+config+`}`)
	var got delivery.CallbackResult
	err := e.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": "POST", "url": "https://shop.example/receipts/SMS/b/t",
		"header": map[string][]string{"Signature": {signature}, "Timestamp": {timestamp}, "Requestid": {"r"}},
		"body":   base64.StdEncoding.EncodeToString([]byte(body))}, &got)
	return got, err
}

func TestReceipts(t *testing.T) {
	got, err := push(t, "", arrived, "whatever")
	require.NoError(t, err)
	require.Len(t, got.Receipts, 1)
	require.True(t, time.Date(2026, 11, 21, 3, 0, 5, 0, time.UTC).Equal(got.Receipts[0].Time))
	got.Receipts[0].Time = time.Time{}
	require.Equal(t, delivery.Receipt{MessageID: "m-1", State: delivery.StateDelivered, Code: "DELIVRD"}, got.Receipts[0])
	for code, want := range map[string][]delivery.State{`"0"`: {"delivered"}, `0`: {"delivered"}, `"2"`: {"failed"}, `2`: {"failed"}, `"1"`: nil, `null`: nil} {
		got, err := push(t, "", `{"messageId":"m","carrierCode":"B:00019","code":`+code+`}`, "")
		require.NoError(t, err, code)
		var states []delivery.State
		for _, r := range got.Receipts {
			require.Equal(t, "B:00019", r.Code)
			states = append(states, r.State)
		}
		require.Equal(t, want, states, code)
	}
	for _, body := range []string{``, `[]`, `"x"`, `{"code":{}}`, `{"code":""}`, `code=0&messageId=m`} {
		_, err := push(t, "", body, "")
		require.ErrorIs(t, err, errcode.Params, body)
	}
}

func TestWithATokenOnlySignedReceiptsAreTaken(t *testing.T) {
	sign := func(token, timestamp, body string) string {
		return fmt.Sprintf("%x", md5.Sum([]byte(token+timestamp+body)))
	}
	const config = `,"receiptToken":"` + token + `"`
	right := sign(token, timestamp, arrived)
	for _, signature := range []string{right, strings.ToUpper(right)} {
		_, err := push(t, config, arrived, signature)
		require.NoError(t, err)
	}
	for _, wrong := range []string{"", "x", sign("", timestamp, arrived), sign(token, "", arrived), sign(token, timestamp, arrived+" "), right[1:]} {
		_, err := push(t, config, arrived, wrong)
		require.ErrorIs(t, err, errcode.Forbidden, wrong)
		require.NotContains(t, err.Error(), token)
	}
}

// Baidu's IDs end in the phone.
func TestTheIDOfAReceiptHidesThePhone(t *testing.T) {
	for mobile, want := range map[string]string{"13800138000": "id_138****8000", "+33612345678": "id_*******78"} {
		got, err := push(t, "", `{"code":"0","messageId":"id_`+mobile+`","mobile":"`+mobile+`"}`, "")
		require.NoError(t, err)
		require.Equal(t, want, got.Receipts[0].MessageID)
	}
}
