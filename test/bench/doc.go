// Package bench measures the built binaries from outside: lintel serve under load, with
// a real Redis and PostgreSQL, against a bare Go handler that makes the same requests
// to the same servers, in turns in the same run. Everything is on loopback, and bounded
// in count and time. make bench runs it. Its results are in docs/performance.md.
package bench
