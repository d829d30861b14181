package runner

import (
	"errors"
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes returns those of a process in a group of its own that dies with the host,
// which is needed until the guard knows the group.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// waitExit waits until the process has ended and leaves it to be reaped. It returns false
// if the system can't tell.
func waitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// closeRangeOnExec marks all descriptors from first on to be closed in child processes.
// It returns false on kernels before 5.11.
func closeRangeOnExec(first uint) bool {
	return unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil
}
