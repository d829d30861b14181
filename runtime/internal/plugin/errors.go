package plugin

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// contextError returns the error of a wait that the caller's context ended. The
// context's own error is in its chain.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return errcode.Wrap(err, errcode.DeadlineExceeded, "the call timed out")
	}
	return errcode.Wrap(err, errcode.DeadlineExceeded, "the caller gave up")
}

// callError returns the contract's error for one of gRPC. It leaves out the message of
// the plugin's status, which may hold anything.
func (c *child) callError(ctx context.Context, err error, reached bool) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	code := status.Code(err)
	switch code { //nolint:exhaustive // the others are errors of the plugin
	case codes.DeadlineExceeded:
		// The plugin noticed the deadline first.
		return errcode.Wrap(errors.Join(context.DeadlineExceeded, err), errcode.DeadlineExceeded, "the call timed out")
	case codes.Unimplemented:
		return errcode.Wrap(err, errcode.FunctionNotFound, "the element's plugin has no such function")
	case codes.ResourceExhausted:
		return errcode.Wrap(err, errcode.Internal, "a message to or from the plugin is larger than %d MiB", handshake.MaxMessageSize>>20)
	case codes.Unavailable, codes.Canceled:
		if !reached {
			e := errcode.Wrap(errNeverSent, errcode.ElementUnavailable, "the element's plugin is not running").With("outcome", errcode.OutcomeNotExecuted)
			return e.After(c.host.times.Backoff)
		}
		return errcode.Wrap(err, errcode.ElementUnavailable, "the element's plugin ended during the call").With("outcome", errcode.OutcomeUnknown)
	}
	return errcode.Wrap(err, errcode.Internal, "the element's plugin failed (%s)", code)
}

// configureError is callError for Configure, which has no effect if it fails.
func (p *Process) configureError(ctx context.Context, err error) error {
	if errors.As(err, new(*ConfigError)) {
		return err
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	e := errcode.Wrap(err, errcode.ElementUnavailable, "the element could not be configured").With("outcome", errcode.OutcomeNotExecuted)
	if code := status.Code(err); code == codes.Unavailable || code == codes.Canceled {
		return e.After(p.host.times.Backoff)
	}
	return e
}

func isUnavailable(err error) bool {
	var e *errcode.Error
	return errors.As(err, &e) && e.Code == errcode.ElementUnavailable && e.Retryable
}

// codeOf returns the code of an error for metrics.
func codeOf(err error) errcode.Code {
	if errors.Is(err, context.Canceled) {
		return "CANCELED"
	}
	return errcode.Of(err)
}
