package errcode

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// GRPCStatus returns the error as a status with the whole error as a detail, which
// FromStatus reads. A gRPC method whose answer has no field for errors, such as those of
// the Login service, returns an Error as it is.
func (e *Error) GRPCStatus() *status.Status {
	s := status.New(codes.Unknown, string(e.Code))
	detailed, err := s.WithDetails(ToWire(e))
	if err != nil {
		return s
	}
	return detailed
}

// ToStatus returns any error as such a status. An error without a code becomes Internal,
// without its text. nil stays nil.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	e, ok := As(err)
	if !ok {
		e = New(Internal, "an internal error")
	}
	return e.GRPCStatus().Err()
}

// FromStatus returns the Error of a status. A status without one becomes
// DeadlineExceeded, ElementUnavailable (the connection was lost and the outcome is
// unknown) or Internal. nil stays nil.
func FromStatus(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Wrap(err, DeadlineExceeded, "the call timed out")
	}
	s, ok := status.FromError(err)
	if !ok {
		return Wrap(err, Internal, "an internal error")
	}
	for _, detail := range s.Details() {
		if w, ok := detail.(*elementv1.Error); ok {
			return FromWire(w)
		}
	}
	switch s.Code() {
	case codes.DeadlineExceeded, codes.Canceled:
		return Wrap(err, DeadlineExceeded, "the call timed out")
	case codes.Unavailable:
		e := Unavailable(OutcomeUnknown, "the connection was lost")
		e.cause = err
		return e
	default:
		return Wrap(err, Internal, "an internal error")
	}
}
