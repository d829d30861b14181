package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestSlowStartServesAllWhoWaitWithOneProcess(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	p, _ := testProcess(t, "slow=300ms", "count="+count)
	var wg sync.WaitGroup
	errs := make(chan error, 300)
	for range 300 {
		wg.Go(func() { errs <- p.Start(testContext(t)) })
	}
	eventually(t, "the others wait", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.waiters == 300
	})
	require.Equal(t, Starting, p.State().Phase)
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	starts, err := os.ReadFile(count)
	require.NoError(t, err)
	require.Equal(t, "start\n", string(starts))
}

func TestWaitersAreBoundedAndLeaveWithTheirContext(t *testing.T) {
	times := quick
	times.Waiters = 1
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec("slow=1h"))
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() { first <- p.Start(ctx) }()
	eventually(t, "the first waits", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.waiters == 1
	})
	_ = requireOutcome(t, p.Start(testContext(t)), errcode.OutcomeNotExecuted)
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
}

func requireOutcome(t testing.TB, err error, outcome string) *errcode.Error {
	t.Helper()
	var e *errcode.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, errcode.ElementUnavailable, e.Code)
	require.Equal(t, outcome, e.Details["outcome"])
	if outcome == errcode.OutcomeNotExecuted {
		require.True(t, e.Retryable)
		require.Positive(t, e.RetryAfter)
	} else {
		require.False(t, e.Retryable)
	}
	return e
}

func TestStartsThatFail(t *testing.T) {
	cert := strings.Repeat("A", 80)
	tests := map[string]struct {
		spec func(Spec) Spec
		args []string
		want string
	}{
		"frozen before the handshake":  {args: []string{"freeze"}, want: "in time"},
		"endless first line":           {args: []string{"noline"}},
		"nonsense":                     {args: []string{"line=hello\x1b[31m"}},
		"another protocol version":     {args: []string{"line=1|9|unix|/x|grpc"}},
		"net/rpc":                      {args: []string{"line=1|1|unix|/x|netrpc"}, want: "outside"},
		"a socket of somebody else's":  {args: []string{"line=1|1|unix|/var/run/docker.sock|grpc"}, want: "outside"},
		"a socket above its directory": {args: []string{"line=1|1|unix|/tmp/../etc/x|grpc"}, want: "outside"},
		"TCP, which is off":            {args: []string{"line=1|1|tcp|127.0.0.1:1|grpc"}, want: "TCP"},
		"a certificate without TLS":    {args: []string{"line=1|1|unix|/x|grpc|" + cert}, want: "outside"},
		"exits at once":                {args: []string{"crash"}, want: "exit status 3"},
		"serves another Type":          {args: []string{"type=Other"}, want: "doesn't serve"},
		"not there":                    {spec: func(s Spec) Spec { s.Path = "/nonexistent/plugin"; return s }},
		"not an executable":            {spec: func(s Spec) Spec { s.Path = "/etc/passwd"; return s }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			times := quick
			if tt.want == "" || tt.want == "in time" {
				times.Start = 500 * time.Millisecond
			}
			h, log := testHost(t, Config{Timings: times})
			spec := hostileSpec(tt.args...)
			if tt.spec != nil {
				spec = tt.spec(spec)
			}
			p := h.Process(spec)
			watch := pace.Start(t)
			_ = requireOutcome(t, p.Start(testContext(t)), errcode.OutcomeNotExecuted)
			watch.Within(t, 4*time.Second)
			require.Contains(t, p.State().LastError, tt.want)
			require.NotContains(t, log.String(), `\u001b`)
		})
	}
}

func TestOutdatedDescriptionIsLogged(t *testing.T) {
	for _, title := range []string{"", "Another"} {
		h, log := testHost(t, Config{})
		spec := hostileSpec()
		spec.Description = &elementv1.TypeDescription{Name: "Hostile", Title: title}
		require.NoError(t, h.Process(spec).Start(testContext(t)))
		require.Equal(t, title != "", strings.Contains(log.String(), "differs from the file beside it"))
	}
}

