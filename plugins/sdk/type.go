package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Type is one Type of a plugin executable: what Main serves. Make it with NewType.
type Type struct{ t *typeDef }

// typeDef is a Type with its Go types erased.
type typeDef struct {
	name       string
	title      string
	desc       string
	configFile string
	element    reflect.Type // *E
	config     reflect.Type // C
	functions  map[string]*function
	properties map[string]*property
	order      []string // function names as given
	propOrder  []string
	open       func(ctx context.Context, config json.RawMessage, env Env) (any, error)

	warnings   []warning
	refusals   []refusal
	schemaOnce sync.Once
	schema     string
}

// Part is a piece of a Type: a function, a property, a title.
type Part interface{ addTo(t *typeDef) }

// NewType makes a Type. name is its full name ("SMS.Acme") or the last segment
// of it. C is the struct of an instance's configuration. Beside the tag jsonschema
// of invopop/jsonschema ("required,minimum=1,enum=a,enum=b") its fields may have
//
//	doc:"what it is for"
//	default:"5000"          taken when the key is absent
//	secret:"true"           the value is never shown
//	element:"SMS.Meta"      the full name of an element of that family
//
// and a configuration with rules of its own has JSONSchemaExtend of that package.
// open makes an instance's value; it may be called at any time, for any number of instances
// and generations, and must not share state between them. An error of open says
// what is wrong with the configuration: see ConfigError.
//
// A mistake in the declaration (a name given twice, a method of another value,
// arguments that have no data type) is a programmer's mistake and panics.
func NewType[C, E any](name string, open func(ctx context.Context, c C, env Env) (*E, error), parts ...Part) Type {
	t := &typeDef{
		name:       name,
		element:    reflect.TypeFor[*E](),
		config:     reflect.TypeFor[C](),
		functions:  make(map[string]*function),
		properties: make(map[string]*property),
	}
	if name == "" || open == nil {
		panic("sdk: a Type needs a name and open")
	}
	if t.config.Kind() != reflect.Struct {
		panic(fmt.Sprintf("sdk: %s: the configuration must be a struct, not %s", name, t.config))
	}
	t.open = func(ctx context.Context, raw json.RawMessage, env Env) (any, error) {
		var c C
		if err := decodeConfig(raw, reflect.ValueOf(&c).Elem()); err != nil {
			return nil, err
		}
		e, err := open(ctx, c, env)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return nil, fmt.Errorf("open of %s returned neither a value nor an error", name)
		}
		return e, nil
	}
	for _, p := range parts {
		p.addTo(t)
	}
	return Type{t}
}

// Name gives the name as it was given to NewType.
func (t Type) Name() string { return t.t.name }

// Describe gives what the host knows of the Type without running it.
func (t Type) Describe() *elementv1.TypeDescription {
	d := &elementv1.TypeDescription{
		Name:         t.t.name,
		Title:        t.t.title,
		Description:  t.t.desc,
		ConfigFile:   t.t.configFile,
		ConfigSchema: t.t.configSchema(),
	}
	for _, name := range t.t.order {
		d.Functions = append(d.Functions, t.t.functions[name].describe())
	}
	for _, name := range t.t.propOrder {
		d.Properties = append(d.Properties, t.t.properties[name].describe())
	}
	return d
}

// answers says whether a Type's full name means this Type.
func (t *typeDef) answers(fullName string) bool {
	if t.name == fullName {
		return true
	}
	return !strings.Contains(t.name, ".") && fullName[strings.LastIndexByte(fullName, '.')+1:] == t.name
}

// ConfigFile names the file of an instance's configuration where its e.json
// names none: "sms.json" for the Types of SMS.Meta.
func ConfigFile(name string) Part { return configFile(name) }

type configFile string

func (f configFile) addTo(t *typeDef) { t.configFile = string(f) }
