package sqlitetype

import (
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
)

const (
	// batch is how many jobs a transaction runs at most.
	batch = 256
	// purgeEvery is how often what has expired is deleted, purgeAtMost how much of it in
	// one transaction.
	purgeEvery  = 5 * time.Second
	purgeAtMost = 500
)

var (
	errClosed = errors.New("closed")
	errSlow   = errors.New("too slow")
)

// writer owns the connection; its loop is the only goroutine that uses it.
type writer struct {
	store   *Store
	session *session
	jobs    []*job
}

func (w *writer) loop() {
	defer close(w.store.done)
	defer func() {
		w.drop()
		w.store.wrote(errClosed)
		if held := w.store.held.Load(); held != nil {
			held.Release()
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

// serve runs a job, and the jobs that wait behind it, in one transaction.
func (w *writer) serve(first *job) {
	if first.phase.Load() == abandoned {
		return
	}
	err := w.begin(first.until)
	if err != nil {
		w.store.wrote(err)
		if first.phase.CompareAndSwap(waiting, delivered) {
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

// next returns a job that waits, or nil.
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

// finish ends the transaction and delivers the outcomes of its jobs. It undoes those
// whose caller got an error.
func (w *writer) finish(t *tx, outcomes []error) {
	err := t.err
	if err == nil {
		_, err = run(w.session.commit)
	}
	if err != nil {
		// The whole transaction is dropped, and the connection with it.
		_, _ = run(w.session.rollback)
		w.drop()
	}
	if err != nil || t.wrote {
		w.store.wrote(err)
	}
	var undo []*job
	for i, j := range w.jobs {
		outcome := outcomes[i]
		if err != nil {
			outcome = unavailable(err)
		}
		if j.phase.CompareAndSwap(begun, delivered) {
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

// begin begins a transaction that may write. It connects first if need be. Nothing is
// written to a file that was removed or replaced.
func (w *writer) begin(until time.Time) error {
	err := w.connect(until)
	if err == nil {
		err = w.store.checkFile()
	}
	if err != nil {
		return err
	}
	err = patiently(until, func() error {
		_, err := run(w.session.begin)
		return err
	})
	if err != nil && !sqlitefile.IsBusy(err) {
		w.drop()
	}
	return err
}

func (w *writer) connect(until time.Time) error {
	if w.session != nil {
		return nil
	}
	s, err := connect(w.store.file, until)
	if err != nil {
		return err
	}
	w.session = s
	if held := w.store.held.Load(); held != nil {
		held.Connected()
		return nil
	}
	held, err := w.store.file.Hold()
	if err != nil {
		w.drop()
		return err
	}
	w.store.held.Store(held)
	return nil
}

// drop closes a connection that failed. The next operation opens another.
func (w *writer) drop() {
	if w.session == nil {
		return
	}
	w.session.close()
	w.session = nil
	if held := w.store.held.Load(); held != nil {
		held.Disconnected()
	}
}

// purge deletes some of what has expired, and returns when to do so again.
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
		w.drop()
		return purgeEvery
	}
	if entries == purgeAtMost {
		return 20 * time.Millisecond
	}
	return purgeEvery
}
