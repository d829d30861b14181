package databasestest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
)

func testCorps(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.corps")
	var mu sync.Mutex
	ids := make(map[string]bool)
	counts := atOnce(t, nil, func(ctx context.Context, _ int) error {
		c, err := d.EnsureCorp(ctx, "corps.one", "One")
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			ids[c.ID] = true
		}
		return err
	})
	require.Equal(t, Many, counts[nil])
	require.Len(t, ids, 1)
	c, err := d.EnsureCorp(ctx, "corps.one", "The first")
	require.NoError(t, err)
	require.True(t, ids[c.ID])
	require.Equal(t, "The first", c.Title)
	other, err := d.EnsureCorp(ctx, "corps.two", "Two")
	require.NoError(t, err)
	require.NotEqual(t, c.ID, other.ID)
	require.Equal(t, "corps.two", other.FullName)

	n := newUser()
	n.CorpID = c.ID
	u, err := d.CreateUser(ctx, n, use("register"))
	require.NoError(t, err)
	require.Equal(t, []databases.Corp{c}, u.Corps)
}

func testDevices(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.devices")
	u := makeUser(t, d)
	soon := time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
	add := func(expires time.Time) databases.Device {
		v := databases.Device{Hash: id(), Phone: u.Phone, UserID: u.ID, ExpiresAt: expires}
		require.NoError(t, d.AddDevice(ctx, v))
		return v
	}
	var list []databases.Device
	for range 12 {
		list = append(list, add(soon))
	}
	for _, v := range list {
		got, err := d.Device(ctx, v.Hash)
		require.NoError(t, err)
		require.Equal(t, v, got, "none makes way for another")
	}
	require.NoError(t, d.AddDevice(ctx, list[11]), "again")
	renewed := list[0]
	renewed.ExpiresAt = soon.Add(time.Hour)
	require.NoError(t, d.RenewDevice(ctx, renewed))
	got, err := d.Device(ctx, renewed.Hash)
	require.NoError(t, err)
	require.Equal(t, renewed, got)
	stray := renewed
	stray.Phone = makeUser(t, d).Phone
	require.ErrorIs(t, d.RenewDevice(ctx, stray), databases.ErrNotFound, "it is another phone's")
	expired := add(time.Now().Add(-time.Second))
	_, err = d.Device(ctx, expired.Hash)
	require.ErrorIs(t, err, databases.ErrNotFound)
	expired.ExpiresAt = soon
	require.ErrorIs(t, d.RenewDevice(ctx, expired), databases.ErrNotFound, "it has expired")
	_, err = d.Device(ctx, id())
	require.ErrorIs(t, err, databases.ErrNotFound)

	u = makeUser(t, d)
	hashes := make([]string, Many)
	atOnce(t, nil, func(ctx context.Context, i int) error {
		hashes[i] = id()
		return d.AddDevice(ctx, databases.Device{Hash: hashes[i], Phone: u.Phone, UserID: u.ID, ExpiresAt: soon})
	})
	alive := 0
	for _, hash := range hashes {
		if _, err := d.Device(ctx, hash); err == nil {
			alive++
		}
	}
	require.Equal(t, Many, alive)
}

func testKeys(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.keys")
	keys, err := d.SigningKeys(ctx)
	require.NoError(t, err)
	require.Empty(t, keys)
	var mu sync.Mutex
	returned := make(map[string]bool)
	atOnce(t, nil, func(ctx context.Context, _ int) error {
		k, err := d.AddSigningKey(ctx, databases.SigningKey{ID: id(), Encrypted: []byte{0, 1, 255}}, true)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			returned[k.ID] = true
		}
		return err
	})
	require.Len(t, returned, 1)
	keys, err = d.SigningKeys(ctx)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.True(t, returned[keys[0].ID])
	require.Equal(t, []byte{0, 1, 255}, keys[0].Encrypted)
	require.WithinDuration(t, time.Now(), keys[0].CreatedAt, time.Minute)

	next, err := d.AddSigningKey(ctx, databases.SigningKey{ID: id(), Encrypted: []byte("b")}, false)
	require.NoError(t, err)
	again, err := d.AddSigningKey(ctx, databases.SigningKey{ID: id(), Encrypted: []byte("c")}, true)
	require.NoError(t, err)
	require.Equal(t, next, again, "there is one, so the newest is returned")
	keys, err = d.SigningKeys(ctx)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, next, keys[0], "newest first")
	require.NoError(t, d.RemoveSigningKey(ctx, next.ID))
	require.ErrorIs(t, d.RemoveSigningKey(ctx, next.ID), databases.ErrNotFound)
	left, err := d.SigningKeys(ctx)
	require.NoError(t, err)
	require.Equal(t, keys[1:], left)
}

