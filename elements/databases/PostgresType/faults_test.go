package postgrestype

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/faultproxy"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func behindProxy(t *testing.T) (*Database, *faultproxy.Proxy) {
	t.Helper()
	s := testpostgres.Start(t)
	p := faultproxy.New(t, s.Addr())
	return openAt(t, testpostgres.URL(p.Addr(), s.Database(t)), "org.faults"), p
}

// calls returns all methods with arguments that work.
func calls(d *Database) map[string]func(context.Context) error {
	use := func() databases.Use {
		return databases.Use{ID: uuid.NewString(), Request: uuid.NewString(), Kind: "bind"}
	}
	return map[string]func(context.Context) error{
		"Ready":            d.Ready,
		"UserByPhone":      func(ctx context.Context) error { _, err := d.UserByPhone(ctx, "+8613800138000"); return err },
		"User":             func(ctx context.Context) error { _, err := d.User(ctx, "u"); return err },
		"BindPhone":        func(ctx context.Context) error { return d.BindPhone(ctx, "u", "p", use()) },
		"UnbindPhone":      func(ctx context.Context) error { return d.UnbindPhone(ctx, "u", "p", use()) },
		"MovePhone":        func(ctx context.Context) error { return d.MovePhone(ctx, "u", "p", "q", "", use(), use()) },
		"CodeUse":          func(ctx context.Context) error { _, err := d.CodeUse(ctx, "c"); return err },
		"EnsureCorp":       func(ctx context.Context) error { _, err := d.EnsureCorp(ctx, "c", uuid.NewString()); return err },
		"Session":          func(ctx context.Context) error { _, err := d.Session(ctx, "s"); return err },
		"Sessions":         func(ctx context.Context) error { _, err := d.Sessions(ctx, "u"); return err },
		"EndSession":       func(ctx context.Context) error { return d.EndSession(ctx, "u", "s") },
		"EndSessionOfCode": func(ctx context.Context) error { return d.EndSessionOfCode(ctx, "c") },
		"Refresh": func(ctx context.Context) error {
			_, err := d.Refresh(ctx, databases.Refresh{SessionID: "s", Grace: 10 * time.Second})
			return err
		},
		"Device":           func(ctx context.Context) error { _, err := d.Device(ctx, "h"); return err },
		"AddDevice":        func(ctx context.Context) error { return d.AddDevice(ctx, databases.Device{Hash: "h", Phone: "p"}) },
		"RenewDevice":      func(ctx context.Context) error { return d.RenewDevice(ctx, databases.Device{Hash: "h", Phone: "p"}) },
		"SigningKeys":      func(ctx context.Context) error { _, err := d.SigningKeys(ctx); return err },
		"WrongTestGuess":   func(ctx context.Context) error { _, err := d.WrongTestGuess(ctx, "e"); return err },
		"WrongTestGuesses": func(ctx context.Context) error { _, err := d.WrongTestGuesses(ctx, "e"); return err },
		"RemoveSigningKey": func(ctx context.Context) error { return d.RemoveSigningKey(ctx, "none") },
		"AddSigningKey": func(ctx context.Context) error {
			_, err := d.AddSigningKey(ctx, databases.SigningKey{ID: "k", Encrypted: []byte("k")}, true)
			return err
		},
		"CreateUser": func(ctx context.Context) error {
			_, err := d.CreateUser(ctx, databases.NewUser{ID: uuid.NewString(), Phone: uuid.NewString()}, use())
			return err
		},
		"CreateSession": func(ctx context.Context) error {
			_, err := d.CreateSession(ctx, databases.NewSession{ID: uuid.NewString(), UserID: "u", CodeID: uuid.NewString(), Request: "r", Idle: time.Hour, Most: time.Hour})
			return err
		},
	}
}

func unavailableSoon(t *testing.T, d *Database) {
	t.Helper()
	type outcome struct {
		name string
		err  error
	}
	outcomes := make(chan outcome)
	watch := pace.Start(t)
	all := calls(d)
	for name, call := range all {
		go func() {
			outcomes <- outcome{name, call(t.Context())}
		}()
	}
	for range all {
		o := <-outcomes
		require.ErrorIs(t, o.err, databases.ErrUnavailable, o.name)
		watch.Within(t, time.Second, o.name)
	}
}

func worksSoon(t *testing.T, d *Database) {
	t.Helper()
	require.Eventually(t, func() bool { return d.Ready(t.Context()) == nil }, 30*time.Second, 10*time.Millisecond)
	for name, call := range calls(d) {
		require.NotErrorIs(t, call(t.Context()), databases.ErrUnavailable, name)
	}
}

func TestServerThatIsDownAtTheStart(t *testing.T) {
	d, p := behindProxy(t)
	p.Down()
	unavailableSoon(t, d)
	p.Up(t)
	worksSoon(t, d)
}

