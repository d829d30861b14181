package postgrestype

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/databasestest"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/runtime/element"
)

// behindPgBouncer returns the URL of a new database behind a PgBouncer.
func behindPgBouncer(t testing.TB, settings ...string) string {
	t.Helper()
	s := testpostgres.Start(t)
	return testpostgres.URL(s.PgBouncer(t, settings...), s.Database(t))
}

func TestConformanceBehindPgBouncer(t *testing.T) {
	url := behindPgBouncer(t)
	databasestest.Run(t, func(t *testing.T, app string) databases.Directory { return openAt(t, url, app) })
}

// logIn does what a login asks of the database.
func logIn(ctx context.Context, d *Database, phone string) error {
	u, err := d.UserByPhone(ctx, phone)
	if errors.Is(err, databases.ErrNotFound) {
		u, err = d.CreateUser(ctx, databases.NewUser{ID: uuid.NewString(), Phone: phone}, databases.Use{ID: uuid.NewString(), Request: "r"})
	}
	if err != nil {
		return fmt.Errorf("user: %w", err)
	}
	s, err := d.CreateSession(ctx, databases.NewSession{
		ID: uuid.NewString(), UserID: u.ID, Phone: phone, CodeID: uuid.NewString(), Request: "r", RefreshHash: "h", Idle: time.Hour, Most: time.Hour,
	})
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if _, err := d.Session(ctx, s.ID); err != nil {
		return fmt.Errorf("its session: %w", err)
	}
	return d.AddDevice(ctx, databases.Device{Hash: uuid.NewString(), Phone: phone, UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)})
}

// The connections of PgBouncer pass from one login to another between statements.
func TestManyLogInAtOnceBehindPgBouncer(t *testing.T) {
	for name, settings := range map[string][]string{
		"transaction": nil,
		"session":     {"pool_mode = session", "default_pool_size = 40"},
	} {
		t.Run(name, func(t *testing.T) { manyLogIn(t, behindPgBouncer(t, settings...)) })
	}
	t.Run("one connection", func(t *testing.T) {
		s := testpostgres.Start(t)
		name := s.Database(t)
		becomesReady(t, openAt(t, testpostgres.URL(s.Addr(), name), "org.pooled"))
		manyLogIn(t, testpostgres.URL(s.PgBouncer(t, "default_pool_size = 1"), name))
	})
	t.Run("no statement cache", func(t *testing.T) { manyLogIn(t, behindPgBouncer(t)+"&statement_cache_capacity=0") })
}

func manyLogIn(t *testing.T, url string) {
	t.Helper()
	const replicas, each = 2, 12
	failed := make(chan error)
	for r := range replicas {
		d := openAt(t, url, "org.pooled")
		for i := range each {
			go func() {
				var err error
				for round := range 5 {
					err = patiently(t.Context(), func() error {
						return logIn(t.Context(), d, fmt.Sprintf("+86138%02d%02d%04d", r, i, round))
					})
					if err != nil {
						break
					}
				}
				failed <- err
			}()
		}
	}
	var failures []error
	for range replicas * each {
		if err := <-failed; err != nil {
			failures = append(failures, err)
		}
	}
	require.Empty(t, failures, "logins that failed")
}

// patiently calls again after a timeout, which a busy machine may cause, and after no
// other failure.
func patiently(ctx context.Context, call func() error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := call()
		var f *sqldirectory.FailureError
		if err == nil || !errors.As(err, &f) || !f.TimedOut || ctx.Err() != nil {
			return err
		}
	}
}

// A setting that stayed in a session of the server would be the next application's.
func TestNothingStaysBehindPgBouncer(t *testing.T) {
	const sessions = 2
	url := behindPgBouncer(t, fmt.Sprintf("default_pool_size = %d", sessions))
	d := openAt(t, url, "org.pooled")
	becomesReady(t, d)
	require.NoError(t, patiently(t.Context(), func() error { return logIn(t.Context(), d, "+8613800138000") }))
	require.NoError(t, d.Close())
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	for range sessions { // each transaction keeps one
		other, err := pgx.ConnectConfig(t.Context(), config)
		require.NoError(t, err)
		defer func() { _ = other.Close(context.WithoutCancel(t.Context())) }()
		_, err = other.Exec(t.Context(), "BEGIN")
		require.NoError(t, err)
		for what, query := range map[string]string{
			"settings": `SELECT count(*) FROM pg_settings WHERE source = 'session' AND
				name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')`,
			"prepared statements": "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''",
			"locks":               "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
		} {
			var left int
			require.NoError(t, other.QueryRow(t.Context(), query).Scan(&left))
			require.Zero(t, left, what)
		}
	}
}

