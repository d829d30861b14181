package blackbox_test

import (
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A secret is replaced while people are signed in: what the old one protects counts as
// long as LINTEL_SECRET_PREVIOUS names it, and no longer.
func TestTheSecretIsReplaced(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	secret := func() string {
		var b [32]byte
		_, _ = rand.Read(b[:])
		return base64.StdEncoding.EncodeToString(b[:])
	}
	before, after := "LINTEL_SECRET="+secret(), "LINTEL_SECRET="+secret()
	previous := "LINTEL_SECRET_PREVIOUS=" + before[len("LINTEL_SECRET="):]

	s := app.Serve(blackbox.Start{Env: []string{before}})
	p, q := s.Register(), s.Register()
	s.Stop()

	s = app.Serve(blackbox.Start{Env: []string{after, previous}})
	c := s.Client()
	c.Bearer(p.AccessToken).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	renewed := c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": p.RefreshToken}).OK(t)
	c.Bearer(renewed.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	out := blackbox.Lintel(t, app.Dir, []string{after, previous}, "keys", "rotate", "--dev")
	require.Equal(t, 0, out.Code, out.Stderr)
	s.Register()
	s.Stop()

	s = app.Serve(blackbox.Start{Env: []string{after}})
	c = s.Client()
	c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": q.RefreshToken}).Fails(t, 401, "LOGIN_REQUIRED")
	again := c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": renewed.Text("refreshToken")}).OK(t)
	c.Bearer(again.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	s.Stop()

	refused, err := app.Begin(blackbox.Start{Env: []string{after, "LINTEL_SECRET_PREVIOUS=short"}})
	require.NoError(t, err)
	require.Error(t, refused.Await())
	require.Contains(t, refused.Log(), "LINTEL_SECRET_PREVIOUS")
	require.NotContains(t, refused.Log(), "short")
}
