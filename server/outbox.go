package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// message is one that an outbox holds.
type message struct {
	Time     string         `json:"time"`
	Vendor   string         `json:"vendor"`
	Phone    string         `json:"phone"`
	Template string         `json:"template"`
	Params   map[string]any `json:"params"`
	Text     string         `json:"text"`
}

// outbox gathers what the app's outboxes hold, newest first. It shows codes, so
// only a browser on this machine that went there by itself gets it.
func (s *Server) outbox(r *http.Request) ([]message, error) {
	if !isLocalHost(r.Host) || !isOwnWish(r) {
		return nil, errcode.New(errcode.Forbidden, "only for this machine's developer")
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTime)
	defer cancel()
	found, err := s.app.Select(".SMS.Outbox")
	if err != nil {
		return nil, err
	}
	all := []message{}
	for _, outbox := range found {
		held, err := outbox.Call(ctx, "messages")
		if errors.Is(err, errcode.ElementUnavailable) {
			continue // broken or down: the others' messages show all the same
		}
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(held)
		if err != nil {
			return nil, errcode.Wrap(err, errcode.Internal, "an outbox's messages")
		}
		var messages []message
		if err := json.Unmarshal(text, &messages); err != nil {
			return nil, errcode.Wrap(err, errcode.Internal, "an outbox's messages")
		}
		all = append(all, messages...)
	}
	slices.SortStableFunc(all, func(a, b message) int { return cmp.Compare(sentAt(b), sentAt(a)) })
	return all, nil
}

func sentAt(m message) int64 {
	at, err := time.Parse(time.RFC3339Nano, m.Time)
	if err != nil {
		return 0
	}
	return at.UnixNano()
}

func (s *Server) outboxJSON(w http.ResponseWriter, r *http.Request) {
	messages, err := s.outbox(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	plain(w, http.StatusOK, messages)
}

var outboxTemplate = template.Must(template.New("outbox").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Outbox</title>
<h1>Outbox</h1>
<table border="1" cellpadding="6"><tr><th>Time<th>Vendor<th>Phone<th>Template<th>Parameters<th>Text</tr>
{{range .}}<tr><td>{{.Time}}<td>{{.Vendor}}<td>{{.Phone}}<td>{{.Template}}<td>{{range $name, $value := .Params}}{{$name}}: <b>{{$value}}</b><br>{{end}}<td>{{.Text}}</tr>
{{else}}<tr><td colspan="6">No message yet.</tr>
{{end}}</table>
`))

func (s *Server) outboxPage(w http.ResponseWriter, r *http.Request) {
	messages, err := s.outbox(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = outboxTemplate.Execute(w, messages)
}

// isLocalHost holds for names that only this machine can mean: a page that makes
// its own name point here (DNS rebinding) comes with that name.
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

// isOwnWish holds unless a page of another origin caused the request.
func isOwnWish(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host || origin == "https://"+r.Host
}
