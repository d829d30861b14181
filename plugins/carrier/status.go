package carrier

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// writeStatus encodes an error as a status.
func writeStatus(err error) []byte {
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	raw, err := proto.Marshal(s.Proto())
	if err != nil || len(raw) > maxCarried {
		raw, _ = proto.Marshal(status.New(codes.Internal, "an error that can't be written").Proto())
	}
	return raw
}

// readStatus decodes a status. It never returns nil.
func readStatus(raw []byte) error {
	var s spb.Status
	if proto.Unmarshal(raw, &s) != nil || s.GetCode() == int32(codes.OK) {
		return status.Error(codes.Internal, "the answer's status can't be read")
	}
	return status.FromProto(&s).Err()
}
