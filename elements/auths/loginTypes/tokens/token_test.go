package tokens

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testSealer(t *testing.T) *Sealer {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	s, err := NewSealer(func(string) ([]byte, error) { return key, nil }, nil)
	require.NoError(t, err)
	return s
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
		"dot elsewhere":  strings.Replace(token, ".", "A", 1)[:30] + "." + token[31:],
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

const testCodeID = "0123456789abcdefghijkl"

func TestLoginCodeCarriesTheIDOfItsCode(t *testing.T) {
	s := testSealer(t)
	token := testToken()
	loginCode := s.LoginCode(token, testCodeID)
	at, ok := Parse(loginCode)
	require.True(t, ok)
	require.Equal(t, Hash(token), at.Hash)
	want := LoginCode{UserID: "u", Phone: "+8613800138000", Instance: "a.b"}
	issued, _ := Parse(token)
	value, err := s.SealLoginCode(issued, want)
	require.NoError(t, err)
	require.NotContains(t, string(value), "13800138000")

	got, err := s.OpenLoginCode(at, value)
	require.NoError(t, err)
	want.CodeID = testCodeID
	require.Equal(t, want, got)

	for name, forged := range map[string]string{
		"another code's id": strings.Replace(loginCode, testCodeID, "1"+testCodeID[1:], 1),
		"another mac":       loginCode[:len(loginCode)-22] + "0123456789abcdefghijkl",
		"no code id":        token,
	} {
		t.Run(name, func(t *testing.T) {
			at, ok := Parse(forged)
			require.True(t, ok)
			_, err := s.OpenLoginCode(at, value)
			require.Error(t, err)
		})
	}
}

func TestSealedValueOpensForItsTokenAndKindOnly(t *testing.T) {
	s := testSealer(t)
	ref, _ := Parse(testToken())
	other, _ := Parse(testToken())
	want := Ticket{ID: "t", UserID: "u", SessionID: "s", Instance: "a.b"}
	value, err := s.SealTicket(ref, want)
	require.NoError(t, err)

	got, err := s.OpenTicket(ref, value)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = s.OpenTicket(other, value)
	require.Error(t, err)
	_, err = testSealer(t).OpenTicket(ref, value)
	require.Error(t, err)
	loginCode, _ := Parse(s.LoginCode(testToken(), testCodeID))
	_, err = s.OpenLoginCode(loginCode, value)
	require.Error(t, err)
	value[len(value)-1] ^= 1
	_, err = s.OpenTicket(ref, value)
	require.Error(t, err)
}
