package databasestest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
)

func testUsers(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.users")
	a, err := d.EnsureCorp(ctx, "corps.a", "A")
	require.NoError(t, err)
	n := newUser()
	n.CorpID, n.Test = a.ID, true
	code := use("register")
	made, err := d.CreateUser(ctx, n, code)
	require.NoError(t, err)
	require.Equal(t, n.ID, made.ID)
	require.Equal(t, n.Nick, made.Nick)
	require.Equal(t, n.Phone, made.Phone)
	require.True(t, made.Test)
	require.Equal(t, []databases.Corp{a}, made.Corps)
	require.WithinDuration(t, time.Now(), made.CreatedAt, time.Minute)

	byPhone, err := d.UserByPhone(ctx, n.Phone)
	require.NoError(t, err)
	require.Equal(t, made, byPhone)
	byID, err := d.User(ctx, n.ID)
	require.NoError(t, err)
	require.Equal(t, made, byID)

	alone := makeUser(t, d)
	require.Empty(t, alone.Corps)
	require.False(t, alone.Test)

	_, err = d.UserByPhone(ctx, phone())
	require.ErrorIs(t, err, databases.ErrNotFound)
	_, err = d.User(ctx, id())
	require.ErrorIs(t, err, databases.ErrNotFound)
	_, err = d.CodeUse(ctx, id())
	require.ErrorIs(t, err, databases.ErrNotFound)

	n = newUser()
	n.CorpID = id()
	_, err = d.CreateUser(ctx, n, use("register"))
	require.ErrorIs(t, err, databases.ErrNotFound, "no such corp")
	_, err = d.User(ctx, n.ID)
	require.ErrorIs(t, err, databases.ErrNotFound, "no user without the corp")
}

func testMarks(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.marks")
	u := makeUser(t, d)
	paid := use("unbind")
	paid.Mark = id()
	require.NoError(t, d.UnbindPhone(ctx, u.ID, u.Phone, paid))
	noted, err := d.CodeUse(ctx, paid.Mark)
	require.NoError(t, err)
	require.Equal(t, "unbind", noted.Kind)
	require.NoError(t, d.BindPhone(ctx, u.ID, u.Phone, use("bind")))
	require.NoError(t, d.UnbindPhone(ctx, u.ID, u.Phone, paid), "a repeat")
	still, err := d.User(ctx, u.ID)
	require.NoError(t, err)
	require.Equal(t, u.Phone, still.Phone, "the repeat changed nothing")

	refused := use("bind")
	refused.Mark = id()
	require.ErrorIs(t, d.BindPhone(ctx, u.ID, phone(), refused), databases.ErrAlreadyBound)
	_, err = d.CodeUse(ctx, refused.Mark)
	require.ErrorIs(t, err, databases.ErrNotFound, "a refused change leaves no mark")
}

func testOneOwner(t *testing.T, open Open) {
	d := open(t, "org.owner")
	wanted := phone()
	counts := atOnce(t, []error{databases.ErrPhoneInUse}, func(ctx context.Context, _ int) error {
		n := newUser()
		n.Phone = wanted
		_, err := d.CreateUser(ctx, n, use("register"))
		return err
	})
	require.Equal(t, 1, counts[nil])

	wanted = phone()
	users := make([]databases.User, Many)
	for i := range users {
		users[i] = makeUser(t, d)
		require.NoError(t, d.UnbindPhone(t.Context(), users[i].ID, users[i].Phone, use("unbind")))
	}
	counts = atOnce(t, []error{databases.ErrPhoneInUse}, func(ctx context.Context, i int) error {
		return d.BindPhone(ctx, users[i].ID, wanted, use("bind"))
	})
	require.Equal(t, 1, counts[nil])
}

