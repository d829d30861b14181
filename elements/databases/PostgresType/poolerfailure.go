package postgrestype

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// protocolViolation is the SQLSTATE of nearly all that PgBouncer itself refuses, so that
// its messages, which are never translated, have to tell one from another.
const protocolViolation = "08P01"

// refusedParameter begins PgBouncer's message about a setting of the URL.
const refusedParameter = "unsupported startup parameter"

// refusals are what PgBouncer's messages mean, by a part of them.
var refusals = []struct {
	part, meaning string
	// misconfigured is set if waiting doesn't help.
	misconfigured bool
}{
	{"transaction blocks not allowed", "PgBouncer pools by statement, which has no transactions: set pool_mode=transaction there", true},
	{"authentication failed", "PgBouncer refused the user or password of the url: see its auth_file and auth_query", true},
	{"no such user", "PgBouncer doesn't know the user of the url: add it to its auth_file or auth_query", true},
	{"max_client_conn", "PgBouncer has too many connections: raise its max_client_conn or lower pool_max_conns", false},
	{"query_wait_timeout", "PgBouncer had no connection free in time: raise its default_pool_size", false},
	{"is disabled", "PgBouncer has disabled the database: ENABLE it there", false},
	{"server login", "PgBouncer can't log in to the server: its log has the cause", false},
	{"server_login_retry", "PgBouncer can't log in to the server: its log has the cause", false},
	{"server down", "PgBouncer can't reach the server: its log has the cause", false},
	{"cannot connect", "PgBouncer can't reach the server: its log has the cause", false},
	{"not allowed", "PgBouncer doesn't admit the user of the url to the database of the url", true},
}

// meaningOf returns what a message of PgBouncer means, or "", and whether waiting doesn't
// help.
func meaningOf(message string, config *pgx.ConnConfig) (meaning string, misconfigured bool) {
	if _, name, found := strings.Cut(message, refusedParameter); found {
		name = strings.TrimPrefix(strings.TrimPrefix(name, " in options"), ": ")
		name, _, _ = strings.Cut(name, "=")
		if !plain.MatchString(name) {
			name = "NAME"
		}
		return "PgBouncer refuses the parameter " + name + " of the url: take it out, and set it for the role: ALTER ROLE " +
			quoted(config.User) + " SET " + name + " = …", true
	}
	if strings.Contains(message, "no such database") || strings.HasSuffix(message, "does not exist") && strings.HasPrefix(message, "database ") {
		return "PgBouncer finds no database " + quoted(config.Database) + ": name it in its section [databases], and create it on the server", true
	}
	for _, known := range refusals {
		if strings.Contains(message, known.part) {
			return known.meaning, known.misconfigured
		}
	}
	return "", false
}
