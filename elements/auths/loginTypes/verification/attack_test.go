package verification_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// outcome is how a message ends.
type outcome int

const (
	accepted outcome = iota
	refused
	throttled
	unknown
	unreached // no vendor could be reached
	unasked   // the SMS element never ran
	outcomes
)

func (o outcome) err() error {
	no := errcode.New(smscode.Refused, "no")
	switch o {
	case refused:
		return no.With(smscode.RefusalReason, string(smscode.Balance))
	case throttled:
		return no.With(smscode.RefusalReason, string(smscode.Throttled))
	case unreached:
		return no.With(smscode.RefusalReason, string(smscode.Unavailable)).With(smscode.Outcome, errcode.OutcomeNotExecuted)
	case unknown:
		return errcode.New(smscode.Failed, "lost")
	case unasked:
		return errcode.Unavailable(errcode.OutcomeNotExecuted, "down")
	default:
		return nil
	}
}

// Random sequences of calls against three replicas keep the ceilings of the contract on
// messages, guesses and requests, and never keep a phone's owner from logging in. The
// model knows the contract's figures, not how the service keeps to them. LINTEL_SEED
// repeats one sequence.
func TestAttacks(t *testing.T) {
	sequences := map[string]int{"memory": 16, "sqlite": 6, "redis": 8, "redis cluster": 4}
	first := uint64(1)
	if os.Getenv("LINTEL_SOAK") != "" {
		for store := range sequences {
			sequences[store] *= 100
		}
		first = rand.Uint64() >> 1
	}
	if text := os.Getenv("LINTEL_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		first, sequences = seed, map[string]int{"memory": 1, "sqlite": 1, "redis": 1, "redis cluster": 1}
	}
	for store, n := range sequences {
		t.Run(store, func(t *testing.T) {
			c := openCluster(t, cachesOf[store])
			for i := range n {
				seed := first + uint64(i)
				for tries := 0; !attackOnce(t, c, seed); tries++ {
					require.Less(t, tries, 20, "the machine is too slow, again and again")
				}
			}
		})
	}
}

// attack is a sequence of calls.
type attack struct {
	*cluster
	t     *testing.T
	rng   *rand.Rand
	model *model
	trace []string
	// next is how the next message ends, and done reports that there was one.
	next outcome
	done bool
	// of is the holder of the code that is sent.
	holder string

	targets, others []string // phones: of users, and of nobody
	addresses       []string
	mallory         element.Caller // a signed-in stranger with a device of their own
	weights         [outcomes]int
	prefix          int
	fresh           int // addresses that were used once
}

var prefixes int

// attackOnce runs the sequence of a seed. It returns false if the machine was too slow.
func attackOnce(t *testing.T, c *cluster, seed uint64) bool {
	prefixes++
	a := &attack{cluster: c, t: t, rng: rand.New(rand.NewPCG(seed, 0)), prefix: prefixes}
	a.trace = append(a.trace, fmt.Sprintf("LINTEL_SEED=%d", seed))
	c.slow.Store(false)
	c.vendor = a.deliver
	a.model = newModel(c.clock.Now, []*instance{a.instance("logins.a", false), a.instance("logins.b", false), a.instance("logins.risk", true)})
	for _, in := range a.model.instances {
		a.note("%s", in)
	}
	for i := range 3 {
		a.targets = append(a.targets, a.number(i))
		a.addresses = append(a.addresses, fmt.Sprintf("10.%d.%d.%d", prefixes>>8, prefixes&255, i+1))
	}
	for i := range 60 {
		a.others = append(a.others, a.number(10+i))
	}
	for o := range a.weights {
		a.weights[o] = a.rng.IntN(4)
	}
	a.weights[accepted]++
	a.signUp()
	steps := []func(){a.send, a.send, a.guess, a.guess, a.pass, a.anOwnerLogsIn, a.logInAgain, a.useUp, a.spray}
	favorite := a.rng.IntN(len(steps))
	for range 80 {
		if a.rng.IntN(3) == 0 {
			steps[favorite]()
		} else {
			steps[a.rng.IntN(len(steps))]()
		}
		if c.slow.Load() {
			return false
		}
	}
	return true
}

