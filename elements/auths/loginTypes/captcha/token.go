package captcha

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// sealed is the content of a token.
type sealed struct {
	id      string
	kind    Kind
	expires time.Time
	answer  string
}

const (
	idLength = 16
	// headLength is the length of what precedes the answer: kind, ID and expiry.
	headLength = 1 + idLength + 8
	maxToken   = 256
)

var encoding = base64.RawURLEncoding

// token returns the token of a captcha. Nobody else can make one, see its answer,
// or use it at another instance.
func (m *Maker) token(instance string, kind Kind, answer string) string {
	plain := make([]byte, headLength, headLength+len(answer))
	plain[0] = byte(kind)
	_, _ = rand.Read(plain[1 : 1+idLength]) // never fails; see crypto/rand
	binary.BigEndian.PutUint64(plain[1+idLength:], uint64(time.Now().Add(Life).UnixMilli()))
	plain = append(plain, answer...)
	return encoding.EncodeToString(m.tokens.Seal(plain, instance))
}

func (m *Maker) open(instance, token string) (sealed, bool) {
	if len(token) > maxToken {
		return sealed{}, false
	}
	raw, err := encoding.DecodeString(token)
	if err != nil || encoding.EncodeToString(raw) != token {
		return sealed{}, false // one token has one spelling
	}
	plain, err := m.tokens.Open(raw, instance)
	if err != nil || len(plain) < headLength {
		return sealed{}, false
	}
	return sealed{
		kind:    Kind(plain[0]),
		id:      encoding.EncodeToString(plain[1 : 1+idLength]),
		expires: time.UnixMilli(int64(binary.BigEndian.Uint64(plain[1+idLength:]))),
		answer:  string(plain[headLength:]),
	}, true
}
