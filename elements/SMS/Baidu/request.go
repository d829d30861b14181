package baidu

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/phone"
)

// vendor makes requests without the vendor's SDK, which uses plain http unless told
// otherwise, overrides deadlines, and sends again by itself.
type vendor struct {
	Config
	base   *url.URL
	client *delivery.Client
}

// Deliver implements delivery.Vendor. The vendor sends a message with the same
// clientToken once.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	body := delivery.JSON(map[string]any{
		"mobile": vendorNumber(m.Phone), "template": m.Template, "signatureId": m.Sign, "contentVar": m.Named(),
	})
	return v.do(ctx, http.MethodPost, "/api/v3/sendSms", url.Values{"clientToken": {m.Token(32)}}, body, readSend)
}

// CheckCredentials asks for the template, or for the quota if there is none.
func (v *vendor) CheckCredentials(ctx context.Context, template, _ string) delivery.Outcome {
	if template == "" {
		return v.do(ctx, http.MethodGet, "/sms/v3/quota", url.Values{"userQuery": {""}}, "", delivery.ReadJSON(readQuota))
	}
	return v.do(ctx, http.MethodGet, "/sms/v3/template/"+template, nil, "", delivery.ReadJSON(readTemplate))
}

// do signs and makes one request.
func (v *vendor) do(ctx context.Context, method, path string, query url.Values, body string, read delivery.ReadFunc) delivery.Outcome {
	to := *v.base
	to.Path += path
	to.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, to.String(), strings.NewReader(body))
	if err != nil {
		return delivery.NoRequest()
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	sign(req, v.AccessKey, v.AccessSecret, time.Now())
	return v.client.Do(req, read)
}

// vendorNumber returns a phone as the vendor wants it: mainland mobile numbers
// without country code, others in E.164.
func vendorNumber(n phone.Number) string {
	if n.MainlandMobile() {
		return n.National()
	}
	return n.E164()
}
