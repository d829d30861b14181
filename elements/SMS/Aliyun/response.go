package aliyun

import (
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// response is the vendor's JSON, for success and failure alike.
type response struct {
	Code      string
	Message   string
	BizID     string `json:"BizId"`
	RequestID string `json:"RequestId"`
}

// readResponse accepts the Code OK with a 2xx status.
func readResponse(r *delivery.Response, body response) delivery.Outcome {
	var o delivery.Outcome
	switch {
	case body.Code == "":
		o = delivery.Unknown("the answer has no code")
	case body.Code == "OK" && r.OK():
		o = delivery.Accepted(body.BizID)
	case body.Code == "OK" || r.Redirect():
		o = delivery.Unknown("the answer contradicts itself")
	default:
		o = refusal(body.Code, body.Message, r.Status)
	}
	o.RequestID, o.Code = body.RequestID, body.Code
	if strings.EqualFold(o.Code, "OK") {
		o.Code = ""
	}
	return o
}
