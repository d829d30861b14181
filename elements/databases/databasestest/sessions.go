package databasestest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
)

func testSessions(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.sessions")
	corp, err := d.EnsureCorp(ctx, "corps.one", "One")
	require.NoError(t, err)
	member := newUser()
	member.CorpID = corp.ID
	u, err := d.CreateUser(ctx, member, use("register"))
	require.NoError(t, err)
	other := makeUser(t, d)
	n := newSession(u)
	n.CorpID, n.Idle, n.Most = corp.ID, 3*time.Hour, time.Hour
	s, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	require.Equal(t, []string{n.ID, n.UserID, n.CorpID, n.Platform, n.CodeID}, []string{s.ID, s.UserID, s.CorpID, s.Platform, s.CodeID})
	require.EqualValues(t, 1, s.TokenNumber)
	require.True(t, s.EndedAt.IsZero())
	require.Equal(t, time.Hour, s.ExpiresAt.Sub(s.CreatedAt), "the smaller of Idle and Most")
	require.Equal(t, s.CreatedAt, s.LastSeenAt)
	got, err := d.Session(ctx, s.ID)
	require.NoError(t, err)
	require.Equal(t, s, got)

	time.Sleep(3 * time.Millisecond)
	newer := makeSession(t, d, u)
	list, err := d.Sessions(ctx, u.ID)
	require.NoError(t, err)
	require.Equal(t, []databases.Session{newer, s}, list)

	require.ErrorIs(t, d.EndSession(ctx, other.ID, s.ID), databases.ErrNotFound, "another's")
	require.ErrorIs(t, d.EndSession(ctx, u.ID, id()), databases.ErrNotFound)
	require.NoError(t, d.EndSession(ctx, u.ID, s.ID))
	ended, err := d.Session(ctx, s.ID)
	require.NoError(t, err)
	require.False(t, ended.EndedAt.IsZero())
	require.NoError(t, d.EndSession(ctx, u.ID, s.ID), "it has ended already")
	list, err = d.Sessions(ctx, u.ID)
	require.NoError(t, err)
	require.Equal(t, []databases.Session{newer}, list)
	_, err = d.Session(ctx, id())
	require.ErrorIs(t, err, databases.ErrNotFound)
}

// A session opens only for a user who has that phone and belongs to that corp.
func testStranger(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.stranger")
	u, without := makeUser(t, d), makeUser(t, d)
	require.NoError(t, d.UnbindPhone(ctx, without.ID, without.Phone, use("unbind")))
	for name, n := range map[string]databases.NewSession{
		"nobody":            newSession(databases.User{ID: id(), Phone: u.Phone}),
		"without a phone":   newSession(databases.User{ID: u.ID}),
		"another's phone":   newSession(databases.User{ID: without.ID, Phone: u.Phone}),
		"a phone of before": newSession(without),
	} {
		_, err := d.CreateSession(ctx, n)
		require.ErrorIs(t, err, databases.ErrNotBound, name)
		_, err = d.Session(ctx, n.ID)
		require.ErrorIs(t, err, databases.ErrNotFound, name)
	}
	n := newSession(u)
	n.CorpID = id()
	_, err := d.CreateSession(ctx, n)
	require.ErrorIs(t, err, databases.ErrNotBound)
	makeSession(t, d, databases.User{ID: without.ID})

	n = newSession(u)
	s, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	require.NoError(t, d.MovePhone(ctx, u.ID, u.Phone, phone(), s.ID, use("updatePhone"), use("updatePhone")))
	again, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	require.Equal(t, s.ID, again.ID, "a repeat gets the first result")
	n.Request = id()
	_, err = d.CreateSession(ctx, n)
	require.ErrorIs(t, err, databases.ErrCodeUsed)
}

// A phone moves while its user logs in: no session that its code opened outlives that,
// and no device is left that would count as the phone's owner.
func testMoveAtOnce(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.moveatonce")
	changes := map[string]func(context.Context, databases.User, string, databases.Use, databases.Use) error{
		"move": func(ctx context.Context, u databases.User, keep string, a, b databases.Use) error {
			return d.MovePhone(ctx, u.ID, u.Phone, phone(), keep, a, b)
		},
		"unbind": func(ctx context.Context, u databases.User, _ string, a, _ databases.Use) error {
			return d.UnbindPhone(ctx, u.ID, u.Phone, a)
		},
	}
	for name, change := range changes {
		for range 6 {
			u := makeUser(t, d)
			kept := makeSession(t, d, u)
			code, ticket := use("updatePhone"), use("updatePhone")
			news, hashes := make([]databases.NewSession, Many), make([]string, Many)
			for i := range news {
				news[i], hashes[i] = newSession(u), id()
			}
			refused := make([]bool, Many)
			atOnce(t, []error{databases.ErrNotBound}, func(ctx context.Context, i int) error {
				switch {
				case i == Many/2:
					return change(ctx, u, kept.ID, code, ticket)
				case i%2 == 0:
					return d.AddDevice(ctx, databases.Device{Hash: hashes[i], Phone: u.Phone, UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)})
				}
				_, err := d.CreateSession(ctx, news[i])
				refused[i] = errors.Is(err, databases.ErrNotBound)
				return err
			})
			for _, hash := range hashes {
				_, err := d.Device(ctx, hash)
				require.ErrorIs(t, err, databases.ErrNotFound, "%s: a device of the old phone", name)
			}
			if name == "unbind" {
				continue // the user's sessions go on
			}
			for i, n := range news {
				s, err := d.Session(ctx, n.ID)
				if i == Many/2 || i%2 == 0 || refused[i] {
					require.ErrorIs(t, err, databases.ErrNotFound)
					continue
				}
				require.NoError(t, err)
				require.False(t, s.EndedAt.IsZero(), "a session outlived the move of its phone")
			}
			s, err := d.Session(ctx, kept.ID)
			require.NoError(t, err)
			require.True(t, s.EndedAt.IsZero())
		}
	}
}

