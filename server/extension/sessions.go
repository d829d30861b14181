package extension

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/lintel-run/lintel/runtime/element"
)

// Sessions ties requests to users. Its methods may be called from any goroutine.
type Sessions interface {
	// SessionCookie returns the name of the session cookie, as Connection.CookieName
	// takes it.
	SessionCookie() string
	// PublicURL returns where clients reach the app, empty where it isn't known.
	PublicURL() string
	// Identify returns the session of a request, nobody's where the request shows
	// none that is alive. connect describes the connection, given PublicURL.
	Identify(ctx context.Context, r *http.Request, connect func(publicURL string) Connection) (Session, error)
}

// Connection describes how a request came.
type Connection struct {
	// SameOrigin: no page of another origin made the request, so its cookies count.
	SameOrigin bool
	// Secure: the client's connection is https.
	Secure bool
	// AppID is the id of the app that it came to.
	AppID string
}

// CookieName returns a cookie's name as browsers see it. It ends in a hash of the
// app's id, because browsers send a host's cookies to every port and path of it:
// apps on one host don't meet. Over https it has a prefix that keeps other hosts,
// and whoever can write plain http, from setting the cookie (RFC 6265bis, 4.1.3.2);
// such a cookie has no domain, and its path is /.
func (c Connection) CookieName(name string) string {
	digest := sha256.Sum256([]byte(c.AppID))
	name += "_" + hex.EncodeToString(digest[:8])
	if c.Secure {
		return "__Host-" + name
	}
	return name
}

// Session is what one request shows of its user.
type Session interface {
	// Caller returns the user, session and device. The address is the server's to add.
	Caller() element.Caller
	// Begin prepares a call of a function of a family, given by its Meta.
	Begin(meta, function string, args element.Args) (Exchange, error)
	// Renew makes a caller of somebody whose access token has expired but whose
	// session is alive. call runs a function as this request does.
	Renew(ctx context.Context, call func(ctx context.Context, fullName, function string) error) error
}

// Exchange is what sessions add to one call of a function.
type Exchange interface {
	// Args returns the arguments with what cookies add to them.
	Args() element.Args
	// Scope returns what a repeat of the call must have in common with it.
	Scope(ctx context.Context) Scope
	// Finish moves what belongs into cookies from the answer to w.
	Finish(w http.ResponseWriter, answer json.RawMessage, err error) (json.RawMessage, error)
}

// Scope is what a repeated call and its first have in common.
type Scope struct {
	Caller element.Caller
	Args   element.Args
	// Continues reports whether a kept answer still fits the client; nil: always.
	Continues func(answer json.RawMessage) bool
}
