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
	leave, err := s.gate.Enter(ctx)
	if err != nil {
		return nil, errcode.Wrap(err, errcode.StoreUnavailable, "too many requests at once").After(retryStore)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, storesTimeout)
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

// requestID returns the ID of the request for the stores. It is the same for a repeat
// of the request.
func requestID(ctx context.Context) string {
	if id := element.Operation(ctx); id != "" {
		return id
	}
	return uuid.NewString()
}

// directory is what sessions need of the default database.
type directory interface {
	databases.UserStore
	databases.SessionStore
	databases.DeviceStore
}

func (s *Service) directory() (directory, func(), error) {
	return storeOf[directory](s, element.DefaultDatabase)
}

func (s *Service) signingKeys() (databases.SigningKeyStore, func(), error) {
	return storeOf[databases.SigningKeyStore](s, element.DefaultDatabase)
}

func (s *Service) cache() (caches.TokenStore, func(), error) {
	return storeOf[caches.TokenStore](s, element.DefaultCache)
}

// storeOf returns the app's default instance of a kind, in the role that T is. The
// caller calls release when it is done.
func storeOf[T any](s *Service, kind string) (store T, release func(), err error) {
	instance, release, err := s.env.Elements.Default(kind)
	if err != nil {
		return store, nil, err
	}
	store, ok := instance.(T)
	if !ok {
		release()
		return store, nil, errcode.New(errcode.Internal, "%s is not the store that sessions need", s.env.Elements.DefaultName(kind))
	}
	return store, release, nil
}

func errLoginRequired() error { return errcode.New(errcode.LoginRequired, "nobody is signed in") }

// storeError returns a store's error with a code.
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