func (a *attack) number(i int) string { return fmt.Sprintf("+86139%05d%03d", a.prefix, i) }

func (a *attack) instance(name string, risk bool) *instance {
	in := &instance{
		name: name, risk: risk, interval: pick(a, []time.Duration{time.Second, 45 * time.Second, 2 * time.Minute}),
		attempts: 1 + a.rng.IntN(6), hourly: 1 + a.rng.IntN(7), address: 3 + a.rng.IntN(20),
		guesses: 1 + a.rng.IntN(30), codeLength: pick(a, []int{6, 8}),
	}
	in.daily = in.hourly + a.rng.IntN(5)
	settings := map[string]any{
		"resendInterval": int(in.interval / time.Second), "maxAttempts": in.attempts, "phoneHourlyLimit": in.hourly,
		"phoneDailyLimit": in.daily, "ipHourlyLimit": in.address, "ipHourlyGuesses": in.guesses, "codeLength": in.codeLength, "captcha": "off",
	}
	if risk {
		settings["captcha"] = "risk"
	}
	text, err := json.Marshal(settings)
	require.NoError(a.t, err)
	in.config = &element.Config{JSON: text}
	return in
}

func pick[T any](a *attack, of []T) T { return of[a.rng.IntN(len(of))] }

func (a *attack) note(format string, args ...any) {
	a.trace = append(a.trace, fmt.Sprintf(format, args...))
}

// fail ends the test with the last calls. If the machine was too slow, what looks wrong
// may be what a step has left that was too late.
func (a *attack) fail(format string, args ...any) {
	a.t.Helper()
	if a.slow.Load() {
		return
	}
	a.note(format, args...)
	for _, line := range a.trace[:min(4, len(a.trace))] {
		a.t.Log(line)
	}
	for _, line := range a.trace[max(4, len(a.trace)-60):] {
		a.t.Log(line)
	}
	a.t.FailNow()
}

func (a *attack) in(in *instance, c element.Caller) context.Context {
	return element.WithCall(context.Background(), element.Call{App: "test.app", Element: in.name, Config: in.config, Caller: c})
}

func (a *attack) host() *host { return pick(a, a.hosts) }

// deliver is the vendor.
func (a *attack) deliver(call element.Call, number, digits string) error {
	p := a.model.phone(number)
	in := a.model.instances[slices.IndexFunc(a.model.instances, func(in *instance) bool { return in.name == call.Element })]
	if broken := a.model.breaks(in, call.Caller, p); broken != "" {
		a.fail("a message to %s %s", number, broken)
	}
	a.done = true
	a.model.ended(in, call.Caller, a.holder, p, a.next, digits)
	return a.next.err()
}

// sendTo asks for a code, and reports whether a vendor got it.
func (a *attack) sendTo(in *instance, c element.Caller, number string, o outcome) (bool, error) {
	purpose := "login"
	if c.UserID != "" && a.rng.IntN(3) == 0 {
		purpose = "updatePhone"
	}
	a.holder = ""
	if purpose != "login" {
		a.holder = c.UserID
	}
	a.next, a.done = o, false
	out, err := a.host().login.Send(a.in(in, c), &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{Identity: number, Purpose: purpose},
		Element: "SMS.gateway", ArgsJson: fmt.Appendf(nil, `{"phoneList": [%q]}`, number),
	})
	if errcode.Of(err) == errcode.StoreUnavailable {
		a.slow.Store(true)
	}
	a.note("%s: send to %s as %s for %s, outcome %d: %v %v", in.name, number, a.name(c), purpose, o, out.GetOutcome(), err)
	return a.done, err
}

func (a *attack) name(c element.Caller) string {
	return fmt.Sprintf("{user %.8s, device %.6s, %s}", c.UserID, c.Device, c.Address)
}

