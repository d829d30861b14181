package huawei

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests by itself: the vendor's SDK reads no error of this
// service and takes a redirect and an empty answer for success.
type vendor struct {
	key, secret, sender string
	base                *url.URL
	client              *delivery.Client

	callback                  string
	receiptKey, receiptSecret string
}

// Deliver makes one request.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	mainland := m.Phone.Mainland()
	switch {
	case !mainland && (m.Sign != "" || strings.HasPrefix(v.sender, "csms")):
		// Messages to other countries have no sign and a channel of their own.
		return delivery.NotServed("this channel goes to mainland numbers only")
	case mainland && strings.HasPrefix(v.sender, "isms"):
		return delivery.NotServed("this channel goes to numbers of other countries only")
	}
	values, err := json.Marshal(m.Values())
	if err != nil {
		return delivery.NotMade()
	}
	form := url.Values{
		"from": {v.sender}, "to": {m.Phone.E164()},
		"templateId": {m.Template}, "templateParas": {string(values)},
	}
	if m.Sign != "" {
		form.Set("signature", m.Sign)
	}
	if v.callback != "" {
		form.Set("statusCallback", v.callback)
	}
	body := form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base.String()+"/sms/batchSendSms/v1", strings.NewReader(body))
	if err != nil {
		return delivery.NotMade()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(req, body, v.key, v.secret, time.Now())
	answer, failed, ok := v.client.Do(req)
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

const success = "000000"

// answer is what the service answers. The gateway before it has names of its own.
type answer struct {
	Code   string `json:"code"`
	Result []struct {
		SmsMsgID string `json:"smsMsgId"`
		Status   string `json:"status"`
	} `json:"result"`
	ErrorCode string `json:"error_code"`
	RequestID string `json:"request_id"`
}

// outcomeOf reads an answer. Accepted is the code of the request and the status
// of the phone, both 000000. With E000510 the status says why.
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	var said answer
	if !a.JSON(&said) {
		return delivery.Unknown("the answer can't be read")
	}
	status := ""
	if len(said.Result) == 1 {
		status = said.Result[0].Status
	}
	var o delivery.Outcome
	switch {
	case said.Code == "" && said.ErrorCode != "":
		o = codes.Outcome(said.ErrorCode, a.Status)
	case said.Code == "":
		o = delivery.Unknown("the answer has no code")
	case said.Code == seeStatus && status != "" && status != success:
		o = codes.Outcome(status, a.Status)
	case said.Code != success:
		o = codes.Outcome(said.Code, a.Status)
	case status == "" || !a.OK():
		o = delivery.Unknown("the answer contradicts itself")
	case status != success:
		o = codes.Outcome(status, a.Status)
	default:
		o = delivery.Accepted(said.Result[0].SmsMsgID)
	}
	o.RequestID = said.RequestID
	if o.RequestID == "" {
		o.RequestID = a.Header.Get("X-Request-Id")
	}
	return o
}
