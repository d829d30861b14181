// Package huawei implements the Type SMS.Huawei: Huawei Cloud's Message & SMS service,
// POST /sms/batchSendSms/v1.
package huawei

import (
	"context"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorEndpoint is Beijing's; the console shows an application's own.
const vendorEndpoint = "https://smsapi.cn-north-4.myhuaweicloud.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	AppKey    string `json:"appKey" jsonschema:"required,minLength=1" secret:"true" doc:"Application Key of the SMS application"`
	AppSecret string `json:"appSecret" jsonschema:"required,minLength=1" secret:"true" doc:"Application Secret of it"`
	Sender    string `json:"sender" jsonschema:"required,minLength=1" doc:"channel number of the sign, such as csms12345678"`

	StatusCallback string `json:"statusCallback,omitempty" secret:"true" doc:"whole address for delivery receipts, where the application has none for them in the console"`
	ReceiptKey     string `json:"receiptKey,omitempty" secret:"true" doc:"AK that the application signs delivery receipts with; without it their signature isn't checked"`
	ReceiptSecret  string `json:"receiptSecret,omitempty" secret:"true" doc:"SK beside it"`
}

// Type returns the Type SMS.Huawei.
func Type() sdk.Type {
	return delivery.NewType("SMS.Huawei", "Huawei Cloud SMS", "Sends messages with Huawei Cloud's short message service.", open, delivery.WithReceipts(),
		delivery.RefuseCallback("statusCallback"),
		delivery.Pair{First: "receiptKey", Second: "receiptSecret"}.Together())
}

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	if err := delivery.CheckCallback("/statusCallback", c.StatusCallback); err != nil {
		return nil, err
	}
	if (c.ReceiptKey == "") != (c.ReceiptSecret == "") {
		return nil, sdk.ConfigError("/receiptSecret", "receiptKey and receiptSecret go together")
	}
	return delivery.Open(ctx, env, vendorEndpoint, delivery.Options{
		Settings: c.Settings, TemplateSettings: c.TemplateSettings,
		RequireTemplate: true,
		Hints: []string{
			delivery.Hint(c.Sender, `^(csms|isms)?[0-9]+$`, "sender is the channel number of the sign, such as csms12345678, not its text"),
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		if base.Scheme == "https" {
			// The console shows the address with its port. The header Host is signed, and
			// HTTP clients leave the default port out of it.
			base.Host = strings.TrimSuffix(base.Host, ":443")
		}
		return &vendor{c, base, client}
	})
}
