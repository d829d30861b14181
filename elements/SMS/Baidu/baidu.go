// Package baidu is the Type SMS.Baidu: Baidu AI Cloud's Simple Message Service,
// POST /api/v3/sendSms.
package baidu

import (
	"context"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorsEndpoint is Beijing's, every account's unless the vendor says otherwise.
const vendorsEndpoint = "https://smsv3.bj.baidubce.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	AccessKey    string `json:"accessKey" jsonschema:"required,minLength=1" secret:"true" doc:"Access Key of a user that may send messages"`
	AccessSecret string `json:"accessSecret" jsonschema:"required,minLength=1" secret:"true" doc:"Secret Key of that user"`
	ReceiptToken string `json:"receiptToken,omitempty" secret:"true" doc:"token that the vendor signs delivery receipts with, the account's id unless it was changed; without it their signature isn't checked"`
}

// Type is SMS.Baidu.
func Type() sdk.Type {
	return delivery.NewType("SMS.Baidu", "Baidu AI Cloud SMS", "Sends messages with Baidu AI Cloud's short message service.", open, delivery.WithReports())
}

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	return delivery.Open(ctx, "Baidu", vendorsEndpoint, delivery.Options{
		Settings: c.Settings,
		Template: c.VerifyTemplateCode, Sign: c.VerifySign,
		NeedsTemplate: true, NeedsSign: true,
		Doubts:  doubts(c),
		Secrets: []string{c.AccessKey, c.AccessSecret, c.ReceiptToken},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{key: c.AccessKey, secret: c.AccessSecret, receiptToken: c.ReceiptToken, base: base, client: client}
	})
}

// doubts says what doesn't look as Baidu's values do.
func doubts(c Config) (list []string) {
	if c.VerifySign != "" && !strings.HasPrefix(c.VerifySign, "sms-sign") {
		list = append(list, "verifySign is the sign's id, such as sms-sign-QeEHQe10478, not its text")
	}
	if c.VerifyTemplateCode != "" && !strings.HasPrefix(c.VerifyTemplateCode, "sms-tmpl") {
		list = append(list, "verifyTemplateCode is the template's id, such as sms-tmpl-HNbGLw26882")
	}
	return list
}
