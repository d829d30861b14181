package sessions

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// Call runs a function of the Type.
func (s *Service) Call(ctx context.Context, function string, args element.Args) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, storesBound)
	defer cancel()
	switch function {
	case "loginByCode":
		return s.loginByCode(ctx, text(args, "loginCode"), text(args, "corp"), text(args, "platform"))
	case "refresh":
		return s.refreshSession(ctx, text(args, "refreshToken"))
	case "logout":
		return s.logout(ctx, text(args, "refreshToken"))
	case "currentUser":
		return s.currentUser(ctx)
	case "sessions":
		return s.sessions(ctx)
	case "endSession":
		return s.endSession(ctx, text(args, "sessionId"))
	}
	return nil, unknown("function", function)
}

func text(args element.Args, name string) string {
	v, _ := args[name].(string)
	return v
}

func unknown(what, name string) error {
	return errcode.New(errcode.FunctionNotFound, "%s has no %s %q", TypeName, what, name)
}

// operation names the request to the stores: the call's own name for it, so that
// a repeat is known as one, else a new one.
func operation(ctx context.Context) string {
	if id := element.Operation(ctx); id != "" {
		return id
	}
	return uuid.NewString()
}

func (s *Service) directory() (databases.Directory, func(), error) {
	instance, release, err := s.env.Elements.Default(element.DefaultDatabase)
	if err != nil {
		return nil, nil, err
	}
	if d, ok := instance.(databases.Directory); ok {
		return d, release, nil
	}
	release()
	return nil, nil, errcode.New(errcode.Internal, "%s is no database", s.env.Elements.DefaultName(element.DefaultDatabase))
}

func (s *Service) cache() (caches.Store, func(), error) {
	instance, release, err := s.env.Elements.Default(element.DefaultCache)
	if err != nil {
		return nil, nil, err
	}
	if c, ok := instance.(caches.Store); ok {
		return c, release, nil
	}
	release()
	return nil, nil, errcode.New(errcode.Internal, "%s is no cache", s.env.Elements.DefaultName(element.DefaultCache))
}

// twice asks a store again, once, when it was unavailable: a reply that was lost
// on the way is then learned. step names its request, so the store answers the same.
func twice[T any](ctx context.Context, step func(ctx context.Context) (T, error)) (T, error) {
	answer, err := step(ctx)
	if (errors.Is(err, caches.ErrUnavailable) || errors.Is(err, databases.ErrUnavailable)) && ctx.Err() == nil {
		answer, err = step(ctx)
	}
	return answer, err
}

// storeError gives the code of an error that a store returned.
func storeError(err error, what string) error {
	var coded *errcode.Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, caches.ErrUnavailable), errors.Is(err, databases.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return errcode.Wrap(err, errcode.StoreUnavailable, "%s: the store can't be reached", what).After(retryStore)
	case errors.Is(err, context.Canceled):
		return errcode.Wrap(err, errcode.DeadlineExceeded, "%s: the time was up", what)
	}
	return errcode.Wrap(err, errcode.Internal, "%s failed", what)
}
