package delivery

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// State is what a vendor reports of a message that it had accepted.
type State string

// The states. What a vendor reports beside the last two is on its way.
const (
	StatePending   State = "pending"
	StateDelivered State = "delivered"
	StateFailed    State = "failed"
)

// Report is what became of one message.
type Report struct {
	// MessageID is the one that the message's Outcome had.
	MessageID string `json:"messageId"`
	State     State  `json:"state"`
	// Code is the vendor's, such as DELIVERED or 30003.
	Code string `json:"code,omitempty"`
	// Time is when it reached the phone, or failed to; zero: not told.
	Time time.Time `json:"time,omitzero"`
}

// Push is one request by which a vendor reports.
type Push struct {
	Method string
	// URL is the whole address as the vendor was given it, for signatures that
	// cover it; where the host can't tell the outer one, it is what the request had.
	URL    *url.URL
	Header http.Header
	// Body is at most 256 KiB.
	Body []byte
}

// Form gives the body of a form, or the query of a GET.
func (p *Push) Form() (url.Values, error) {
	if p.Method == http.MethodGet {
		return p.URL.Query(), nil
	}
	values, err := url.ParseQuery(string(p.Body))
	if err != nil {
		return nil, ErrPush("the body is no form")
	}
	return values, nil
}

// Pushed is what a Push said, and what the vendor wants to hear.
type Pushed struct {
	Reports []Report `json:"reports"`
	// Reply is the body of the answer, of status 200; ContentType is plain text
	// unless set.
	Reply       string `json:"reply"`
	ContentType string `json:"contentType,omitempty"`
}

// Reporter is a Vendor whose vendor pushes reports. Its Type is made with
// WithReports.
type Reporter interface {
	// ReadPush reads a push and, where the vendor signs, checks that it is the
	// vendor's. It changes nothing: the host keeps what it gives. Errors are
	// ErrPush and ErrForged. It is called from any goroutine.
	ReadPush(ctx context.Context, p *Push) (*Pushed, error)
}

// ErrPush is a push that can't be read; what holds no word of it.
func ErrPush(what string) error { return errcode.New(errcode.Params, "%s", what).With("arg", "body") }

// ErrForged is a push whose signature is missing or wrong.
func ErrForged() error { return errcode.New(errcode.Forbidden, "the signature isn't the vendor's") }

// maxReports bounds what one push may report.
const maxReports = 1000

// PushRequest is the arguments of parseReceipt.
type PushRequest struct {
	Method string              `json:"method" arg:"Stext,required" title:"GET or POST"`
	URL    string              `json:"url" arg:"Ltext,required" title:"Whole URL"`
	Header map[string][]string `json:"header" arg:"JitDict" title:"Header fields"`
	Body   string              `json:"body" arg:"Ltext" title:"Body, base64"`
}

// WithReports adds the function parseReceipt to a Type whose Vendor is a Reporter.
func WithReports() sdk.Part {
	return sdk.Func("parseReceipt", (*Sender).ParseReceipt, sdk.Title("Read a delivery receipt that the vendor pushed"))
}

// ParseReceipt is the function parseReceipt. What the vendor said is cleaned as
// in answers to sendMessage.
func (s *Sender) ParseReceipt(ctx context.Context, r PushRequest) (*Pushed, error) {
	reporter, ok := s.vendor.(Reporter)
	if !ok {
		return nil, errcode.New(errcode.FunctionNotFound, "this vendor pushes no receipts")
	}
	push := &Push{Method: r.Method, Header: http.Header{}}
	var err error
	if push.URL, err = url.Parse(r.URL); err != nil {
		return nil, ErrPush("the URL can't be read")
	}
	if push.Body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
		return nil, ErrPush("the body can't be read")
	}
	for name, values := range r.Header {
		push.Header[http.CanonicalHeaderKey(name)] = values
	}
	pushed, err := reporter.ReadPush(ctx, push)
	if err != nil {
		return nil, err
	}
	if len(pushed.Reports) > maxReports {
		return nil, ErrPush("the push reports too many messages")
	}
	kept := pushed.Reports[:0]
	for _, report := range pushed.Reports {
		report.MessageID, report.Code = cleaned(report.MessageID, s.o.Secrets), cleaned(report.Code, s.o.Secrets)
		if report.State != StateDelivered && report.State != StateFailed || report.MessageID == "" {
			continue
		}
		kept = append(kept, report)
	}
	pushed.Reports = kept
	return pushed, nil
}
