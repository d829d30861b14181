package huawei

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// hopValues are the headers that belong to one connection, which a proxy on the way
// replaces or drops, with the values that clients send. None of them means anything to
// a receipt, and each value still needs the right signature.
var hopValues = map[string][]string{
	"connection":        {"", "keep-alive", "Keep-Alive", "close", "Close"},
	"keep-alive":        {""},
	"proxy-connection":  {"", "keep-alive", "Keep-Alive", "close"},
	"transfer-encoding": {"", "chunked"},
	"te":                {"", "trailers"},
	"trailer":           {""},
	"upgrade":           {"", "h2c"},
	"expect":            {"", "100-continue"},
	"accept-encoding":   {"", "gzip", "gzip,deflate", "gzip, deflate", "gzip, deflate, br", "deflate, gzip", "identity"},
}

// maxSentValues bounds the combinations that are tried for one callback.
const maxSentValues = 512

// sentValues returns the values that signed headers may have had when the vendor sent
// them: as they arrived first, then as a proxy may have found them.
func sentValues(c *delivery.Callback, names []string) iter.Seq[[]string] {
	options := make([][]string, len(names))
	for i, name := range names {
		options[i] = headerOptions(c, name)
	}
	return func(yield func([]string) bool) {
		at := make([]int, len(names))
		for range maxSentValues {
			values := make([]string, len(names))
			for i := range names {
				values[i] = options[i][at[i]]
			}
			if !yield(values) || !advance(at, options) {
				return
			}
		}
	}
}

// advance moves to the next combination. It reports false after the last one.
func advance(at []int, options [][]string) bool {
	for i := range at {
		if at[i]++; at[i] < len(options[i]) {
			return true
		}
		at[i] = 0
	}
	return false
}

// headerOptions returns the values that one header may have had, that of the request
// first. The host is that of the address, with its port or without the default one.
func headerOptions(c *delivery.Callback, name string) []string {
	options := []string{c.Header.Get(name)}
	switch name {
	case "host":
		options[0] = c.URL.Host
		if port := map[string]string{"https": ":443", "http": ":80"}[c.URL.Scheme]; port != "" {
			if bare, ok := strings.CutSuffix(c.URL.Host, port); ok {
				options = append(options, bare)
			} else if c.URL.Port() == "" {
				options = append(options, c.URL.Host+port)
			}
		}
	case "content-length":
		options = append(options, strconv.Itoa(len(c.Body)))
	default:
		options = append(options, hopValues[name]...)
	}
	return unique(options)
}

// unique returns a list without repetitions, in its order.
func unique(list []string) []string {
	var out []string
	for _, text := range list {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}
