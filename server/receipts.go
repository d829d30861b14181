package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/receipts"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	receiptPattern = receipts.Prefix + "{path...}"
	// receiptTime bounds one push, longestReceipt its body.
	receiptTime    = 5 * time.Second
	longestReceipt = 256 << 10
	// receiptSkew is how far ahead of ours a vendor's clock may be.
	receiptSkew = 10 * time.Minute
	smsFamily   = "SMS.Meta"
)

// pushed is what an SMS element's parseReceipt gives.
type pushed struct {
	Reports []struct {
		MessageID string    `json:"messageId"`
		State     string    `json:"state"`
		Code      string    `json:"code"`
		Time      time.Time `json:"time"`
	} `json:"reports"`
	Reply       string `json:"reply"`
	ContentType string `json:"contentType"`
}

// receipt takes a delivery receipt that a vendor pushes. The element's Type reads
// it; it is kept with the send that it belongs to, and changes nothing else. The
// vendor hears of success only when it is kept: vendors push again.
func (s *Server) receipt(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET, POST")
		s.refuse(w, r, refusal{errcode.New(errcode.Params, "this path takes GET and POST only"), http.StatusMethodNotAllowed})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), receiptTime)
	defer cancel()
	target, err := s.receiptTarget(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	rec := recordOf(r.Context())
	rec.element, rec.function, rec.address = target.FullName(), receipts.Function, s.clientAddress(r)
	said, err := s.readReceipt(element.WithRequestID(ctx, rec.id), w, r, target)
	if err == nil {
		err = s.keepReceipts(ctx, target.FullName(), said)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	kind := said.ContentType
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = io.WriteString(w, said.Reply)
}

// receiptTarget gives the element of a path. Whatever is wrong with a path, there
// is nothing there.
func (s *Server) receiptTarget(r *http.Request) (Element, error) {
	key, err := s.app.Key(receipts.Purpose)
	if err != nil {
		return nil, err
	}
	name, ok := receipts.Element(key, r.PathValue("path"))
	if !ok {
		return nil, notFound()
	}
	target, err := s.app.Find(name)
	if err != nil || target.Meta() != smsFamily || !target.Has(receipts.Function) {
		return nil, notFound()
	}
	return target, nil
}

func (s *Server) readReceipt(ctx context.Context, w http.ResponseWriter, r *http.Request, target Element) (*pushed, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestReceipt))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return nil, refusal{errcode.New(errcode.Params, "the body is longer than %d bytes", longestReceipt), http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return nil, errcode.New(errcode.Params, "the body could not be read")
	}
	header := r.Header.Clone()
	header.Del("Cookie")
	answer, err := target.Call(ctx, receipts.Function, runtime.Args{
		"method": r.Method, "url": s.outerURL(r), "header": map[string][]string(header),
		"body": base64.StdEncoding.EncodeToString(body),
	})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the receipt's reading")
	}
	var said pushed
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the receipt's reading")
	}
	return &said, nil
}

// outerURL is the address as the vendor was given it.
func (s *Server) outerURL(r *http.Request) string {
	if public := s.outerBase(); public != "" {
		return public + r.URL.RequestURI()
	}
	scheme := "http"
	if s.isSecure(r, "") {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.RequestURI()
}

// outerBase is the app's public URL, without a slash at its end; empty where it
// isn't told.
func (s *Server) outerBase() string {
	public := s.publicURL
	if a, release, err := s.authority(); err == nil {
		if a != nil && public == "" {
			public = a.PublicURL()
		}
		release()
	}
	return trimSlash(public)
}

func trimSlash(public string) string {
	if n := len(public); n > 0 && public[n-1] == '/' {
		return public[:n-1]
	}
	return public
}

func (s *Server) keepReceipts(ctx context.Context, instance string, said *pushed) error {
	now := time.Now()
	list := make([]databases.Receipt, 0, len(said.Reports))
	counts := map[string]int{}
	for _, report := range said.Reports {
		if report.State != databases.SendDelivered && report.State != databases.SendFailed {
			continue
		}
		at := report.Time
		if at.Before(now.AddDate(0, -1, 0)) || at.After(now.Add(receiptSkew)) {
			at = now
		}
		counts[report.State]++
		list = append(list, databases.Receipt{Instance: instance, MessageID: report.MessageID, State: report.State, Code: report.Code, At: at})
	}
	if len(list) == 0 {
		return nil
	}
	store, release, err := s.sendLog()
	if err != nil {
		return err
	}
	defer release()
	if err := store.AddReceipts(ctx, list); err != nil {
		return errcode.Wrap(err, errcode.StoreUnavailable, "the receipts could not be kept").Retry()
	}
	for state, n := range counts {
		s.metrics.receipts.WithLabelValues(instance, state).Add(float64(n))
	}
	return nil
}

func (s *Server) sendLog() (databases.SendLog, func(), error) {
	instance, release, err := s.app.BuiltinDefault(element.DefaultDatabase)
	if err != nil {
		return nil, nil, err
	}
	store, ok := instance.(databases.SendLog)
	if !ok {
		release()
		return nil, nil, errcode.New(errcode.StoreUnavailable, "the default database keeps no receipts")
	}
	return store, release, nil
}

// receiptPath is where the vendor of an element pushes its receipts.
type receiptPath struct {
	Element string `json:"element"`
	// URL is whole where the app's public URL is known, else a path.
	URL string `json:"url"`
}

// receiptPaths lists them, for operators: whoever has one can make receipts up.
func (s *Server) receiptPaths() []receiptPath {
	list := []receiptPath{}
	key, err := s.app.Key(receipts.Purpose)
	if err != nil {
		return list
	}
	found, err := s.app.Select("." + smsFamily)
	if err != nil {
		return list
	}
	public := s.outerBase()
	for _, e := range found {
		if e.Has(receipts.Function) {
			list = append(list, receiptPath{e.FullName(), public + receipts.Path(key, e.FullName())})
		}
	}
	return list
}
