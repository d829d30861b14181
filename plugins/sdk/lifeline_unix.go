//go:build unix

package sdk

import "syscall"

// prepareLifeline keeps child processes from inheriting the descriptor, and lets the
// Go runtime poll it.
func prepareLifeline(fd int) {
	syscall.CloseOnExec(fd)
	_ = syscall.SetNonblock(fd, true)
}
