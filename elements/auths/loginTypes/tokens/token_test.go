package tokens

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testBox(t *testing.T) *Box {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	b, err := NewBox(func(string) ([]byte, error) { return key, nil })
	require.NoError(t, err)
	return b
}

func testToken() string {
	var secret [32]byte
	_, _ = rand.Read(secret[:])
	return New("abcdefghijklmnopqrstuv", secret)
}

func TestTokenSaysWhereItLies(t *testing.T) {
	token := testToken()
	ref, ok := Parse(token)
	require.True(t, ok)
	require.Equal(t, Ref{Key: "abcdefghijklmnopqrstuv", Hash: Hash(token)}, ref)
	require.NotContains(t, ref.Hash, token[TagLength+1:])
}

func TestWhatCantBeATokenIsRefused(t *testing.T) {
	token := testToken()
	for name, bad := range map[string]string{
		"empty":          "",
		"too short":      token[1:],
		"too long":       token + "A",
		"no dot":         strings.Replace(token, ".", "A", 1),
		"dot elsewhere":  strings.Replace("A"+token[:len(token)-1], ".", "A", 1) + "",
		"brace in tag":   "{" + token[1:],
		"newline at end": token[:len(token)-1] + "\n",
		"two dots":       token[:len(token)-1] + ".",
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := Parse(bad)
			require.False(t, ok)
		})
	}
}

func TestSealedValueOpensForItsTokenAndKindOnly(t *testing.T) {
	b := testBox(t)
	ref, _ := Parse(testToken())
	other, _ := Parse(testToken())
	want := LoginCode{UserID: "u", CodeID: "c", Phone: "+8613800138000", Instance: "a.b"}
	value, err := b.SealLoginCode(ref, want)
	require.NoError(t, err)
	require.NotContains(t, string(value), "13800138000")

	got, err := b.OpenLoginCode(ref, value)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = b.OpenLoginCode(other, value)
	require.Error(t, err)
	_, err = b.OpenTicket(ref, value)
	require.Error(t, err)
	_, err = testBox(t).OpenLoginCode(ref, value)
	require.Error(t, err)
	value[len(value)-1] ^= 1
	_, err = b.OpenLoginCode(ref, value)
	require.Error(t, err)
}
