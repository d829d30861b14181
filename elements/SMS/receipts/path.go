// Package receipts takes the delivery receipts that vendors push, and keeps them with
// the sends that they belong to. It knows no vendor: the element's Type reads a push.
//
// Each SMS element has a path that nobody can guess, since few vendors sign receipts.
// The path is derived from the app's secret and the element's name, so that every
// replica knows it and nothing has to be kept.
package receipts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Purpose is the purpose of the key, for runtime.App.Key.
const Purpose = "sms receipts"

// Function is the function that reads a callback. Elements with it have receipts.
const Function = "parseReceipt"

// Prefix begins all paths.
const Prefix = "/receipts/"

// Path returns the path of an element's receipts: its full name, with slashes for
// dots, and its token.
func Path(key []byte, fullName string) string {
	return Prefix + strings.ReplaceAll(fullName, ".", "/") + "/" + token(key, fullName)
}

// Element returns the full name of the element that a path after Prefix stands for,
// if its token is right.
func Element(key []byte, path string) (fullName string, ok bool) {
	at := strings.LastIndexByte(path, '/')
	if at <= 0 || strings.Contains(path, ".") {
		return "", false
	}
	fullName = strings.ReplaceAll(path[:at], "/", ".")
	return fullName, hmac.Equal([]byte(path[at+1:]), []byte(token(key, fullName)))
}

// token returns 192 bits of an HMAC.
func token(key []byte, fullName string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(fullName))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}
