package blackbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver that the stores use

	"github.com/lintel-run/lintel/internal/faultproxy"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

// faultInterval is the pause between two codes in these tests, in seconds.
const faultInterval = 1

// faulty is a shop whose stores are behind proxies that inject failures.
type faulty struct {
	*blackbox.Shop
	t        testing.TB
	Redis    *testredis.Server
	Cache    *faultproxy.Proxy
	Database *faultproxy.Proxy
	redis    *redis.Client
	url      string // of the database, past its proxy
}

// newFaulty makes a shop with a Redis and a database of its own. The caller opens it.
func newFaulty(t testing.TB, settings map[string]any) *faulty {
	t.Helper()
	f := &faulty{Shop: blackbox.NewShop(t), t: t, Redis: testredis.Start(t)}
	f.redis = f.Redis.Client()
	f.Cache = faultproxy.New(t, f.Redis.Addr)
	postgres := testpostgres.Start(t)
	name := postgres.Database(t)
	f.url = testpostgres.URL(postgres.Addr(), name)
	f.Database = faultproxy.New(t, postgres.Addr())
	f.Store("defaultCache", "caches.main", "caches.RedisType", map[string]any{"url": "redis://" + f.Cache.Addr()})
	f.Store("defaultDatabase", "databases.main", "databases.PostgresType",
		map[string]any{"url": testpostgres.URL(f.Database.Addr(), name)})
	login := map[string]any{"resendInterval": faultInterval, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000}
	for key, value := range settings {
		login[key] = value
	}
	f.SetLogin(login)
	return f
}

// server returns the newest process.
func (f *faulty) server() *blackbox.Server { return f.Servers[len(f.Servers)-1] }

// client returns a new client of the newest process.
func (f *faulty) client() *blackbox.Client { return f.server().Client() }

// restart starts a new process and forgets the previous ones.
func (f *faulty) restart() {
	f.t.Helper()
	f.Servers = nil
	f.Open(1)
}

// nothingLasts checks that everything in the cache expires.
func (f *faulty) nothingLasts(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	keys, err := f.redis.Keys(ctx, "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		ttl, err := f.redis.PTTL(ctx, key).Result()
		require.NoError(t, err)
		require.NotEqual(t, time.Duration(-1), ttl, "a key without expiry: %s", key[strings.LastIndex(key, "}")+1:])
		require.LessOrEqual(t, ttl, 25*time.Hour)
	}
}

// halves are queries for inconsistent rows.
var halves = map[string]string{
	"a user of no corp":                 `SELECT count(*) FROM lintel_users u WHERE NOT EXISTS (SELECT 1 FROM lintel_members m WHERE m.app_id = u.app_id AND m.user_id = u.id)`,
	"a user made without a code":        `SELECT count(*) FROM lintel_users u WHERE NOT EXISTS (SELECT 1 FROM lintel_code_uses c WHERE c.app_id = u.app_id AND c.user_id = u.id AND c.kind = 'register')`,
	"a code used for a user who is not": `SELECT count(*) FROM lintel_code_uses c WHERE c.user_id <> '' AND NOT EXISTS (SELECT 1 FROM lintel_users u WHERE u.app_id = c.app_id AND u.id = c.user_id)`,
	"a session without a user":          `SELECT count(*) FROM lintel_sessions s WHERE s.user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lintel_users u WHERE u.app_id = s.app_id AND u.id = s.user_id)`,
	"a device without a user":           `SELECT count(*) FROM lintel_devices d WHERE NOT EXISTS (SELECT 1 FROM lintel_users u WHERE u.app_id = d.app_id AND u.id = d.user_id)`,
	"two sessions of one code":          `SELECT count(*) - count(DISTINCT code_id) FROM lintel_sessions WHERE code_id IS NOT NULL`,
}

// nothingHalf checks that users, codes and sessions are consistent.
func (f *faulty) nothingHalf(t testing.TB) {
	t.Helper()
	for what, query := range halves {
		require.Zero(t, f.count(t, query), what)
	}
}

// count runs a query for one number.
func (f *faulty) count(t testing.TB, query string, args ...any) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, f.url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	var n int
	require.NoError(t, conn.QueryRow(ctx, query, args...).Scan(&n))
	return n
}

// nothingHalfInFile is nothingHalf for an embedded database. It also checks the file.
func nothingHalfInFile(t testing.TB, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		db, err := sql.Open("sqlite", "file:"+file)
		require.NoError(t, err)
		var verdict string
		require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
		require.Equal(t, "ok", verdict)
		var users int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM sqlite_master WHERE name = 'lintel_users'").Scan(&users))
		for what, query := range halves {
			if users == 0 {
				break
			}
			var n int
			require.NoError(t, db.QueryRow(query).Scan(&n))
			require.Zero(t, n, what)
		}
		// Every row of the cache's file has an expiry.
		for _, table := range []string{"cache_entry_1", "cache_window_1"} {
			var there, lasting int
			require.NoError(t, db.QueryRow("SELECT count(*) FROM sqlite_master WHERE name = ?", table).Scan(&there))
			if there == 0 {
				continue
			}
			end := time.Now().Add(25 * time.Hour).UnixMilli()
			require.NoError(t, db.QueryRow("SELECT count(*) FROM "+table+" WHERE expires > ? OR expires <= 0", end).Scan(&lasting))
			require.Zero(t, lasting, "rows without an end")
		}
		require.NoError(t, db.Close())
	}
}

// public asks the public listener.
func public(t testing.TB, s *blackbox.Server, path string) (status int, body string) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(s.URL + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// key returns a new Idempotency-Key.
func key() string { return fmt.Sprintf("key-%016x", rand.Uint64()) }

// repeated calls a function under one key until the answer isn't "try again".
func repeated(t testing.TB, c *blackbox.Client, element, function string, args blackbox.Args) *blackbox.Answer {
	t.Helper()
	var last *blackbox.Answer
	for end := time.Now().Add(25 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		a, err := c.Try(element, function, args)
		require.NoError(t, err)
		if last = a; a.Status != 503 {
			return a
		}
	}
	t.Fatalf("%s.%s: still %s", element, function, last.Body)
	return nil
}

// processesBelow returns a process's descendants.
func processesBelow(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := make(map[int][]int)
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, behind, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(behind)
		if len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], child)
		}
	}
	var all []int
	for next := children[pid]; len(next) > 0; next = next[1:] {
		all = append(all, next[0])
		next = append(next, children[next[0]]...)
	}
	return all
}
