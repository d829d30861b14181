package verification

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// dies returns a world whose host was killed at a step of a register, and the code.
func dies(t *testing.T, at string) (*world, string) {
	w := newWorld(t)
	code := w.send(call(), mobile, "")
	switch at {
	case "before the database":
		w.dir.vanishes("CreateUser", 1)
	case "after the database":
		w.dir.loses("CreateUser", 1)
	case "before the claim ends":
		w.store.down["EndClaim"] = 1
	case "after the claim ended":
		w.store.lost["EndClaim"] = 1
	}
	c := call()
	c.Operation = "first"
	_, err := w.register(c, mobile, code)
	requireCode(t, errcode.StoreUnavailable, err)
	return w, code
}

func TestHostKilledInTheMiddleOfARegister(t *testing.T) {
	for _, tc := range []struct {
		at   string
		busy bool // for others, until the claim runs out
		made bool
		then errcode.Code // what others get after that; empty: success
	}{
		{"before the database", true, false, ""},
		{"after the database", true, true, codes.PhoneInUse},
		{"before the claim ends", true, true, codes.PhoneInUse},
		{"after the claim ended", false, true, codes.CodeRejected},
	} {
		t.Run(tc.at+"/another request", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, code := dies(t, tc.at)
				require.Len(t, w.dir.registered(), map[bool]int{true: 1, false: 0}[tc.made])
				_, err := w.register(call(), mobile, code)
				if tc.busy {
					requireCode(t, codes.CodeBusy, err)
					_, err = w.register(call(), mobile, wrong(code, 1))
					requireCode(t, codes.CodeBusy, err)
				} else {
					requireCode(t, codes.CodeRejected, err)
				}
				time.Sleep(claimFor + time.Millisecond)
				_, err = w.register(call(), mobile, code)
				if tc.then == "" {
					require.NoError(t, err)
				} else {
					requireCode(t, tc.then, err)
				}
				require.Len(t, w.dir.registered(), 1)
				out, err := w.exchange(call(), mobile, code)
				if tc.then == codes.PhoneInUse {
					require.NoError(t, err, "nobody had anything of the code: it opens the user that it has made")
					require.Equal(t, w.dir.registered(), []string{out.GetUserId()})
					_, verdict := w.loginCode(out.GetLoginCode())
					require.Equal(t, caches.TokenValid, verdict)
					_, err = w.exchange(call(), mobile, code)
				}
				requireCode(t, codes.CodeRejected, err)
			})
		})
		t.Run(tc.at+"/the same request", func(t *testing.T) {
			for _, wait := range []time.Duration{0, claimFor + time.Second} {
				synctest.Test(t, func(t *testing.T) {
					w, code := dies(t, tc.at)
					time.Sleep(wait)
					c := call()
					c.Operation = "first"
					out, err := w.register(c, mobile, code)
					require.NoError(t, err)
					require.Equal(t, []string{out.GetUserId()}, w.dir.registered())
					got, verdict := w.loginCode(out.GetLoginCode())
					require.Equal(t, caches.TokenValid, verdict)
					require.Equal(t, out.GetUserId(), got.UserID)
				})
			}
		})
	}
}

// What the database certainly gave up leaves the code and the ticket free at once.
func TestAChangeThatWasNotMadeFreesItsCode(t *testing.T) {
	for name, change := range map[string]func(t *testing.T) (w *world, method string, do func(operation string) error){
		"register": func(t *testing.T) (*world, string, func(string) error) {
			w := newWorld(t)
			code := w.send(call(), mobile, "")
			return w, "CreateUser", func(operation string) error {
				c := call()
				c.Operation = operation
				_, err := w.register(c, mobile, code)
				return err
			}
		},
		"bind": func(t *testing.T) (*world, string, func(string) error) {
			w := newWorld(t)
			w.dir.add(databases.User{ID: "u"})
			code := w.send(as("u"), mobile, "bind")
			return w, "BindPhone", func(operation string) error { return w.bind(asIn("u", operation), mobile, code) }
		},
		"unbind": func(t *testing.T) (*world, string, func(string) error) {
			w := newWorld(t)
			w.dir.add(databases.User{ID: "u", Phone: mobile})
			code := w.send(as("u"), mobile, "unbind")
			return w, "UnbindPhone", func(operation string) error { return w.unbind(asIn("u", operation), code) }
		},
		"updatePhone": func(t *testing.T) (*world, string, func(string) error) {
			w, ticket, code := moving(t)
			return w, "MovePhone", func(operation string) error { return w.move(asIn("u", operation), ticket, other, code) }
		},
	} {
		for _, again := range []string{"one", "two"} {
			t.Run(name+"/request "+again, func(t *testing.T) {
				w, method, do := change(t)
				for range 3 {
					w.dir.fails(method, 1)
					requireCode(t, errcode.StoreUnavailable, do("one"))
				}
				w.dir.fails(method, 1)
				requireCode(t, errcode.StoreUnavailable, do("another"))
				require.NoError(t, do(again))
				require.Error(t, do("a third"), "it is used")
			})
		}
	}
}

func asIn(user, operation string) element.Call {
	c := as(user)
	c.Operation = operation
	return c
}

// The database retries by itself. If a reply is lost even so, the caller's repeat gets
// the result.
func TestRepeatLearnsALostReplyOfTheDatabase(t *testing.T) {
	w := newWorld(t)
	code := w.send(call(), mobile, "")
	w.dir.loses("CreateUser", 1)
	c := call()
	c.Operation = "one"
	_, err := w.register(c, mobile, code)
	requireCode(t, errcode.StoreUnavailable, err)
	out, err := w.register(c, mobile, code)
	require.NoError(t, err)
	require.Equal(t, []string{out.GetUserId()}, w.dir.registered())
}

func TestClaimThatCantBeEndedFailsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u"})
		code := w.send(as("u"), mobile, "")
		w.store.down["EndClaim"] = 1
		require.NoError(t, w.bind(as("u"), mobile, code))
		time.Sleep(claimFor + time.Millisecond)
		requireCode(t, codes.CodeRejected, w.unbind(as("u"), code))
		require.Equal(t, mobile, w.dir.user("u").Phone)
	})
}

func TestReleaseThatIsLostLeavesTheCodeUsableLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		code := w.send(call(), mobile, "")
		w.store.down["EndClaim"] = 1
		_, err := w.register(call(), mobile, code)
		requireCode(t, codes.PhoneInUse, err)
		_, err = w.exchange(call(), mobile, code)
		requireCode(t, codes.CodeBusy, err)
		time.Sleep(claimFor + time.Millisecond)
		_, err = w.exchange(call(), mobile, code)
		require.NoError(t, err)
	})
}

func TestDatabaseThatCantSayLeavesTheClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, code := dies(t, "before the database")
		time.Sleep(claimFor + time.Millisecond)
		w.dir.fails("CodeUse", 1)
		_, err := w.register(call(), mobile, code)
		requireCode(t, errcode.StoreUnavailable, err)
		_, err = w.register(call(), mobile, code)
		require.NoError(t, err)
	})
}

func TestHostKilledInTheMiddleOfAMove(t *testing.T) {
	for _, tc := range []struct {
		at    string
		moved bool
	}{{"before the database", false}, {"after the database", true}} {
		t.Run(tc.at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, ticket, code := moving(t)
				if tc.moved {
					w.dir.loses("MovePhone", 1)
				} else {
					w.dir.vanishes("MovePhone", 1)
				}
				requireCode(t, errcode.StoreUnavailable, w.move(as("u"), ticket, other, code))
				if tc.moved {
					requireCode(t, codes.TicketRejected, w.move(as("u"), ticket, "+8613700137000", code))
					return
				}
				requireCode(t, codes.CodeBusy, w.move(as("u"), ticket, other, code))
				time.Sleep(claimFor + time.Millisecond)
				require.NoError(t, w.move(as("u"), ticket, other, code))
			})
		})
	}
}

// The answer was lost after the change. What the change left behind doesn't refuse a
// repeat of the request, but does refuse any other request.
func TestRepeatOfAChangeThatWasMadeIsAnsweredAsMade(t *testing.T) {
	one := func() element.Call {
		c := as("u")
		c.Operation = "one"
		return c
	}
	t.Run("bind", func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u"})
		code := w.send(as("u"), mobile, "bind")
		require.NoError(t, w.bind(one(), mobile, code))
		require.NoError(t, w.bind(one(), mobile, code))
		requireCode(t, codes.PhoneAlreadyBound, w.bind(one(), other, code))
		requireCode(t, codes.PhoneAlreadyBound, w.bind(as("u"), mobile, code))
	})
	t.Run("unbind", func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		code := w.send(as("u"), mobile, "unbind")
		require.NoError(t, w.unbind(one(), code))
		require.NoError(t, w.unbind(one(), code))
		requireCode(t, codes.PhoneNotBound, w.unbind(as("u"), code))
	})
	t.Run("updatePhone", func(t *testing.T) {
		w, ticket, code := moving(t)
		require.NoError(t, w.move(one(), ticket, other, code))
		require.NoError(t, w.move(one(), ticket, other, code))
		requireCode(t, codes.TicketRejected, w.move(as("u"), ticket, other, code))
	})
}

// A cache that forgets, as after a failover, must not let a ticket or a code be used
// twice.
func TestDatabaseRemembersWhatAStoreForgot(t *testing.T) {
	w, ticket, code := moving(t)
	for _, used := range []string{"code", "ticket"} {
		id := map[string]string{"code": w.codeID(t, code), "ticket": w.ticketID(t, ticket)}[used]
		w.dir.uses = map[string]databases.Use{id: {ID: id, Request: "earlier", Kind: "updatePhone", UserID: "u"}}
		err := w.move(as("u"), ticket, other, code)
		if used == "ticket" {
			requireCode(t, codes.TicketRejected, err)
		} else {
			requireCode(t, codes.CodeRejected, err)
			w, ticket, code = moving(t)
		}
		require.Equal(t, mobile, w.dir.user("u").Phone)
	}
}

// codeID returns the ID of a user's code.
func (w *world) codeID(t *testing.T, code string) string {
	got, err := w.store.Guess(t.Context(), caches.Guess{
		Request: randomID(), Key: w.svc.keys.identity(other), Holder: w.svc.keys.holder(login, "u"), Purpose: "updatePhone",
		MAC: w.svc.keys.code(login, other, "u", false, code), Length: 6, FreshLength: 6, Attempts: 5, Guesses: wrongGuesses,
	})
	require.NoError(t, err)
	require.Equal(t, caches.GuessRight, got.Outcome)
	return got.CodeID
}

func (w *world) ticketID(t *testing.T, ticket string) string {
	r := &request{Service: w.svc, call: as("u")}
	r.store = w.store
	claimed, err := r.claimTicket(t.Context(), w.dir.user("u"), ticket)
	require.NoError(t, err)
	r.endTicket(t.Context(), claimed, false)
	return claimed.id
}
