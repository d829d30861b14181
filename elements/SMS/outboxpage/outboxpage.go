// Package outboxpage shows developers, at /_dev/outbox, the messages that outboxes
// hold in place of the app's SMS elements. Only a development server has it.
package outboxpage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/server/extension"
)

const (
	// function is the function of an outbox that returns its messages.
	function = "messages"
	callTime = 30 * time.Second
)

// message is a message that an outbox holds.
type message struct {
	Time     string         `json:"time"`
	Vendor   string         `json:"vendor"`
	Phone    string         `json:"phone"`
	Template string         `json:"template"`
	Params   map[string]any `json:"params"`
	Text     string         `json:"text"`
}

// app is what is needed of an extension.App.
type app interface {
	Select(selector string) ([]extension.Element, error)
}

// Routes returns the page and its JSON.
func Routes(app app) []extension.Route {
	route := func(pattern, contentType string, write func(extension.Request, []message) error) extension.Route {
		return extension.Route{Pattern: pattern, Methods: []string{http.MethodGet, http.MethodHead}, Serve: func(r extension.Request) error {
			messages, err := messages(app, r.HTTP())
			if err != nil {
				return err
			}
			r.Writer().Header().Set("Content-Type", contentType+"; charset=utf-8")
			_ = write(r, messages) // the developer has gone
			return nil
		}}
	}
	return []extension.Route{
		route("/_dev/outbox", "text/html", showPage),
		route("/_dev/outbox.json", "application/json", func(r extension.Request, list []message) error { return json.NewEncoder(r.Writer()).Encode(list) }),
	}
}

// messages returns the messages of all outboxes, newest first. They hold codes, so
// only a browser on this machine that no other page led there gets them.
func messages(app app, r *http.Request) ([]message, error) {
	if !isLocalHost(r.Host) || !isDirect(r) {
		return nil, errcode.New(errcode.Forbidden, "only for this machine's developer")
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTime)
	defer cancel()
	elements, err := app.Select("." + smscode.Family)
	if err != nil {
		return nil, err
	}
	all := []message{}
	for _, outbox := range elements {
		if !outbox.Has(function) {
			continue // its vendor sends the messages
		}
		answer, err := outbox.Call(ctx, function)
		if errors.Is(err, errcode.ElementUnavailable) {
			continue // the other outboxes still show
		}
		if err != nil {
			return nil, err
		}
		var held []message
		text, err := json.Marshal(answer)
		if err == nil {
			err = json.Unmarshal(text, &held)
		}
		if err != nil {
			return nil, errcode.Wrap(err, errcode.Internal, "the messages of an outbox")
		}
		all = append(all, held...)
	}
	slices.SortStableFunc(all, func(a, b message) int { return cmp.Compare(b.sentAt(), a.sentAt()) })
	return all, nil
}

func (m message) sentAt() int64 {
	at, err := time.Parse(time.RFC3339Nano, m.Time)
	if err != nil {
		return 0
	}
	return at.UnixNano()
}

// isLocalHost reports whether only this machine can have the name. A page that
// makes its own name point here (DNS rebinding) comes with that name.
func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}

// isDirect reports whether no page of another origin caused the request.
func isDirect(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host || origin == "https://"+r.Host
}
