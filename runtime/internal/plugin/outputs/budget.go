package outputs

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound the lines that one process logs. Debug and info lines have one budget,
// warnings and errors another of the same size, so that the first can't displace the
// second.
type Limits struct {
	// LinesPerSecond and BytesPerSecond allow bursts of twice as much.
	LinesPerSecond, BytesPerSecond float64
	// LinesPerCall and BytesPerCall are allowed in addition for each call of the process,
	// so that a busy one is none that floods.
	LinesPerCall, BytesPerCall float64
	// Kept is how many of the last lines are kept for a crash report, KeptLine how many
	// bytes of each.
	Kept, KeptLine int
}

// DefaultLimits returns limits for a production log.
func DefaultLimits() Limits {
	return Limits{
		LinesPerSecond: 200, BytesPerSecond: 1 << 20,
		LinesPerCall: 8, BytesPerCall: 8 << 10,
		Kept: 64, KeptLine: 1024,
	}
}

// savedCalls bounds the calls whose allowance is saved up.
const savedCalls = 4096

// budget is what is left of the limits for lines of some levels.
type budget struct {
	limits       Limits
	lines, bytes float64
	filled       time.Time
}

func newBudget(limits Limits) budget {
	return budget{limits, 2 * limits.LinesPerSecond, 2 * limits.BytesPerSecond, time.Now()}
}

// fill adds what has become available since the last time: by time up to a burst, by
// calls beyond it.
func (b *budget) fill(now time.Time, calls float64) {
	passed := now.Sub(b.filled).Seconds()
	b.filled = now
	add := func(have *float64, perSecond, perCall float64) {
		*have = max(*have, min(*have+passed*perSecond, 2*perSecond))
		*have = max(*have, min(*have+calls*perCall, 2*perSecond+savedCalls*perCall))
	}
	add(&b.lines, b.limits.LinesPerSecond, b.limits.LinesPerCall)
	add(&b.bytes, b.limits.BytesPerSecond, b.limits.BytesPerCall)
}

// take reports whether there is room for a line, and takes it.
func (b *budget) take(size int) bool {
	if b.lines < 1 || b.bytes < float64(size) {
		return false
	}
	b.lines--
	b.bytes -= float64(size)
	return true
}

// admission admits the lines of a process within the limits. It counts the others and
// has their number logged a second after the first of them.
type admission struct {
	report func(Dropped)
	calls  atomic.Int64 // since the budgets were filled

	mu                  sync.Mutex
	ordinary, important budget
	dropped             Dropped
}

// Dropped is how many lines were dropped, by level.
type Dropped struct{ Debug, Info, Warn, Error int }

const reportInterval = time.Second

func newAdmission(limits Limits, report func(Dropped)) *admission {
	return &admission{report: report, ordinary: newBudget(limits), important: newBudget(limits)}
}

func (a *admission) admit(level slog.Level, size int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, calls := time.Now(), float64(a.calls.Swap(0))
	a.ordinary.fill(now, calls)
	a.important.fill(now, calls)
	from := &a.ordinary
	if level >= slog.LevelWarn {
		from = &a.important
	}
	if from.take(size) {
		return true
	}
	if a.dropped == (Dropped{}) {
		time.AfterFunc(reportInterval, a.flush)
	}
	switch {
	case level >= slog.LevelError:
		a.dropped.Error++
	case level >= slog.LevelWarn:
		a.dropped.Warn++
	case level >= slog.LevelInfo:
		a.dropped.Info++
	default:
		a.dropped.Debug++
	}
	return false
}

// flush reports the lines that were dropped since the last report.
func (a *admission) flush() {
	a.mu.Lock()
	dropped := a.dropped
	a.dropped = Dropped{}
	a.mu.Unlock()
	if dropped != (Dropped{}) {
		a.report(dropped)
	}
}

// levelOf returns the level of a raw line without parsing it.
func levelOf(raw []byte) slog.Level {
	if len(raw) == 0 || raw[0] != '{' {
		return textLevel(string(raw[:min(len(raw), 32)]))
	}
	_, rest, _ := bytes.Cut(raw, []byte(`"@level"`))
	rest, _ = bytes.CutPrefix(bytes.TrimLeft(rest, ": \t"), []byte(`"`))
	name, _, _ := bytes.Cut(rest[:min(len(rest), 32)], []byte(`"`))
	level, _ := Level(string(name))
	return level
}
