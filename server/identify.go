package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/server/extension"
)

// identify finds out who makes the request.
func (q *request) identify(ctx context.Context) error {
	session, err := q.server.sessions.Identify(ctx, q.r, q.connection)
	if err != nil {
		return err
	}
	q.session = session
	q.setCaller()
	return nil
}

func (q *request) setCaller() {
	q.caller = q.session.Caller()
	q.caller.Address = q.server.clientAddress(q.r)
}

// connection describes how the request came to the app of a public URL.
func (q *request) connection(publicURL string) extension.Connection {
	return extension.Connection{SameOrigin: q.SameOrigin(), Secure: q.server.isSecure(q.r, publicURL), AppID: q.server.info.AppID}
}

// isSecure reports whether the client's connection is https: here, by the app's
// public URL, or by the word of a trusted proxy.
func (s *Server) isSecure(r *http.Request, publicURL string) bool {
	if r.TLS != nil || strings.HasPrefix(publicURL, "https://") {
		return true
	}
	peer, ok := readAddress(r.RemoteAddr)
	if !ok || !isTrusted(peer, s.trusted) {
		return false
	}
	forwarded := r.Header.Values("X-Forwarded-Proto")
	if len(forwarded) == 0 {
		return false
	}
	protos := strings.Split(forwarded[len(forwarded)-1], ",")
	return strings.EqualFold(strings.TrimSpace(protos[len(protos)-1]), "https")
}
