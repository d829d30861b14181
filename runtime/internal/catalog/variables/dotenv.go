package variables

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// FileError means that a .env file can't be read. It quotes nothing of the file.
type FileError struct {
	// Line is where the first bad statement begins, from 1; 0 if that isn't known.
	Line int
}

// Error returns a message without the line.
func (*FileError) Error() string { return "a line is not NAME=value" }

// ParseFile reads the text of a .env file. It expands nothing: a $ is a $. The error is
// a *FileError.
func ParseFile(src []byte) (map[string]string, error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	values, err := parse(src)
	if err != nil {
		return nil, &FileError{Line: badLine(src)}
	}
	return values, nil
}

var errNoName = errors.New("a line without a name")

// parse hides each $ from the parser, which would expand it.
func parse(src []byte) (map[string]string, error) {
	hidden := absent(src)
	if hidden != "" {
		src = bytes.ReplaceAll(src, []byte("$"), []byte(hidden))
	}
	values, err := godotenv.UnmarshalBytes(src)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		if name == "" {
			return nil, errNoName // a line without "="
		}
		if hidden != "" {
			values[name] = strings.ReplaceAll(value, hidden, "$")
		}
	}
	return values, nil
}

// absent returns a private-use character that the text doesn't hold, empty if the text
// holds no $.
func absent(src []byte) string {
	if bytes.IndexByte(src, '$') < 0 {
		return ""
	}
	for r := rune(0xE000); r <= 0xF8FF; r++ {
		if text := string(utf8.AppendRune(nil, r)); !bytes.Contains(src, []byte(text)) {
			return text
		}
	}
	return ""
}

// maxSearched bounds the lines that badLine searches.
const maxSearched = 300

// badLine returns the line after the last one up to which the text can be read. For a
// quoted value that isn't closed, that is its first line.
func badLine(src []byte) int {
	good, lines, end := 0, 0, 0
	for end < len(src) {
		next := bytes.IndexByte(src[end:], '\n') + 1
		if next == 0 {
			next = len(src) - end
		}
		end += next
		if lines++; lines > maxSearched {
			return 0
		}
		if _, err := parse(src[:end]); err == nil {
			good = lines
		}
	}
	return good + 1
}
