// Package blackbox drives the built binaries from outside, as people and
// programs do: over HTTP, the command line, files and signals. It imports nothing
// of Lintel. The harness lies in these files, the tests beside them.
package blackbox
