package verification_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/lintel-run/lintel/runtime/element"
)

// instance is a login with its figures.
type instance struct {
	name                                      string
	config                                    *element.Config
	interval                                  time.Duration
	attempts, hourly, daily, address, guesses int
	codeLength                                int
	// risk is set if captchas are required by risk; nobody here brings one.
	risk bool
}

const (
	codeLife           = 5 * time.Minute
	wrongAnHour        = 10
	refusalsAnHour     = 10
	freeSendsOfAddress = 3
)

// times are when something happened, in milliseconds.
type times []int64

func (x times) within(now int64, span time.Duration) (n int) {
	for _, at := range x {
		if now-at < span.Milliseconds() {
			n++
		}
	}
	return n
}

// budget is what has been used of one.
type budget struct {
	// messages may have reached the phone; refused ones did not.
	messages, refused times
	// wrong are guesses that were compared with a code, rejected all that were called
	// wrong.
	wrong, rejected times
}

// code is a code that a phone's owner has read.
type code struct {
	digits string
	sentAt int64
	// wrong counts the guesses that were compared with it, by owner or not.
	wrong map[bool]int
	// shared is set while another code may be compared in its stead.
	shared bool
}

// model knows what the contract says of the calls so far.
type model struct {
	instances []*instance
	now       func() int64
	phones    map[string]*phone
	// reached are the requests from an address that reached a vendor, wrong its wrong
	// guesses.
	reached, wrong map[string]times
}

type phone struct {
	number string
	user   string // who it is, if anybody
	// devices are all tokens that logins have given.
	devices []string
	// last is when the cooldown began.
	last   int64
	budget map[bool]*budget // the owner's and the strangers'
	codes  map[string]*code // the one that is certainly alive, by instance and holder
	// unknown tells holders with a send of unknown outcome since.
	unknown map[string]bool
}

func newModel(now func() int64, instances []*instance) *model {
	return &model{instances: instances, now: now, phones: map[string]*phone{}, reached: map[string]times{}, wrong: map[string]times{}}
}

func (m *model) phone(number string) *phone {
	p := m.phones[number]
	if p == nil {
		p = &phone{
			number: number, last: -1 << 60, budget: map[bool]*budget{true: {}, false: {}},
			codes: map[string]*code{}, unknown: map[string]bool{},
		}
		m.phones[number] = p
	}
	return p
}

// owns reports whether a caller is the phone's owner.
func (p *phone) owns(c element.Caller) bool {
	return p.user != "" && (c.UserID == p.user || slices.Contains(p.devices, c.Device))
}

// breaks returns what is wrong with a request to a vendor; "" if nothing is.
func (m *model) breaks(in *instance, c element.Caller, p *phone) string {
	now, own := m.now(), p.owns(c)
	b := p.budget[own]
	switch all := slices.Concat(p.budget[true].messages, p.budget[false].messages); {
	case now-p.last < in.interval.Milliseconds():
		return "within the interval"
	case b.messages.within(now, time.Hour) >= in.hourly:
		return "past the hour's messages of its budget"
	case b.messages.within(now, 24*time.Hour) >= in.daily:
		return "past the day's messages of its budget"
	case all.within(now, time.Hour) >= 2*m.most(func(i *instance) int { return i.hourly }):
		return "past twice the hour's messages"
	case all.within(now, 24*time.Hour) >= 2*m.most(func(i *instance) int { return i.daily }):
		return "past twice the day's messages"
	case b.refused.within(now, time.Hour) >= refusalsAnHour:
		return "past the hour's refusals"
	case b.wrong.within(now, time.Hour) >= wrongAnHour:
		return "past the hour's wrong guesses"
	case m.reached[c.Address].within(now, time.Hour) >= in.address:
		return "past the address's messages"
	case in.risk && m.reached[c.Address].within(now, time.Hour) >= freeSendsOfAddress:
		return "without a captcha"
	}
	return ""
}

func (m *model) most(of func(*instance) int) (most int) {
	for _, i := range m.instances {
		most = max(most, of(i))
	}
	return most
}

// ended notes how a send ended.
func (m *model) ended(in *instance, c element.Caller, holder string, p *phone, o outcome, digits string) {
	now, key := m.now(), in.name+" "+holder
	b := p.budget[p.owns(c)]
	if o != unreached && o != unasked {
		m.reached[c.Address] = append(m.reached[c.Address], now)
	}
	fresh := &code{digits: digits, sentAt: now, wrong: map[bool]int{}}
	if p.unknown[key] { // it took the place of the live code
		delete(p.codes, key)
	}
	switch o {
	case accepted:
		p.codes[key], p.unknown[key] = fresh, false
	case unknown:
		p.unknown[key] = true
		if live := p.codes[key]; live != nil {
			live.shared = true
		}
	case refused, throttled, unreached:
		b.refused = append(b.refused, now)
	case unasked, outcomes:
	}
	if o == accepted || o == unknown {
		b.messages = append(b.messages, now)
	}
	if o == accepted || o == unknown || o == throttled {
		p.last = now
	}
}

// alive returns the code that is certainly alive, or nil.
func (m *model) alive(in *instance, holder string, p *phone) *code {
	c := p.codes[in.name+" "+holder]
	if c == nil || m.now()-c.sentAt >= codeLife.Milliseconds() {
		return nil
	}
	return c
}

// overGuessed returns the limit that a comparison is past, "" if it is allowed.
func (m *model) overGuessed(in *instance, c element.Caller, p *phone, live *code) string {
	now, own := m.now(), p.owns(c)
	switch {
	case live.wrong[own] >= in.attempts && !live.shared:
		return "past the code's attempts"
	case p.budget[own].wrong.within(now, time.Hour) >= wrongAnHour:
		return "past the hour's wrong guesses"
	case !own && m.wrong[c.Address].within(now, time.Hour) >= in.guesses:
		return "past the address's wrong guesses"
	}
	return ""
}

// wasWrong notes a guess that was called wrong. live is the code that it was certainly
// compared with, or nil.
func (m *model) wasWrong(c element.Caller, p *phone, live *code) {
	now, own := m.now(), p.owns(c)
	b := p.budget[own]
	b.rejected = append(b.rejected, now)
	if live == nil {
		return
	}
	b.wrong = append(b.wrong, now)
	live.wrong[own]++
	m.wrong[c.Address] = append(m.wrong[c.Address], now)
}

// mayLogIn reports whether the phone's owner can send and log in: their own budget isn't
// used up.
func (m *model) mayLogIn(in *instance, p *phone) bool {
	now, b := m.now(), p.budget[true]
	return b.messages.within(now, time.Hour) < in.hourly && b.messages.within(now, 24*time.Hour) < in.daily &&
		b.refused.within(now, time.Hour) < refusalsAnHour && b.rejected.within(now, time.Hour) < wrongAnHour
}

func (in *instance) String() string {
	return fmt.Sprintf("%s (%s, %d/h, %d/d, %d attempts, %d sends and %d guesses of an address)",
		in.name, in.interval, in.hourly, in.daily, in.attempts, in.address, in.guesses)
}
