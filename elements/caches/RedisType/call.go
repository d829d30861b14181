package redistype

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

const (
	firstPause = 5 * time.Millisecond
	lastPause  = 60 * time.Millisecond
)

// args are a script's arguments in order. The first one is the time, 0 for the server's.
type args struct{ list []any }

func (s *Store) args(n int) *args {
	return &args{list: append(make([]any, 0, n+1), s.now())}
}

func (a *args) add(values ...any) *args {
	for _, v := range values {
		switch v := v.(type) {
		case time.Duration:
			a.list = append(a.list, otpstate.Millis(v))
		case bool:
			n := 0
			if v {
				n = 1
			}
			a.list = append(a.list, n)
		case caches.Window:
			a.list = append(a.list, v.Max, otpstate.Millis(v.Per))
		default:
			a.list = append(a.list, v)
		}
	}
	return a
}

// limits adds shared limits after their number. In a Cluster there are none that a script
// could reach.
func (s *Store) limits(a *args, list []caches.SharedLimit) (keys []string) {
	if s.cluster {
		list = nil
	}
	a.add(len(list))
	for _, limit := range list {
		keys = append(keys, windowKey(limit))
		a.add(limit.Window)
	}
	return keys
}

// windows adds windows after their number.
func (a *args) windows(list ...caches.Window) *args {
	a.add(len(list))
	for _, w := range list {
		a.add(w)
	}
	return a
}

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, bound)
}

// call runs a script, and again with the same arguments until there is a reply, ctx ends
// or bound has passed. A script returns the same for the same request, so a lost reply
// costs no more than time.
func (s *Store) call(ctx context.Context, script *redis.Script, keys []string, a *args) (reply, error) {
	return retry(ctx, func(ctx context.Context) *redis.Cmd { return script.Run(ctx, s.client, keys, a.list...) })
}

// callWhole is call with the text of the script. While replies are lost, so is the one
// that the server doesn't know a script by its hash.
func (s *Store) callWhole(ctx context.Context, script *redis.Script, keys []string, a *args) (reply, error) {
	return retry(ctx, func(ctx context.Context) *redis.Cmd { return script.Eval(ctx, s.client, keys, a.list...) })
}

func retry(ctx context.Context, run func(context.Context) *redis.Cmd) (reply, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var unknown bool
	var answered *failure // the newest answer that was an error
	end := func(err error) (reply, error) {
		f := failed(err)
		if answered != nil && !isAnswer(err) {
			f.reason, f.misconfigured = answered.reason, answered.misconfigured
		}
		f.unknown, f.cause = unknown, context.Cause(ctx)
		return nil, f
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if err := ctx.Err(); err != nil { // nothing is sent any more
			return end(err)
		}
		r, err := run(ctx).Slice()
		if err == nil {
			return r, nil
		}
		again, ran := classify(err)
		unknown = unknown || ran
		if isAnswer(err) {
			answered = failed(err)
		}
		if !again || !sleep(ctx, pause+rand.N(pause)) { //nolint:gosec // spreads tries, no secret
			return end(err)
		}
	}
}

// sleep pauses. It reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// temporary are the errors of a server that will serve again soon.
var temporary = []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "MOVED", "ASK", "NOREPLICAS"}

func isAnswer(err error) bool {
	var answered redis.Error
	return errors.As(err, &answered)
}

// classify reports whether a retry may help after an error, and whether the script may
// have run.
func classify(err error) (again, ran bool) {
	var answered redis.Error
	if errors.As(err, &answered) {
		for _, word := range temporary {
			if strings.HasPrefix(answered.Error(), word) {
				return true, false
			}
		}
		return false, false
	}
	if errors.Is(err, redis.ErrClosed) {
		return false, false
	}
	var network *net.OpError
	if errors.As(err, &network) && network.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) {
		return true, false
	}
	return true, true
}
