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
	// json is the answer's value, numbers as they were written.
	json any
	ok   bool // it is JSON
}

func read(a *delivery.Answer, c charset) *reading {
	r := &reading{status: a.Status, text: c.decode(a.Body)}
	if a.Cut || !json.Valid([]byte(r.text)) {
		return r
	}
	d := json.NewDecoder(strings.NewReader(r.text))
	d.UseNumber()
	r.ok = d.Decode(&r.json) == nil
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
	if !a.ok || pointer == "" {
		return "", false
	}
	value := a.json
	for segment := range strings.SplitSeq(pointer[1:], "/") {
		segment = unescapePointer.Replace(segment)
		switch inner := value.(type) {
		case map[string]any:
			next, ok := inner[segment]
			if !ok {
				return "", false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(inner) || segment != strconv.Itoa(i) {
				return "", false
			}
			value = inner[i]
		default:
			return "", false
		}
	}
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

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

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
