package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Codes is a vendor's table of error codes. A code covers those below it:
// "AuthFailure" is also the reason of "AuthFailure.SignatureExpire", unless that
// stands in the table itself.
type Codes struct {
	reasons map[string]Reason
	limits  map[string]Limit
	open    map[string]bool
}

// Limit is whose limit a throttled message met, and how long that lasts where the
// vendor says so.
type Limit struct {
	Scope Scope
	Wait  time.Duration
}

// NewCodes makes a table: codes by reason, the limits of the throttled ones, and
// the codes that leave open whether the message was sent. A code given twice is a
// programmer's mistake and panics.
func NewCodes(reasons map[Reason][]string, limits map[string]Limit, open ...string) *Codes {
	c := &Codes{reasons: make(map[string]Reason), limits: limits, open: make(map[string]bool)}
	for reason, codes := range reasons {
		for _, code := range codes {
			if _, twice := c.reasons[code]; twice {
				panic(fmt.Sprintf("delivery: code %s is there twice", code))
			}
			c.reasons[code] = reason
		}
	}
	for code := range limits {
		if c.reasons[code] != Throttled {
			panic(fmt.Sprintf("delivery: code %s has a limit and is not throttled", code))
		}
	}
	for _, code := range open {
		if _, twice := c.reasons[code]; twice {
			panic(fmt.Sprintf("delivery: code %s is there twice", code))
		}
		c.open[code] = true
	}
	return c
}

// Outcome gives how a request ended that the vendor answered with a code that
// isn't its positive one. A code of no table is a refusal of unknown reason: the
// vendor said no. With a status of 5xx only a code that tells why the vendor
// wouldn't send is one.
func (c *Codes) Outcome(code string, status int) Outcome {
	key, known := c.find(code)
	reason := Other
	switch {
	case known && c.open[key], status >= 300 && status < 400:
		o := Unknown("the vendor failed")
		o.Code = code
		return o
	case known:
		reason = c.reasons[key]
	}
	if status >= http.StatusInternalServerError && (reason == Other || reason == Unavailable) {
		o := Unknown("the vendor failed")
		o.Code = code
		return o
	}
	o := Refused(reason, code)
	if reason == Throttled {
		o.Scope, o.Wait = ScopeAccount, 0
		if limit, ok := c.limits[key]; ok {
			o.Scope, o.Wait = limit.Scope, limit.Wait
		}
	}
	return o
}

// find gives the entry that covers a code.
func (c *Codes) find(code string) (key string, known bool) {
	for key = code; key != ""; {
		if _, ok := c.reasons[key]; ok || c.open[key] {
			return key, true
		}
		dot := strings.LastIndexByte(key, '.')
		if dot < 0 {
			break
		}
		key = key[:dot]
	}
	return "", false
}
