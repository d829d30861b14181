package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lintel-run/lintel/runtime/element"
)

// hostile is the path of the test plugin's executable.
var hostile string

func TestMain(m *testing.M) {
	if dir := os.Getenv("LINTEL_TEST_HOST"); dir != "" {
		actAsHost(dir)
		return
	}
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		panic(err)
	}
	hostile = filepath.Join(dir, "hostile")
	if out, err := exec.Command("go", "build", "-o", hostile, "./testdata/hostile").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%v\n", out, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// quick are timings under which failures are seen soon. The pings have time: a busy machine is slow to answer them.
var quick = Timings{
	PingEvery: 50 * time.Millisecond, PingDeadline: 5 * time.Second, PingMisses: 2,
	Backoff: 20 * time.Millisecond, BackoffMax: 200 * time.Millisecond, StopGrace: 2 * time.Second,
}

// output collects a log.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func testHost(t testing.TB, cfg Config) (*Host, *output) {
	t.Helper()
	log := &output{}
	cfg.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if cfg.Timings == (Timings{}) {
		cfg.Timings = quick
	}
	h, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, h.Close(ctx))
		_, err := os.Stat(h.dir)
		require.ErrorIs(t, err, os.ErrNotExist, "the host's directory is left over")
	})
	return h, log
}

func hostileSpec(args ...string) Spec {
	return Spec{Type: "test.Hostile", Meta: "test.Meta", Path: hostile, Args: args}
}

func testProcess(t testing.TB, args ...string) (*Process, *output) {
	t.Helper()
	h, log := testHost(t, Config{})
	return h.Process(hostileSpec(args...)), log
}

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

const testInstance = "test.one"

func configure(t testing.TB, p *Process, gen uint64, config string) {
	t.Helper()
	_, err := p.Configure(testContext(t), Instance{Name: testInstance, Type: "test.Hostile", Generation: gen, Config: json.RawMessage(config)})
	require.NoError(t, err)
}

func testCall() element.Call {
	return element.Call{Element: testInstance, Type: "test.Hostile", Function: "f", RequestID: "r-1", Caller: element.Caller{UserID: "u-1"}}
}

func call(ctx context.Context, p *Process, function string, args map[string]string) (string, error) {
	text, _ := json.Marshal(args)
	out, err := p.Call(ctx, testInstance, 1, function, text, testCall(), false)
	if err != nil {
		return "", err
	}
	var s string
	if json.Unmarshal(out, &s) != nil {
		return string(out), nil //nolint:nilerr // not a string: the JSON text itself
	}
	return s, nil
}

func mustCall(t testing.TB, p *Process, function string, args map[string]string) string {
	t.Helper()
	out, err := call(testContext(t), p, function, args)
	require.NoError(t, err)
	return out
}

// eventually polls a condition, up to a deadline that only a failure reaches.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// alive reports whether a process runs; one that only waits to be reaped doesn't.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func pidOf(t testing.TB, text string) int {
	t.Helper()
	pid, err := strconv.Atoi(text)
	require.NoError(t, err)
	return pid
}
