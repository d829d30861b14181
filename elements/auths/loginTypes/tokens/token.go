// Package tokens is the form of what a login hands out: loginCodes, tickets and
// device tokens. The login service makes loginCodes and tickets; the sessions
// take loginCodes and make device tokens. It knows no store and no user.
//
// A loginCode or ticket is "<tag>.<random>". The tag is the opaque key under
// which the store keeps everything of one identity in one instance, so the token
// itself says where it lies and shares the identity's slot. The store sees the
// token's hash only, and its value only sealed: see Box.
package tokens

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"
)

// How long tokens live.
const (
	LoginCodeTTL = 60 * time.Second
	TicketTTL    = 5 * time.Minute
)

// The lengths of a token's parts. 22 characters of base64url hold 132 bits, of
// which 128 are used; 43 hold 256.
const (
	TagLength    = 22
	SecretLength = 43
)

// Ref is where the store keeps a token: caches.TokenRequest's Key and Hash.
type Ref struct {
	Key  string
	Hash string
}

// New joins the tag of an identity and 32 secret bytes into a token.
func New(tag string, secret [sha256.Size]byte) string {
	return tag + "." + base64.RawURLEncoding.EncodeToString(secret[:])
}

// Parse gives where a token lies, false for what can't be one. Nothing in it is
// trusted: a token that was never issued is not found there.
func Parse(token string) (Ref, bool) {
	if len(token) != TagLength+1+SecretLength {
		return Ref{}, false
	}
	tag, secret, found := strings.Cut(token, ".")
	if !found || len(tag) != TagLength || !base64url(tag) || !base64url(secret) {
		return Ref{}, false
	}
	return Ref{Key: tag, Hash: Hash(token)}, true
}

// Hash is how a token is kept: the SHA-256 of its text, in base64url.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func base64url(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
