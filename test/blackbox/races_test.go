package blackbox_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

// settings are combinations of stores and numbers of processes.
var settings = []struct {
	name string
	make func(t *testing.T, shop *blackbox.Shop)
	many int
}{
	{"memory", func(_ *testing.T, s *blackbox.Shop) {
		s.Store("defaultCache", "caches.main", "caches.MemoryType", map[string]any{})
	}, 1},
	{"sqlite", func(*testing.T, *blackbox.Shop) {}, 1},
	{"redis", func(t *testing.T, s *blackbox.Shop) {
		s.Store("defaultCache", "caches.main", "caches.RedisType", map[string]any{"url": testredis.Start(t).URL()})
	}, 1},
	{"three processes on one sqlite", func(_ *testing.T, s *blackbox.Shop) { s.Together = true }, 3},
	{"three processes on redis and postgres", func(t *testing.T, s *blackbox.Shop) {
		s.Store("defaultCache", "caches.main", "caches.RedisType", map[string]any{"url": testredis.Start(t).URL()})
		s.Store("defaultDatabase", "databases.main", "databases.PostgresType",
			map[string]any{"url": testpostgres.Start(t).NewURL(t)})
	}, 3},
}

// race is one kind of concurrent requests.
type race struct {
	shop *blackbox.Shop
	// others are further logins, so that tests don't wait for a phone's interval.
	others [3]string
	// disturbed is set if a store was too slow, as happens on a busy machine. Then less
	// is required, and the round doesn't count.
	disturbed *bool
}

// Concurrent requests, with any store and number of processes: one send per interval,
// one success per code, at most five comparisons, one change per code or ticket, one
// session per loginCode.
func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	races := []struct {
		name      string
		few, many int
		run       func(r race, t *testing.T)
	}{
		{"sends", 2, 40, race.sends},
		{"right codes", 2, 40, race.rightCodes},
		{"wrong codes", 2, 40, race.wrongCodes},
		{"registers", 2, 40, race.registers},
		{"binds", 2, 40, race.binds},
		{"unbinds", 1, 40, race.unbinds},
		{"confirmations", 1, 40, race.confirmations},
		{"tickets", 2, 40, race.tickets},
		{"loginCodes", 2, 40, race.loginCodes},
		{"refreshes", 1, 40, race.refreshes},
		{"repeats", 1, 40, race.repeats},
	}
	for _, setting := range settings {
		t.Run(setting.name, func(t *testing.T) {
			t.Parallel()
			r := race{shop: blackbox.NewShop(t), disturbed: new(bool)}
			setting.make(t, r.shop)
			for i := range r.others {
				r.others[i] = r.shop.Another(fmt.Sprintf("other%d", i), nil)
			}
			r.shop.Open(setting.many)
			for _, kind := range races {
				t.Run(kind.name, func(t *testing.T) {
					rounds := blackbox.Rounds(kind.few, kind.many)
					for left, tries := rounds, 3*rounds+3; left > 0; tries-- {
						require.Positive(t, tries, "the stores are too slow, again and again")
						*r.disturbed = false
						if kind.run(r, t); !*r.disturbed {
							left--
						}
					}
				})
			}
		})
	}
}

// atOnce makes n calls at once, spread over all processes.
func (r race) atOnce(n int, call func(c *blackbox.Client, i int) *blackbox.Answer) []*blackbox.Answer {
	crowd := r.shop.Clients(n)
	answers := make([]*blackbox.Answer, n)
	blackbox.AtOnce(n, func(i int) { answers[i] = call(crowd[i], i) })
	return answers
}

// one requires that exactly one answer is a success and the others have one of codes.
// It returns the success, nil in a disturbed round.
func (r race) one(t *testing.T, answers []*blackbox.Answer, codes ...string) *blackbox.Answer {
	t.Helper()
	tally := blackbox.Tally(answers)
	rest := len(answers) - tally["OK"]
	for _, code := range append(codes, "STORE_UNAVAILABLE") {
		rest -= tally[code]
	}
	require.Zero(t, rest, "%v", tally)
	if tally["STORE_UNAVAILABLE"] > 0 {
		require.LessOrEqual(t, tally["OK"], 1, "%v", tally)
		*r.disturbed = true
		return nil
	}
	require.Equal(t, 1, tally["OK"], "%v", tally)
	for _, a := range answers {
		if a.Code == "" {
			return a
		}
	}
	return nil
}

