package delivery

import (
	"context"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Vendor makes requests to one vendor.
type Vendor interface {
	// Deliver makes one request, never a second one, for one message and returns its
	// outcome. ctx has the configured deadline. Deliver is called from any number of
	// goroutines.
	Deliver(ctx context.Context, m *Message) Outcome
}

// Options describe an instance beyond its Vendor.
type Options struct {
	Settings
	TemplateSettings
	// Text is the text for vendors without templates, empty for others.
	Text string
	// TextGaps permits a text whose values the call doesn't have.
	TextGaps bool
	// RequireTemplate and RequireSign refuse a message without one.
	RequireTemplate, RequireSign bool
	// Hints describe settings that don't look like the vendor's values. A check shows
	// them and doesn't fail because of them. They contain no value; empty ones are
	// left out.
	Hints []string
	// Close closes the vendor's connections.
	Close func()
}

// Sender is an opened instance of a vendor's Type.
type Sender struct {
	name    string // of the vendor
	vendor  Vendor
	o       Options
	secrets []string
}

// NewSender returns an instance of a vendor with this name.
func NewSender(name string, v Vendor, o Options) *Sender {
	return &Sender{name: name, vendor: v, o: o}
}

// Open opens an instance at the vendor's endpoint or the configured one, with
// connections of its own. newVendor returns its Vendor.
func Open(ctx context.Context, env sdk.Env, vendorEndpoint string, o Options, newVendor func(base *url.URL, client *Client) Vendor) (*Sender, error) {
	base, err := o.Base(ctx, vendorEndpoint)
	if err != nil {
		return nil, err
	}
	network, err := o.Network(env)
	if err != nil {
		return nil, err
	}
	client := NewClient(network)
	o.Close = client.Close
	return NewSender("", newVendor(base, client), o), nil
}

// plainHTTP warns of every instance that allows it, whatever its URL.
var plainHTTP = sdk.WarnIf(`{"properties": {"allowPlainHTTP": {"const": true}}, "required": ["allowPlainHTTP"]}`,
	"/allowPlainHTTP", "plain http is allowed: anybody on the way to the vendor may read codes and keys")

// NewType returns a vendor's Type. The vendor's name is the last segment of
// fullName; its secrets are the keys of C that are tagged secret.
func NewType[C any](fullName, title, description string, open func(ctx context.Context, c C, env sdk.Env) (*Sender, error), more ...sdk.Part) sdk.Type {
	parts := []sdk.Part{
		plainHTTP,
		sdk.Title(title), sdk.Desc(description), sdk.ConfigFile("sms.json"),
		sdk.Func("sendMessage", (*Sender).Send, sdk.RunsToEnd(), sdk.Title("Send a message from a template")),
	}
	name := fullName[strings.LastIndexByte(fullName, '.')+1:]
	named := func(ctx context.Context, c C, env sdk.Env) (*Sender, error) {
		s, err := open(ctx, c, env)
		if err != nil {
			return nil, err
		}
		s.name, s.secrets = name, slices.Sorted(slices.Values(secretsOf(reflect.ValueOf(c))))
		return s, nil
	}
	return sdk.NewType(fullName, named, slices.Concat(parts, RefuseURL("endpoint", ""), []sdk.Part{refuseProxy}, more)...)
}

// Close closes the vendor's connections.
func (s *Sender) Close(context.Context) error {
	if s.o.Close != nil {
		s.o.Close()
	}
	return nil
}

// Send implements sendMessage. Each phone is one request to the vendor. Send fails
// with the first phone's error if no message was accepted; otherwise the results
// tell the phones apart.
func (s *Sender) Send(ctx context.Context, r SendRequest) (*SendResult, error) {
	messages, err := s.messages(ctx, r)
	if err != nil {
		return nil, err
	}
	result := &SendResult{Vendor: s.name, RequestID: sdk.RequestID(ctx)}
	var first error
	accepted := false
	for _, m := range messages {
		o, redacted := s.deliver(ctx, m)
		result.Results = append(result.Results, PhoneResult{m.Phone.E164(), o.MessageID, o.Status()})
		if o.RequestID != "" {
			result.RequestID = o.RequestID
		}
		accepted = accepted || o.Status() == StatusAccepted
		if err := redacted.err(); err != nil && first == nil {
			first = err
		}
	}
	if !accepted {
		return nil, first
	}
	return result, nil
}

// deliver returns the outcome as it is, for the answer, and redacted, for errors
// and logs.
func (s *Sender) deliver(ctx context.Context, m *Message) (o, redacted Outcome) {
	started := time.Now()
	limited, cancel := s.withTimeout(ctx)
	defer cancel()
	limited, sensitive := withSensitiveWords(limited)
	if ctx.Err() != nil {
		o = Unsent(smscode.Unavailable, "no time was left")
	} else {
		o = s.vendor.Deliver(limited, m)
	}
	o = o.explained()
	o.MessageID = s.storedID(o.MessageID, m.Phone)
	redacted = s.redact(o, m, sensitive.list())
	level := slog.LevelDebug // the host logs that a code was sent
	if o.Status() != StatusAccepted {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("vendor", s.name), slog.Int64("duration_ms", time.Since(started).Milliseconds())}
	for _, field := range [][2]string{
		{"reason", string(redacted.Reason)}, {"vendor_code", redacted.Code}, {"vendor_request_id", redacted.RequestID},
		{"message_id", redacted.MessageID}, {"cause", string(redacted.Cause)}, {"detail", redacted.Detail},
	} {
		if field[1] != "" {
			attrs = append(attrs, slog.String(field[0], field[1]))
		}
	}
	sdk.Logger(ctx).LogAttrs(ctx, level, "sms "+string(o.Status()), attrs...)
	return o, redacted
}

func (s *Sender) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(s.o.Timeout)*time.Millisecond)
}
