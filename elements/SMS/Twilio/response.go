package twilio

import (
	"net/http"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// response is the JSON of a message, an account or an error.
type response struct {
	Sid       string `json:"sid"`
	Status    any    `json:"status"` // a word; of an error, a number
	Code      code   `json:"code"`
	ErrorCode code   `json:"error_code"`
}

// code is a number or a word.
type code string

func (c *code) UnmarshalJSON(raw []byte) error {
	text, _ := delivery.ScalarText(raw)
	*c = code(text)
	return nil
}

// The statuses of a message that Twilio has accepted, and of one that it gave up.
var (
	accepted = map[any]bool{
		"accepted": true, "scheduled": true, "queued": true, "sending": true, "sent": true, "delivered": true,
	}
	dropped = map[any]bool{"failed": true, "undelivered": true, "canceled": true}
)

// readSend accepts a message with a sid and an accepted status.
func readSend(r *delivery.Response) delivery.Outcome {
	o := sendOutcome(r)
	o.RequestID = r.Header.Get("Twilio-Request-Id")
	return o
}

func sendOutcome(r *delivery.Response) delivery.Outcome {
	var body response
	readable := r.JSON(&body)
	switch {
	case r.Status == http.StatusTooManyRequests:
		// The request was not processed (www.twilio.com/docs/api/errors/20429).
		o := refusals.Outcome("20429", r.Status)
		if body.Code != "" {
			o.Code = string(body.Code)
		}
		o.Wait = r.RetryAfter()
		return o
	case !readable:
		return delivery.Unreadable()
	case r.Redirect():
		return delivery.Unknown("the answer is a redirect")
	case !r.OK() && body.Code != "":
		return refusals.Outcome(string(body.Code), r.Status)
	case !r.OK():
		return delivery.Unknown("the answer has no code")
	case body.Sid != "" && accepted[body.Status]:
		return delivery.Accepted(body.Sid)
	case body.Sid != "" && dropped[body.Status]:
		o := refusals.Outcome(string(body.ErrorCode), r.Status)
		o.MessageID = body.Sid
		return o
	}
	return delivery.Unknown("the answer has no message")
}

// readAccount accepts an active account.
func readAccount(r *delivery.Response, body response) delivery.Outcome {
	switch {
	case r.OK() && body.Sid != "" && body.Status == "active":
		return delivery.Accepted("")
	case r.OK() && body.Sid != "":
		return delivery.Unsent(smscode.Balance, "the account is not active")
	case !r.OK() && body.Code != "":
		return refusals.Outcome(string(body.Code), r.Status)
	}
	return delivery.Unknown("the answer is empty")
}
