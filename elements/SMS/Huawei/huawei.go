// Package huawei is the Type SMS.Huawei: Huawei Cloud's Message & SMS service,
// POST /sms/batchSendSms/v1.
package huawei

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorsEndpoint is Beijing's; the console shows an application's own.
const vendorsEndpoint = "https://smsapi.cn-north-4.myhuaweicloud.com"

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

// Type is SMS.Huawei.
func Type() sdk.Type {
	return delivery.NewType("SMS.Huawei", "Huawei Cloud SMS", "Sends messages with Huawei Cloud's short message service.", open, delivery.WithReports(), delivery.RefuseCallback("statusCallback"),
		delivery.Pair{First: "receiptKey", Second: "receiptSecret"}.Together())
}

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	if err := delivery.CheckCallback("/statusCallback", c.StatusCallback); err != nil {
		return nil, err
	}
	if (c.ReceiptKey == "") != (c.ReceiptSecret == "") {
		return nil, sdk.ConfigError("/receiptSecret", "receiptKey and receiptSecret go together")
	}
	return delivery.Open(ctx, "Huawei", vendorsEndpoint, delivery.Options{
		Settings: c.Settings,
		Template: c.VerifyTemplateCode, Sign: c.VerifySign,
		NeedsTemplate: true,
		Doubts:        doubts(c),
		Secrets:       []string{c.AppKey, c.AppSecret, c.StatusCallback, c.ReceiptKey, c.ReceiptSecret},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		if base.Scheme == "https" {
			// The console's address has the port; who signs and who checks must agree
			// on the header Host, which https doesn't need it in.
			base.Host = strings.TrimSuffix(base.Host, ":443")
		}
		return &vendor{
			key: c.AppKey, secret: c.AppSecret, sender: c.Sender, base: base, client: client,
			callback: c.StatusCallback, receiptKey: c.ReceiptKey, receiptSecret: c.ReceiptSecret,
		}
	})
}

var channel = regexp.MustCompile(`^(csms|isms)?[0-9]+$`)

// doubts says what doesn't look as Huawei's values do.
func doubts(c Config) (list []string) {
	if !channel.MatchString(c.Sender) {
		list = append(list, "sender is the channel number of the sign, such as csms12345678, not its text")
	}
	return list
}
