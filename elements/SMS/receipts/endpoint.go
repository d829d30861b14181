package receipts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

const (
	callbackTimeout = 5 * time.Second
	maxBody         = 256 << 10
	// clockSkew is how far a vendor's clock may be ahead.
	clockSkew = 10 * time.Minute
)

// Endpoint serves the callbacks by which vendors push delivery receipts. The element's
// Type reads a callback; its receipts are stored with their sends and change nothing
// else.
type Endpoint struct {
	app       extension.App
	publicURL func() string
	counted   *prometheus.CounterVec
}

// NewEndpoint returns the endpoint of an app. publicURL returns the app's public URL,
// or "" if it isn't known.
func NewEndpoint(app extension.App, publicURL func() string) *Endpoint {
	return &Endpoint{app, publicURL, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lintel_sms_receipts_total", Help: "Messages that vendors reported as delivered or failed, and reports that can't be read.",
	}, []string{"element", "state"})}
}

// Collector returns the endpoint's metrics.
func (e *Endpoint) Collector() prometheus.Collector { return e.counted }

// Route returns the path of all receipts.
func (e *Endpoint) Route() extension.Route {
	return extension.Route{Pattern: Prefix + "{path...}", Methods: []string{http.MethodGet, http.MethodPost}, Serve: e.serve}
}

// callbackResult is the answer of parseReceipt.
type callbackResult struct {
	Reports []struct {
		MessageID string    `json:"messageId"`
		State     string    `json:"state"`
		Code      string    `json:"code"`
		Time      time.Time `json:"time"`
	} `json:"reports"`
	Reply       string `json:"reply"`
	ContentType string `json:"contentType"`
	// Unreadable is how many reports couldn't be read.
	Unreadable int `json:"unreadable"`
}

// stateUnreadable is the state in the metrics of reports that couldn't be read.
const stateUnreadable = "unreadable"

// serve answers a callback with success only after its receipts are stored, because a
// vendor repeats a callback that failed. A callback with a report that can't be read
// has failed, though the others of it are stored.
func (e *Endpoint) serve(r extension.Request) error {
	ctx, cancel := context.WithTimeout(r.HTTP().Context(), callbackTimeout)
	defer cancel()
	target, err := e.target(r.HTTP().PathValue("path"))
	if err != nil {
		return err
	}
	r.Label(target.FullName(), Function)
	result, err := parse(ctx, r, target)
	if err != nil {
		if errors.Is(err, errcode.Params) {
			e.counted.WithLabelValues(target.FullName(), stateUnreadable).Inc()
		}
		return err
	}
	if err := e.store(ctx, target.FullName(), result); err != nil {
		return err
	}
	if result.Unreadable > 0 {
		e.counted.WithLabelValues(target.FullName(), stateUnreadable).Add(float64(result.Unreadable))
		return errcode.New(errcode.Params, "%d reports have no message ID or no state; the others are stored", result.Unreadable).With("arg", "body")
	}
	if result.ContentType == "" {
		result.ContentType = "text/plain; charset=utf-8"
	}
	r.Writer().Header().Set("Content-Type", result.ContentType)
	_, _ = io.WriteString(r.Writer(), result.Reply)
	return nil
}

// target returns the element of a path. Every wrong path gets the same error.
func (e *Endpoint) target(path string) (extension.Element, error) {
	// Vendors know the addresses that were made under the secret before.
	for _, derive := range []func(string) ([]byte, error){e.app.Key, e.app.PreviousKey} {
		key, err := derive(Purpose)
		if err != nil {
			return nil, err
		}
		if key == nil {
			continue
		}
		if name, ok := Element(key, path); ok {
			target, err := e.app.Find(name)
			if err == nil && target.Meta() == smscode.Family && target.Has(Function) {
				return target, nil
			}
		}
	}
	return nil, errcode.New(errcode.ElementNotFound, "no element has this path")
}

// parse lets the element read a callback.
func parse(ctx context.Context, r extension.Request, target extension.Element) (*callbackResult, error) {
	body, err := extension.ReadBody(r.Writer(), r.HTTP(), maxBody)
	if err != nil {
		return nil, err
	}
	header := withoutCredentials(r.HTTP().Header)
	answer, err := target.Call(ctx, Function, runtime.Args{
		"method": r.HTTP().Method, "url": r.URL(), "header": map[string][]string(header),
		"body": base64.StdEncoding.EncodeToString(body),
	})
	if err != nil {
		return nil, err
	}
	var result callbackResult
	text, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the answer of %s", Function)
	}
	return &result, nil
}

// withoutCredentials returns a header without what signs somebody in here or at a
// proxy: a push needs none of it. A vendor's signature stays.
func withoutCredentials(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Cookie", "Proxy-Authorization", "Lintel-Device"} {
		h.Del(name)
	}
	signatures := slices.DeleteFunc(h["Authorization"], func(value string) bool {
		scheme := strings.Fields(value + " ?")[0]
		return strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic")
	})
	if h["Authorization"] = signatures; len(signatures) == 0 {
		h.Del("Authorization")
	}
	return h
}

// store stores the receipts of messages that are delivered or failed.
func (e *Endpoint) store(ctx context.Context, instance string, result *callbackResult) error {
	now := time.Now()
	var list []databases.Receipt
	for _, report := range result.Reports {
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
		return errcode.New(errcode.StoreUnavailable, "the default database stores no receipts")
	}
	if err := log.AddReceipts(ctx, list); err != nil {
		return errcode.Wrap(err, errcode.StoreUnavailable, "the receipts could not be stored").Retry()
	}
	for _, receipt := range list {
		e.counted.WithLabelValues(instance, receipt.State).Inc()
	}
	return nil
}

// Address is the address of an element's callbacks.
type Address struct {
	Element string `json:"element"`
	// URL is a whole URL if the app's public URL is known, else a path.
	URL string `json:"url"`
}

// Addresses returns the address of each element that reads receipts. It is for
// operators only: whoever knows an address can forge receipts.
func (e *Endpoint) Addresses() []Address {
	list := []Address{}
	key, err := e.app.Key(Purpose)
	if err != nil {
		return list
	}
	found, err := e.app.Select("." + smscode.Family)
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
