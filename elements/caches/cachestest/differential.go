package cachestest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lintel-run/lintel/elements/caches"
)

// differential runs the same random operations on the store and on the reference, with
// time passing between them, and compares every result.
func differential(t *testing.T, open func(testing.TB) Opened) {
	o := open(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		d := &duel{ref: newReference(), store: o.Store, prefix: fmt.Sprintf("d%d-", round)}
		for range rapid.IntRange(1, 80).Draw(t, "operations") {
			d.step(t, o.Advance)
		}
	})
}

// captchaDifferential is differential with sends alone, each with a captcha or the lack of
// one, so that captchas meet each outcome of a send, each other and repeats.
func captchaDifferential(t *testing.T, open func(testing.TB) Opened) {
	o := open(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		d := &duel{ref: newReference(), store: o.Store, prefix: fmt.Sprintf("p%d-", round)}
		for range rapid.IntRange(1, 12).Draw(t, "operations") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				d.endReservation(t)
			case 1:
				d.pass(o.Advance, pick(t, "seconds", 1, 45, 60, 180))
			default:
				d.reserveWithCaptcha(t)
			}
		}
	})
}

func (d *duel) reserveWithCaptcha(t *rapid.T) {
	d.codes++
	r := caches.Reserve{
		Request: pick(t, "request", "q1", "q2", "q3"), Key: d.key(t), Budget: pick(t, "budget", "", "o"),
		Code:     caches.Code{ID: fmt.Sprintf("%sc%d", d.prefix, d.codes), MAC: "m"},
		TTL:      time.Minute,
		Interval: pick(t, "interval", 0, 0, 45*time.Second),
		Sends:    []caches.Window{{Max: pick(t, "sends", 1, 2, 9), Per: time.Minute}},
		Shared:   []caches.SharedLimit{{Key: d.prefix + "ip", Window: caches.Window{Max: pick(t, "shared", 1, 2, 9), Per: time.Minute}}},
		Captcha: caches.CaptchaCheck{
			Required: rapid.IntRange(0, 3).Draw(t, "required") == 0,
			Given:    rapid.IntRange(0, 3).Draw(t, "given") > 0,
			Correct:  rapid.Bool().Draw(t, "correct"), UseTTL: pick(t, "ttl", time.Minute, 3*time.Minute),
		},
	}
	if mark := pick(t, "mark", "m1", "m1", "m2", ""); r.Captcha.Given && mark != "" {
		r.Captcha.UseKey = d.prefix + mark
	}
	d.compareReserve(t, r)
}

// sent is a reservation, and what its refusal leaves behind.
type sent struct {
	caches.Reservation
	refused caches.Refusal
}

type duel struct {
	ref    *reference
	store  caches.Store
	prefix string
	codes  int
	sent   []sent
	claims []caches.EndClaim
}

func pick[T any](t *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(t, label) }

func (d *duel) key(t *rapid.T) string { return d.prefix + pick(t, "key", "a", "b}{") }

func (d *duel) step(t *rapid.T, advance func(time.Duration)) {
	steps := []func(*rapid.T){
		d.reserve, d.reserve, d.endReservation, d.endReservation, d.guess, d.guess, d.guess, d.endClaim,
		d.token, d.endToken, d.issue, d.begin, d.finish,
		func(t *rapid.T) { d.pass(advance, pick(t, "seconds", 1, 1, 2, 5, 10, 30, 60, 300, 700)) },
	}
	steps[rapid.IntRange(0, len(steps)-1).Draw(t, "step")](t)
}

// pass lets time pass.
func (d *duel) pass(advance func(time.Duration), seconds int) {
	by := time.Duration(seconds) * time.Second
	advance(by)
	d.ref.advance(by)
}

