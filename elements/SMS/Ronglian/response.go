package ronglian

import "github.com/lintel-run/lintel/elements/SMS/delivery"

const success = "000000"

// response is the vendor's JSON.
type response struct {
	StatusCode  string `json:"statusCode"`
	TemplateSMS struct {
		SmsMessageSid string `json:"smsMessageSid"`
	} `json:"templateSMS"`
}

// readSend accepts the statusCode 000000 with a message.
func readSend(r *delivery.Response, body response) delivery.Outcome {
	switch {
	case body.StatusCode == "":
		return delivery.Unknown("the answer has no code")
	case body.StatusCode != success:
		return refusals.Outcome(body.StatusCode, r.Status)
	case body.TemplateSMS.SmsMessageSid == "" || !r.OK():
		return delivery.Unknown("the answer contradicts itself")
	}
	return delivery.Accepted(body.TemplateSMS.SmsMessageSid)
}

// readAccount accepts the statusCode 000000.
func readAccount(r *delivery.Response, body response) delivery.Outcome {
	switch {
	case body.StatusCode == success && r.OK():
		return delivery.Accepted("")
	case body.StatusCode == "" || body.StatusCode == success:
		return delivery.Unknown("the answer is empty")
	}
	return refusals.Outcome(body.StatusCode, r.Status)
}
