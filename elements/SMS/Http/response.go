package httptype

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Rule is a list of conditions on a response, all of which must hold.
type Rule struct {
	Status []int             `json:"status,omitempty" doc:"one of these statuses"`
	Where  map[string]Scalar `json:"where,omitempty" doc:"JSON pointers into the answer, $ for its whole text, and what stands there, compared as text"`
}

// Refusal is a Rule for refusals of one reason.
type Refusal struct {
	Rule
	Reason smscode.Reason `json:"reason" default:"other" jsonschema:"enum=auth,enum=signature,enum=template,enum=content,enum=balance,enum=number,enum=region,enum=throttled,enum=blocked,enum=duplicate,enum=unavailable,enum=other" doc:"why the vendor refused"`
}

// Scalar is text, or a number or truth value as JSON writes it.
type Scalar string

// UnmarshalJSON reads a string, a number, true or false.
func (s *Scalar) UnmarshalJSON(raw []byte) error {
	text, ok := delivery.ScalarText(raw)
	if !ok {
		return sdk.ConfigError("", "what stands in where must be text, a number, true or false")
	}
	*s = Scalar(text)
	return nil
}

// JSONSchema returns the schema of a Scalar.
func (Scalar) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

func (r Rule) check(pointer string) error {
	if len(r.Status) == 0 && len(r.Where) == 0 {
		return sdk.ConfigError(pointer, "needs a condition: status or where")
	}
	for _, p := range sortedKeys(r.Where) {
		if err := checkPointer(pointer+"/where/"+escapePointer(p), p, false); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether all conditions hold for a response.
func (r Rule) matches(d *document) bool {
	if len(r.Status) > 0 && !slices.Contains(r.Status, d.status) {
		return false
	}
	for pointer, want := range r.Where {
		if got, ok := d.at(pointer); !ok || got != string(want) {
			return false
		}
	}
	return true
}

// code returns the response's text at the rule's first pointer that has one, else the
// status.
func (r Rule) code(d *document) string {
	for _, pointer := range sortedKeys(r.Where) {
		if text, ok := d.at(pointer); ok && len(text) <= 64 {
			return text
		}
	}
	return "HTTP " + strconv.Itoa(d.status)
}

// readResponse applies the rules: refused ones first, then accepted, which wants a 2xx
// status unless it names another.
func (v *vendor) readResponse(r *delivery.Response, m *delivery.Message) delivery.Outcome {
	d := newDocument(r, v.charset)
	for _, refused := range v.config.Refused {
		if !refused.matches(d) {
			continue
		}
		o := delivery.Refused(refused.Reason, refused.code(d))
		if refused.Reason == smscode.Throttled {
			o.Wait = r.RetryAfter()
		}
		return o
	}
	accepted := v.config.Accepted
	if (len(accepted.Status) > 0 || r.OK()) && accepted.matches(d) {
		id, _ := d.at(v.config.MessageID)
		return delivery.Accepted(cmp.Or(v.ownID(m), id))
	}
	o := delivery.Unknown("the answer is none that the configuration knows")
	o.Code = accepted.code(d)
	return o
}

// document is a response, or a part of a callback, that pointers point into.
type document struct {
	status int
	text   string
	// json is the value, with numbers as they were written, if isJSON.
	json   any
	isJSON bool
}

func newDocument(r *delivery.Response, c charset) *document {
	d := &document{status: r.Status, text: c.decode(r)}
	if !r.Cut {
		d.json, d.isJSON = decodeJSON(d.text)
	}
	return d
}

// at returns the string, number or truth value at a pointer as text.
func (d *document) at(pointer string) (string, bool) {
	if pointer == "$" {
		return strings.TrimSpace(d.text), true
	}
	if !d.isJSON || pointer == "" {
		return "", false
	}
	value, _ := lookup(d.json, pointer)
	switch scalar := value.(type) {
	case string:
		return scalar, true
	case json.Number:
		return scalar.String(), true
	case bool:
		return strconv.FormatBool(scalar), true
	}
	return "", false
}
