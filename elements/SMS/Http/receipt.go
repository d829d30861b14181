package httptype

import (
	"cmp"
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
	for _, p := range []struct{ key, pointer string }{{"list", r.List}, {"messageId", r.MessageID}, {"state", r.State}, {"code", r.Code}} {
		if p.pointer != "" && !strings.HasPrefix(p.pointer, "/") {
			return sdk.ConfigError("/receipt/"+p.key, "must be a JSON pointer such as /data/id")
		}
	}
	return nil
}

// ReadReceipts reads a callback as the configuration describes it.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	r := v.config.Receipt
	if r == nil {
		return nil, errcode.New(errcode.FunctionNotFound, "this element takes no receipts")
	}
	result := &delivery.CallbackResult{Reply: cmp.Or(r.Reply, defaultReply)}
	if json.Valid([]byte(result.Reply)) && strings.HasPrefix(strings.TrimSpace(result.Reply), "{") {
		result.ContentType = "application/json"
	}
	if r.From == "form" {
		form, err := c.Form()
		if err != nil {
			return nil, err
		}
		result.Receipts = r.appendReceipt(nil, func(name string) (string, bool) { return formValue(form, name) })
		return result, nil
	}
	reports, ok := reportsAt(c.Body, r.List)
	if !ok {
		return nil, delivery.UnreadableCallback("the body is no JSON with a list of reports")
	}
	for _, report := range reports {
		d := &document{json: report, isJSON: true}
		result.Receipts = r.appendReceipt(result.Receipts, d.at)
	}
	return result, nil
}

// formValue returns a form's field. It ignores the case of the name: vendors with
// forms often document another than they use.
func formValue(form url.Values, name string) (string, bool) {
	if form.Has(name) {
		return form.Get(name), true
	}
	for _, other := range sortedKeys(form) {
		if strings.EqualFold(other, name) {
			return form.Get(other), true
		}
	}
	return "", false
}

// appendReceipt appends a receipt if the report has an ID and a state.
func (r *Receipt) appendReceipt(list []delivery.Receipt, at func(string) (string, bool)) []delivery.Receipt {
	id, hasID := at(r.MessageID)
	state, hasState := at(r.State)
	if !hasID || !hasState {
		return list
	}
	receipt := delivery.Receipt{MessageID: id, State: delivery.StateFailed, Code: state}
	switch {
	case slices.Contains(r.Delivered, Scalar(state)):
		receipt.State = delivery.StateDelivered
	case slices.Contains(r.Pending, Scalar(state)):
		receipt.State = delivery.StatePending
	}
	if r.Code != "" {
		receipt.Code, _ = at(r.Code)
	}
	return append(list, receipt)
}

// reportsAt returns the reports at a pointer: the items of a list, or one object.
func reportsAt(body []byte, pointer string) ([]any, bool) {
	root, ok := decodeJSON(string(body))
	if !ok {
		return nil, false
	}
	value, _ := lookup(root, pointer)
	switch value := value.(type) {
	case []any:
		return value, true
	case map[string]any:
		return []any{value}, true
	}
	return nil, false
}
