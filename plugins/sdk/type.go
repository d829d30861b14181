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

// Type is a Type that an executable serves. NewType makes one.
type Type struct{ t *typeDef }

// typeDef is a Type without its Go types.
type typeDef struct {
	name       string
	title      string
	desc       string
	configFile string
	element    reflect.Type // *E
	config     reflect.Type // C
	functions  map[string]*function
	properties map[string]*property
	order      []string // function names in the order given
	propOrder  []string
	open       func(ctx context.Context, config json.RawMessage, env Env) (any, error)

	// development means that the Type serves only with --dev.
	development bool

	warnings   []warning
	refusals   []refusal
	schemaOnce sync.Once
	schema     string
}

// Part is a part of a Type, such as a function, a property or a title.
type Part interface{ addTo(t *typeDef) }

// NewType returns a Type. name is its full name, such as "SMS.Acme", or the last
// segment of that.
//
// C is the struct of an instance's configuration. Its fields may have the tag
// jsonschema of invopop/jsonschema, such as "required,minimum=1,enum=a,enum=b", and
//
//	title:"Timeout"         the name that people see
//	doc:"What it is for."   the description
//	default:"5000"          the value if the key is absent
//	secret:"true"           the value is never shown
//	element:"SMS.Meta"      the full name of an element of that family
//	excludes:"sms=SMS.Route"    must be absent if the key sms names such an element
//	among:"regions"         must be in the list of the key regions
//
// Rules that the tags can't express go into RefuseIf, WarnIf, or JSONSchemaExtend of
// that package.
//
// open opens an instance and returns its value, or an error that says what is wrong
// with the configuration; see ConfigError. It may be called at any time, for several
// instances and versions of a configuration at once. Their values must not share
// state.
//
// NewType panics if the declaration is wrong: a name that is used twice, a method of
// another value, an argument without a data type.
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

// Name returns the name that was given to NewType.
func (t Type) Name() string { return t.t.name }

// Describe returns what the host knows of the Type without running it.
func (t Type) Describe() *elementv1.TypeDescription {
	d := &elementv1.TypeDescription{
		Name:         t.t.name,
		Title:        t.t.title,
		Description:  t.t.desc,
		ConfigFile:   t.t.configFile,
		ConfigSchema: t.t.configSchema(),
		Development:  t.t.development,
	}
	for _, name := range t.t.order {
		d.Functions = append(d.Functions, t.t.functions[name].describe())
	}
	for _, name := range t.t.propOrder {
		d.Properties = append(d.Properties, t.t.properties[name].describe())
	}
	return d
}

// named reports whether fullName is the full name of the Type.
func (t *typeDef) named(fullName string) bool {
	if t.name == fullName {
		return true
	}
	return !strings.Contains(t.name, ".") && fullName[strings.LastIndexByte(fullName, '.')+1:] == t.name
}

// ConfigFile names the file of an instance's configuration, for instances whose
// e.json names none. For the Types of SMS.Meta it is "sms.json".
func ConfigFile(name string) Part { return configFile(name) }

type configFile string

func (f configFile) addTo(t *typeDef) { t.configFile = string(f) }

// ForDevelopment makes a Type serve only in apps that were started with --dev, where
// it stands in for all instances of its family: they accept what their own Type
// accepts, and this Type serves them, with the keys of their configurations that it
// knows.
func ForDevelopment() Part { return forDevelopment{} }

type forDevelopment struct{}

func (forDevelopment) addTo(t *typeDef) { t.development = true }
