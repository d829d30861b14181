package runner

import (
	"errors"
	"runtime"
	"sync"
)

// Spawner starts processes on one thread that lives as long as it does. Linux
// sends a process its parent-death signal when the thread that started it ends
// (https://github.com/golang/go/issues/27505), so that thread must be no other's.
type Spawner struct {
	work chan func()
	end  chan struct{}
	once sync.Once
	done chan struct{}
}

var errSpawnerClosed = errors.New("the host is closed")

// NewSpawner starts the thread.
func NewSpawner() *Spawner {
	s := &Spawner{work: make(chan func()), end: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		// Not unlocked: the thread ends with the goroutine.
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

// Close ends the thread; processes that it started are killed with it.
func (s *Spawner) Close() {
	s.once.Do(func() { close(s.end) })
	<-s.done
}
