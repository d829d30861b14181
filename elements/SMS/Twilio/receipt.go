package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the vendor's signature is HMAC-SHA1
	"encoding/base64"
	"net/url"
	"slices"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// ReadPush reads a status callback, a form, and checks X-Twilio-Signature
// (https://www.twilio.com/docs/usage/security): HMAC-SHA1 with the account's token
// over the whole URL and the form's names and values, each name before each of its
// values, in the order of both.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	form, err := url.ParseQuery(string(p.Body))
	if err != nil {
		return nil, delivery.ErrPush("the body is no form")
	}
	if !hmac.Equal([]byte(p.Header.Get("X-Twilio-Signature")), []byte(signature(v.token, p.URL.String(), form))) {
		return nil, delivery.ErrForged()
	}
	report := delivery.Report{MessageID: form.Get("MessageSid"), Code: form.Get("ErrorCode")}
	switch status := form.Get("MessageStatus"); status {
	case "delivered":
		report.State = delivery.StateDelivered
	case "failed", "undelivered":
		report.State = delivery.StateFailed
	default:
		report.State = delivery.StatePending
	}
	return &delivery.Pushed{Reports: []delivery.Report{report}}, nil
}

func signature(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
