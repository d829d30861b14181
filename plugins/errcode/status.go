package errcode

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// ToStatus gives the error of a gRPC method whose answer has no place for one,
// such as those of the Login service: a status that carries the whole Error as
// its detail. nil stays nil.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	wire := ToWire(err)
	st, derr := status.New(codes.Unknown, wire.GetCode()).WithDetails(wire)
	if derr != nil {
		return status.Error(codes.Unknown, wire.GetCode())
	}
	return st.Err()
}

// FromStatus gives the error that ToStatus gave. A status without one becomes
// DeadlineExceeded, ElementUnavailable (the connection was lost: the outcome is
// unknown) or Internal. nil stays nil.
func FromStatus(err error) error {
	if err == nil {
		return nil
	}
	st, ok := status.FromError(err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return Wrap(err, DeadlineExceeded, "the call's time was up")
		}
		return Wrap(err, Internal, "an internal error")
	}
	for _, detail := range st.Details() {
		if wire, ok := detail.(*elementv1.Error); ok {
			return FromWire(wire)
		}
	}
	switch st.Code() {
	case codes.DeadlineExceeded, codes.Canceled:
		return Wrap(err, DeadlineExceeded, "the call's time was up")
	case codes.Unavailable:
		e := Unavailable(OutcomeUnknown, "the connection was lost")
		e.cause = err
		return e
	default:
		return Wrap(err, Internal, "an internal error")
	}
}
