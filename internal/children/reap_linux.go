package children

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// retry is when to look again after a process that somebody else waits for stood first
// in line.
const retry = 50 * time.Millisecond

// ReapOrphans reaps every child that Start didn't start, until stop is called. All
// processes of the program must be started with Start.
func ReapOrphans() (stop func()) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var again <-chan time.Time
		for {
			if again = nil; reap() {
				again = time.After(retry)
			}
			select {
			case <-ended:
			case <-again:
			case <-end:
				return
			}
		}
	}()
	return func() {
		signal.Stop(ended)
		close(end)
		<-done
	}
}

// reap reaps the orphans that have ended, up to a process that is known. It reports
// whether there is one.
func reap() bool {
	starting.Lock()
	defer starting.Unlock()
	for {
		pid := firstEnded()
		if pid == 0 {
			return false
		}
		if isKnown(pid) {
			return true
		}
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
}

// pidOffset is where siginfo_t has the number: behind three ints, aligned as a pointer.
const pidOffset = (3*4 + unsafe.Sizeof(uintptr(0)) - 1) &^ (unsafe.Sizeof(uintptr(0)) - 1)

// firstEnded returns the first child that has ended, and leaves it to be reaped; 0 if
// there is none.
func firstEnded() int {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		switch err {
		case nil:
			return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), pidOffset))) //nolint:gosec // siginfo_t has no fields for it in Go
		case unix.EINTR:
		default:
			return 0
		}
	}
}
