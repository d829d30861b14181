package delivery

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/url"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Settings are the keys that every vendor's configuration has. Embed it.
type Settings struct {
	Timeout      int      `json:"timeout" default:"5000" jsonschema:"minimum=100,maximum=60000" doc:"milliseconds that one request to the vendor may take"`
	VerifyParams []string `json:"verifyParams" default:"[\"code\"]" doc:"the template's variables, in order; only these are sent"`
	Endpoint     string   `json:"endpoint,omitempty" doc:"base URL in place of the vendor's own: another region, a private gateway"`
	// AllowPlainHTTP lets http go to other addresses than loopback ones.
	AllowPlainHTTP bool `json:"allowPlainHTTP,omitempty" doc:"let messages and keys travel unencrypted"`
}

// TemplateSettings are the keys of vendors with templates. Embed it.
type TemplateSettings struct {
	VerifySign         string `json:"verifySign,omitempty" doc:"sign of the messages, as the vendor approved it"`
	VerifyTemplateCode string `json:"verifyTemplateCode,omitempty" doc:"template of the messages, as the vendor named it"`
}

// DefaultText is what vendors without templates send.
const DefaultText = "${product}: ${code}, valid for ${minutes} minutes"

// Vendor makes requests to one vendor.
type Vendor interface {
	// Deliver makes one request, never a second one, for one message and says how
	// it ended. ctx has the configured deadline. It is called from any number of
	// goroutines.
	Deliver(ctx context.Context, m *Message) Outcome
}

// Options is what a Sender knows beyond its Vendor.
type Options struct {
	Settings
	Template, Sign string
	// Text for vendors without templates; empty where the vendor has them.
	Text string
	// TextGaps lets a text go without values that the call didn't bring.
	TextGaps bool
	// NeedsTemplate and NeedsSign refuse a message without.
	NeedsTemplate, NeedsSign bool
	// Doubts are what in the configuration doesn't look as the vendor's values do;
	// a check shows them and doesn't fail for them. They hold no value.
	Doubts []string
	// Secrets appear in no error and no log line, whatever the vendor answers.
	Secrets []string
	// Close lets the vendor's connections go.
	Close func()
}

// Sender is an opened instance of a vendor's Type.
type Sender struct {
	name   string
	vendor Vendor
	o      Options
}

// NewSender makes an instance; name is the last segment of the Type's name.
func NewSender(name string, v Vendor, o Options) *Sender { return &Sender{name, v, o} }

// Open opens an instance of a vendor with an address of its own, which the
// configuration's endpoint replaces; vendor makes the Vendor, whose connections are
// the instance's.
func Open(ctx context.Context, name, vendorsEndpoint string, o Options, vendor func(base *url.URL, client *Client) Vendor) (*Sender, error) {
	base, err := o.Base(ctx, vendorsEndpoint)
	if err != nil {
		return nil, err
	}
	client := NewClient(nil)
	o.Close = client.Close
	return NewSender(name, vendor(base, client), o), nil
}

// plainHTTP warns of every instance that allows it, whatever its URL.
var plainHTTP = sdk.WarnIf(`{"properties": {"allowPlainHTTP": {"const": true}}, "required": ["allowPlainHTTP"]}`,
	"/allowPlainHTTP", "plain http is allowed: anybody on the way to the vendor may read codes and keys")

// NewType makes a vendor's Type from its configuration and how it is opened.
func NewType[C any](fullName, title, description string, open func(ctx context.Context, c C, env sdk.Env) (*Sender, error), more ...sdk.Part) sdk.Type {
	parts := []sdk.Part{
		plainHTTP,
		sdk.Title(title), sdk.Desc(description), sdk.ConfigFile("sms.json"),
		sdk.Func("sendMessage", (*Sender).Send, sdk.RunsToEnd(), sdk.Title("Send a message from a template")),
	}
	parts = append(parts, RefuseURL("endpoint", "")...)
	return sdk.NewType(fullName, open, append(parts, more...)...)
}

// Close ends the vendor's connections.
func (s *Sender) Close(context.Context) error {
	if s.o.Close != nil {
		s.o.Close()
	}
	return nil
}

