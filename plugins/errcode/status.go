package errcode

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// GRPCStatus lets an Error be returned as it is by a gRPC service whose answers
// have no error of their own, such as Login: it crosses whole, as a detail of the
// status. FromStatus reads it.
func (e *Error) GRPCStatus() *status.Status {
	s := status.New(codes.Unknown, string(e.Code))
	detailed, err := s.WithDetails(ToWire(e))
	if err != nil {
		return s
	}
	return detailed
}

// FromStatus gives the Error that crossed as a gRPC status; any other error is
// returned as it is, nil as nil.
func FromStatus(err error) error {
	if err == nil {
		return nil
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	for _, detail := range s.Details() {
		if w, ok := detail.(*elementv1.Error); ok {
			return FromWire(w)
		}
	}
	return err
}
