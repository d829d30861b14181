package runner

import (
	"os"
	"strconv"
	"syscall"
)

// firstOther is the first descriptor after standard input, output and error.
const firstOther = 3

// KeepFiles marks inherited files to be closed in child processes. Go marks the files
// that it opens itself, but not those that were open at the start of this process, such
// as a listener or the file of a secret.
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
