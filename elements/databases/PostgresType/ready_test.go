package postgrestype

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// operator is a superuser's connection to a database.
func operator(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, text := range statements {
		_, err := conn.Exec(t.Context(), text)
		require.NoError(t, err, text)
	}
}

// A role of its own is used, so that what a superuser may always do counts.
func asRole(t *testing.T, s *testpostgres.Server, role string) (url string, su *pgx.Conn) {
	t.Helper()
	name := s.Database(t)
	su = operator(t, testpostgres.URL(s.Addr(), name))
	execute(t, su, "CREATE ROLE "+role+" LOGIN", "GRANT USAGE, CREATE ON SCHEMA public TO "+role)
	t.Cleanup(func() {
		_, _ = su.Exec(context.Background(), "ROLLBACK; DROP OWNED BY "+role+"; DROP ROLE "+role)
	})
	return strings.Replace(testpostgres.URL(s.Addr(), name), "postgres@", role+"@", 1), su
}

// Each database here answers SELECT 1 and refuses what a login needs.
func TestADatabaseThatCannotBeWrittenIsNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		harm, mend    string
		cause         string
		misconfigured bool
	}{
		"read-only":          {"ALTER ROLE guest SET default_transaction_read_only = on", "ALTER ROLE guest RESET default_transaction_read_only", "25006", false},
		"a schema that gone": {"ALTER SCHEMA public RENAME TO elsewhere; CREATE SCHEMA public AUTHORIZATION guest", "DROP SCHEMA public; ALTER SCHEMA elsewhere RENAME TO public", "42P01", true},
		"a missing table":    {"ALTER TABLE lintel_devices RENAME TO gone", "ALTER TABLE gone RENAME TO lintel_devices", "42P01", true},
		"no right to write":  {"REVOKE INSERT ON lintel_users FROM guest", "GRANT INSERT ON lintel_users TO guest", "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \"guest\"", true},
		"no right to delete": {"REVOKE DELETE ON lintel_sessions FROM guest", "GRANT DELETE ON lintel_sessions TO guest", "42501", true},
		"no right to use":    {"REVOKE ALL ON SCHEMA public FROM guest, public", "GRANT ALL ON SCHEMA public TO guest", "42", true},
		"locked tables":      {"BEGIN; LOCK TABLE lintel_users IN ACCESS EXCLUSIVE MODE", "ROLLBACK", "55P03", false},
		"out of space":       {"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; CREATE TRIGGER t BEFORE INSERT ON lintel_test_writes FOR EACH ROW EXECUTE FUNCTION full_disk()", "DROP TRIGGER t ON lintel_test_writes", "53100", false},
	} {
		t.Run(name, func(t *testing.T) {
			url, su := asRole(t, testpostgres.Start(t), "guest")
			d := openAt(t, url, "org.ready")
			becomesReady(t, d)
			execute(t, su, test.harm)
			cut(t, su)
			var err error
			require.Eventually(t, func() bool {
				err = d.Ready(t.Context())
				return err != nil && strings.Contains(err.Error(), test.cause)
			},
				20*time.Second, 50*time.Millisecond, "%v", &err)
			require.ErrorIs(t, err, databases.ErrUnavailable)
			require.Equal(t, test.misconfigured, errors.Is(err, element.ErrMisconfigured), "%v", err)
			if name != "out of space" && name != "no right to delete" && name != "a missing table" {
				require.Eventually(t, func() bool {
					_, err = d.CreateUser(t.Context(), databases.NewUser{ID: "u", Phone: "p", Nick: "n"}, databases.Use{})
					return errors.Is(err, databases.ErrUnavailable) && strings.Contains(err.Error(), test.cause)
				}, 20*time.Second, 50*time.Millisecond, "a change fails for the same reason: %v", &err)
			}
			execute(t, su, test.mend)
			cut(t, su)
			require.Eventually(t, func() bool { return d.Ready(t.Context()) == nil }, 20*time.Second, 50*time.Millisecond)
		})
	}
}

// becomesReady waits for a database, whose migrations may take longer than one call.
func becomesReady(t *testing.T, d *Database) {
	t.Helper()
	var err error
	require.Eventually(t, func() bool { err = d.Ready(t.Context()); return err == nil }, 30*time.Second, 20*time.Millisecond, "%v", &err)
}

// refusal returns the error that waiting doesn't mend.
func refusal(t *testing.T, d *Database) error {
	t.Helper()
	var err error
	require.Eventually(t, func() bool { err = d.Ready(t.Context()); return errors.Is(err, element.ErrMisconfigured) },
		30*time.Second, 20*time.Millisecond, "%v", &err)
	return err
}

// cut ends the other connections, which keep the settings that they began with.
func cut(t *testing.T, su *pgx.Conn) {
	t.Helper()
	_, err := su.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	require.NoError(t, err)
}

