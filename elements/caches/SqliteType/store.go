package sqlitetype

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// bound is how long an operation may take, with the wait for other processes.
	bound = 850 * time.Millisecond
	// lateness is how much longer the caller waits for a job that has begun.
	lateness = 50 * time.Millisecond
	// queued is how many jobs wait in the channel. It only saves goroutine switches.
	queued = 1024
)

// Store is an instance of caches.SqliteType.
type Store struct {
	builtin.Silent
	otpstate.Operations

	file sqlitefile.File
	now  func() int64
	// held is the file, once it was opened.
	held atomic.Pointer[sqlitefile.Held]
	// last is the outcome of the newest transaction.
	last atomic.Pointer[outcome]
	jobs chan *job
	stop chan struct{}
	done chan struct{}
	end  sync.Once
}

// New returns a store. Close ends it. The first operation opens the file.
func New(env element.Env, c Config) (*Store, error) {
	return NewAt(env, c, func() int64 { return time.Now().UnixMilli() })
}

// NewAt is New for tests, which set the time: now returns milliseconds since 1970.
func NewAt(env element.Env, c Config, now func() int64) (*Store, error) {
	file, err := sqlitefile.New(env.DataDir, c.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		file: file,
		now:  now,
		jobs: make(chan *job, queued),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	s.Operations = otpstate.NewOperations(s.operate, true)
	w := &writer{store: s}
	go w.loop()
	return s, nil
}

// Close ends the store after the transaction in progress.
func (s *Store) Close() error {
	s.end.Do(func() { close(s.stop) })
	<-s.done
	return nil
}

// operate runs an operation as a job.
func (s *Store) operate(ctx context.Context, op otpstate.Operation) error {
	return s.do(ctx, &job{
		run:  func(t *tx) error { return t.step(s.now(), op.Run) },
		undo: func(t *tx) error { return t.step(s.now(), op.Undo) },
	})
}

// job is an operation on its way to the writer and back.
type job struct {
	run func(*tx) error
	// undo is run if the caller got an error although run succeeded.
	undo func(*tx) error
	// until is when the caller stops waiting.
	until time.Time
	phase atomic.Int32
	done  chan error
}

// The phases of a job.
const (
	waiting int32 = iota
	begun
	// abandoned: the caller got an error before there was an outcome.
	abandoned
	// delivered: the caller gets the outcome.
	delivered
)

// do runs a job, and returns an error if the caller has waited for bound.
func (s *Store) do(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, bound, errSlow)
	defer cancel()
	j.until = time.Now().Add(bound)
	j.done = make(chan error, 1)
	select {
	case s.jobs <- j:
	case <-s.stop:
		return unavailable(errClosed)
	case <-ctx.Done():
		return unavailable(context.Cause(ctx))
	}
	select {
	case err := <-j.done:
		return err
	case <-s.done:
		return s.ended(j)
	case <-ctx.Done():
	}
	if j.phase.CompareAndSwap(waiting, abandoned) {
		return unavailable(errSlow)
	}
	// It has begun. Its end is near, and then its outcome is known.
	select {
	case err := <-j.done:
		return err
	case <-s.done:
		return s.ended(j)
	case <-time.After(lateness):
	}
	if j.phase.CompareAndSwap(begun, abandoned) {
		return unavailable(errSlow)
	}
	return <-j.done
}

// ended returns the outcome of a job after the writer has ended.
func (s *Store) ended(j *job) error {
	select {
	case err := <-j.done:
		return err
	default:
		return unavailable(errClosed)
	}
}

// unavailable returns the error that callers get. It leaves out what SQLite or the
// system said, except for the reason: the text may contain the path.
func unavailable(err error) error {
	if errors.Is(err, caches.ErrUnavailable) {
		return err
	}
	for _, plain := range []error{errClosed, errSlow, otpstate.ErrFormat, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, plain) {
			return fmt.Errorf("%s: %w: %w", Name, caches.ErrUnavailable, plain)
		}
	}
	return &failure{sqlitefile.Reason(err), sqlitefile.IsMisconfigured(err)}
}

// failure is why the file can't be used.
type failure struct {
	reason string
	// misconfigured is set if waiting doesn't help.
	misconfigured bool
}

func (f *failure) Error() string { return Name + ": " + f.reason }

// Is reports whether target is caches.ErrUnavailable, or element.ErrMisconfigured and f
// is one.
func (f *failure) Is(target error) bool {
	return target == caches.ErrUnavailable || f.misconfigured && target == element.ErrMisconfigured
}
