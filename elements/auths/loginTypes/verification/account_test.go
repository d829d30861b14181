package verification

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestRegisterMakesAUserOfTheCorp(t *testing.T) {
	w := newWorld(t)
	out, err := w.register(call(), mobile, w.send(call(), mobile, ""))
	require.NoError(t, err)
	require.Equal(t, "Nick", out.GetNick())
	require.Equal(t, "The shop", out.GetCorps()[0].GetCorpName())
	user := w.dir.user(out.GetUserId())
	require.Equal(t, mobile, user.Phone)
	require.False(t, user.Test)
	got, verdict := w.loginCode(out.GetLoginCode())
	require.Equal(t, caches.TokenValid, verdict)
	require.Equal(t, user.ID, got.UserID)
	require.Equal(t, "register", w.dir.uses[got.CodeID].Kind)
}

func TestNewUserJoinsNoClosedCorp(t *testing.T) {
	w := newWorld(t)
	w.config["corps.shop"]["allowJoin"] = 0.0
	out, err := w.register(call(), mobile, w.send(call(), mobile, ""))
	require.NoError(t, err)
	require.Empty(t, out.GetCorps())
}

func TestRegisterOfAKnownPhoneKeepsTheCode(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	_, err := w.register(call(), mobile, wrong(code, 1))
	requireCode(t, codes.CodeRejected, err)
	_, err = w.register(call(), mobile, code)
	requireCode(t, codes.PhoneInUse, err)
	_, err = w.exchange(call(), mobile, code)
	require.NoError(t, err)
}

func TestClosedRegistrationKeepsTheCode(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	w.set("allowRegister", 0)
	ask := &elementv1.RegisterRequest{Identity: mobile, Code: wrong(code, 1), Nick: "Nick"}
	_, err := w.svc.Register(w.in(call()), ask)
	requireCode(t, codes.CodeRejected, err)
	ask.Code = code
	_, err = w.svc.Register(w.in(call()), ask)
	requireCode(t, codes.RegistrationClosed, err)
	_, err = w.exchange(call(), mobile, code)
	require.NoError(t, err)
}

func TestAccountTellsWhoAsks(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	out, err := w.svc.Account(w.in(call()), &elementv1.AccountRequest{})
	require.NoError(t, err)
	require.Empty(t, out.GetUserId())
	out, err = w.svc.Account(w.in(as("u")), &elementv1.AccountRequest{})
	require.NoError(t, err)
	require.Equal(t, "u", out.GetUserId())
	require.Equal(t, mobile, out.GetIdentity())
	_, err = w.svc.Account(w.in(as("gone")), &elementv1.AccountRequest{})
	requireCode(t, errcode.LoginRequired, err)
}

// A caller without the right is refused before any code is compared.
func TestAccountChecksComeBeforeTheCode(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "bare"})
	w.dir.add(databases.User{ID: "bound", Phone: mobile})
	const never = "no code at all"
	for name, tc := range map[string]struct {
		caller string
		userID string
		bind   errcode.Code
		unbind errcode.Code
		move   errcode.Code
	}{
		"nobody":               {"", "bare", errcode.LoginRequired, errcode.LoginRequired, errcode.LoginRequired},
		"another user":         {"bare", "bound", errcode.Forbidden, errcode.Forbidden, errcode.Forbidden},
		"a user without phone": {"bare", "bare", errcode.Params, codes.PhoneNotBound, codes.PhoneNotBound},
		"a user with phone":    {"bound", "bound", codes.PhoneAlreadyBound, errcode.Params, errcode.Params},
	} {
		t.Run(name, func(t *testing.T) {
			c := call()
			c.Caller.UserID = tc.caller
			_, err := w.svc.Bind(w.in(c), &elementv1.BindRequest{UserId: tc.userID, Identity: other, Code: never})
			requireCode(t, tc.bind, err)
			_, err = w.svc.Unbind(w.in(c), &elementv1.UnbindRequest{UserId: tc.userID, Code: never})
			requireCode(t, tc.unbind, err)
			_, err = w.svc.Move(w.in(c), &elementv1.MoveRequest{UserId: tc.userID, Identity: other, Code: never})
			requireCode(t, tc.move, err)
		})
	}
	_, err := w.svc.IssueTicket(w.in(call()), &elementv1.IssueTicketRequest{Code: never})
	requireCode(t, errcode.LoginRequired, err)
	_, err = w.svc.IssueTicket(w.in(as("bare")), &elementv1.IssueTicketRequest{Code: never})
	requireCode(t, codes.PhoneNotBound, err)
}

