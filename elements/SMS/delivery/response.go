package delivery

import (
	"encoding/json"
	"encoding/xml"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the length at which a vendor's response is cut.
const maxBody = 64 << 10

// Response is a vendor's response.
type Response struct {
	Status int
	Header http.Header
	// Body is at most 64 KiB; Cut reports that there was more.
	Body []byte
	Cut  bool
}

// ReadFunc returns the outcome that a response means.
type ReadFunc func(*Response) Outcome

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

// JSON decodes a JSON response. It reports false for a response that can't be
// trusted: one that was cut, has another type, or isn't JSON.
func (r *Response) JSON(into any) bool {
	return !r.Cut && r.hasType("json") && json.Unmarshal(r.Body, into) == nil
}

// XML is like JSON for XML responses.
func (r *Response) XML(into any) bool {
	return !r.Cut && r.hasType("xml") && xml.Unmarshal(r.Body, into) == nil
}

// hasType reports whether the body may be of a type. Gateways in front of a vendor
// answer with HTML of their own and say so. Plain text, or no type at all, may be
// anything.
func (r *Response) hasType(want string) bool {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return false
	}
	return kind == "text/plain" || kind == "application/"+want || kind == "text/"+want || strings.HasSuffix(kind, "+"+want)
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
