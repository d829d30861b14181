package blackbox_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/faultproxy"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/test/blackbox"
)

// soonEnough is a second, with room for a busy machine.
const soonEnough = 1500 * time.Millisecond

// harms are the failures of a store.
var harms = []struct {
	name string
	do   func(p *faultproxy.Proxy)
}{
	{"stopped", func(p *faultproxy.Proxy) { p.Down() }},
	{"slow", func(p *faultproxy.Proxy) { p.Delay(2 * time.Second) }},
	{"frozen", func(p *faultproxy.Proxy) { p.Freeze() }},
	{"answering with its replies cut", func(p *faultproxy.Proxy) { p.CutReplies(1<<30, nil) }},
}

// While a store is down, nothing is sent, no code is called wrong, and every request
// gets an error within a second. When it is back, everything works without a restart.
func TestFaultStoresAway(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"cache", "database"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			f := newFaulty(t, nil)
			f.Open(1)
			proxy, name := f.Cache, "caches.main"
			if store == "database" {
				proxy, name = f.Database, "databases.main"
			}
			away(t, f, proxy, name, nil) // warm up
			before := used(t, f.server())
			for range blackbox.Rounds(1, 20) {
				for _, harm := range harms {
					t.Log(harm.name)
					away(t, f, proxy, name, harm.do)
				}
			}
			blackbox.Eventually(t, 30*time.Second, "goroutines and files are let go", func() bool {
				now := used(t, f.server())
				return now.files <= before.files+20 && now.goroutines <= before.goroutines+50
			})
			f.nothingLasts(t)
			f.nothingHalf(t)
		})
	}
}

// away does harm to a store while people have valid codes.
func away(t *testing.T, f *faulty, proxy *faultproxy.Proxy, name string, harm func(*faultproxy.Proxy)) {
	t.Helper()
	c := f.client()
	member, binder := f.SignUp(blackbox.Login), f.SignUp(blackbox.Login)
	newcomer, newcomerE164 := blackbox.Phone()
	registerCode := f.Code(c, blackbox.Login, newcomer, newcomerE164)
	time.Sleep(faultInterval * time.Second)
	loginCode := f.Code(c, blackbox.Login, member.Phone, member.E164)
	unbindCode := f.Code(binder.Client, blackbox.Login, binder.Phone, binder.E164, blackbox.Args{"purpose": "unbind"})
	binder.Call(blackbox.Login, "unbind", blackbox.Args{"userId": binder.UserID, "code": unbindCode}).OK(t)
	own, ownE164 := blackbox.Phone()
	bindCode := f.Code(binder.Client, blackbox.Login, own, ownE164, blackbox.Args{"purpose": "bind"})
	stranger, strangerE164 := blackbox.Phone()

	asks := []struct {
		name, function string
		as             *blackbox.Client
		args           blackbox.Args
	}{
		{"send", "sendMessage", c, blackbox.Args{"phone": stranger}},
		{"verify", "getLoginCode", c, blackbox.Args{"phone": member.Phone, "code": loginCode}},
		{"verify a wrong one", "getLoginCode", c, blackbox.Args{"phone": member.Phone, "code": blackbox.Wrong(loginCode)}},
		{"register", "register", c, blackbox.Args{"phone": newcomer, "code": registerCode, "nick": "n"}},
		{"bind", "bind", binder.Client, blackbox.Args{"userId": binder.UserID, "phone": own, "code": bindCode}},
	}
	keys := make([]string, len(asks))
	sent := len(f.Vendor.Sent())
	if harm == nil {
		return
	}
	harm(proxy)
	t.Cleanup(func() { proxy.Up(t) })
	time.Sleep(time.Second) // sessions are cached for a second
	answers := make([][2]*blackbox.Answer, len(asks))
	var wait sync.WaitGroup
	for i, ask := range asks {
		keys[i] = key()
		wait.Go(func() {
			for j, as := range []*blackbox.Client{ask.as, ask.as.With("Idempotency-Key", keys[i])} {
				watch := pace.Start(t)
				answers[i][j] = as.Call(blackbox.Login, ask.function, ask.args)
				watch.Within(t, soonEnough, ask.name)
			}
		})
	}
	wait.Wait()
	for i, ask := range asks {
		for _, answer := range answers[i] {
			answer.Fails(t, 503, "STORE_UNAVAILABLE")
			require.Positive(t, answer.RetryAfter(), ask.name)
		}
	}
	require.Len(t, f.Vendor.Sent(), sent, "something was sent")
	blackbox.Eventually(t, 5*time.Second, "it is not ready", func() bool { return !ready(t, f.server()) })
	status, body := f.server().Operator("/readyz")
	require.Equal(t, 503, status)
	require.Contains(t, body, name)

	proxy.Up(t)
	proxy.Cut()
	blackbox.Eventually(t, 4*time.Second, "it serves again", func() bool {
		spelt, _ := blackbox.Phone()
		return c.Send(spelt).Status == 200
	})
	blackbox.Eventually(t, 5*time.Second, "it is ready", func() bool { return ready(t, f.server()) })

	// The same requests, some under the same keys: a right code works.
	user := repeated(t, c.With("Idempotency-Key", keys[1]), blackbox.Login, "getLoginCode", asks[1].args).OK(t)
	require.Equal(t, member.UserID, user.Text("userId"))
	made := repeated(t, c, blackbox.Login, "register", asks[3].args)
	if made.Is("PHONE_IN_USE") {
		// The request whose answer was lost has made the user, so the phone is in use.
		require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1", newcomerE164))
	} else if made.Is("CODE_REJECTED") {
		require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1", newcomerE164))
	} else {
		made.OK(t)
	}
	bound := repeated(t, binder.With("Idempotency-Key", keys[4]), blackbox.Login, "bind", asks[4].args)
	if bound.Status != 200 {
		// The request without a key has bound the phone, and its answer was lost.
		require.Equal(t, "PHONE_ALREADY_BOUND", bound.Code, bound.Body)
	}
	require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1 AND id = $2", ownE164, binder.UserID))

	// Nobody stays blocked: the stranger's phone gets its message now, or after the
	// interval of a lost reservation.
	blackbox.Eventually(t, (faultInterval+3)*time.Second, "the phone gets a message", func() bool {
		return c.Send(stranger).Status == 200
	})
	require.Len(t, f.Codes(strangerE164), 1)
}

