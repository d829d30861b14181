package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// None is the argument struct of a function without arguments, and the result type
// of a function without a result.
type None = struct{}

type function struct {
	name, title, desc string
	element           reflect.Type
	args              []argument
	returns           string
	out               reflect.Type
	exposed, login    bool
	changes           bool
	runsToEnd         bool
	call              func(ctx context.Context, element any, args json.RawMessage) (any, error)
}

// Func declares a function of a Type. fn is a method expression:
//
//	sdk.Func("sendMessage", (*Acme).Send, sdk.RunsToEnd())
//
// In is a struct with a field for each argument:
//
//	type Message struct {
//		Phone string            `json:"phone" arg:"Phone,required" title:"Recipient"`
//		Tries int               `json:"tries" default:"3"`
//		Vars  map[string]string `json:"vars"`
//	}
//
// The tag arg has the data type (Stext, Ltext, Numeric, Checkbox, Phone, JitDict,
// JitList, RowData) and whether the argument is required. Without it, the data type
// is derived from the Go type. The tag default has JSON, or plain text for a string.
// Arguments are checked before fn is called. Out is any type that encoding/json can
// marshal.
//
// Without ForAnyone or ForSignedIn the function is internal: it can be called by
// other elements and by the Go API, but not from outside the app.
//
// An error that is or wraps an *errcode.Error reaches the caller whole. Any other is
// INTERNAL to the caller; its text is only logged.
func Func[E, In, Out any](name string, fn func(*E, context.Context, In) (Out, error), opts ...FuncOption) Part {
	in, out := reflect.TypeFor[In](), reflect.TypeFor[Out]()
	f := &function{
		name:    name,
		element: reflect.TypeFor[*E](),
		args:    argumentsOf(name, in),
		returns: dataTypeOf(out),
		out:     out,
	}
	f.call = func(ctx context.Context, element any, raw json.RawMessage) (any, error) {
		var args In
		if err := decodeArgs(raw, f.args, reflect.ValueOf(&args).Elem()); err != nil {
			return nil, err
		}
		return fn(element.(*E), ctx, args)
	}
	for _, o := range opts {
		o.setFunction(f)
	}
	return f
}

func (f *function) addTo(t *typeDef) {
	t.mustAccept("function", f.name, f.element, t.functions[f.name] != nil)
	t.functions[f.name] = f
	t.order = append(t.order, f.name)
}

func (f *function) describe() *elementv1.Function {
	d := &elementv1.Function{
		Name: f.name, Title: f.title, Desc: f.desc, ReturnType: f.returns, ReturnSchema: returnSchema(f.out),
		Exposed: f.exposed, LoginRequired: f.login, Changes: f.changes || f.runsToEnd, RunsToEnd: f.runsToEnd,
	}
	for _, a := range f.args {
		d.Args = append(d.Args, &elementv1.Argument{
			Name: a.name, Title: a.title, DataType: a.dataType, Required: a.required, DefaultJson: string(a.fallback),
		})
	}
	return d
}

type property struct {
	name, title string
	element     reflect.Type
	dataType    string
	get         func(ctx context.Context, element any) (any, error)
}

// Prop declares a property of a Type: a value that others read by name. fn is a
// method expression.
func Prop[E, V any](name string, fn func(*E, context.Context) (V, error), opts ...PropOption) Part {
	p := &property{name: name, element: reflect.TypeFor[*E](), dataType: dataTypeOf(reflect.TypeFor[V]())}
	p.get = func(ctx context.Context, element any) (any, error) { return fn(element.(*E), ctx) }
	for _, o := range opts {
		o.setProperty(p)
	}
	return p
}

func (p *property) addTo(t *typeDef) {
	t.mustAccept("property", p.name, p.element, t.properties[p.name] != nil)
	t.properties[p.name] = p
	t.propOrder = append(t.propOrder, p.name)
}

// mustAccept panics if a function or property can't be added to the Type.
func (t *typeDef) mustAccept(kind, name string, element reflect.Type, taken bool) {
	if element != t.element {
		panic(fmt.Sprintf("sdk: %s: %s %q is a method of %s, not of %s", t.name, kind, name, element, t.element))
	}
	if name == "" || taken {
		panic(fmt.Sprintf("sdk: %s: %s %q has no name or is declared twice", t.name, kind, name))
	}
}

func (p *property) describe() *elementv1.Property {
	return &elementv1.Property{Name: p.name, Title: p.title, DataType: p.dataType}
}
