package httptype

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Scalar is text, or a number or truth value as JSON writes it.
type Scalar string

// UnmarshalJSON reads a string, a number, true or false.
func (s *Scalar) UnmarshalJSON(raw []byte) error {
	text, ok := delivery.ScalarText(raw)
	if !ok {
		return sdk.ConfigError("", "must be text, a number, true or false")
	}
	*s = Scalar(text)
	return nil
}

// JSONSchema returns the schema of a Scalar.
func (Scalar) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: scalarSchemas()}
}

func scalarSchemas() []*jsonschema.Schema {
	return []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
}

// Condition is what has to stand at a place: a text, anything or nothing, or a text
// that an expression matches.
type Condition struct {
	text    Scalar
	exists  *bool
	matches *Pattern
}

// UnmarshalJSON reads a scalar, {"exists": …} or {"matches": …}.
func (c *Condition) UnmarshalJSON(raw []byte) error {
	if !strings.HasPrefix(strings.TrimSpace(string(raw)), "{") {
		return c.text.UnmarshalJSON(raw)
	}
	var object struct {
		Exists  *bool   `json:"exists"`
		Matches *string `json:"matches"`
	}
	if json.Unmarshal(raw, &object) != nil || (object.Exists == nil) == (object.Matches == nil) {
		return sdk.ConfigError("", `must be text, a number, true, false, {"exists": true} or {"matches": "expression"}`)
	}
	c.exists = object.Exists
	if object.Matches != nil {
		c.matches = &Pattern{Matches: *object.Matches}
	}
	return nil
}

// JSONSchema returns the schema of a Condition.
func (Condition) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: append(scalarSchemas(),
		objectWith("exists", &jsonschema.Schema{Type: "boolean"}), matchesSchema())}
}

func matchesSchema() *jsonschema.Schema {
	return objectWith("matches", &jsonschema.Schema{Type: "string", MinLength: new(uint64(1))})
}

func objectWith(key string, member *jsonschema.Schema) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set(key, member)
	return &jsonschema.Schema{Type: "object", Properties: properties, Required: []string{key}, AdditionalProperties: jsonschema.FalseSchema}
}

// compile compiles the condition's expression. pointer is where it stands.
func (c *Condition) compile(pointer string) error {
	if c.matches == nil {
		return nil
	}
	return c.matches.compile(pointer)
}

// holds reports whether the condition holds at a place of a document.
func (c *Condition) holds(d *document, place string) bool {
	switch {
	case c.exists != nil:
		there, readable := d.exists(place)
		return readable && there == *c.exists
	case c.matches != nil:
		text, ok := d.at(place)
		return ok && c.matches.expression.MatchString(text)
	}
	text, ok := d.at(place)
	return ok && text == string(c.text)
}

// Pattern is an expression (RE2) that finds a text.
type Pattern struct {
	Matches    string `json:"matches" jsonschema:"required,minLength=1"`
	expression *regexp.Regexp
}

func (p *Pattern) compile(pointer string) error {
	expression, err := regexp.Compile(p.Matches)
	if err != nil {
		return sdk.ConfigError(pointer+"/matches", "is no regular expression of RE2: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	p.expression = expression
	return nil
}

// find returns the first group of the first match, or the whole match of an expression
// without groups.
func (p *Pattern) find(text string) string {
	found := p.expression.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return found[min(1, len(found)-1)]
}

// MessageID is where a response has the vendor's ID of the message: a place, or a
// Pattern for its whole text.
type MessageID struct {
	place   string
	pattern *Pattern
}

// UnmarshalJSON reads a string or {"matches": …}.
func (m *MessageID) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &m.place) == nil {
		return nil
	}
	var p Pattern
	if json.Unmarshal(raw, &p) != nil || p.Matches == "" {
		return sdk.ConfigError("", `must be a place such as /data/id, or {"matches": "expression"}`)
	}
	m.pattern = &p
	return nil
}

// JSONSchema returns the schema of a MessageID.
func (MessageID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, matchesSchema()}}
}

func (m *MessageID) isSet() bool { return m.place != "" || m.pattern != nil }

func (m *MessageID) compile(pointer string) error {
	if m.pattern != nil {
		return m.pattern.compile(pointer)
	}
	return checkPlace(pointer, m.place, true)
}

// find returns the ID in a response, "" if there is none.
func (m *MessageID) find(d *document) string {
	if m.pattern != nil {
		text, _ := d.at(wholeText)
		return m.pattern.find(text)
	}
	id, _ := d.at(m.place)
	return id
}
