package variables

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// FileError says that a .env file can't be read. It quotes nothing of it.
type FileError struct {
	// Line is where the first statement that can't be read begins, from 1; 0 where
	// that isn't known.
	Line int
}

// Error doesn't name the line.
func (*FileError) Error() string { return "a line is not NAME=value" }

// ParseFile reads the text of a .env file. Values are taken as they stand: a $ is
// a $. The error is a *FileError.
func ParseFile(src []byte) (map[string]string, error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	values, err := parse(src)
	if err != nil {
		return nil, &FileError{Line: badLine(src)}
	}
	return values, nil
}

var errNoName = errors.New("a line without a name")

// parse hides each $ from the parser, which would expand it and what follows.
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
			return nil, errNoName // what the parser makes of a line without "="
		}
		if hidden != "" {
			values[name] = strings.ReplaceAll(value, hidden, "$")
		}
	}
	return values, nil
}

// absent gives a character, of those for private use, that a text with a $ has
// not; empty where there is no $.
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

// maxLooked bounds the lines among which a bad one is sought.
const maxLooked = 300

// badLine is the line behind the last one up to which the text can be read: of a
// quoted value that isn't closed that is where it begins.
func badLine(src []byte) int {
	good, lines, end := 0, 0, 0
	for end < len(src) {
		next := bytes.IndexByte(src[end:], '\n') + 1
		if next == 0 {
			next = len(src) - end
		}
		end += next
		if lines++; lines > maxLooked {
			return 0
		}
		if _, err := parse(src[:end]); err == nil {
			good = lines
		}
	}
	return good + 1
}
