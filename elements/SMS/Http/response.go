package httptype

import (
	"slices"
	"strconv"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Rule is a list of conditions on a response, all of which must hold.
type Rule struct {
	Status []int                 `json:"status,omitempty" doc:"one of these statuses"`
	Where  map[string]*Condition `json:"where,omitempty" doc:"places in the answer (a JSON pointer, xml:/path, form:name, $ for its whole text) and what stands there: a value, compared as text, {\"exists\": true} or {\"matches\": \"expression\"}"`
}

// Refusal is a Rule for refusals of one reason.
type Refusal struct {
	Rule
	Reason smscode.Reason `json:"reason" default:"other" jsonschema:"enum=auth,enum=signature,enum=template,enum=content,enum=balance,enum=number,enum=region,enum=throttled,enum=blocked,enum=duplicate,enum=unavailable,enum=other" doc:"why the vendor refused"`
}

func (r Rule) compile(pointer string) error {
	if len(r.Status) == 0 && len(r.Where) == 0 {
		return sdk.ConfigError(pointer, "needs a condition: status or where")
	}
	for i, status := range r.Status {
		if status < 200 || status > 599 {
			return sdk.ConfigError(pointer+"/status/"+strconv.Itoa(i), "found %d; the status of an answer is 200 to 599", status)
		}
	}
	return compileWhere(pointer+"/where", r.Where)
}

func compileWhere(pointer string, where map[string]*Condition) error {
	for _, place := range sortedKeys(where) {
		here := pointer + "/" + escapePointer(place)
		if err := checkPlace(here, place, false); err != nil {
			return err
		}
		if where[place] == nil {
			return sdk.ConfigError(here, `must be text, a number, true, false, {"exists": true} or {"matches": "expression"}`)
		}
		if err := where[place].compile(here); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether all conditions hold for a response. One with a 5xx status
// says nothing, unless the rule names the status.
func (r Rule) matches(d *document) bool {
	if len(r.Status) > 0 {
		return slices.Contains(r.Status, d.status) && allHold(r.Where, d)
	}
	return d.status < 500 && allHold(r.Where, d)
}

func allHold(where map[string]*Condition, d *document) bool {
	for place, condition := range where {
		if !condition.holds(d, place) {
			return false
		}
	}
	return true
}

// code returns the response's text at the rule's first place that has one, else the
// status.
func (r Rule) code(d *document) string {
	for _, place := range sortedKeys(r.Where) {
		if text, ok := d.at(place); ok && text != "" && len(text) <= 64 {
			return text
		}
	}
	return "HTTP " + strconv.Itoa(d.status)
}

// foundID returns the first group of the first expression that has one.
func (r Rule) foundID(d *document) string {
	for _, place := range sortedKeys(r.Where) {
		if p := r.Where[place].matches; p != nil && p.expression.NumSubexp() > 0 {
			text, _ := d.at(place)
			return p.find(text)
		}
	}
	return ""
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
		return delivery.Accepted(v.messageID(d, m))
	}
	o := delivery.Unknown("the answer is none that the configuration knows")
	o.Code = accepted.code(d)
	return o
}

// messageID returns the vendor's ID of a message, where the configuration says it is;
// else ours, if the request has one; else what an expression of accepted found.
func (v *vendor) messageID(d *document, m *delivery.Message) string {
	switch {
	case v.config.MessageID.isSet():
		return v.config.MessageID.find(d)
	case v.uses["requestId"]:
		return m.RequestID
	case v.uses["requestNumber"]:
		return m.Number()
	}
	return v.config.Accepted.foundID(d)
}
