package fromcurl

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// words splits a command as a POSIX shell does: quotes, escapes, $'…' and lines that
// continue. A variable of the shell becomes {{NAME}}. What follows the command, such as
// a pipe, is left out.
func words(command string) ([]string, error) {
	l := &lexer{text: strings.ReplaceAll(command, "\r\n", "\n")}
	for l.at < len(l.text) && !l.ended {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.endWord()
	return l.words, nil
}

type lexer struct {
	text   string
	at     int
	word   strings.Builder
	inWord bool
	ended  bool
	words  []string
}

func (l *lexer) endWord() {
	if l.inWord {
		l.words = append(l.words, l.word.String())
	}
	l.word.Reset()
	l.inWord = false
}

func (l *lexer) add(text string) {
	l.word.WriteString(text)
	l.inWord = true
}

var errSubstitution = errors.New("the command contains a substitution, `…` or $(…): write its result instead")

// next reads one character or quoted part.
func (l *lexer) next() error {
	c := l.text[l.at]
	rest := l.text[l.at:]
	switch {
	case c == '\n':
		// A command may be pasted with lines that don't continue: curl's own end at no
		// option.
		l.endWord()
		l.at++
	case c == ' ' || c == '\t':
		l.endWord()
		l.at++
	case strings.HasPrefix(rest, "\\\n"):
		l.at += 2
	case c == '\\' && len(rest) > 1:
		_, size := utf8.DecodeRuneInString(rest[1:])
		l.add(rest[1 : 1+size])
		l.at += 1 + size
	case c == '\'':
		end := strings.IndexByte(rest[1:], '\'')
		if end < 0 {
			return errors.New("a quote ' has no end")
		}
		l.add(rest[1 : 1+end])
		l.at += end + 2
	case strings.HasPrefix(rest, "$'"):
		return l.ansi()
	case c == '"':
		return l.doubleQuoted()
	case c == '`' || strings.HasPrefix(rest, "$("):
		return errSubstitution
	case c == '$':
		l.variable()
	case strings.IndexByte("|;<>&", c) >= 0:
		l.endWord()
		l.ended = true
	default:
		l.add(string(c))
		l.at++
	}
	return nil
}

var shellVariable = regexp.MustCompile(`^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})`)

// variable reads a variable, or a $ that begins none.
func (l *lexer) variable() {
	found := shellVariable.FindStringSubmatch(l.text[l.at:])
	if found == nil {
		l.add("$")
		l.at++
		return
	}
	l.add("{{" + found[1] + found[2] + "}}")
	l.at += len(found[0])
}

func (l *lexer) doubleQuoted() error {
	l.at++
	l.add("")
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case rest[0] == '"':
			l.at++
			return nil
		case strings.HasPrefix(rest, "\\\n"):
			l.at += 2
		case rest[0] == '\\' && len(rest) > 1 && strings.IndexByte("\"\\$`", rest[1]) >= 0:
			l.add(rest[1:2])
			l.at += 2
		case rest[0] == '`' || strings.HasPrefix(rest, "$("):
			return errSubstitution
		case rest[0] == '$':
			l.variable()
		default:
			l.add(rest[:1])
			l.at++
		}
	}
	return errors.New(`a quote " has no end`)
}

// ansi reads $'…'.
func (l *lexer) ansi() error {
	l.at += 2
	l.add("")
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case rest[0] == '\'':
			l.at++
			return nil
		case rest[0] == '\\' && len(rest) > 1:
			text, size := ansiEscape(rest[1:])
			l.add(text)
			l.at += 1 + size
		default:
			l.add(rest[:1])
			l.at++
		}
	}
	return errors.New("a quote $' has no end")
}

var ansiNumber = regexp.MustCompile(`^(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3}))`)

// ansiEscape returns the text of an escape after its backslash, and its length.
func ansiEscape(rest string) (string, int) {
	if found := ansiNumber.FindStringSubmatch(rest); found != nil {
		for i, base := range []int{16, 16, 16, 8} {
			if found[i+1] == "" {
				continue
			}
			n, _ := strconv.ParseUint(found[i+1], base, 32)
			if i == 0 || i == 3 {
				return string([]byte{byte(n)}), len(found[0])
			}
			return string(rune(n)), len(found[0])
		}
	}
	if at := strings.IndexByte(`abefnrtv\'"?`, rest[0]); at >= 0 {
		return "\a\b\x1b\f\n\r\t\v\\'\"?"[at : at+1], 1
	}
	return `\` + rest[:1], 1
}
