package blackbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

const (
	notReadyLine   = "a store is not ready"
	readyAgainLine = "a store is ready again"
)

// A store that answers and can't be written is as bad as one that is away: nobody is
// sent a code that they can't use, and everybody who looks sees why.
func TestAStoreThatCannotBeWrittenIsNotReady(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(1)
	server := f.server()
	redis := func(args ...any) func() {
		return func() { require.NoError(t, f.redis.Do(t.Context(), args...).Err(), "%v", args) }
	}
	su, err := pgx.Connect(t.Context(), f.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = su.Close(context.Background()) })
	sql := func(texts ...string) func() {
		return func() {
			for _, text := range texts {
				_, err := su.Exec(t.Context(), text)
				require.NoError(t, err, text)
			}
		}
	}
	config, err := pgx.ParseConfig(f.url)
	require.NoError(t, err)
	cut := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	for _, harm := range []struct {
		name, element, cause string
		do, undo             func()
	}{
		{"REPLICAOF", "caches.main", "READONLY", redis("REPLICAOF", "127.0.0.1", "1"), redis("REPLICAOF", "NO", "ONE")},
		{"min-replicas-to-write", "caches.main", "NOREPLICAS", redis("CONFIG", "SET", "min-replicas-to-write", "1"), redis("CONFIG", "SET", "min-replicas-to-write", "0")},
		{"memory", "caches.main", "OOM", redis("CONFIG", "SET", "maxmemory", "1"), redis("CONFIG", "SET", "maxmemory", "0")},
		{"ACL without EVAL", "caches.main", "NOPERM", redis("ACL", "SETUSER", "default", "-evalsha", "-eval"), redis("ACL", "SETUSER", "default", "+@all")},
		{
			"read-only", "databases.main", "25006",
			sql("ALTER DATABASE "+config.Database+" SET default_transaction_read_only = on", cut),
			sql("SET default_transaction_read_only = off", "ALTER DATABASE "+config.Database+" RESET default_transaction_read_only", cut),
		},
		{
			"a schema that is gone", "databases.main", "42P01",
			sql("ALTER SCHEMA public RENAME TO gone", "CREATE SCHEMA public", cut), sql("DROP SCHEMA public", "ALTER SCHEMA gone RENAME TO public", cut),
		},
		{"locked tables", "databases.main", "55P03", sql("BEGIN", "LOCK TABLE lintel_users IN ACCESS EXCLUSIVE MODE"), sql("ROLLBACK")},
	} {
		t.Log(harm.name)
		before := len(server.Log())
		sent := len(f.Vendor.Sent())
		harm.do()
		blackbox.Eventually(t, 20*time.Second, "operators see the cause of "+harm.name, func() bool {
			status, body := server.Operator("/readyz")
			return status == 503 && strings.Contains(body, harm.element) && strings.Contains(body, harm.cause)
		})
		require.False(t, ready(t, server), "load balancers see that it isn't ready")
		_, body := public(t, server, "/readyz")
		require.NotContains(t, body, harm.cause, "strangers don't see why")
		status := blackbox.Lintel(t, f.Dir, nil, "status", f.Dir, "--admin", "unix:"+server.Admin)
		require.Equal(t, 1, status.Code)
		require.Contains(t, status.Stdout, harm.cause)

		phone, _ := blackbox.Phone()
		answer := f.client().Send(phone)
		if harm.name != "memory" { // what frees memory may write
			answer.Fails(t, 503, "STORE_UNAVAILABLE")
			require.Positive(t, answer.RetryAfter())
			require.Len(t, f.Vendor.Sent(), sent, "a message was sent that nobody can use")
		}
		harm.undo()
		blackbox.Eventually(t, 20*time.Second, "it is ready", func() bool { return ready(t, server) })
		blackbox.Eventually(t, 20*time.Second, "it serves", func() bool {
			phone, _ := blackbox.Phone()
			return f.client().Send(phone).Status == 200
		})
		log := server.Log()[before:]
		begun, ended := linesWith(log, notReadyLine), linesWith(log, readyAgainLine)
		require.Len(t, begun, 1, "one line when it begins")
		require.Contains(t, begun[0], harm.cause)
		require.Contains(t, begun[0], harm.element)
		require.Len(t, ended, 1, "one line when it ends")
	}
}

