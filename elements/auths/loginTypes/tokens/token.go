// Package tokens is the form of what a login hands out: loginCodes, tickets and
// device tokens. The login service makes loginCodes and tickets; the sessions
// take loginCodes and make device tokens. It knows no store and no user.
//
// A ticket is "<tag>.<random>". The tag is the opaque key under which the store
// keeps everything of one identity in one instance, so the token itself says
// where it lies and shares the identity's slot. The store sees the token's hash
// only, and its value only sealed: see Box.
//
// A loginCode is "<tag>.<random>.<code id>.<mac>". It is issued in the very step
// that finds out which verification code paid for it, so that code's id can't be
// in the value; it travels in the token, under a MAC, and is no secret.
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
	// CodeIDLength is that of a verification code's id.
	CodeIDLength = 22

	macLength       = 22
	loginCodeLength = TagLength + 1 + SecretLength + 1 + CodeIDLength + 1 + macLength
)

// Ref is where the store keeps a token: caches.TokenRequest's Key and Hash.
type Ref struct {
	Key  string
	Hash string

	// codeID and its mac, of a loginCode; not trusted before Box has checked them.
	codeID, mac string
}

// New joins the tag of an identity and 32 secret bytes into a token.
func New(tag string, secret [sha256.Size]byte) string {
	return tag + "." + base64.RawURLEncoding.EncodeToString(secret[:])
}

// Parse gives where a token lies, false for what can't be one. Nothing in it is
// trusted: a token that was never issued is not found there.
func Parse(token string) (Ref, bool) {
	parts := strings.Split(token, ".")
	lengths := []int{TagLength, SecretLength, CodeIDLength, macLength}
	if len(token) > loginCodeLength || len(parts) != 2 && len(parts) != 4 {
		return Ref{}, false
	}
	for i, part := range parts {
		if len(part) != lengths[i] || !base64url(part) {
			return Ref{}, false
		}
	}
	at := Ref{Key: parts[0], Hash: Hash(parts[0] + "." + parts[1])}
	if len(parts) == 4 {
		at.codeID, at.mac = parts[2], parts[3]
	}
	return at, true
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