func (r race) sends(t *testing.T) {
	spelt, e164 := blackbox.Phone()
	answers := r.atOnce(300, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Send(spelt)
	})
	r.one(t, answers, "SEND_TOO_FREQUENT")
	require.LessOrEqual(t, len(r.shop.Codes(e164)), 1, "requests to the vendor")
	if !*r.disturbed {
		require.Len(t, r.shop.Codes(e164), 1, "requests to the vendor")
	}
}

func (r race) rightCodes(t *testing.T) {
	p := r.shop.SignUp(r.others[0])
	code := r.shop.Code(r.shop.Visitor(), r.others[1], p.Phone, p.E164)
	answers := r.atOnce(200, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Call(r.others[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code})
	})
	success := r.one(t, answers, "CODE_REJECTED")
	if success == nil {
		return
	}
	r.shop.Visitor().Call(blackbox.Sessions, "loginByCode",
		blackbox.Args{"loginCode": success.OK(t).Text("loginCode"), "platform": "api"}).OK(t)
}

func (r race) wrongCodes(t *testing.T) {
	p := r.shop.SignUp(r.others[0])
	code := r.shop.Code(r.shop.Visitor(), r.others[1], p.Phone, p.E164)
	wrong := blackbox.Wrong(code)
	answers := r.atOnce(200, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Call(r.others[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": wrong})
	})
	tally := blackbox.Tally(answers)
	require.LessOrEqual(t, tally["CODE_REJECTED"], 5, "compared: %v", tally)
	require.Equal(t, 200, tally["CODE_REJECTED"]+tally["CODE_LOCKED"]+tally["STORE_UNAVAILABLE"], "%v", tally)
	if tally["STORE_UNAVAILABLE"] > 0 {
		*r.disturbed = true
		return
	}
	for _, c := range r.shop.Clients(len(r.shop.Servers)) {
		a := c.Call(r.others[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code})
		a.Fails(t, 429, "CODE_LOCKED")
		require.NotZero(t, a.RetryAfter())
	}
}

func (r race) registers(t *testing.T) {
	spelt, e164 := blackbox.Phone()
	code := r.shop.Code(r.shop.Visitor(), blackbox.Login, spelt, e164)
	answers := r.atOnce(50, func(c *blackbox.Client, i int) *blackbox.Answer {
		return c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": fmt.Sprint("Nr ", i)})
	})
	made := r.one(t, answers, "CODE_BUSY", "CODE_REJECTED", "PHONE_IN_USE")
	if made == nil {
		return
	}
	user := made.OK(t)
	again := r.shop.Code(r.shop.Visitor(), r.others[0], spelt, e164)
	known := r.shop.Visitor().Call(r.others[0], "getLoginCode", blackbox.Args{"phone": spelt, "code": again}).OK(t)
	require.Equal(t, user.Text("userId"), known.Text("userId"))
}

// unbound returns a user without a phone, and a code to bind a new one.
func (r race) unbound(t *testing.T) (p *blackbox.Person, spelt, code string) {
	t.Helper()
	p = r.shop.SignUp(r.others[0])
	own := r.shop.Code(p.Client, r.others[1], p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
	p.Call(r.others[1], "unbind", blackbox.Args{"userId": p.UserID, "code": own}).OK(t)
	spelt, e164 := blackbox.Phone()
	return p, spelt, r.shop.Code(p.Client, blackbox.Login, spelt, e164, blackbox.Args{"purpose": "bind"})
}

func (r race) binds(t *testing.T) {
	p, spelt, code := r.unbound(t)
	answers := r.atOnce(50, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Bearer(p.AccessToken).Call(blackbox.Login, "bind",
			blackbox.Args{"userId": p.UserID, "phone": spelt, "code": code})
	})
	r.one(t, answers, "CODE_BUSY", "CODE_REJECTED", "PHONE_ALREADY_BOUND")
}

func (r race) unbinds(t *testing.T) {
	p := r.shop.SignUp(r.others[0])
	code := r.shop.Code(p.Client, r.others[1], p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
	answers := r.atOnce(50, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Bearer(p.AccessToken).Call(r.others[1], "unbind", blackbox.Args{"userId": p.UserID, "code": code})
	})
	r.one(t, answers, "CODE_BUSY", "CODE_REJECTED", "PHONE_NOT_BOUND")
}

func (r race) confirmations(t *testing.T) {
	p := r.shop.SignUp(r.others[0])
	code := r.shop.Code(p.Client, r.others[1], p.Phone, p.E164, blackbox.Args{"purpose": "checkMyMessage"})
	answers := r.atOnce(50, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Bearer(p.AccessToken).Call(r.others[1], "checkMyMessage", blackbox.Args{"code": code})
	})
	r.one(t, answers, "CODE_REJECTED")
}

