package baidu

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the vendor's signature
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// ReadReceipts reads a status callback (cloud.baidu.com/doc/SMS/s/Fkijy9cdv): one
// report, as JSON. The signature is checked if the configuration has the token. The
// timestamp may be of any age: until it gets status 200, the vendor repeats a callback
// for hours with the timestamp of the first one.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	if v.ReceiptToken != "" {
		given, want := strings.ToLower(c.Header.Get("signature")), callbackSignature(v.ReceiptToken, c.Header.Get("timestamp"), c.Body)
		if !hmac.Equal([]byte(given), []byte(want)) {
			return nil, delivery.ForgedCallback()
		}
	}
	var body struct {
		Code        json.Number `json:"code"`      // text in the vendor's documentation
		MessageID   string      `json:"messageId"` // often ends in the phone
		Mobile      string      `json:"mobile"`
		CarrierCode string      `json:"carrierCode"`
		DeliverTime string      `json:"deliverTime"`
	}
	if json.Unmarshal(c.Body, &body) != nil {
		return nil, delivery.UnreadableCallback("the body is no report")
	}
	receipt := delivery.Receipt{
		MessageID: body.MessageID, Phone: body.Mobile, State: delivery.StatePending, Code: body.CarrierCode,
		Time: delivery.ParseTime(body.DeliverTime, time.UTC),
	}
	switch body.Code {
	case "0":
		receipt.State = delivery.StateDelivered
	case "2":
		receipt.State = delivery.StateFailed
	}
	return &delivery.CallbackResult{Receipts: []delivery.Receipt{receipt}}, nil
}

// callbackSignature is the MD5 of token, timestamp and body together.
func callbackSignature(token, timestamp string, body []byte) string {
	sum := md5.Sum(append([]byte(token+timestamp), body...)) //nolint:gosec // the vendor's signature
	return hex.EncodeToString(sum[:])
}
