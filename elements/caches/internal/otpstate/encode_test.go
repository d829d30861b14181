package otpstate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lintel-run/lintel/elements/caches"
)

func TestEncodingIsUndoneByDecoding(t *testing.T) {
	text := rapid.StringN(0, 40, 80)
	time := rapid.Int64()
	code := rapid.Custom(func(t *rapid.T) *Code {
		if rapid.Bool().Draw(t, "none") {
			return nil
		}
		c := &Code{
			ID: text.Draw(t, "id"), MAC: string(rapid.SliceOf(rapid.Byte()).Draw(t, "mac")), Decoy: rapid.Bool().Draw(t, "decoy"),
			Expires: time.Draw(t, "expires"), Claim: text.Draw(t, "claim"), ClaimEnds: time.Draw(t, "ends"),
		}
		if purposes := rapid.SliceOfN(text, 0, 4).Draw(t, "purposes"); len(purposes) > 0 {
			c.Purposes = purposes
		}
		if attempts := rapid.MapOfN(text, rapid.IntRange(0, 9), 0, 4).Draw(t, "attempts"); len(attempts) > 0 {
			c.Attempts = attempts
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		s := &State{At: time.Draw(t, "at"), Cooldown: Cooldown{time.Draw(t, "until"), text.Draw(t, "code")}}
		if rapid.Bool().Draw(t, "holders") {
			s.Holders = map[string]*Codes{
				text.Draw(t, "holder"): {Live: code.Draw(t, "live"), Pending: code.Draw(t, "pending")},
			}
			s.Sends = map[string]*Times{text.Draw(t, "bucket"): {Per: 5, At: []int64{1, 1, 4, 9}}}
			s.Refusals = Times{Per: time.Draw(t, "per"), At: []int64{time.Draw(t, "time")}}
			s.Requests = []Request{{ID: text.Draw(t, "request"), Expires: 1, Outcome: caches.GuessWrong, Code: "c", At: 3, Shared: 4, Committed: true}}
			s.Watched = []Watched{{Code: text.Draw(t, "watched"), At: time.Draw(t, "sent"), Expires: 5, Crowds: []string{text.Draw(t, "crowd")}}}
			if c := code.Draw(t, "taken"); c != nil {
				s.Taken = []Taken{{Request: text.Draw(t, "request"), Attempt: text.Draw(t, "attempt"), Code: *c}}
			}
		}
		got, err := DecodeState(s.Encode())
		require.NoError(t, err)
		require.Equal(t, s, got)
	})
}

func FuzzDecode(f *testing.F) {
	s := &State{}
	s.Reserve(1, &caches.Reserve{Request: "r", Code: caches.Code{ID: "c", Purposes: []string{"p"}}, TTL: time.Minute, Interval: 1}, nil)
	f.Add(s.Encode())
	f.Add((&Token{Value: []byte("v")}).Encode())
	f.Add((&Repeat{Owner: "o"}).Encode())
	f.Add((&Crowd{Per: 1, Slots: []Slot{{At: 1, Sends: 2, Verified: 1}}}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := DecodeState(b); err == nil {
			again, err := DecodeState(s.Encode())
			require.NoError(t, err)
			require.Equal(t, s.Encode(), again.Encode())
		}
		_, _ = DecodeToken(b)
		_, _ = DecodeRepeat(b)
		_, _ = DecodeCrowd(b)
	})
}

func TestAClockThatGoesBackProlongsNothing(t *testing.T) {
	s, r := &State{}, &caches.Reserve{
		Request: "a", Code: caches.Code{ID: "c", MAC: "m", Purposes: []string{"p"}}, TTL: 5 * time.Minute, Interval: 45 * time.Second,
		Sends: []caches.Window{{Max: 1, Per: time.Hour}},
	}
	now := time.Now().UnixMilli()
	require.Equal(t, caches.Reserved, s.Reserve(now, r, nil).Outcome)
	now -= time.Hour.Milliseconds()
	r.Request = "b"
	require.Equal(t, caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: 45 * time.Second}, s.Reserve(now, r, nil))
	now += Millis(45 * time.Second)
	require.Equal(t, caches.LimitSends, s.Reserve(now, r, nil).Limit)
	g := &caches.Guess{Purpose: "p", MAC: "m", Attempts: 1}
	answer, _, _ := s.Guess(now, g, "", nil)
	require.Equal(t, caches.GuessRight, answer.Outcome)
	answer, _, _ = s.Guess(now+Millis(5*time.Minute), g, "", nil)
	require.Equal(t, caches.GuessWrong, answer.Outcome)
}

func TestWhatIsKeptOfAnIdentityIsBounded(t *testing.T) {
	s := &State{}
	for i := range 1000 {
		s.remember(int64(i), Request{ID: "x"})
	}
	require.Len(t, s.Requests, remembers)
}

func TestACrowdIsKeptExactlyAndInLittle(t *testing.T) {
	watched := caches.RiskGroup{Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute}
	c, now := &Crowd{}, int64(0)
	rate := rapid.Int64Range(0, 400)
	rapid.Check(t, func(t *rapid.T) {
		c, now = &Crowd{}, 1
		var counted []int64
		for range rapid.IntRange(0, 2000).Draw(t, "sends") {
			now += rate.Draw(t, "pause")
			c.Count(now, Millis(watched.Per))
			counted = append(counted, now)
		}
		again, err := DecodeCrowd(c.Encode())
		require.NoError(t, err)
		require.Equal(t, c, again)
		require.LessOrEqual(t, len(c.Slots), slots+int(Millis(watched.Per)/coarse)+1)
		for _, at := range counted {
			c.Verify(at)
		}
		var sends int64
		for _, s := range c.Slots {
			sends += s.Sends
			require.Equal(t, s.Sends, s.Verified)
		}
		if now < Millis(watched.Per) {
			require.Equal(t, int64(len(counted)), sends)
		}
		require.False(t, c.suspicious(now+Millis(watched.UnverifiedAfter), watched))
	})
}

func TestASuspiciousCrowd(t *testing.T) {
	watched := caches.RiskGroup{Per: 10 * time.Minute, MinSends: 20, UnverifiedAfter: 2 * time.Minute}
	for _, test := range []struct {
		name            string
		sends, verified int
		after           time.Duration
		want            bool
	}{
		{"nothing is ripe yet", 20, 0, 2*time.Minute - time.Second, false},
		{"none was verified", 20, 0, 2 * time.Minute, true},
		{"one send less", 19, 0, 2 * time.Minute, false},
		{"half was verified", 20, 10, 2 * time.Minute, false},
		{"less than half was", 20, 9, 2 * time.Minute, true},
		{"until they are over", 20, 0, 10*time.Minute - time.Millisecond, true},
		{"when they are over", 20, 0, 10 * time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &Crowd{}
			for range test.sends {
				c.Count(1000, Millis(watched.Per))
			}
			for range test.verified {
				c.Verify(1000)
			}
			require.Equal(t, test.want, c.suspicious(1000+Millis(test.after), watched))
			require.False(t, c.suspicious(1000+Millis(test.after), caches.RiskGroup{Per: watched.Per, UnverifiedAfter: watched.UnverifiedAfter}))
		})
	}
}
