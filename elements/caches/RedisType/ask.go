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

// args are a script's arguments in order; the first is the clock's offset.
type args struct{ list []any }

func (s *Store) args(n int) *args {
	return &args{list: append(make([]any, 0, n+1), s.offset.Load())}
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

// windows adds a list of windows, its length first.
func (a *args) windows(list ...caches.Window) *args {
	a.add(len(list))
	for _, w := range list {
		a.add(w)
	}
	return a
}

// failure is why an operation had no answer. It says nothing of addresses.
type failure struct {
	reason string
	// unknown: the script may have run.
	unknown bool
	cause   error
}

func (f *failure) Error() string { return Name + ": " + f.reason }

// Unwrap makes it a caches.ErrUnavailable, and the caller's own cancellation
// where it was that.
func (f *failure) Unwrap() []error {
	if f.cause != nil {
		return []error{caches.ErrUnavailable, f.cause}
	}
	return []error{caches.ErrUnavailable}
}

// ask runs a script, again and again with the same arguments until it is
// answered or ctx ends. Every script is answered the same way for the same
// request, so that a lost answer costs nothing but time.
func (s *Store) ask(ctx context.Context, script *redis.Script, keys []string, a *args) ([]any, error) {
	return patiently(ctx, func() *redis.Cmd { return script.Run(ctx, s.client, keys, a.list...) })
}

// tell is ask with a script that is sent whole: where answers are lost, so is the
// one that a server doesn't know a script by its hash.
func (s *Store) tell(ctx context.Context, script *redis.Script, keys []string, a *args) ([]any, error) {
	return patiently(ctx, func() *redis.Cmd { return script.Eval(ctx, s.client, keys, a.list...) })
}

func patiently(ctx context.Context, run func() *redis.Cmd) ([]any, error) {
	unknown := false
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		reply, err := run().Slice()
		if err == nil {
			return reply, nil
		}
		again, ran := judge(err)
		unknown = unknown || ran
		if !again {
			return nil, &failure{reason: describe(err), unknown: unknown}
		}
		timer := time.NewTimer(pause + rand.N(pause)) //nolint:gosec // spreads tries, no secret
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, &failure{reason: describe(err), unknown: unknown, cause: context.Cause(ctx)}
		}
	}
}

// passing are the words with which a server says that it will serve again soon.
var passing = []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "MOVED", "ASK", "NOREPLICAS"}

// judge says of an error whether asking again may help, and whether the script
// may have run.
func judge(err error) (again, ran bool) {
	var answered redis.Error
	if errors.As(err, &answered) {
		for _, word := range passing {
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

// describe names an error without the addresses and keys that its text may hold.
func describe(err error) string {
	var answered redis.Error
	var network net.Error
	switch {
	case errors.As(err, &answered):
		word, _, _ := strings.Cut(answered.Error(), " ")
		return "the server answered " + strings.TrimRight(word, ":")
	case errors.Is(err, redis.ErrClosed):
		return "closed"
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &network) && network.Timeout():
		return "the server is too slow"
	}
	return "the server can't be reached"
}