func testCodeOnce(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.once")
	code := use("register")
	counts := atOnce(t, []error{databases.ErrCodeUsed}, func(ctx context.Context, _ int) error {
		mine := code
		mine.Request = id()
		_, err := d.CreateUser(ctx, newUser(), mine)
		return err
	})
	require.Equal(t, 1, counts[nil])

	// The same request many times at once, each with another ID: all get one user.
	code = use("register")
	n := newUser()
	ids := make(chan string, 40*Many)
	counts = atOnce(t, nil, func(ctx context.Context, _ int) error {
		mine := n
		mine.ID = id()
		u, err := d.CreateUser(ctx, mine, code)
		if err == nil {
			ids <- u.ID
		}
		return err
	})
	require.Equal(t, Many, counts[nil])
	close(ids)
	owner, err := d.UserByPhone(ctx, n.Phone)
	require.NoError(t, err)
	for got := range ids {
		require.Equal(t, owner.ID, got)
	}
	used, err := d.CodeUse(ctx, code.ID)
	require.NoError(t, err)
	code.UserID = owner.ID
	require.Equal(t, code, used)

	// Another kind of change can't use the code either.
	other := code
	other.Request = id()
	require.ErrorIs(t, d.UnbindPhone(ctx, owner.ID, owner.Phone, other), databases.ErrCodeUsed)

	ticket := use("updatePhone")
	u := makeUser(t, d)
	counts = atOnce(t, []error{databases.ErrCodeUsed, databases.ErrNotBound}, func(ctx context.Context, _ int) error {
		mine := ticket
		mine.Request = id()
		return d.MovePhone(ctx, u.ID, u.Phone, phone(), "", databases.Use{ID: id(), Request: mine.Request}, mine)
	})
	require.Equal(t, 1, counts[nil])
}

func testBind(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.bind")
	u := makeUser(t, d)
	require.ErrorIs(t, d.BindPhone(ctx, u.ID, phone(), use("bind")), databases.ErrAlreadyBound)
	require.ErrorIs(t, d.BindPhone(ctx, id(), phone(), use("bind")), databases.ErrNotFound)
	require.ErrorIs(t, d.UnbindPhone(ctx, u.ID, phone(), use("unbind")), databases.ErrNotBound, "another phone")

	device := databases.Device{Hash: id(), Phone: u.Phone, UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)}
	require.NoError(t, d.AddDevice(ctx, device))
	off := use("unbind")
	require.NoError(t, d.UnbindPhone(ctx, u.ID, u.Phone, off))
	require.NoError(t, d.UnbindPhone(ctx, u.ID, u.Phone, off), "the same request again")
	_, err := d.Device(ctx, device.Hash)
	require.ErrorIs(t, err, databases.ErrNotFound)
	_, err = d.UserByPhone(ctx, u.Phone)
	require.ErrorIs(t, err, databases.ErrNotFound)
	left, err := d.User(ctx, u.ID)
	require.NoError(t, err)
	require.Empty(t, left.Phone)
	require.ErrorIs(t, d.UnbindPhone(ctx, u.ID, u.Phone, use("unbind")), databases.ErrNotBound)

	// The phone is free for anybody.
	n := newUser()
	n.Phone = u.Phone
	_, err = d.CreateUser(ctx, n, use("register"))
	require.NoError(t, err)
	require.ErrorIs(t, d.BindPhone(ctx, u.ID, n.Phone, use("bind")), databases.ErrPhoneInUse)
	fresh, on := phone(), use("bind")
	require.NoError(t, d.BindPhone(ctx, u.ID, fresh, on))
	require.NoError(t, d.BindPhone(ctx, u.ID, fresh, on), "the same request again")
	again, err := d.UserByPhone(ctx, fresh)
	require.NoError(t, err)
	require.Equal(t, u.ID, again.ID)
}

