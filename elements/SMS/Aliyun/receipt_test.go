package aliyun_test

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	aliyun "github.com/lintel-run/lintel/elements/SMS/Aliyun"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func TestReceipts(t *testing.T) {
	e := sdktest.Open(t, aliyun.Type(), `{"accessKey":"k","accessSecret":"the-secret"}`)
	push := func(body string) (delivery.CallbackResult, error) {
		var got delivery.CallbackResult
		err := e.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": "POST", "url": "https://app.example/receipts/x", "body": base64.StdEncoding.EncodeToString([]byte(body))}, &got)
		return got, err
	}
	got, err := push(`[{"phone_number":"13800138000","send_time":"2026-11-21 11:00:00","report_time":"2026-11-21 11:00:05","success":true,"err_code":"DELIVERED","err_msg":"ok","sms_size":"1","biz_id":"932702304080415357^0","out_id":"1"},
		{"biz_id":"m2","success":false,"err_code":"MK:0001","report_time":"?"},{"success":true}]`)
	require.NoError(t, err)
	require.JSONEq(t, `{"code":0,"msg":"ok"}`, got.Reply)
	require.Len(t, got.Receipts, 2)
	require.Equal(t, time.Date(2026, 11, 21, 3, 0, 5, 0, time.UTC), got.Receipts[0].Time.UTC())
	got.Receipts[0].Time = time.Time{}
	require.Equal(t, []delivery.Receipt{
		{MessageID: "932702304080415357^0", State: "delivered", Code: "DELIVERED"}, {MessageID: "m2", State: "failed", Code: "MK:0001"},
	}, got.Receipts)
	for _, body := range []string{``, `{}`, `"x"`, `[1]`} {
		_, err := push(body)
		require.ErrorIs(t, err, errcode.Params, body)
	}
}
