package web

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// flow is how far a person has come on a page. It travels in a cookie that only
// this app can read, so that a reload goes on where they were and no address, form
// or storage of the browser holds a code or a ticket.
type flow struct {
	Page  string `json:"p"`
	Login string `json:"l"`
	// User the flow belongs to; only on pages for signed-in users.
	User   string `json:"u,omitempty"`
	Step   step   `json:"s"`
	Region string `json:"r,omitempty"`
	Phone  string `json:"n,omitempty"`
	// Code is right but not used up: its person has still to choose a nick.
	Code      string `json:"c,omitempty"`
	LoginCode string `json:"k,omitempty"`
	Ticket    string `json:"t,omitempty"`
	Corps     []corp `json:"o,omitempty"`
	// Resend is when the next code may be asked for, in Unix milliseconds.
	Resend int64 `json:"w,omitempty"`
	// Captcha is the kind that is asked for: pow, image or audio; "" for none.
	Captcha string `json:"a,omitempty"`
	// Retry is what the form with the captcha asks for.
	Retry string `json:"e,omitempty"`
	// Nick is what was typed into the register step.
	Nick    string `json:"d,omitempty"`
	Message note   `json:"m,omitempty"`
	Until   int64  `json:"x"`
}

// step of a page.
type step string

// corp is an organisation to choose.
type corp struct {
	ID   string `json:"corpId"`
	Name string `json:"corpName"`
}

// note is what a page says once.
type note struct {
	// Key of the text in the locale.
	Key string `json:"k,omitempty"`
	// Good: it is news, no error.
	Good bool `json:"g,omitempty"`
	// Number stands in the text: seconds, or how many digits.
	Number int64 `json:"n,omitempty"`
	// Ref is the request's id, for failures that only an operator understands.
	Ref string `json:"r,omitempty"`
}

const (
	flowCookie = "lintel_flow"
	flowLife   = 15 * time.Minute
	// longestFlow is what browsers surely keep in one cookie (RFC 6265, 6.1).
	longestFlow = 3800
)

// flows reads and writes flows.
type flows struct {
	site Site
	aead cipher.AEAD
}

func newFlows(site Site) (*flows, error) {
	key, err := site.Key("web/flow")
	if err != nil {
		return nil, fmt.Errorf("web: the key of the pages: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("web: the key of the pages: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("web: the key of the pages: %w", err)
	}
	return &flows{site: site, aead: aead}, nil
}

// read gives the flow of a page, an empty one when there is none.
func (f *flows) read(r *http.Request, page, login, user string) flow {
	fresh := flow{Page: page, Login: login, User: user}
	name, _ := f.site.Cookie(r, flowCookie)
	c, err := r.Cookie(name)
	if err != nil {
		return fresh
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return fresh
	}
	text, err := f.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return fresh
	}
	var had flow
	if json.Unmarshal(text, &had) != nil || had.Page != page || had.Login != login || had.User != user ||
		time.Now().UnixMilli() > had.Until {
		return fresh
	}
	return had
}

// write keeps a flow; one that is empty ends.
func (f *flows) write(w http.ResponseWriter, r *http.Request, have flow) {
	name, secure := f.site.Cookie(r, flowCookie)
	cookie := &http.Cookie{ //nolint:gosec // G124: Secure wherever the client's connection is https
		Name: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure, MaxAge: -1,
	}
	if have.Step != "" || have.Captcha != "" || have.Message.Key != "" {
		have.Until = time.Now().Add(flowLife).UnixMilli()
		cookie.Value = f.seal(&have)
		cookie.MaxAge = int(flowLife / time.Second)
	} else if _, err := r.Cookie(name); err != nil {
		return // there is none to end
	}
	http.SetCookie(w, cookie)
}

// seal encrypts a flow, leaving corps out until it fits into a cookie.
func (f *flows) seal(have *flow) string {
	for {
		text, err := json.Marshal(have)
		if err != nil {
			// Strings and numbers: always JSON.
			panic("web: a flow that is no JSON")
		}
		sealed := base64.RawURLEncoding.EncodeToString(f.aead.Seal(nil, nil, text, nil)) //nolint:gosec // G407: this AEAD makes its nonces itself
		if len(sealed) <= longestFlow || len(have.Corps) == 0 {
			return sealed
		}
		have.Corps = have.Corps[:len(have.Corps)-1]
	}
}

// wait is how many seconds are left until the next code, rounded up.
func (f flow) wait() int64 {
	left := f.Resend - time.Now().UnixMilli()
	if left <= 0 {
		return 0
	}
	return (left + 999) / 1000
}

// after sets when the next code may be asked for.
func (f *flow) after(seconds int64) {
	f.Resend = time.Now().Add(time.Duration(seconds) * time.Second).UnixMilli()
}
