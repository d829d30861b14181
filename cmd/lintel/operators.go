package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
)

// operators is the address of an operators' listener: a socket's path or HOST:PORT.
type operators struct {
	socket string
	tcp    string
}

// parseOperators reads --admin: "unix:PATH", "unix:///PATH", a path with a
// slash, or HOST:PORT.
func parseOperators(address string) (operators, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path = "/" + strings.TrimLeft(path, "/"); !strings.HasPrefix(address, "unix:/") {
			path = path[1:]
		}
		if path == "" || path == "/" {
			return operators{}, usagef("--admin %q names no socket", address)
		}
		return operators{socket: path}, nil
	}
	if strings.Contains(address, "/") {
		return operators{socket: address}, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return operators{}, usagef("--admin is HOST:PORT or unix:PATH, not %q", address)
	}
	return operators{tcp: address}, nil
}

func (o operators) String() string {
	if o.socket != "" {
		return "unix://" + o.socket
	}
	return "http://" + o.tcp
}

// get requests JSON from an operators' listener. It waits a few seconds at most.
func (o operators) get(ctx context.Context, path, token string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	host := "lintel"
	transport := &http.Transport{DisableKeepAlives: true}
	if o.socket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return adminsocket.Dial(ctx, o.socket)
		}
	} else {
		host = o.tcp
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o, err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: nobody answers: %w", o, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o, err)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("%s: the token isn't right; see --admin-token", o)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: answers with status %d", o, resp.StatusCode)
	case !json.Valid(body):
		return nil, errors.New(o.String() + ": the answer is no JSON")
	}
	return body, nil
}
