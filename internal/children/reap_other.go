//go:build !linux

package children

// ReapOrphans does nothing, since only in a Linux container a program is PID 1.
func ReapOrphans() (stop func()) { return func() {} }
