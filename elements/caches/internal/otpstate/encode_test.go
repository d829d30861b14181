package otpstate

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/lintel-run/lintel/elements/caches"
)

// kept are values in their encoded form, as a store keeps them.
type kept struct {
	t      require.TestingT
	now    int64
	values map[Name]expiring
}

type expiring struct {
	bytes   []byte
	expires int64
}

func (k *kept) Load(n Name) any {
	v, ok := k.values[n]
	if !ok || v.expires <= k.now {
		return nil
	}
	value, err := Decode(n.Kind, v.bytes)
	require.NoError(k.t, err)
	return value
}

func (k *kept) Keep(n Name, value any, expires int64) {
	b, err := Encode(value)
	require.NoError(k.t, err)
	k.values[n] = expiring{b, expires}
}

// at returns a step on the values at a time.
func (k *kept) at(now int64) *Step {
	k.now = now
	return &Step{Now: now, Values: k, Windows: ValueWindows{plainWindows{}}}
}

// plainWindows keep nothing.
type plainWindows struct{}

func (plainWindows) Load(Name) any         { return nil }
func (plainWindows) Keep(Name, any, int64) {}

func newKept(t require.TestingT) *kept { return &kept{t: t, values: make(map[Name]expiring)} }

func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for kind, value := range map[Kind]proto.Message{
			KindState: drawState(t), KindToken: drawToken(t), KindGroup: drawGroup(t), KindRecord: drawRecord(t),
		} {
			b, err := Encode(value)
			require.NoError(t, err)
			got, err := Decode(kind, b)
			require.NoError(t, err)
			require.True(t, proto.Equal(value, got.(proto.Message)), "%v\n%v", value, got)
		}
	})
}

// Texts need not be UTF-8: they are whatever callers use as keys and MACs.
var (
	text = rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "text")) })
	when = rapid.Int64()
)

func drawCode(t *rapid.T) *Code {
	if rapid.Bool().Draw(t, "none") {
		return nil
	}
	c := &Code{
		Id: text.Draw(t, "id"), Mac: text.Draw(t, "mac"), Decoy: rapid.Bool().Draw(t, "decoy"),
		Purposes: rapid.SliceOfN(text, 0, 4).Draw(t, "purposes"),
		Expires:  when.Draw(t, "expires"), Claim: text.Draw(t, "claim"), ClaimEnds: when.Draw(t, "ends"),
		Length: when.Draw(t, "length"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		c.Attempts = append(c.Attempts, &Attempts{Budget: text.Draw(t, "budget"), Wrong: rapid.Int64Range(0, 9).Draw(t, "wrong")})
	}
	return c
}

func drawTimes(t *rapid.T) *Times {
	return &Times{Per: when.Draw(t, "per"), At: rapid.SliceOfN(when, 0, 9).Draw(t, "at")}
}

func drawState(t *rapid.T) *State {
	s := &State{
		Changed: when.Draw(t, "changed"), Throttled: drawTimes(t),
	}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		s.Holders = append(s.Holders, &Holder{Holder: text.Draw(t, "holder"), Live: drawCode(t), Pending: drawCode(t)})
		w := drawTimes(t)
		w.Budget = text.Draw(t, "budget")
		s.Sends, s.Guesses, s.Refusals = append(s.Sends, w), append(s.Guesses, proto.CloneOf(w)), append(s.Refusals, proto.CloneOf(w))
		s.Requests = append(s.Requests, &Request{
			Id: text.Draw(t, "request"), Expires: when.Draw(t, "expires"), Code: text.Draw(t, "code"),
			Made: when.Draw(t, "made"), MadeShared: when.Draw(t, "shared"), Committed: rapid.Bool().Draw(t, "committed"),
		})
		s.Unverified = append(s.Unverified, &Unverified{
			Code: text.Draw(t, "code"), Sent: when.Draw(t, "sent"), Expires: when.Draw(t, "expires"),
			Groups: rapid.SliceOfN(text, 0, 3).Draw(t, "groups"),
		})
		s.Consumed = append(s.Consumed, &Consumed{Request: text.Draw(t, "request"), Attempt: text.Draw(t, "attempt"), Code: drawCode(t)})
	}
	return s
}

func drawToken(t *rapid.T) *Token {
	return &Token{
		Value: []byte(text.Draw(t, "value")), Expires: when.Draw(t, "expires"),
		TakenBy: text.Draw(t, "taken"), LingersUntil: when.Draw(t, "lingers"),
		Claim: text.Draw(t, "claim"), ClaimEnds: when.Draw(t, "ends"), Released: rapid.SliceOfN(text, 0, 3).Draw(t, "released"),
		Attempt: text.Draw(t, "attempt"), RestoredExpires: when.Draw(t, "restored"),
	}
}

func drawRecord(t *rapid.T) *Record {
	return &Record{
		Owner: text.Draw(t, "owner"), Fingerprint: text.Draw(t, "fingerprint"), LeaseEnds: when.Draw(t, "lease"),
		Answered: rapid.Bool().Draw(t, "answered"), Answer: []byte(text.Draw(t, "answer")), Expires: when.Draw(t, "expires"),
	}
}

func drawGroup(t *rapid.T) *Group {
	g := &Group{Per: when.Draw(t, "per")}
	for range rapid.IntRange(0, 3).Draw(t, "slots") {
		g.Begins, g.Sends, g.Verified = append(g.Begins, when.Draw(t, "begins")), append(g.Sends, when.Draw(t, "sends")), append(g.Verified, when.Draw(t, "verified"))
	}
	return g
}

