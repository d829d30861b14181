package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	twilio "github.com/twilio/twilio-go/client"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// exchange is the client that Twilio's library makes one request with. The
// library has no contexts, leaks connections on long errors, and reads its
// environment; here it writes the request, and nothing more.
type exchange struct {
	*delivery.Exchange
	sid, token string
	base       *url.URL
}

var errUnwritten = errors.New("twilio: the request can't be made")

// SendRequest sends the library's request to the instance's endpoint.
func (e *exchange) SendRequest(method, rawURL string, data url.Values, headers map[string]any, body ...byte) (*http.Response, error) {
	to, err := url.Parse(rawURL)
	if err != nil || len(body) > 0 {
		return nil, errUnwritten
	}
	to.Scheme, to.Host = e.base.Scheme, e.base.Host
	prefix := e.base.EscapedPath()
	if to, err = url.Parse(to.Scheme + "://" + to.Host + prefix + to.EscapedPath()); err != nil {
		return nil, errUnwritten
	}
	form := ""
	if method == http.MethodPost {
		form = data.Encode()
	}
	req, err := http.NewRequestWithContext(context.Background(), method, to.String(), strings.NewReader(form))
	if err != nil {
		return nil, errUnwritten
	}
	for name, value := range headers {
		if text, ok := value.(string); ok {
			req.Header.Set(name, text)
		}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Lintel")
	req.SetBasicAuth(e.sid, e.token)
	return e.RoundTrip(req)
}

// AccountSid is the account in the path.
func (e *exchange) AccountSid() string { return url.PathEscape(e.sid) }

// SetTimeout does nothing: the deadline is the message's.
func (e *exchange) SetTimeout(time.Duration) {}

// SetOauth does nothing: the account's token is used.
func (e *exchange) SetOauth(twilio.OAuth) {}

// OAuth is none.
func (e *exchange) OAuth() twilio.OAuth { return nil }
