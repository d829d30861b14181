// Package utf8file checks that the text of a file is UTF-8, and says what to do where it
// isn't. A byte order mark of UTF-8 is allowed and left out.
package utf8file

import (
	"bytes"
	"unicode/utf8"
)

// Error means that a text is not UTF-8. It quotes nothing of the text.
type Error struct {
	// Line is that of the first byte that can't be read, from 1.
	Line    int
	message string
}

// Error returns a message without the line.
func (e *Error) Error() string { return e.message }

const mend = "; save it as UTF-8"

// Text returns the text without a byte order mark. Its error is an *Error.
func Text(src []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(src, []byte("\xff\xfe")), bytes.HasPrefix(src, []byte("\xfe\xff")):
		return nil, &Error{1, "the file is UTF-16" + mend}
	case bytes.IndexByte(src[:min(len(src), 256)], 0) >= 0:
		return nil, &Error{1, "the file holds NUL characters, as UTF-16 without a byte order mark does" + mend}
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if utf8.Valid(src) {
		return src, nil
	}
	at := firstInvalid(src)
	return nil, &Error{1 + bytes.Count(src[:at], []byte("\n")), "the file is not UTF-8, but perhaps GBK or another encoding" + mend}
}

// firstInvalid returns the index of the first byte that isn't part of a character.
func firstInvalid(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(src)
}
