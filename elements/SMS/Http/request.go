package httptype

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// vendor makes the requests that its configuration describes.
type vendor struct {
	config  Config
	charset charset
	url     *target
	headers []header
	body    body // nil for none
	sign    template
	values  map[string]*namedTemplate
	uses    map[string]bool // the sources of placeholders anywhere in the request
	client  *delivery.Client
	// nationalOnly reports that requests have the phone without its country code.
	nationalOnly bool
}

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	if v.nationalOnly && m.Phone.CountryCode() != v.config.NationalOf {
		return delivery.Unsent(smscode.Region, "the request has numbers without country code, those of one country only")
	}
	req, err := v.request(ctx, m)
	if errors.Is(err, errOmitted) {
		err = errcode.New(smscode.Params, "the path of the URL needs a parameter that this message doesn't bring")
	}
	if err != nil {
		return delivery.InvalidMessage(err)
	}
	return v.client.Do(req, func(r *delivery.Response) delivery.Outcome { return v.readResponse(r, m) })
}

// request builds the request: the body, then what is signed, then URL and headers.
func (v *vendor) request(ctx context.Context, m *delivery.Message) (*http.Request, error) {
	var digests []string
	s := &scope{
		message: m, secrets: v.config.Secrets, charset: v.charset, now: time.Now(), nonce: newNonce(),
		values: v.values, known: map[string]value{}, digests: &digests,
	}
	defer func() { delivery.NoteSensitive(ctx, digests...) }()
	contentType := ""
	if v.body != nil {
		text, err := v.body.render(s)
		if err != nil {
			return nil, err
		}
		if s.body, err = v.charset.encode(text); err != nil {
			return nil, err
		}
		contentType = v.body.mediaType() + "; charset=" + string(v.charset)
	}
	var err error
	if s.signed, err = v.sign.renderGaps(s); err != nil {
		return nil, err
	}
	u, err := v.url.render(s)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, v.config.Method, u.String(), bytes.NewReader([]byte(s.body)))
	if err != nil {
		return nil, errcode.Wrap(errors.Unwrap(err), smscode.Params, "the request can't be made")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("User-Agent", "Lintel")
	for _, h := range v.headers {
		text, err := h.value.render(s)
		switch {
		case errors.Is(err, errOmitted):
			continue
		case err != nil:
			return nil, err
		}
		req.Header.Set(h.name, text)
	}
	return req, nil
}

// newNonce returns 32 hexadecimal digits that no other message has.
func newNonce() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }
