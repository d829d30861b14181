package gateway

import (
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// header is one header of the request.
type header struct {
	name  string
	value template
}

// notYours are the headers that frame a request.
var notYours = map[string]bool{
	"Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Host": true, "Trailer": true, "Te": true,
	"Upgrade": true, "Keep-Alive": true, "Proxy-Connection": true, "Expect": true, "Accept-Encoding": true,
}

func newHeaders(configured map[string]string, names scopeNames) ([]header, error) {
	var headers []header
	for _, name := range sortedKeys(configured) {
		pointer := "/headers/" + escapePointer(name)
		if !httpguts.ValidHeaderFieldName(name) || notYours[http.CanonicalHeaderKey(name)] {
			return nil, sdk.ConfigError(pointer, "is no header that can be set")
		}
		value, err := compile(pointer, configured[name], names)
		if err != nil {
			return nil, err
		}
		headers = append(headers, header{name, value})
	}
	return headers, nil
}

// render gives a header's value: one line of visible ASCII, everything else
// percent-encoded.
func (h header) render(s *scope) (string, error) {
	return h.value.join(s,
		func(literal string) (string, error) { return headerText([]byte(literal)), nil },
		func(v value) (string, error) {
			if v.digest {
				return v.shown(), nil
			}
			raw, err := v.bytes(s.charset)
			return headerText(raw), err
		})
}

func headerText(raw []byte) string {
	var out strings.Builder
	for _, b := range raw {
		if b >= ' ' && b <= '~' {
			out.WriteByte(b)
		} else {
			out.WriteString(percent([]byte{b}))
		}
	}
	return out.String()
}
