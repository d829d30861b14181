// Package pace holds tests to bounds in real time that a contract names, such as
// "unavailable within a second", on busy machines too. While a Watch runs, a piece of
// work is repeated and timed; a bound is stretched by as much as that work is.
//
// It is for bounds that are real. What a test merely waits for needs none, and what
// waits on timers belongs in testing/synctest.
package pace

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"
)

const (
	// hashes take about 3 ms, longer than a scheduler's usual slice: shorter work ends
	// before anybody else gets the processor.
	hashes = 40_000
	every  = 50 * time.Millisecond
	// calibrations are made before the first Watch.
	calibrations = 8
)

// Watch measures a time, and how slow the machine is meanwhile.
type Watch struct {
	started time.Time
	from    totals
}

// Start starts a watch, which ends with the test.
func Start(t testing.TB) *Watch {
	t.Helper()
	samples.begin()
	t.Cleanup(samples.end)
	return &Watch{started: time.Now(), from: samples.read()}
}

// Within fails the test if more time has passed since the start than limit, stretched
// by the slowness of the machine. It reports whether it didn't.
func (w *Watch) Within(t testing.TB, limit time.Duration, what ...any) bool {
	t.Helper()
	took, allowed := time.Since(w.started), w.Stretched(limit)
	if took > allowed {
		t.Errorf("took %v; at most %v, %v on this machine now: %v", took, limit, allowed, what)
	}
	return took <= allowed
}

// Stretched returns limit as the machine stretches it. Twice the delay of the sampled
// work is added, since what is measured runs in several processes.
func (w *Watch) Stretched(limit time.Duration) time.Duration {
	return time.Duration(float64(limit) * max(1, 2*slowness(w.from, samples.read())-1))
}

// slowness returns how much longer work took, between two readings, than on an idle
// machine.
func slowness(from, now totals) float64 {
	n := now.count - from.count
	if n == 0 || now.best == 0 {
		return 1
	}
	return float64(now.sum-from.sum) / float64(n) / float64(now.best)
}

// totals are what has been measured since the process began.
type totals struct {
	sum, best time.Duration
	count     int
}

var samples sampler

// sampler repeats the work while there are watches.
type sampler struct {
	mu      sync.Mutex
	t       totals
	begun   time.Time // of the work that goes on; zero between works
	watches int
	running bool
}

func (s *sampler) begin() {
	s.mu.Lock()
	first, run := s.t.count == 0, !s.running
	s.watches++
	s.running = true
	s.mu.Unlock()
	if first {
		for range calibrations {
			s.work()
		}
	}
	if run {
		go s.run()
	}
}

func (s *sampler) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches--
}

func (s *sampler) run() {
	for {
		s.work()
		time.Sleep(every)
		s.mu.Lock()
		s.running = s.watches > 0
		over := !s.running
		s.mu.Unlock()
		if over {
			return
		}
	}
}

func (s *sampler) work() {
	begun := time.Now()
	s.mu.Lock()
	s.begun = begun
	s.mu.Unlock()
	var sum [sha256.Size]byte
	for range hashes {
		sum = sha256.Sum256(sum[:])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	took := time.Since(begun)
	s.begun = time.Time{}
	s.t.sum += took
	s.t.count++
	if s.t.best == 0 || took < s.t.best {
		s.t.best = took
	}
}

// read returns the totals. Work that goes on for longer than the best counts already.
func (s *sampler) read() totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.t
	if so := time.Since(s.begun); !s.begun.IsZero() && so > t.best {
		t.sum += so
		t.count++
	}
	return t
}
