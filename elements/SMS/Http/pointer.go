package httptype

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// escapePointer escapes a name for a JSON pointer (RFC 6901).
func escapePointer(name string) string { return pointerEscapes.Replace(name) }

// checkPointer accepts a JSON pointer or "$". key is where it stands in the
// configuration.
func checkPointer(key, pointer string, optional bool) error {
	if pointer == "$" || strings.HasPrefix(pointer, "/") || optional && pointer == "" {
		return nil
	}
	return sdk.ConfigError(key, "must be a JSON pointer such as /data/code, or $ for the whole text")
}

// decodeJSON decodes a JSON value and keeps numbers as they are written.
func decodeJSON(text string) (value any, ok bool) {
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
	if pointer == "" {
		return value, true
	}
	for segment := range strings.SplitSeq(pointer[1:], "/") {
		segment = pointerUnescapes.Replace(segment)
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
