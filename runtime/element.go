package runtime

import (
	"context"
	"encoding/json"
	"sync"
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

// Element is a handle on an element: its name, and at each call whatever
// generation of it is the newest good one. It stays valid across reloads; the
// calls of one whose element was removed fail with ELEMENT_NOT_FOUND.
type Element struct {
	app  *App
	name string

	// def is nil while the element is removed.
	def atomic.Pointer[catalog.Element]
	// current is nil for what is no instance, or has no good generation.
	current atomic.Pointer[generation]
	// why there is no good generation.
	broken atomic.Pointer[errcode.Error]

	// tried is the catalog's revision, and the app's title, that apply has seen
	// last, pending the generation that is to replace the current one; who holds
	// applying owns them.
	tried      uint64
	triedTitle string
	pending    *generation

	mu   sync.Mutex
	live map[*generation]struct{} // not yet let go, current among them
}

// function is one function of an element, as a call needs it.
type function = *elementv1.Function

// String is FullName, for whoever prints an element.
func (e *Element) String() string { return e.name }

// FullName is the element's name.
func (e *Element) FullName() string { return e.name }

// Title is the element's title, empty when it was removed.
func (e *Element) Title() string { return e.definition().Title }

// Rank is meta, type or instance.
func (e *Element) Rank() string { return e.definition().Rank }

// Type is the full name of what it derives from; empty for a Meta.
func (e *Element) Type() string { return e.definition().Type }

// Meta is the full name of its family.
func (e *Element) Meta() string { return e.definition().Meta }

// Has says whether its Type has a function of that name, exposed or not.
func (e *Element) Has(function string) bool {
	return describedFunction(e.definition(), function) != nil
}

func (e *Element) definition() *catalog.Element {
	if def := e.def.Load(); def != nil {
		return def
	}
	return &catalog.Element{FullName: e.name}
}

// Call calls a function: arguments in order, or one Args. The answer is a JSON
// value (map[string]any, []any, string, float64, bool or nil).
//
// Errors: ELEMENT_NOT_FOUND, FUNCTION_NOT_FOUND, API_PARAMS_ERROR,
// ELEMENT_UNAVAILABLE (Details["outcome"] says whether it may have run),
// DEADLINE_EXCEEDED, and whatever the function answers.
func (e *Element) Call(ctx context.Context, function string, args ...any) (any, error) {
	def, err := e.existing()
	if err != nil {
		return nil, err
	}
	fn := describedFunction(def, function)
	if fn == nil {
		return nil, noFunction(e.name, function)
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

// Serve is Call for callers outside the app: only functions of the element's
// function list, only with a signed-in Caller where one is required, and no
// private element. The answer is JSON text. Errors as Call's, LOGIN_REQUIRED and
// FORBIDDEN.
func (e *Element) Serve(ctx context.Context, function string, args Args) (json.RawMessage, error) {
	if def := e.definition(); def.Access == catalog.Private || !def.Broken && def.Rank != catalog.Instance {
		return nil, notFound(e.name)
	}
	def, err := e.existing()
	if err != nil {
		return nil, err
	}
	fn := describedFunction(def, function)
	listed, loginRequired := listedFunction(def, function)
	switch {
	case fn == nil:
		return nil, noFunction(e.name, function)
	case !listed:
		return nil, errcode.New(errcode.Forbidden, "%s is not called from outside the app", function)
	case loginRequired && element.CallerOf(ctx).UserID == "":
		return nil, errcode.New(errcode.LoginRequired, "%s needs a signed-in user", function)
	}
	bound, err := bindNamed(fn, args)
	if err != nil {
		return nil, err
	}
	return e.run(ctx, fn, bound)
}

// Get reads a property. Every instance has "config": its configuration with the
// secrets masked. Errors as Call's.
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
	if !describesProperty(def, property) {
		return nil, errcode.New(errcode.FunctionNotFound, "%s has no property %s", e.name, clip(property))
	}
	ctx, cancel, call := e.serving(ctx, def, "")
	defer cancel()
	g, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer g.leave()
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	return g.code.get(ctx, g, property, call)
}

// configProperty is the property that every instance has.
const configProperty = "config"

func (e *Element) run(ctx context.Context, fn function, args Args) (json.RawMessage, error) {
	e.app.calls.begin()
	defer e.app.calls.end()
	start := time.Now()
	g, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer g.leave()
	ctx, cancel, call := e.serving(ctx, g.def, fn.GetName())
	defer cancel()
	ctx, span := e.app.trace(ctx, e.name, fn.GetName())
	var text json.RawMessage
	if err = g.ready(ctx); err == nil {
		text, err = g.code.call(ctx, g, fn, args, call)
	}
	span.end(err)
	for _, w := range e.app.watchers[g.def.Meta] {
		w.Called(element.EndedCall{Call: call, Args: args, Result: text, Err: err, Took: time.Since(start)})
	}
	if o := e.app.settings.observer; o != nil {
		var code Code
		if err != nil {
			code = errcode.Of(err)
		}
		o.Called(e.name, g.def.CodeType, fn.GetName(), time.Since(start), code)
	}
	return text, err
}

// serving gives the call that is being served, and the context it runs under.
func (e *Element) serving(ctx context.Context, def *catalog.Element, function string) (context.Context, context.CancelFunc, element.Call) {
	call := element.Call{
		Element:   e.name,
		App:       def.App,
		Type:      def.CodeType,
		Function:  function,
		RequestID: element.RequestID(ctx),
		Operation: element.Operation(ctx),
		Caller:    element.CallerOf(ctx),
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

// acquire gives the newest good generation, counted on. leave ends it.
func (e *Element) acquire() (*generation, error) {
	for {
		g := e.current.Load()
		if g == nil {
			return nil, e.unavailable()
		}
		g.refs.Add(1)
		if e.current.Load() == g {
			return g, nil
		}
		g.leave()
	}
}

func (e *Element) unavailable() error {
	def := e.def.Load()
	switch {
	case def == nil:
		return notFound(e.name)
	case def.Rank != catalog.Instance && !def.Broken:
		return errcode.New(errcode.FunctionNotFound, "%s is a %s: only instances are called", e.name, rankWord(def.Rank))
	}
	if why := e.broken.Load(); why != nil {
		return why
	}
	return errcode.Unavailable(errcode.OutcomeNotExecuted, "%s has no good configuration", e.name)
}

// existing gives the definition of an instance that has ever been good.
func (e *Element) existing() (*catalog.Element, error) {
	def := e.def.Load()
	switch {
	case def == nil:
		return nil, notFound(e.name)
	case def.Broken || def.Rank != catalog.Instance:
		return nil, e.unavailable()
	}
	return def, nil
}

// replace makes g (or nothing) the current generation and retires the one before.
func (e *Element) replace(g *generation) {
	e.mu.Lock()
	if e.live == nil {
		e.live = make(map[*generation]struct{}, 1)
	}
	for old := range e.live {
		if old.retired.Load() && old.refs.Load() == 0 {
			delete(e.live, old)
		}
	}
	if g != nil {
		e.live[g] = struct{}{}
	}
	e.mu.Unlock()
	if old := e.current.Swap(g); old != nil {
		old.retire()
	}
}

// names says whether a generation that may still be at work names the element
// of this full name in its configuration.
func (e *Element) names(fullName string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for g := range e.live {
		for _, reference := range g.def.References {
			if reference.Name == fullName {
				return true
			}
		}
	}
	return false
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

func noFunction(name, function string) error {
	return errcode.New(errcode.FunctionNotFound, "%s has no function %s", name, clip(function))
}

func describedFunction(def *catalog.Element, name string) function {
	for _, fn := range def.Description.GetFunctions() {
		if fn.GetName() == name {
			return fn
		}
	}
	return nil
}

// listedFunction says whether a function is called from outside the app, and
// whether that needs a signed-in user.
func listedFunction(def *catalog.Element, name string) (listed, loginRequired bool) {
	for _, fn := range def.Functions {
		if fn.Name == name {
			return true, fn.LoginRequired
		}
	}
	return false, false
}

func describesProperty(def *catalog.Element, name string) bool {
	for _, property := range def.Description.GetProperties() {
		if property.GetName() == name {
			return true
		}
	}
	return false
}

func decode(text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the answer is not JSON")
	}
	return value, nil
}
