// Package children starts processes and waits for them, so that a program that is PID 1
// can reap orphans beside them. An orphan becomes a child of PID 1, which must wait for
// it, while the exit of a process that the program started belongs to whoever waits for
// that. The package knows only processes.
package children

import (
	"os/exec"
	"sync"
)

var (
	// starting is held, shared, while a process is started, and alone while orphans are
	// reaped, so that none is reaped before it is known.
	starting sync.RWMutex

	mu    sync.Mutex
	known = make(map[int]struct{})
)

// Start starts a process that ReapOrphans leaves to Wait.
func Start(cmd *exec.Cmd) error {
	starting.RLock()
	defer starting.RUnlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	known[cmd.Process.Pid] = struct{}{}
	return nil
}

// Wait is cmd.Wait for a process that Start has started.
func Wait(cmd *exec.Cmd) error {
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		delete(known, cmd.Process.Pid)
	}()
	return cmd.Wait()
}

func isKnown(pid int) bool {
	mu.Lock()
	defer mu.Unlock()
	_, ok := known[pid]
	return ok
}
