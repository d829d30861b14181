package plugin

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
)

var errFrozen = errors.New("the plugin stopped answering and was killed")

// exit tells why a child has ended.
func exit(c *child) error {
	err := c.run.Err()
	var status *exec.ExitError
	if c.frozen.Load() && errors.As(err, &status) && status.ExitCode() == -1 { // by a signal: ours
		return errFrozen
	}
	if err != nil {
		return fmt.Errorf("the plugin ended: %w", err)
	}
	return errors.New("the plugin ended by itself")
}

// ownEnd puts the end of a process that ended by itself, before it served, in
// place of what go-plugin makes of the missing handshake.
func (c *child) ownEnd(err error) error {
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

// killed says whether a process was ended as the host ends one.
func killed(status *exec.ExitError) bool {
	wait, ok := status.Sys().(syscall.WaitStatus)
	return ok && wait.Signaled() && wait.Signal() == syscall.SIGKILL
}
