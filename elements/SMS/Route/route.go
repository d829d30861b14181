// Package route implements the Type SMS.Route. It sends each message through another
// SMS element, chosen by the number's region, and through the next one if a vendor
// refuses for a reason that another vendor may not have. It never sends again what
// may have been sent.
package route

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Router is an instance.
type Router struct {
	config   Config
	breakers *breakers
}

// Type returns the Type SMS.Route.
func Type() sdk.Type {
	all := newBreakers()
	open := func(_ context.Context, c Config, _ sdk.Env) (*Router, error) {
		if wrong := c.check(); len(wrong) > 0 {
			return nil, errors.Join(wrong...)
		}
		return &Router{config: c, breakers: all}, nil
	}
	return sdk.NewType("SMS.Route", open,
		sdk.Title("Routes between SMS elements"),
		sdk.Desc("Sends by country, spreads over several vendors, and goes to another one when one refuses."),
		sdk.ConfigFile("sms.json"),
		sdk.Func("sendMessage", (*Router).Send, sdk.RunsToEnd(), sdk.Title("Send a message from a template")))
}

// SendResult is the answer of sendMessage. Vendor and Element are those of the first
// accepted message.
type SendResult struct {
	Vendor    string        `json:"vendor"`
	Element   string        `json:"element"`
	Results   []PhoneResult `json:"results"`
	RequestID string        `json:"requestId"`
}

// PhoneResult is the result of the message to one phone.
type PhoneResult struct {
	delivery.PhoneResult
	Vendor  string `json:"vendor,omitempty"`
	Element string `json:"element,omitempty"`
}

// Send implements sendMessage. Each phone is routed by itself. Send fails with the
// first phone's error if no message was accepted.
func (r *Router) Send(ctx context.Context, in delivery.SendRequest) (*SendResult, error) {
	numbers, err := in.Numbers()
	if err != nil {
		return nil, err
	}
	if in.VerifyParams == nil {
		in.VerifyParams = r.config.VerifyParams
	}
	sent := &SendResult{}
	var first error
	for _, number := range numbers {
		in.PhoneList = []string{number.E164()}
		answer, err := r.sendOne(ctx, number, in)
		result := PhoneResult{PhoneResult: delivery.PhoneResult{Phone: number.E164()}}
		switch {
		case err == nil:
			result = PhoneResult{answer.Results[0], answer.Vendor, answer.element}
			if sent.Element == "" {
				sent.Vendor, sent.Element, sent.RequestID = answer.Vendor, answer.element, answer.RequestID
			}
		case smscode.Unsent(err):
			result.Status, result.Element = delivery.StatusRefused, through(err)
		default:
			result.Status, result.Element = delivery.StatusUnknown, through(err)
		}
		sent.Results = append(sent.Results, result)
		if first == nil {
			first = err
		}
	}
	if sent.Element == "" {
		return nil, first
	}
	return sent, nil
}

// accepted is the answer of the element that accepted a message.
type accepted struct {
	delivery.SendResult
	element string
}

// sendOne sends one message through the elements of its route in order, until one
// accepts it, may have sent it, or refuses it for good.
func (r *Router) sendOne(ctx context.Context, number phone.Number, in delivery.SendRequest) (*accepted, error) {
	route := r.config.routeFor(number)
	if route == nil {
		return nil, errcode.New(smscode.Refused, "the message was refused: no route takes numbers of this country").
			With(smscode.RefusalReason, string(smscode.Region)).With(smscode.Outcome, errcode.OutcomeNotExecuted)
	}
	if r.config.Timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(r.config.Timeout)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	order := route.order()
	tried, answer, err := r.tryInOrder(ctx, order, in, false)
	if !tried {
		// Every breaker is open: trying is no worse than refusing the message.
		_, answer, err = r.tryInOrder(ctx, order, in, true)
	}
	return answer, err
}

func (r *Router) tryInOrder(ctx context.Context, order []string, in delivery.SendRequest, ignoreBreakers bool) (tried bool, answer *accepted, refusal error) {
	for _, name := range order {
		if ctx.Err() != nil && tried {
			return true, nil, refusal
		}
		breaker := r.breakers.get(name)
		if !ignoreBreakers && !breaker.allow() {
			continue
		}
		tried = true
		answer, err := forward(ctx, name, in)
		result := classify(err)
		logTransition(ctx, name, breaker.record(result.failure))
		switch {
		case err == nil:
			return true, answer, nil
		case !result.tryNext:
			return true, nil, err
		}
		sdk.Logger(ctx).LogAttrs(ctx, slog.LevelWarn, "a route's element did not send", slog.String("through", name), slog.String("error", err.Error()))
		refusal = moreUseful(refusal, err)
	}
	return tried, nil, refusal
}

// forward sends a message to one phone through one element. An answer that accepts
// nothing, or the message to another phone, leaves the outcome unknown.
func forward(ctx context.Context, name string, in delivery.SendRequest) (*accepted, error) {
	answer := &accepted{element: name}
	var text json.RawMessage
	err := sdk.HostOf(ctx).Call(ctx, name, "sendMessage", in, &text)
	if err == nil {
		err = smscode.Judge(text, in.PhoneList[0])
	}
	if err == nil {
		err = json.Unmarshal(text, &answer.SendResult)
	}
	if err != nil {
		if e, ok := errcode.As(err); ok {
			err = e.With(smscode.Through, name)
		}
		return nil, err
	}
	sdk.Logger(ctx).LogAttrs(ctx, slog.LevelDebug, "sms routed", slog.String("through", name), slog.String("vendor", answer.Vendor))
	return answer, nil
}

// through returns the full name of the element that an error came from, "" if the
// route itself refused.
func through(err error) string {
	e, ok := errcode.As(err)
	if !ok {
		return ""
	}
	return smscode.Detail(e, smscode.Through)
}

func logTransition(ctx context.Context, name string, t transition) {
	switch t {
	case opened:
		sdk.Logger(ctx).LogAttrs(ctx, slog.LevelWarn, "a vendor fails and is passed over for now", slog.String("through", name))
	case closed:
		sdk.Logger(ctx).LogAttrs(ctx, slog.LevelInfo, "a vendor works again", slog.String("through", name))
	case unchanged:
	}
}