func TestCallsInFlightAtACrashHaveAnUnknownOutcome(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{"k":1}`)
	dir := t.TempDir()
	const calls = 8
	errs := make(chan error, calls)
	for i := range calls {
		go func() {
			_, err := call(testContext(t), p, "wait", map[string]string{"began": filepath.Join(dir, fmt.Sprint(i))})
			errs <- err
		}()
	}
	eventually(t, "all are being served", func() bool {
		entries, _ := os.ReadDir(dir)
		return len(entries) == calls
	})
	pid := p.State().PID
	watch := pace.Start(t)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	for range calls {
		requireOutcome(t, <-errs, errcode.OutcomeUnknown)
	}
	watch.Within(t, time.Second)
	// The next call waits for the restart and finds its configuration.
	require.JSONEq(t, `{"k":1}`, mustCall(t, p, "config", nil))
	require.NotEqual(t, pid, p.State().PID)
	require.Equal(t, 1, p.State().Restarts)
}

func TestCrashesUnderLoadCostOnlyCallsInFlight(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := call(testContext(t), p, "config", nil); err != nil {
					requireOutcome(t, err, errcode.OutcomeUnknown)
				}
			}
		})
	}
	for range 3 {
		before := p.State().PID
		require.Positive(t, before)
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		eventually(t, "another process", func() bool {
			s := p.State()
			return s.Phase == Ready && s.PID != before
		})
	}
	close(stop)
	wg.Wait()
	mustCall(t, p, "echo", nil)
}

// watcher records a process's state when the process ends.
type watcher struct {
	noObserver
	look func()
}

func (w *watcher) Exited(string) { w.look() }

func TestReadyMeansThatThereIsAProcess(t *testing.T) {
	seen := make(chan State, 1)
	w := &watcher{}
	h, _ := testHost(t, Config{Observer: w})
	p := h.Process(hostileSpec())
	w.look = func() { seen <- p.State() }
	require.NoError(t, p.Start(testContext(t)))
	require.NoError(t, syscall.Kill(p.State().PID, syscall.SIGKILL))
	s := <-seen
	require.False(t, s.Phase == Ready && s.PID == 0, "%+v", s)
}

// A call may find one process dead after the other: while nothing of it was sent, it waits for the next.
func TestACallThatWasNeverSentWaitsThroughSeveralCrashes(t *testing.T) {
	p, _ := testProcess(t)
	tries := map[int]bool{}
	for _, runsToEnd := range []bool{false, true} {
		clear(tries)
		_, err := p.serve(testContext(t), nil, testCall(), runsToEnd, func(ctx context.Context, c *child) (reply, error) {
			tries[c.run.PID()] = true
			if len(tries) < 3 {
				if err := syscall.Kill(c.run.PID(), syscall.SIGKILL); err != nil {
					return reply{}, err
				}
				return reply{}, status.Error(codes.Unavailable, "connection refused")
			}
			_, err := c.api.Describe(ctx, &elementv1.DescribeRequest{}, peerOf(ctx))
			return reply{}, err
		})
		require.NoError(t, err)
		require.Len(t, tries, 3, "each process was tried once")
	}
}

// Waiting ends where the budget does.
func TestACallThatIsNeverSentFailsWithTheProcess(t *testing.T) {
	times := quick
	times.Budget, times.FailedRetry = 2, time.Hour
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec())
	tries := 0
	_, err := p.serve(testContext(t), nil, testCall(), false, func(_ context.Context, c *child) (reply, error) {
		tries++
		if err := syscall.Kill(c.run.PID(), syscall.SIGKILL); err != nil {
			return reply{}, err
		}
		return reply{}, status.Error(codes.Unavailable, "connection refused")
	})
	_ = requireOutcome(t, err, errcode.OutcomeNotExecuted)
	require.Equal(t, Failed, p.State().Phase)
	require.Equal(t, 3, tries, "the first and its budget of restarts")
}

func TestReplayComesBeforeTheNextCall(t *testing.T) {
	p, _ := testProcess(t)
	for gen := range uint64(20) {
		configure(t, p, gen+1, fmt.Sprintf(`"g%d"`, gen+1))
	}
	p.Release(testInstance, 3)
	_, err := call(testContext(t), p, "exit", nil)
	requireOutcome(t, err, errcode.OutcomeUnknown)
	out, err := p.Call(testContext(t), testInstance, 20, "config", nil, testCall(), false)
	require.NoError(t, err)
	require.Equal(t, `"g20"`, string(out))
	log := mustCall(t, p, "log", nil)
	require.Equal(t, 19, strings.Count(log, "configure "))
	require.NotContains(t, log, testInstance+"/3\n")
}

func TestFrozenProcessIsKilledAndReplaced(t *testing.T) {
	times := quick
	times.PingDeadline = time.Second
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	before := p.State().PID
	_, err := call(testContext(t), p, "freeze", nil)
	requireOutcome(t, err, errcode.OutcomeUnknown)
	mustCall(t, p, "echo", nil)
	require.NotEqual(t, before, p.State().PID)
	require.False(t, alive(before))

	// Idle when it freezes: the pings alone notice.
	before = p.State().PID
	require.NoError(t, syscall.Kill(before, syscall.SIGSTOP))
	eventually(t, "the frozen one is replaced", func() bool { s := p.State(); return s.Phase == Ready && s.PID != before })
	require.Equal(t, errFrozen.Error(), p.State().LastError)
}

// Whenever a process freezes, its calls fail within ten seconds.
func TestAFreezeIsNoticedInTime(t *testing.T) {
	times := Timings{}.withDefaults()
	require.Less(t, times.Start, 10*time.Second)
	require.Less(t, times.PingEvery+time.Duration(times.PingMisses)*times.PingDeadline, 10*time.Second)
	require.Greater(t, time.Duration(times.PingMisses)*times.PingDeadline, 5*time.Second, "a busy machine is no freeze")
}

func TestFreezeWhileStarting(t *testing.T) {
	times := quick
	times.Start = 300 * time.Millisecond
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec("freeze"))
	_, err := p.Check(testContext(t), "test.Hostile", testInstance, nil)
	_ = requireOutcome(t, err, errcode.OutcomeNotExecuted)
}

// Everything that waits for a process that freezes fails: requests in flight, those that
// arrive later, one by one or on a shared stream.
func TestAFreezeFailsAllThatWait(t *testing.T) {
	for _, args := range [][]string{{}, {"uncarried"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			times := quick
			times.PingDeadline, times.Configure = time.Second, time.Hour
			times.Budget, times.Backoff, times.BackoffMax = 1, time.Hour, time.Hour
			h, _ := testHost(t, Config{Timings: times})
			p := h.Process(hostileSpec(args...))
			configure(t, p, 1, `{}`)
			began := filepath.Join(t.TempDir(), "began")
			ctx := context.Background() // only the pings end a wait
			requests := []func() error{
				func() error { _, err := call(ctx, p, "echo", nil); return err },
				func() error { _, err := p.Get(ctx, testInstance, 1, "config", testCall()); return err },
				func() error { _, err := p.Check(ctx, "test.Hostile", testInstance, nil); return err },
				func() error {
					_, err := p.Call(ctx, testInstance, 1, "echo", nil, testCall(), true)
					return err
				},
				func() error {
					_, err := p.Configure(ctx, Instance{Name: testInstance, Type: "test.Hostile", Generation: 2})
					return err
				},
			}
			errs := make(chan error, 64)
			go func() { _, err := call(ctx, p, "wait", map[string]string{"began": began}); errs <- err }()
			eventually(t, "the call is running", func() bool { return exists(began) })
			require.NoError(t, syscall.Kill(p.State().PID, syscall.SIGSTOP))
			for range 4 {
				for _, request := range requests {
					go func() { errs <- request() }()
				}
			}
			for range 1 + 4*len(requests) {
				select {
				case err := <-errs:
					require.ErrorIs(t, err, errcode.ElementUnavailable)
					e, _ := errcode.As(err)
					require.Contains(t, []any{errcode.OutcomeUnknown, errcode.OutcomeNotExecuted}, e.Details["outcome"])
				case <-testContext(t).Done():
					t.Fatal("a request still waits")
				}
			}
		})
	}
}

func TestFreezeWhileConfiguring(t *testing.T) {
	times := quick
	times.Configure = 300 * time.Millisecond
	times.PingEvery = time.Hour
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec("freezeconfigure"))
	_, err := p.Configure(testContext(t), Instance{Name: testInstance, Type: "test.Hostile", Generation: 1})
	require.ErrorIs(t, err, errcode.ElementUnavailable)
}

func TestStopOfAProcessThatDoesNotHeed(t *testing.T) {
	for _, args := range [][]string{{"deaf", "linger"}, {"linger"}, {}} {
		for _, freeze := range []bool{false, true} {
			t.Run(fmt.Sprint(args, freeze), func(t *testing.T) {
				times := quick
				times.StopGrace = 400 * time.Millisecond
				times.PingEvery = time.Hour
				h, _ := testHost(t, Config{Timings: times})
				p := h.Process(hostileSpec(args...))
				require.NoError(t, p.Start(testContext(t)))
				pid := p.State().PID
				if freeze {
					require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
				}
				watch := pace.Start(t)
				require.NoError(t, p.Stop(testContext(t)))
				watch.Within(t, 3*time.Second)
				require.False(t, alive(pid))
				require.Equal(t, Stopped, p.State().Phase)
				require.ErrorIs(t, p.Start(testContext(t)), errcode.ElementUnavailable)
				require.NotSame(t, p, h.Process(hostileSpec()), "a stopped one is made anew")
			})
		}
	}
}

func TestStopLetsCallsFinish(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	dir := t.TempDir()
	began, until := filepath.Join(dir, "began"), filepath.Join(dir, "until")
	answer := make(chan error, 1)
	go func() {
		_, err := call(testContext(t), p, "wait", map[string]string{"began": began, "until": until})
		answer <- err
	}()
	eventually(t, "the call is running", func() bool { return exists(began) })
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = p.Stop(testContext(t)) }()
	eventually(t, "draining", func() bool { return p.State().Phase == Draining })
	_, err := call(testContext(t), p, "echo", nil)
	require.ErrorIs(t, err, errcode.ElementUnavailable)
	require.NoError(t, os.WriteFile(until, nil, 0o600))
	require.NoError(t, <-answer)
	<-stopped
}

func TestCrashLoopEndsAsFailedAndIsTriedAgain(t *testing.T) {
	times := quick
	times.Budget = 3
	times.FailedRetry = 300 * time.Millisecond
	h, log := testHost(t, Config{Timings: times})
	dir := t.TempDir()
	count := filepath.Join(dir, "count")
	p := h.Process(hostileSpec("crash", "count="+count))
	require.Error(t, p.Start(testContext(t)))
	eventually(t, "failed", func() bool { return p.State().Phase == Failed })
	starts, _ := os.ReadFile(count)
	require.Equal(t, 4, strings.Count(string(starts), "start"), "the first and its budget of restarts")
	s := p.State()
	require.Contains(t, s.LastLines, "the reason of the crash")
	require.Contains(t, log.String(), "the reason of the crash")
	err := p.Start(testContext(t))
	e := requireOutcome(t, err, errcode.OutcomeNotExecuted)
	require.LessOrEqual(t, e.RetryAfter, 300*time.Millisecond)
	require.NotContains(t, err.Error(), "reason of the crash", "what a plugin prints is for operators")
	eventually(t, "tried again", func() bool {
		starts, _ := os.ReadFile(count)
		return strings.Count(string(starts), "start") > 4
	})
}

func TestLongPauseFailsCallsAtOnce(t *testing.T) {
	times := quick
	times.Backoff, times.BackoffMax, times.BackoffWait = time.Hour, time.Hour, time.Second
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	_, err := call(testContext(t), p, "exit", nil)
	requireOutcome(t, err, errcode.OutcomeUnknown)
	eventually(t, "the end is noticed", func() bool { return p.State().Phase == Backoff })
	_, err = call(testContext(t), p, "echo", nil)
	e := requireOutcome(t, err, errcode.OutcomeNotExecuted)
	require.Greater(t, e.RetryAfter, 50*time.Minute)
}
