package sqlitetype

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
)

const (
	// writeCounts is how long the outcome of a transaction stands for that of the next.
	writeCounts = time.Second
	// testFill is the size of a test write after the space ran out: small ones may
	// still fit somewhere.
	testFill = 256 << 10
)

// testKey is the key of test writes. No operation has such a key.
var testKey = []byte("\x00test")

// outcome is how a transaction ended, nil for good.
type outcome struct {
	at  time.Time
	err error
}

func (s *Store) wrote(err error) { s.last.Store(&outcome{time.Now(), err}) }

// Ready returns an error if the file can't be written. Unless a transaction succeeded a
// moment ago, it writes.
func (s *Store) Ready(ctx context.Context) error {
	last := s.last.Load()
	if last != nil && last.err == nil && time.Since(last.at) < writeCounts {
		return s.checkFile()
	}
	fill := []byte{0}
	if last != nil && sqlitefile.IsFull(last.err) {
		fill = make([]byte, testFill)
		_, _ = rand.Read(fill)
	}
	if err := s.checkFile(); err != nil {
		return err
	}
	return s.do(ctx, &job{run: func(t *tx) error {
		t.wrote = true
		if _, err := run(t.session.put, testKey, fill, s.now()+time.Minute.Milliseconds()); err != nil {
			t.fail(err)
			return unavailable(err)
		}
		return nil
	}})
}

// checkFile fails if the file was removed or replaced.
func (s *Store) checkFile() error {
	if held := s.held.Load(); held != nil {
		if err := held.Check(); err != nil {
			return unavailable(err)
		}
	}
	return nil
}
