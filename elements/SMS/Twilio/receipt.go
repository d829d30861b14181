package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the vendor's signature is HMAC-SHA1
	"encoding/base64"
	"maps"
	"net/url"
	"slices"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// ReadReceipts reads a status callback, a form, and checks X-Twilio-Signature
// (https://www.twilio.com/docs/usage/security): HMAC-SHA1 with the account's token
// over the whole URL and the form's sorted names and values, each name before each of
// its values.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return nil, delivery.UnreadableCallback("the body is no form")
	}
	if !hmac.Equal([]byte(c.Header.Get("X-Twilio-Signature")), []byte(signature(v.AuthToken, c.URL.String(), form))) {
		return nil, delivery.ForgedCallback()
	}
	receipt := delivery.Receipt{MessageID: form.Get("MessageSid"), Phone: form.Get("To"), Code: form.Get("ErrorCode"), State: delivery.StatePending}
	switch form.Get("MessageStatus") {
	case "delivered":
		receipt.State = delivery.StateDelivered
	case "failed", "undelivered":
		receipt.State = delivery.StateFailed
	}
	return &delivery.CallbackResult{Receipts: []delivery.Receipt{receipt}}, nil
}

func signature(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := slices.Sorted(slices.Values(form[name]))
		for _, value := range slices.Compact(values) {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
