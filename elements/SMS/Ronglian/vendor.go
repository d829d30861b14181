package ronglian

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the vendor's signature
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests by itself: there is no module of the vendor's.
type vendor struct {
	sid, token, appID string
	base              *url.URL
	client            *delivery.Client
}

// Deliver makes one request. reqId names the message: should the same one be
// handed over twice in a day, the vendor refuses the second.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	if !m.Phone.Mainland() {
		return delivery.NotServed("template messages go to mainland numbers only")
	}
	body, err := json.Marshal(map[string]any{
		"to": m.Phone.National(), "appId": v.appID, "templateId": m.Template, "datas": m.Values(), "reqId": m.Token(32),
	})
	if err != nil {
		return delivery.NotMade()
	}
	answer, failed, ok := v.do(ctx, http.MethodPost, "/SMS/TemplateSMS", body)
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

// do signs and makes one request below the account's path.
func (v *vendor) do(ctx context.Context, method, path string, body []byte) (*delivery.Answer, delivery.Outcome, bool) {
	at := time.Now().In(delivery.China).Format("20060102150405")
	sum := md5.Sum([]byte(v.sid + v.token + at)) //nolint:gosec // the vendor's signature
	to := v.base.String() + "/2013-12-26/Accounts/" + url.PathEscape(v.sid) + path + "?sig=" + strings.ToUpper(hex.EncodeToString(sum[:]))
	req, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return nil, delivery.NotMade(), false
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json;charset=utf-8")
	req.Header.Set("Authorization", base64.StdEncoding.EncodeToString([]byte(v.sid+":"+at)))
	return v.client.Do(req)
}

const success = "000000"

// answer is what the service answers.
type answer struct {
	StatusCode  string `json:"statusCode"`
	TemplateSMS *struct {
		SmsMessageSid string `json:"smsMessageSid"`
	} `json:"templateSMS"`
	Account json.RawMessage `json:"Account"`
}

// outcomeOf reads an answer. Accepted is the statusCode 000000 with a message.
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	var said answer
	switch {
	case !a.JSON(&said):
		return delivery.Unknown("the answer can't be read")
	case said.StatusCode == "":
		return delivery.Unknown("the answer has no code")
	case said.StatusCode != success:
		return codes.Outcome(said.StatusCode, a.Status)
	case said.TemplateSMS == nil || said.TemplateSMS.SmsMessageSid == "" || !a.OK():
		return delivery.Unknown("the answer contradicts itself")
	}
	return delivery.Accepted(said.TemplateSMS.SmsMessageSid)
}

// Prove asks for the account.
func (v *vendor) Prove(ctx context.Context, _, _ string) delivery.Outcome {
	a, failed, ok := v.do(ctx, http.MethodGet, "/AccountInfo", nil)
	if !ok {
		return failed
	}
	var said answer
	switch {
	case !a.JSON(&said):
		return delivery.Unknown("the answer can't be read")
	case said.StatusCode == success && a.OK():
		return delivery.Accepted("")
	case said.StatusCode == "" || said.StatusCode == success:
		return delivery.Unknown("the answer is empty")
	}
	return codes.Outcome(said.StatusCode, a.Status)
}