func TestServerThatGoesAndComesBack(t *testing.T) {
	for name, fault := range map[string]func(*faultproxy.Proxy){
		"down":  (*faultproxy.Proxy).Down,
		"hangs": (*faultproxy.Proxy).Freeze,
		"slow":  func(p *faultproxy.Proxy) { p.Delay(1500 * time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			d, p := behindProxy(t)
			worksSoon(t, d)
			fault(p)
			unavailableSoon(t, d)
			p.Up(t)
			worksSoon(t, d)
		})
	}
}

// A change whose commit was not sent is certainly not made.
func TestWhatIsKnownOfAChangeThatFailed(t *testing.T) {
	ctx := t.Context()
	for name, fault := range map[string]func(*faultproxy.Proxy){
		"down":              (*faultproxy.Proxy).Down,
		"hangs":             (*faultproxy.Proxy).Freeze,
		"cut in the middle": func(p *faultproxy.Proxy) { p.CutRequests(1<<20, []byte("the-nick")) },
		"cut at the end":    func(p *faultproxy.Proxy) { p.CutRequests(1<<20, []byte("commit")) },
		"reply lost":        func(p *faultproxy.Proxy) { p.CutReplies(1<<20, []byte("commit")) },
		"reply lost before": func(p *faultproxy.Proxy) { p.CutReplies(1<<20, []byte("the-nick")) },
	} {
		t.Run(name, func(t *testing.T) {
			d, p := behindProxy(t)
			ready := func() bool { return d.Ready(ctx) == nil }
			require.Eventually(t, ready, 30*time.Second, 10*time.Millisecond)
			n := databases.NewUser{ID: uuid.NewString(), Nick: "the-nick", Phone: "+8613800138000"}
			fault(p)
			cuts := p.Pending()
			_, err := d.CreateUser(ctx, n, databases.Use{ID: uuid.NewString(), Request: "r"})
			require.ErrorIs(t, err, databases.ErrUnavailable)
			// A busy machine may be too slow for a commit.
			asked := p.Pending() < cuts && (name == "cut at the end" || name == "reply lost")
			require.Equal(t, !asked, errors.Is(err, databases.ErrNotMade), err)
			p.CutNoMore()
			p.Up(t)
			require.Eventually(t, ready, 30*time.Second, 10*time.Millisecond)
			if _, err = d.UserByPhone(ctx, n.Phone); !asked {
				require.ErrorIs(t, err, databases.ErrNotFound)
			}
		})
	}
}

// A phone that is moving opens no session, and keeps no device, once it has moved: those
// who log in wait for the move.
func TestWhoLogsInWaitsForAPhoneThatMoves(t *testing.T) {
	ctx, url := t.Context(), testpostgres.Start(t).NewURL(t)
	d := openAt(t, url, "org.moving")
	u := databases.User{ID: "u", Phone: "+8613800138000"}
	require.NoError(t, onBusyMachine(t, func() error {
		_, err := d.CreateUser(ctx, databases.NewUser{ID: u.ID, Phone: u.Phone}, databases.Use{ID: "c", Request: "r"})
		return err
	}))
	move, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer func() { _ = move.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range []string{
		"BEGIN", "SELECT 1 FROM lintel_users WHERE id = 'u' FOR UPDATE", "UPDATE lintel_users SET phone = '+8613800138001' WHERE id = 'u'",
		"UPDATE lintel_sessions SET ended_at = 1 WHERE user_id = 'u'", "DELETE FROM lintel_devices WHERE user_id = 'u'",
	} {
		_, err := move.Exec(ctx, statement)
		require.NoError(t, err, statement)
	}
	login := databases.NewSession{
		ID: "s", UserID: u.ID, Phone: u.Phone, CodeID: "code", Request: "r", RefreshHash: "h", Idle: time.Hour, Most: time.Hour,
	}
	device := databases.Device{Hash: "h", Phone: u.Phone, UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)}
	_, err = d.CreateSession(ctx, login)
	require.ErrorIs(t, err, databases.ErrUnavailable)
	require.ErrorIs(t, d.AddDevice(ctx, device), databases.ErrUnavailable)
	_, err = move.Exec(ctx, "COMMIT")
	require.NoError(t, err)
	require.ErrorIs(t, onBusyMachine(t, func() error { _, err := d.CreateSession(ctx, login); return err }), databases.ErrNotBound)
	require.NoError(t, onBusyMachine(t, func() error { return d.AddDevice(ctx, device) }))
	for _, ask := range []func() error{
		func() error { _, err := d.Device(ctx, device.Hash); return err },
		func() error { _, err := d.Session(ctx, login.ID); return err },
	} {
		require.ErrorIs(t, onBusyMachine(t, ask), databases.ErrNotFound)
	}
}

