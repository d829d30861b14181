package extension

import (
	"errors"
	"io"
	"net/http"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// HTTPError is an error whose status is not that of its code.
type HTTPError struct {
	Err    *errcode.Error
	Status int
}

// WithStatus returns an error that is answered with a status of its own.
func WithStatus(err *errcode.Error, status int) error { return HTTPError{err, status} }

func (e HTTPError) Error() string { return e.Err.Error() }

// Unwrap makes the code visible.
func (e HTTPError) Unwrap() error { return e.Err }

// ReadBody reads the body of a request of at most limit bytes. Its errors can be
// answered.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	var body []byte
	err := error(&http.MaxBytesError{Limit: limit})
	if r.ContentLength <= limit {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, HTTPError{errcode.New(errcode.Params, "the body is longer than %d bytes", limit), http.StatusRequestEntityTooLarge}
	}
	return nil, errcode.New(errcode.Params, "the body could not be read")
}