// Every kind of statement distinguishes a lock from a slow server.
func TestTimeoutsHoldBehindPgBouncer(t *testing.T) {
	s := testpostgres.Start(t)
	name := s.Database(t)
	d := openAt(t, testpostgres.URL(s.PgBouncer(t), name), "org.pooled")
	becomesReady(t, d)
	su := operator(t, testpostgres.URL(s.Addr(), name))
	execute(t, su, "BEGIN; LOCK TABLE lintel_users, lintel_devices, lintel_test_writes IN ACCESS EXCLUSIVE MODE")
	for call, ask := range map[string]func() error{
		"a query": func() error { _, err := d.User(t.Context(), "u"); return err },
		"a statement": func() error {
			return d.AddDevice(t.Context(), databases.Device{Hash: "h", Phone: "p", UserID: "u", ExpiresAt: time.Now().Add(time.Hour)})
		},
		"a transaction": func() error {
			_, err := d.CreateUser(t.Context(), databases.NewUser{ID: "u", Phone: "p"}, databases.Use{ID: uuid.NewString(), Request: "r"})
			return err
		},
		"the test": func() error { return d.Ready(t.Context()) },
	} {
		require.ErrorContains(t, patiently(t.Context(), ask), "55P03", call)
	}
	execute(t, su, "ROLLBACK")
	becomesReady(t, d)
}

func TestWhatPgBouncerRefusesIsNamed(t *testing.T) {
	s := testpostgres.Start(t)
	name := s.Database(t)
	becomesReady(t, openAt(t, testpostgres.URL(s.Addr(), name), "org.refused"))
	empty := s.Database(t)
	for what, test := range map[string]struct {
		settings      []string
		user, more    string
		database      string
		cause         string
		misconfigured bool
	}{
		"a parameter":      {nil, "postgres", "&search_path=app", name, `ALTER ROLE "postgres" SET search_path`, true},
		"options":          {nil, "postgres", "&options=-c%20geqo%3Doff", name, "parameter options", true},
		"user":             {nil, "niemand", "", name, "auth_file", true},
		"password (md5)":   {[]string{"auth_type = md5"}, "postgres:geheim", "", name, "password", true},
		"password (scram)": {[]string{"auth_type = scram-sha-256"}, "postgres:geheim", "", name, "password", true},
		"no such database": {nil, "postgres", "", "nowhere", `no database "nowhere"`, true},
		"its own database": {nil, "postgres", "", "pgbouncer", "doesn't admit", true},
		"by statement":     {[]string{"pool_mode = statement"}, "postgres", "", name, "pool_mode=transaction", true},
		"many clients":     {[]string{"max_client_conn = 0"}, "postgres", "", name, "max_client_conn", false},
		"one connection":   {[]string{"default_pool_size = 1"}, "postgres", "", empty, "default_pool_size", false},
	} {
		t.Run(what, func(t *testing.T) {
			url := fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable%s", test.user, s.PgBouncer(t, test.settings...), test.database, test.more)
			d := openAt(t, url, "org.refused")
			var err error
			ask := func() bool {
				for _, call := range calls(d) {
					if err = call(t.Context()); err != nil && strings.Contains(err.Error(), test.cause) {
						return true
					}
				}
				return false
			}
			require.Eventually(t, ask, time.Minute, time.Millisecond, "%v", &err)
			require.ErrorIs(t, err, databases.ErrUnavailable)
			require.Equal(t, test.misconfigured, errors.Is(err, element.ErrMisconfigured), "%v", err)
			require.NotContains(t, err.Error(), "geheim")
		})
	}
}

// The URL decides, and the error has the cure.
func TestPreparedStatementsThatTheURLAsksFor(t *testing.T) {
	s := testpostgres.Start(t)
	name := s.Database(t)
	becomesReady(t, openAt(t, testpostgres.URL(s.Addr(), name), "org.asked"))
	url := testpostgres.URL(s.PgBouncer(t, "default_pool_size = 1"), name) + "&default_query_exec_mode=cache_statement"
	one, other := openAt(t, url, "org.asked"), openAt(t, url, "org.asked")
	require.Eventually(t, func() bool {
		_, _ = one.User(t.Context(), "u")
		_, err := other.User(t.Context(), "u")
		return errors.Is(err, databases.ErrUnavailable) && strings.Contains(err.Error(), "default_query_exec_mode=exec")
	}, time.Minute, time.Millisecond)
}
