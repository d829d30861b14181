package sqlitetype

import (
	"errors"
	"fmt"
	"time"

	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
)

const (
	// batch is how many operations share a transaction at most.
	batch = 256
	// purgeEvery is how often what is over is deleted, purgeAtMost how much of it
	// in one transaction.
	purgeEvery  = 5 * time.Second
	purgeAtMost = 500
	// complainEvery bounds the warnings about a file that can't be used.
	complainEvery = 30 * time.Second
)

var (
	errClosed = errors.New("closed")
	errSlow   = errors.New("too slow")
)

// settled is the phase of a job whose outcome its caller gets.
const settled int32 = abandoned + 1

// writer owns the connection; its loop is the only goroutine that uses it.
type writer struct {
	store      *Store
	session    *session
	complained time.Time
	jobs       []*job
}

func (w *writer) loop() {
	defer close(w.store.done)
	defer func() {
		if w.session != nil {
			w.session.close()
		}
	}()
	purge := time.NewTimer(purgeEvery)
	defer purge.Stop()
	for {
		select {
		case <-w.store.stop:
			return
		case j := <-w.store.jobs:
			w.serve(j)
		case <-purge.C:
			purge.Reset(w.purge())
		}
	}
}

// serve runs a job, and those that wait behind it, in one transaction.
func (w *writer) serve(first *job) {
	if first.phase.Load() == abandoned {
		return
	}
	err := w.begin(first.until)
	if err != nil {
		if first.phase.CompareAndSwap(waiting, settled) {
			first.done <- unavailable(err)
		}
		return
	}
	t := &tx{session: w.session}
	w.jobs = w.jobs[:0]
	outcomes := make([]error, 0, 16)
	for j := first; j != nil; j = w.next(len(w.jobs)) {
		if !j.phase.CompareAndSwap(waiting, begun) {
			continue
		}
		w.jobs = append(w.jobs, j)
		outcomes = append(outcomes, j.run(t))
		if t.err != nil {
			break
		}
	}
	w.finish(t, outcomes)
}

// next gives a job that waits, if there is one.
func (w *writer) next(n int) *job {
	if n >= batch {
		return nil
	}
	select {
	case j := <-w.store.jobs:
		return j
	default:
		return nil
	}
}

// finish ends the transaction and tells all jobs of it.
func (w *writer) finish(t *tx, outcomes []error) {
	err := t.err
	if err == nil {
		_, err = run(w.session.commit)
	}
	if err != nil {
		// All or nothing: a transaction that failed in part is dropped whole, and
		// the connection with it.
		_, _ = run(w.session.rollback)
		w.drop(err)
	}
	var undo []*job
	for i, j := range w.jobs {
		outcome := outcomes[i]
		if err != nil {
			outcome = unavailable(err)
		}
		if j.phase.CompareAndSwap(begun, settled) {
			j.done <- outcome
			continue
		}
		if outcome == nil && j.undo != nil {
			undo = append(undo, &job{run: j.undo, until: time.Now().Add(bound), done: make(chan error, 1)})
		}
	}
	clear(w.jobs)
	for _, j := range undo {
		w.serve(j)
	}
}

// begin starts a transaction that may write, connecting first where needed.
func (w *writer) begin(until time.Time) error {
	if w.session == nil {
		s, err := connect(w.store.file, until)
		if err != nil {
			w.complain(err)
			return err
		}
		w.session = s
	}
	err := patiently(until, func() error {
		_, err := run(w.session.begin)
		return err
	})
	if err != nil && !sqlitefile.IsBusy(err) {
		w.drop(err)
	}
	return err
}

// drop gives up a connection that failed; the next operation makes another.
func (w *writer) drop(err error) {
	w.complain(err)
	w.session.close()
	w.session = nil
}

func (w *writer) complain(err error) {
	if time.Since(w.complained) < complainEvery {
		return
	}
	w.complained = time.Now()
	w.store.log.Warn("the cache's file can't be used", "reason", sqlitefile.Reason(err))
}

// purge deletes some of what is over, and says when to come again.
func (w *writer) purge() time.Duration {
	if w.session == nil {
		return purgeEvery
	}
	if err := w.begin(time.Now()); err != nil {
		return purgeEvery
	}
	now := w.store.now()
	entries, err := run(w.session.purgeEntries, now, purgeAtMost)
	if err == nil {
		var windows int64
		windows, err = run(w.session.purgeWindows, now, purgeAtMost)
		entries = max(entries, windows)
	}
	if err == nil {
		_, err = run(w.session.commit)
	}
	if err != nil {
		_, _ = run(w.session.rollback)
		w.drop(fmt.Errorf("purge: %w", err))
		return purgeEvery
	}
	if entries == purgeAtMost {
		return 20 * time.Millisecond
	}
	return purgeEvery
}
