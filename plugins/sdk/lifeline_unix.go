//go:build unix

package sdk

import "syscall"

// prepareLifeline keeps the descriptor from children of the plugin and lets the
// Go runtime wait for it without a thread.
func prepareLifeline(fd int) {
	syscall.CloseOnExec(fd)
	_ = syscall.SetNonblock(fd, true)
}
