package otpstate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/lintel-run/lintel/elements/caches"
)

func TestAClockThatGoesBackProlongsNothing(t *testing.T) {
	s, r := newKept(t), &caches.Reserve{
		Request: "a", Code: caches.Code{ID: "c", MAC: "m", Purposes: []string{"p"}}, TTL: 5 * time.Minute, Interval: 45 * time.Second,
		Sends: []caches.Window{{Max: 1, Per: time.Hour}},
	}
	now := time.Now().UnixMilli()
	require.Equal(t, caches.Reserved, s.at(now).reserve(r, "").Outcome)
	now -= time.Hour.Milliseconds()
	r.Request = "b"
	require.Equal(t, caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: 45 * time.Second}, s.at(now).reserve(r, ""))
	now += Millis(45 * time.Second)
	require.Equal(t, caches.LimitSends, s.at(now).reserve(r, "").Limit)
	g := &caches.Guess{Purpose: "p", MAC: "m", Attempts: 1}
	require.Equal(t, caches.GuessRight, s.at(now).guess(g, "").Outcome)
	require.Equal(t, caches.GuessWrong, s.at(now+Millis(5*time.Minute)).guess(g, "").Outcome)
}

func TestAStateIsBounded(t *testing.T) {
	s := &State{}
	for i := range 1000 {
		s.remember(int64(i), &Request{Id: "x"})
	}
	require.Len(t, s.Requests, mostRequests)
}

func TestAGroupIsExactAndSmall(t *testing.T) {
	watched := caches.RiskGroup{Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute}
	rate := rapid.Int64Range(0, 400)
	rapid.Check(t, func(t *rapid.T) {
		g, now := &Group{}, int64(1)
		var counted []int64
		for range rapid.IntRange(0, 2000).Draw(t, "sends") {
			now += rate.Draw(t, "pause")
			g.count(now, Millis(watched.Per), 1)
			counted = append(counted, now)
		}
		b, err := Encode(g)
		require.NoError(t, err)
		again, err := Decode(KindGroup, b)
		require.NoError(t, err)
		require.True(t, proto.Equal(g, again.(proto.Message)))
		require.LessOrEqual(t, len(g.Begins), fineSlots+int(Millis(watched.Per)/coarseSlot)+1)
		for _, at := range counted {
			g.verify(at)
		}
		var sends int64
		for i, n := range g.Sends {
			sends += n
			require.Equal(t, n, g.Verified[i])
		}
		if now < Millis(watched.Per) {
			require.Equal(t, int64(len(counted)), sends)
		}
		require.False(t, g.suspicious(now+Millis(watched.UnverifiedAfter), watched))
	})
}

func TestASuspiciousGroup(t *testing.T) {
	watched := caches.RiskGroup{Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute}
	for _, test := range []struct {
		name            string
		sends, verified int
		after           time.Duration
		want            bool
	}{
		{"none is old enough", 20, 0, 2*time.Minute - time.Second, false},
		{"none was verified", 20, 0, 2 * time.Minute, true},
		{"one send less", 19, 0, 2 * time.Minute, false},
		{"half was verified", 20, 10, 2 * time.Minute, false},
		{"less than half was", 20, 9, 2 * time.Minute, true},
		{"until they expire", 20, 0, 10*time.Minute - time.Millisecond, true},
		{"when they have expired", 20, 0, 10 * time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := &Group{}
			for range test.sends {
				g.count(1000, Millis(watched.Per), 1)
			}
			for range test.verified {
				g.verify(1000)
			}
			now := 1000 + Millis(test.after)
			require.Equal(t, test.want, g.suspicious(now, watched))
			require.False(t, g.suspicious(now, caches.RiskGroup{Per: watched.Per, UnverifiedAfter: watched.UnverifiedAfter}))
		})
	}
}
