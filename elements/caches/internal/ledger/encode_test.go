package ledger

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
			s.Requests = []Request{{ID: text.Draw(t, "request"), Expires: 1, Verdict: 2, Code: "c", At: 3, Shared: 4, Settled: true}}
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
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := DecodeState(b); err == nil {
			again, err := DecodeState(s.Encode())
			require.NoError(t, err)
			require.Equal(t, s.Encode(), again.Encode())
		}
		_, _ = DecodeToken(b)
		_, _ = DecodeRepeat(b)
	})
}

func TestAClockThatGoesBackProlongsNothing(t *testing.T) {
	s, r := &State{}, &caches.Reserve{
		Request: "a", Code: caches.Code{ID: "c", MAC: "m", Purposes: []string{"p"}}, TTL: 5 * time.Minute, Interval: 45 * time.Second,
		Sends: []caches.Window{{Max: 1, Per: time.Hour}},
	}
	now := time.Now().UnixMilli()
	require.Equal(t, caches.OK, s.Reserve(now, r, nil).Verdict)
	now -= time.Hour.Milliseconds()
	r.Request = "b"
	require.Equal(t, caches.Reserved{Verdict: caches.Cooldown, RetryAfter: 45 * time.Second}, s.Reserve(now, r, nil))
	now += Millis(45 * time.Second)
	require.Equal(t, caches.LimitSends, s.Reserve(now, r, nil).Limit)
	g := &caches.Guess{Purpose: "p", MAC: "m", Attempts: 1}
	answer, _, _ := s.Guess(now, g)
	require.Equal(t, caches.OK, answer.Verdict)
	answer, _, _ = s.Guess(now+Millis(5*time.Minute), g)
	require.Equal(t, caches.Wrong, answer.Verdict)
}

func TestWhatIsKeptOfAnIdentityIsBounded(t *testing.T) {
	s := &State{}
	for i := range 1000 {
		s.remember(int64(i), Request{ID: "x"})
	}
	require.Len(t, s.Requests, remembers)
}
