package fromcurl

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// answer is a vendor's answer, with the texts at its places.
type answer struct {
	status int
	text   string
	// places are those that SMS.Http reads: JSON pointers, xml:/path, form:name.
	places map[string]string
	// objects are the places with an object, a list or null.
	objects map[string]bool
	order   []string
}

var statusLine = regexp.MustCompile(`^HTTP/[0-9.]+ ([0-9]{3})[^\n]*\n`)

// readAnswer reads an answer: a body, or all that curl -i prints.
func readAnswer(text string) *answer {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	a := &answer{places: map[string]string{}, objects: map[string]bool{}}
	for {
		found := statusLine.FindStringSubmatch(text)
		if found == nil {
			break
		}
		a.status, _ = strconv.Atoi(found[1])
		_, body, _ := strings.Cut(text, "\n\n")
		text = body
	}
	a.text = strings.TrimSpace(text)
	switch {
	case a.readJSON(), a.readXML():
	default:
		a.readForm()
	}
	return a
}

func (a *answer) put(place, text string) {
	if _, ok := a.places[place]; !ok {
		a.places[place] = text
		a.order = append(a.order, place)
	}
}

func (a *answer) readJSON() bool {
	if a.text == "" || strings.IndexByte("{[", a.text[0]) < 0 {
		return false
	}
	d := json.NewDecoder(strings.NewReader(a.text))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return false
	}
	a.walk("", value)
	return true
}

func (a *answer) walk(pointer string, value any) {
	switch value := value.(type) {
	case map[string]any:
		a.objects[pointer] = pointer != ""
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			a.walk(pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), value[name])
		}
	case []any:
		a.objects[pointer] = pointer != ""
		for i, item := range value {
			a.walk(pointer+"/"+strconv.Itoa(i), item)
		}
	case nil:
		a.objects[pointer] = true
	case string:
		a.put(pointer, value)
	case json.Number:
		a.put(pointer, value.String())
	case bool:
		a.put(pointer, strconv.FormatBool(value))
	}
}

func (a *answer) readXML() bool {
	if !strings.HasPrefix(a.text, "<") {
		return false
	}
	d := xml.NewDecoder(strings.NewReader(a.text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	path, content := "", []string{}
	for {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && len(a.places) > 0
		}
		switch token := token.(type) {
		case xml.StartElement:
			path += "/" + token.Name.Local
			content = append(content, "")
			for _, attribute := range token.Attr {
				a.put("xml:"+path+"/@"+attribute.Name.Local, attribute.Value)
			}
		case xml.CharData:
			if len(content) > 0 {
				content[len(content)-1] += string(token)
			}
		case xml.EndElement:
			if text := strings.TrimSpace(content[len(content)-1]); text != "" {
				a.put("xml:"+path, text)
			}
			content = content[:len(content)-1]
			path = path[:strings.LastIndexByte(path, '/')]
		}
	}
}

var formText = regexp.MustCompile(`^[A-Za-z_][\w.-]*=[^\n]*$`)

func (a *answer) readForm() {
	if !formText.MatchString(a.text) {
		return
	}
	for part := range strings.SplitSeq(a.text, "&") {
		name, value, _ := strings.Cut(part, "=")
		if text, err := url.QueryUnescape(value); err == nil {
			a.put("form:"+name, text)
		}
	}
}
