// Package sendlog logs how messages were sent: after each sendMessage of an SMS
// element it stores the outcome in the default database, in batches and in the
// background. It never delays or fails a send; what it can't store is counted and
// dropped.
//
// It stores only masked phones, and no login codes.
package sendlog

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// capacity bounds the calls that wait to be logged, batch the sends of one
	// transaction.
	capacity = 8192
	batch    = 200
	// linger is how long the first send of a batch waits for others.
	linger = 200 * time.Millisecond
	// retryFor is how long a batch is retried while the database is unavailable.
	retryFor   = 10 * time.Second
	retryDelay = 500 * time.Millisecond
)

func init() {
	element.RegisterWatcher(element.Watcher{Meta: smscode.Family, Open: open})
}

// log is the element.CallWatcher. One goroutine writes; Close ends it.
type log struct {
	store  func() (databases.SendLog, func(), error)
	logger *slog.Logger

	queue   chan element.EndedCall
	dropped atomic.Int64
	closing chan struct{}
	done    chan struct{}
}

func open(env element.Env) (element.CallWatcher, error) {
	return start(func() (databases.SendLog, func(), error) {
		instance, release, err := env.Elements.Default(element.DefaultDatabase)
		if err != nil {
			return nil, nil, err
		}
		store, ok := instance.(databases.SendLog)
		if !ok {
			release()
			return nil, nil, errNoLog
		}
		return store, release, nil
	}, env.Logger), nil
}

var errNoLog = errors.New("the default database stores no sends")

func start(store func() (databases.SendLog, func(), error), logger *slog.Logger) *log {
	l := &log{
		store: store, logger: logger, queue: make(chan element.EndedCall, capacity),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	go l.run()
	return l
}

// Called queues a call for the writer.
func (l *log) Called(ended element.EndedCall) {
	if ended.Function != "sendMessage" {
		return
	}
	select {
	case l.queue <- ended:
	default:
		l.dropped.Add(1)
	}
}

// Close stores what is queued until ctx ends.
func (l *log) Close(ctx context.Context) error {
	close(l.closing)
	select {
	case <-l.done:
	case <-ctx.Done():
	}
	return nil
}

func (l *log) run() {
	defer close(l.done)
	for {
		select {
		case first := <-l.queue:
			l.write(l.gather(sendsOf(first)))
		case <-l.closing:
			for {
				select {
				case left := <-l.queue:
					l.write(l.gather(sendsOf(left)))
				default:
					return
				}
			}
		}
	}
}

// gather adds the sends that arrive while the batch lingers.
func (l *log) gather(sends []databases.Send) []databases.Send {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	closing := l.closing
	for len(sends) < batch {
		select {
		case next := <-l.queue:
			sends = append(sends, sendsOf(next)...)
			continue
		default:
		}
		select {
		case next := <-l.queue:
			sends = append(sends, sendsOf(next)...)
		case <-timer.C:
			return sends
		case <-closing:
			return sends
		}
	}
	return sends
}

// write stores a batch and retries while the database is unavailable.
func (l *log) write(sends []databases.Send) {
	if len(sends) == 0 {
		return
	}
	if n := l.dropped.Swap(0); n > 0 {
		l.logger.Warn("the database is too slow: sends were not logged", "sends", n)
	}
	until := time.Now().Add(retryFor)
	for {
		err := l.try(sends)
		if err == nil {
			return
		}
		again := errors.Is(err, databases.ErrUnavailable) && time.Now().Before(until)
		if again {
			select {
			case <-time.After(retryDelay):
				continue
			case <-l.closing:
			}
		}
		if l.try(sends) != nil {
			l.logger.Warn("sends were not logged", "sends", len(sends), "error", err)
		}
		return
	}
}

func (l *log) try(sends []databases.Send) error {
	store, release, err := l.store()
	if err != nil {
		return err
	}
	defer release()
	return store.AddSends(context.Background(), sends)
}
