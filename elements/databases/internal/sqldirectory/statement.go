// Package sqldirectory implements databases.Directory in the SQL that SQLite and
// PostgreSQL share. It knows statements and what they mean. It doesn't know
// connections, pools and failures: those are an Engine's.
package sqldirectory

import "strings"

// Dialect is the SQL of a database.
type Dialect int

// The dialects.
const (
	SQLite Dialect = iota
	Postgres
)

// Statement is one SQL statement in every dialect; parameters are $1, $2, ….
type Statement struct{ text [2]string }

// In returns the text in a dialect. It is empty if that dialect needs no statement.
func (s Statement) In(d Dialect) string { return s.text[d] }

var (
	inSQLite = strings.NewReplacer(
		"{now}", "CAST(unixepoch('subsec')*1000 AS INTEGER)",
		"{for update}", "",
		"{for share}", "",
		"{skip locked}", "",
	)
	inPostgres = strings.NewReplacer(
		"{now}", "(extract(epoch FROM now())*1000)::bigint",
		"{for update}", "FOR UPDATE",
		"{for share}", "FOR SHARE OF u",
		"{skip locked}", "FOR UPDATE SKIP LOCKED",
	)
)

// statement returns a statement for both dialects. {now} is the database's time in
// milliseconds, {for update} locks the rows that a change has read, {for share} keeps
// those of u from being changed, {skip locked} also skips rows that another transaction
// has locked. SQLite needs none of them: it runs one change at a time.
func statement(text string) Statement {
	return Statement{[2]string{SQLite: inSQLite.Replace(text), Postgres: inPostgres.Replace(text)}}
}

// onPostgres returns a statement that SQLite needs no counterpart of.
func onPostgres(text string) Statement {
	return Statement{[2]string{Postgres: text}}
}

// lock makes the transactions of an app on a subject wait for each other.
var lock = onPostgres(`SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))`)
