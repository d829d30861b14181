package sessions

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func (s *stand) refresh(token string) (string, error) {
	out, err := s.service.Call(s.t.Context(), "refresh", element.Args{"refreshToken": token})
	if err != nil {
		return "", err
	}
	return out.(map[string]any)["refreshToken"].(string), nil
}

func TestRefreshTokensRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		first := s.login()["refreshToken"].(string)
		second, err := s.refresh(first)
		require.NoError(t, err)
		require.NotEqual(t, first, second)

		time.Sleep(9 * time.Second)
		again, err := s.refresh(first)
		require.NoError(t, err, "within the grace, the successor unused")
		require.Equal(t, second, again)

		third, err := s.refresh(second)
		require.NoError(t, err)
		_, err = s.refresh(first)
		require.ErrorIs(t, err, errcode.LoginRequired, "two generations old")
		_, err = s.refresh(third)
		require.ErrorIs(t, err, errcode.LoginRequired, "the family has ended")
	})
}

func TestRefreshTokenShownLateEndsTheFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		out := s.login()
		first := out["refreshToken"].(string)
		second, err := s.refresh(first)
		require.NoError(t, err)
		time.Sleep(11 * time.Second)
		_, err = s.refresh(first)
		require.ErrorIs(t, err, errcode.LoginRequired)
		_, err = s.refresh(second)
		require.ErrorIs(t, err, errcode.LoginRequired)
		_, err = s.service.Authenticate(t.Context(), out["accessToken"].(string))
		require.ErrorIs(t, err, errcode.LoginRequired)
	})
}

func TestSessionsEndIdleAndAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		idle := s.login()["refreshToken"].(string)
		time.Sleep(30*24*time.Hour + time.Second)
		_, err := s.refresh(idle)
		require.ErrorIs(t, err, errcode.LoginRequired)

		token := s.login()["refreshToken"].(string)
		for range 4 {
			time.Sleep(20 * 24 * time.Hour)
			token, err = s.refresh(token)
			require.NoError(t, err)
		}
		time.Sleep(11 * 24 * time.Hour)
		_, err = s.refresh(token)
		require.ErrorIs(t, err, errcode.LoginRequired, "91 days old")
	})
}

func TestForgedRefreshTokensAskNoStore(t *testing.T) {
	s := newStand(t)
	good := s.login()["refreshToken"].(string)
	parts := strings.Split(good, ".")
	s.database.down = true
	for name, token := range map[string]string{
		"empty":             "",
		"another MAC":       parts[0] + "." + parts[1] + "." + strings.Repeat("A", 43),
		"another number":    parts[0] + ".2." + parts[2],
		"number respelt":    parts[0] + ".01." + parts[2],
		"another session":   "019aa1e0-0000-7000-8000-000000000009." + parts[1] + "." + parts[2],
		"session respelt":   strings.ToUpper(parts[0]) + "." + parts[1] + "." + parts[2],
		"trailing bits":     good[:len(good)-1] + "_",
		"newline":           good + "\n",
		"a part too many":   good + ".x",
		"far too long":      good + strings.Repeat("x", 1000),
		"an access token":   "eyJhbGciOiJub25lIn0.e30.",
		"no session at all": ".1." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.refresh(token)
			require.ErrorIs(t, err, errcode.LoginRequired)
		})
	}
	_, err := s.refresh(good)
	require.ErrorIs(t, err, errcode.StoreUnavailable, "a genuine one is asked for")
}
