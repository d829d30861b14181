package runtime

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// callTimeout bounds a call whose context has no deadline.
const callTimeout = 30 * time.Second

// Element is a handle on an element: its name, and at each call its newest good
// generation. It stays valid across reloads; calls of a removed element fail with
// ELEMENT_NOT_FOUND.
type Element struct {
	name  string
	calls *callRecorder
	state atomic.Pointer[elementState]
}

// elementState is what an element is at one moment. It doesn't change once stored.
type elementState struct {
	def     *catalog.Element // nil while the element is removed
	current *generation      // nil if it is no instance or has no good generation
	broken  *errcode.Error   // why it has no good generation
}

func newElement(name string, calls *callRecorder) *Element {
	e := &Element{name: name, calls: calls}
	e.state.Store(&elementState{})
	return e
}

// publish replaces the state and retires the generation that served until now. Only
// the reconciler calls it, under its lock.
func (e *Element) publish(def *catalog.Element, current *generation, broken *errcode.Error) {
	before := e.state.Swap(&elementState{def: def, current: current, broken: broken})
	if old := before.current; old != nil && old != current {
		old.retire()
	}
}

// function is a function as its Type describes it.
type function = *elementv1.Function

// String returns the full name.
func (e *Element) String() string { return e.name }

// FullName returns the full name.
func (e *Element) FullName() string { return e.name }

// Title returns the title, empty if the element was removed.
func (e *Element) Title() string { return e.definition().Title }

// Rank returns meta, type or instance.
func (e *Element) Rank() string { return e.definition().Rank }

// Type returns the full name of what it derives from, empty for a Meta.
func (e *Element) Type() string { return e.definition().Type }

// Meta returns the full name of its family.
func (e *Element) Meta() string { return e.definition().Meta }

// Has reports whether its Type has a function of that name, exposed or not.
func (e *Element) Has(function string) bool {
	return describedFunction(e.definition(), function) != nil
}

func (e *Element) definition() *catalog.Element {
	if def := e.state.Load().def; def != nil {
		return def
	}
	return &catalog.Element{FullName: e.name}
}

// Call calls a function with arguments in order or with one Args. It returns a JSON
// value: map[string]any, []any, string, float64, bool or nil.
//
// Errors are ELEMENT_NOT_FOUND, FUNCTION_NOT_FOUND, API_PARAMS_ERROR,
// ELEMENT_UNAVAILABLE (Details["outcome"] tells whether it may have run),
// DEADLINE_EXCEEDED, and those of the function.
func (e *Element) Call(ctx context.Context, function string, args ...any) (any, error) {
	fn, err := e.function(function)
	if err != nil {
		return nil, err
	}
	bound, err := bind(fn, args)
	if err != nil {
		return nil, err
	}
	text, err := e.run(ctx, fn, bound)
	if err != nil {
		return nil, err
	}
	return decode(text)
}

// Serve is Call for callers outside the app. It serves only functions of the function
// list, requires a signed-in Caller where the list does, and hides private elements.
// It returns JSON text. Errors are those of Call, LOGIN_REQUIRED and FORBIDDEN.
func (e *Element) Serve(ctx context.Context, function string, args Args) (json.RawMessage, error) {
	fn, _, err := e.exposed(ctx, function)
	if err != nil {
		return nil, err
	}
	bound, err := bindNamed(fn, args)
	if err != nil {
		return nil, err
	}
	return e.run(ctx, fn, bound)
}

// Admit checks a call as Serve does, without making it. It reports whether the function
// changes something, with LOGIN_REQUIRED too.
func (e *Element) Admit(ctx context.Context, function string, args Args) (changes bool, err error) {
	fn, changes, err := e.exposed(ctx, function)
	if err == nil {
		_, err = bindNamed(fn, args)
	}
	return changes, err
}

// exposed returns a function that the caller may call from outside the app.
func (e *Element) exposed(ctx context.Context, name string) (fn function, changes bool, err error) {
	if def := e.definition(); def.Access == catalog.Private || !def.Broken && def.Rank != catalog.Instance {
		return nil, false, notFound(e.name)
	}
	fn, err = e.function(name)
	if err != nil {
		return nil, false, err
	}
	exposed := e.definition().Functions
	i := slices.IndexFunc(exposed, func(f element.Function) bool { return f.Name == name })
	switch {
	case i < 0:
		return nil, false, errcode.New(errcode.Forbidden, "%s can't be called from outside the app", name)
	case exposed[i].LoginRequired && element.CallerOf(ctx).UserID == "":
		return nil, exposed[i].Changes, errcode.New(errcode.LoginRequired, "%s needs a signed-in user", name)
	}
	return fn, exposed[i].Changes, nil
}

// Get reads a property. Every instance has "config", its configuration with secrets
// masked. Errors are those of Call.
func (e *Element) Get(ctx context.Context, property string) (any, error) {
	text, err := e.get(ctx, property)
	if err != nil {
		return nil, err
	}
	return decode(text)
}

func (e *Element) get(ctx context.Context, property string) (json.RawMessage, error) {
	def, err := e.existing()
	if err != nil {
		return nil, err
	}
	if property == configProperty && def.Rank == catalog.Instance {
		return json.Marshal(def.Masked)
	}
	if !slices.ContainsFunc(def.Description.GetProperties(), func(p *elementv1.Property) bool { return p.GetName() == property }) {
		return nil, errcode.New(errcode.FunctionNotFound, "%s has no property %s", e.name, clip(property))
	}
	g, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer g.leave()
	ctx, cancel, call := g.serving(ctx, "")
	defer cancel()
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	return g.code.get(ctx, g, property, call)
}

// configProperty is the property that every instance has.
const configProperty = "config"

func (e *Element) run(ctx context.Context, fn function, args Args) (json.RawMessage, error) {
	e.calls.begin()
	defer e.calls.end()
	start := time.Now()
	g, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer g.leave()
	ctx, cancel, call := g.serving(ctx, fn.GetName())
	defer cancel()
	ctx, endSpan := e.calls.trace(ctx, call)
	var text json.RawMessage
	if err = g.open(ctx); err == nil {
		text, err = g.code.call(ctx, g, fn, args, call)
	}
	endSpan(err)
	e.calls.report(g.def.Meta, element.EndedCall{Call: call, Args: args, Result: text, Err: err, Took: time.Since(start)})
	return text, err
}

// serving returns the call that g is to serve, and the context it runs under.
func (g *generation) serving(ctx context.Context, function string) (context.Context, context.CancelFunc, element.Call) {
	call := element.Call{
		Element:   g.def.FullName,
		App:       g.def.App,
		Type:      g.def.CodeType,
		Function:  function,
		RequestID: element.RequestID(ctx),
		Operation: element.Operation(ctx),
		Caller:    element.CallerOf(ctx),
		Config:    g.config,
	}
	if call.RequestID == "" {
		call.RequestID = uuid.NewString()
	}
	if call.Operation == "" {
		call.Operation = uuid.NewString()
	}
	cancel := func() {}
	if _, bounded := ctx.Deadline(); !bounded {
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
	}
	return ctx, cancel, call
}

// acquire returns the newest good generation and counts a call on it, which the
// caller ends with leave.
func (e *Element) acquire() (*generation, error) {
	for {
		s := e.state.Load()
		if s.current == nil {
			return nil, e.unavailable(s)
		}
		s.current.calls.Add(1)
		if e.state.Load().current == s.current {
			return s.current, nil
		}
		s.current.leave()
	}
}

func (e *Element) unavailable(s *elementState) error {
	switch {
	case s.def == nil:
		return notFound(e.name)
	case s.def.Rank != catalog.Instance && !s.def.Broken:
		return errcode.New(errcode.FunctionNotFound, "%s is a %s: only instances can be called", e.name, rankWord(s.def.Rank))
	case s.broken != nil:
		return s.broken
	}
	return errcode.Unavailable(errcode.OutcomeNotExecuted, "%s has no good configuration", e.name)
}

// existing returns the definition of an instance that has ever been good.
func (e *Element) existing() (*catalog.Element, error) {
	s := e.state.Load()
	if s.def == nil || s.def.Broken || s.def.Rank != catalog.Instance {
		return nil, e.unavailable(s)
	}
	return s.def, nil
}

// function finds a function of an instance, exposed or not.
func (e *Element) function(name string) (function, error) {
	def, err := e.existing()
	if err != nil {
		return nil, err
	}
	if fn := describedFunction(def, name); fn != nil {
		return fn, nil
	}
	return nil, errcode.New(errcode.FunctionNotFound, "%s has no function %s", e.name, clip(name))
}

// FunctionNames returns the names of all functions of an instance that has ever been
// good, exposed or not.
func (e *Element) FunctionNames() []string {
	def, err := e.existing()
	if err != nil {
		return nil
	}
	var names []string
	for _, fn := range def.Description.GetFunctions() {
		names = append(names, fn.GetName())
	}
	return names
}

func rankWord(rank string) string {
	if rank == catalog.Meta {
		return "Meta"
	}
	return "Type"
}

func notFound(name string) error {
	return errcode.New(errcode.ElementNotFound, "there is no element %s", clip(name))
}

func describedFunction(def *catalog.Element, name string) function {
	for _, fn := range def.Description.GetFunctions() {
		if fn.GetName() == name {
			return fn
		}
	}
	return nil
}

func decode(text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the result is not JSON")
	}
	return value, nil
}
