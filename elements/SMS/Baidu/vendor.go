package baidu

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/phone"
)

// vendor makes requests by itself: the vendor's SDK travels over plain http
// unless told, overrides deadlines, and sends again by itself.
type vendor struct {
	key, secret  string
	receiptToken string
	base         *url.URL
	client       *delivery.Client
}

// Deliver makes one request. clientToken names the message: should the same one
// be handed over twice, the vendor sends it once.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	body, err := json.Marshal(map[string]any{
		"mobile": number(m.Phone), "template": m.Template, "signatureId": m.Sign, "contentVar": m.Named(),
	})
	if err != nil {
		return delivery.NotMade()
	}
	answer, failed, ok := v.do(ctx, http.MethodPost, "/api/v3/sendSms", url.Values{"clientToken": {m.Token(32)}}, body)
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

// do signs and makes one request.
func (v *vendor) do(ctx context.Context, method, path string, query url.Values, body []byte) (*delivery.Answer, delivery.Outcome, bool) {
	to := *v.base
	to.Path += path
	to.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, delivery.NotMade(), false
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	sign(req, v.key, v.secret, time.Now())
	return v.client.Do(req)
}

// number gives a phone as the vendor wants it: mainland numbers bare, others in
// E.164.
func number(p phone.Number) string {
	if p.Mainland() {
		return p.National()
	}
	return p.E164()
}

const success = "1000"

// answer is what the service answers.
type answer struct {
	RequestID string `json:"requestId"`
	Code      string `json:"code"`
	Data      []struct {
		Code      string `json:"code"`
		MessageID string `json:"messageId"`
	} `json:"data"`
}

// outcomeOf reads an answer. Accepted is the code of the request and that of the
// phone, both 1000.
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	var said answer
	if !a.JSON(&said) {
		if a.Status == http.StatusTooManyRequests {
			return delivery.Refused(delivery.Throttled, "HTTP 429")
		}
		return delivery.Unknown("the answer can't be read")
	}
	var o delivery.Outcome
	switch {
	case said.Code == "":
		o = delivery.Unknown("the answer has no code")
	case len(said.Data) == 1 && said.Data[0].Code != "" && said.Data[0].Code != success:
		o = codes.Outcome(said.Data[0].Code, a.Status)
	case said.Code != success:
		o = codes.Outcome(said.Code, a.Status)
	case len(said.Data) != 1 || said.Data[0].Code == "" || !a.OK():
		o = delivery.Unknown("the answer contradicts itself")
	default:
		o = delivery.Accepted(said.Data[0].MessageID)
	}
	o.RequestID = said.RequestID
	if o.RequestID == "" {
		o.RequestID = a.Header.Get("x-bce-request-id")
	}
	return o
}

// Prove asks for the template.
func (v *vendor) Prove(ctx context.Context, template, _ string) delivery.Outcome {
	path, query := "/sms/v3/template/"+template, url.Values(nil)
	if template == "" {
		path, query = "/sms/v3/quota", url.Values{"userQuery": {""}}
	}
	a, failed, ok := v.do(ctx, http.MethodGet, path, query, nil)
	if !ok {
		return failed
	}
	var said struct {
		Code        string `json:"code"`
		Status      string `json:"status"`
		TemplateID  string `json:"templateId"`
		QuotaPerDay *int   `json:"quotaPerDay"`
	}
	switch {
	case !a.JSON(&said):
		return delivery.Unknown("the answer can't be read")
	case said.Code != "" && said.Code != success:
		return codes.Outcome(said.Code, a.Status)
	case !a.OK() || said.TemplateID == "" && said.QuotaPerDay == nil:
		return delivery.Unknown("the answer is empty")
	case template != "" && said.Status != "READY" && said.Status != "":
		return delivery.Refused(delivery.Template, said.Status)
	}
	return delivery.Accepted("")
}