func (d *duel) request(t *rapid.T) string {
	return pick(t, "request", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9")
}

func issue(t *rapid.T) *caches.Issue {
	if rapid.Bool().Draw(t, "issue") {
		return nil
	}
	return &caches.Issue{
		Hash: pick(t, "hash", "h1", "h2"), Value: []byte{0, 255, byte(rapid.IntRange(0, 9).Draw(t, "value"))},
		TTL: time.Minute,
	}
}

func (d *duel) reserve(t *rapid.T) {
	d.codes++
	r := caches.Reserve{
		Request: d.request(t), Key: d.key(t),
		Holder: pick(t, "holder", "", "u1"), Budget: pick(t, "budget", "", "b1"),
		Code: caches.Code{
			ID: fmt.Sprintf("%sc%d", d.prefix, d.codes), MAC: pick(t, "mac", "m1", "m2", "m3"),
			Length:   pick(t, "length", 6, 6, 8, 0),
			Purposes: pick(t, "purposes", []string{"login"}, []string{"login", "register"}, nil),
			Decoy:    rapid.IntRange(0, 9).Draw(t, "decoy") == 0,
		},
		TTL:      pick(t, "ttl", time.Minute, 5*time.Minute),
		Interval: pick(t, "interval", 0, time.Second, 45*time.Second),
		Sends: pick(t, "sends",
			[]caches.Window{{Max: 3, Per: time.Minute}, {Max: 0, Per: 24 * time.Hour}, {Max: 5, Per: 10 * time.Minute}},
			[]caches.Window{{Max: 2, Per: 30 * time.Second}}, nil),
		Refusals:   d.window(t),
		Guesses:    d.window(t),
		Shared:     d.shared(t),
		RiskGroups: d.riskGroups(t),
		Captcha:    d.captcha(t),
	}
	d.compareReserve(t, r)
}

func (d *duel) compareReserve(t *rapid.T, r caches.Reserve) {
	want, _ := d.ref.Reserve(context.Background(), r)
	got, err := d.store.Reserve(context.Background(), r)
	require.NoError(t, err)
	require.Equal(t, want, got)
	if got.Outcome == caches.Reserved {
		back := sent{reservation(r), caches.Refusal{Count: r.Refusals, KeepCooldown: rapid.Bool().Draw(t, "keep cooldown")}}
		back.Shared = back.Shared[rapid.IntRange(0, len(back.Shared)).Draw(t, "paid"):]
		d.sent = append(d.sent, back)
	}
}

func (d *duel) window(t *rapid.T) caches.Window {
	return pick(t, "window", caches.Window{Max: 4, Per: 10 * time.Minute}, caches.Window{Max: 2, Per: time.Minute}, caches.Window{})
}

func (d *duel) shared(t *rapid.T) []caches.SharedLimit {
	all := []caches.SharedLimit{
		{Key: d.prefix + "ip", Window: caches.Window{Max: 4, Per: 5 * time.Minute}},
		{Key: d.prefix + "app", Window: caches.Window{Max: 6, Per: 10 * time.Minute}},
		{Key: d.prefix + "none", Window: caches.Window{Max: 0, Per: time.Hour}},
	}
	return all[:rapid.IntRange(0, len(all)).Draw(t, "shared")]
}

func (d *duel) riskGroups(t *rapid.T) []caches.RiskGroup {
	all := []caches.RiskGroup{
		{Key: d.prefix + "app", Per: 10 * time.Minute, MinSends: pick(t, "min sends", 0, 2, 4), UnverifiedAfter: 30 * time.Second},
		{Key: d.prefix + "prefix", Per: time.Minute, MinSends: 3, UnverifiedAfter: 10 * time.Second},
	}
	return all[:rapid.IntRange(0, len(all)).Draw(t, "groups")]
}

func (d *duel) captcha(t *rapid.T) caches.CaptchaCheck {
	p := caches.CaptchaCheck{Required: rapid.IntRange(0, 9).Draw(t, "required") == 0}
	if rapid.IntRange(0, 3).Draw(t, "full") == 0 {
		p.RequiredWhenFull = []caches.SharedLimit{{Key: d.prefix + "ip", Window: caches.Window{Max: 2, Per: 5 * time.Minute}}}
	}
	if p.Given = rapid.IntRange(0, 2).Draw(t, "given") == 0; p.Given {
		p.Correct = rapid.Bool().Draw(t, "correct")
		p.UseTTL = pick(t, "ttl", time.Minute, 3*time.Minute)
		if p.UseKey = pick(t, "use key", "", "m1", "m2", "m3", "m4"); p.UseKey != "" {
			p.UseKey = d.prefix + p.UseKey
		}
	}
	return p
}

func (d *duel) endReservation(t *rapid.T) {
	if len(d.sent) == 0 {
		return
	}
	s := d.sent[rapid.IntRange(max(0, len(d.sent)-4), len(d.sent)-1).Draw(t, "reservation")]
	if rapid.Bool().Draw(t, "commit") {
		require.NoError(t, d.ref.Commit(context.Background(), s.Reservation))
		require.NoError(t, d.store.Commit(context.Background(), s.Reservation))
		return
	}
	require.NoError(t, d.ref.Rollback(context.Background(), s.Reservation, s.refused))
	require.NoError(t, d.store.Rollback(context.Background(), s.Reservation, s.refused))
}

func (d *duel) guess(t *rapid.T) {
	g := caches.Guess{
		Request: d.request(t), Key: d.key(t),
		Holder: pick(t, "holder", "", "", "u1"), Budget: pick(t, "budget", "", "b1"),
		Purpose: pick(t, "purpose", "login", "register"), MAC: pick(t, "mac", "m1", "m2", "m3"),
		Length: pick(t, "length", 6, 6, 6, 8), FreshLength: pick(t, "fresh length", 6, 6, 8),
		Attempts: pick(t, "attempts", 1, 2, 3), Guesses: d.window(t), Shared: d.shared(t),
		Then:     pick(t, "then", caches.Keep, caches.Consume, caches.Claim, caches.Claim),
		ClaimFor: 10 * time.Second, Issue: issue(t),
	}
	if rapid.IntRange(0, 3).Draw(t, "cleared") == 0 && len(d.claims) > 0 {
		g.Cleared = d.claims[len(d.claims)-1].CodeID
	}
	want, _ := d.ref.Guess(context.Background(), g)
	got, err := d.store.Guess(context.Background(), g)
	require.NoError(t, err)
	require.Equal(t, want, got)
	if g.Then == caches.Claim && got.CodeID != "" {
		d.claims = append(d.claims, caches.EndClaim{Request: g.Request, Key: g.Key, Holder: g.Holder, CodeID: got.CodeID})
	}
}

func (d *duel) endClaim(t *rapid.T) {
	if len(d.claims) == 0 {
		return
	}
	e := d.claims[rapid.IntRange(max(0, len(d.claims)-3), len(d.claims)-1).Draw(t, "claim")]
	e.Used, e.Issue = rapid.Bool().Draw(t, "used"), issue(t)
	require.NoError(t, d.ref.EndClaim(context.Background(), e))
	require.NoError(t, d.store.EndClaim(context.Background(), e))
}

func (d *duel) token(t *rapid.T) {
	q := caches.TokenRequest{
		Request: d.request(t), Key: d.key(t), Hash: pick(t, "hash", "h1", "h2"),
		Then:     pick(t, "then", caches.Keep, caches.Consume, caches.Claim),
		ClaimFor: 10 * time.Second, Linger: pick(t, "linger", 0, 5*time.Second, 20*time.Minute),
	}
	want, _ := d.ref.Token(context.Background(), q)
	got, err := d.store.Token(context.Background(), q)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func (d *duel) endToken(t *rapid.T) {
	e := caches.EndToken{
		Request: d.request(t), Key: d.key(t), Hash: pick(t, "hash", "h1", "h2"),
		End: pick(t, "end", caches.ReleaseToken, caches.UseToken, caches.ReturnToken), Linger: 5 * time.Second,
	}
	require.NoError(t, d.ref.EndToken(context.Background(), e))
	require.NoError(t, d.store.EndToken(context.Background(), e))
}

func (d *duel) issue(t *rapid.T) {
	if i := issue(t); i != nil {
		key := d.key(t)
		require.NoError(t, d.ref.Issue(context.Background(), key, *i))
		require.NoError(t, d.store.Issue(context.Background(), key, *i))
	}
}

func (d *duel) begin(t *rapid.T) {
	b := caches.Begin{
		Key: d.key(t), Owner: pick(t, "owner", "o1", "o2", "o3"), Fingerprint: pick(t, "fingerprint", "f1", "f1", "f2"),
		Lease: 10 * time.Second, TTL: 10 * time.Minute, Budgets: d.budgets(t),
	}
	want, _ := d.ref.Begin(context.Background(), b)
	got, err := d.store.Begin(context.Background(), b)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func (d *duel) finish(t *rapid.T) {
	key, owner := d.key(t), pick(t, "owner", "o1", "o2", "o3")
	answer := pick(t, "answer", nil, []byte{}, []byte("yes\x00\xff"), make([]byte, 2*caches.AnswerUnit))
	f := caches.Finish{Key: key, Owner: owner, Answer: answer, TTL: time.Minute, Budgets: d.budgets(t)}
	require.NoError(t, d.ref.Finish(context.Background(), f))
	require.NoError(t, d.store.Finish(context.Background(), f))
}

func (d *duel) budgets(t *rapid.T) caches.Budgets {
	return caches.Budgets{
		Sender: caches.SharedLimit{
			Key:    d.prefix + pick(t, "sender", "s1", "s2"),
			Window: caches.Window{Max: pick(t, "most", 0, 3, 6), Per: 10 * time.Minute},
		},
		All:      caches.SharedLimit{Key: d.prefix + "all", Window: caches.Window{Max: pick(t, "most of all", 0, 4), Per: 10 * time.Minute}},
		SpentTTL: 30 * time.Minute,
	}
}