// onBusyMachine asks again while the database is too slow, and returns the answer.
func onBusyMachine(t *testing.T, ask func() error) (err error) {
	t.Helper()
	require.Eventually(t, func() bool { err = ask(); return !errors.Is(err, databases.ErrUnavailable) }, time.Minute, 10*time.Millisecond)
	return err
}

func TestServerThatIsRestarted(t *testing.T) {
	s := testpostgres.Start(t)
	d := openAt(t, s.NewURL(t), "org.restart")
	worksSoon(t, d)
	s.Stop()
	unavailableSoon(t, d)
	s.Restart(t)
	worksSoon(t, d)
}

func TestCutConnectionsAreNoticedByNobody(t *testing.T) {
	d, p := behindProxy(t)
	worksSoon(t, d)
	for range 5 {
		p.Cut()
		for name, call := range calls(d) {
			if name == "WrongTestGuess" {
				continue // it counts once, so it isn't retried
			}
			require.NotErrorIs(t, call(t.Context()), databases.ErrUnavailable, name)
			p.Cut()
		}
	}
}

func TestLostReplyGivesTheFirstAnswer(t *testing.T) {
	ctx := t.Context()
	d, p := behindProxy(t)
	require.NoError(t, d.Ready(ctx))
	use := func() databases.Use { return databases.Use{ID: uuid.NewString(), Request: uuid.NewString()} }
	lose := func(match string) { p.CutReplies(1, []byte(match)) }
	lost := func() { t.Helper(); require.Zero(t, p.Pending(), "the fault happened") }

	n := databases.NewUser{ID: uuid.NewString(), Phone: "+8613800138000"}
	lose("commit")
	u, err := d.CreateUser(ctx, n, use())
	require.NoError(t, err)
	require.Equal(t, n.ID, u.ID)
	lost()
	lose("commit")
	require.NoError(t, d.UnbindPhone(ctx, u.ID, u.Phone, use()))
	lost()
	lose("commit")
	require.NoError(t, d.BindPhone(ctx, u.ID, u.Phone, use()))
	lost()
	lose("commit")
	require.NoError(t, d.MovePhone(ctx, u.ID, u.Phone, "+8613800138001", "", use(), use()))
	lost()

	s := databases.NewSession{
		ID: uuid.NewString(), UserID: u.ID, Phone: "+8613800138001", CodeID: uuid.NewString(), Request: "r",
		RefreshHash: "hash-one", Idle: time.Hour, Most: time.Hour,
	}
	lose(s.CodeID)
	made, err := d.CreateSession(ctx, s)
	require.NoError(t, err)
	require.Equal(t, s.ID, made.ID)
	lost()
	lose("hash-two")
	r, err := d.Refresh(ctx, databases.Refresh{
		SessionID: s.ID, TokenNumber: 1, Hash: "hash-one", NextHash: "hash-two",
		Grace: 10 * time.Second, Idle: time.Hour, Most: time.Hour,
	})
	require.NoError(t, err)
	require.False(t, r.Reused)
	require.EqualValues(t, 2, r.Session.TokenNumber)
	lost()

	// What can't be repeated isn't.
	lose("the-entry")
	_, err = d.WrongTestGuess(ctx, "the-entry")
	require.ErrorIs(t, err, databases.ErrUnavailable)
	lost()
	wrong, err := d.WrongTestGuesses(ctx, "the-entry")
	require.NoError(t, err)
	require.Equal(t, 1, wrong)

	// The same request gets the first result.
	code := use()
	n = databases.NewUser{ID: uuid.NewString(), Phone: "+8613800138002"}
	p.CutReplies(1000, []byte("commit"))
	_, err = d.CreateUser(ctx, n, code)
	require.ErrorIs(t, err, databases.ErrUnavailable)
	p.Up(t)
	again := n
	again.ID = uuid.NewString()
	u, err = d.CreateUser(ctx, again, code)
	require.NoError(t, err)
	require.Equal(t, n.ID, u.ID)
}

func TestErrorsHoldNoSecret(t *testing.T) {
	for _, url := range []string{
		"postgres://someone:s3cret@127.0.0.1:1/db?sslmode=disable",
		"postgres://someone:s3cret@127.0.0.1:1/db?sslmode=nonsense",
		"postgres://someone:s3cret@127.0.0.1:port/db",
	} {
		config, err := json.Marshal(map[string]string{"url": url})
		require.NoError(t, err)
		i, err := element.BuiltinOf(Name).Open(t.Context(), element.Env{AppID: "a"}, config)
		if err != nil {
			require.ErrorIs(t, err, errcode.Params)
		} else {
			err = i.(*Database).Ready(t.Context())
			require.ErrorIs(t, err, databases.ErrUnavailable)
			require.NoError(t, i.Close())
		}
		for _, secret := range []string{"s3cret", "someone", "127.0.0.1"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}
