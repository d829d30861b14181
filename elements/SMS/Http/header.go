package httptype

import (
	"net/http"

	"golang.org/x/net/http/httpguts"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// header is one header of the request.
type header struct {
	name  string
	value template
}

// framingHeaders are the headers that a configuration can't set.
var framingHeaders = map[string]bool{
	"Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Host": true, "Trailer": true, "Te": true,
	"Upgrade": true, "Keep-Alive": true, "Proxy-Connection": true, "Expect": true, "Accept-Encoding": true,
}

func newHeaders(configured map[string]string, names *placeNames) ([]header, error) {
	var headers []header
	for _, name := range sortedKeys(configured) {
		pointer := "/headers/" + escapePointer(name)
		if !httpguts.ValidHeaderFieldName(name) || framingHeaders[http.CanonicalHeaderKey(name)] {
			return nil, sdk.ConfigError(pointer, "is no header that can be set")
		}
		value, err := compile(pointer, configured[name], names, headerEscaper)
		if err != nil {
			return nil, err
		}
		headers = append(headers, header{name, value})
	}
	return headers, nil
}
