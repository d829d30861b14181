// Package blackbox drives the built binaries from outside, as people and programs do:
// by HTTP, the command line, files and signals. It imports nothing of Lintel. This
// package is the harness, the tests are beside it.
package blackbox
