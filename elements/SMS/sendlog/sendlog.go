// Package sendlog writes down how messages were sent: it is told of each
// sendMessage of an SMS element after it has ended, and keeps its outcome in the
// default database, in batches, behind the callers' backs. Nothing that happens
// here delays or fails a send; what can't be kept is counted and dropped.
//
// It keeps no phone that isn't masked, and no code.
package sendlog

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime/element"
)

// Family is whose calls are watched.
const Family = "SMS.Meta"

const (
	// capacity is how many calls wait at most to be written down, batch how many
	// sends go into one transaction.
	capacity = 8192
	batch    = 200
	// linger is how long the first of a batch waits for others.
	linger = 200 * time.Millisecond
	// patience is how long a batch is tried again while the database is away.
	patience = 10 * time.Second
	retry    = 500 * time.Millisecond
)

func init() {
	element.RegisterWatcher(element.Watcher{Meta: Family, Open: open})
}

// log is the element.CallWatcher. One goroutine writes; it ends with Close.
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

var errNoLog = errors.New("the default database keeps no sends")

func start(store func() (databases.SendLog, func(), error), logger *slog.Logger) *log {
	l := &log{
		store: store, logger: logger, queue: make(chan element.EndedCall, capacity),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	go l.run()
	return l
}

// Called takes note of a call; reading it is left to the writer.
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

// Close writes down what is left, as far as ctx lets it.
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

// gather adds what comes within a moment.
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

// write keeps a batch, again and again for a while where the database is away.
func (l *log) write(sends []databases.Send) {
	if len(sends) == 0 {
		return
	}
	if n := l.dropped.Swap(0); n > 0 {
		l.logger.Warn("the database is too slow: sends were not written down", "sends", n)
	}
	until := time.Now().Add(patience)
	for {
		err := l.try(sends)
		if err == nil {
			return
		}
		again := errors.Is(err, databases.ErrUnavailable) && time.Now().Before(until)
		if again {
			select {
			case <-time.After(retry):
				continue
			case <-l.closing:
			}
		}
		if l.try(sends) != nil {
			l.logger.Warn("sends were not written down", "sends", len(sends), "error", err)
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
