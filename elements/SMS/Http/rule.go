package gateway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Rule is conditions on an answer; all must hold.
type Rule struct {
	Status []int             `json:"status,omitempty" doc:"one of these statuses"`
	Where  map[string]Scalar `json:"where,omitempty" doc:"JSON pointers into the answer, $ for its whole text, and what stands there, compared as text"`
}

// Refusal is a Rule with the reason that it tells.
type Refusal struct {
	Rule
	Reason delivery.Reason `json:"reason" default:"other" jsonschema:"enum=auth,enum=signature,enum=template,enum=content,enum=balance,enum=number,enum=region,enum=throttled,enum=blocked,enum=duplicate,enum=unavailable,enum=other" doc:"why the vendor refused"`
}

// Scalar is text, or a number or truth value as JSON writes it.
type Scalar string

// UnmarshalJSON reads a string, a number, true or false.
func (s *Scalar) UnmarshalJSON(raw []byte) error {
	text, ok := scalarText(raw)
	if !ok {
		return sdk.ConfigError("", "what stands in where must be text, a number, true or false")
	}
	*s = Scalar(text)
	return nil
}

// JSONSchema is the schema of a Scalar.
func (Scalar) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

func scalarText(raw []byte) (string, bool) {
	var text string
	switch trimmed := strings.TrimSpace(string(raw)); {
	case json.Unmarshal(raw, &text) == nil && trimmed != "null":
		return text, true
	case trimmed == "" || strings.ContainsAny(trimmed[:1], `{["n`):
		return "", false
	default:
		return trimmed, true
	}
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

// checkPointer accepts a JSON pointer (RFC 6901) or "$".
func checkPointer(where, pointer string, optional bool) error {
	if pointer == "$" || strings.HasPrefix(pointer, "/") || optional && pointer == "" {
		return nil
	}
	return sdk.ConfigError(where, "must be a JSON pointer such as /data/code, or $ for the whole text")
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// reading is an answer that rules are held against.
type reading struct {
	status int
	text   string
	json   json.RawMessage // nil when the answer isn't JSON
}

func read(a *delivery.Answer, c charset) *reading {
	r := &reading{status: a.Status, text: c.decode(a.Body)}
	if raw := []byte(r.text); !a.Cut && json.Valid(raw) {
		r.json = raw
	}
	return r
}

// holds says whether all conditions of the rule hold.
func (r Rule) holds(a *reading) bool {
	if len(r.Status) > 0 && !slices.Contains(r.Status, a.status) {
		return false
	}
	for pointer, want := range r.Where {
		got, ok := a.at(pointer)
		if !ok || got != string(want) {
			return false
		}
	}
	return true
}

// at gives the text at a pointer: a string, a number or a truth value.
func (a *reading) at(pointer string) (string, bool) {
	if pointer == "$" {
		return strings.TrimSpace(a.text), true
	}
	raw := a.json
	if raw == nil || pointer == "" {
		return "", false
	}
	for segment := range strings.SplitSeq(pointer[1:], "/") {
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		var object map[string]json.RawMessage
		var list []json.RawMessage
		switch {
		case json.Unmarshal(raw, &object) == nil && object != nil:
			next, ok := object[segment]
			if !ok {
				return "", false
			}
			raw = next
		case json.Unmarshal(raw, &list) == nil:
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(list) || segment != strconv.Itoa(i) {
				return "", false
			}
			raw = list[i]
		default:
			return "", false
		}
	}
	return scalarText(raw)
}

// outcome holds the rules against an answer. A rule for accepted that names no
// status wants one of 2xx.
func (v *vendor) outcome(answer *delivery.Answer) delivery.Outcome {
	a := read(answer, charset(v.charset))
	for _, r := range v.refused {
		if !r.holds(a) {
			continue
		}
		o := delivery.Refused(r.Reason, v.code(r.Rule, a))
		if r.Reason == delivery.Throttled {
			o.Wait = answer.RetryAfter()
		}
		return o
	}
	success := len(v.accepted.Status) > 0 || a.status >= http.StatusOK && a.status < http.StatusMultipleChoices
	if success && v.accepted.holds(a) {
		id, _ := a.at(v.messageID)
		return delivery.Accepted(id)
	}
	o := delivery.Unknown("the answer is none that the configuration knows")
	o.Code = v.code(v.accepted, a)
	return o
}

// code gives what the vendor said where the rule looks, or the status.
func (v *vendor) code(r Rule, a *reading) string {
	for _, pointer := range sortedKeys(r.Where) {
		if text, ok := a.at(pointer); ok && len(text) <= 64 {
			return text
		}
	}
	return "HTTP " + itoa(a.status)
}
