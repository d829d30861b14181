package runner

import (
	"errors"
	"runtime"
	"sync"
)

// Spawner starts processes on a thread of its own, since Linux sends a process its
// parent-death signal when the thread that started it ends
// (https://github.com/golang/go/issues/27505).
type Spawner struct {
	work chan func()
	end  chan struct{}
	once sync.Once
	done chan struct{}
}

var errSpawnerClosed = errors.New("the host is closed")

// NewSpawner starts the thread of a Spawner.
func NewSpawner() *Spawner {
	s := &Spawner{work: make(chan func()), end: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		// It isn't unlocked, so that the thread ends with the goroutine.
		runtime.LockOSThread()
		for {
			select {
			case f := <-s.work:
				f()
			case <-s.end:
				return
			}
		}
	}()
	return s
}

// do runs f on the thread and waits for it.
func (s *Spawner) do(f func() error) error {
	result := make(chan error, 1)
	select {
	case s.work <- func() { result <- f() }:
		return <-result
	case <-s.end:
		return errSpawnerClosed
	}
}

// Close ends the thread, and with it the processes that it started.
func (s *Spawner) Close() {
	s.once.Do(func() { close(s.end) })
	<-s.done
}
