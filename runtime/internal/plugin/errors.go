package plugin

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// ended is the error of a wait that the caller's context ended. Of a cancellation
// the context's own error is in the chain.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return errcode.Wrap(err, errcode.DeadlineExceeded, "the call's time was up")
	}
	return errcode.Wrap(err, errcode.DeadlineExceeded, "the caller has gone")
}

// callError makes of gRPC's error what the contract says. Words of a plugin's
// status are not passed on: they may hold anything.
func (c *child) callError(ctx context.Context, err error, reached bool) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	code := status.Code(err)
	switch code { //nolint:exhaustive // the rest is a fault of the plugin
	case codes.DeadlineExceeded:
		// The plugin's clock of the same deadline was first.
		return errcode.Wrap(errors.Join(context.DeadlineExceeded, err), errcode.DeadlineExceeded, "the call's time was up")
	case codes.Unimplemented:
		return errcode.Wrap(err, errcode.FunctionNotFound, "the element's plugin has no such function")
	case codes.ResourceExhausted:
		return errcode.Wrap(err, errcode.Internal, "the plugin's answer, or what the plugin takes, is not within %d MiB", handshake.MaxMessageSize>>20)
	case codes.Unavailable, codes.Canceled:
		if !reached {
			e := errcode.Wrap(errNeverSent, errcode.ElementUnavailable, "the element's plugin is not there").With("outcome", errcode.OutcomeNotExecuted)
			return e.After(c.host.times.Backoff)
		}
		return errcode.Wrap(err, errcode.ElementUnavailable, "the element's plugin ended during the call").With("outcome", errcode.OutcomeUnknown)
	}
	return errcode.Wrap(err, errcode.Internal, "the element's plugin answered with a fault (%s)", code)
}

// configureError is callError for Configure, which has no effect when it fails.
func (p *Process) configureError(ctx context.Context, err error) error {
	var refused *ConfigError
	if errors.As(err, &refused) {
		return err
	}
	if ctx.Err() != nil {
		return ended(ctx)
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

// codeOf names an error for metrics.
func codeOf(err error) errcode.Code {
	if errors.Is(err, context.Canceled) {
		return "CANCELED"
	}
	return errcode.Of(err)
}
