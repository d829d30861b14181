package postgrestype

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// connectTimeout leaves time for another try within sqldirectory.Bound.
const connectTimeout = 600 * time.Millisecond

// engine is a pool of connections. The first use connects.
type engine struct {
	pool *pgxpool.Pool
	// config is for messages.
	config *pgx.ConnConfig
	pooler pooler
}

var _ sqldirectory.Engine = (*engine)(nil)

func newEngine(address string) (*engine, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errURL(address, err)
	}
	given, err := url.Parse(address)
	if err != nil {
		return nil, errURL(address, err)
	}
	has := func(name string) bool { return given.Query().Has(name) }
	if !has("pool_max_conns") {
		config.MaxConns = int32(max(16, 4*runtime.GOMAXPROCS(0)))
	}
	if !has("pool_max_conn_lifetime_jitter") {
		config.MaxConnLifetimeJitter = config.MaxConnLifetime / 10
	}
	if !has("pool_max_conn_idle_time") {
		config.MaxConnIdleTime = 5 * time.Minute
	}
	if t := config.ConnConfig.ConnectTimeout; t <= 0 || t > connectTimeout {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "lintel"
	}
	// A broken connection fails in use, and the step is tried again. That saves a round
	// trip, and the wait for a server that hangs.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	if config.ConnConfig.StatementCacheCapacity == 0 && !has(modeSetting) {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	e := &engine{config: config.ConnConfig}
	e.pooler.modeGiven = has(modeSetting) || config.ConnConfig.StatementCacheCapacity == 0
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		e.pooler.adapt(c)
		return nil
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		if err := checkVersion(c.PgConn().ParameterStatus("server_version")); err != nil {
			return err
		}
		return e.pooler.begin(ctx, c)
	}
	if e.pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		return nil, errURL(address, err)
	}
	return e, nil
}

// acquire returns a connection of the pool, for release.
func (e *engine) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := e.pool.Acquire(ctx)
	if errors.Is(err, errPooler) {
		conn, err = e.pool.Acquire(ctx) // which adapts to the pooler
	}
	return conn, e.failure(err, false)
}

// sslModes are the values of sslmode.
var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// errURL returns the error of a URL that can't be used. Its cause quotes the URL.
func errURL(address string, cause error) error {
	message := "url is not a PostgreSQL connection URL: postgres://user:password@host:5432/database?sslmode=verify-full"
	given, err := url.Parse(address)
	mode := ""
	if err == nil {
		mode = given.Query().Get("sslmode")
	}
	switch text := cause.Error(); {
	case mode != "" && !slices.Contains(sslModes, mode):
		message = fmt.Sprintf("url: sslmode is one of %s, not %q", strings.Join(sslModes, ", "), mode)
	case strings.Contains(text, "CA file"), strings.Contains(text, "CA to cert pool"):
		message = "url: the file of sslrootcert can't be read, or holds no certificate"
	case strings.Contains(text, "cert"), strings.Contains(text, "sslkey"):
		message = "url: the files of sslcert and sslkey can't be read, or don't fit"
	}
	return errcode.New(errcode.Params, "%s", message).With("arg", "url")
}

// Read implements sqldirectory.Engine.
func (e *engine) Read(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) error {
	_, err := e.Run(ctx, s, each, args...)
	return err
}

// Run implements sqldirectory.Runner, in one round trip.
func (e *engine) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	conn, err := e.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer release(conn)
	return runner{e, e.pooler.statements(conn), true}.Run(ctx, s, each, args...)
}

// Change implements sqldirectory.Engine.
func (e *engine) Change(ctx context.Context, change func(sqldirectory.Runner) error) error {
	conn, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer release(conn)
	tx, err := conn.BeginTx(ctx, e.pooler.txOptions())
	if err != nil {
		return e.failure(err, false)
	}
	if err := change(runner{e, tx, false}); err != nil {
		_ = tx.Rollback(ctx)
		return err
	}
	return e.commit(ctx, conn.Conn(), tx)
}

var errClosed = errors.New("the connection was closed")

// commit ends a transaction. The driver reports a reply that was lost as a connection
// that was closed before, so what it says of a commit isn't asked whether the server
// got it.
func (e *engine) commit(ctx context.Context, conn *pgx.Conn, tx pgx.Tx) error {
	if ctx.Err() != nil || conn.IsClosed() {
		_ = tx.Rollback(ctx)
		return e.failure(cmp.Or(ctx.Err(), errClosed), false)
	}
	err := tx.Commit(ctx)
	if err == nil {
		return nil
	}
	described := e.failure(err, true)
	if f, ok := errors.AsType[*sqldirectory.FailureError](described); ok && state(err) == "" {
		f.Unknown = !errors.Is(err, pgx.ErrTxCommitRollback)
	}
	return described
}

// Steps implements sqldirectory.Engine. It sends all statements at once; the server runs
// them as one transaction.
func (e *engine) Steps(ctx context.Context, steps ...sqldirectory.Step) error {
	batch := e.pooler.batch()
	for _, step := range steps {
		if text := step.Statement.In(sqldirectory.Postgres); text != "" {
			batch.Queue(text, step.Args...)
		}
	}
	conn, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer release(conn)
	return e.failure(conn.SendBatch(ctx, batch).Close(), true)
}

// Test implements sqldirectory.Engine. Statements that change no row still need their
// rights and locks.
func (e *engine) Test(ctx context.Context, step sqldirectory.Step) error {
	conn, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer release(conn)
	if _, err := conn.Exec(ctx, e.pooler.settings()+testTables, pgx.QueryExecModeSimpleProtocol); err != nil {
		return e.failure(err, false)
	}
	_, err = e.pooler.statements(conn).Exec(ctx, step.Statement.In(sqldirectory.Postgres), step.Args...)
	return e.failure(err, true)
}

// testTables inserts, updates and deletes no row in every table.
var testTables = func() string {
	var text strings.Builder
	for _, table := range sqldirectory.Tables {
		fmt.Fprintf(&text, "INSERT INTO %[1]s SELECT * FROM %[1]s WHERE false; UPDATE %[1]s SET app_id = app_id WHERE false; DELETE FROM %[1]s WHERE false;", table)
	}
	return text.String()
}()

// release returns a connection to the pool. It removes a broken one at once: the pool
// would keep its place for up to 15 seconds, while the driver closes it in order with a
// server that may not listen.
func release(conn *pgxpool.Conn) {
	if conn.Conn().IsClosed() {
		conn.Hijack()
		return
	}
	conn.Release()
}

// Close implements sqldirectory.Engine. It doesn't wait long for a server that hangs.
func (e *engine) Close() error {
	closed := make(chan struct{})
	go func() {
		e.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(connectTimeout):
	}
	return nil
}

// runner runs statements on a connection or in a transaction.
type runner struct {
	engine *engine
	on     querier
	// commits is set if each statement is a transaction.
	commits bool
}

func (r runner) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	text := s.In(sqldirectory.Postgres)
	if text == "" {
		return 0, nil
	}
	if each == nil {
		tag, err := r.on.Exec(ctx, text, args...)
		return tag.RowsAffected(), r.engine.failure(err, r.commits)
	}
	rows, err := r.on.Query(ctx, text, args...)
	if err != nil {
		return 0, r.engine.failure(err, r.commits)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return 0, err
		}
	}
	rows.Close()
	return rows.CommandTag().RowsAffected(), r.engine.failure(rows.Err(), r.commits)
}
