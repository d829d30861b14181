// Package aliyun is the Type SMS.Aliyun: Alibaba Cloud's short message service,
// action SendSms of the API Dysmsapi 2017-05-25.
package aliyun

import (
	"context"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorsEndpoint serves all regions; Endpoint overrides it.
const vendorsEndpoint = "https://dysmsapi.aliyuncs.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	AccessKey    string `json:"accessKey" jsonschema:"required,minLength=1" secret:"true" doc:"AccessKey ID of a RAM user that may send messages"`
	AccessSecret string `json:"accessSecret" jsonschema:"required,minLength=1" secret:"true" doc:"AccessKey secret of that user"`
}

// Type is SMS.Aliyun.
func Type() sdk.Type {
	return delivery.NewType("SMS.Aliyun", "Alibaba Cloud SMS", "Sends messages with Alibaba Cloud's short message service.", open, delivery.WithReports())
}

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	return delivery.Open(ctx, "Aliyun", vendorsEndpoint, delivery.Options{
		Settings: c.Settings,
		Template: c.VerifyTemplateCode, Sign: c.VerifySign,
		NeedsTemplate: true, NeedsSign: true,
		Doubts:  doubts(c),
		Secrets: []string{c.AccessKey, c.AccessSecret},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{key: c.AccessKey, secret: c.AccessSecret, base: base, client: client}
	})
}

// doubts says what doesn't look as Alibaba Cloud's values do.
func doubts(c Config) (list []string) {
	if c.VerifyTemplateCode != "" && !strings.HasPrefix(c.VerifyTemplateCode, "SMS_") {
		list = append(list, "verifyTemplateCode is the template's code, such as SMS_71390007")
	}
	if strings.ContainsAny(c.VerifySign, "【】") {
		list = append(list, "verifySign is written without 【】")
	}
	return list
}
