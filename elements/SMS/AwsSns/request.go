package awssns

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests that AWS's SDK builds and signs.
type vendor struct {
	api      *sns.Client
	client   *delivery.Client
	senderID string
}

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	attributes := map[string]types.MessageAttributeValue{"AWS.SNS.SMS.SMSType": attribute("Transactional")}
	if v.senderID != "" {
		attributes["AWS.SNS.SMS.SenderID"] = attribute(v.senderID)
	}
	exchange := v.client.Exchange(ctx, nil)
	_, _ = v.api.Publish(exchange.Context(), &sns.PublishInput{
		PhoneNumber: aws.String(m.Phone.E164()), Message: aws.String(m.Text), MessageAttributes: attributes,
	})
	return exchange.Outcome(readSend)
}

func attribute(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
}

// CheckCredentials asks for the settings of text messages.
func (v *vendor) CheckCredentials(ctx context.Context, _, _ string) delivery.Outcome {
	exchange := v.client.Exchange(ctx, nil)
	_, _ = v.api.GetSMSAttributes(exchange.Context(), &sns.GetSMSAttributesInput{})
	return exchange.Outcome(readSettings)
}