// try guesses a code for logging in. After a right guess it opens a session.
func (a *attack) try(in *instance, c element.Caller, number, digits string) error {
	h := a.host()
	out, err := h.login.Exchange(a.in(in, c), &elementv1.ExchangeRequest{Identity: number, Code: digits})
	if errcode.Of(err) == errcode.StoreUnavailable {
		a.slow.Store(true)
	}
	a.note("%s: guess at %s as %s: %v", in.name, number, a.name(c), err)
	if err == nil {
		a.open(c, number, out.GetLoginCode())
	}
	return err
}

// open takes a loginCode for a session, and notes the device token.
func (a *attack) open(c element.Caller, number, loginCode string) {
	ctx := element.WithCall(context.Background(), element.Call{Element: "auths.loginTypes.services.AuthSvc", Caller: c})
	result, err := a.host().sessions.Call(ctx, "loginByCode", element.Args{"loginCode": loginCode, "platform": "api"})
	if errcode.Of(err) == errcode.StoreUnavailable {
		a.slow.Store(true)
		return
	}
	if err != nil {
		a.fail("loginByCode: %v", err)
		return
	}
	answer := result.(map[string]any)
	p := a.model.phone(number)
	p.user = answer["userId"].(string)
	token, _ := answer["deviceToken"].(string)
	switch known := slices.Contains(p.devices, c.Device); {
	case token == "":
		a.slow.Store(true)
	case known && token != c.Device:
		a.fail("a login that shows a device token gets another one")
	case !known:
		p.devices = append(p.devices, token)
	}
}

// signUp registers the targets' users, and Mallory.
func (a *attack) signUp() {
	for i, number := range append(a.targets, a.number(9)) {
		in, c := a.model.instances[0], element.Caller{Address: fmt.Sprintf("10.%d.%d.%d", 64+a.prefix>>8, a.prefix&255, i)}
		if _, err := a.sendTo(in, c, number, accepted); err != nil || a.slow.Load() {
			a.slow.Store(true)
			return
		}
		live := a.model.alive(in, "", a.model.phone(number))
		out, err := a.host().login.Register(a.in(in, c), &elementv1.RegisterRequest{Identity: number, Code: live.digits, Nick: "N"})
		if err != nil {
			a.slow.Store(true)
			return
		}
		delete(a.model.phone(number).codes, in.name+" ")
		a.open(c, number, out.GetLoginCode())
	}
	m := a.model.phone(a.number(9))
	if len(m.devices) > 0 {
		a.mallory = element.Caller{UserID: m.user, SessionID: "s", Device: m.devices[0]}
	}
}

// stranger returns a caller that isn't the owner of any target.
func (a *attack) stranger() element.Caller {
	c := element.Caller{Address: pick(a, a.addresses)}
	switch a.rng.IntN(4) {
	case 0:
		c.UserID, c.SessionID = a.mallory.UserID, a.mallory.SessionID
	case 1:
		c.Device = a.mallory.Device
	}
	return c
}

// owner returns the user of a phone, or one of their devices.
func (a *attack) owner(p *phone) element.Caller {
	c := element.Caller{Address: pick(a, a.addresses)}
	if a.rng.IntN(3) == 0 {
		c.UserID, c.SessionID = p.user, "s"
	} else {
		c.Device = p.devices[a.rng.IntN(1+a.rng.IntN(len(p.devices)))] // rather an old one
	}
	return c
}

// caller returns anybody.
func (a *attack) caller(p *phone) element.Caller {
	if p.user != "" && a.rng.IntN(3) == 0 {
		return a.owner(p)
	}
	return a.stranger()
}

func (a *attack) outcome() outcome {
	var all []outcome
	for o, n := range a.weights {
		for range n {
			all = append(all, outcome(o))
		}
	}
	return pick(a, all)
}

func (a *attack) freshAddress() string {
	a.fresh++
	return fmt.Sprintf("2001:db8:%x:%x::1", a.prefix, a.fresh)
}
