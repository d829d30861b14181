package otpstate

import (
	"bytes"
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// Token is what is kept of one token.
type Token struct {
	Value   []byte
	Expires int64
	// Taken is the request that took it; others hear so until Linger. Attempt is
	// the last of its calls that was told so, Until how long the token was good.
	Taken   string
	Linger  int64
	Attempt string
	Until   int64
	// Claim is the request that claimed it, until ClaimEnds.
	Claim     string
	ClaimEnds int64
	// Ended are requests whose claims were given back; a straggling repeat of
	// one claims nothing.
	Ended []string
}

// endings bounds Token.Ended.
const endings = 8

// NewToken is the token of an Issue.
func NewToken(now int64, i *caches.Issue) *Token {
	return &Token{Value: bytes.Clone(i.Value), Expires: now + Millis(i.TTL)}
}

// End is when nothing of the token matters any more.
func (t *Token) End() int64 {
	if t.Taken != "" {
		return max(t.Expires, t.Linger)
	}
	return max(t.Expires, t.ClaimEnds)
}

// Ask is caches.Store's Token; t is nil when there is none. attempt tells this
// call from others of the same request.
func (t *Token) Ask(now int64, r *caches.TokenRequest, attempt string) (answer caches.TokenResult, changed bool) {
	gone := caches.TokenResult{Outcome: caches.TokenGone}
	if t == nil {
		return gone, false
	}
	if t.Taken != "" {
		switch {
		case t.Taken == r.Request && t.Expires > now:
			changed = t.Attempt != attempt
			t.Attempt = attempt
			return caches.TokenResult{Outcome: caches.TokenValid, Value: bytes.Clone(t.Value)}, changed
		case t.Linger > now:
			return caches.TokenResult{Outcome: caches.TokenUsed, Value: bytes.Clone(t.Value)}, false
		}
		return gone, false
	}
	mine := t.Claim == r.Request && t.Claim != ""
	if t.ClaimEnds > now && !mine {
		return caches.TokenResult{Outcome: caches.TokenBusy}, false
	}
	if t.Expires <= now && (!mine || t.ClaimEnds <= now) {
		return gone, false
	}
	answer = caches.TokenResult{Outcome: caches.TokenValid, Value: bytes.Clone(t.Value)}
	switch r.Then {
	case caches.Consume:
		t.take(now, r.Request, attempt, r.Linger)
		return answer, true
	case caches.Claim:
		if mine || slices.Contains(t.Ended, r.Request) {
			return answer, false
		}
		t.Claim, t.ClaimEnds = r.Request, now+Millis(r.ClaimFor)
		return answer, true
	case caches.Keep:
	}
	return answer, false
}

// take marks the token as taken: its taker hears so for as long as repeats are
// answered, others for linger.
func (t *Token) take(now int64, request, attempt string, linger time.Duration) {
	t.Taken, t.Linger, t.Attempt = request, now+Millis(linger), attempt
	t.Until, t.Expires = t.Expires, now+Millis(Remembered)
	t.Claim, t.ClaimEnds, t.Ended = "", 0, nil
}

// TakeBack frees a token that a call took while its caller was told that it
// failed.
func (t *Token) TakeBack(r *caches.TokenRequest, attempt string) (changed bool) {
	if t == nil || t.Taken != r.Request || t.Attempt != attempt {
		return false
	}
	t.free()
	return true
}

func (t *Token) free() {
	t.Taken, t.Linger, t.Attempt = "", 0, ""
	t.Expires, t.Until = t.Until, 0
}

// EndClaim is caches.Store's EndToken.
func (t *Token) EndClaim(now int64, e *caches.EndToken) (changed bool) {
	if t != nil && t.Taken == e.Request && e.Request != "" && e.End == caches.ReturnToken {
		t.free()
		return true
	}
	if t == nil || t.Taken != "" || t.End() <= now {
		return false
	}
	if e.End == caches.UseToken {
		t.take(now, e.Request, "", e.Linger)
		return true
	}
	if t.Claim != e.Request || t.Claim == "" {
		return false
	}
	t.Claim, t.ClaimEnds = "", 0
	if t.Ended = append(t.Ended, e.Request); len(t.Ended) > endings {
		t.Ended = slices.Delete(t.Ended, 0, 1)
	}
	return true
}
