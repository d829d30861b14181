package memorytype

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/runtime/element"
)

var ctx = context.Background()

func reserveOf(key string) caches.Reserve {
	return caches.Reserve{
		Request: key, Key: key, Code: caches.Code{ID: key, MAC: "mac", Purposes: []string{"login"}},
		TTL: 5 * time.Minute, Interval: 45 * time.Second,
	}
}

func TestAFullStoreRefusesTheNewAndServesTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{MaxEntries: 1000})
		defer func() { _ = s.Close() }()
		for i := range 1000 {
			_, err := s.Reserve(ctx, reserveOf(fmt.Sprint("k", i)))
			require.NoError(t, err)
		}
		_, err := s.Reserve(ctx, reserveOf("new"))
		require.ErrorIs(t, err, caches.ErrUnavailable)
		_, err = s.Begin(ctx, caches.Begin{Key: "new", Owner: "o", TTL: time.Minute})
		require.ErrorIs(t, err, caches.ErrUnavailable)
		g := caches.Guess{Request: "g", Key: "k7", Purpose: "login", MAC: "mac", Attempts: 5, Then: caches.Consume}
		withToken := g
		withToken.Issue = &caches.Issue{Hash: "h", TTL: time.Minute}
		_, err = s.Guess(ctx, withToken)
		require.ErrorIs(t, err, caches.ErrUnavailable)
		got, err := s.Guess(ctx, g)
		require.NoError(t, err)
		require.Equal(t, caches.GuessRight, got.Outcome, "the refused guess took nothing")

		time.Sleep(10*time.Minute - time.Millisecond)
		_, err = s.Reserve(ctx, reserveOf("new"))
		require.ErrorIs(t, err, caches.ErrUnavailable)
		time.Sleep(time.Millisecond)
		_, err = s.Reserve(ctx, reserveOf("new"))
		require.NoError(t, err, "there is room at the moment when entries expire")
	})
}

func TestRememberedRequestsGiveWayToSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{MaxEntries: 1000})
		defer func() { _ = s.Close() }()
		begin := func(n int) caches.BeginOutcome {
			key := fmt.Sprint("k", n)
			b := caches.Budgets{Sender: caches.SharedLimit{Key: "from " + key, Window: caches.Window{Max: 10, Per: time.Hour}}}
			got, err := s.Begin(ctx, caches.Begin{Key: key, Owner: "o", Lease: time.Second, TTL: 10 * time.Minute, Budgets: b})
			require.NoError(t, err)
			require.NoError(t, s.Finish(ctx, caches.Finish{Key: key, Owner: "o", Answer: []byte("a"), TTL: 10 * time.Minute, Budgets: b}))
			return got.Outcome
		}
		for i := range 4000 {
			require.Equal(t, caches.BeginStarted, begin(i))
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, caches.BeginDone, begin(3900), "the newest are remembered")
		for i := range 1000 {
			_, err := s.Reserve(ctx, reserveOf(fmt.Sprint("r", i)))
			require.NoError(t, err)
		}
		_, err := s.Reserve(ctx, reserveOf("new"))
		require.ErrorIs(t, err, caches.ErrUnavailable)
	})
}

func TestMemoryComesBackWhenNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		defer func() { _ = s.Close() }()
		for i := range 5000 {
			_, err := s.Reserve(ctx, reserveOf(fmt.Sprint("k", i)))
			require.NoError(t, err)
		}
		kept := func() (entries, queued int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.table.entries), len(s.table.rest) + len(s.table.remembered)
		}
		entries, _ := kept()
		require.Equal(t, 5000, entries)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		entries, queued := kept()
		require.Zero(t, entries)
		require.Zero(t, queued)
	})
}

func TestTheElementOpensAndCloses(t *testing.T) {
	b := element.BuiltinOf(Name)
	require.True(t, b.Embedded)
	instance, err := b.Open(ctx, element.Env{}, json.RawMessage(`{"maxEntries": 2000}`))
	require.NoError(t, err)
	require.NoError(t, instance.(element.ReadyChecker).Ready(ctx))
	_, err = instance.Call(ctx, "anything", nil)
	require.Error(t, err)
	require.NoError(t, instance.Close())
	require.NoError(t, instance.Close())
	_, err = instance.(caches.Store).Reserve(ctx, reserveOf("k"))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	_, err = b.Open(ctx, element.Env{}, json.RawMessage(`{"max": 1}`))
	require.Error(t, err)
}
