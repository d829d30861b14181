package postgrestype

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

// SQLSTATEs (PostgreSQL, Appendix A) that mean something of their own here.
const (
	undefinedTable  = "42P01"
	uniqueViolation = "23505"
	// A prepared statement that the server no longer has, or whose plan no longer
	// fits: prepared anew by the next try.
	noSuchStatement = "26000"
	planChanged     = "0A000"
)

// reason gives the SQLSTATE of an error, empty when the server gave none.
func reason(err error) string {
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		return reported.Code
	}
	return ""
}

// failure names what went wrong without quoting it: the driver's texts hold the
// connection's settings, the server's hold values. commits says that a lost
// answer leaves it unknown whether something was done.
func failure(err error, commits bool) error {
	if err == nil {
		return nil
	}
	f := &sqldirectory.FailureError{}
	if state := reason(err); state != "" {
		f.Reason = "SQLSTATE " + state
		f.Unique = state == uniqueViolation
		switch state[:2] {
		case "08", "57", "58", "XX": // connection, operator or crash, system, internal
			f.Unavailable, f.Unknown = true, commits
		case "28", "3D", "53", "55", "40", "25": // no access, resources, locks, deadlock, read-only replica
			f.Unavailable = true
		}
		if state == noSuchStatement || state == planChanged {
			f.Unavailable = true
		}
		return f
	}
	f.Unavailable = true
	f.Unknown = commits && !pgconn.SafeToRetry(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), pgconn.Timeout(err):
		f.Reason = "timeout"
	default:
		f.Reason = "connection"
	}
	return f
}