// A refused statement counts at once, whatever was written a moment before.
func TestTheOutcomeOfARealWriteCounts(t *testing.T) {
	url, su := asRole(t, testpostgres.Start(t), "writer")
	d := openAt(t, url, "org.real")
	becomesReady(t, d)
	execute(t, su, "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$",
		"CREATE TRIGGER t BEFORE INSERT ON lintel_users FOR EACH ROW EXECUTE FUNCTION full_disk()",
		// A small write still finds room, a large one doesn't.
		`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF length(NEW.fill) > 100000 THEN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$`,
		"CREATE TRIGGER t BEFORE INSERT OR UPDATE ON lintel_test_writes FOR EACH ROW EXECUTE FUNCTION no_room()")
	becomesReady(t, d)
	_, err := d.CreateUser(t.Context(), databases.NewUser{ID: "u", Phone: "p", Nick: "n"}, databases.Use{})
	require.ErrorContains(t, err, "53100")
	require.Eventually(t, func() bool { return strings.Contains(fmt.Sprint(d.Ready(t.Context())), "53100") }, 30*time.Second, 20*time.Millisecond)
	execute(t, su, "DROP TRIGGER t ON lintel_users", "DROP TRIGGER t ON lintel_test_writes")
	becomesReady(t, d)
}

func TestWhatWaitingDoesNotMend(t *testing.T) {
	s := testpostgres.Start(t)
	name := s.Database(t)
	su := operator(t, testpostgres.URL(s.Addr(), name))
	execute(t, su, "CREATE ROLE newcomer LOGIN PASSWORD 'geheim'", "REVOKE ALL ON SCHEMA public FROM public")
	t.Cleanup(func() {
		_, _ = su.Exec(context.Background(), "DROP OWNED BY newcomer; DROP ROLE newcomer")
	})
	at := func(user, database, more string) string {
		return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable%s", user, s.Addr(), database, more)
	}
	for what, test := range map[string]struct{ url, cause string }{
		"no rights on schema public": {at("newcomer", name, ""), `GRANT USAGE, CREATE ON SCHEMA public TO "newcomer"`},
		"no schema at all":           {at("newcomer", name, "&search_path=nowhere"), "search_path"},
		"no such database":           {at("newcomer", "nowhere", ""), `CREATE DATABASE "nowhere" OWNER "newcomer"`},
		"no such user":               {at("niemand", name, ""), "user"},
		"no TLS there":               {strings.Replace(at("newcomer", name, ""), "sslmode=disable", "sslmode=require", 1), "sslmode=disable"},
	} {
		t.Run(what, func(t *testing.T) {
			err := refusal(t, openAt(t, test.url, "org.wrong"))
			require.ErrorIs(t, err, databases.ErrUnavailable)
			require.ErrorContains(t, err, test.cause)
			require.NotContains(t, err.Error(), "geheim")
			require.NotContains(t, err.Error(), "127.0.0.1")
		})
	}
	execute(t, su, "GRANT USAGE, CREATE ON SCHEMA public TO newcomer")
	becomesReady(t, openAt(t, at("newcomer", name, ""), "org.wrong")) // the cure cures
}

func TestWrongPasswordAndTLSAreNamed(t *testing.T) {
	s := testpostgres.Secured(t)
	for what, test := range map[string]struct{ url, cause string }{
		"wrong password": {s.URL("postgres", "falsch", "require"), "wrong user or password"},
		"no password":    {s.URL("postgres", "", "require"), "password"},
		"without TLS":    {s.URL("postgres", "geheim", "disable"), "sslmode=require"},
		"unknown CA":     {s.URL("postgres", "geheim", "verify-full"), "sslrootcert"},
	} {
		t.Run(what, func(t *testing.T) {
			err := refusal(t, openAt(t, test.url, "org.tls"))
			require.ErrorContains(t, err, test.cause)
			require.NotContains(t, err.Error(), "falsch")
			require.NotContains(t, err.Error(), "geheim")
		})
	}
	becomesReady(t, openAt(t, s.URL("postgres", "geheim", "verify-full")+"&sslrootcert="+s.CA, "org.tls"))
}

func TestAWrongURLIsNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for url, cause := range map[string]string{
		"postgres://u:geheim@h/db?sslmode=foo":                                "sslmode is one of",
		"postgres://u:geheim@h:port/db":                                       "connection URL",
		"postgres://u:geheim@h/db?sslmode=verify-ca&sslrootcert=/no/such.pem": "sslrootcert",
		"postgres://u:geheim@h/db?sslmode=verify-ca&sslrootcert=" + empty:     "sslrootcert",
		"postgres://u:geheim@h/db?sslmode=require&sslcert=/no/cert.pem":       "sslkey",
	} {
		config, err := json.Marshal(map[string]string{"url": url})
		require.NoError(t, err)
		_, err = element.BuiltinOf(Name).Open(t.Context(), element.Env{AppID: "a"}, config)
		require.ErrorIs(t, err, errcode.Params, url)
		require.ErrorContains(t, err, cause)
		require.NotContains(t, err.Error(), "geheim")
		require.NotContains(t, err.Error(), "/no/")
	}
}

func TestAnOldServerIsRefused(t *testing.T) {
	for version, old := range map[string]bool{
		"9.6.24": true, "11.22 (Debian 11.22-1)": true, "12.0": false, "15.4": false, "18beta1": false, "": false, "CockroachDB": false,
	} {
		err := checkVersion(version)
		require.Equal(t, old, err != nil, version)
		if old {
			require.ErrorIs(t, err, element.ErrMisconfigured)
			require.ErrorContains(t, err, version)
		}
	}
}

func TestTheTestedTablesAreAll(t *testing.T) {
	s := testpostgres.Start(t)
	url := s.NewURL(t)
	becomesReady(t, openAt(t, url, "org.tables"))
	rows, err := operator(t, url).Query(t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.ElementsMatch(t, append([]string{"lintel_migrations", "lintel_test_writes"}, sqldirectory.Tables...), tables)
}
