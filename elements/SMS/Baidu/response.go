package baidu

import (
	"cmp"
	"net/http"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

const success = "1000"

// readSend accepts the request's code and the phone's if both are 1000.
func readSend(r *delivery.Response) delivery.Outcome {
	var body struct {
		RequestID string `json:"requestId"`
		Code      string `json:"code"`
		Data      []struct {
			Code      string `json:"code"`
			MessageID string `json:"messageId"`
		} `json:"data"`
	}
	if !r.JSON(&body) {
		if r.Status == http.StatusTooManyRequests {
			return delivery.Refused(smscode.Throttled, "HTTP 429")
		}
		return delivery.Unreadable()
	}
	var o delivery.Outcome
	switch {
	case body.Code == "":
		o = delivery.Unknown("the answer has no code")
	case len(body.Data) == 1 && body.Data[0].Code != "" && body.Data[0].Code != success:
		o = refusals.Outcome(body.Data[0].Code, r.Status)
	case body.Code != success:
		o = refusals.Outcome(body.Code, r.Status)
	case len(body.Data) != 1 || body.Data[0].Code == "" || !r.OK():
		o = delivery.Unknown("the answer contradicts itself")
	default:
		o = delivery.Accepted(body.Data[0].MessageID)
	}
	o.RequestID = cmp.Or(body.RequestID, r.Header.Get("x-bce-request-id"))
	return o
}

// readTemplate accepts a template that is ready.
func readTemplate(r *delivery.Response, body struct {
	Code       string `json:"code"`
	Status     string `json:"status"`
	TemplateID string `json:"templateId"`
}) delivery.Outcome {
	o := readCheck(r, body.Code, body.TemplateID != "")
	if o.Status() == delivery.StatusAccepted && body.Status != "READY" && body.Status != "" {
		return delivery.Refused(smscode.Template, body.Status)
	}
	return o
}

// readQuota accepts any quota.
func readQuota(r *delivery.Response, body struct {
	Code        string `json:"code"`
	QuotaPerDay *int   `json:"quotaPerDay"`
}) delivery.Outcome {
	return readCheck(r, body.Code, body.QuotaPerDay != nil)
}

// readCheck accepts a 2xx response in which what was asked for is found.
func readCheck(r *delivery.Response, code string, found bool) delivery.Outcome {
	switch {
	case code != "" && code != success:
		return refusals.Outcome(code, r.Status)
	case !r.OK() || !found:
		return delivery.Unknown("the answer is empty")
	}
	return delivery.Accepted("")
}
