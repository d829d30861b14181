package huawei

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "SDK-HMAC-SHA256"
	dateHeader = "X-Sdk-Date"
	dateLayout = "20060102T150405Z"
)

// sign signs a request without a query by the rule of the gateway
// (support.huaweicloud.com/devg-apisign/api-sign-algorithm.html): all headers that
// the request has so far, its host, its path with a slash at the end, its body.
func sign(req *http.Request, body, key, secret string, now time.Time) {
	date := now.UTC().Format(dateLayout)
	req.Header.Set(dateHeader, date)
	names := []string{"host"}
	for name := range req.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	var headers strings.Builder
	for _, name := range names {
		value := req.URL.Host
		if name != "host" {
			value = req.Header.Get(name)
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	signed := strings.Join(names, ";")
	path := strings.TrimSuffix(req.URL.EscapedPath(), "/") + "/"
	canonical := strings.Join([]string{req.Method, path, "", headers.String(), signed, digest(body)}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithm + "\n" + date + "\n" + digest(canonical)))
	req.Header.Set("Authorization", algorithm+" Access="+key+", SignedHeaders="+signed+", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
