// Package ronglian is the Type SMS.Ronglian: Ronglian's (容联云通讯, Yuntongxun)
// template messages, POST /2013-12-26/Accounts/{sid}/SMS/TemplateSMS.
package ronglian

import (
	"context"
	"net/url"
	"regexp"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

const vendorsEndpoint = "https://app.cloopen.com:8883"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	AccountSid         string `json:"accountSid" jsonschema:"required,minLength=1" secret:"true" doc:"ACCOUNT SID of the console's first page"`
	AuthToken          string `json:"authToken" jsonschema:"required,minLength=1" secret:"true" doc:"AUTH TOKEN beside it"`
	AppID              string `json:"appId" jsonschema:"required,minLength=1" doc:"APP ID of the application that the template belongs to"`
	VerifyTemplateCode string `json:"verifyTemplateCode,omitempty" doc:"id of the template, a number"`
}

// Type is SMS.Ronglian.
func Type() sdk.Type {
	return delivery.NewType("SMS.Ronglian", "Ronglian SMS", "Sends messages with Ronglian (Yuntongxun).", open)
}

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	return delivery.Open(ctx, "Ronglian", vendorsEndpoint, delivery.Options{
		Settings:      c.Settings,
		Template:      c.VerifyTemplateCode,
		NeedsTemplate: true,
		Doubts:        doubts(c),
		Secrets:       []string{c.AccountSid, c.AuthToken},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{sid: c.AccountSid, token: c.AuthToken, appID: c.AppID, base: base, client: client}
	})
}

var (
	hex32  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	digits = regexp.MustCompile(`^[0-9]+$`)
)

// doubts says what doesn't look as Ronglian's values do.
func doubts(c Config) (list []string) {
	for name, value := range map[string]string{"accountSid": c.AccountSid, "appId": c.AppID} {
		if !hex32.MatchString(value) {
			list = append(list, name+" is not the 32 hexadecimal digits that the console shows")
		}
	}
	if c.VerifyTemplateCode != "" && !digits.MatchString(c.VerifyTemplateCode) {
		list = append(list, "verifyTemplateCode is a number, the template's id")
	}
	return list
}
