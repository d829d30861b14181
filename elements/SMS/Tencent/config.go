// Package tencent implements the Type SMS.Tencent: Tencent Cloud's short message service,
// action SendSms of the API sms 2021-01-11.
package tencent

import (
	"context"
	"net/url"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorEndpoint serves all regions of the mainland site.
const vendorEndpoint = "https://sms.tencentcloudapi.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	SecretID  string `json:"secretId" jsonschema:"required,minLength=1" secret:"true" doc:"SecretId of a CAM user that may send messages"`
	SecretKey string `json:"secretKey" jsonschema:"required,minLength=1" secret:"true" doc:"SecretKey of that user"`
	SdkAppID  string `json:"sdkAppId" jsonschema:"required,minLength=1" doc:"SdkAppId of the SMS application, such as 1400006666"`
	Region    string `json:"region" default:"ap-guangzhou" jsonschema:"minLength=1" doc:"region whose signs and templates are used"`
}

// Type returns the Type SMS.Tencent.
func Type() sdk.Type {
	return delivery.NewType("SMS.Tencent", "Tencent Cloud SMS", "Sends messages with Tencent Cloud's short message service.", open, delivery.PlainSign, delivery.WithReceipts())
}

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	if err := delivery.CheckSign(c.VerifySign); err != nil {
		return nil, err
	}
	return delivery.Open(ctx, env, vendorEndpoint, delivery.Options{
		Settings: c.Settings, TemplateSettings: c.TemplateSettings,
		RequireTemplate: true,
		Hints: []string{
			delivery.Hint(c.SdkAppID, `^[0-9]+$`, "sdkAppId is a number, such as 1400006666"),
			delivery.Hint(c.VerifyTemplateCode, `^[0-9]+$`, "verifyTemplateCode is a number, the template's id"),
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{c, base, client}
	})
}
