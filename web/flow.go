package web

import (
	"encoding/base64"
	"time"

	"github.com/lintel-run/lintel/internal/seal"
	"github.com/lintel-run/lintel/server/extension"
)

// flow is how far a person has come on a page. It travels in an encrypted cookie, so
// that a reload goes on where they were, and no address, form or storage of the
// browser holds a code or a ticket.
type flow struct {
	Page  string `json:"p"`
	Login string `json:"l"`
	// User is whose flow it is, on pages for signed-in users.
	User   string `json:"u,omitempty"`
	Step   step   `json:"s"`
	Region string `json:"r,omitempty"`
	Phone  string `json:"n,omitempty"`
	// Consent is set once the person has ticked the box.
	Consent bool `json:"g,omitempty"`
	// Code is a right code that is kept while its holder chooses a nick.
	Code      string `json:"c,omitempty"`
	LoginCode string `json:"k,omitempty"`
	Ticket    string `json:"t,omitempty"`
	Corps     []corp `json:"o,omitempty"`
	// Resend is when the next code may be asked for, in Unix milliseconds.
	Resend int64 `json:"w,omitempty"`
	// Captcha is the kind that is asked for: pow, image or audio; "" for none.
	Captcha string `json:"a,omitempty"`
	// Retry is the action of the form with the captcha.
	Retry string `json:"e,omitempty"`
	// Nick is what was typed into the register step.
	Nick    string       `json:"d,omitempty"`
	Message flashMessage `json:"m,omitempty"`
	Until   int64        `json:"x"`
}

// step of a page.
type step string

const (
	flowCookie = "lintel_flow"
	flowLife   = 15 * time.Minute
	// longestFlow is what browsers keep in one cookie (RFC 6265, 6.1).
	longestFlow = 3800
)

// flows reads and writes flows.
type flows struct{ key *seal.Key }

// read returns the flow of a page, an empty one when there is none.
func (f *flows) read(r extension.Request, page, login, user string) flow {
	fresh := flow{Page: page, Login: login, User: user}
	name, _ := r.CookieName(flowCookie)
	c, err := r.HTTP().Cookie(name)
	if err != nil {
		return fresh
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return fresh
	}
	var kept flow
	if f.key.OpenJSON(sealed, "", &kept) != nil || kept.Page != page || kept.Login != login || kept.User != user ||
		time.Now().UnixMilli() > kept.Until {
		return fresh
	}
	return kept
}

// write keeps a flow; an empty one ends.
func (f *flows) write(r extension.Request, current flow) {
	if current.Step != "" || current.Captcha != "" || current.Message.Key != "" {
		current.Until = time.Now().Add(flowLife).UnixMilli()
		setCookie(r, flowCookie, f.seal(&current), flowLife)
		return
	}
	name, _ := r.CookieName(flowCookie)
	if _, err := r.HTTP().Cookie(name); err == nil {
		setCookie(r, flowCookie, "", -1)
	}
}

// seal encrypts a flow, leaving corps out until it fits into a cookie.
func (f *flows) seal(current *flow) string {
	for {
		text, err := f.key.SealJSON(current, "")
		if err != nil {
			panic(err) // strings and numbers are always JSON
		}
		sealed := base64.RawURLEncoding.EncodeToString(text)
		if len(sealed) <= longestFlow || len(current.Corps) == 0 {
			return sealed
		}
		current.Corps = current.Corps[:len(current.Corps)-1]
	}
}

// wait returns the seconds until the next code, rounded up.
func (f flow) wait() int64 {
	left := f.Resend - time.Now().UnixMilli()
	if left <= 0 {
		return 0
	}
	return (left + 999) / 1000
}

// resendAfter sets when the next code may be asked for.
func (f *flow) resendAfter(seconds int64) {
	f.Resend = time.Now().Add(time.Duration(seconds) * time.Second).UnixMilli()
}
