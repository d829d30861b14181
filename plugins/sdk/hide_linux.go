package sdk

import "golang.org/x/sys/unix"

// hideMemory keeps other plugins, which run as the same user, from reading this one's
// environment and memory in /proc and from tracing it.
func hideMemory() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
