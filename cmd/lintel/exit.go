package main

import (
	"errors"
	"fmt"
)

// The exit codes.
const (
	exitDone   = 0 // the work is done
	exitFailed = 1 // the work failed
	exitUsage  = 2 // the command was used wrongly
)

// usageError marks an error in how the command was used.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported ends a command whose output has already said what is wrong.
var errReported = errors.New("the work failed")

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, new(usageError)):
		return exitUsage
	default:
		return exitFailed
	}
}
