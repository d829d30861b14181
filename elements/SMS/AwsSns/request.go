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
	Config
	api    *sns.Client
	client *delivery.Client
}

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	attributes := map[string]types.MessageAttributeValue{"AWS.SNS.SMS.SMSType": attribute("Transactional")}
	if v.SenderID != "" {
		attributes["AWS.SNS.SMS.SenderID"] = attribute(v.SenderID)
	}
	exchange := v.client.Exchange(ctx)
	_, _ = v.api.Publish(ctx, &sns.PublishInput{
		PhoneNumber: aws.String(m.Phone.E164()), Message: aws.String(m.Text), MessageAttributes: attributes,
	}, over(exchange))
	return exchange.Outcome(readSend)
}

// over makes the SDK use an exchange.
func over(exchange *delivery.Exchange) func(*sns.Options) {
	return func(o *sns.Options) { o.HTTPClient = exchange }
}

func attribute(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
}

// CheckCredentials asks for the settings of text messages.
func (v *vendor) CheckCredentials(ctx context.Context, _, _ string) delivery.Outcome {
	exchange := v.client.Exchange(ctx)
	_, _ = v.api.GetSMSAttributes(ctx, &sns.GetSMSAttributesInput{}, over(exchange))
	return exchange.Outcome(readSettings)
}
