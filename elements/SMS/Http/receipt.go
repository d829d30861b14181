package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Receipt describes the delivery receipts that a vendor pushes.
type Receipt struct {
	From      string   `json:"from" default:"json" jsonschema:"enum=json,enum=form" doc:"how they come: JSON, or the fields of a form (of a GET: its query)"`
	List      string   `json:"list,omitempty" doc:"JSON pointer to the list of reports; without it the whole body is one report, or a list of them"`
	MessageID string   `json:"messageId" jsonschema:"required,minLength=1" doc:"where a report has the message's id: a JSON pointer, or a field's name"`
	State     string   `json:"state" jsonschema:"required,minLength=1" doc:"where it has what became of the message"`
	Delivered []Scalar `json:"delivered" jsonschema:"required,minItems=1" doc:"the states of a message that reached the phone"`
	Pending   []Scalar `json:"pending,omitempty" doc:"the states of one that is on its way; any other has failed"`
	Code      string   `json:"code,omitempty" doc:"where it has the vendor's code; without it the state is kept"`
	Reply     string   `json:"reply" default:"ok" doc:"what the vendor wants to hear"`
}

const defaultReply = "ok"

func (r *Receipt) check() error {
	if r == nil || r.From == "form" {
		return nil
	}
	for _, p := range []struct{ at, pointer string }{{"list", r.List}, {"messageId", r.MessageID}, {"state", r.State}, {"code", r.Code}} {
		if p.pointer != "" && !strings.HasPrefix(p.pointer, "/") {
			return sdk.ConfigError("/receipt/"+p.at, "must be a JSON pointer such as /data/id")
		}
	}
	return nil
}

// ReadPush reads a receipt as the configuration describes it.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	r := v.receipt
	if r == nil {
		return nil, errcode.New(errcode.FunctionNotFound, "this element takes no receipts")
	}
	pushed := &delivery.Pushed{Reply: r.Reply}
	if pushed.Reply == "" {
		pushed.Reply = defaultReply
	}
	if json.Valid([]byte(pushed.Reply)) && strings.HasPrefix(strings.TrimSpace(pushed.Reply), "{") {
		pushed.ContentType = "application/json"
	}
	if r.From == "form" {
		form, err := p.Form()
		if err != nil {
			return nil, err
		}
		pushed.Reports = r.report(pushed.Reports, func(name string) (string, bool) { return fieldOf(form, name) })
		return pushed, nil
	}
	reports, ok := listAt(p.Body, r.List)
	if !ok {
		return nil, delivery.ErrPush("the body is no JSON with a list of reports")
	}
	for _, report := range reports {
		one := &reading{json: report, ok: true}
		pushed.Reports = r.report(pushed.Reports, one.at)
	}
	return pushed, nil
}

// fieldOf gives a form's field; how its name is spelt in capitals is let be, since
// the vendors with forms often can't tell that themselves.
func fieldOf(form url.Values, name string) (string, bool) {
	if form.Has(name) {
		return form.Get(name), true
	}
	for _, spelt := range sortedKeys(form) {
		if strings.EqualFold(spelt, name) {
			return form.Get(spelt), true
		}
	}
	return "", false
}

// report adds one report, if it has an id and a state.
func (r *Receipt) report(list []delivery.Report, at func(string) (string, bool)) []delivery.Report {
	id, named := at(r.MessageID)
	state, told := at(r.State)
	if !named || !told {
		return list
	}
	report := delivery.Report{MessageID: id, State: delivery.StateFailed, Code: state}
	switch {
	case slices.Contains(r.Delivered, Scalar(state)):
		report.State = delivery.StateDelivered
	case slices.Contains(r.Pending, Scalar(state)):
		report.State = delivery.StatePending
	}
	if r.Code != "" {
		report.Code, _ = at(r.Code)
	}
	return append(list, report)
}

// listAt gives the reports at a pointer: the items of a list, or one object.
func listAt(body []byte, pointer string) ([]any, bool) {
	if !json.Valid(body) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil, false
	}
	if pointer != "" {
		for segment := range strings.SplitSeq(pointer[1:], "/") {
			object, ok := value.(map[string]any)
			if !ok {
				return nil, false
			}
			if value, ok = object[unescapePointer.Replace(segment)]; !ok {
				return nil, false
			}
		}
	}
	switch found := value.(type) {
	case []any:
		return found, true
	case map[string]any:
		return []any{found}, true
	}
	return nil, false
}
