package baidu

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// validity is how long a signature is valid, in seconds.
const validity = 1800

// sign signs the method, path, query and the headers host and x-bce-date of a request
// with bce-auth-v1 (cloud.baidu.com/doc/Reference/s/njwvz1yfu).
func sign(req *http.Request, key, secret string, now time.Time) {
	date := now.UTC().Format("2006-01-02T15:04:05Z")
	req.Header.Set("x-bce-date", date)
	prefix := fmt.Sprintf("bce-auth-v1/%s/%s/%d", key, date, validity)
	canonical := strings.Join([]string{
		req.Method, req.URL.EscapedPath(), canonicalQuery(req.URL.Query()),
		"host:" + delivery.Escape(req.URL.Host), "x-bce-date:" + delivery.Escape(date),
	}, "\n")
	req.Header.Set("Authorization", prefix+"/host;x-bce-date/"+delivery.HexHMAC(delivery.HexHMAC(secret, prefix), canonical))
}

// canonicalQuery returns the query in the order of its escaped pairs.
func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, delivery.Escape(name)+"="+delivery.Escape(value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}
