package awssns

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests with AWS's SDK, which builds and signs them.
type vendor struct {
	api      *sns.Client
	client   *delivery.Client
	senderID string
}

// Deliver makes one request.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	attributes := map[string]types.MessageAttributeValue{"AWS.SNS.SMS.SMSType": text("Transactional")}
	if v.senderID != "" {
		attributes["AWS.SNS.SMS.SenderID"] = text(v.senderID)
	}
	exchange := v.client.Exchange(ctx, nil)
	_, _ = v.api.Publish(exchange.Context(), &sns.PublishInput{
		PhoneNumber: aws.String(m.Phone.E164()), Message: aws.String(m.Text), MessageAttributes: attributes,
	})
	answer, failed, ok := exchange.Answer()
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

func text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
}

// answer is what the service answers, to both actions and for errors.
type answer struct {
	XMLName   xml.Name
	MessageID string `xml:"PublishResult>MessageId"`
	Requested string `xml:"ResponseMetadata>RequestId"`
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	Failed    string `xml:"RequestId"`
}

// outcomeOf reads an answer. Accepted is a PublishResponse with a MessageId.
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	var said answer
	if !a.XML(&said) {
		if a.Status == http.StatusTooManyRequests {
			return throttled(a)
		}
		return delivery.Unknown("the answer can't be read")
	}
	var o delivery.Outcome
	switch {
	case said.Code != "":
		o = refusal(said, a)
	case said.XMLName.Local == "PublishResponse" && said.MessageID != "" && a.OK():
		o = delivery.Accepted(said.MessageID)
	default:
		o = delivery.Unknown("the answer has no message")
	}
	o.RequestID = said.Requested + said.Failed
	return o
}

// refusal reads an error. InvalidParameter tells only in its words which.
func refusal(said answer, a *delivery.Answer) delivery.Outcome {
	o := codes.Outcome(said.Code, a.Status)
	if o.Reason == delivery.Throttled {
		o.Wait = a.RetryAfter()
	}
	if said.Code != "InvalidParameter" || o.Status() != delivery.StatusRefused {
		return o
	}
	words := strings.ToLower(said.Message)
	for _, w := range parameters {
		if strings.Contains(words, w.word) {
			o.Reason = w.reason
			break
		}
	}
	return o
}

// parameters are what an InvalidParameter's words may name.
var parameters = []struct {
	word   string
	reason delivery.Reason
}{
	{"opted out", delivery.Blocked},
	{"senderid", delivery.Signature},
	{"phonenumber", delivery.Number},
	{"phone number", delivery.Number},
	{"message", delivery.Content},
}

func throttled(a *delivery.Answer) delivery.Outcome {
	o := codes.Outcome("Throttling", a.Status)
	o.Code, o.Wait = "HTTP 429", a.RetryAfter()
	return o
}

// Prove asks for the settings of text messages. A user that may only publish has
// the right keys all the same.
func (v *vendor) Prove(ctx context.Context, _, _ string) delivery.Outcome {
	exchange := v.client.Exchange(ctx, nil)
	_, _ = v.api.GetSMSAttributes(exchange.Context(), &sns.GetSMSAttributesInput{})
	a, failed, ok := exchange.Answer()
	if !ok {
		return failed
	}
	var said answer
	switch {
	case !a.XML(&said):
		return delivery.Unknown("the answer can't be read")
	case said.Code == "AuthorizationError" || said.Code == "AccessDenied":
		o := delivery.Accepted("")
		o.What = "but its user may not read the settings"
		return o
	case said.Code != "":
		return codes.Outcome(said.Code, a.Status)
	case said.XMLName.Local == "GetSMSAttributesResponse" && a.OK():
		return delivery.Accepted("")
	}
	return delivery.Unknown("the answer is empty")
}
