package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// AdminHandler is the operators' listener's: /metrics, /readyz, /status. With a
// token each request must show it (Authorization: Bearer); without one whoever
// reaches the listener is believed, as on a socket that only its owner can open.
func (s *Server) AdminHandler(token string) http.Handler {
	r := router{mux: http.NewServeMux(), server: s}
	r.on("GET", "/metrics", s.metrics.handler().ServeHTTP)
	r.on("GET", "/readyz", s.readyzDetails)
	r.on("GET", "/healthz", s.healthz)
	r.on("GET", "/status", s.status)
	return s.observed(s.holders(token, r.handler()))
}

// holders lets the holders of a token through.
func (s *Server) holders(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, _ := bearerOf(r.Header)
		got := sha256.Sum256([]byte(shown))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			s.refuse(w, r, errcode.New(errcode.LoginRequired, "no operator"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ListenSocket listens on a unix socket that only its owner can open, in place
// of one that nobody listens on any more. Closing it removes the file.
func ListenSocket(path string) (net.Listener, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSocket == 0:
		return nil, fmt.Errorf("the operators' socket: %s is another kind of file", path)
	default:
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("the operators' socket: another process listens on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("the operators' socket (its path may have about 100 characters): %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}
