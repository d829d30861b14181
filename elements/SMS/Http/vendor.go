package gateway

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// vendor makes the requests that the configuration describes.
type vendor struct {
	method    string
	url       *target
	headers   []header
	body      body
	sign      template
	secrets   map[string]string
	charset   string
	accepted  Rule
	refused   []Refusal
	messageID string
	receipt   *Receipt
	// ours gives our id of a message, where the vendor gives it none but is given
	// that; else nil.
	ours   func(*delivery.Message) string
	client *delivery.Client
}

// uses says whether a placeholder stands anywhere in the request.
func (v *vendor) uses(source string) bool {
	for _, h := range v.headers {
		if h.value.uses(source) {
			return true
		}
	}
	return v.url.path.uses(source) || v.url.query.uses(source) || v.sign.uses(source) || v.body != nil && v.body.uses(source)
}

// ourID says which of our ids of a message the vendor knows it by.
func (v *vendor) ourID(c Config) func(*delivery.Message) string {
	switch {
	case c.MessageID != "":
		return nil
	case v.uses("requestId"):
		return func(m *delivery.Message) string { return m.RequestID }
	case v.uses("requestNumber"):
		return (*delivery.Message).Number
	}
	return nil
}

// Deliver makes one request.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	req, err := v.request(ctx, m)
	if err != nil {
		return delivery.NotSent(err)
	}
	answer, failed, ok := v.client.Do(req)
	if !ok {
		return failed
	}
	o := v.outcome(answer)
	if v.ours != nil && o.Status() == delivery.StatusAccepted {
		o.MessageID = v.ours(m)
	}
	return o
}

// request writes the request: body, then what is signed, then URL and headers.
func (v *vendor) request(ctx context.Context, m *delivery.Message) (*http.Request, error) {
	s := &scope{
		message: m, secrets: v.secrets, charset: charset(v.charset),
		timestamp: strconv.FormatInt(time.Now().Unix(), 10),
	}
	contentType := ""
	if v.body != nil {
		text, err := v.body.write(s)
		if err != nil {
			return nil, err
		}
		if s.body, err = s.charset.encode(text); err != nil {
			return nil, err
		}
		contentType = v.body.contentType() + "; charset=" + v.charset
	}
	var err error
	if s.signed, err = v.sign.wire(s); err != nil {
		return nil, err
	}
	u, err := v.url.render(s)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, v.method, u.String(), bytes.NewReader(s.body))
	if err != nil {
		return nil, errcode.Wrap(errors.Unwrap(err), delivery.CodeParams, "the request can't be made")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("User-Agent", "Lintel")
	for _, h := range v.headers {
		text, err := h.render(s)
		if err != nil {
			return nil, err
		}
		req.Header.Set(h.name, text)
	}
	return req, nil
}
