// Package manifest reads e.json and app.json: their keys, names and bounds. It knows
// no other element and no directory.
package manifest

import (
	"io/fs"
	"regexp"
	"strings"
)

var (
	segmentPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	barePattern    = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	appIDPattern   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*\.[A-Za-z0-9_][A-Za-z0-9_-]*$`)
)

// ValidName reports whether a text can be a full name: segments joined by dots.
func ValidName(name string) bool {
	for segment := range strings.SplitSeq(name, ".") {
		if !segmentPattern.MatchString(segment) {
			return false
		}
	}
	return true
}

// FullName returns the full name of the element in a directory, given its slash-
// separated path below the root. bad is the first segment that is not allowed in a
// name. Both are empty for the root itself.
func FullName(dir string) (name, bad string) {
	var segments []string
	for segment := range strings.SplitSeq(dir, "/") {
		switch {
		case segment == "." || segment == "frontend" || segment == "backend":
		case !segmentPattern.MatchString(segment):
			return "", segment
		default:
			segments = append(segments, segment)
		}
	}
	return strings.Join(segments, "."), ""
}

// Skipped reports whether directories of this name hold no elements.
func Skipped(name string) bool {
	switch name {
	case "dist", "appData", "commons", "test", "node_modules":
		return true
	}
	return strings.HasPrefix(name, ".")
}

// LastSegment returns the last segment of a full name.
func LastSegment(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// LocalFile returns the name of a file in an element's directory without "./". It
// fails for anything else.
func LocalFile(name string) (string, bool) {
	name = strings.TrimPrefix(name, "./")
	return name, fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\\x00")
}

// Code is what a backendBundleEntry names.
type Code struct {
	Kind CodeKind
	// Name is the file of LocalCode and the executable of BareCode.
	Name string
}

// CodeKind tells where the code of an element comes from.
type CodeKind int

// The kinds of code.
const (
	NoCode      CodeKind = iota
	BuiltinCode          // "builtin"
	LocalCode            // "./name" of a file beside e.json
	BareCode             // a bare name, looked up in the plugin directories
)

func parseCode(entry string) (code Code, ok bool) {
	switch {
	case entry == "" || entry == ".":
		return Code{}, true
	case entry == "builtin":
		return Code{Kind: BuiltinCode}, true
	case strings.HasPrefix(entry, "./"):
		name, ok := LocalFile(entry)
		return Code{LocalCode, name}, ok
	case barePattern.MatchString(entry) && entry != ".." && entry != "...":
		return Code{BareCode, entry}, true
	}
	return Code{}, false
}
