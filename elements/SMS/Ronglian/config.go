// Package ronglian implements the Type SMS.Ronglian: Ronglian's (容联云通讯, Yuntongxun)
// template messages, POST /2013-12-26/Accounts/{sid}/SMS/TemplateSMS.
package ronglian

import (
	"context"
	"net/url"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

const vendorEndpoint = "https://app.cloopen.com:8883"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	AccountSid         string `json:"accountSid" jsonschema:"required,minLength=1" secret:"true" doc:"ACCOUNT SID of the console's first page"`
	AuthToken          string `json:"authToken" jsonschema:"required,minLength=1" secret:"true" doc:"AUTH TOKEN beside it"`
	AppID              string `json:"appId" jsonschema:"required,minLength=1" doc:"APP ID of the application that the template belongs to"`
	VerifyTemplateCode string `json:"verifyTemplateCode,omitempty" doc:"id of the template, a number"`
}

// Type returns the Type SMS.Ronglian.
func Type() sdk.Type {
	return delivery.NewType("SMS.Ronglian", "Ronglian SMS", "Sends messages with Ronglian (Yuntongxun).", open)
}

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	return delivery.Open(ctx, env, vendorEndpoint, delivery.Options{
		Settings:         c.Settings,
		TemplateSettings: delivery.TemplateSettings{VerifyTemplateCode: c.VerifyTemplateCode},
		RequireTemplate:  true,
		Hints: []string{
			delivery.Hint(c.AccountSid, `^[0-9a-f]{32}$`, "accountSid is not the 32 hexadecimal digits that the console shows"),
			delivery.Hint(c.AppID, `^[0-9a-f]{32}$`, "appId is not the 32 hexadecimal digits that the console shows"),
			delivery.Hint(c.VerifyTemplateCode, `^[0-9]+$`, "verifyTemplateCode is a number, the template's id"),
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{c, base, client}
	})
}
