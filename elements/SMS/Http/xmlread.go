package httptype

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

// xmlTexts are the texts of an XML document by path, /root/element or
// /root/element/@attribute, without namespaces. Of several elements with one path it
// is the first.
type xmlTexts map[string]string

// maxXMLDepth bounds what is kept of a document that nests for nesting's sake.
const maxXMLDepth = 64

var xmlPath = regexp.MustCompile(`^(/[^/@\s]+)+(/@[^/@\s]+)?$`)

func validXMLPath(path string) bool { return xmlPath.MatchString(path) }

// readXML reads a document whose text is decoded already. It reports false for text
// that is no well-formed XML with a root.
func readXML(text string) (xmlTexts, bool) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	texts := xmlTexts{}
	keep := func(path, text string) {
		if _, ok := texts[path]; !ok {
			texts[path] = text
		}
	}
	var path string
	var content []string
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return texts, len(texts) > 0
		case err != nil:
			return nil, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(content) == maxXMLDepth {
				return nil, false
			}
			path += "/" + token.Name.Local
			content = append(content, "")
			for _, attribute := range token.Attr {
				keep(path+"/@"+attribute.Name.Local, attribute.Value)
			}
		case xml.CharData:
			if len(content) > 0 {
				content[len(content)-1] += string(token)
			}
		case xml.EndElement:
			keep(path, strings.TrimSpace(content[len(content)-1]))
			content = content[:len(content)-1]
			path = path[:strings.LastIndexByte(path, '/')]
		}
	}
}