func testMove(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.move")
	u, other := makeUser(t, d), makeUser(t, d)
	keep, drop, foreign := makeSession(t, d, u), makeSession(t, d, u), makeSession(t, d, other)
	device := databases.Device{Hash: id(), Phone: u.Phone, UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)}
	require.NoError(t, d.AddDevice(ctx, device))

	code, ticket := use("updatePhone"), use("updatePhone")
	require.ErrorIs(t, d.MovePhone(ctx, u.ID, u.Phone, other.Phone, keep.ID, code, ticket), databases.ErrPhoneInUse)
	require.ErrorIs(t, d.MovePhone(ctx, u.ID, phone(), phone(), keep.ID, code, ticket), databases.ErrNotBound)
	to := phone()
	code.Notice = &databases.Notice{ID: id(), App: "org.app", Element: "a.login", SMS: "SMS.x", Args: []byte(`{"a":1}`)}
	require.NoError(t, d.MovePhone(ctx, u.ID, u.Phone, to, keep.ID, code, ticket))
	require.NoError(t, d.MovePhone(ctx, u.ID, u.Phone, to, keep.ID, code, ticket), "the same request again")
	notices, err := d.Notices(ctx, 0, 10)
	require.NoError(t, err)
	require.Equal(t, []databases.Notice{*code.Notice}, notices)
	notices, err = d.Notices(ctx, time.Hour, 10)
	require.NoError(t, err)
	require.Empty(t, notices)
	for _, want := range []bool{true, false} {
		taken, err := d.TakeNotice(ctx, code.Notice.ID)
		require.NoError(t, err)
		require.Equal(t, want, taken)
	}
	code.Notice = nil
	second := ticket
	second.Request = id()
	require.ErrorIs(t, d.MovePhone(ctx, u.ID, to, phone(), keep.ID, use("updatePhone"), second), databases.ErrCodeUsed)

	moved, err := d.UserByPhone(ctx, to)
	require.NoError(t, err)
	require.Equal(t, u.ID, moved.ID)
	_, err = d.UserByPhone(ctx, u.Phone)
	require.ErrorIs(t, err, databases.ErrNotFound)
	for session, alive := range map[string]bool{keep.ID: true, drop.ID: false, foreign.ID: true} {
		s, err := d.Session(ctx, session)
		require.NoError(t, err)
		require.Equal(t, alive, s.EndedAt.IsZero())
	}
	_, err = d.Device(ctx, device.Hash)
	require.ErrorIs(t, err, databases.ErrNotFound)
	used, err := d.CodeUse(ctx, ticket.ID)
	require.NoError(t, err)
	require.Equal(t, u.ID, used.UserID)
}

func testRefusalLeavesNothing(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.refusal")
	u, other := makeUser(t, d), makeUser(t, d)
	code, ticket := use("updatePhone"), use("updatePhone")
	n := newUser()
	n.Phone = u.Phone
	_, err := d.CreateUser(ctx, n, code)
	require.ErrorIs(t, err, databases.ErrPhoneInUse)
	require.ErrorIs(t, d.BindPhone(ctx, u.ID, phone(), code), databases.ErrAlreadyBound)
	require.ErrorIs(t, d.UnbindPhone(ctx, u.ID, phone(), code), databases.ErrNotBound)
	require.ErrorIs(t, d.MovePhone(ctx, u.ID, u.Phone, other.Phone, "", code, ticket), databases.ErrPhoneInUse)
	for _, unused := range []string{code.ID, ticket.ID} {
		_, err = d.CodeUse(ctx, unused)
		require.ErrorIs(t, err, databases.ErrNotFound, "only a change that succeeds uses the code")
	}
	require.NoError(t, d.MovePhone(ctx, u.ID, u.Phone, phone(), "", code, ticket))
}

func testSwap(t *testing.T, open Open) {
	d := open(t, "org.swap")
	a, b := makeUser(t, d), makeUser(t, d)
	counts := atOnce(t, []error{databases.ErrPhoneInUse}, func(ctx context.Context, i int) error {
		if i%2 == 0 {
			return d.MovePhone(ctx, a.ID, a.Phone, b.Phone, "", use("updatePhone"), use("updatePhone"))
		}
		return d.MovePhone(ctx, b.ID, b.Phone, a.Phone, "", use("updatePhone"), use("updatePhone"))
	})
	require.Equal(t, Many, counts[databases.ErrPhoneInUse])
}

func testRepeatWithoutCode(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.free")
	n := newUser()
	first, err := d.CreateUser(ctx, n, databases.Use{})
	require.NoError(t, err)
	second, err := d.CreateUser(ctx, n, databases.Use{})
	require.NoError(t, err)
	require.Equal(t, first, second)
	n.Phone = phone()
	_, err = d.CreateUser(ctx, n, databases.Use{})
	require.Error(t, err, "the id is taken")
}