func FuzzDecode(f *testing.F) {
	kinds := []Kind{KindState, KindToken, KindRecord, KindGroup}
	s := newKept(f)
	s.at(1).reserve(&caches.Reserve{
		Request: "r", Code: caches.Code{ID: "c", Purposes: []string{"p"}}, TTL: time.Minute, Interval: 1,
		RiskGroups: []caches.RiskGroup{{Key: "g", Per: time.Minute}},
	}, "")
	s.at(1).issue("k", &caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute})
	s.at(1).begin(&caches.Begin{Key: "k", Owner: "o", Lease: time.Minute}, "")
	for n, v := range s.values {
		f.Add(byte(slices.Index(kinds, n.Kind)), v.bytes)
	}
	for _, old := range oldValues {
		f.Add(byte(slices.Index(kinds, old.kind)), old.bytes())
	}
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		k := kinds[int(kind)%len(kinds)]
		value, err := Decode(k, b)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		if s, ok := value.(*State); ok {
			s.advance(1 << 40) // whatever was read, it does no harm
		}
		again, err := Encode(value)
		require.NoError(t, err)
		_, err = Decode(k, again)
		require.NoError(t, err)
	})
}

// oldValues were written by Lintel 0.1, at times from oldTime on.
const oldTime = 1_800_000_000_000

type oldValue struct {
	kind Kind
	hex  string
}

func (o oldValue) bytes() []byte {
	b, _ := hex.DecodeString(o.hex)
	return b
}

var oldValues = []oldValue{
	{KindState, "7390eaee85e3680000020000020674776f0e6d61632d74776f040a6c6f67696e10726567697374657200e09c8d86e3680004673390f9e985e368020c64657669636580bab7030480c0e285e368a08d060210737472616e67657280bab70302d0cfe285e36880bab7030290eaee85e3680a0c52712d6f6e6580dfab86e36800066f6e6580c0e285e36880c0e285e3680206476731d0eeab86e368080000000006476732a0feab86e36802066f6e650000000c52712d74776fa0ecb186e368000674776fa0cde885e368a0cde885e3680006476733f0fbb186e368020674776f000000000204673204743202066f6e650e6d61632d6f6e65040a6c6f67696e10726567697374657200c08f8786e3680210737472616e676572020000"},
	{KindToken, "740a76616c756580dfab86e368046332c0e9e985e368000000046132c0e9e985e368"},
	{KindRecord, "72026f0266d0cfe285e368020c616e73776572c0e9e985e368"},
	{KindGroup, "63809f490680c0e285e3680202a08d060202a08d060200"},
}

func TestValuesOfTheOldFormatAreRead(t *testing.T) {
	s := newKept(t)
	names := map[Kind]Name{
		KindState: stateName("k"), KindToken: tokenName("k", "h"), KindRecord: recordName("k"), KindGroup: groupName("app"),
	}
	for _, old := range oldValues {
		s.values[names[old.kind]] = expiring{old.bytes(), oldTime + Millis(time.Hour)}
	}
	// Code one was sent, missed by a stranger once, and consumed. The claim of
	// code two has expired. The vendor refused code three.
	at := func(d time.Duration) *Step { return s.at(oldTime + Millis(d)) }
	guess := func(request, mac string) *caches.Guess {
		return &caches.Guess{
			Request: request, Key: "k", Budget: "stranger", Purpose: "login", MAC: mac, Attempts: 5,
			Guesses: caches.Window{Max: 2, Per: time.Hour}, Then: caches.Consume,
		}
	}
	now := 102 * time.Second
	require.Equal(t, caches.GuessResult{Outcome: caches.GuessWrong}, at(now).guess(guess("g1", "no"), "t"))
	require.Equal(t, caches.GuessResult{Outcome: caches.GuessRight, CodeID: "one"}, at(now).guess(guess("g2", "mac-one"), "t"))
	r := &caches.Reserve{
		Request: "q-four", Key: "k", Budget: "device", Code: caches.Code{ID: "four"}, TTL: time.Minute,
		Sends:      []caches.Window{{Max: 2, Per: time.Hour}},
		RiskGroups: []caches.RiskGroup{{Key: "app", Per: 10 * time.Minute, MinSends: 2}},
	}
	require.Equal(t, caches.GuessUnresolved, at(now).guess(guess("g4", "mac-two"), "t").Outcome)
	require.Equal(t, caches.Reserved, at(now).reserve(&caches.Reserve{Request: "q-two", Key: "k"}, "").Outcome, "it is a repeat")
	require.Equal(t, caches.LimitSends, at(now).reserve(r, "").Limit)
	r.Sends = nil
	r.Budget, r.Refusals = "", caches.Window{Max: 1, Per: time.Hour}
	require.Equal(t, caches.LimitRefusals, at(2*time.Minute).reserve(r, "").Limit)
	r.Refusals = caches.Window{}
	require.Equal(t, caches.Reserved, at(2*time.Minute).reserve(r, "").Outcome, "both sends of the group are verified")

	require.Equal(t, caches.BeginResult{Outcome: caches.BeginDone, Answer: []byte("answer")},
		at(59*time.Second).begin(&caches.Begin{Key: "k", Owner: "other", Fingerprint: "f"}, ""))
	take := &caches.TokenRequest{Request: "c3", Key: "k", Hash: "h", Then: caches.Consume}
	require.Equal(t, caches.TokenResult{Outcome: caches.TokenUsed, Value: []byte("value")}, at(30*time.Second).token(take, "a"))
	at(30*time.Second).undoToken(&caches.TokenRequest{Request: "c2", Key: "k", Hash: "h"}, "a2")
	require.Equal(t, caches.TokenValid, at(59*time.Second).token(take, "a").Outcome)
	for n, v := range s.values {
		if n.Kind == KindRecord {
			continue // it was only read
		}
		require.EqualValues(t, format, v.bytes[0], "%s is written in the new format", string(n.Kind))
	}
}
