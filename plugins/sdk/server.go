package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/panicinfo"
)

// server is the Element service over the Types of an executable.
type server struct {
	elementv1.UnimplementedElementServer

	types  []Type
	host   *Host
	logger *slog.Logger

	mu          sync.RWMutex
	generations map[generationKey]*generation
}

type generationKey struct {
	instance string
	number   uint64
}

// NewServer returns the Element service of the Types, for programs that serve it in
// their own way; most use [Main]. host is a connection to the Host service; it may
// be nil.
func NewServer(host grpc.ClientConnInterface, logger *slog.Logger, types ...Type) elementv1.ElementServer {
	h := &Host{conn: noHost{}}
	if host != nil {
		h.conn = &hostConn{dial: func() (grpc.ClientConnInterface, error) { return host, nil }}
	}
	return newServer(h, logger, types)
}

func newServer(host *Host, logger *slog.Logger, types []Type) *server {
	seen := make(map[string]bool, len(types))
	for _, t := range types {
		if seen[t.t.name] {
			panic(fmt.Sprintf("sdk: Type %s is declared twice", t.t.name))
		}
		seen[t.t.name] = true
	}
	return &server{types: types, host: host, logger: logger, generations: make(map[generationKey]*generation)}
}

func (s *server) typeOf(name string) *typeDef {
	for _, t := range s.types {
		if t.t.named(name) {
			return t.t
		}
	}
	return nil
}

func (s *server) Describe(context.Context, *elementv1.DescribeRequest) (*elementv1.DescribeResponse, error) {
	return describe(s.types), nil
}

func describe(types []Type) *elementv1.DescribeResponse {
	answer := &elementv1.DescribeResponse{}
	for _, t := range types {
		answer.Types = append(answer.Types, t.Describe())
	}
	return answer
}

func (s *server) Configure(ctx context.Context, in *elementv1.ConfigureRequest) (*elementv1.ConfigureResponse, error) {
	id := in.GetInstance()
	env := Env{Instance: id.GetName(), Title: in.GetTitle(), Generation: id.GetGeneration(), App: appOf(in.GetApp())}
	g, warned, err := s.open(ctx, id.GetType(), env, in.GetConfigJson())
	answer := &elementv1.ConfigureResponse{Warnings: warned}
	if err != nil {
		answer.Diagnostics = s.diagnose(env.Instance, err)
		return answer, nil
	}
	key := generationKey{id.GetName(), id.GetGeneration()}
	s.mu.Lock()
	replaced := s.generations[key]
	s.generations[key] = g
	s.mu.Unlock()
	if replaced != nil {
		replaced.release(ctx)
	}
	return answer, nil
}

func (s *server) Check(ctx context.Context, in *elementv1.CheckRequest) (*elementv1.CheckResponse, error) {
	env := Env{Instance: in.GetName(), App: appOf(in.GetApp())}
	g, _, err := s.open(ctx, in.GetType(), env, in.GetConfigJson())
	if err != nil {
		return &elementv1.CheckResponse{Diagnostics: s.diagnose(env.Instance, err)}, nil
	}
	defer g.release(ctx)
	answer := &elementv1.CheckResponse{}
	checker, ok := g.element.(Checker)
	if !ok {
		return answer, nil
	}
	ctx, _ = withCall(ctx, "", s.host, g.logger)
	steps, err := guarded(ctx, g.logger, "check", func() ([]CheckStep, error) { return checker.Check(ctx), nil })
	if err != nil {
		steps = append(steps, CheckStep{Name: "check", Message: "the check itself failed; the plugin's log says why"})
	}
	for _, s := range steps {
		answer.Steps = append(answer.Steps, &elementv1.CheckStep{Name: s.Name, Ok: s.OK, Message: s.Message})
		answer.Rungs = append(answer.Rungs, &elementv1.Rung{Name: s.Name, Ok: s.OK, Message: s.Message}) //nolint:staticcheck // for hosts that know rungs only
	}
	return answer, nil
}

func (s *server) open(ctx context.Context, typeName string, env Env, config []byte) (*generation, []*elementv1.Diagnostic, error) {
	def := s.typeOf(typeName)
	if def == nil {
		return nil, nil, ConfigError("", "this executable has no Type %s", typeName)
	}
	env.Logger = instanceLogger(s.logger, env.Instance)
	warned := &warnings{}
	ctx = context.WithValue(ctx, warningsKey{}, warned)
	ctx, _ = withCall(ctx, "", s.host, env.Logger)
	element, err := guarded(ctx, env.Logger, "open", func() (any, error) { return def.open(ctx, config, env) })
	if err != nil {
		return nil, warned.list(), err
	}
	return &generation{def: def, element: element, logger: env.Logger}, warned.list(), nil
}

