package main

import (
	"errors"
	"fmt"
)

// The exit codes.
const (
	exitDone   = 0 // what was asked for is done
	exitFailed = 1 // it could not be done
	exitUsage  = 2 // it was asked for wrongly
)

// usageError is an error of whoever typed the command.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported ends a command whose output has said what is wrong.
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
