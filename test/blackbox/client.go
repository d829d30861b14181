package blackbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"
)

// Args are the arguments of a call.
type Args = map[string]any

// Client is one person's browser or program, with cookies, tokens and headers.
type Client struct {
	t      testing.TB
	server *Server
	http   *http.Client
	header http.Header
}

// Client returns a new client without cookies. All clients of a server share its
// connections.
func (s *Server) Client() *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Client{t: s.t, server: s, header: http.Header{}, http: &http.Client{
		Jar: jar, Timeout: patience,
		Transport:     s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// With returns a copy of the client with one more header.
func (c *Client) With(name, value string) *Client {
	other := *c
	other.header = maps.Clone(c.header)
	other.header.Set(name, value)
	return &other
}

// Bearer returns a copy of the client with an access token.
func (c *Client) Bearer(token string) *Client { return c.With("Authorization", "Bearer "+token) }

// Answer is the answer to a call.
type Answer struct {
	Status     int
	Header     http.Header
	Body       string
	Errcode    int             `json:"errcode"`
	Errmsg     *string         `json:"errmsg"`
	Code       string          `json:"code"`
	RequestID  string          `json:"requestId"`
	SysTime    int64           `json:"sysTime"`
	Duration   float64         `json:"duration"`
	Data       json.RawMessage `json:"data"`
	requested  string
	method     string
	retryAfter string
}

// Path returns the URL path of a function.
func (s *Server) Path(element, function string) string {
	return "/api/example/shop/" + strings.ReplaceAll(element, ".", "/") + "/" + function
}

// Call calls a function over HTTP. It may be called from any goroutine. Tests that
// expect the connection to break use Try.
func (c *Client) Call(element, function string, args Args) *Answer {
	c.t.Helper()
	a, err := c.Try(element, function, args)
	if err != nil {
		c.t.Errorf("%s.%s: %v", element, function, err)
		return &Answer{}
	}
	return a
}

// Try is like Call but returns the error.
func (c *Client) Try(element, function string, args Args) (*Answer, error) {
	if args == nil {
		args = Args{}
	}
	body, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, c.server.URL+c.server.Path(element, function), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = maps.Clone(c.header)
	request.Header.Set("Content-Type", "application/json")
	return c.Do(request)
}

// Do sends an arbitrary request.
func (c *Client) Do(request *http.Request) (*Answer, error) {
	resp, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text), requested: request.URL.Path, method: request.Method}
	a.retryAfter = resp.Header.Get("Retry-After")
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("status %d, no envelope: %q", resp.StatusCode, text)
	}
	if err := c.server.check(a); err != nil {
		c.t.Error(err)
	}
	return a, nil
}

// Is reports whether the answer is an error with the code.
func (a *Answer) Is(code string) bool { return a.Code == code }

// OK fails the test unless the call succeeded, and returns its data.
func (a *Answer) OK(t testing.TB) Dict {
	t.Helper()
	if a.Status != http.StatusOK || a.Errcode != 0 {
		t.Fatalf("%s: status %d: %s", a.requested, a.Status, a.Body)
	}
	var data Dict
	if json.Unmarshal(a.Data, &data) != nil {
		return nil // not an object
	}
	return data
}

// Fails fails the test unless the answer is an error with the status and code.
func (a *Answer) Fails(t testing.TB, status int, code string) Dict {
	t.Helper()
	if a.Status != status || a.Code != code || a.Errcode == 0 {
		t.Fatalf("%s: want %d %s, have %d: %s", a.requested, status, code, a.Status, a.Body)
	}
	var data Dict
	if json.Unmarshal(a.Data, &data) != nil {
		return nil
	}
	return data
}

// RetryAfter returns the header in seconds, 0 if there is none.
func (a *Answer) RetryAfter() time.Duration {
	d, err := time.ParseDuration(a.retryAfter + "s")
	if err != nil {
		return 0
	}
	return d
}

// Dict is a JSON object.
type Dict map[string]any

// Text returns a string of the object, "" if there is none.
func (d Dict) Text(key string) string {
	s, _ := d[key].(string)
	return s
}
