package tokens

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// LoginCode is what a loginCode stands for.
type LoginCode struct {
	UserID string `json:"userId"`
	// CodeID is the id of the verification code that paid for it: the session
	// that the loginCode opens carries it, unique. It is not in the value but in
	// the loginCode itself.
	CodeID string `json:"-"`
	// Phone is the identity that was proved, in E.164: the device token is bound to it.
	Phone string `json:"phone"`
	// Instance is the full name of the login that issued it.
	Instance string `json:"instance"`
	// Test: it was opened with the code of a test phone.
	Test bool `json:"test,omitempty"`
}

// Ticket is what a ticket stands for: its bearer may move the user's phone, in
// the session it was made in.
type Ticket struct {
	// ID is unique in the database: a ticket pays for one change.
	ID        string `json:"id"`
	UserID    string `json:"userId"`
	SessionID string `json:"sessionId"`
	Instance  string `json:"instance"`
}

// The purposes name the keys of all boxes to the app's secret.
const (
	valuePurpose  = "auths.loginTypes/token values"
	codeIDPurpose = "auths.loginTypes/token code ids"
)

var errSealed = errors.New("tokens: the value was not sealed for this token")

// Box seals the values of tokens (AES-256-GCM), so that no phone lies in a store
// in clear, and binds each to its token and kind, so that no value can be put in
// another's place. Its methods may be called from any goroutine.
type Box struct {
	aead   cipher.AEAD
	macKey []byte
}

// NewBox makes the box of an app; key is element.Env's Key.
func NewBox(key func(purpose string) ([]byte, error)) (*Box, error) {
	k, err := key(valuePurpose)
	if err != nil {
		return nil, fmt.Errorf("tokens: the key of the values: %w", err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("tokens: the key of the values: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("tokens: the key of the values: %w", err)
	}
	macKey, err := key(codeIDPurpose)
	if err != nil {
		return nil, fmt.Errorf("tokens: the key of the code ids: %w", err)
	}
	return &Box{aead: aead, macKey: macKey}, nil
}

// LoginCode joins a token and the id of the verification code that paid for it
// into a loginCode. The store keeps the token under the loginCode's Ref.
func (b *Box) LoginCode(token, codeID string) string {
	return token + "." + codeID + "." + b.mac(Hash(token), codeID)
}

func (b *Box) mac(hash, codeID string) string {
	h := hmac.New(sha256.New, b.macKey)
	h.Write([]byte(hash + "." + codeID))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// SealLoginCode gives the value that the store keeps with a loginCode.
func (b *Box) SealLoginCode(at Ref, v LoginCode) ([]byte, error) { return b.seal("loginCode", at, v) }

// OpenLoginCode reads it; it fails for the value of any other token, and for a
// loginCode whose code id is not the one it was made with.
func (b *Box) OpenLoginCode(at Ref, value []byte) (LoginCode, error) {
	var v LoginCode
	if !hmac.Equal([]byte(at.mac), []byte(b.mac(at.Hash, at.codeID))) {
		return v, errSealed
	}
	if err := b.open("loginCode", at, value, &v); err != nil {
		return LoginCode{}, err
	}
	v.CodeID = at.codeID
	return v, nil
}

// SealTicket gives the value that the store keeps with a ticket.
func (b *Box) SealTicket(at Ref, v Ticket) ([]byte, error) { return b.seal("ticket", at, v) }

// OpenTicket reads it; it fails for the value of any other token.
func (b *Box) OpenTicket(at Ref, value []byte) (Ticket, error) {
	var v Ticket
	err := b.open("ticket", at, value, &v)
	return v, err
}

func (b *Box) seal(kind string, at Ref, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return b.aead.Seal(nil, nil, plain, bound(kind, at)), nil //nolint:gosec // the AEAD makes its own random nonce
}

func (b *Box) open(kind string, at Ref, value []byte, v any) error {
	plain, err := b.aead.Open(nil, nil, value, bound(kind, at))
	if err != nil {
		return errSealed
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return errSealed
	}
	return nil
}

func bound(kind string, at Ref) []byte {
	return []byte(kind + "\x00" + at.Key + "\x00" + at.Hash)
}