func TestBind(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u"})
	w.dir.add(databases.User{ID: "v", Phone: other})
	code := w.send(as("u"), mobile, "bind")
	requireCode(t, codes.CodeRejected, w.bind(as("u"), mobile, wrong(code, 1)))
	require.NoError(t, w.bind(as("u"), mobile, code))
	require.Equal(t, mobile, w.dir.user("u").Phone)

	w.dir.add(databases.User{ID: "u2"})
	code = w.send(as("u2"), other, "bind")
	requireCode(t, codes.CodeRejected, w.bind(as("u2"), other, wrong(code, 1)))
	requireCode(t, codes.PhoneInUse, w.bind(as("u2"), other, code))
	requireCode(t, codes.PhoneInUse, w.bind(as("u2"), other, code))
}

func TestUnbindFreesThePhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		require.NoError(t, w.unbind(as("u"), w.send(as("u"), mobile, "unbind")))
		require.Empty(t, w.dir.user("u").Phone)
		time.Sleep(time.Minute)
		out, err := w.register(call(), mobile, w.send(call(), mobile, ""))
		require.NoError(t, err)
		require.NotEqual(t, "u", out.GetUserId())
	})
}

func TestLastLoginIsKeptWherePolicySaysSo(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(as("u"), mobile, "unbind")
	w.set("allowUnbindLast", 0)
	_, err := w.svc.Unbind(w.in(as("u")), &elementv1.UnbindRequest{UserId: "u", Code: code})
	requireCode(t, codes.LastLogin, err)
	w.set("allowUnbindLast", 1)
	require.NoError(t, w.unbind(as("u"), code), "the code was not taken")
}

// moving returns a world with a user who has a ticket, and a code of their new phone.
func moving(t *testing.T) (w *world, ticket, code string) {
	w = newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	ticket, err := w.ticket(as("u"), w.send(as("u"), mobile, "checkMyMessage"))
	require.NoError(t, err)
	return w, ticket, w.send(as("u"), other, "updatePhone")
}

func TestMoveReplacesThePhoneAndEndsOtherSessions(t *testing.T) {
	w, ticket, code := moving(t)
	out, err := w.svc.Move(w.in(as("u")), &elementv1.MoveRequest{UserId: "u", Ticket: ticket, Identity: other, Code: code})
	require.NoError(t, err)
	require.Equal(t, mobile, out.GetPrevious())
	require.Equal(t, other, w.dir.user("u").Phone)
	require.Equal(t, []string{"u"}, w.dir.ended)
	require.Equal(t, "session of u", w.dir.kept)
	requireCode(t, codes.TicketRejected, w.move(as("u"), ticket, mobile, code))
}

func TestTicketIsForItsUserSessionAndInstance(t *testing.T) {
	w, ticket, code := moving(t)
	w.dir.add(databases.User{ID: "v", Phone: "+8613700137000"})
	session := as("u")
	session.Caller.SessionID = "another"
	instance := as("u")
	instance.Element = "another.login"
	for name, c := range map[string]element.Call{"user": as("v"), "session": session, "instance": instance} {
		requireCode(t, codes.TicketRejected, w.move(c, ticket, other, code))
		require.NotEmpty(t, name)
	}
	for _, text := range []string{"", "nonsense", ticket + "A", ticket[:len(ticket)-1] + "_"} {
		requireCode(t, codes.TicketRejected, w.move(as("u"), text, other, code))
	}
	require.NoError(t, w.move(as("u"), ticket, other, code), "none of these took the ticket")
}

func TestTicketLivesFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ticket, _ := moving(t)
		time.Sleep(5*time.Minute + time.Millisecond)
		requireCode(t, codes.TicketRejected, w.move(as("u"), ticket, other, w.send(as("u"), other, "updatePhone")))
	})
}

func TestWhatDoesNotComeAboutTakesNeitherTicketNorCode(t *testing.T) {
	w, ticket, code := moving(t)
	requireCode(t, codes.CodeRejected, w.move(as("u"), ticket, other, wrong(code, 1)))
	w.dir.add(databases.User{ID: "v", Phone: other})
	requireCode(t, codes.PhoneInUse, w.move(as("u"), ticket, other, code))
	w.dir.add(databases.User{ID: "v"})
	require.NoError(t, w.move(as("u"), ticket, other, code))
}

func TestMoveToTheOwnPhoneIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ticket, _ := moving(t)
		time.Sleep(time.Minute)
		code := w.send(as("u"), mobile, "updatePhone")
		requireCode(t, codes.PhoneInUse, w.move(as("u"), ticket, mobile, code))
		time.Sleep(time.Minute)
		require.NoError(t, w.move(as("u"), ticket, other, w.send(as("u"), other, "updatePhone")))
	})
}
