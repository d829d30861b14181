package delivery

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxBody is the length at which a vendor's response is cut.
const maxBody = 64 << 10

// Response is a vendor's response.
type Response struct {
	Status int
	Header http.Header
	// Body is at most 64 KiB; Cut reports that there was more.
	// It is unzipped, and without a byte order mark.
	Body []byte
	Cut  bool
	// ClockSkew is how far the vendor's clock is ahead of this machine's, 0 if that is
	// too little to matter or not known.
	ClockSkew time.Duration
	// Unicode reports that a byte order mark was there, so that Body is UTF-8.
	Unicode bool
}

// ReadFunc returns the outcome that a response means.
type ReadFunc func(*Response) Outcome

// outcome returns the outcome that read finds, with what the response tells of the
// clock.
func (r *Response) outcome(read ReadFunc) Outcome {
	o := read(r)
	o.clockSkew = r.ClockSkew
	return o
}

// ReadJSON returns a ReadFunc that decodes JSON into a T for read. The outcome of a
// response that can't be decoded is unknown.
func ReadJSON[T any](read func(r *Response, body T) Outcome) ReadFunc {
	return func(r *Response) Outcome {
		var body T
		if !r.JSON(&body) {
			return Unreadable()
		}
		return read(r, body)
	}
}

// JSON decodes a JSON response, whatever its Content-Type: vendors and gateways name
// many. It reports false for a response that was cut or isn't JSON.
func (r *Response) JSON(into any) bool {
	return !r.Cut && json.Unmarshal(r.Body, into) == nil
}

// XML is like JSON for XML responses.
func (r *Response) XML(into any) bool {
	if r.Cut {
		return false
	}
	d := xml.NewDecoder(bytes.NewReader(r.Body))
	if r.Unicode {
		// The declaration names the encoding that the body had.
		d.CharsetReader = func(_ string, body io.Reader) (io.Reader, error) { return body, nil }
	}
	return d.Decode(into) == nil
}

// OK reports whether the status is 2xx.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Redirect reports whether the status is 3xx, which no vendor uses.
func (r *Response) Redirect() bool { return isRedirect(r.Status) }

func isRedirect(status int) bool { return status >= 300 && status < 400 }

// RetryAfter returns the header Retry-After if it is in seconds, else 0.
func (r *Response) RetryAfter() time.Duration {
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > int(24*time.Hour/time.Second) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
