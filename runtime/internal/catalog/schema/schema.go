// Package schema checks configurations against JSON Schema 2020-12 and evaluates further
// keywords: "writeOnly" marks secrets, "x-element" strings that are full names of
// elements, "x-excludes" what some of these exclude; "x-warnings" lists what operators
// should know of a valid configuration, "x-refusals" what can't work. Its messages quote
// the schema, and no value that is secret or comes from a variable.
package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lintel-run/lintel/internal/strictjson"
)

// Schema is a compiled schema. It may be used from any goroutine.
type Schema struct {
	root     *jsonschema.Schema
	warnings []remark
	refusals []remark
}

const location = "urn:lintel:config"

// Compile compiles a schema. Members that are not among its "properties" are errors
// unless it says otherwise. It must not refer to other documents. An empty text is the
// schema of an empty object.
func Compile(text string) (*Schema, error) {
	if strings.TrimSpace(text) == "" {
		text = `{"type":"object"}`
	}
	parsed, err := strictjson.Parse("schema", []byte(text))
	if err != nil {
		return nil, err
	}
	doc := parsed.Any()
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, errors.New("the schema is not a JSON object")
	}
	if root["properties"] == nil && root["$ref"] == nil {
		root["properties"] = map[string]any{}
	}
	closeObjects(root, 0)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(refuse{})
	c.AssertVocabs()
	c.RegisterVocabulary(&jsonschema.Vocabulary{URL: "urn:lintel:vocabulary", Compile: compileElement})
	if err := c.AddResource(location, doc); err != nil {
		return nil, fmt.Errorf("the schema can't be read: %w", err)
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("the schema can't be compiled: %w", err)
	}
	warnings, err := compileRemarks(root, "x-warnings")
	if err != nil {
		return nil, err
	}
	refusals, err := compileRemarks(root, "x-refusals")
	if err != nil {
		return nil, err
	}
	return &Schema{root: compiled, warnings: warnings, refusals: refusals}, nil
}

// closeObjects disallows further members in each object schema that lists its properties
// and says nothing about others.
func closeObjects(s map[string]any, depth int) {
	if depth > strictjson.MaxDepth {
		return
	}
	properties, lists := s["properties"].(map[string]any)
	if lists || depth == 0 {
		_, additional := s["additionalProperties"]
		_, patterns := s["patternProperties"]
		_, unevaluated := s["unevaluatedProperties"]
		if !additional && !patterns && !unevaluated {
			s["unevaluatedProperties"] = false
		}
	}
	for _, sub := range properties {
		if sub, ok := sub.(map[string]any); ok {
			closeObjects(sub, depth+1)
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if sub, ok := s[keyword].(map[string]any); ok {
			closeObjects(sub, depth+1)
		}
	}
	if list, ok := s["prefixItems"].([]any); ok {
		for _, sub := range list {
			if sub, ok := sub.(map[string]any); ok {
				closeObjects(sub, depth+1)
			}
		}
	}
}

type refuse struct{}

func (refuse) Load(string) (any, error) {
	return nil, errors.New("a schema may not refer to another document")
}

// elementKeyword is the compiled "x-element", "x-excludes" and "x-among" of one schema.
type elementKeyword struct {
	family   string
	among    string            // key beside it: a list that the value is in
	excludes map[string]string // key beside it: family
}

func (elementKeyword) Validate(*jsonschema.ValidatorContext, any) {}

func compileElement(_ *jsonschema.CompilerContext, obj map[string]any) (jsonschema.SchemaExt, error) {
	var k elementKeyword
	k.family, _ = obj["x-element"].(string)
	k.among, _ = obj["x-among"].(string)
	if rules, ok := obj["x-excludes"].(map[string]any); ok {
		k.excludes = make(map[string]string, len(rules))
		for key, family := range rules {
			if k.excludes[key], ok = family.(string); !ok {
				return nil, errors.New("x-excludes maps keys to families")
			}
		}
	}
	if k.family == "" && k.among == "" && len(k.excludes) == 0 {
		return nil, nil
	}
	return k, nil
}

// Finding is something that is wrong with a value, or a remark about it.
type Finding struct {
	Tokens  []string
	Message string
	// Unknown means that the schema doesn't know the member.
	Unknown bool

	about string // the known key that is missing, or that an unknown one is meant to be
}

// Validate returns what is wrong with a value, in the order of the source.
func (s *Schema) Validate(v *strictjson.Value) []Finding {
	err := s.root.Validate(v.Any())
	if err == nil {
		return nil
	}
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return []Finding{{Message: "the value can't be validated"}}
	}
	r := report{schema: s, value: v}
	r.collect(failed)
	return r.sorted()
}