func (r race) tickets(t *testing.T) {
	p := r.shop.SignUp(r.others[0])
	login := r.others[1]
	own := r.shop.Code(p.Client, login, p.Phone, p.E164, blackbox.Args{"purpose": "checkMyMessage"})
	ticket := p.Call(login, "checkMyMessage", blackbox.Args{"code": own}).OK(t).Text("ticket")
	// Two new phones, each with a right code: the ticket works for one of them.
	var phones, codes [2]string
	for i := range phones {
		var e164 string
		phones[i], e164 = blackbox.Phone()
		codes[i] = r.shop.Code(p.Client, login, phones[i], e164, blackbox.Args{"purpose": "updatePhone"})
	}
	answers := r.atOnce(50, func(c *blackbox.Client, i int) *blackbox.Answer {
		return c.Bearer(p.AccessToken).Call(login, "updatePhone", blackbox.Args{
			"userId": p.UserID, "ticket": ticket, "newPhone": phones[i%2], "newCode": codes[i%2],
		})
	})
	r.one(t, answers, "CODE_BUSY", "CODE_REJECTED", "TICKET_REJECTED")
}

func (r race) loginCodes(t *testing.T) {
	spelt, e164 := blackbox.Phone()
	c := r.shop.Visitor()
	code := r.shop.Code(c, blackbox.Login, spelt, e164)
	loginCode := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "Somebody"}).OK(t).Text("loginCode")
	answers := r.atOnce(50, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "mobile"})
	})
	opened := r.one(t, answers, "CODE_REJECTED")
	if opened == nil {
		return
	}
	session := opened.OK(t)
	for i, c := range r.shop.Clients(len(r.shop.Servers)) {
		c = c.Bearer(session.Text("accessToken"))
		blackbox.Eventually(t, revoked, fmt.Sprintf("process %d knows that the session has ended", i), func() bool {
			return c.Call(blackbox.Sessions, "currentUser", nil).Is("LOGIN_REQUIRED")
		})
	}
}

func (r race) refreshes(t *testing.T) {
	p := r.shop.SignUp(blackbox.Login)
	answers := r.atOnce(20, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": p.RefreshToken})
	})
	successors := make(map[string]bool)
	for _, a := range answers {
		successors[a.OK(t).Text("refreshToken")] = true
	}
	require.Len(t, successors, 1, "one successor, however many ask at once")
}

func (r race) repeats(t *testing.T) {
	spelt, e164 := blackbox.Phone()
	key := "repeat-of-" + spelt
	answers := r.atOnce(30, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.With("Idempotency-Key", key).Send(spelt)
	})
	require.Equal(t, map[string]int{"OK": 30}, blackbox.Tally(answers))
	codes := r.shop.Codes(e164)
	require.Len(t, codes, 1)

	register := r.atOnce(30, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.With("Idempotency-Key", key).Call(blackbox.Login, "register",
			blackbox.Args{"phone": spelt, "code": codes[0], "nick": "Somebody"})
	})
	same(t, register)
	loginCode := register[0].OK(t).Text("loginCode")
	sessions := r.atOnce(30, func(c *blackbox.Client, _ int) *blackbox.Answer {
		return c.With("Idempotency-Key", key).Call(blackbox.Sessions, "loginByCode",
			blackbox.Args{"loginCode": loginCode, "platform": "api"})
	})
	same(t, sessions)
	token := sessions[0].OK(t).Text("accessToken")
	r.shop.Visitor().Bearer(token).Call(blackbox.Sessions, "currentUser", nil).OK(t)
}

// same requires that all answers are the same success.
func same(t *testing.T, answers []*blackbox.Answer) {
	t.Helper()
	require.Equal(t, map[string]int{"OK": len(answers)}, blackbox.Tally(answers))
	for _, a := range answers {
		require.JSONEq(t, string(answers[0].Data), string(a.Data))
	}
}
