package sqlitetype

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/runtime/element"
)

var ctx = context.Background()

func wall() int64 { return time.Now().UnixMilli() }

func reserveOf(key string) caches.Reserve {
	return caches.Reserve{
		Request: key + "-r", Key: key, Code: caches.Code{ID: key + "-c", MAC: "mac", Purposes: []string{"login"}},
		TTL: 5 * time.Minute, Interval: 45 * time.Second,
		Shared: []caches.SharedLimit{{Key: "ip", Window: caches.Window{Max: 1 << 20, Per: time.Hour}}},
	}
}

func TestTheFileIsItsOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := NewAt(element.Env{DataDir: dir}, Config{Path: "below/caches.db"}, wall)
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(dir, "below", "caches.db"), "New touches nothing")
	require.NoError(t, s.Ready(ctx))
	for name, mode := range map[string]os.FileMode{"": 0o700, "below": 0o700, "below/caches.db": 0o600, "below/caches.db-wal": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Ready(ctx), caches.ErrUnavailable)
}

func TestThePathStaysInTheDataDirectory(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	for _, path := range []string{"../x.db", "/etc/x.db", ".", "a/../../x.db", filepath.Join(outside, "x.db")} {
		_, err := New(element.Env{DataDir: dir}, Config{Path: path})
		require.ErrorIs(t, err, sqlitefile.ErrOutside, path)
	}
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "x.db"), filepath.Join(dir, "file.db")))
	for _, path := range []string{"link/x.db", "file.db"} {
		s, err := NewAt(element.Env{DataDir: dir}, Config{Path: path}, wall)
		require.NoError(t, err)
		err = s.Ready(ctx)
		require.ErrorIs(t, err, caches.ErrUnavailable)
		require.NotContains(t, err.Error(), dir)
		require.NoError(t, s.Close())
		require.NoFileExists(t, filepath.Join(outside, "x.db"))
	}
}

func TestConfigurationHasADefaultPathAndNoUnknownKeys(t *testing.T) {
	open, dir := element.BuiltinOf(Name).Open, t.TempDir()
	instance, err := open(ctx, element.Env{DataDir: dir}, json.RawMessage(`{"$schema":"x"}`))
	require.NoError(t, err)
	require.NoError(t, instance.(element.ReadyChecker).Ready(ctx))
	require.NoError(t, instance.Close())
	require.FileExists(t, filepath.Join(dir, "caches.db"))
	_, err = open(ctx, element.Env{DataDir: dir}, json.RawMessage(`{"file":"x"}`))
	require.Error(t, err)
}

func TestALockThatStaysIsUnavailableInTimeAndThenPasses(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, wall)
	require.NoError(t, s.Ready(ctx))
	db, err := s.file.Open(options)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	require.NoError(t, err)
	watch := pace.Start(t)
	_, err = s.Reserve(ctx, reserveOf("k"))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	watch.Within(t, time.Second)
	_, err = conn.ExecContext(ctx, "ROLLBACK")
	require.NoError(t, err)
	again := reserveOf("k")
	again.Request = "another"
	got, err := s.Reserve(ctx, again)
	require.NoError(t, err)
	require.Equal(t, caches.Reserved, got.Outcome, "the failed call took nothing")
}

func TestAFullFileIsUnavailableAndStaysWhole(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, wall)
	require.NoError(t, s.Ready(ctx))
	var pages int
	require.NoError(t, s.do(ctx, &job{run: func(x *tx) error {
		return x.session.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages)
	}}))
	limit := func(n int) {
		require.NoError(t, s.do(ctx, &job{run: func(x *tx) error {
			var set int
			return x.session.conn.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&set)
		}}))
	}
	limit(pages + 2)
	var kept []string
	var failed error
	for i := 0; failed == nil && i < 10_000; i++ {
		r := reserveOf(fmt.Sprintf("full%d", i))
		if _, failed = s.Reserve(ctx, r); failed == nil {
			kept = append(kept, r.Key)
		}
	}
	require.ErrorIs(t, failed, caches.ErrUnavailable)
	// The connection was closed with the transaction, and its limit is gone.
	for _, key := range kept {
		again := reserveOf(key)
		again.Request = "another"
		got, err := s.Reserve(ctx, again)
		require.NoError(t, err)
		require.Equal(t, caches.Cooldown, got.Outcome)
	}
	var whole string
	require.NoError(t, s.do(ctx, &job{run: func(x *tx) error {
		return x.session.conn.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&whole)
	}}))
	require.Equal(t, "ok", whole)
}

func TestAFileThatIsNoDatabaseIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "caches.db")
	require.NoError(t, os.WriteFile(file, []byte("this is not a database, and it is long enough to be seen as none......"), 0o600))
	s := openStore(t, dir, wall)
	require.ErrorIs(t, s.Ready(ctx), caches.ErrUnavailable)
	require.NoError(t, os.Remove(file))
	require.NoError(t, s.Ready(ctx), "it is used as soon as possible")
}

