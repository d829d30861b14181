package aliyun

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// inBody are the parameters that the SDK puts into the query although they
// authenticate the request. The vendor reads query and body as one, and the
// signature is over both.
var inBody = []string{"AccessKeyId", "Signature", "SecurityToken"}

// prepare leads the SDK's request to an endpoint, and keeps what authenticates it
// out of the URL.
func prepare(base *url.URL) func(*http.Request) (*http.Request, error) {
	return func(r *http.Request) (*http.Request, error) {
		form, err := formOf(r)
		if err != nil {
			return nil, err
		}
		query := r.URL.Query()
		for _, name := range inBody {
			if value := query.Get(name); value != "" {
				form.Set(name, value)
				query.Del(name)
				delivery.NoteProof(r.Context(), value)
			}
		}
		to := *base
		to.Path += "/"
		to.RawQuery = query.Encode()
		req, err := http.NewRequestWithContext(r.Context(), r.Method, to.String(), strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header = r.Header
		return req, nil
	}
}

func formOf(r *http.Request) (url.Values, error) {
	if r.Body == nil {
		return url.Values{}, nil
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(raw))
}
