package verification

import (
	"sync"
	"time"
)

const (
	// lostKept is how long a comparison whose answer was lost is remembered: the
	// stores know their requests for as long.
	lostKept = 10 * time.Minute
	// lostMost bounds how many are.
	lostMost = 10_000
)

// lost remembers operations whose comparison the store may have made without the
// answer having come: the caller was told that it failed. Whoever brings the same
// code again, with whatever key, goes on under the operation's name, so that the
// store answers what it would have answered. A right code that was taken then is
// not called wrong, and a wrong one burns one attempt. Each is handed out once.
type lost struct {
	mu  sync.Mutex
	ops map[string]lostOp
}

type lostOp struct {
	id    string
	until time.Time
}

func (l *lost) put(name, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if len(l.ops) >= lostMost {
		for name, op := range l.ops {
			if op.until.Before(now) {
				delete(l.ops, name)
			}
		}
	}
	if len(l.ops) >= lostMost {
		return
	}
	if l.ops == nil {
		l.ops = make(map[string]lostOp)
	}
	l.ops[name] = lostOp{id, now.Add(lostKept)}
}

func (l *lost) take(name string) (id string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	op, ok := l.ops[name]
	delete(l.ops, name)
	return op.id, ok && time.Now().Before(op.until)
}

// resume makes the operation go on where one that brought the same code, by the
// same caller, was lost. It comes before anything is named after the operation.
func (o *operation) resume(g guess) {
	if id, ok := o.lost.take(o.bringing(g)); ok {
		o.id = id
	}
}

// bringing names what is brought: a code, by whom, for what.
func (o *operation) bringing(g guess) string {
	caller := o.call.Caller
	return o.keys.request("", "brings", o.call.Element, g.identity, g.holder, g.purpose, g.digits, caller.UserID, caller.SessionID)
}
