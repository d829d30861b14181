package delivery_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

func zipped(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.String()
}

func TestAnswersAreReadHoweverTheyAreWrapped(t *testing.T) {
	const text, markup = `{"a":"中"}`, `<r><a>中</a></r>`
	utf16 := func(e unicode.Endianness, text string) string {
		out, err := unicode.UTF16(e, unicode.UseBOM).NewEncoder().String(text)
		require.NoError(t, err)
		return out
	}
	for name, row := range map[string]struct {
		wrap func(string) string
		ok   bool
	}{
		"plain":                 {func(s string) string { return s }, true},
		"gzip":                  {zipped, true},
		"a mark":                {func(s string) string { return "\xef\xbb\xbf" + s }, true},
		"a mark in gzip":        {func(s string) string { return zipped("\xef\xbb\xbf" + s) }, true},
		"UTF-16, little endian": {func(s string) string { return utf16(unicode.LittleEndian, s) }, true},
		"UTF-16, big endian":    {func(s string) string { return zipped(utf16(unicode.BigEndian, s)) }, true},
		"64 KiB in gzip":        {func(s string) string { return zipped(s + strings.Repeat(" ", 64<<10-len(s))) }, true},
		"more in gzip":          {func(s string) string { return zipped(s + strings.Repeat(" ", 64<<10)) }, false},
		"a bomb":                {func(s string) string { return zipped(s + strings.Repeat(" ", 1<<20)) }, false},
		"half of gzip":          {func(s string) string { return zipped(s)[:20] }, false},
		"gzip of nothing":       {func(string) string { return "\x1f\x8b" }, false},
		"gzip in gzip":          {func(s string) string { return zipped(zipped(s)) }, false},
	} {
		for _, header := range []http.Header{
			{}, {"Content-Encoding": {"gzip"}}, {"Content-Type": {"text/html"}}, {"Content-Type": {"image/png"}}, {"Content-Type": {"/"}},
		} {
			t.Run(name, func(t *testing.T) {
				body := text
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					for key, values := range header {
						w.Header()[key] = values
					}
					_, _ = w.Write([]byte(row.wrap(body)))
				}))
				defer s.Close()
				client := delivery.NewClient(delivery.Network{})
				defer client.Close()
				do := func(read delivery.ReadFunc) {
					req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL, nil)
					require.NoError(t, err)
					require.Equal(t, delivery.StatusAccepted, client.Do(req, read).Status())
				}
				do(func(r *delivery.Response) delivery.Outcome {
					var into struct{ A string }
					require.Equal(t, row.ok, r.JSON(&into))
					if row.ok {
						require.Equal(t, "中", into.A)
					}
					return delivery.Accepted("")
				})
				for _, body = range []string{markup, `<?xml version="1.0" encoding="UTF-8"?>` + markup} {
					do(func(r *delivery.Response) delivery.Outcome {
						var into struct {
							A string `xml:"a"`
						}
						require.Equal(t, row.ok, r.XML(&into))
						return delivery.Accepted("")
					})
				}
			})
		}
	}
}
