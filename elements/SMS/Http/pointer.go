package httptype

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// escapePointer escapes a name for a JSON pointer (RFC 6901).
func escapePointer(name string) string {
	return string(jsontext.Pointer("").AppendToken(name))[1:]
}

func validPointer(pointer string) bool { return jsontext.Pointer(pointer).IsValid() }

// decodeJSON decodes a JSON value and keeps numbers as they are written.
func decodeJSON(text string) (value any, ok bool) {
	text = strings.TrimPrefix(text, "\ufeff")
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	ok = d.Decode(&value) == nil
	return value, ok
}

// lookup returns the value at a pointer.
func lookup(value any, pointer string) (any, bool) {
	for segment := range jsontext.Pointer(pointer).Tokens() {
		switch container := value.(type) {
		case map[string]any:
			member, ok := container[segment]
			if !ok {
				return nil, false
			}
			value = member
		case []any:
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(container) || segment != strconv.Itoa(i) {
				return nil, false
			}
			value = container[i]
		default:
			return nil, false
		}
	}
	return value, true
}
