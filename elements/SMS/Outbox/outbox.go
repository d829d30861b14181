// Package outbox implements the Type SMS.Outbox: it keeps messages in memory, and the
// development server shows them. It refuses to open outside of development, because
// it keeps phones and codes. In development it stands in for every SMS instance.
package outbox

import (
	"context"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Config is an instance's configuration. It has the keys of a real vendor's, so that
// one can replace the other.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	Text string `json:"text,omitempty" default:"${product}: ${code}, valid for ${minutes} minutes" doc:"what the message would say"`
}

// Outbox is an instance.
type Outbox struct {
	sender *delivery.Sender
	store  *store
}

// Type returns the Type SMS.Outbox.
func Type() sdk.Type {
	all := newStores()
	open := func(_ context.Context, c Config, env sdk.Env) (*Outbox, error) {
		if !env.App.Dev {
			return nil, sdk.ConfigError("", "an outbox keeps phones and codes for everybody to read, so it works only in development (--dev)")
		}
		o := &Outbox{store: all.of(env.Instance)}
		o.sender = delivery.NewSender("Outbox", o.store, delivery.Options{
			Settings: c.Settings, TemplateSettings: c.TemplateSettings, Text: c.Text, TextGaps: true,
		})
		return o, nil
	}
	return sdk.NewType("SMS.Outbox", open,
		sdk.Title("Outbox for development"),
		sdk.Desc("Keeps messages in memory in place of sending them. Serves only with --dev, where it stands in for every SMS instance unless --dev-send is given."),
		sdk.ConfigFile("sms.json"), sdk.ForDevelopment(),
		sdk.Func("sendMessage", (*Outbox).Send, sdk.RunsToEnd(), sdk.Title("Send a message from a template")),
		sdk.Func("messages", (*Outbox).Messages, sdk.Title("The messages, newest first")))
}

// Send implements sendMessage.
func (o *Outbox) Send(ctx context.Context, r delivery.SendRequest) (*delivery.SendResult, error) {
	return o.sender.Send(ctx, r)
}

// Messages implements messages.
func (o *Outbox) Messages(context.Context, sdk.None) ([]Message, error) {
	return o.store.newestFirst(), nil
}
