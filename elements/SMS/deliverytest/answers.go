package deliverytest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/plugins/errcode"
)

const megabytes = 1 << 20

// neverAccepted answers with everything but an acceptance, mostly with an acceptance
// somewhere inside.
func (v Vendor) neverAccepted(t *testing.T) {
	yes := v.Accepted
	with := func(change func(a *Answer)) Answer {
		a := yes
		change(&a)
		return a
	}
	status := func(code int) Answer { return with(func(a *Answer) { a.Status = code }) }
	body := func(text string) Answer { return with(func(a *Answer) { a.Body = text }) }
	for name, answer := range map[string]Answer{
		"empty": body(""), "empty object": body("{}"), "null": body("null"), "list": body("[]"), "number": body("0"), "spaces": body("  \n"),
		"empty element": body("<a/>"), "half of it": body(yes.Body[:len(yes.Body)/2]),
		"HTML":          {Type: "text/html; charset=utf-8", Body: "<html><body>OK</body></html>"},
		"HTML, unnamed": body("<!DOCTYPE html><html><body>OK</body></html>"),
		"half of gzip":  body(zipped(yes.Body)[:len(zipped(yes.Body))/2]),
		"a lot in gzip": body(zipped(yes.Body + strings.Repeat(" ", 10*megabytes))),
		"301":           status(http.StatusMovedPermanently), "302": status(http.StatusFound), "304": status(http.StatusNotModified),
		"307": status(http.StatusTemporaryRedirect), "308": status(http.StatusPermanentRedirect),
		"400": status(http.StatusBadRequest), "404": status(http.StatusNotFound),
		"500": status(http.StatusInternalServerError), "502": status(http.StatusBadGateway), "503": status(http.StatusServiceUnavailable),
		"500, empty": {Status: http.StatusInternalServerError}, "502, HTML": {Status: http.StatusBadGateway, Type: "text/html", Body: "<html>"},
		"10 MB":           body(strings.Repeat("x", 10*megabytes)),
		"10 MB after it":  body(yes.Body + strings.Repeat(" ", 10*megabytes)),
		"10 MB before it": body(strings.Repeat(" ", 10*megabytes) + yes.Body),
		"twice":           body(yes.Body + yes.Body),
	} {
		if name == "twice" && strings.HasPrefix(yes.Body, "<") {
			continue // a reader of XML stops at the end of the first
		}
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, always(answer))
			e := v.fails(t, v.open(t, s.URL, nil))
			require.EqualValues(t, 1, s.requests.Load())
			require.Equal(t, smscode.Failed, e.Code)
			require.Equal(t, errcode.OutcomeUnknown, e.Details["outcome"])
		})
	}
	t.Run("a redirect to a yes", func(t *testing.T) {
		other := newStandIn(t, always(yes))
		for _, code := range []int{301, 302, 303, 307, 308} {
			s := newStandIn(t, func(w http.ResponseWriter, r *http.Request, _ []byte) { http.Redirect(w, r, other.URL, code) })
			require.Equal(t, smscode.Failed, v.fails(t, v.open(t, s.URL, nil)).Code)
		}
		require.EqualValues(t, 0, other.requests.Load())
	})
}

// wrapped answers with an acceptance of another type, zipped, and with a byte order
// mark.
func (v Vendor) wrapped(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	for _, kind := range []string{"", "text/html", "text/plain; charset=utf-8", "application/octet-stream", "application/x-json", "image/png", "/"} {
		for name, body := range map[string]string{
			"plain": v.Accepted.Body, "gzip": zipped(v.Accepted.Body), "a mark": mark + v.Accepted.Body, "a mark in gzip": zipped(mark + v.Accepted.Body),
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				s := newStandIn(t, always(Answer{Status: v.Accepted.Status, Type: kind, Body: body}))
				_, err := v.send(v.open(t, s.URL, nil), v.Phone)
				require.NoError(t, err)
				require.EqualValues(t, 1, s.requests.Load())
			})
		}
	}
}

func zipped(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.String()
}

// broken breaks the connection at each stage of a response.
func (v Vendor) broken(t *testing.T) {
	hijacked := func(text string) respond {
		return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(text))
			_ = conn.Close()
		}
	}
	head := "HTTP/1.1 200 OK\r\nContent-Type: " + v.Accepted.Type + "\r\n"
	for name, text := range map[string]string{
		"nothing at all": "", "half a status": "HTTP/1.1 20", "headers only": head, "shorter than said": head + "Content-Length: 100000\r\n\r\n" + v.Accepted.Body,
		"an open chunk": head + "Transfer-Encoding: chunked\r\n\r\nfff\r\n" + v.Accepted.Body, "not HTTP": v.Accepted.Body,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, hijacked(text))
			require.Equal(t, smscode.Failed, v.fails(t, v.open(t, s.URL, nil)).Code)
			require.EqualValues(t, 1, s.requests.Load())
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		s := newStandIn(t, always(v.Accepted))
		s.Close()
		e := v.fails(t, v.open(t, s.URL, nil))
		require.Equal(t, smscode.Refused, e.Code)
		require.Equal(t, string(smscode.Unavailable), e.Details["reason"])
	})
}

// deadline stalls the response before its headers and within its body.
func (v Vendor) deadline(t *testing.T) {
	for name, first := range map[string]string{"slow headers": "", "slow body": v.Accepted.Body[:1]} {
		t.Run(name, func(t *testing.T) {
			end := make(chan struct{})
			s := newStandIn(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
				if first != "" {
					w.Header().Set("Content-Type", v.Accepted.Type)
					_, _ = w.Write([]byte(first))
					w.(http.Flusher).Flush()
				}
				select {
				case <-r.Context().Done():
				case <-end:
				}
			})
			defer close(end)
			sms := v.open(t, s.URL, map[string]any{"timeout": 1000})
			watch := pace.Start(t)
			require.Equal(t, smscode.Failed, v.fails(t, sms).Code)
			watch.Within(t, 1200*time.Millisecond)
			require.EqualValues(t, 1, s.requests.Load())
		})
	}
}
