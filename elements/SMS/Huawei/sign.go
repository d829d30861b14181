package huawei

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

const (
	algorithm  = "SDK-HMAC-SHA256"
	dateHeader = "X-Sdk-Date"
	dateLayout = "20060102T150405Z"
)

// sign signs a request for the gateway
// (support.huaweicloud.com/devg-apisign/api-sign-algorithm.html): the headers that it
// has so far, its host, its path with a slash at the end, its query and its body.
func sign(req *http.Request, body, key, secret string, now time.Time) {
	date := now.UTC().Format(dateLayout)
	req.Header.Set(dateHeader, date)
	names := []string{"host"}
	for name := range req.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	signed := strings.Join(names, ";")
	values := make([]string, len(names))
	for i, name := range names {
		if values[i] = req.Header.Get(name); name == "host" {
			values[i] = req.URL.Host
		}
	}
	canonical := canonicalRequest(req.Method, req.URL, names, values, delivery.HexSHA256(body))
	req.Header.Set("Authorization", algorithm+" Access="+key+", SignedHeaders="+signed+", Signature="+signature(secret, date, canonical))
}

// canonicalRequest returns the text that is signed. names are the signed headers in
// order, values theirs.
func canonicalRequest(method string, to *url.URL, names, values []string, hash string) string {
	var headers strings.Builder
	for i, name := range names {
		headers.WriteString(name + ":" + strings.TrimSpace(values[i]) + "\n")
	}
	path := strings.TrimSuffix(to.EscapedPath(), "/") + "/"
	return strings.Join([]string{method, path, canonicalQuery(to.Query()), headers.String(), strings.Join(names, ";"), hash}, "\n")
}

// canonicalQuery returns the query in the order of names, then of values.
func canonicalQuery(query url.Values) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := slices.Clone(query[name])
		slices.Sort(values)
		for _, value := range values {
			pairs = append(pairs, delivery.Escape(name)+"="+delivery.Escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

func signature(secret, date, canonical string) string {
	return delivery.HexHMAC(secret, algorithm+"\n"+date+"\n"+delivery.HexSHA256(canonical))
}
