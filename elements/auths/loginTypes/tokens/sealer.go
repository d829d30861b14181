package tokens

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/lintel-run/lintel/internal/seal"
)

// LoginCode is the value of a loginCode.
type LoginCode struct {
	UserID string `json:"userId"`
	// CodeID is the ID of the verification code that the loginCode was issued for.
	// The session that it opens carries the ID, unique. It is part of the loginCode,
	// not of the value.
	CodeID string `json:"-"`
	// Phone is the verified identity, in E.164. The device token is bound to it.
	Phone string `json:"phone"`
	// Instance is the full name of the login that issued it.
	Instance string `json:"instance"`
	// Test is set if it was opened with the code of a test phone.
	Test bool `json:"test,omitempty"`
}

// Ticket is the value of a ticket: its bearer may replace the user's phone, in the
// session in which it was issued.
type Ticket struct {
	// ID is unique in the database, so that a ticket is good for one change.
	ID        string `json:"id"`
	UserID    string `json:"userId"`
	SessionID string `json:"sessionId"`
	Instance  string `json:"instance"`
}

// The purposes of the keys.
const (
	valuePurpose  = "auths.loginTypes/token values"
	codeIDPurpose = "auths.loginTypes/token code ids"
)

// Sealer seals the values of tokens, so that no phone lies in a store in clear, and
// binds each to its token and kind, so that no value can take another's place. Its
// methods may be called from any goroutine.
type Sealer struct {
	values *seal.Key
	macKey []byte
	// earlierKey is the MAC key of the secret before; nil for none.
	earlierKey []byte
}

// NewSealer returns the sealer of an app. derive is element.Env's Key, and previous its
// PreviousKey, which may be nil.
func NewSealer(derive, previous func(purpose string) ([]byte, error)) (*Sealer, error) {
	values, err := seal.NewKeyAfter(derive, previous, valuePurpose)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	macKey, err := derive(codeIDPurpose)
	if err != nil {
		return nil, fmt.Errorf("tokens: the key of the code IDs: %w", err)
	}
	s := &Sealer{values: values, macKey: macKey}
	if previous != nil {
		s.earlierKey, err = previous(codeIDPurpose)
	}
	return s, err
}

// LoginCode joins a token and the ID of the verification code that it was issued
// for into a loginCode. The store keeps the token under the loginCode's Ref.
func (s *Sealer) LoginCode(token, codeID string) string {
	return token + "." + codeID + "." + mac(s.macKey, Hash(token), codeID)
}

func mac(key []byte, hash, codeID string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(hash + "." + codeID))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// SealLoginCode returns the value that the store keeps with a loginCode.
func (s *Sealer) SealLoginCode(at Ref, v LoginCode) ([]byte, error) {
	return s.values.SealJSON(v, binding("loginCode", at))
}

// OpenLoginCode reads the value of a loginCode. It fails for the value of another
// token, and for a loginCode with another code ID than it was issued with.
func (s *Sealer) OpenLoginCode(at Ref, value []byte) (LoginCode, error) {
	genuine := hmac.Equal([]byte(at.mac), []byte(mac(s.macKey, at.Hash, at.codeID)))
	if !genuine && s.earlierKey != nil {
		genuine = hmac.Equal([]byte(at.mac), []byte(mac(s.earlierKey, at.Hash, at.codeID)))
	}
	if !genuine {
		return LoginCode{}, seal.ErrOpen
	}
	v := LoginCode{CodeID: at.codeID}
	if err := s.values.OpenJSON(value, binding("loginCode", at), &v); err != nil {
		return LoginCode{}, err
	}
	return v, nil
}

// SealTicket returns the value that the store keeps with a ticket.
func (s *Sealer) SealTicket(at Ref, v Ticket) ([]byte, error) {
	return s.values.SealJSON(v, binding("ticket", at))
}

// OpenTicket reads the value of a ticket. It fails for the value of another token.
func (s *Sealer) OpenTicket(at Ref, value []byte) (Ticket, error) {
	var v Ticket
	err := s.values.OpenJSON(value, binding("ticket", at), &v)
	return v, err
}

func binding(kind string, at Ref) string { return kind + "\x00" + at.Key + "\x00" + at.Hash }