// Send is the function sendMessage. Each phone is one request to the vendor. It
// fails when no message was accepted, with the first phone's error; when some
// were, the results tell them apart.
func (s *Sender) Send(ctx context.Context, r Request) (*Receipt, error) {
	messages, err := s.messages(ctx, r)
	if err != nil {
		return nil, err
	}
	receipt := &Receipt{Vendor: s.name, RequestID: sdk.RequestID(ctx)}
	var first error
	accepted := false
	for _, m := range messages {
		o, shown := s.deliver(ctx, m)
		receipt.Results = append(receipt.Results, Result{m.Phone.E164(), o.MessageID, o.Status()})
		if o.RequestID != "" {
			receipt.RequestID = o.RequestID
		}
		accepted = accepted || o.Status() == StatusAccepted
		if err := shown.err(); err != nil && first == nil {
			first = err
		}
	}
	if !accepted {
		return nil, first
	}
	return receipt, nil
}

// deliver gives the outcome as it is, for the answer, and cleaned, for errors.
func (s *Sender) deliver(ctx context.Context, m *Message) (o, shown Outcome) {
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, time.Duration(s.o.Timeout)*time.Millisecond)
	defer cancel()
	limited, said := withSpoken(limited)
	if ctx.Err() != nil {
		o = Refused(Unavailable, "")
		o.What = "no time was left"
	} else {
		o = s.vendor.Deliver(limited, m)
	}
	shown = s.redacted(o, m, said.list())
	level := slog.LevelInfo
	if o.Status() != StatusAccepted {
		level = slog.LevelWarn
	}
	sdk.Logger(ctx).LogAttrs(ctx, level, "sms "+string(o.Status()),
		slog.String("vendor", s.name), slog.String("reason", string(shown.Reason)),
		slog.String("vendor_code", shown.Code), slog.String("vendor_request_id", shown.RequestID),
		slog.String("message_id", shown.MessageID), slog.String("what", shown.What),
		slog.Int64("ms", time.Since(started).Milliseconds()))
	return o, shown
}

// messages checks a call's arguments and makes a message for each phone.
func (s *Sender) messages(ctx context.Context, r Request) ([]*Message, error) {
	numbers, err := r.Numbers()
	if err != nil {
		return nil, err
	}
	common := Message{
		Template:  firstNonEmpty(r.VerifyTemplateCode, s.o.Template),
		Sign:      firstNonEmpty(r.VerifySign, s.o.Sign),
		Given:     make(map[string]string, len(r.Params)),
		RequestID: sdk.RequestID(ctx),
	}
	if common.RequestID == "" {
		common.RequestID = rand.Text()
	}
	switch {
	case r.Text != "" && r.VerifyTemplateCode == "" && s.o.Text == "" && s.o.NeedsTemplate:
		// The instance's template is for another message than this text.
		return nil, errcode.New(CodeParams, "this vendor sends templates, not text").With("param", "verifyTemplateCode")
	case s.o.NeedsTemplate && common.Template == "":
		return nil, errcode.New(CodeParams, "there is no verifyTemplateCode").With("param", "verifyTemplateCode")
	case s.o.NeedsSign && common.Sign == "":
		return nil, errcode.New(CodeParams, "there is no verifySign").With("param", "verifySign")
	}
	for name, raw := range r.Params {
		if common.Given[name], err = textOf(name, raw); err != nil {
			return nil, err
		}
	}
	names := r.VerifyParams
	if names == nil {
		names = s.o.VerifyParams
	}
	// The instance's variables are those of its own template: of another message's
	// only what the call brings is sent.
	another := r.Text != "" || r.VerifyTemplateCode != "" && r.VerifyTemplateCode != s.o.Template
	if r.VerifyParams == nil && another {
		names = given(names, common.Given)
	}
	if common.Params, err = paramsOf(names, common.Given); err != nil {
		return nil, err
	}
	if s.o.Text != "" {
		text, missing := renderText(firstNonEmpty(r.Text, s.o.Text), common.Given)
		if missing != "" && !s.o.TextGaps {
			return nil, errcode.New(CodeParams, "parameter %q of the text is missing", missing).With("param", missing)
		}
		common.Text, common.TextGiven = text, r.Text != ""
	}
	messages := make([]*Message, 0, len(numbers))
	for i, number := range numbers {
		m := common
		m.Phone, m.RequestID = number, messageID(common.RequestID, i)
		messages = append(messages, &m)
	}
	return messages, nil
}

func firstNonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
