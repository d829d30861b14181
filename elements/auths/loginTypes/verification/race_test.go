package verification

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

const rounds = 5

// atOnce runs do n times at once and counts the outcomes by code; success is "".
func atOnce(n int, do func(i int) error) map[errcode.Code]int {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		ended = map[errcode.Code]int{}
		start = make(chan struct{})
	)
	for i := range n {
		wg.Go(func() {
			<-start
			var code errcode.Code
			if err := do(i); err != nil {
				code = errcode.Of(err)
			}
			mu.Lock()
			ended[code]++
			mu.Unlock()
		})
	}
	close(start)
	wg.Wait()
	return ended
}

func TestOneOf300SendsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range rounds {
			w := newWorld(t)
			var delivered atomic.Int32
			ended := atOnce(300, func(int) error {
				r, err := w.reserve(call(), mobile, "")
				if err == nil && r.deliver {
					delivered.Add(1)
				}
				return err
			})
			require.Equal(t, map[errcode.Code]int{"": 1, codes.SendTooFrequent: 299}, ended)
			require.EqualValues(t, 1, delivered.Load())
		}
	})
}

func TestOneOf200RightCodesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range rounds {
			w := newWorld(t)
			w.dir.add(databases.User{ID: "u", Phone: mobile})
			code := w.send(call(), mobile, "")
			ended := atOnce(200, func(int) error {
				_, err := w.exchange(call(), mobile, code)
				return err
			})
			require.Equal(t, map[errcode.Code]int{"": 1, codes.CodeRejected: 199}, ended)
		}
	})
}

func TestFiveOf200WrongCodesAtOnceAreCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range rounds {
			w := newWorld(t)
			w.dir.add(databases.User{ID: "u", Phone: mobile})
			code := w.send(call(), mobile, "")
			ended := atOnce(200, func(i int) error {
				_, err := w.exchange(call(), mobile, wrong(code, i+1))
				return err
			})
			require.Equal(t, map[errcode.Code]int{codes.CodeRejected: 5, codes.CodeLocked: 195}, ended)
			_, err := w.exchange(call(), mobile, code)
			requireCode(t, codes.CodeLocked, err)
		}
	})
}

func TestOneOf50RegistersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range rounds {
			w := newWorld(t)
			code := w.send(call(), mobile, "")
			ended := atOnce(50, func(int) error {
				_, err := w.register(call(), mobile, code)
				return err
			})
			require.Equal(t, 1, ended[""], "%v", ended)
			require.Equal(t, 49, ended[codes.CodeBusy]+ended[codes.CodeRejected]+ended[codes.PhoneInUse], "%v", ended)
			require.Len(t, w.dir.registered(), 1)
		}
	})
}

func TestOneOf50BindsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range rounds {
			w := newWorld(t)
			w.dir.add(databases.User{ID: "u"})
			code := w.send(as("u"), mobile, "bind")
			ended := atOnce(50, func(int) error { return w.bind(as("u"), mobile, code) })
			require.Equal(t, 1, ended[""], "%v", ended)
			require.Equal(t, 49, ended[codes.CodeBusy]+ended[codes.CodeRejected]+ended[codes.PhoneAlreadyBound], "%v", ended)
		}
	})
}

func TestOneOf50UsersBindsAPhoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const users = 50
		code := make([]string, users)
		for i := range users {
			id := fmt.Sprint("u", i)
			w.dir.add(databases.User{ID: id})
			code[i] = w.codeWithoutCooldown(id)
		}
		ended := atOnce(users, func(i int) error { return w.bind(as(fmt.Sprint("u", i)), mobile, code[i]) })
		require.Equal(t, map[errcode.Code]int{"": 1, codes.PhoneInUse: users - 1}, ended)
	})
}

func TestOneOf50TicketUsesAtOnce(t *testing.T) {
	for range rounds {
		w, ticket, code := moving(t)
		ended := atOnce(50, func(int) error { return w.move(as("u"), ticket, other, code) })
		require.Equal(t, 1, ended[""], "%v", ended)
		require.Equal(t, 49, ended[codes.CodeBusy]+ended[codes.TicketRejected]+ended[codes.CodeRejected], "%v", ended)
		require.Equal(t, 1, len(w.dir.ended))
	}
}

// codeWithoutCooldown makes a code of a user for the phone, ignoring the cooldown.
func (w *world) codeWithoutCooldown(userID string) string {
	w.t.Helper()
	digits := randomDigits(6)
	got, err := w.store.Store.Reserve(w.t.Context(), caches.Reserve{
		Request: randomID(), Key: w.svc.keys.identity(mobile), Holder: w.svc.keys.holder(login, userID),
		Code: caches.Code{ID: randomID(), MAC: w.svc.keys.code(login, mobile, userID, false, digits), Purposes: []string{purposeBind}},
		TTL:  time.Minute,
	})
	require.NoError(w.t, err)
	require.Equal(w.t, caches.Reserved, got.Outcome)
	return digits
}
