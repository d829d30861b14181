package delivery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// Escape percent-encodes all bytes but the unreserved characters of RFC 3986 §2.3,
// as signatures want it.
func Escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// HexSHA256 returns the SHA-256 of a text in lower-case hexadecimal digits.
func HexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// HexHMAC returns the HMAC-SHA-256 of a text in lower-case hexadecimal digits.
func HexHMAC(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// JSON returns the JSON form of strings, lists and maps of strings.
func JSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // not made of strings
	}
	return string(text)
}
