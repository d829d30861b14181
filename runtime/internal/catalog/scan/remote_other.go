//go:build !linux

package scan

// Remote reports whether a directory lies in a file system that doesn't report
// changes made elsewhere.
func Remote([]string) bool { return false }
