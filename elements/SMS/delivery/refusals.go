package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// Refusals is a vendor's table of error codes. An entry also covers the codes below
// it: AuthFailure covers AuthFailure.SignatureExpire, unless that has an entry of its
// own.
type Refusals struct {
	reasons   map[string]smscode.Reason
	limits    map[string]Limit
	ambiguous map[string]bool
}

// Limit is the limit that throttled a message: whose it is, and how long it lasts if
// the vendor says so.
type Limit struct {
	Scope smscode.Scope
	Wait  time.Duration
}

// NewRefusals returns a table of the codes by reason, the limits of the throttled
// ones, and the ambiguous codes, which don't tell whether the message was sent. It
// panics if a code occurs twice.
func NewRefusals(reasons map[smscode.Reason][]string, limits map[string]Limit, ambiguous ...string) *Refusals {
	t := &Refusals{reasons: make(map[string]smscode.Reason), limits: limits, ambiguous: make(map[string]bool)}
	for reason, codes := range reasons {
		for _, code := range codes {
			t.mustBeNew(code)
			t.reasons[code] = reason
		}
	}
	for code := range limits {
		if t.reasons[code] != smscode.Throttled {
			panic(fmt.Sprintf("delivery: code %s has a limit and is not throttled", code))
		}
	}
	for _, code := range ambiguous {
		t.mustBeNew(code)
		t.ambiguous[code] = true
	}
	return t
}

func (t *Refusals) mustBeNew(code string) {
	if t.has(code) {
		panic(fmt.Sprintf("delivery: code %s is there twice", code))
	}
}

func (t *Refusals) has(code string) bool { return t.reasons[code] != "" || t.ambiguous[code] }

// Outcome returns the outcome of a request that the vendor answered with a code
// other than its positive one. An unknown code is a refusal for an unknown reason.
// With a 5xx status, only a code whose entry says why the vendor refused is a
// refusal.
func (t *Refusals) Outcome(code string, status int) Outcome {
	entry := t.find(code)
	reason := t.reasons[entry]
	if reason == "" {
		reason = smscode.Other
	}
	vendorFailed := status >= http.StatusInternalServerError && (reason == smscode.Other || reason == smscode.Unavailable)
	if vendorFailed || t.ambiguous[entry] || isRedirect(status) {
		o := doubtful(smscode.DoubtStatus, "the vendor failed")
		o.Code = code
		return o
	}
	o := Refused(reason, code)
	if reason == smscode.Throttled {
		o.Scope = smscode.ScopeAccount
		if limit, ok := t.limits[entry]; ok {
			o.Scope, o.Wait = limit.Scope, limit.Wait
		}
	}
	return o
}

// find returns the entry that covers a code, or "".
func (t *Refusals) find(code string) string {
	for !t.has(code) {
		dot := strings.LastIndexByte(code, '.')
		if dot < 0 {
			return ""
		}
		code = code[:dot]
	}
	return code
}
