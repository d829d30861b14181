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

// transport is the SDK's client for one request. The SDK's own has no contexts, leaks
// connections on long errors and reads the environment, so the SDK only builds the
// request here.
type transport struct {
	*delivery.Exchange
	vendor *vendor
}

var errNoRequest = errors.New("twilio: the request can't be made")

// SendRequest sends the SDK's request to the instance's endpoint.
func (t *transport) SendRequest(method, rawURL string, data url.Values, headers map[string]any, body ...byte) (*http.Response, error) {
	to, err := url.Parse(rawURL)
	if err != nil || len(body) > 0 {
		return nil, errNoRequest
	}
	form := ""
	if method == http.MethodPost {
		form = data.Encode()
	}
	base := t.vendor.base
	address := base.Scheme + "://" + base.Host + base.EscapedPath() + to.EscapedPath()
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(form))
	if err != nil {
		return nil, errNoRequest
	}
	for name, value := range headers {
		if text, ok := value.(string); ok {
			req.Header.Set(name, text)
		}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Lintel")
	req.SetBasicAuth(t.vendor.AccountSid, t.vendor.AuthToken)
	return t.RoundTrip(req)
}

// AccountSid returns the account in the path.
func (t *transport) AccountSid() string { return url.PathEscape(t.vendor.AccountSid) }

// SetTimeout does nothing: the deadline is the message's.
func (t *transport) SetTimeout(time.Duration) {}

// SetOauth does nothing: requests carry the account's token.
func (t *transport) SetOauth(twilio.OAuth) {}

// OAuth returns nil.
func (t *transport) OAuth() twilio.OAuth { return nil }
