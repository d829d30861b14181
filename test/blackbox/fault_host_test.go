package blackbox_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/faultproxy"
	"github.com/lintel-run/lintel/test/blackbox"
)

// act is one kind of request and what must hold when the host is killed while it serves
// the request.
type act struct {
	name string
	// prepare returns the attempt to make, and what must hold after its repeat was
	// answered.
	prepare func(f *faulty, t testing.TB) attempt
}

type attempt struct {
	element, function string
	args              blackbox.Args
	bearer            string
	// settled checks the answer to the repeat.
	settled func(t testing.TB, a *blackbox.Answer)
}

// as returns a client of the newest process for the attempt.
func (a attempt) as(f *faulty, key string) *blackbox.Client {
	c := f.client().With("Idempotency-Key", key)
	if a.bearer != "" {
		c = c.Bearer(a.bearer)
	}
	return c
}

var acts = []act{
	{"send", func(f *faulty, t testing.TB) attempt {
		spelt, e164 := blackbox.Phone()
		return attempt{blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt}, "", func(t testing.TB, a *blackbox.Answer) {
			require.LessOrEqual(t, len(f.Codes(e164)), 1, "a second message within the interval")
			if a.Status != 200 {
				require.Contains(t, []string{"SEND_TOO_FREQUENT", "SMS_FAILED"}, a.Code, a.Body)
			} else {
				require.Len(t, f.Codes(e164), 1)
			}
			if len(f.Codes(e164)) == 1 {
				f.client().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": f.Newest(e164)}).
					Fails(t, 404, "USER_NOT_REGISTERED")
			}
			time.Sleep(faultInterval * time.Second)
			f.Code(f.client(), blackbox.Login, spelt, e164)
			f.client().Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": f.Newest(e164), "nick": "n"}).OK(t)
		}}
	}},
	{"getLoginCode", func(f *faulty, t testing.TB) attempt {
		p := f.SignUp(blackbox.Login)
		time.Sleep(faultInterval * time.Second)
		code := f.Code(f.client(), blackbox.Login, p.Phone, p.E164)
		return attempt{blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}, "", func(t testing.TB, a *blackbox.Answer) {
			loginCode := a.OK(t).Text("loginCode")
			require.Equal(t, p.UserID, a.OK(t).Text("userId"))
			f.client().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).Fails(t, 401, "CODE_REJECTED")
			s := f.client().Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).OK(t)
			require.Equal(t, p.UserID, s.Text("userId"))
		}}
	}},
	{"register", func(f *faulty, t testing.TB) attempt {
		spelt, e164 := blackbox.Phone()
		code := f.Code(f.client(), blackbox.Login, spelt, e164)
		return attempt{blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "n"}, "", func(t testing.TB, a *blackbox.Answer) {
			user := a.OK(t)
			require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1 AND id = $2", e164, user.Text("userId")))
			s := f.client().Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "api"}).OK(t)
			require.Equal(t, user.Text("userId"), s.Text("userId"))
			f.client().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": code}).Fails(t, 401, "CODE_REJECTED")
		}}
	}},
	{"bind", func(f *faulty, t testing.TB) attempt {
		p := f.SignUp(blackbox.Login)
		time.Sleep(faultInterval * time.Second)
		code := f.Code(p.Client, blackbox.Login, p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
		p.Call(blackbox.Login, "unbind", blackbox.Args{"userId": p.UserID, "code": code}).OK(t)
		spelt, e164 := blackbox.Phone()
		code = f.Code(p.Client, blackbox.Login, spelt, e164, blackbox.Args{"purpose": "bind"})
		return attempt{blackbox.Login, "bind", blackbox.Args{"userId": p.UserID, "phone": spelt, "code": code}, p.AccessToken, func(t testing.TB, a *blackbox.Answer) {
			a.OK(t)
			require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1 AND id = $2", e164, p.UserID))
			f.client().Bearer(p.AccessToken).Call(blackbox.Login, "bind", blackbox.Args{"userId": p.UserID, "phone": spelt, "code": code}).
				Fails(t, 409, "PHONE_ALREADY_BOUND")
		}}
	}},
	{"unbind", func(f *faulty, t testing.TB) attempt {
		p := f.SignUp(blackbox.Login)
		time.Sleep(faultInterval * time.Second)
		code := f.Code(p.Client, blackbox.Login, p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
		args := blackbox.Args{"userId": p.UserID, "code": code}
		return attempt{blackbox.Login, "unbind", args, p.AccessToken, func(t testing.TB, a *blackbox.Answer) {
			a.OK(t)
			require.Zero(t, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1", p.E164))
			f.client().Bearer(p.AccessToken).Call(blackbox.Login, "unbind", args).Fails(t, 409, "PHONE_NOT_BOUND")
		}}
	}},
	{"updatePhone", func(f *faulty, t testing.TB) attempt {
		p := f.SignUp(blackbox.Login)
		time.Sleep(faultInterval * time.Second)
		code := f.Code(p.Client, blackbox.Login, p.Phone, p.E164, blackbox.Args{"purpose": "checkMyMessage"})
		ticket := p.Call(blackbox.Login, "checkMyMessage", blackbox.Args{"code": code}).OK(t).Text("ticket")
		spelt, e164 := blackbox.Phone()
		code = f.Code(p.Client, blackbox.Login, spelt, e164, blackbox.Args{"purpose": "updatePhone"})
		args := blackbox.Args{"userId": p.UserID, "ticket": ticket, "newPhone": spelt, "newCode": code}
		return attempt{blackbox.Login, "updatePhone", args, p.AccessToken, func(t testing.TB, a *blackbox.Answer) {
			a.OK(t)
			require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1 AND id = $2", e164, p.UserID))
			require.Zero(t, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1", p.E164))
			again := f.client().Bearer(p.AccessToken).Call(blackbox.Login, "updatePhone", args)
			require.NotEqual(t, 200, again.Status)
		}}
	}},
	{"loginByCode", func(f *faulty, t testing.TB) attempt {
		spelt, e164 := blackbox.Phone()
		code := f.Code(f.client(), blackbox.Login, spelt, e164)
		user := f.client().Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "n"}).OK(t)
		args := blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "api"}
		return attempt{blackbox.Sessions, "loginByCode", args, "", func(t testing.TB, a *blackbox.Answer) {
			session := a.OK(t)
			require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_sessions WHERE user_id = $1", user.Text("userId")))
			me := f.client().Bearer(session.Text("accessToken"))
			me.Call(blackbox.Sessions, "currentUser", nil).OK(t)
			renewed := f.client().Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": session.Text("refreshToken")}).OK(t)
			require.NotEmpty(t, renewed.Text("accessToken"))
			f.client().Call(blackbox.Sessions, "loginByCode", args).Fails(t, 401, "CODE_REJECTED")
			blackbox.Eventually(t, 5*time.Second, "a second use ends the session", func() bool {
				return me.Call(blackbox.Sessions, "currentUser", nil).Is("LOGIN_REQUIRED")
			})
		}}
	}},
}

