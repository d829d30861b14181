package awssns

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// response is the vendor's XML, for both actions and for errors.
type response struct {
	XMLName        xml.Name
	MessageID      string `xml:"PublishResult>MessageId"`
	RequestID      string `xml:"ResponseMetadata>RequestId"`
	Code           string `xml:"Error>Code"`
	Message        string `xml:"Error>Message"`
	ErrorRequestID string `xml:"RequestId"`
}

// readSend accepts a PublishResponse with a MessageId.
func readSend(r *delivery.Response) delivery.Outcome {
	var body response
	if !r.XML(&body) {
		if r.Status == http.StatusTooManyRequests {
			o := refusals.Outcome("Throttling", r.Status)
			o.Code, o.Wait = "HTTP 429", r.RetryAfter()
			return o
		}
		return delivery.Unreadable()
	}
	var o delivery.Outcome
	switch {
	case body.Code != "":
		o = refusal(r, body)
	case body.XMLName.Local == "PublishResponse" && body.MessageID != "" && r.OK():
		o = delivery.Accepted(body.MessageID)
	default:
		o = delivery.Unknown("the answer has no message")
	}
	o.RequestID = body.RequestID + body.ErrorRequestID
	return o
}

// readSettings accepts any settings. A user that may only publish also has the right
// keys.
func readSettings(r *delivery.Response) delivery.Outcome {
	var body response
	switch {
	case !r.XML(&body):
		return delivery.Unreadable()
	case body.Code == "AuthorizationError" || body.Code == "AccessDenied":
		return delivery.Accepted("").WithDetail("but its user may not read the settings")
	case body.Code != "":
		return refusals.Outcome(body.Code, r.Status)
	case body.XMLName.Local == "GetSMSAttributesResponse" && r.OK():
		return delivery.Accepted("")
	}
	return delivery.Unknown("the answer is empty")
}

// refusal returns the outcome of an error. Only the message of an InvalidParameter
// tells which parameter.
func refusal(r *delivery.Response, body response) delivery.Outcome {
	o := refusals.Outcome(body.Code, r.Status)
	if o.Reason == smscode.Throttled {
		o.Wait = r.RetryAfter()
	}
	if body.Code != "InvalidParameter" || o.Status() != delivery.StatusRefused {
		return o
	}
	message := strings.ToLower(body.Message)
	for _, p := range invalidParameters {
		if strings.Contains(message, p.name) {
			o.Reason = p.reason
			break
		}
	}
	return o
}

// invalidParameters are the names in the message of an InvalidParameter.
var invalidParameters = []struct {
	name   string
	reason smscode.Reason
}{
	{"opted out", smscode.Blocked},
	{"senderid", smscode.Signature},
	{"phonenumber", smscode.Number},
	{"phone number", smscode.Number},
	{"message", smscode.Content},
}
