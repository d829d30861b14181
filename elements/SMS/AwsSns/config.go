// Package awssns implements the Type SMS.AwsSns: text messages of Amazon Simple
// Notification Service, action Publish with a phone number.
package awssns

import (
	"cmp"
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

// Type returns the Type SMS.AwsSns.
func Type() sdk.Type {
	return delivery.NewType("SMS.AwsSns", "AWS SNS", "Sends messages with Amazon Simple Notification Service.", open,
		sdk.RefuseIf(`{"required":["region"],"properties":{"region":{"minLength":1,"not":{"pattern":"`+regionRule+`"}}}}`, "/region", wrongRegion))
}

const (
	regionRule  = `^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`
	senderHint  = "senderId is 1 to 11 letters, digits and hyphens, with at least one letter"
	wrongRegion = "must be a region of AWS, such as ap-southeast-1"
)

var regions = regexp.MustCompile(regionRule)

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	if !regions.MatchString(c.Region) {
		return nil, sdk.ConfigError("/region", wrongRegion)
	}
	regionHint := ""
	if strings.HasPrefix(c.Region, "cn-") {
		regionHint = "the regions of China send no messages to phones"
	}
	return delivery.Open(ctx, env, vendorEndpoint(c.Region), delivery.Options{
		Settings: c.Settings,
		Text:     c.Text,
		Hints: []string{
			cmp.Or(delivery.Hint(c.SenderID, `^[A-Za-z0-9-]{1,11}$`, senderHint), delivery.Hint(c.SenderID, `[A-Za-z]`, senderHint)),
			regionHint,
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{Config: c, client: client, api: sns.New(sns.Options{
			Region:       c.Region,
			BaseEndpoint: aws.String(base.String()),
			Credentials:  credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, ""),
			// One attempt only: messages have no ID of ours, so a second attempt would be a
			// second message.
			Retryer:          aws.NopRetryer{},
			RetryMaxAttempts: 1,
		})}
	})
}

// vendorEndpoint returns a region's endpoint. The regions of China have a domain of
// their own.
func vendorEndpoint(region string) string {
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://sns." + region + "." + domain
}
