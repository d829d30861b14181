package postgrestype

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

// SQLSTATEs (PostgreSQL, Appendix A) with a meaning of their own.
const (
	undefinedTable  = "42P01"
	uniqueViolation = "23505"
	readOnly        = "25006"
	noRight         = "42501"
	noSuchSchema    = "3F000"
	noDatabase      = "3D000"
	diskFull        = "53100"
	// The server has lost a prepared statement, or its plan no longer fits. The next try
	// prepares it anew.
	noSuchStatement = "26000"
	planChanged     = "0A000"
)

// states are what SQLSTATEs mean for a store.
var states = map[string]struct {
	meaning string
	// misconfigured is set if waiting doesn't help.
	misconfigured bool
}{
	readOnly:        {"it is read-only: a standby, or default_transaction_read_only is on", false},
	undefinedTable:  {"a table is missing: restore the schema, or start anew in an empty one", true},
	"42703":         {"a column is missing: another version has made the tables", true},
	"55P03":         {"its tables are locked by another session", false},
	"57014":         {"a statement took too long", false},
	diskFull:        {"its disk is full", false},
	"53200":         {"it is out of memory", false},
	"53300":         {"it has too many connections: raise max_connections or lower pool_max_conns", false},
	"57P03":         {"it is starting or stopping", false},
	"28P01":         {"wrong user or password in the url", true},
	"28000":         {"the user of the url may not connect", true},
	noSuchStatement: {"a prepared statement is gone: behind a pooler, set default_query_exec_mode=exec in the url", false},
	"42P05":         {"a prepared statement is another session's: behind a pooler, set default_query_exec_mode=exec in the url", false},
}

// state returns the SQLSTATE of an error, or "".
func state(err error) string {
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		return reported.Code
	}
	return ""
}

// failure describes an error without quoting it: the driver's texts contain settings of
// the connection, and the server's contain values. After a lost reply the outcome is
// unknown if commits is set.
func (e *engine) failure(err error, commits bool) error {
	if err == nil {
		return nil
	}
	var described *sqldirectory.FailureError
	if errors.As(err, &described) {
		return described
	}
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		if reported.Code == readOnly {
			e.pool.Reset() // a new connection may reach the server that has taken over
		}
		return reportedFailure(reported, e.config, commits)
	}
	f := &sqldirectory.FailureError{Unavailable: true, Unknown: commits && !pgconn.SafeToRetry(err)}
	f.Reason, f.Misconfigured = unreachable(err)
	f.TimedOut = f.Reason == timedOut
	return f
}

// reportedFailure describes an error that the server reported.
func reportedFailure(reported *pgconn.PgError, config *pgx.ConnConfig, commits bool) error {
	code := reported.Code
	known, isKnown := states[code]
	f := &sqldirectory.FailureError{
		Reason: "SQLSTATE " + code, Unavailable: isKnown, Misconfigured: known.misconfigured,
		Unique: code == uniqueViolation, Full: code == diskFull,
	}
	meaning := known.meaning
	switch code {
	case noRight, noSuchSchema:
		meaning, f.Unavailable, f.Misconfigured = missingRight(reported.Message, config), true, true
	case noDatabase:
		meaning = "there is no database " + quoted(config.Database) + ": CREATE DATABASE " + quoted(config.Database) + " OWNER " + quoted(config.User)
		f.Unavailable, f.Misconfigured = true, true
	case "28000":
		if strings.Contains(reported.Message, "no encryption") || strings.Contains(reported.Message, "SSL off") {
			meaning = "pg_hba.conf has no entry for this user, database and address without TLS: add sslmode=require or verify-full to the url"
		}
	}
	if code == protocolViolation {
		meaning, f.Misconfigured = meaningOf(reported.Message, config)
	}
	switch code[:min(2, len(code))] {
	case "08", "57", "58", "XX": // connection, operator or crash, system, internal
		f.Unavailable, f.Unknown = true, commits
	case "28", "53", "55", "40", "25": // no access, resources, locks, deadlock, read-only
		f.Unavailable = true
	}
	if code == planChanged {
		f.Unavailable = true
	}
	if meaning != "" {
		f.Reason = meaning + " (" + f.Reason + ")"
	}
	return f
}

// plain are names that need no quotes.
var plain = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// denied begins the server's messages about rights.
const denied = "permission denied for "

// missingRight describes what the user may not do, and the statement that allows it. A
// message in another language than English isn't understood.
func missingRight(message string, config *pgx.ConnConfig) string {
	user := quoted(config.User)
	kind, name, _ := strings.Cut(strings.TrimPrefix(message, denied), " ")
	switch {
	case !strings.HasPrefix(message, denied):
		kind = ""
	case kind == "database", !plain.MatchString(name):
		name = quoted(name)
	}
	switch kind {
	case "schema":
		return "the user of the url has no rights on schema " + name + ": GRANT USAGE, CREATE ON SCHEMA " + name + " TO " + user
	case "table", "relation", "view", "sequence":
		return "the user of the url has no rights on " + kind + " " + name +
			": GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + user + " (or the schema that has the tables)"
	case "database":
		return "the user of the url has no rights on database " + name + ": GRANT CONNECT, CREATE ON DATABASE " + name + " TO " + user
	case "role", "to":
		return "the user of the url lacks a right"
	}
	return "the user of the url may not create or use tables in its schema: GRANT USAGE, CREATE ON SCHEMA public TO " + user +
		" (or the first schema of its search_path), and ownership of tables that another role has made"
}

func quoted(name string) string { return pgx.Identifier{strings.Trim(name, `"`)}.Sanitize() }

const timedOut = "timeout"

// unreachable describes why there is no connection, and whether waiting doesn't help.
func unreachable(err error) (reason string, misconfigured bool) {
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var dns *net.DNSError
	switch {
	case errors.As(err, &certificate):
		return "its certificate is not trusted: name its CA in sslrootcert, and the host as the certificate has it", true
	case errors.As(err, &alert):
		return "it refused the TLS connection: it may ask for a client certificate (sslcert, sslkey)", true
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "it has no TLS: turn ssl on there, or, in a private network, add sslmode=disable to the url", true
	case errors.Is(err, pgconn.ErrReadOnlyConnection), errors.Is(err, pgconn.ErrPrimaryConnection), errors.Is(err, pgconn.ErrStandbyConnection):
		return "no server of the url is as target_session_attrs asks", false
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "its host name isn't known (dns)", false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens at its address (refused)", false
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), pgconn.Timeout(err):
		return timedOut, false
	}
	return "the connection is lost or can't be made", false
}

// oldest is the first version of PostgreSQL that has what the statements need.
const oldest = 12

// checkVersion refuses a server that is too old, by its parameter server_version.
func checkVersion(reported string) error {
	var major int
	// Whoever speaks the protocol with a version of its own is tried.
	if n, _ := fmt.Sscanf(reported, "%d", &major); n == 0 || major >= oldest {
		return nil
	}
	return &sqldirectory.FailureError{
		Reason:      fmt.Sprintf("it is PostgreSQL %s, and %d or newer is needed", reported, oldest),
		Unavailable: true, Misconfigured: true,
	}
}
