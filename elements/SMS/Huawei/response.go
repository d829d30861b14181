package huawei

import (
	"cmp"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

const success = "000000"

// response is the vendor's JSON. The gateway in front of the service has an error
// code and a request ID of its own.
type response struct {
	Code   string `json:"code"`
	Result []struct {
		SmsMsgID string `json:"smsMsgId"`
		Status   string `json:"status"`
	} `json:"result"`
	ErrorCode string `json:"error_code"`
	RequestID string `json:"request_id"`
}

// readResponse accepts the request's code and the phone's status if both are 000000.
// With E000510 the status is the reason.
func readResponse(r *delivery.Response, body response) delivery.Outcome {
	status := ""
	if len(body.Result) == 1 {
		status = body.Result[0].Status
	}
	var o delivery.Outcome
	switch {
	case body.Code == "" && body.ErrorCode != "":
		o = refusals.Outcome(body.ErrorCode, r.Status)
	case body.Code == "":
		o = delivery.Unknown("the answer has no code")
	case body.Code == seeStatus && status != "" && status != success:
		o = refusals.Outcome(status, r.Status)
	case body.Code != success:
		o = refusals.Outcome(body.Code, r.Status)
	case status == "" || !r.OK():
		o = delivery.Unknown("the answer contradicts itself")
	case status != success:
		o = refusals.Outcome(status, r.Status)
	default:
		o = delivery.Accepted(body.Result[0].SmsMsgID)
	}
	o.RequestID = cmp.Or(body.RequestID, r.Header.Get("X-Request-Id"))
	return o
}
