package runner

import (
	"errors"
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes: a process group of its own, and death with the host. The second is
// for the moment between the start and the guard's hearing of it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// waitExit returns when the process has ended, and leaves it to be reaped. False:
// the system can't tell.
func waitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// closeRangeOnExec marks all descriptors from first on. False: the kernel is older
// than 5.11, which has that.
func closeRangeOnExec(first uint) bool {
	return unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil
}
