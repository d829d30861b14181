package sqldirectory_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

func TestPurgeKeepsWhatIsStillNeeded(t *testing.T) {
	ctx := t.Context()
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/x.db")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	require.NoError(t, sqldirectory.MigrateUp(ctx, db, sqldirectory.SQLite))
	exec := func(text string) {
		t.Helper()
		_, err := db.ExecContext(ctx, text)
		require.NoError(t, err)
	}
	const age = `unixepoch()*1000 - 86400000*`
	for _, app := range []string{"'a'", "'b'"} {
		for _, days := range []string{"6", "8"} {
			exec(`INSERT INTO lintel_code_uses VALUES (` + app + `, 'use ` + days + `', 'r', 'k', 'u', ` + age + days + `)`)
		}
		for _, days := range []string{"29", "31"} {
			exec(`INSERT INTO lintel_sessions VALUES (` + app + `, 'ended ` + days + `', 'u', '', '', NULL, '', 0, 0, ` + age + days + `, 1, '', '', 0, ` + age + `0)`)
			exec(`INSERT INTO lintel_sessions VALUES (` + app + `, 'expired ` + days + `', 'u', '', '', NULL, '', 0, 0, NULL, 1, '', '', 0, ` + age + days + `)`)
		}
		exec(`INSERT INTO lintel_devices VALUES (` + app + `, 'device -1', 'p', 'u', 0, ` + age + `-1), (` + app + `, 'device 1', 'p', 'u', 0, ` + age + `1)`)
		for _, days := range []string{"29", "32"} {
			exec(`INSERT INTO lintel_sms_sends VALUES (` + app + `, 'send ` + days + `', ` + age + days + `, '', '', '', '', '', '', '', '', '', 0)`)
			exec(`INSERT INTO lintel_sms_receipts VALUES (` + app + `, 'i', 'receipt ` + days + `', 1, '', 0, ` + age + days + `)`)
		}
		exec(`INSERT INTO lintel_signing_keys VALUES (` + app + `, 'key 9', x'00', ` + age + `9), (` + app + `, 'key 8', x'00', ` + age + `8), (` + app + `, 'key 0', x'00', ` + age + `0.5)`)
	}
	d := sqldirectory.New(plain{db}, "a", nil)
	require.NoError(t, d.Purge(ctx))
	left := func(app string) (ids []string) {
		rows, err := db.QueryContext(ctx, `SELECT id FROM lintel_code_uses WHERE app_id = $1
			UNION SELECT id FROM lintel_sessions WHERE app_id = $1 UNION SELECT hash FROM lintel_devices WHERE app_id = $1
			UNION SELECT id FROM lintel_signing_keys WHERE app_id = $1
			UNION SELECT id FROM lintel_sms_sends WHERE app_id = $1 UNION SELECT message_id FROM lintel_sms_receipts WHERE app_id = $1 ORDER BY 1`, app)
		require.NoError(t, err)
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id string
			require.NoError(t, rows.Scan(&id))
			ids = append(ids, id)
		}
		require.NoError(t, rows.Err())
		return ids
	}
	require.Equal(t, []string{"device -1", "ended 29", "expired 29", "key 0", "key 8", "receipt 29", "send 29", "use 6"}, left("a"))
	require.Len(t, left("b"), 15, "rows of another app stay")
}

// plain is an engine that doesn't describe failures.
type plain struct{ db *sql.DB }

func (p plain) Read(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) error {
	_, err := p.Run(ctx, s, each, args...)
	return err
}

func (p plain) Run(ctx context.Context, s sqldirectory.Statement, _ func(sqldirectory.Scan) error, args ...any) (int64, error) {
	result, err := p.db.ExecContext(ctx, s.In(sqldirectory.SQLite), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (p plain) Change(context.Context, func(sqldirectory.Runner) error) error { return nil }
func (p plain) Steps(context.Context, ...sqldirectory.Step) error             { return nil }
func (p plain) Test(context.Context, sqldirectory.Step) error                 { return nil }
func (p plain) Migrate(context.Context) error                                 { return nil }
func (p plain) Close() error                                                  { return nil }
