package redistype

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/internal/testredis"
)

// scripts returns how many scripts the server has run.
func scripts(t *testing.T, server *testredis.Server) (n int) {
	t.Helper()
	text, err := server.Client().Info(ctx, "commandstats").Result()
	require.NoError(t, err)
	for line := range strings.Lines(text) {
		var calls int
		for _, name := range []string{"eval", "evalsha"} {
			if _, err := fmt.Sscanf(line, "cmdstat_"+name+":calls=%d,", &calls); err == nil {
				n += calls
			}
		}
	}
	return n
}

func TestRiskGroupsAndCaptchasCostNoRoundTrip(t *testing.T) {
	server := testredis.Start(t)
	s := openStore(t, Config{URL: server.URL()})
	ask := func(n int) caches.Reserve {
		r := reserveOf("k", n)
		r.Interval = 0
		r.Shared[0].Window.Max = 30
		r.RiskGroups = []caches.RiskGroup{
			{Key: "app", Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute},
			{Key: "prefix", Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute},
			{Key: "country", Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute},
		}
		r.Captcha.RequiredWhenFull = []caches.SharedLimit{{Key: r.Shared[0].Key, Window: caches.Window{Max: 3, Per: time.Hour}}}
		return r
	}
	round := func(r caches.Reserve) (sent, verified int) {
		t.Helper()
		before := scripts(t, server)
		got, err := s.Reserve(ctx, r)
		require.NoError(t, err)
		require.Equal(t, caches.Reserved, got.Outcome)
		require.NoError(t, s.Commit(ctx, reservationOf(r)))
		now := scripts(t, server)
		sent, before = now-before, now
		guessed, err := s.Guess(ctx, caches.Guess{
			Request: "g" + r.Request, Key: r.Key, Purpose: r.Code.Purposes[0], MAC: r.Code.MAC, Attempts: 5, Then: caches.Consume,
		})
		require.NoError(t, err)
		require.Equal(t, caches.GuessRight, guessed.Outcome)
		return sent, scripts(t, server) - before
	}
	round(ask(1)) // the server knows the scripts from now on
	sent, verified := round(ask(2))
	require.Equal(t, 2, sent)
	require.Equal(t, 1, verified)
	withCaptcha := ask(3)
	withCaptcha.Captcha = caches.CaptchaCheck{Given: true, Correct: true, UseKey: "m", UseTTL: time.Minute}
	sent, _ = round(withCaptcha)
	require.Equal(t, 2, sent)
}
