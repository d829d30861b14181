// Package upgradetest tests an upgrade: a database that an earlier version filled keeps
// everything although many processes upgrade it at once, and does what is new.
package upgradetest

import (
	"context"
	"database/sql"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

const (
	app, other = "org.shop", "org.other"
	phone      = "+8613800138000"
	// users is how many other users there are: more than a page of either database.
	users = 500
	// processes is how many upgrade at once.
	processes = 4
)

// FromVersion1 fills an empty database as version 1 did, opens it, and checks
// everything. open opens one more Directory on the same database.
func FromVersion1(t *testing.T, db *sql.DB, dialect sqldirectory.Dialect, open func(app string) databases.Directory) {
	ctx := t.Context()
	require.NoError(t, sqldirectory.MigrateTo(ctx, db, dialect, 1))
	fill(t, db)
	requireVersion(t, db, dialect, 1)

	var wg sync.WaitGroup
	errs := make(chan error, processes)
	for range processes {
		d := open(app)
		wg.Go(func() { errs <- d.Ready(ctx) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	requireVersion(t, db, dialect, sqldirectory.Version)

	d := open(app)
	requireKept(t, d)
	requireSends(t, d)
	found, err := open(other).UserByPhone(ctx, phone)
	require.NoError(t, err)
	require.Equal(t, "other", found.Nick, "another app's user of the same phone")
	// A second start has nothing to do.
	require.NoError(t, open(app).Ready(ctx))
}

func requireVersion(t *testing.T, db *sql.DB, dialect sqldirectory.Dialect, want int) {
	t.Helper()
	var got int
	require.NoError(t, db.QueryRowContext(t.Context(), sqldirectory.CurrentVersion.In(dialect)).Scan(&got))
	require.Equal(t, want, got)
}

// fill writes rows into every table of version 1, by its columns.
func fill(t *testing.T, db *sql.DB) {
	t.Helper()
	now := time.Now().UnixMilli()
	later, before := now+time.Hour.Milliseconds(), now-time.Hour.Milliseconds()
	exec := func(statement string, args ...any) {
		t.Helper()
		_, err := db.ExecContext(t.Context(), statement, args...)
		require.NoError(t, err)
	}
	const user = `INSERT INTO lintel_users (app_id, id, nick, phone, test, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	yes, no := sql.NullBool{Bool: true, Valid: true}, sql.NullBool{Valid: true}
	exec(user, app, "u1", "Zoë 灯", phone, no, before)
	exec(user, app, "u2", "no phone", nil, yes, before)
	exec(user, other, "u1", "other", phone, no, before)
	for i := range users {
		exec(user, app, "many-"+strconv.Itoa(i), "n", "+86139"+strconv.Itoa(10_000_000+i), no, before)
	}
	exec(`INSERT INTO lintel_corps (app_id, id, full_name, title, created_at) VALUES ($1, 'c1', 'corps.shop', 'Shop', $2)`, app, before)
	exec(`INSERT INTO lintel_members (app_id, user_id, corp_id, joined_at) VALUES ($1, 'u1', 'c1', $2)`, app, before)
	exec(`INSERT INTO lintel_code_uses (app_id, id, request, kind, user_id, used_at) VALUES ($1, 'code-1', 'r1', 'register', 'u1', $2)`, app, before)
	const session = `INSERT INTO lintel_sessions (app_id, id, user_id, corp_id, platform, code_id, request, created_at, last_seen_at,
		ended_at, generation, refresh_hash, previous_hash, rotated_at, expires_at) VALUES ($1, $2, 'u1', 'c1', 'web', $3, 'r', $4, $4, $5, 3, 'hash-3', 'hash-2', $4, $6)`
	exec(session, app, "s1", "code-1", before, nil, later)
	exec(session, app, "s-ended", nil, before, now, later)
	exec(`INSERT INTO lintel_devices (app_id, hash, phone, user_id, created_at, expires_at) VALUES ($1, 'device', $2, 'u1', $3, $4)`, app, phone, before, later)
	exec(`INSERT INTO lintel_signing_keys (app_id, id, encrypted, created_at) VALUES ($1, 'key-1', $2, $3)`, app, []byte{0, 1, 0xff}, before)
	exec(`INSERT INTO lintel_test_guesses (app_id, entry, wrong) VALUES ($1, 'entry', 7)`, app)
}

// requireKept checks what fill wrote, by the methods that the login uses.
func requireKept(t *testing.T, d databases.Directory) {
	t.Helper()
	ctx := t.Context()
	u, err := d.UserByPhone(ctx, phone)
	require.NoError(t, err)
	require.Equal(t, []any{"u1", "Zoë 灯", phone, false}, []any{u.ID, u.Nick, u.Phone, u.Test})
	require.Equal(t, []databases.Corp{{ID: "c1", FullName: "corps.shop", Title: "Shop"}}, u.Corps)
	second, err := d.User(ctx, "u2")
	require.NoError(t, err)
	require.Equal(t, []any{"", true}, []any{second.Phone, second.Test})
	for i := range users {
		_, err := d.User(ctx, "many-"+strconv.Itoa(i))
		require.NoError(t, err)
	}
	corp, err := d.EnsureCorp(ctx, "corps.shop", "Shop")
	require.NoError(t, err)
	require.Equal(t, "c1", corp.ID)
	use, err := d.CodeUse(ctx, "code-1")
	require.NoError(t, err)
	require.Equal(t, []string{"r1", "register", "u1"}, []string{use.Request, use.Kind, use.UserID})
	_, err = d.CreateUser(ctx, databases.NewUser{ID: "u9", Phone: phone}, databases.Use{ID: "code-9", Request: "r9", Kind: "register", UserID: "u9"})
	require.ErrorIs(t, err, databases.ErrPhoneInUse, "a phone has one owner")

	sessions, err := d.Sessions(ctx, "u1")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.Equal(t, []any{"s1", "code-1", int64(3), "web"}, []any{sessions[0].ID, sessions[0].CodeID, sessions[0].TokenNumber, sessions[0].Platform})
	refreshed, err := d.Refresh(ctx, databases.Refresh{SessionID: "s1", TokenNumber: 3, Hash: "hash-3", NextHash: "hash-4",
		Grace: 10 * time.Second, Idle: time.Hour, Most: 24 * time.Hour})
	require.NoError(t, err)
	require.Equal(t, []any{int64(4), false}, []any{refreshed.Session.TokenNumber, refreshed.Reused})
	device, err := d.Device(ctx, "device")
	require.NoError(t, err)
	require.Equal(t, phone, device.Phone)
	keys, err := d.SigningKeys(ctx)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, []byte{0, 1, 0xff}, keys[0].Encrypted)
	wrong, err := d.WrongTestGuesses(ctx, "entry")
	require.NoError(t, err)
	require.Equal(t, 7, wrong)
}

// requireSends uses the tables of version 2.
func requireSends(t *testing.T, d databases.Directory) {
	t.Helper()
	ctx := t.Context()
	log, ok := d.(databases.SendLog)
	require.True(t, ok, "a Directory is a SendLog")
	list := func() []databases.Send {
		found, err := log.Sends(ctx, databases.SendFilter{})
		require.NoError(t, err)
		return found
	}
	require.Empty(t, list())
	at := time.Now().Truncate(time.Millisecond).UTC()
	require.NoError(t, log.AddSends(ctx, []databases.Send{{ID: "x", At: at, Phone: "138****8000", Instance: "SMS.a", Vendor: "Http", MessageID: "m", State: databases.SendAccepted}}))
	require.NoError(t, log.AddReceipts(ctx, []databases.Receipt{{Instance: "SMS.a", MessageID: "m", State: databases.SendDelivered, Code: "ok", At: at}}))
	require.Len(t, list(), 1)
	require.Equal(t, databases.SendDelivered, list()[0].State)
	if purger, ok := d.(interface {
		Purge(ctx context.Context) error
	}); ok {
		require.NoError(t, purger.Purge(ctx))
	}
	require.Len(t, list(), 1)
}
