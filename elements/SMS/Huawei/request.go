package huawei

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// vendor makes requests without the vendor's SDK, which reads none of this service's
// errors and takes a redirect or an empty response for success.
type vendor struct {
	Config
	base   *url.URL
	client *delivery.Client
}

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	switch mainland := m.Phone.Mainland(); {
	case !mainland && (m.Sign != "" || strings.HasPrefix(v.Sender, "csms")):
		// Messages to other countries have no sign and a channel of their own.
		return delivery.Unsent(smscode.Region, "this channel goes to mainland numbers only")
	case mainland && strings.HasPrefix(v.Sender, "isms"):
		return delivery.Unsent(smscode.Region, "this channel goes to numbers of other countries only")
	}
	form := url.Values{
		"from": {v.Sender}, "to": {m.Phone.E164()},
		"templateId": {m.Template}, "templateParas": {delivery.JSON(m.Values())},
	}
	if m.Sign != "" {
		form.Set("signature", m.Sign)
	}
	if v.StatusCallback != "" {
		form.Set("statusCallback", v.StatusCallback)
	}
	body := form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base.String()+"/sms/batchSendSms/v1", strings.NewReader(body))
	if err != nil {
		return delivery.NoRequest()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(req, body, v.AppKey, v.AppSecret, time.Now())
	return v.client.Do(req, delivery.ReadJSON(readResponse))
}
