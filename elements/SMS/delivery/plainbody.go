package delivery

import (
	"bytes"
	"compress/gzip"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// readBody reads the body of a response: up to 64 KiB of it, unzipped, and as UTF-8
// if it has a byte order mark. A body that ends early within its compression counts
// as cut.
func (r *Response) readBody(body io.Reader) error {
	raw, cut, err := readUpTo(body)
	if err != nil {
		return err
	}
	r.Body, r.Cut = raw, cut
	if isZipped(raw) {
		r.unzip()
	}
	if hasByteOrderMark(r.Body) {
		if text, _, err := transform.Bytes(unicode.BOMOverride(unicode.UTF8.NewDecoder()), r.Body); err == nil {
			r.Body, r.Unicode = text, true
		}
	}
	return nil
}

func readUpTo(body io.Reader) (raw []byte, cut bool, err error) {
	raw, err = io.ReadAll(io.LimitReader(body, maxBody+1))
	if len(raw) > maxBody {
		return raw[:maxBody], true, err
	}
	return raw, false, err
}

// isZipped reports whether a body is in gzip. No text begins with these bytes, and not
// every gateway that zips says so.
func isZipped(body []byte) bool { return bytes.HasPrefix(body, []byte{0x1f, 0x8b}) }

func (r *Response) unzip() {
	reader, err := gzip.NewReader(bytes.NewReader(r.Body))
	if err != nil {
		r.Body, r.Cut = nil, true
		return
	}
	text, cut, err := readUpTo(reader)
	r.Body, r.Cut = text, r.Cut || cut || err != nil
}

// hasByteOrderMark reports whether a body begins with the mark of UTF-8 or UTF-16.
func hasByteOrderMark(body []byte) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"} {
		if bytes.HasPrefix(body, []byte(mark)) {
			return true
		}
	}
	return false
}
