// Package twilio implements the Type SMS.Twilio: Twilio's Programmable Messaging, resource
// Messages of the API 2010-04-01.
package twilio

import (
	"cmp"
	"context"
	"net/url"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

const vendorEndpoint = "https://api.twilio.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	AccountSid          string `json:"accountSid" jsonschema:"required,minLength=1" secret:"true" doc:"Account SID of the console's first page, AC…"`
	AuthToken           string `json:"authToken" jsonschema:"required,minLength=1" secret:"true" doc:"Auth Token beside it"`
	From                string `json:"from,omitempty" jsonschema:"example=+15005550006" doc:"number or name that sends; or messagingServiceSid"`
	MessagingServiceSid string `json:"messagingServiceSid,omitempty" doc:"messaging service that chooses the number, MG…"`
	Text                string `json:"text,omitempty" doc:"the message; ${code} and other values of the call may stand in it; without it \"${product}: ${code}, valid for ${minutes} minutes\""`
	StatusCallback      string `json:"statusCallback,omitempty" secret:"true" doc:"whole address for delivery receipts, where the messaging service has none for them"`
	ContentSid          string `json:"contentSid,omitempty" doc:"content template in place of text, HX…; its variables are numbered in the order of verifyParams"`
}

// Type returns the Type SMS.Twilio.
func Type() sdk.Type {
	return delivery.NewType("SMS.Twilio", "Twilio Messaging", "Sends messages with Twilio.", open, delivery.WithReceipts(),
		delivery.RefuseCallback("statusCallback"),
		delivery.Pair{First: "from", Second: "messagingServiceSid"}.AtLeastOne(),
		delivery.Pair{First: "from", Second: "messagingServiceSid"}.OnlyOne(),
		delivery.Pair{First: "text", Second: "contentSid"}.OnlyOne())
}

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	switch {
	case c.From == "" && c.MessagingServiceSid == "":
		return nil, sdk.ConfigError("", "needs from or messagingServiceSid")
	case c.From != "" && c.MessagingServiceSid != "":
		return nil, sdk.ConfigError("/messagingServiceSid", "is there beside from; only one of them may be")
	case c.Text != "" && c.ContentSid != "":
		return nil, sdk.ConfigError("/contentSid", "is there beside text; only one of them may be")
	}
	if err := delivery.CheckCallback("/statusCallback", c.StatusCallback); err != nil {
		return nil, err
	}
	return delivery.Open(ctx, env, vendorEndpoint, delivery.Options{
		Settings:         c.Settings,
		TemplateSettings: delivery.TemplateSettings{VerifyTemplateCode: c.ContentSid},
		// A content template has its own text, but a call may still have another.
		Text: cmp.Or(c.Text, delivery.DefaultText), TextGaps: c.ContentSid != "",
		Hints: []string{
			delivery.Hint(c.AccountSid, `^AC[0-9a-f]{32}$`, "accountSid is AC and 32 hexadecimal digits"),
			delivery.Hint(c.AuthToken, `^[0-9a-f]{32}$`, "authToken is 32 hexadecimal digits"),
			delivery.Hint(c.MessagingServiceSid, `^MG[0-9a-f]{32}$`, "messagingServiceSid is MG and 32 hexadecimal digits"),
			delivery.Hint(c.ContentSid, `^HX[0-9a-f]{32}$`, "contentSid is HX and 32 hexadecimal digits"),
			delivery.Hint(c.From, `^(\+[0-9]{7,15}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11})$`, "from is a number in E.164, a short code or a name of up to 11 letters and digits"),
		},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		return &vendor{c, base, client}
	})
}