func TestWhatHasExpiredIsDeleted(t *testing.T) {
	var offset atomic.Int64
	s := openStore(t, t.TempDir(), func() int64 { return wall() + offset.Load() })
	for i := range 700 {
		_, err := s.Reserve(ctx, reserveOf(fmt.Sprintf("old%d", i)))
		require.NoError(t, err)
	}
	rows := func() (n int) {
		err := s.do(ctx, &job{run: func(x *tx) error {
			return x.session.conn.QueryRowContext(ctx,
				"SELECT (SELECT count(*) FROM cache_entry_1) + (SELECT count(*) FROM cache_window_1)").Scan(&n)
		}})
		if err != nil { // the machine is busy
			return -1
		}
		return n
	}
	require.Eventually(t, func() bool { return rows() == 1400 }, 10*time.Second, time.Millisecond)
	offset.Store(2 * time.Hour.Milliseconds())
	require.Eventually(t, func() bool { return rows() == 0 }, 60*time.Second, 50*time.Millisecond)
}

// This test runs itself in several processes.
func TestProcessesShareTheFile(t *testing.T) {
	const others, each = 3, 400
	if dir := os.Getenv("LINTEL_TEST_CACHE_DIR"); dir != "" {
		s := openStore(t, dir, wall)
		ok := 0
		for i := range each {
			r := reserveOf(fmt.Sprintf("p%d", i))
			r.Request = fmt.Sprintf("%d-%d", os.Getpid(), i)
			r.Code.ID = r.Request
			got, err := s.Reserve(ctx, r)
			require.NoError(t, err)
			if got.Outcome == caches.Reserved {
				ok++
			}
		}
		fmt.Printf("won %d\n", ok)
		return
	}
	dir := t.TempDir()
	var running []*exec.Cmd
	for range others {
		c := exec.Command(os.Args[0], "-test.run=^TestProcessesShareTheFile$", "-test.v")
		c.Env = append(os.Environ(), "LINTEL_TEST_CACHE_DIR="+dir)
		running = append(running, c)
	}
	type result struct {
		out []byte
		err error
	}
	results := make(chan result, others)
	for _, c := range running {
		go func() {
			out, err := c.CombinedOutput()
			results <- result{out, err}
		}()
	}
	total := 0
	for range others {
		r := <-results
		require.NoError(t, r.err, string(r.out))
		var won int
		for _, line := range splitLines(r.out) {
			if n, _ := fmt.Sscanf(line, "won %d", &won); n == 1 {
				total += won
			}
		}
	}
	require.Equal(t, each, total, "each identity was reserved once")
}

func splitLines(b []byte) []string { return strings.Split(string(b), "\n") }

// A guess and a token that were taken too late for their callers are as before.
func TestWhatWasTakenTooLateIsRestored(t *testing.T) {
	s := openStore(t, t.TempDir(), wall)
	late := func(call func() error) {
		t.Helper()
		first, slow := make(chan struct{}), make(chan struct{})
		goOn, end := sync.OnceFunc(func() { close(first) }), sync.OnceFunc(func() { close(slow) })
		defer end()
		defer goOn()
		begun, called, done := make(chan struct{}), make(chan error, 1), make(chan error, 2)
		go func() { done <- s.do(ctx, &job{run: func(*tx) error { close(begun); <-first; return nil }}) }()
		<-begun
		go func() { called <- call() }()
		require.Eventually(t, func() bool { return len(s.jobs) == 1 }, 10*time.Second, time.Millisecond)
		go func() { done <- s.do(ctx, &job{run: func(*tx) error { <-slow; return nil }}) }()
		require.Eventually(t, func() bool { return len(s.jobs) == 2 }, 10*time.Second, time.Millisecond)
		goOn() // all three share a transaction, and the last keeps it open
		require.ErrorIs(t, <-called, caches.ErrUnavailable)
		end()
		<-done
		<-done
		require.NoError(t, s.do(ctx, &job{run: func(*tx) error { return nil }})) // after the transaction
	}
	r := reserveOf("k")
	_, err := s.Reserve(ctx, r)
	require.NoError(t, err)
	guess := func(request string) caches.Guess {
		return caches.Guess{
			Request: request, Key: "k", Purpose: r.Code.Purposes[0], MAC: r.Code.MAC, Attempts: 5, Then: caches.Consume,
			Issue: &caches.Issue{Hash: "h-" + request, Value: []byte("v"), TTL: time.Minute},
		}
	}
	token := func(request, of string) caches.TokenRequest {
		return caches.TokenRequest{Request: request, Key: "k", Hash: "h-" + of, Then: caches.Consume, Linger: time.Minute}
	}
	late(func() error { _, err := s.Guess(ctx, guess("a")); return err })
	gone, err := s.Token(ctx, token("t", "a"))
	require.NoError(t, err)
	require.Equal(t, caches.TokenGone, gone.Outcome)
	got, err := s.Guess(ctx, guess("b"))
	require.NoError(t, err)
	require.Equal(t, caches.GuessRight, got.Outcome)

	late(func() error { _, err := s.Token(ctx, token("c", "b")); return err })
	for _, want := range []caches.TokenOutcome{caches.TokenValid, caches.TokenUsed} {
		took, err := s.Token(ctx, token("d"+fmt.Sprint(want), "b"))
		require.NoError(t, err)
		require.Equal(t, want, took.Outcome)
	}
}
