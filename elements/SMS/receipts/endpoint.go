package receipts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

const (
	// pushTime bounds one push, longestPush its body.
	pushTime    = 5 * time.Second
	longestPush = 256 << 10
	// clockSkew is how far a vendor's clock may be ahead.
	clockSkew = 10 * time.Minute
	family    = "SMS.Meta"
)

// Endpoint takes the delivery receipts that vendors push. The element's Type reads
// a receipt; it is kept with the send that it belongs to, and changes nothing else.
type Endpoint struct {
	app       extension.App
	publicURL func() string
	counted   *prometheus.CounterVec
}

// NewEndpoint returns the endpoint of an app. publicURL returns where clients reach
// the app, empty where it isn't known.
func NewEndpoint(app extension.App, publicURL func() string) *Endpoint {
	return &Endpoint{app, publicURL, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lintel_sms_receipts_total", Help: "Messages that vendors reported as delivered or failed.",
	}, []string{"element", "state"})}
}

// Collector returns the endpoint's metrics.
func (e *Endpoint) Collector() prometheus.Collector { return e.counted }

// Route returns the path of all receipts.
func (e *Endpoint) Route() extension.Route {
	return extension.Route{Pattern: Prefix + "{path...}", Methods: []string{http.MethodGet, http.MethodPost}, Serve: e.serve}
}

// push is what an element's parseReceipt returns.
type push struct {
	Reports []struct {
		MessageID string    `json:"messageId"`
		State     string    `json:"state"`
		Code      string    `json:"code"`
		Time      time.Time `json:"time"`
	} `json:"reports"`
	Reply       string `json:"reply"`
	ContentType string `json:"contentType"`
}

// serve answers a push with success only when its reports are kept: vendors push
// again.
func (e *Endpoint) serve(r extension.Request) error {
	ctx, cancel := context.WithTimeout(r.HTTP().Context(), pushTime)
	defer cancel()
	target, err := e.target(r.HTTP().PathValue("path"))
	if err != nil {
		return err
	}
	r.Label(target.FullName(), Function)
	pushed, err := parse(ctx, r, target)
	if err != nil {
		return err
	}
	if err := e.keep(ctx, target.FullName(), pushed); err != nil {
		return err
	}
	if pushed.ContentType == "" {
		pushed.ContentType = "text/plain; charset=utf-8"
	}
	r.Writer().Header().Set("Content-Type", pushed.ContentType)
	_, _ = io.WriteString(r.Writer(), pushed.Reply)
	return nil
}

// target returns the element of a path. Every wrong path gets the same error.
func (e *Endpoint) target(path string) (extension.Element, error) {
	key, err := e.app.Key(Purpose)
	if err != nil {
		return nil, err
	}
	if name, ok := Element(key, path); ok {
		target, err := e.app.Find(name)
		if err == nil && target.Meta() == family && target.Has(Function) {
			return target, nil
		}
	}
	return nil, errcode.New(errcode.ElementNotFound, "no element has this path")
}

// parse lets the element read a push.
func parse(ctx context.Context, r extension.Request, target extension.Element) (*push, error) {
	body, err := extension.ReadBody(r.Writer(), r.HTTP(), longestPush)
	if err != nil {
		return nil, err
	}
	header := r.HTTP().Header.Clone()
	header.Del("Cookie")
	answer, err := target.Call(ctx, Function, runtime.Args{
		"method": r.HTTP().Method, "url": r.URL(), "header": map[string][]string(header),
		"body": base64.StdEncoding.EncodeToString(body),
	})
	if err != nil {
		return nil, err
	}
	var pushed push
	text, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(text, &pushed)
	}
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the answer of %s", Function)
	}
	return &pushed, nil
}

// keep stores the final reports of a push.
func (e *Endpoint) keep(ctx context.Context, instance string, pushed *push) error {
	now := time.Now()
	var list []databases.Receipt
	for _, report := range pushed.Reports {
		if report.State != databases.SendDelivered && report.State != databases.SendFailed {
			continue
		}
		at := report.Time
		if at.Before(now.AddDate(0, -1, 0)) || at.After(now.Add(clockSkew)) {
			at = now
		}
		list = append(list, databases.Receipt{Instance: instance, MessageID: report.MessageID, State: report.State, Code: report.Code, At: at})
	}
	if len(list) == 0 {
		return nil
	}
	database, release, err := e.app.BuiltinDefault(element.DefaultDatabase)
	if err != nil {
		return err
	}
	defer release()
	log, ok := database.(databases.SendLog)
	if !ok {
		return errcode.New(errcode.StoreUnavailable, "the default database keeps no receipts")
	}
	if err := log.AddReceipts(ctx, list); err != nil {
		return errcode.Wrap(err, errcode.StoreUnavailable, "the receipts could not be kept").Retry()
	}
	for _, receipt := range list {
		e.counted.WithLabelValues(instance, receipt.State).Inc()
	}
	return nil
}

// Address is where the vendor of an element pushes its receipts.
type Address struct {
	Element string `json:"element"`
	// URL is a whole URL where the app's public URL is known, else a path.
	URL string `json:"url"`
}

// Addresses returns the address of each element that takes receipts, for operators
// only: whoever has one can make receipts up.
func (e *Endpoint) Addresses() []Address {
	list := []Address{}
	key, err := e.app.Key(Purpose)
	if err != nil {
		return list
	}
	found, err := e.app.Select("." + family)
	if err != nil {
		return list
	}
	base := strings.TrimSuffix(e.publicURL(), "/")
	for _, target := range found {
		if target.Has(Function) {
			list = append(list, Address{target.FullName(), base + Path(key, target.FullName())})
		}
	}
	return list
}
