package cachestest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// Benchmark measures the operations of a store with many callers at once.
func Benchmark(b *testing.B, open func(testing.TB) Opened) {
	s := newScene(b, open(b))
	keep := s.send()
	s.issue("h", time.Hour)
	var n atomic.Int64
	for _, op := range []struct {
		name string
		run  func(key string, i int64) error
	}{
		{"Reserve", func(key string, _ int64) error {
			r := (&scene{key: key}).reserve()
			_, err := s.Store.Reserve(s.ctx, r)
			return err
		}},
		{"ReserveInRiskGroups", func(key string, _ int64) error {
			r := (&scene{key: key}).reserve()
			r.Captcha.RequiredWhenFull = []caches.SharedLimit{{Key: key, Window: caches.Window{Max: 3, Per: time.Hour}}}
			for _, group := range []string{"app", "country", "prefix"} {
				r.RiskGroups = append(r.RiskGroups, caches.RiskGroup{Key: s.key + group, Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute})
			}
			_, err := s.Store.Reserve(s.ctx, r)
			return err
		}},
		{"ReserveCommit", func(key string, _ int64) error {
			r := (&scene{key: key}).reserve()
			if _, err := s.Store.Reserve(s.ctx, r); err != nil {
				return err
			}
			return s.Store.Commit(s.ctx, reservation(r))
		}},
		{"Guess", func(string, int64) error {
			_, err := s.Store.Guess(s.ctx, (&scene{key: s.key}).guess(keep))
			return err
		}},
		{"Token", func(string, int64) error {
			_, err := s.Store.Token(s.ctx, caches.TokenRequest{Request: "q", Key: s.key, Hash: "h"})
			return err
		}},
		{"BeginFinish", func(key string, _ int64) error {
			if _, err := s.Store.Begin(s.ctx, caches.Begin{Key: key, Owner: "o", Lease: time.Minute, TTL: time.Minute}); err != nil {
				return err
			}
			return s.Store.Finish(s.ctx, caches.Finish{Key: key, Owner: "o", Answer: []byte("answer"), TTL: time.Minute})
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					i := n.Add(1)
					require.NoError(b, op.run(fmt.Sprintf("%s-b%d", s.key, i), i))
				}
			})
		})
	}
}
