package httptype

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// The places of a document that aren't JSON pointers.
const (
	wholeText  = "$"
	xmlPrefix  = "xml:"
	formPrefix = "form:"
)

// checkPlace accepts a place of a document. key is where it stands in the
// configuration.
func checkPlace(key, place string, optional bool) error {
	path, isXML := strings.CutPrefix(place, xmlPrefix)
	name, isForm := strings.CutPrefix(place, formPrefix)
	switch {
	case place == "" && optional, place == wholeText, isForm && name != "":
		return nil
	case isXML && validXMLPath(path), !isXML && strings.HasPrefix(place, "/") && validPointer(place):
		return nil
	}
	return sdk.ConfigError(key, "found %q; a place is a JSON pointer such as /data/code, xml:/answer/code, form:code, or $ for the whole text", place)
}

// document is a response, or a part of a callback, with the places where texts stand.
// Each form is read when it is first asked for.
type document struct {
	status int
	text   string
	cut    bool

	parsed bool
	// json is the value, with numbers as they were written, if isJSON.
	json   any
	isJSON bool
	xml    xmlTexts
	form   url.Values
	// isForm reports that places are names of the form's fields.
	isForm bool
}

func newDocument(r *delivery.Response, c charset) *document {
	return &document{status: r.Status, text: c.decode(r), cut: r.Cut}
}

func newJSONDocument(value any) *document { return &document{json: value, isJSON: true, parsed: true} }

func newFormDocument(form url.Values) *document { return &document{form: form, isForm: true} }

// exists reports whether anything stands at a place, null too. It reports false for
// readable if the document isn't in the place's form, so that nothing is known of it.
func (d *document) exists(place string) (there, readable bool) {
	switch {
	case d.isForm:
	case strings.HasPrefix(place, xmlPrefix):
		readable = d.readXML()
		_, there = d.xml[place[len(xmlPrefix):]]
		return there, readable
	case strings.HasPrefix(place, "/"):
		d.parse()
		_, there = lookup(d.json, place)
		return d.isJSON && there, d.isJSON
	}
	text, there := d.at(place)
	return there && (place != wholeText || text != ""), !d.cut
}

// at returns what stands at a place as text. An object, a list and null have none.
func (d *document) at(place string) (string, bool) {
	switch {
	case d.isForm:
		return formValue(d.form, place)
	case place == wholeText:
		return strings.TrimSpace(d.text), true
	case strings.HasPrefix(place, xmlPrefix):
		return d.xmlAt(place[len(xmlPrefix):])
	case strings.HasPrefix(place, formPrefix):
		return d.formAt(place[len(formPrefix):])
	case place == "":
		return "", false
	}
	d.parse()
	value, _ := lookup(d.json, place)
	if !d.isJSON {
		return "", false
	}
	return scalarText(value)
}

func (d *document) parse() {
	if d.parsed {
		return
	}
	d.parsed = true
	if !d.cut {
		d.json, d.isJSON = decodeJSON(d.text)
	}
}

func (d *document) xmlAt(path string) (string, bool) {
	d.readXML()
	text, ok := d.xml[path]
	return text, ok
}

// readXML reports whether the document is XML.
func (d *document) readXML() bool {
	if d.xml == nil {
		d.xml = xmlTexts{}
		if texts, ok := readXML(d.text); ok && !d.cut {
			d.xml = texts
		}
	}
	return len(d.xml) > 0
}

func (d *document) formAt(name string) (string, bool) {
	if d.form == nil {
		d.form = url.Values{}
		if form, err := url.ParseQuery(strings.TrimSpace(d.text)); err == nil && !d.cut {
			d.form = form
		}
	}
	return formValue(d.form, name)
}

// formValue returns a form's field. It ignores the case of the name: vendors with
// forms often document another than they use.
func formValue(form url.Values, name string) (string, bool) {
	if form.Has(name) {
		return form.Get(name), true
	}
	for _, other := range sortedKeys(form) {
		if strings.EqualFold(other, name) {
			return form.Get(other), true
		}
	}
	return "", false
}

// scalarText returns a string, number or truth value as text.
func scalarText(value any) (string, bool) {
	switch scalar := value.(type) {
	case string:
		return scalar, true
	case json.Number:
		return scalar.String(), true
	case bool:
		return strconv.FormatBool(scalar), true
	}
	return "", false
}