// steps are the points at which a request can be held: at the n-th request to a store,
// or at its reply.
type holdAt struct {
	store string
	reply bool
	n     int
}

func (h holdAt) String() string {
	side := "request"
	if h.reply {
		side = "reply"
	}
	return fmt.Sprintf("%s %d to the %s", side, h.n, h.store)
}

func (h holdAt) arm(f *faulty) *faultproxy.Hold {
	proxy, match := f.Cache, []byte("evalsha")
	if h.store == "database" {
		proxy, match = f.Database, nil
	}
	if h.reply {
		return proxy.HoldReply(h.n, match)
	}
	return proxy.HoldRequest(h.n, match)
}

// The host is killed at each point at which a request waits for a store. It is started
// again on the same stores, and the client repeats the request.
func TestFaultHostKilledAtEachStep(t *testing.T) {
	t.Parallel()
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFaulty(t, nil)
			f.Open(1)
			a.prepare(f, t) // warm up
			var places []holdAt
			for _, reply := range []bool{false, true} {
				for _, store := range []string{"cache", "database"} {
					for n := range 12 {
						places = append(places, holdAt{store, reply, n})
					}
				}
			}
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
			rounds := blackbox.Rounds(2, len(places))
			// Nothing is held after the last request to the store.
			beyond := map[string]int{"cache": 12, "database": 12}
			for _, place := range places {
				if rounds == 0 {
					break
				}
				if place.n >= beyond[place.store] {
					continue
				}
				if killedAt(t, f, a, place) {
					rounds--
				} else {
					beyond[place.store] = place.n
				}
			}
			f.nothingLasts(t)
			f.nothingHalf(t)
		})
	}
}

