package httptype

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Receipt describes the delivery receipts that a vendor pushes.
type Receipt struct {
	From      string                `json:"from" default:"json" jsonschema:"enum=json,enum=form" doc:"how they come: JSON, or the fields of a form (of a GET: its query)"`
	Field     string                `json:"field,omitempty" doc:"name of the form's field that contains the reports as JSON"`
	List      string                `json:"list,omitempty" doc:"JSON pointer to the list of reports; without it the whole body is one report, or a list of them"`
	Where     map[string]*Condition `json:"where,omitempty" doc:"which reports are delivery receipts: places and conditions as in accepted. Others are taken and ignored"`
	MessageID string                `json:"messageId" jsonschema:"required,minLength=1" doc:"where a report has the message's ID: a JSON pointer, or a field's name"`
	State     string                `json:"state" jsonschema:"required,minLength=1" doc:"where it has what became of the message"`
	Delivered []Scalar              `json:"delivered" jsonschema:"required,minItems=1" doc:"the states of a message that reached the phone"`
	Pending   []Scalar              `json:"pending,omitempty" doc:"the states of one that is on its way; any other has failed"`
	Code      string                `json:"code,omitempty" doc:"where it has the vendor's code; without it the state is kept"`
	Phone     string                `json:"phone,omitempty" doc:"where it has the phone, which is masked in the message's ID"`
	Handshake *Handshake            `json:"handshake,omitempty" doc:"what the vendor wants to hear before it pushes receipts"`
	Reply     string                `json:"reply" default:"ok" doc:"what the vendor wants to hear"`
}

// Handshake is the answer to a request by which a vendor tests the address.
type Handshake struct {
	Value string `json:"value" jsonschema:"required,minLength=1" doc:"where the request has the value that the vendor wants to hear again: a JSON pointer, or a field's name"`
	Reply string `json:"reply" default:"${value}" doc:"the answer, with ${value}"`
	reply template
}

const defaultReply = "ok"

// compile checks the description and compiles its expressions.
func (r *Receipt) compile() error {
	if r == nil {
		return nil
	}
	switch {
	case r.Field != "" && r.From != "form":
		return sdk.ConfigError("/receipt/field", `a field is a form's: set from to "form"`)
	case r.List != "" && !r.isJSON():
		return sdk.ConfigError("/receipt/list", "a form without field is one report")
	}
	for _, p := range []struct{ key, place string }{
		{"list", r.List}, {"messageId", r.MessageID}, {"state", r.State}, {"code", r.Code}, {"phone", r.Phone},
	} {
		if err := checkReported("/receipt/"+p.key, p.place, r.isJSON()); err != nil {
			return err
		}
	}
	for _, place := range sortedKeys(r.Where) {
		pointer := "/receipt/where/" + escapePointer(place)
		if err := checkReported(pointer, place, r.isJSON()); err != nil {
			return err
		}
		if err := r.Where[place].compile(pointer); err != nil {
			return err
		}
	}
	return r.Handshake.compile(r.From != "form")
}

// checkReported accepts a place in a report: a JSON pointer, or a field's name.
func checkReported(pointer, place string, isJSON bool) error {
	if !isJSON || place == "" || strings.HasPrefix(place, "/") && validPointer(place) {
		return nil
	}
	return sdk.ConfigError(pointer, "found %q; must be a JSON pointer such as /data/id", place)
}

func (h *Handshake) compile(isJSON bool) (err error) {
	if h == nil {
		return nil
	}
	if err := checkReported("/receipt/handshake/value", h.Value, isJSON); err != nil {
		return err
	}
	names := (&instanceNames{}).place(false, false)
	names.other = []string{"value"}
	h.reply, err = compile("/receipt/handshake/reply", cmp.Or(h.Reply, "${value}"), names, textEscaper)
	return err
}

// isJSON reports whether the reports are JSON, in the body or in a form's field.
func (r *Receipt) isJSON() bool { return r.From != "form" || r.Field != "" }

// ReadReceipts reads a callback as the configuration describes it.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	r := v.config.Receipt
	if r == nil {
		return nil, errcode.New(errcode.FunctionNotFound, "this element takes no receipts")
	}
	whole, err := r.document(c)
	if err != nil {
		return nil, err
	}
	if result, ok, err := r.Handshake.answer(whole); ok || err != nil {
		return result, err
	}
	reports, err := r.reports(whole)
	if err != nil {
		return nil, err
	}
	result := newCallbackResult(cmp.Or(r.Reply, defaultReply))
	for _, report := range reports {
		if !allHold(r.Where, report) {
			continue
		}
		result.Receipts = append(result.Receipts, r.receipt(report))
	}
	return result, nil
}

func newCallbackResult(reply string) *delivery.CallbackResult {
	result := &delivery.CallbackResult{Reply: reply}
	if json.Valid([]byte(reply)) && strings.HasPrefix(strings.TrimSpace(reply), "{") {
		result.ContentType = "application/json"
	}
	return result
}

// document returns what a callback brings: JSON, or a form.
func (r *Receipt) document(c *delivery.Callback) (*document, error) {
	if r.From == "form" {
		form, err := c.Form()
		return newFormDocument(form), err
	}
	root, ok := decodeJSON(string(c.Body))
	if !ok {
		return nil, delivery.UnreadableCallback("the body is no JSON")
	}
	return newJSONDocument(root), nil
}

// reports returns the reports of a callback: the items of a list, or one.
func (r *Receipt) reports(whole *document) ([]*document, error) {
	if !r.isJSON() {
		return []*document{whole}, nil
	}
	root := whole.json
	if r.Field != "" {
		text, _ := whole.at(r.Field)
		var ok bool
		if root, ok = decodeJSON(text); !ok {
			return nil, delivery.UnreadableCallback("the form has no JSON where the configuration says that the reports are")
		}
	}
	value, _ := lookup(root, r.List)
	switch value := value.(type) {
	case []any:
		list := make([]*document, len(value))
		for i, report := range value {
			list[i] = newJSONDocument(report)
		}
		return list, nil
	case map[string]any:
		return []*document{newJSONDocument(value)}, nil
	}
	return nil, delivery.UnreadableCallback("there is no list of reports where the configuration says that it is")
}

// receipt returns the receipt of a report, without a message ID if it can't be read.
func (r *Receipt) receipt(report *document) delivery.Receipt {
	id, _ := report.at(r.MessageID)
	state, ok := report.at(r.State)
	if !ok {
		return delivery.Receipt{}
	}
	receipt := delivery.Receipt{MessageID: id, State: delivery.StateFailed, Code: state}
	switch {
	case slices.Contains(r.Delivered, Scalar(state)):
		receipt.State = delivery.StateDelivered
	case slices.Contains(r.Pending, Scalar(state)):
		receipt.State = delivery.StatePending
	}
	if r.Code != "" {
		receipt.Code, _ = report.at(r.Code)
	}
	if r.Phone != "" {
		receipt.Phone, _ = report.at(r.Phone)
	}
	return receipt
}

// answer answers a request that tests the address. It reports false for any other.
func (h *Handshake) answer(whole *document) (*delivery.CallbackResult, bool, error) {
	if h == nil {
		return nil, false, nil
	}
	value, ok := whole.at(h.Value)
	if !ok || value == "" {
		return nil, false, nil
	}
	reply, err := h.reply.render(&scope{handshake: value})
	if err != nil {
		return nil, false, delivery.UnreadableCallback("the value of the handshake can't be answered")
	}
	return newCallbackResult(reply), true, nil
}
