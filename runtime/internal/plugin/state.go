package plugin

import "time"

// Phase is where a process is in its life.
type Phase string

// The phases.
const (
	// Idle: not asked for yet.
	Idle Phase = "idle"
	// Starting: calls wait.
	Starting Phase = "starting"
	// Ready: calls are served.
	Ready Phase = "ready"
	// Draining: no new calls; those in flight finish.
	Draining Phase = "draining"
	// Backoff: it ended and will be started again.
	Backoff Phase = "backoff"
	// Failed: it ended too often; it is tried again later.
	Failed Phase = "failed"
	// Stopped for good.
	Stopped Phase = "stopped"
)

// State is what operators see of a process.
type State struct {
	Phase Phase
	PID   int
	// Since is when the phase began.
	Since time.Time
	// Restarts counts starts after the first.
	Restarts int
	// Instances counts the instances that it is to serve, InFlight the calls that
	// it serves.
	Instances, InFlight int
	// LastError tells why it last ended or didn't start; it may name files.
	LastError string
	// LastLines are the last lines it printed, of the newest process or of the one
	// that ended last.
	LastLines []string
}
