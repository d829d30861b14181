package captcha

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"
)

// seal makes tokens and reads them (AES-256-GCM): nobody else can make one, see
// its answer, or use it at another instance.
type seal struct{ aead cipher.AEAD }

// sealed is what a token holds.
type sealed struct {
	id      string
	kind    Kind
	expires time.Time
	answer  string
}

const (
	idLength = 16
	// headLength is that of what stands before the answer: kind, id, expiry.
	headLength = 1 + idLength + 8
	// longestToken bounds what is worth opening.
	longestToken = 256
)

var encoding = base64.RawURLEncoding

func newSeal(key []byte) (*seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("captcha: the key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("captcha: the key: %w", err)
	}
	return &seal{aead}, nil
}

func (s *seal) token(instance string, kind Kind, answer string) (string, error) {
	plain := make([]byte, headLength, headLength+len(answer))
	plain[0] = byte(kind)
	_, _ = rand.Read(plain[1 : 1+idLength]) // never fails; see crypto/rand
	binary.BigEndian.PutUint64(plain[1+idLength:], uint64(time.Now().Add(Life).UnixMilli()))
	plain = append(plain, answer...)
	token := s.aead.Seal(nil, nil, plain, []byte(instance)) //nolint:gosec // the AEAD makes its own random nonce
	return encoding.EncodeToString(token), nil
}

func (s *seal) open(instance, token string) (sealed, bool) {
	if len(token) > longestToken {
		return sealed{}, false
	}
	raw, err := encoding.DecodeString(token)
	if err != nil || encoding.EncodeToString(raw) != token {
		return sealed{}, false // one token has one spelling
	}
	plain, err := s.aead.Open(nil, nil, raw, []byte(instance))
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
