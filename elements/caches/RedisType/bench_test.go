package redistype

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/cachestest"
	"github.com/lintel-run/lintel/internal/testredis"
)

func BenchmarkRedis(b *testing.B) {
	server := testredis.Start(b)
	cachestest.Benchmark(b, opened(Config{URL: server.URL()}))
}

// The ratio compares a guess with a script that does nothing.
func BenchmarkGuessAgainstAnEmptyScript(b *testing.B) {
	server := testredis.Start(b)
	s := openStore(b, Config{URL: server.URL()})
	r := reserveOf("k", 1)
	got, err := s.Reserve(ctx, r)
	require.NoError(b, err)
	require.Equal(b, caches.Reserved, got.Outcome)
	g := guessOf(r, 1)
	g.Then, g.Issue = caches.Keep, nil
	empty := redis.NewScript("return 1")
	bare := func() { require.NoError(b, empty.Run(ctx, s.client, []string{"lintel:{k}:s"}).Err()) }
	guess := func() {
		_, err := s.Guess(ctx, g)
		require.NoError(b, err)
	}
	bare()
	guess()
	var spent [2]time.Duration
	for b.Loop() {
		for i, run := range []func(){bare, guess} {
			start := time.Now()
			run()
			spent[i] += time.Since(start)
		}
	}
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "bare-ns/op")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "guess/bare")
}
