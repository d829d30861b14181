package redistype

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/internal/testredis"
)

// trips counts what goes to the server.
type trips struct{ n int }

func (h *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.n++
		return next(ctx, cmd)
	}
}

func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.n++
		return next(ctx, cmds)
	}
}

func TestWatchingCrowdsAndTakingProofsCostsNoRoundTrip(t *testing.T) {
	s := openStore(t, Config{URL: testredis.Start(t).URL()})
	h := &trips{}
	s.client.AddHook(h)
	ask := func(n int) caches.Reserve {
		r := reserveOf("k", n)
		r.Interval = 0
		r.Shared[0].Window.Max = 30
		r.Crowds = []caches.Crowd{
			{Key: "app", Per: 10 * time.Minute, Sends: 20, Ripe: 2 * time.Minute},
			{Key: "prefix", Per: 10 * time.Minute, Sends: 20, Ripe: 2 * time.Minute},
			{Key: "country", Per: 10 * time.Minute, Sends: 20, Ripe: 2 * time.Minute},
		}
		r.Proof.Full = []caches.Shared{{Key: r.Shared[0].Key, Window: caches.Window{Max: 3, Per: time.Hour}}}
		return r
	}
	round := func(r caches.Reserve) (sent, verified int) {
		t.Helper()
		before := h.n
		got, err := s.Reserve(ctx, r)
		require.NoError(t, err)
		require.Equal(t, caches.OK, got.Verdict)
		require.NoError(t, s.Settle(ctx, caches.Settle{Request: r.Request, Key: r.Key, CodeID: r.Code.ID, Accepted: true}))
		sent, before = h.n-before, h.n
		guessed, err := s.Guess(ctx, caches.Guess{
			Request: "g" + r.Request, Key: r.Key, Purpose: r.Code.Purposes[0], MAC: r.Code.MAC, Attempts: 5, Then: caches.Consume,
		})
		require.NoError(t, err)
		require.Equal(t, caches.OK, guessed.Verdict)
		return sent, h.n - before
	}
	round(ask(1)) // the scripts are known from now on
	sent, verified := round(ask(2))
	require.Equal(t, 2, sent)
	require.Equal(t, 1, verified)
	proved := ask(3)
	proved.Proof = caches.Proof{Given: true, Right: true, Mark: "m", Keep: time.Minute}
	sent, _ = round(proved)
	require.Equal(t, 2, sent)
}
