package delivery

import (
	"bytes"
	"context"
	"encoding/base64"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Callback is one request by which a vendor pushes delivery receipts.
type Callback struct {
	Method string
	// URL is the whole address as the vendor knows it, for signatures that cover it.
	// If the host doesn't know the outer address, it is the request's own.
	URL    *url.URL
	Header http.Header
	// Body is at most 256 KiB.
	Body []byte
}

// Form returns the form in the body, URL-encoded or in parts, or the query of a request
// without a body.
func (c *Callback) Form() (url.Values, error) {
	if len(c.Body) == 0 {
		return c.URL.Query(), nil
	}
	kind, params, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		form, err := multipart.NewReader(bytes.NewReader(c.Body), params["boundary"]).ReadForm(int64(len(c.Body)))
		if err != nil {
			return nil, UnreadableCallback("the body is no form")
		}
		defer func() { _ = form.RemoveAll() }()
		return form.Value, nil
	}
	values, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return nil, UnreadableCallback("the body is no form")
	}
	return values, nil
}

// CallbackResult is what a Callback reports, and the answer that the vendor expects.
type CallbackResult struct {
	Receipts []Receipt `json:"reports"`
	// Reply is the body of the answer, whose status is 200. ContentType is plain text
	// if it is empty.
	Reply       string `json:"reply"`
	ContentType string `json:"contentType,omitempty"`
	// Unreadable is how many reports have no ID of a message, or can't be read. The
	// vendor must not believe that they arrived.
	Unreadable int `json:"unreadable,omitempty"`
}

// ReceiptReader is a Vendor that pushes delivery receipts. Its Type has the part
// WithReceipts.
type ReceiptReader interface {
	// ReadReceipts reads a callback and, if the vendor signs callbacks, checks the
	// signature. It changes nothing: the host stores the result. Errors are
	// UnreadableCallback and ForgedCallback. It is called from any goroutine.
	ReadReceipts(ctx context.Context, c *Callback) (*CallbackResult, error)
}

// UnreadableCallback returns the error of a callback that can't be read. The reason
// quotes nothing of it.
func UnreadableCallback(reason string) error {
	return errcode.New(errcode.Params, "%s", reason).With("arg", "body")
}

// ForgedCallback returns the error of a callback whose signature is missing or wrong.
func ForgedCallback() error {
	return errcode.New(errcode.Forbidden, "the signature isn't the vendor's")
}

// maxReceipts bounds the receipts of one callback.
const maxReceipts = 1000

// CallbackRequest is the arguments of parseReceipt.
type CallbackRequest struct {
	Method string              `json:"method" arg:"Stext,required" title:"GET or POST"`
	URL    string              `json:"url" arg:"Ltext,required" title:"Whole URL"`
	Header map[string][]string `json:"header" arg:"JitDict" title:"Header fields"`
	Body   string              `json:"body" arg:"Ltext" title:"Body, base64"`
}

// callback decodes the arguments.
func (r CallbackRequest) callback() (*Callback, error) {
	c := &Callback{Method: r.Method, Header: http.Header{}}
	var err error
	if c.URL, err = url.Parse(r.URL); err != nil {
		return nil, UnreadableCallback("the URL can't be read")
	}
	if c.Body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
		return nil, UnreadableCallback("the body can't be read")
	}
	for name, values := range r.Header {
		c.Header[http.CanonicalHeaderKey(name)] = values
	}
	return c, nil
}

// WithReceipts adds the function parseReceipt to a Type whose Vendor is a
// ReceiptReader.
func WithReceipts() sdk.Part {
	return sdk.Func("parseReceipt", (*Sender).ParseReceipt, sdk.Title("Read a delivery receipt that the vendor pushed"))
}

// ParseReceipt implements parseReceipt.
func (s *Sender) ParseReceipt(ctx context.Context, r CallbackRequest) (*CallbackResult, error) {
	reader, ok := s.vendor.(ReceiptReader)
	if !ok {
		return nil, errcode.New(errcode.FunctionNotFound, "this vendor pushes no receipts")
	}
	c, err := r.callback()
	if err != nil {
		return nil, err
	}
	result, err := reader.ReadReceipts(ctx, c)
	if err == nil && len(result.Receipts) > maxReceipts {
		err = UnreadableCallback("the push reports too many messages")
	}
	if err != nil {
		logUnread(ctx, c, err.Error(), 1)
		return nil, err
	}
	s.clean(result)
	if result.Unreadable > 0 {
		logUnread(ctx, c, "reports lack the message's ID or its state", result.Unreadable)
	}
	return result, nil
}

// clean keeps the receipts of messages that are delivered or failed, counts those of no
// message, and redacts the vendor's text.
func (s *Sender) clean(result *CallbackResult) {
	for i := range result.Receipts {
		receipt := &result.Receipts[i]
		private := slices.Clone(s.secrets)
		numbers := receiptPhones(receipt.Phone)
		for _, number := range numbers {
			private = append(private, number.National())
		}
		receipt.Code = redactText(receipt.Code, private)
		receipt.MessageID = redactText(s.storedID(receipt.MessageID, numbers...), nil)
		if receipt.MessageID == "" {
			result.Unreadable++
		}
	}
	result.Receipts = slices.DeleteFunc(result.Receipts, func(r Receipt) bool {
		return r.MessageID == "" || r.State != StateDelivered && r.State != StateFailed
	})
}

// logUnread logs a callback that brought reports which can't be read, without its text.
func logUnread(ctx context.Context, c *Callback, reason string, reports int) {
	kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	sdk.Logger(ctx).Warn("a delivery receipt can't be read", "reason", reason, "reports", reports,
		"method", c.Method, "content_type", kind, "bytes", len(c.Body))
}
