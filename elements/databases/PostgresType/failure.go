package postgrestype

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

// SQLSTATEs (PostgreSQL, Appendix A) with a meaning of their own.
const (
	undefinedTable  = "42P01"
	uniqueViolation = "23505"
	// The server has lost a prepared statement, or its plan no longer fits. The next try
	// prepares it anew.
	noSuchStatement = "26000"
	planChanged     = "0A000"
)

// reason returns the SQLSTATE of an error, or "".
func reason(err error) string {
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		return reported.Code
	}
	return ""
}

// failure describes an error without quoting it: the driver's texts contain settings of
// the connection, and the server's contain values. After a lost reply the outcome is
// unknown if commits is set.
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
