package runner

import (
	"os"
	"strconv"
	"syscall"
)

// firstOther is the first descriptor behind standard input, output and error.
const firstOther = 3

// KeepFiles has what this process was started with open end at the start of
// another: Go marks the files that it opens itself so, but not those that whoever
// started it left open, and a plugin would find a listener or a secret's file there.
// Nothing changes for this process.
func KeepFiles() {
	if closeRangeOnExec(firstOther) {
		return
	}
	entries, _ := os.ReadDir("/dev/fd")
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= firstOther {
			syscall.CloseOnExec(fd)
		}
	}
}
