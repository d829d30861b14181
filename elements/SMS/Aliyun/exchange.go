package aliyun

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// exchange is the http.RoundTripper of one request: it gives the SDK's request
// the caller's deadline, the configured endpoint and the instance's connections,
// and keeps the answer.
type exchange struct {
	ctx    context.Context
	base   *url.URL
	client *delivery.Client

	sent   bool
	answer *delivery.Answer
	failed delivery.Outcome
}

// inBody are the parameters that the SDK puts into the query although they
// authenticate the request. The vendor reads query and body as one, and the
// signature is over both.
var inBody = []string{"AccessKeyId", "Signature", "SecurityToken"}

var errNoAnswer = errors.New("aliyun: no answer")

// RoundTrip sends the request once. The SDK gets an empty answer: it would read
// a failure as success, and panics on a failure of another shape.
func (e *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.sent {
		return nil, errNoAnswer
	}
	e.sent = true
	form, err := formOf(r)
	if err != nil {
		e.failed = refusedHere("the request can't be made")
		return nil, errNoAnswer
	}
	query := r.URL.Query()
	for _, name := range inBody {
		if value := query.Get(name); value != "" {
			form.Set(name, value)
			query.Del(name)
		}
	}
	to := *e.base
	to.Path += "/"
	to.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(e.ctx, r.Method, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		e.failed = refusedHere("the request can't be made")
		return nil, errNoAnswer
	}
	req.Header = r.Header.Clone()
	answer, failed, ok := e.client.Do(req)
	if !ok {
		e.failed = failed
		return nil, errNoAnswer
	}
	e.answer = answer
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header), Body: http.NoBody, Request: r,
	}, nil
}

func (e *exchange) outcome() delivery.Outcome {
	switch {
	case !e.sent:
		return refusedHere("the request can't be made")
	case e.answer == nil:
		return e.failed
	default:
		return outcomeOf(e.answer)
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
