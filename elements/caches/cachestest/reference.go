package cachestest

import (
	"context"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// reference is the plainest store: a map, a lock, and a clock that a test sets.
// Others are compared with it.
type reference struct {
	otpstate.Operations

	mu     sync.Mutex
	now    int64
	values map[otpstate.Name]kept
}

type kept struct {
	value   any
	expires int64
}

var _ caches.Store = (*reference)(nil)

func newReference() *reference {
	r := &reference{now: time.Now().UnixMilli(), values: make(map[otpstate.Name]kept)}
	r.Operations = otpstate.NewOperations(r.step, false)
	return r
}

func (r *reference) advance(d time.Duration) { r.now += otpstate.Millis(d) }

func (r *reference) step(_ context.Context, op otpstate.Operation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	op.Run(&otpstate.Step{Now: r.now, Values: r, Windows: otpstate.ValueWindows{Values: r}})
	return nil
}

// Load implements otpstate.Values.
func (r *reference) Load(n otpstate.Name) any {
	if k, ok := r.values[n]; ok && k.expires > r.now {
		return k.value
	}
	return nil
}

// Keep implements otpstate.Values.
func (r *reference) Keep(n otpstate.Name, value any, expires int64) {
	r.values[n] = kept{value, expires}
}

// Ready implements caches.Store.
func (r *reference) Ready(context.Context) error { return nil }
