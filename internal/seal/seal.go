// Package seal encrypts and authenticates values that leave the process: in a store, a
// token or a cookie. Each purpose has a key of its own, derived from
// the app's secret.
//
// It doesn't know what a value means or when it expires.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrOpen reports a value that this key didn't seal with this binding.
var ErrOpen = errors.New("seal: the value was not sealed by this key with this binding")

// Key seals values with AES-256-GCM and random nonces. Its methods may be called
// from any goroutine.
type Key struct {
	aead cipher.AEAD
	// earlier opens what was sealed under the secret before; nil for none.
	earlier cipher.AEAD
}

// NewKey returns the key of a purpose. derive derives 32 bytes from the app's
// secret, as element.Env's Key does.
func NewKey(derive func(purpose string) ([]byte, error), purpose string) (*Key, error) {
	return NewKeyAfter(derive, nil, purpose)
}

// NewKeyAfter is NewKey for a secret that has replaced another one: the key also opens
// what that one's key sealed. previous is as element.Env's PreviousKey.
func NewKeyAfter(derive, previous func(purpose string) ([]byte, error), purpose string) (*Key, error) {
	k := &Key{}
	var err error
	if k.aead, err = newAEAD(derive, purpose); err == nil && previous != nil {
		k.earlier, err = newAEAD(previous, purpose)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: the key %q: %w", purpose, err)
	}
	return k, nil
}

// newAEAD returns nil if derive returns no key.
func newAEAD(derive func(purpose string) ([]byte, error), purpose string) (cipher.AEAD, error) {
	key, err := derive(purpose)
	if err != nil || key == nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal seals a value. Open needs the same binding, so that a value can't replace
// another one.
func (k *Key) Seal(value []byte, binding string) []byte {
	return k.aead.Seal(nil, nil, value, []byte(binding)) //nolint:gosec // G407: this AEAD generates its nonces
}

// Open returns the value, or ErrOpen.
func (k *Key) Open(sealed []byte, binding string) ([]byte, error) {
	value, err := k.aead.Open(nil, nil, sealed, []byte(binding))
	if err != nil && k.earlier != nil {
		value, err = k.earlier.Open(nil, nil, sealed, []byte(binding))
	}
	if err != nil {
		return nil, ErrOpen
	}
	return value, nil
}

// SealJSON seals the JSON of v.
func (k *Key) SealJSON(v any, binding string) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return k.Seal(text, binding), nil
}

// OpenJSON reads what SealJSON sealed into v. Its error is ErrOpen or wraps it.
func (k *Key) OpenJSON(sealed []byte, binding string, v any) error {
	text, err := k.Open(sealed, binding)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, v) != nil {
		return fmt.Errorf("%w: not the expected JSON", ErrOpen)
	}
	return nil
}
