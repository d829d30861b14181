// Package tokens defines the form of the tokens of a login: loginCodes, tickets and
// device tokens. Package verification issues loginCodes and tickets; package sessions
// takes loginCodes and issues device tokens. It doesn't know stores or users.
//
// A ticket is "<tag>.<secret>". The tag is the opaque key under which the cache keeps
// the state of one identity in one instance, so the token itself tells its place, in
// the identity's slot. The cache gets only the token's hash, and its value sealed by
// a Sealer.
//
// A loginCode is "<tag>.<secret>.<code ID>.<MAC>". It is issued in the step that finds
// the verification code it is issued for, so the code's ID can't be part of the value.
// It is part of the token, which isn't a secret, protected by the MAC.
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
	// CodeIDLength is the length of a verification code's ID.
	CodeIDLength = 22

	macLength       = 22
	loginCodeLength = TagLength + 1 + SecretLength + 1 + CodeIDLength + 1 + macLength
)

// Ref is where the cache keeps a token: the Key and Hash of a caches.TokenRequest.
type Ref struct {
	Key  string
	Hash string

	// codeID and its MAC, of a loginCode. A Sealer checks them.
	codeID, mac string
}

// New returns the token of an identity's tag and 32 secret bytes.
func New(tag string, secret [sha256.Size]byte) string {
	return tag + "." + base64.RawURLEncoding.EncodeToString(secret[:])
}

// Parse returns where a token is kept, and false if it can't be a token. It doesn't
// verify the token: one that was never issued won't be found there.
func Parse(token string) (Ref, bool) {
	parts := strings.Split(token, ".")
	lengths := []int{TagLength, SecretLength, CodeIDLength, macLength}
	if len(token) > loginCodeLength || len(parts) != 2 && len(parts) != 4 {
		return Ref{}, false
	}
	for i, part := range parts {
		if len(part) != lengths[i] || strings.Trim(part, base64url) != "" {
			return Ref{}, false
		}
	}
	at := Ref{Key: parts[0], Hash: Hash(parts[0] + "." + parts[1])}
	if len(parts) == 4 {
		at.codeID, at.mac = parts[2], parts[3]
	}
	return at, true
}

// Hash returns the hash under which a token is kept: the SHA-256 of its text, in
// base64url.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// base64url is the alphabet of base64url.
const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
