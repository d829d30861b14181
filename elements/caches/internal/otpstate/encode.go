package otpstate

import (
	"errors"

	"google.golang.org/protobuf/proto"
)

// ErrFormat means that a stored value can't be read.
var ErrFormat = errors.New("what is stored can't be read")

// format is the first byte of what Encode returns: the version of otpstate.proto.
// Values in the format before began with a letter, see decodeOld.
const format = 1

// Encode returns a value as bytes; Decode is its inverse.
func Encode(value any) ([]byte, error) {
	if use, ok := value.(*CaptchaUse); ok {
		return []byte(use.Request), nil
	}
	m, ok := value.(proto.Message)
	if !ok {
		return nil, ErrFormat
	}
	return proto.MarshalOptions{}.MarshalAppend(append(make([]byte, 0, 256), format), m)
}

// Decode reads a value of a kind.
func Decode(kind Kind, b []byte) (any, error) {
	if kind == KindCaptcha {
		return &CaptchaUse{Request: string(b)}, nil
	}
	if len(b) == 0 || b[0] != format {
		return decodeOld(kind, b)
	}
	m := newMessage(kind)
	if m == nil || proto.Unmarshal(b[1:], m) != nil {
		return nil, ErrFormat
	}
	if g, ok := m.(*Group); ok && !g.valid() {
		return nil, ErrFormat
	}
	return m, nil
}

func newMessage(kind Kind) proto.Message {
	switch kind {
	case KindState:
		return &State{}
	case KindToken:
		return &Token{}
	case KindRecord:
		return &Record{}
	case KindGroup, KindBudget:
		return &Group{}
	default:
		return nil
	}
}
