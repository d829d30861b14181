// Package outbox is the Type SMS.Outbox: it delivers to a list in memory, which
// the development server shows. It refuses to open outside of development,
// because what it keeps are phones and codes.
package outbox

import (
	"context"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Config is an instance's configuration: what a real vendor's has too, so that
// swapping one for the other changes nothing else.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	Text string `json:"text,omitempty" default:"${product}: ${code}, valid for ${minutes} minutes" doc:"what the message would say"`
}

// Outbox is an instance.
type Outbox struct {
	sender *delivery.Sender
	box    *box
}

// Type is SMS.Outbox.
func Type() sdk.Type {
	kept := newBoxes()
	open := func(_ context.Context, c Config, env sdk.Env) (*Outbox, error) {
		if !env.App.Dev {
			return nil, sdk.ConfigError("", "an outbox keeps phones and codes for everybody to read, so it works only in development (--dev)")
		}
		o := &Outbox{box: kept.of(env.Instance)}
		o.sender = delivery.NewSender("Outbox", o.box, delivery.Options{
			Settings: c.Settings, Template: c.VerifyTemplateCode, Sign: c.VerifySign, Text: c.Text, TextGaps: true,
		})
		return o, nil
	}
	return sdk.NewType("SMS.Outbox", open,
		sdk.Title("Outbox for development"),
		sdk.Desc("Keeps messages in memory in place of sending them; refuses to start outside of development."),
		sdk.ConfigFile("sms.json"),
		sdk.Func("sendMessage", (*Outbox).Send, sdk.RunsToEnd(), sdk.Title("Send a message from a template")),
		sdk.Func("messages", (*Outbox).Messages, sdk.Title("The messages, newest first")))
}

// Send is the function sendMessage.
func (o *Outbox) Send(ctx context.Context, r delivery.Request) (*delivery.Receipt, error) {
	return o.sender.Send(ctx, r)
}

// Messages is the function messages.
func (o *Outbox) Messages(context.Context, sdk.None) ([]Message, error) {
	return o.box.newestFirst(), nil
}
