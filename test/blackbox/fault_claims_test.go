package blackbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A change that the database certainly gave up leaves its code and ticket free at once,
// for whoever asks next.
func TestFaultAChangeThatWasGivenUpFreesItsCode(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(1)
	c := f.client()

	// attempt makes the change three times while the connection to the database breaks
	// where match is sent, and once more without faults.
	attempt := func(change func() *blackbox.Answer, match string) {
		t.Helper()
		f.Database.CutRequests(1<<20, []byte(match))
		for range 3 {
			change().Fails(t, 503, "STORE_UNAVAILABLE")
		}
		f.Database.CutNoMore()
		change().OK(t)
	}

	spelt, e164 := blackbox.Phone()
	code := f.Code(c, blackbox.Login, spelt, e164)
	args := blackbox.Args{"phone": spelt, "code": code, "nick": "given-up-at-first"}
	attempt(func() *blackbox.Answer { return c.Call(blackbox.Login, "register", args) }, "given-up-at-first")
	require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1", e164))

	p := f.SignUp(blackbox.Login)
	time.Sleep(faultInterval * time.Second)
	code = f.Code(p.Client, blackbox.Login, p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
	attempt(func() *blackbox.Answer {
		return p.Call(blackbox.Login, "unbind", blackbox.Args{"userId": p.UserID, "code": code})
	}, p.E164)

	spelt, e164 = blackbox.Phone()
	bindCode := f.Code(p.Client, blackbox.Login, spelt, e164, blackbox.Args{"purpose": "bind"})
	attempt(func() *blackbox.Answer {
		return p.Call(blackbox.Login, "bind", blackbox.Args{"userId": p.UserID, "phone": spelt, "code": bindCode})
	}, e164)

	p = f.SignUp(blackbox.Login)
	time.Sleep(faultInterval * time.Second)
	own := f.Code(p.Client, blackbox.Login, p.Phone, p.E164, blackbox.Args{"purpose": "checkMyMessage"})
	ticket := p.Call(blackbox.Login, "checkMyMessage", blackbox.Args{"code": own}).OK(t).Text("ticket")
	spelt, e164 = blackbox.Phone()
	newCode := f.Code(p.Client, blackbox.Login, spelt, e164, blackbox.Args{"purpose": "updatePhone"})
	attempt(func() *blackbox.Answer {
		return p.Call(blackbox.Login, "updatePhone", blackbox.Args{
			"userId": p.UserID, "ticket": ticket, "newPhone": spelt, "newCode": newCode,
		})
	}, e164)
	f.nothingHalf(t)
}
