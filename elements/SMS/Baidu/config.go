// Package baidu implements the Type SMS.Baidu: Baidu AI Cloud's Simple Message Service,
// POST /api/v3/sendSms.
package baidu

import (
	"context"
	"net/url"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorEndpoint is in Beijing. It serves every account unless the vendor says otherwise.
const vendorEndpoint = "https://smsv3.bj.baidubce.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	AccessKey    string `json:"accessKey" jsonschema:"required,minLength=1" secret:"true" doc:"Access Key of a user that may send messages"`
	AccessSecret string `json:"accessSecret" jsonschema:"required,minLength=1" secret:"true" doc:"Secret Key of that user"`
	ReceiptToken string `json:"receiptToken,omitempty" secret:"true" doc:"token that the vendor signs delivery receipts with, the account's id unless it was changed; without it their signature isn't checked"`
}

// Type returns the Type SMS.Baidu.
func Type() sdk.Type {
	return delivery.NewType("SMS.Baidu", "Baidu AI Cloud SMS", "Sends messages with Baidu AI Cloud's short message service.", open, delivery.WithReceipts())
}

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	return delivery.Open(ctx, env, vendorEndpoint, delivery.Options{
		Settings: c.Settings, TemplateSettings: c.TemplateSettings,
		RequireTemplate: true, RequireSign: true,
		Hints: []string{
			delivery.Hint(c.VerifySign, `^sms-sign`, "verifySign is the sign's id, such as sms-sign-QeEHQe10478, not its text"),
			delivery.Hint(c.VerifyTemplateCode, `^sms-tmpl`, "verifyTemplateCode is the template's id, such as sms-tmpl-HNbGLw26882"),
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{c, base, client}
	})
}
