package runner

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes returns those of a process in a group of its own.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// waitExit waits until the process has ended and leaves it to be reaped. It uses kqueue,
// since waitid returns for a stopped process too on this system
// (https://github.com/golang/go/issues/19314). It returns false if the system can't tell.
func waitExit(pid int) bool {
	queue, err := unix.Kqueue()
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(queue) }()
	unix.CloseOnExec(queue)
	change := unix.Kevent_t{Fflags: unix.NOTE_EXIT}
	unix.SetKevent(&change, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	events := make([]unix.Kevent_t, 1)
	for {
		_, err := unix.Kevent(queue, []unix.Kevent_t{change}, events, nil)
		if !errors.Is(err, unix.EINTR) {
			// A process that has ended already can't be watched any more.
			return err == nil || errors.Is(err, unix.ESRCH)
		}
	}
}

// closeRangeOnExec returns false, since this system has no such call.
func closeRangeOnExec(uint) bool { return false }
