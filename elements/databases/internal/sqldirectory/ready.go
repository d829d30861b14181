package sqldirectory

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// writeCounts is how long the outcome of a write stands for that of the next.
	writeCounts = time.Second
	// probeFill is the size of a test write after the space ran out: small ones may
	// still fit somewhere.
	probeFill = 256 << 10
)

// Tables are the tables that hold what an app must not lose.
var Tables = []string{
	"lintel_users", "lintel_corps", "lintel_members", "lintel_code_uses", "lintel_sessions", "lintel_devices",
	"lintel_signing_keys", "lintel_test_guesses", "lintel_sms_sends", "lintel_sms_receipts", "lintel_notices",
}

var (
	selectOne = statement(`SELECT 1`)
	testWrite = statement(`INSERT INTO lintel_test_writes (app_id, written_at, fill) VALUES ($1, {now}, $2)
		ON CONFLICT (app_id) DO UPDATE SET written_at = excluded.written_at, fill = excluded.fill`)
)

// lastWrite is the outcome of the newest write.
type lastWrite struct {
	at  time.Time
	err error
}

// observed is an Engine that remembers the outcome of its newest write.
type observed struct {
	Engine
	last atomic.Pointer[lastWrite]
}

// wrote remembers an outcome, unless it says nothing about other writes.
func (o *observed) wrote(err error) error {
	var f *FailureError
	if err == nil || errors.As(err, &f) && f.Unavailable && !f.TimedOut {
		o.last.Store(&lastWrite{time.Now(), err})
	}
	return err
}

func (o *observed) Run(ctx context.Context, s Statement, each func(Scan) error, args ...any) (int64, error) {
	n, err := o.Engine.Run(ctx, s, each, args...)
	if err == nil && n == 0 {
		return 0, nil
	}
	return n, o.wrote(err)
}

func (o *observed) Change(ctx context.Context, change func(Runner) error) error {
	return o.wrote(o.Engine.Change(ctx, change))
}

func (o *observed) Steps(ctx context.Context, steps ...Step) error {
	return o.wrote(o.Engine.Steps(ctx, steps...))
}

// Ready implements databases.Directory. Unless a write succeeded a moment ago, it tests
// one.
func (d *Directory) Ready(ctx context.Context) error {
	last := d.engine.last.Load()
	if last != nil && last.err == nil && time.Since(last.at) < writeCounts {
		return d.do(ctx, repeatable, func(ctx context.Context) error {
			return d.engine.Read(ctx, selectOne, nil)
		})
	}
	var fill []byte
	var f *FailureError
	if last != nil && errors.As(last.err, &f) && f.Full {
		fill = make([]byte, probeFill)
		_, _ = rand.Read(fill) // it must not be compressible
	}
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		err := d.engine.Test(ctx, Step{testWrite, []any{d.app, fill}})
		return d.engine.wrote(err)
	})
}