func testOneSession(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.onesession")
	u, code := makeUser(t, d), id()
	counts := atOnce(t, []error{databases.ErrCodeUsed}, func(ctx context.Context, _ int) error {
		n := newSession(u)
		n.CodeID = code
		_, err := d.CreateSession(ctx, n)
		return err
	})
	require.Equal(t, 1, counts[nil])

	for _, sameID := range []bool{true, false} {
		n := newSession(u)
		var mu sync.Mutex
		ids := make(map[string]bool)
		counts = atOnce(t, nil, func(ctx context.Context, _ int) error {
			mine := n
			if !sameID {
				mine.ID = id()
			}
			s, err := d.CreateSession(ctx, mine)
			if err == nil {
				mu.Lock()
				ids[s.ID] = true
				mu.Unlock()
			}
			return err
		})
		require.Equal(t, Many, counts[nil], "the same request")
		require.Len(t, ids, 1)
	}
	list, err := d.Sessions(ctx, u.ID)
	require.NoError(t, err)
	require.Len(t, list, 3)
}

func testForgottenSession(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.forgotten")
	u := makeUser(t, d)
	n, other := newSession(u), newSession(u)
	require.NoError(t, d.ForgetSession(ctx, n.CodeID, n.Request), "there is none")
	other.CodeID = n.CodeID
	_, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	require.NoError(t, d.ForgetSession(ctx, n.CodeID, other.Request))
	_, err = d.CreateSession(ctx, other)
	require.ErrorIs(t, err, databases.ErrCodeUsed, "the session is another request's")

	require.NoError(t, d.ForgetSession(ctx, n.CodeID, n.Request))
	_, err = d.Session(ctx, n.ID)
	require.ErrorIs(t, err, databases.ErrNotFound)
	list, err := d.Sessions(ctx, u.ID)
	require.NoError(t, err)
	require.Empty(t, list)
	require.ErrorIs(t, d.EndSession(ctx, u.ID, n.ID), databases.ErrNotFound)
	made, err := d.CreateSession(ctx, other)
	require.NoError(t, err)
	require.Equal(t, other.ID, made.ID)
	require.True(t, made.EndedAt.IsZero())
	_, err = d.CreateSession(ctx, n)
	require.ErrorIs(t, err, databases.ErrCodeUsed)

	require.NoError(t, d.EndSessionOfCode(ctx, n.CodeID))
	require.NoError(t, d.ForgetSession(ctx, n.CodeID, other.Request))
	_, err = d.CreateSession(ctx, n)
	require.ErrorIs(t, err, databases.ErrCodeUsed, "a session that has ended isn't forgotten")
}

func testEndedCode(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.endedcode")
	u := makeUser(t, d)
	s := makeSession(t, d, u)
	require.NoError(t, d.EndSessionOfCode(ctx, s.CodeID))
	require.NoError(t, d.EndSessionOfCode(ctx, s.CodeID))
	got, err := d.Session(ctx, s.ID)
	require.NoError(t, err)
	require.False(t, got.EndedAt.IsZero())

	n := newSession(u)
	require.NoError(t, d.EndSessionOfCode(ctx, n.CodeID))
	late, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	require.Equal(t, n.ID, late.ID)
	require.Equal(t, n.UserID, late.UserID)
	require.False(t, late.EndedAt.IsZero(), "it is created ended")
	again, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	require.Equal(t, late, again)
	got, err = d.Session(ctx, n.ID)
	require.NoError(t, err)
	require.Equal(t, late, got)
	list, err := d.Sessions(ctx, u.ID)
	require.NoError(t, err)
	require.Empty(t, list)
	n.Request, n.ID = id(), id()
	_, err = d.CreateSession(ctx, n)
	require.ErrorIs(t, err, databases.ErrCodeUsed)
}

