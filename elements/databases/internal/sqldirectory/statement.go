// Package sqldirectory is the one implementation of databases.Directory, written
// once in the SQL that SQLite and PostgreSQL share. It knows statements and what
// they mean; an Engine knows one database, its connections and its failures.
package sqldirectory

import "strings"

// Dialect names a database.
type Dialect int

// The dialects.
const (
	SQLite Dialect = iota
	Postgres
)

// Statement is one SQL statement in every dialect; parameters are $1, $2, ….
type Statement struct{ text [2]string }

// In gives the text in a dialect; empty: there is nothing to do in that dialect.
func (s Statement) In(d Dialect) string { return s.text[d] }

var (
	inSQLite = strings.NewReplacer(
		"{now}", "CAST(unixepoch('subsec')*1000 AS INTEGER)",
		"{for update}", "",
		"{skip locked}", "",
	)
	inPostgres = strings.NewReplacer(
		"{now}", "(extract(epoch FROM now())*1000)::bigint",
		"{for update}", "FOR UPDATE",
		"{skip locked}", "FOR UPDATE SKIP LOCKED",
	)
)

// statement writes a statement down for both dialects. {now} is the store's time
// in milliseconds, {for update} locks the rows that a change has read, {skip
// locked} also passes over those that another transaction holds. SQLite needs
// neither: it lets one change in at a time.
func statement(text string) Statement {
	return Statement{[2]string{SQLite: inSQLite.Replace(text), Postgres: inPostgres.Replace(text)}}
}

// onPostgres is a statement that SQLite needs no counterpart of.
func onPostgres(text string) Statement {
	return Statement{[2]string{Postgres: text}}
}

// lock makes the transactions of one app and one subject wait for each other.
var lock = onPostgres(`SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))`)
