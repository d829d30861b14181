// Package aliyun implements the Type SMS.Aliyun: Alibaba Cloud's short message service,
// action SendSms of the API Dysmsapi 2017-05-25.
package aliyun

import (
	"context"
	"net/url"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorEndpoint serves all regions.
const vendorEndpoint = "https://dysmsapi.aliyuncs.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	AccessKey    string `json:"accessKey" jsonschema:"required,minLength=1" secret:"true" doc:"AccessKey ID of a RAM user that may send messages"`
	AccessSecret string `json:"accessSecret" jsonschema:"required,minLength=1" secret:"true" doc:"AccessKey secret of that user"`
}

// Type returns the Type SMS.Aliyun.
func Type() sdk.Type {
	return delivery.NewType("SMS.Aliyun", "Alibaba Cloud SMS", "Sends messages with Alibaba Cloud's short message service.", open, delivery.PlainSign, delivery.WithReceipts())
}

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	if err := delivery.CheckSign(c.VerifySign); err != nil {
		return nil, err
	}
	return delivery.Open(ctx, env, vendorEndpoint, delivery.Options{
		Settings: c.Settings, TemplateSettings: c.TemplateSettings,
		RequireTemplate: true, RequireSign: true,
		Hints: []string{
			delivery.Hint(c.VerifyTemplateCode, `^SMS_`, "verifyTemplateCode is the template's code, such as SMS_71390007"),
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{c, base, client}
	})
}
