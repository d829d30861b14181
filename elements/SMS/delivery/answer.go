package delivery

import (
	"encoding/json"
	"encoding/xml"
	"mime"
	"strings"
)

// JSON reads an answer of JSON. It is false for what can't be trusted: an answer
// that was cut, one of a type that isn't JSON, and text that isn't either.
func (a *Answer) JSON(into any) bool {
	return !a.Cut && a.hasType("json") && json.Unmarshal(a.Body, into) == nil
}

// XML is JSON for answers of XML.
func (a *Answer) XML(into any) bool {
	return !a.Cut && a.hasType("xml") && xml.Unmarshal(a.Body, into) == nil
}

// hasType says whether the body may be of a type: gateways before a vendor answer
// with pages of their own, and name them so. Plain text and no type at all say
// nothing about what it is.
func (a *Answer) hasType(want string) bool {
	header := a.Header.Get("Content-Type")
	if header == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return false
	}
	return kind == "text/plain" || kind == "application/"+want || kind == "text/"+want || strings.HasSuffix(kind, "+"+want)
}

// OK says whether the status is one of 2xx.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Redirect says whether the status is one of 3xx, which no vendor uses.
func (a *Answer) Redirect() bool { return a.Status >= 300 && a.Status < 400 }