func ready(t testing.TB, s *blackbox.Server) bool {
	t.Helper()
	status, body := public(t, s, "/readyz")
	var answer struct {
		Ready bool `json:"ready"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	require.Equal(t, answer.Ready, status == 200)
	return answer.Ready
}

// A wrong guess whose answer was lost counts once, and the right code works afterwards.
func TestFaultLostRepliesBurnOneAttempt(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(1)
	p := f.SignUp(blackbox.Login)
	for range blackbox.Rounds(3, 100) {
		time.Sleep(faultInterval * time.Second)
		c := f.client()
		code := f.Code(c, blackbox.Login, p.Phone, p.E164)
		for i := range 4 {
			f.Cache.CutReplies(1, []byte("evalsha"))
			wrong := blackbox.Wrong(code)
			if i%2 == 1 {
				c = c.With("Idempotency-Key", key())
			}
			c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": wrong}).Fails(t, 401, "CODE_REJECTED")
		}
		f.Cache.CutReplies(1, []byte("evalsha"))
		f.client().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t)
		f.redis.FlushAll(t.Context()) // an hour's guesses
	}
}

// A right code whose answers are all lost still works: on any replica, without an
// Idempotency-Key, and once.
func TestFaultACodeOfLostAnswersIsGoodElsewhere(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(2)
	here, elsewhere := f.Servers[0].Client(), f.Servers[1].Client()
	p := f.SignUp(blackbox.Login)
	for range blackbox.Rounds(2, 50) {
		time.Sleep(faultInterval * time.Second)
		code := f.Code(elsewhere, blackbox.Login, p.Phone, p.E164)
		args := blackbox.Args{"phone": p.Phone, "code": code}
		f.Cache.CutReplies(1<<20, []byte("evalsha"))
		watch := pace.Start(t)
		here.Call(blackbox.Login, "getLoginCode", args).Fails(t, 503, "STORE_UNAVAILABLE")
		watch.Within(t, soonEnough)
		f.Cache.CutNoMore()
		var loginCode string
		blackbox.Eventually(t, 10*time.Second, "it is right elsewhere, most often at once", func() bool {
			answer := elsewhere.Call(blackbox.Login, "getLoginCode", args)
			if answer.Is("CODE_REJECTED") {
				return false
			}
			loginCode = answer.OK(t).Text("loginCode")
			return true
		})
		here.Call(blackbox.Login, "getLoginCode", args).Fails(t, 401, "CODE_REJECTED")
		here.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).OK(t)
	}
	f.nothingHalf(t)
}

// A call that needs a user fails while the database can't confirm the session.
func TestFaultTokensFailClosed(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(1)
	p := f.SignUp(blackbox.Login)
	p.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	f.Database.Freeze()
	time.Sleep(1100 * time.Millisecond)
	for _, function := range []string{"currentUser", "sessions", "logout"} {
		watch := pace.Start(t)
		answer := p.Call(blackbox.Sessions, function, nil)
		watch.Within(t, soonEnough, function)
		answer.Fails(t, 503, "STORE_UNAVAILABLE")
		require.Positive(t, answer.RetryAfter())
	}
	f.Database.Thaw()
	blackbox.Eventually(t, 4*time.Second, "the session is known again", func() bool {
		return p.Call(blackbox.Sessions, "currentUser", nil).Status == 200
	})
}

// A Redis that is killed and starts empty is used again. A stopped one leads to an
// error within a second.
func TestFaultRedisItself(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(1)
	p := f.SignUp(blackbox.Login)
	for _, away := range []struct{ gone, back func() }{
		{f.Redis.Stop, f.Redis.Start},
		{f.Redis.Freeze, f.Redis.Thaw},
	} {
		away.gone()
		sent := len(f.Vendor.Sent())
		spelt, e164 := blackbox.Phone()
		for range 3 {
			watch := pace.Start(t)
			answer := f.client().Send(spelt)
			watch.Within(t, soonEnough)
			answer.Fails(t, 503, "STORE_UNAVAILABLE")
		}
		p.Call(blackbox.Sessions, "currentUser", nil).OK(t)
		require.Len(t, f.Vendor.Sent(), sent)
		away.back()
		blackbox.Eventually(t, 4*time.Second, "the phone gets a message", func() bool {
			return f.client().Send(spelt).Status == 200
		})
		f.client().Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": f.Newest(e164), "nick": "n"}).OK(t)
	}
	f.nothingLasts(t)
}

// usage counts what a process holds.
type usage struct{ files, goroutines int }

var goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)

func used(t testing.TB, s *blackbox.Server) usage {
	t.Helper()
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.PID()), "fd"))
	if err != nil {
		t.Skipf("files of a process are counted in /proc only: %v", err)
	}
	_, metrics := s.Operator("/metrics")
	found := goroutines.FindStringSubmatch(metrics)
	require.NotNil(t, found, "no count of goroutines")
	n, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return usage{len(files), n}
}