func testEndedCodeAtOnce(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.endedatonce")
	u := makeUser(t, d)
	news := make([]databases.NewSession, Many/2)
	for i := range news {
		news[i] = newSession(u)
	}
	atOnce(t, nil, func(ctx context.Context, i int) error {
		if i%2 == 0 {
			return d.EndSessionOfCode(ctx, news[i/2].CodeID)
		}
		_, err := d.CreateSession(ctx, news[i/2])
		return err
	})
	for _, n := range news {
		s, err := d.Session(ctx, n.ID)
		require.NoError(t, err)
		require.False(t, s.EndedAt.IsZero())
	}
}

// shown presents token n of a session, whose hash is "hash" and the number.
func shown(s databases.Session, n int64) databases.Refresh {
	return databases.Refresh{
		SessionID: s.ID, TokenNumber: n,
		Hash: "hash" + strconv.FormatInt(n, 10), NextHash: "hash" + strconv.FormatInt(n+1, 10),
		Grace: 10 * time.Second, Idle: time.Hour, Most: 2 * time.Hour,
	}
}

func testRefresh(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.refresh")
	u := makeUser(t, d)
	s := makeSession(t, d, u)
	time.Sleep(3 * time.Millisecond)
	r, err := d.Refresh(ctx, shown(s, 1))
	require.NoError(t, err)
	require.False(t, r.Reused)
	require.EqualValues(t, 2, r.Session.TokenNumber)
	require.True(t, r.Session.LastSeenAt.After(s.LastSeenAt))
	require.Equal(t, time.Hour, r.Session.ExpiresAt.Sub(r.Session.LastSeenAt))

	again, err := d.Refresh(ctx, shown(s, 1))
	require.NoError(t, err)
	require.Equal(t, r, again, "the previous token, within grace, gets the current one again")

	wrong := shown(s, 2)
	wrong.Hash = "another"
	_, err = d.Refresh(ctx, wrong)
	require.ErrorIs(t, err, databases.ErrNotFound)
	wrong = shown(s, 1)
	wrong.Hash = "another"
	_, err = d.Refresh(ctx, wrong)
	require.ErrorIs(t, err, databases.ErrNotFound)
	_, err = d.Refresh(ctx, shown(s, 3))
	require.ErrorIs(t, err, databases.ErrNotFound, "not issued yet")
	_, err = d.Refresh(ctx, shown(databases.Session{ID: id()}, 1))
	require.ErrorIs(t, err, databases.ErrNotFound)

	most := shown(s, 2)
	most.Most = 30 * time.Minute
	r, err = d.Refresh(ctx, most)
	require.NoError(t, err)
	require.Equal(t, 30*time.Minute, r.Session.ExpiresAt.Sub(r.Session.CreatedAt), "never beyond Most")

	r, err = d.Refresh(ctx, shown(s, 1))
	require.NoError(t, err)
	require.True(t, r.Reused, "the next token has been presented")
	require.False(t, r.Session.EndedAt.IsZero())
	_, err = d.Refresh(ctx, shown(s, 3))
	require.ErrorIs(t, err, databases.ErrNotFound, "the session has ended")

	late := makeSession(t, d, u)
	_, err = d.Refresh(ctx, shown(late, 1))
	require.NoError(t, err)
	time.Sleep(30 * time.Millisecond)
	tooLate := shown(late, 1)
	tooLate.Grace = 10 * time.Millisecond
	r, err = d.Refresh(ctx, tooLate)
	require.NoError(t, err)
	require.True(t, r.Reused, "past grace")
}

func testRefreshAtOnce(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.refreshes")
	s := makeSession(t, d, makeUser(t, d))
	for g := int64(1); g <= 3; g++ {
		counts := atOnce(t, nil, func(ctx context.Context, _ int) error {
			r, err := d.Refresh(ctx, shown(s, g))
			if err == nil && (r.Reused || r.Session.TokenNumber != g+1) {
				t.Errorf("token number %d, reused %v", r.Session.TokenNumber, r.Reused)
			}
			return err
		})
		require.Equal(t, Many, counts[nil])
	}
	got, err := d.Session(ctx, s.ID)
	require.NoError(t, err)
	require.EqualValues(t, 4, got.TokenNumber)
}

func testExpiry(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.expiry")
	n := newSession(makeUser(t, d))
	n.Idle = 20 * time.Millisecond
	s, err := d.CreateSession(ctx, n)
	require.NoError(t, err)
	time.Sleep(40 * time.Millisecond)
	got, err := d.Session(ctx, s.ID)
	require.NoError(t, err)
	require.Equal(t, s.ExpiresAt, got.EndedAt, "it has ended when it expired")
	list, err := d.Sessions(ctx, n.UserID)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = d.Refresh(ctx, shown(s, 1))
	require.ErrorIs(t, err, databases.ErrNotFound)
}
