package verification_test

import (
	"fmt"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func (a *attack) send() {
	number := pick(a, a.targets)
	if a.rng.IntN(3) == 0 {
		number = pick(a, a.others)
	}
	p, in, o := a.model.phone(number), pick(a, a.model.instances), a.outcome()
	for range 1 + a.rng.IntN(4) {
		_, _ = a.sendTo(in, a.caller(p), number, o)
		if a.rng.IntN(2) == 0 {
			a.clock.Advance(in.interval)
		}
	}
}

func (a *attack) guess() {
	p := a.model.phone(pick(a, a.targets))
	a.guessAt(pick(a, a.model.instances), p, 1+a.rng.IntN(6), func() element.Caller { return a.caller(p) })
}

// guessAt guesses n times at a phone, rightly now and then.
func (a *attack) guessAt(in *instance, p *phone, n int, caller func() element.Caller) {
	for range n {
		c, live := caller(), a.model.alive(in, "", p)
		if live != nil && a.rng.IntN(8) == 0 {
			a.guessRight(in, c, p, live)
			continue
		}
		over := ""
		if live != nil {
			over = a.model.overGuessed(in, c, p, live)
		}
		if errcode.Of(a.try(in, c, p.number, a.wrong(in, live))) != codes.CodeRejected {
			continue
		}
		if over != "" {
			a.fail("a comparison %s", over)
		}
		a.model.wasWrong(c, p, live)
	}
}

// guessRight makes a right guess, which succeeds unless that is past a limit.
func (a *attack) guessRight(in *instance, c element.Caller, p *phone, live *code) {
	over := a.model.overGuessed(in, c, p, live)
	err := a.try(in, c, p.number, live.digits)
	switch {
	case a.slow.Load():
	case err == nil && over != "":
		a.fail("a right code succeeds %s", over)
	case err == nil:
		delete(p.codes, in.name+" ")
	case errcode.Of(err) == codes.CodeRejected:
		a.model.wasWrong(c, p, nil)
	}
}

func (a *attack) wrong(in *instance, live *code) string {
	for {
		digits := fmt.Sprintf("%0*d", in.codeLength, a.rng.IntN(1_000_000))
		if live == nil || digits != live.digits {
			return digits
		}
	}
}

func (a *attack) pass() {
	a.clock.Advance(pick(a, []time.Duration{time.Second, 40 * time.Second, 2 * time.Minute, 20 * time.Minute, time.Hour, 9 * time.Hour}))
}

// logInAgain has an owner log in from new browsers, each of which gets a device of its
// own. The first one still is the owner's.
func (a *attack) logInAgain() {
	p, in := a.model.phone(pick(a, a.targets)), a.model.instances[a.rng.IntN(2)]
	for range 1 + a.rng.IntN(16) {
		a.clock.Advance(in.interval)
		c := element.Caller{Address: a.freshAddress()}
		if _, err := a.sendTo(in, c, p.number, accepted); err != nil {
			a.clock.Advance(12 * time.Hour)
			continue
		}
		if live := a.model.alive(in, "", p); live != nil {
			a.guessRight(in, c, p, live)
		}
	}
	a.useUpOf(p)
}

// useUp has strangers use up what they can of a target, then its owner logs in.
func (a *attack) useUp() { a.useUpOf(a.model.phone(pick(a, a.targets))) }

func (a *attack) useUpOf(p *phone) {
	in, o := a.model.instances[a.rng.IntN(2)], a.outcome()
	for range 12 {
		c := a.stranger()
		c.Address = a.freshAddress()
		a.clock.Advance(in.interval)
		if _, err := a.sendTo(in, c, p.number, o); err != nil {
			break
		}
		if o == accepted {
			a.guessAt(in, p, a.rng.IntN(in.attempts+2), func() element.Caller { return c })
		}
	}
	a.ownerLogsIn(p, in)
}

// spray asks for codes for many phones from one address.
func (a *attack) spray() {
	in, c, o := pick(a, a.model.instances), element.Caller{Address: pick(a, a.addresses)}, a.outcome()
	for _, i := range a.rng.Perm(len(a.others))[:a.rng.IntN(len(a.others))] {
		_, _ = a.sendTo(in, c, a.others[i], o)
		if o == accepted {
			a.guessAt(in, a.model.phone(a.others[i]), a.rng.IntN(3), func() element.Caller { return c })
		}
	}
}

func (a *attack) anOwnerLogsIn() {
	a.ownerLogsIn(a.model.phone(pick(a, a.targets)), a.model.instances[a.rng.IntN(2)])
}

// ownerLogsIn requires that a phone's owner can log in, whatever strangers did, unless
// their own budget is used up.
func (a *attack) ownerLogsIn(p *phone, in *instance) {
	if p.user == "" || !a.model.mayLogIn(in, p) {
		return
	}
	c := a.owner(p)
	c.Address = a.freshAddress()
	if wait := in.interval - time.Duration(a.clock.Now()-p.last)*time.Millisecond; wait > 0 {
		a.clock.Advance(wait)
	}
	a.holder, a.next, a.done = "", accepted, false
	_, err := a.host().login.Send(a.in(in, c), &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{Identity: p.number, Purpose: "login"},
		Element: "SMS.gateway", ArgsJson: fmt.Appendf(nil, `{"phoneList": [%q]}`, p.number),
	})
	if errcode.Of(err) == errcode.StoreUnavailable {
		a.slow.Store(true)
		return
	}
	a.note("%s: the owner of %s sends as %s: %v", in.name, p.number, a.name(c), err)
	if err != nil || !a.done {
		a.fail("the owner can't send: %v", err)
	}
	if a.rng.IntN(2) == 0 {
		a.guessAt(in, p, a.rng.IntN(2*in.attempts), a.stranger)
	}
	live := a.model.alive(in, "", p)
	if live == nil {
		return // a stranger guessed it
	}
	c.Address = pick(a, a.addresses) // whatever was guessed from there
	if err := a.try(in, c, p.number, live.digits); err != nil && !a.slow.Load() {
		a.fail("the owner can't log in: %v", err)
	}
	delete(p.codes, in.name+" ")
}
