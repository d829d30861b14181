package catalog

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Bounds that keep a hostile directory from holding up the loader.
const (
	maxDepth       = 32      // directories below each other
	maxEntries     = 200_000 // entries of one directory
	maxDirectories = 400_000 // directories of one root
	maxElements    = 100_000 // elements of one root
	maxChain       = 32      // Types derived from each other
	maxParents     = 32      // apps above each other
	maxFile        = 1 << 20 // e.json, configuration, app.json, .env
	maxDescription = 4 << 20
)

var (
	segmentPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	barePattern    = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	appIDPattern   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*\.[A-Za-z0-9_][A-Za-z0-9_-]*$`)
)

// ValidName says whether a text can be a full name: segments joined by dots.
func ValidName(name string) bool {
	for segment := range strings.SplitSeq(name, ".") {
		if !segmentPattern.MatchString(segment) {
			return false
		}
	}
	return true
}

// FullName gives the full name of the element in a directory, by its path with
// slashes below the root. bad is the first segment that no name may have; both
// are empty for the root itself and what counts as it.
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

// holdsNoElements says whether a directory of this name is passed over.
func holdsNoElements(name string) bool {
	switch name {
	case "dist", "appData", "commons", "test", "node_modules":
		return true
	}
	return strings.HasPrefix(name, ".")
}

func lastSegment(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// localFile cleans the name of a file in an element's directory: "./a.json" and
// "a.json" are one. It fails for what is no such name.
func localFile(name string) (string, bool) {
	name = strings.TrimPrefix(name, "./")
	return name, fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\\x00")
}

// codeKind is what a backendBundleEntry names.
type codeKind int

const (
	noCode codeKind = iota
	builtinCode
	localCode // ./name
	bareCode
	badCode
)

func classify(entry string) (codeKind, string) {
	switch {
	case entry == "" || entry == ".":
		return noCode, ""
	case entry == "builtin":
		return builtinCode, ""
	case strings.HasPrefix(entry, "./"):
		if name, ok := localFile(entry); ok {
			return localCode, name
		}
	case barePattern.MatchString(entry) && !slices.Contains([]string{"..", "..."}, entry):
		return bareCode, entry
	}
	return badCode, ""
}