// killedAt runs one round. It reports whether the request reached the step.
func killedAt(t *testing.T, f *faulty, a act, place holdAt) bool {
	t.Helper()
	try := a.prepare(f, t)
	hold := place.arm(f)
	defer hold.Drop()
	same := key()
	c := try.as(f, same)
	answered := make(chan *blackbox.Answer, 1)
	go func() {
		answer, _ := c.Try(try.element, try.function, try.args)
		answered <- answer
	}()
	select {
	case answer := <-answered:
		hold.Drop()
		f.Cache.Up(t)
		f.Database.Up(t)
		require.NotNil(t, answer)
		try.settled(t, answer)
		return false
	case <-hold.Reached():
	}
	f.server().Kill()
	hold.Drop()
	f.restart()
	t.Logf("%s: killed at %s", a.name, place)
	answer := repeated(t, try.as(f, same), try.element, try.function, try.args)
	try.settled(t, answer)
	again, err := try.as(f, same).Try(try.element, try.function, try.args)
	require.NoError(t, err)
	require.Equal(t, answer.Status, again.Status, "the repeat of a repeat: %s", again.Body)
	require.Equal(t, answer.Code, again.Code)
	require.Equal(t, string(answer.Data), string(again.Data))
	return true
}

// The host is killed while it waits for the vendor. The message may arrive, so its code
// works, the cooldown stays for its interval, and nothing is sent again.
func TestFaultHostKilledWhileTheVendorIsAsked(t *testing.T) {
	t.Parallel()
	for _, embedded := range []bool{true, false} {
		t.Run(fmt.Sprintf("embedded=%v", embedded), func(t *testing.T) {
			t.Parallel()
			const interval = 6 * time.Second
			shop := blackbox.NewShop(t)
			var restart func()
			if embedded {
				restart = func() { shop.Servers = nil; shop.Open(1) }
			} else {
				f := newFaulty(t, nil)
				shop, restart = f.Shop, f.restart
			}
			shop.SetLogin(map[string]any{"resendInterval": int(interval / time.Second), "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000})
			restart()
			for range blackbox.Rounds(1, 20) {
				spelt, e164 := blackbox.Phone()
				shop.Vendor.Next(blackbox.Hang)
				same, args := key(), blackbox.Args{"phone": spelt}
				c := shop.Visitor().With("Idempotency-Key", same)
				begun := time.Now()
				go func() { _, _ = c.Try(blackbox.Login, "sendMessage", args) }()
				blackbox.Eventually(t, 10*time.Second, "the vendor is asked", func() bool { return len(shop.Codes(e164)) == 1 })
				shop.Servers[0].Kill()
				restart()
				if again := shop.Visitor().Call(blackbox.Login, "sendMessage", args); time.Since(begun) < interval {
					again.Fails(t, 429, "SEND_TOO_FREQUENT")
				}
				data := repeated(t, shop.Visitor().With("Idempotency-Key", same), blackbox.Login, "sendMessage", args).Fails(t, 502, "SMS_FAILED")
				require.Contains(t, data, "resendAfter")
				require.Contains(t, data, "expiresIn")
				require.Len(t, shop.Codes(e164), 1, "the vendor was asked once")
				time.Sleep(time.Until(begun.Add(interval + time.Second)))
				shop.Visitor().With("Idempotency-Key", same).Call(blackbox.Login, "sendMessage", args).Fails(t, 502, "SMS_FAILED")
				require.Len(t, shop.Codes(e164), 1, "not even when the interval is over")
				first := shop.Newest(e164)
				shop.Visitor().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": first}).Fails(t, 404, "USER_NOT_REGISTERED")
				next := shop.Code(shop.Visitor(), blackbox.Login, spelt, e164)
				shop.Visitor().Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": next, "nick": "n"}).OK(t)
			}
		})
	}
}