func linesWith(log, text string) (found []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// A start waits for what may come, and for nothing else.
func TestAStartWithStoresThatAreNotReady(t *testing.T) {
	t.Parallel()
	postgres := testpostgres.Start(t)
	cluster := testredis.StartCluster(t)
	locked := testredis.Start(t, "--requirepass", "geheim")
	database := func(user string) string {
		return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, postgres.Addr(), postgres.Database(t))
	}
	guest := database("blackbox_guest")
	su, err := pgx.Connect(t.Context(), strings.Replace(guest, "blackbox_guest@", "postgres@", 1))
	require.NoError(t, err)
	_, err = su.Exec(t.Context(), "CREATE ROLE blackbox_guest LOGIN")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = su.Exec(context.Background(), "DROP ROLE blackbox_guest")
		_ = su.Close(context.Background())
	})
	for name, test := range map[string]struct {
		cache, database map[string]any
		cause           string
	}{
		"a Cluster behind one URL": {cache: map[string]any{"url": "redis://" + cluster.Addrs[0]}, cause: "MOVED"},
		"a wrong password":         {cache: map[string]any{"url": "redis://:falsch@" + locked.Addr}, cause: "wrong user or password"},
		"a right that is missing":  {database: map[string]any{"url": guest}, cause: `GRANT USAGE, CREATE ON SCHEMA public TO \"blackbox_guest\"`},
		"a database that is missing": {
			database: map[string]any{"url": fmt.Sprintf("postgres://postgres@%s/nowhere?sslmode=disable", postgres.Addr())}, cause: "CREATE DATABASE",
		},
	} {
		s := blackbox.NewShop(t)
		if test.cache != nil {
			s.Store("defaultCache", "caches.main", "caches.RedisType", test.cache)
		}
		if test.database != nil {
			s.Store("defaultDatabase", "databases.main", "databases.PostgresType", test.database)
		}
		env := []string{"LINTEL_SECRET=" + testSecret}
		begun := time.Now()
		out := blackbox.Lintel(t, s.Dir, env, "serve", s.Dir, "--listen", "127.0.0.1:0")
		require.Equal(t, 1, out.Code, name)
		cause := strings.ReplaceAll(test.cause, `\"`, `"`)
		require.Contains(t, strings.ReplaceAll(out.Stderr, `\"`, `"`), cause, name)
		require.NotContains(t, out.Stderr, "falsch")
		t.Logf("%s: refused after %v", name, time.Since(begun))
		doctor := blackbox.Lintel(t, s.Dir, env, "doctor", s.Dir, "--data", t.TempDir())
		require.Equal(t, 1, doctor.Code, name)
		require.Contains(t, doctor.Stdout, cause, "doctor agrees with serve: %s", name)
	}
}

const testSecret = "Y29uc3RhbnQtYW5kLW9mLW5vLXZhbHVlLXRvLWFueWJvZHk="

func TestAStoreThatIsNotThereYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Cache.Down()
	f.Database.Down()
	f.Open(1)
	server := f.server()
	require.False(t, ready(t, server))
	status, _ := public(t, server, "/healthz")
	require.Equal(t, 200, status, "the process is well")
	phone, e164 := blackbox.Phone()
	f.client().Send(phone).Fails(t, 503, "STORE_UNAVAILABLE")
	f.Database.Up(t)
	f.Cache.Up(t)
	blackbox.Eventually(t, 20*time.Second, "it is ready without a restart", func() bool { return ready(t, server) })
	c := f.client()
	code := f.Code(c, blackbox.Login, phone, e164)
	made := c.Call(blackbox.Login, "register", blackbox.Args{"phone": phone, "code": code, "nick": "n"}).OK(t)
	c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": made.Text("loginCode"), "platform": "api"}).OK(t)
	status, body := public(t, server, "/.well-known/jwks.json")
	require.Equal(t, 200, status)
	var keys struct{ Keys []any }
	require.NoError(t, json.Unmarshal([]byte(body), &keys))
	require.NotEmpty(t, keys.Keys)
}
