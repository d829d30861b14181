package plugin

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Phase is a phase in the life of a process.
type Phase string

// The phases.
const (
	Idle     Phase = "idle"     // not needed yet
	Starting Phase = "starting" // calls wait
	Ready    Phase = "ready"    // calls are served
	Draining Phase = "draining" // calls in flight finish
	Backoff  Phase = "backoff"  // it exited and is started again soon
	Failed   Phase = "failed"   // it exited too often and is tried again later
	Stopped  Phase = "stopped"  // for good
)

// State describes a process to operators.
type State struct {
	Phase Phase
	PID   int
	// Since is when the phase began.
	Since time.Time
	// Restarts counts starts after the first.
	Restarts int
	// Instances counts the instances that it serves, InFlight the calls.
	Instances, InFlight int
	// LastError tells why it last ended or didn't start. It may name files.
	LastError string
	// LastLines are the last lines that the newest process printed.
	LastLines []string
}

// TypeState is the State of a Type's process.
type TypeState struct {
	Type string
	State
}

// States returns the states of all processes, in the order of their Types.
func (h *Host) States() []TypeState {
	var states []TypeState
	for _, p := range h.all() {
		states = append(states, TypeState{Type: p.typ, State: p.State()})
	}
	slices.SortFunc(states, func(a, b TypeState) int { return cmp.Compare(a.Type, b.Type) })
	return states
}

// drainPoll is the interval at which Drain looks at the calls in flight.
const drainPoll = 5 * time.Millisecond

// Drain returns when no process has a call in flight, or with ctx's error.
func (h *Host) Drain(ctx context.Context) error {
	tick := time.NewTicker(drainPoll)
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
