// Package receipts says where a vendor pushes its delivery receipts for one SMS
// element: a path that nobody can guess, since few vendors sign them. The path
// follows from the app's secret and the element's name, so that every replica
// knows it and nothing has to be kept.
package receipts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Purpose is that of the key: runtime.App.Key(Purpose).
const Purpose = "sms receipts"

// Function reads a push; elements that have it take receipts.
const Function = "parseReceipt"

// Prefix is what all paths begin with.
const Prefix = "/receipts/"

// Path gives the path of an element's receipts: its full name, dots turned into
// slashes, and its token.
func Path(key []byte, fullName string) string {
	return Prefix + strings.ReplaceAll(fullName, ".", "/") + "/" + token(key, fullName)
}

// Element gives the full name that a path behind Prefix stands for, if its token
// is right.
func Element(key []byte, path string) (fullName string, ok bool) {
	at := strings.LastIndexByte(path, '/')
	if at <= 0 || strings.Contains(path, ".") {
		return "", false
	}
	fullName = strings.ReplaceAll(path[:at], "/", ".")
	return fullName, hmac.Equal([]byte(path[at+1:]), []byte(token(key, fullName)))
}

// token is 192 bits of an HMAC.
func token(key []byte, fullName string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(fullName))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}
