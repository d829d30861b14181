package postgrestype

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// modeSetting names the setting of a URL that decides about prepared statements.
const modeSetting = "default_query_exec_mode"

// setTimeouts sets timeouts in milliseconds: of statements, which go on after their caller
// has given up; of locks, below sqldirectory.Bound, so that a lock can be distinguished
// from a slow server; and of abandoned transactions. %t is true if the settings end with
// the transaction.
const setTimeouts = `SELECT count(set_config(name, value, %t)) FROM (VALUES ('statement_timeout', '1000'),
	('lock_timeout', '500'), ('idle_in_transaction_session_timeout', '5000')) AS timeouts (name, value)`

// pooler adapts connections to a pooler such as PgBouncer, which gives every transaction
// another session of the server. What a session keeps is then lost, or somebody else's:
// prepared statements, settings and locks.
type pooler struct {
	seen atomic.Bool
	// modeGiven is set if the URL decides about prepared statements.
	modeGiven bool
}

var errPooler = errors.New("a pooler answers, and this connection prepares statements")

// found reports whether a pooler has answered.
func (p *pooler) found() bool { return p.seen.Load() }

// adapt stops a new connection from preparing statements.
func (p *pooler) adapt(c *pgx.ConnConfig) {
	if p.found() && !p.modeGiven {
		c.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
}

// begin recognizes a pooler, and sets the timeouts of a session that is the connection's
// own. A pooler answers for the server, with a process id that isn't that of the
// session. The error is errPooler if the connection must not be used.
func (p *pooler) begin(ctx context.Context, c *pgx.Conn) error {
	if p.found() {
		return nil
	}
	own := fmt.Sprintf(setTimeouts+" WHERE pg_backend_pid() = %d", false, c.PgConn().PID())
	var set int
	if err := c.QueryRow(ctx, own, pgx.QueryExecModeSimpleProtocol).Scan(&set); err != nil || set > 0 {
		return err
	}
	p.seen.Store(true)
	if !p.modeGiven {
		return errPooler
	}
	return nil
}

// settings returns the statement that sets the timeouts of a transaction, or "" if the
// session has them.
func (p *pooler) settings() string {
	if !p.found() {
		return ""
	}
	return fmt.Sprintf(setTimeouts, true) + ";"
}

// txOptions returns how a transaction begins.
func (p *pooler) txOptions() pgx.TxOptions {
	if !p.found() {
		return pgx.TxOptions{}
	}
	return pgx.TxOptions{BeginQuery: "begin; " + p.settings()}
}

// batch returns a batch that statements are added to.
func (p *pooler) batch() *pgx.Batch {
	var batch pgx.Batch
	if text := p.settings(); text != "" {
		batch.Queue(text)
	}
	return &batch
}

// querier is a connection or a transaction.
type querier interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// statements returns what runs single statements on a connection, in one round trip.
func (p *pooler) statements(conn *pgxpool.Conn) querier {
	if !p.found() {
		return conn
	}
	return pooled{p, conn}
}

// pooled runs a statement in a transaction with the timeouts.
type pooled struct {
	pooler *pooler
	conn   *pgxpool.Conn
}

func (c pooled) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	results := c.send(ctx, query, args)
	_, err := results.Exec() // the settings
	tag, failed := results.Exec()
	return tag, cmp.Or(err, failed, results.Close())
}

func (c pooled) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	results := c.send(ctx, query, args)
	if _, err := results.Exec(); err != nil { // the settings
		_ = results.Close()
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &pooledRows{Rows: rows, results: results}, nil
}

func (c pooled) send(ctx context.Context, query string, args []any) pgx.BatchResults {
	batch := c.pooler.batch()
	batch.Queue(query, args...)
	return c.conn.SendBatch(ctx, batch)
}

// pooledRows are rows whose transaction ends when they are closed.
type pooledRows struct {
	pgx.Rows
	results pgx.BatchResults
	closed  bool
	err     error
}

func (r *pooledRows) Close() {
	r.Rows.Close()
	if !r.closed {
		r.closed, r.err = true, r.results.Close()
	}
}

func (r *pooledRows) Err() error { return cmp.Or(r.Rows.Err(), r.err) }
