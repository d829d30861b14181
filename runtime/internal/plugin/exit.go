package plugin

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
)

var errFrozen = errors.New("the plugin stopped answering and was killed")

// exitError returns why a child has ended.
func exitError(c *child) error {
	err := c.run.Err()
	var status *exec.ExitError
	if c.frozen.Load() && errors.As(err, &status) && status.ExitCode() == -1 { // by our signal
		return errFrozen
	}
	if err != nil {
		return fmt.Errorf("the plugin ended: %w", err)
	}
	return errors.New("the plugin ended by itself")
}

// startError returns the exit of a process that ended before it served, in place of
// go-plugin's error about the missing handshake.
func (c *child) startError(err error) error {
	select {
	case <-c.run.Done():
	default:
		return err
	}
	end := c.run.Err()
	if end == nil {
		return errors.New("the plugin ended before it served: exit status 0")
	}
	var status *exec.ExitError
	if errors.As(end, &status) && !killed(status) {
		return fmt.Errorf("the plugin ended before it served: %w", end)
	}
	return err
}

// killed reports whether a process was ended by SIGKILL, as the host does it.
func killed(status *exec.ExitError) bool {
	wait, ok := status.Sys().(syscall.WaitStatus)
	return ok && wait.Signaled() && wait.Signal() == syscall.SIGKILL
}
