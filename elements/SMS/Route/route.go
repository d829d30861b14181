// Package route is the Type SMS.Route: it hands each message to another SMS
// element, by the number's country, and to the next one where a vendor refuses
// for a reason that another can cure. It never sends a message again that may
// have been sent.
package route

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Route is an instance.
type Route struct {
	config   Config
	breakers *breakers
}

// Type is SMS.Route.
func Type() sdk.Type {
	kept := newBreakers()
	open := func(_ context.Context, c Config, _ sdk.Env) (*Route, error) {
		if wrong := c.check(); len(wrong) > 0 {
			return nil, errors.Join(wrong...)
		}
		return &Route{config: c, breakers: kept}, nil
	}
	return sdk.NewType("SMS.Route", open,
		sdk.Title("Routes between SMS elements"),
		sdk.Desc("Sends by country, spreads over several vendors, and goes to another one when one refuses."),
		sdk.ConfigFile("sms.json"),
		sdk.Func("sendMessage", (*Route).Send, sdk.RunsToEnd(), sdk.Title("Send a message from a template")))
}

// Receipt is the answer of sendMessage.
type Receipt struct {
	// Vendor is that of the first message that was taken, Element the full name of
	// the SMS element that it went through.
	Vendor    string   `json:"vendor"`
	Element   string   `json:"element"`
	Results   []Result `json:"results"`
	RequestID string   `json:"requestId"`
}

// Result is how the message to one phone ended.
type Result struct {
	delivery.Result
	Vendor  string `json:"vendor,omitempty"`
	Element string `json:"element,omitempty"`
}

// Send is the function sendMessage. Each phone goes its own way. It fails when no
// message was accepted, with the first phone's error.
func (r *Route) Send(ctx context.Context, in delivery.Request) (*Receipt, error) {
	numbers, err := in.Numbers()
	if err != nil {
		return nil, err
	}
	if in.VerifyParams == nil {
		in.VerifyParams = r.config.VerifyParams
	}
	receipt := &Receipt{}
	var first error
	for _, number := range numbers {
		result := Result{Result: delivery.Result{Phone: number.E164()}}
		taken, err := r.one(ctx, number.E164(), in)
		switch {
		case err == nil:
			result.Result, result.Vendor, result.Element = taken.Results[0], taken.Vendor, taken.element
			if receipt.Element == "" {
				receipt.Vendor, receipt.Element, receipt.RequestID = taken.Vendor, taken.element, taken.RequestID
			}
		case endingOf(err).sent:
			result.Status = delivery.StatusUnknown
		default:
			result.Status = delivery.StatusRefused
		}
		if result.Element == "" {
			result.Element = throughOf(err)
		}
		receipt.Results = append(receipt.Results, result)
		if first == nil {
			first = err
		}
	}
	if receipt.Element == "" {
		return nil, first
	}
	return receipt, nil
}

// taken is a vendor's answer, and through which element it came.
type taken struct {
	delivery.Receipt
	element string
}

// one sends one message: through the elements of its route, in order, until one
// takes it, or may have, or refuses for good.
func (r *Route) one(ctx context.Context, e164 string, in delivery.Request) (*taken, error) {
	path := r.pathOf(e164)
	if path == nil {
		return nil, errcode.New(delivery.CodeRefused, "the message was refused: no route takes numbers of this country").
			With("reason", string(delivery.Region))
	}
	if r.config.Timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(r.config.Timeout)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	order := path.order()
	tried, got, err := r.try(ctx, order, e164, in, false)
	if !tried {
		// Every breaker is open: no worse than without any, and perhaps better by now.
		_, got, err = r.try(ctx, order, e164, in, true)
	}
	return got, err
}

func (r *Route) try(ctx context.Context, order []string, e164 string, in delivery.Request, inSpite bool) (tried bool, got *taken, why error) {
	for _, name := range order {
		if ctx.Err() != nil && tried {
			return true, nil, why
		}
		guard := r.breakers.get(name)
		if !inSpite && !guard.allow() {
			continue
		}
		tried = true
		answer, err := r.hand(ctx, name, e164, in)
		end := endingOf(err)
		report(ctx, name, guard.record(end.failed))
		switch {
		case err == nil:
			return true, answer, nil
		case !end.curable:
			return true, nil, err
		}
		sdk.Logger(ctx).LogAttrs(ctx, slog.LevelWarn, "a route's element did not send", slog.String("through", name), slog.String("error", err.Error()))
		why = worse(why, err)
	}
	return tried, nil, why
}

// hand gives a message to one element. An answer that accepts nothing is as good
// as none: nobody knows.
func (r *Route) hand(ctx context.Context, name, e164 string, in delivery.Request) (*taken, error) {
	got := &taken{element: name}
	err := sdk.HostOf(ctx).Call(ctx, name, "sendMessage", onward{
		PhoneList: []string{e164}, Params: in.Params, VerifyTemplateCode: in.VerifyTemplateCode,
		VerifySign: in.VerifySign, VerifyParams: in.VerifyParams, Text: in.Text,
	}, &got.Receipt)
	if err != nil {
		if e, ok := errcode.As(err); ok {
			err = e.With("through", name)
		}
		return nil, err
	}
	if len(got.Results) != 1 || got.Results[0].Status != delivery.StatusAccepted {
		return nil, errcode.New(delivery.CodeFailed, "whether the message was sent is not known").
			With("outcome", errcode.OutcomeUnknown).With("through", name)
	}
	sdk.Logger(ctx).LogAttrs(ctx, slog.LevelInfo, "sms routed", slog.String("through", name), slog.String("vendor", got.Vendor))
	return got, nil
}

// throughOf is the full name of the element that an error came from, "" when the
// route itself refused.
func throughOf(err error) string {
	e, ok := errcode.As(err)
	if !ok {
		return ""
	}
	through, _ := e.Details["through"].(string)
	return through
}

// onward are the arguments of the next element's sendMessage; what isn't set is
// that element's own.
type onward struct {
	PhoneList          []string                   `json:"phoneList"`
	Params             map[string]json.RawMessage `json:"params"`
	VerifyTemplateCode string                     `json:"verifyTemplateCode,omitempty"`
	VerifySign         string                     `json:"verifySign,omitempty"`
	VerifyParams       []string                   `json:"verifyParams,omitempty"`
	Text               string                     `json:"text,omitempty"`
}

func report(ctx context.Context, name string, c change) {
	switch c {
	case opened:
		sdk.Logger(ctx).LogAttrs(ctx, slog.LevelWarn, "a vendor fails and is passed over for now", slog.String("through", name))
	case closed:
		sdk.Logger(ctx).LogAttrs(ctx, slog.LevelInfo, "a vendor works again", slog.String("through", name))
	case unchanged:
	}
}
