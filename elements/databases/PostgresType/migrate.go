package postgrestype

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

const (
	// migrationLock is the advisory lock of migrations.
	migrationLock = 0x6c696e74656c01
	// migrationPause is how long a process waits that didn't get the lock.
	migrationPause = 50 * time.Millisecond
	// migrationWait is how long a pooler may take to give the second connection. It is
	// below sqldirectory.Bound, so that the callers learn the reason.
	migrationWait = 500 * time.Millisecond
)

// Migrate runs the migrations that are missing, one process at a time.
func (e *engine) Migrate(ctx context.Context) error {
	version, err := e.version(ctx)
	if err != nil || version >= sqldirectory.Version {
		return err
	}
	config := e.pool.Config().ConnConfig
	e.pooler.adapt(config)
	holder, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return e.failure(err, false)
	}
	defer func() { _ = holder.Close(context.WithoutCancel(ctx)) }()
	if err := lock(ctx, holder); err != nil {
		return e.failure(err, false)
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if err := e.second(ctx, db); err != nil {
		return err
	}
	if version, err = e.version(ctx); err != nil || version >= sqldirectory.Version {
		return err
	}
	if err := e.mayCreate(ctx, holder); err != nil {
		return err
	}
	if err := sqldirectory.MigrateUp(ctx, db, sqldirectory.Postgres); err != nil {
		return e.failure(err, false)
	}
	return nil
}

// lock waits for the advisory lock of migrations, which ends with the transaction that it
// begins, or with the process. Who waits keeps no transaction, because a pooler may have
// few connections.
func lock(ctx context.Context, holder *pgx.Conn) error {
	for {
		if _, err := holder.Exec(ctx, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
			return err
		}
		var locked bool
		err := holder.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", int64(migrationLock)).Scan(&locked)
		if err != nil || locked {
			return err
		}
		if _, err := holder.Exec(ctx, "ROLLBACK"); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(migrationPause):
		}
	}
}

// second fails if a pooler has no connection for the migrations beside the one that holds
// the lock.
func (e *engine) second(ctx context.Context, db *sql.DB) error {
	if !e.pooler.found() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, migrationWait)
	defer cancel()
	err := db.PingContext(ctx)
	if err != nil && ctx.Err() != nil {
		return &sqldirectory.FailureError{
			Reason: "the pooler has no second connection free, which migrations need: raise its default_pool_size", Unavailable: true,
		}
	}
	return e.failure(err, false)
}

// mayCreate fails if the user of the URL can't create tables. The migrations would try
// again and again.
func (e *engine) mayCreate(ctx context.Context, conn *pgx.Conn) error {
	var schema *string
	var may *bool
	err := conn.QueryRow(ctx, "SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE')").Scan(&schema, &may)
	switch {
	case err != nil:
		return e.failure(err, false)
	case schema == nil:
		return e.failure(&pgconn.PgError{Code: noSuchSchema}, false)
	case may == nil || !*may:
		return e.failure(&pgconn.PgError{Code: noRight, Message: denied + "schema " + *schema}, false)
	}
	return nil
}

// version returns the version of the schema, 0 if there is none.
func (e *engine) version(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, sqldirectory.Bound)
	defer cancel()
	var version int64
	conn, err := e.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer release(conn)
	err = conn.QueryRow(ctx, sqldirectory.CurrentVersion.In(sqldirectory.Postgres)).Scan(&version)
	if state(err) == undefinedTable {
		return 0, nil
	}
	return version, e.failure(err, false)
}
