package plugin

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// TypeState is the State of a Type's process.
type TypeState struct {
	Type string
	State
}

// States tells how all processes are, in the order of their Types.
func (h *Host) States() []TypeState {
	var states []TypeState
	for _, p := range h.all() {
		states = append(states, TypeState{Type: p.typ, State: p.State()})
	}
	slices.SortFunc(states, func(a, b TypeState) int { return cmp.Compare(a.Type, b.Type) })
	return states
}

// drainLook is the pause between two looks at what is in flight.
const drainLook = 5 * time.Millisecond

// Drain returns when no process has a call in flight, or with ctx's error.
func (h *Host) Drain(ctx context.Context) error {
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	for h.inFlight() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (h *Host) inFlight() int {
	n := 0
	for _, p := range h.all() {
		n += p.State().InFlight
	}
	return n
}

func (h *Host) all() []*Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*Process, 0, len(h.processes))
	for _, p := range h.processes {
		all = append(all, p)
	}
	return all
}