func (s *server) diagnose(instance string, err error) []*elementv1.Diagnostic {
	found, unexplained := diagnosticsOf(err)
	if unexplained != nil {
		instanceLogger(s.logger, instance).Error("an instance could not be opened", "error", unexplained)
	}
	return found
}

// enter returns a generation and counts a call on it, which leave ends.
func (s *server) enter(id *elementv1.Instance) (*generation, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g := s.generations[generationKey{id.GetName(), id.GetGeneration()}]
	if g == nil {
		return nil, errcode.Unavailable(errcode.OutcomeNotExecuted,
			"generation %d of %s is not configured", id.GetGeneration(), id.GetName())
	}
	g.enter()
	return g, nil
}

func (s *server) Call(ctx context.Context, in *elementv1.CallRequest) (*elementv1.CallResponse, error) {
	g, err := s.enter(in.GetInstance())
	if err != nil {
		return &elementv1.CallResponse{Error: errcode.ToWire(err)}, nil
	}
	defer g.leave() //nolint:contextcheck // the last call closes the value, with a deadline of its own
	f := g.def.functions[in.GetFunction()]
	if f == nil {
		err := errcode.New(errcode.FunctionNotFound, "%s has no function %s", g.def.name, in.GetFunction())
		return &elementv1.CallResponse{Error: errcode.ToWire(err)}, nil
	}
	ctx, logger := withCall(ctx, in.GetRequestId(), s.host, g.logger)
	result, err := answer(ctx, logger, in.GetFunction(), func() (any, error) {
		return f.call(ctx, g.element, in.GetArgsJson())
	})
	if err != nil {
		return &elementv1.CallResponse{Error: errcode.ToWire(err)}, nil
	}
	return &elementv1.CallResponse{ResultJson: result}, nil
}

func (s *server) Get(ctx context.Context, in *elementv1.GetRequest) (*elementv1.GetResponse, error) {
	g, err := s.enter(in.GetInstance())
	if err != nil {
		return &elementv1.GetResponse{Error: errcode.ToWire(err)}, nil
	}
	defer g.leave() //nolint:contextcheck // the last call closes the value, with a deadline of its own
	p := g.def.properties[in.GetProperty()]
	if p == nil {
		err := errcode.New(errcode.FunctionNotFound, "%s has no property %s", g.def.name, in.GetProperty())
		return &elementv1.GetResponse{Error: errcode.ToWire(err)}, nil
	}
	ctx, logger := withCall(ctx, in.GetRequestId(), s.host, g.logger)
	value, err := answer(ctx, logger, in.GetProperty(), func() (any, error) { return p.get(ctx, g.element) })
	if err != nil {
		return &elementv1.GetResponse{Error: errcode.ToWire(err)}, nil
	}
	return &elementv1.GetResponse{ValueJson: value}, nil
}

func (s *server) Release(ctx context.Context, in *elementv1.ReleaseRequest) (*elementv1.ReleaseResponse, error) {
	key := generationKey{in.GetInstance().GetName(), in.GetInstance().GetGeneration()}
	s.mu.Lock()
	g := s.generations[key]
	delete(s.generations, key)
	s.mu.Unlock()
	if g != nil {
		g.release(ctx)
	}
	return &elementv1.ReleaseResponse{}, nil
}

// answer runs an author's function and returns its result as JSON. Its errors have
// codes.
func answer(ctx context.Context, logger *slog.Logger, what string, fn func() (any, error)) ([]byte, error) {
	result, err := guarded(ctx, logger, what, fn)
	if err != nil {
		return nil, coded(ctx, logger, what, err)
	}
	if _, none := result.(None); none {
		return []byte("null"), nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		logger.Error("a result has no JSON form", "function", what, "error", err)
		return nil, errcode.Wrap(err, errcode.Internal, "an internal error")
	}
	return raw, nil
}

// coded returns an error with a code. One without is DEADLINE_EXCEEDED if the call's
// time is up, else INTERNAL, with its text in the log only.
func coded(ctx context.Context, logger *slog.Logger, what string, err error) error {
	var own *errcode.Error
	switch {
	case errors.As(err, &own):
		return own
	case ctx.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
		return errcode.Wrap(err, errcode.DeadlineExceeded, "the call's time was up")
	}
	logger.Error("a call failed with an error that has no code", "function", what, "error", err)
	return errcode.Wrap(err, errcode.Internal, "an internal error")
}

// guarded runs an author's function and turns a panic into an error.
func guarded[T any](ctx context.Context, logger *slog.Logger, what string, fn func() (T, error)) (result T, err error) {
	defer func() {
		if value := recover(); value != nil {
			logger.ErrorContext(ctx, what+" panicked", panicinfo.Attrs(value)...)
			err = errcode.New(errcode.Internal, "an internal error")
		}
	}()
	return fn()
}
