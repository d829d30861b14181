// Package awssns is the Type SMS.AwsSns: text messages of Amazon Simple
// Notification Service, action Publish with a phone number.
package awssns

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	AccessKey string `json:"accessKey" jsonschema:"required,minLength=1" secret:"true" doc:"access key id of an IAM user that may sns:Publish to phone numbers"`
	SecretKey string `json:"secretKey" jsonschema:"required,minLength=1" secret:"true" doc:"secret access key of that user"`
	Region    string `json:"region" jsonschema:"required,minLength=1,example=ap-southeast-1" doc:"region of AWS, such as ap-southeast-1"`
	SenderID  string `json:"senderId,omitempty" doc:"name that the message comes from, where the country allows one"`
	Text      string `json:"text" default:"${product}: ${code}, valid for ${minutes} minutes" doc:"the message; ${code} and other values of the call may stand in it"`
}

// Type is SMS.AwsSns.
func Type() sdk.Type {
	return delivery.NewType("SMS.AwsSns", "AWS SNS", "Sends messages with Amazon Simple Notification Service.", open,
		sdk.RefuseIf(`{"required":["region"],"properties":{"region":{"minLength":1,"not":{"pattern":"`+regionRule+`"}}}}`, "/region", wrongRegion))
}

const (
	regionRule  = `^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`
	wrongRegion = "must be a region of AWS, such as ap-southeast-1"
)

var (
	regions = regexp.MustCompile(regionRule)
	names   = regexp.MustCompile(`^[A-Za-z0-9-]{1,11}$`)
	letter  = regexp.MustCompile(`[A-Za-z]`)
)

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	if !regions.MatchString(c.Region) {
		return nil, sdk.ConfigError("/region", wrongRegion)
	}
	return delivery.Open(ctx, "AwsSns", vendorsEndpoint(c.Region), delivery.Options{
		Settings: c.Settings,
		Text:     c.Text,
		Doubts:   doubts(c),
		Secrets:  []string{c.AccessKey, c.SecretKey},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{client: client, senderID: c.SenderID, api: sns.New(sns.Options{
			Region:       c.Region,
			BaseEndpoint: aws.String(base.String()),
			Credentials:  credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, ""),
			HTTPClient:   delivery.Carrier{},
			// One attempt: the service has no way to name a message, and a second
			// attempt is a second message.
			Retryer:          aws.NopRetryer{},
			RetryMaxAttempts: 1,
		})}
	})
}

// vendorsEndpoint is the region's; those of China have a domain of their own.
func vendorsEndpoint(region string) string {
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://sns." + region + "." + domain
}

// doubts says what doesn't look as AWS's values do.
func doubts(c Config) (list []string) {
	if c.SenderID != "" && (!names.MatchString(c.SenderID) || !letter.MatchString(c.SenderID)) {
		list = append(list, "senderId is 1 to 11 letters, digits and hyphens, with at least one letter")
	}
	if strings.HasPrefix(c.Region, "cn-") {
		list = append(list, "the regions of China send no messages to phones")
	}
	return list
}