func testGuesses(t *testing.T, open Open) {
	ctx, d := t.Context(), open(t, "org.guesses")
	n, err := d.WrongTestGuesses(ctx, "entry")
	require.NoError(t, err)
	require.Zero(t, n)
	atOnce(t, nil, func(ctx context.Context, _ int) error {
		_, err := d.WrongTestGuess(ctx, "entry")
		return err
	})
	n, err = d.WrongTestGuesses(ctx, "entry")
	require.NoError(t, err)
	require.Equal(t, Many, n)
	n, err = d.WrongTestGuess(ctx, "entry")
	require.NoError(t, err)
	require.Equal(t, Many+1, n)
	n, err = d.WrongTestGuess(ctx, "other")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func testApps(t *testing.T, open Open) {
	ctx, one, two := t.Context(), open(t, "org.one"), open(t, "org.two")
	n, code := newUser(), use("register")
	_, err := one.CreateUser(ctx, n, code)
	require.NoError(t, err)
	_, err = two.UserByPhone(ctx, n.Phone)
	require.ErrorIs(t, err, databases.ErrNotFound)
	_, err = two.CreateUser(ctx, n, code)
	require.NoError(t, err, "the IDs of another app are independent")
	s := newSession(databases.User{ID: n.ID, Phone: n.Phone})
	_, err = one.CreateSession(ctx, s)
	require.NoError(t, err)
	_, err = two.Session(ctx, s.ID)
	require.ErrorIs(t, err, databases.ErrNotFound)
	require.ErrorIs(t, two.EndSession(ctx, n.ID, s.ID), databases.ErrNotFound)
	require.NoError(t, two.EndSessionOfCode(ctx, s.CodeID))
	got, err := one.Session(ctx, s.ID)
	require.NoError(t, err)
	require.True(t, got.EndedAt.IsZero())
	v := databases.Device{Hash: id(), Phone: n.Phone, UserID: n.ID, ExpiresAt: time.Now().Add(time.Hour)}
	require.NoError(t, one.AddDevice(ctx, v))
	require.NoError(t, two.UnbindPhone(ctx, n.ID, n.Phone, use("unbind")))
	_, err = one.Device(ctx, v.Hash)
	require.NoError(t, err)
	_, err = two.Device(ctx, v.Hash)
	require.ErrorIs(t, err, databases.ErrNotFound)
	_, err = one.WrongTestGuess(ctx, "entry")
	require.NoError(t, err)
	wrong, err := two.WrongTestGuesses(ctx, "entry")
	require.NoError(t, err)
	require.Zero(t, wrong)
	_, err = one.AddSigningKey(ctx, databases.SigningKey{ID: id(), Encrypted: []byte("k")}, true)
	require.NoError(t, err)
	keys, err := two.SigningKeys(ctx)
	require.NoError(t, err)
	require.Empty(t, keys)
}

func testStart(t *testing.T, open Open) {
	replicas := make([]databases.Directory, 10)
	for i := range replicas {
		replicas[i] = open(t, "org.start")
	}
	counts := atOnce(t, nil, func(ctx context.Context, i int) error { return replicas[i%len(replicas)].Ready(ctx) })
	require.Equal(t, Many, counts[nil])
}

func testCancelled(t *testing.T, open Open) {
	d := open(t, "org.cancelled")
	require.NoError(t, d.Ready(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.User(ctx, id())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, databases.ErrUnavailable)
}
