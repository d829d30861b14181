package seal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func derive(purpose string) ([]byte, error) {
	sum := sha256.Sum256([]byte(purpose))
	return sum[:], nil
}

func newKey(t *testing.T, purpose string) *Key {
	t.Helper()
	k, err := NewKey(derive, purpose)
	require.NoError(t, err)
	return k
}

func TestAKeyAlsoOpensWhatTheSecretBeforeSealed(t *testing.T) {
	of := func(secret string) func(string) ([]byte, error) {
		return func(purpose string) ([]byte, error) {
			sum := sha256.Sum256([]byte(secret + purpose))
			return sum[:], nil
		}
	}
	none := func(string) ([]byte, error) { return nil, nil }
	before, err := NewKey(of("old"), "p")
	require.NoError(t, err)
	after, err := NewKeyAfter(of("new"), of("old"), "p")
	require.NoError(t, err)
	alone, err := NewKeyAfter(of("new"), none, "p")
	require.NoError(t, err)
	old, fresh := before.Seal([]byte("v"), "b"), after.Seal([]byte("v"), "b")
	for _, sealed := range [][]byte{old, fresh} {
		value, err := after.Open(sealed, "b")
		require.NoError(t, err)
		require.Equal(t, "v", string(value))
		_, err = after.Open(sealed, "another")
		require.ErrorIs(t, err, ErrOpen)
	}
	_, err = alone.Open(fresh, "b")
	require.NoError(t, err)
	_, err = alone.Open(old, "b")
	require.ErrorIs(t, err, ErrOpen)
	_, err = before.Open(fresh, "b")
	require.ErrorIs(t, err, ErrOpen)
}

func TestOnlyTheSameKeyAndBindingOpen(t *testing.T) {
	k := newKey(t, "a")
	sealed := k.Seal([]byte("secret"), "bound")
	value, err := newKey(t, "a").Open(sealed, "bound")
	require.NoError(t, err)
	require.Equal(t, "secret", string(value))
	require.False(t, bytes.Contains(sealed, []byte("secret")))
	require.NotEqual(t, sealed, k.Seal([]byte("secret"), "bound"), "nonces are random")

	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another binding": func() ([]byte, error) { return k.Open(sealed, "other") },
		"another key":     func() ([]byte, error) { return newKey(t, "b").Open(sealed, "bound") },
		"changed":         func() ([]byte, error) { return k.Open(changed, "bound") },
		"cut":             func() ([]byte, error) { return k.Open(sealed[:10], "bound") },
		"empty":           func() ([]byte, error) { return k.Open(nil, "bound") },
	} {
		_, err := open()
		require.ErrorIs(t, err, ErrOpen, name)
	}
}

func TestJSON(t *testing.T) {
	k := newKey(t, "a")
	sealed, err := k.SealJSON(map[string]int{"n": 1}, "")
	require.NoError(t, err)
	var v map[string]int
	require.NoError(t, k.OpenJSON(sealed, "", &v))
	require.Equal(t, map[string]int{"n": 1}, v)
	require.ErrorIs(t, k.OpenJSON(k.Seal([]byte("{"), ""), "", &v), ErrOpen)
	_, err = k.SealJSON(func() {}, "")
	require.Error(t, err)
}

func TestNoKeyWithoutASecret(t *testing.T) {
	none := errors.New("no secret")
	_, err := NewKey(func(string) ([]byte, error) { return nil, none }, "a")
	require.ErrorIs(t, err, none)
	_, err = NewKey(func(string) ([]byte, error) { return []byte("short"), nil }, "a")
	require.Error(t, err)
}
