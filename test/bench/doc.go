// Package bench measures the built binaries from outside: a lintel serve on a
// real Redis and PostgreSQL under load, against a bare Go handler that makes the
// same requests of the same servers in the same run, by turns. Everything is on
// loopback, and bounded in count and time. make bench runs it; what came out
// stands in docs/performance.md.
package bench
