// Package scaffold writes the first files of an app, an instance or a Type. It
// never overwrites a file.
package scaffold

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// files maps slash-separated paths below a directory to their contents.
type files map[string][]byte

// write creates the files and returns their paths in order. If one of them exists
// already, it writes none.
func (f files) write(dir string) ([]string, error) {
	names := slices.Sorted(maps.Keys(f))
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return nil, fmt.Errorf("%s is there already", name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	var written []string
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return written, err
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return written, err
		}
		_, err = file.Write(f[name])
		if err := errors.Join(err, file.Close()); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	return written, nil
}

func render(name string, data any) ([]byte, error) {
	t, err := template.New(filepath.Base(name)).Funcs(template.FuncMap{"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	}}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// indented returns the text of a JSON file.
func indented(value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(value)
	return out.Bytes(), err
}

var (
	appID   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_-]*$`)
	segment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
)

// NameError reports a text that can't be a name.
type NameError struct{ message string }

func (e *NameError) Error() string { return e.message }

// noElements are directories that the runtime skips or doesn't count.
var noElements = []string{"frontend", "backend", "dist", "appData", "commons", "test", "node_modules"}

// directory returns the directory of an element below its app's root.
func directory(fullName string) (string, error) {
	segments := strings.Split(fullName, ".")
	for _, s := range segments {
		if !segment.MatchString(s) {
			return "", &NameError{fmt.Sprintf("%q is no full name such as SMS.acme", fullName)}
		}
		if slices.Contains(noElements, s) {
			return "", &NameError{fmt.Sprintf("%q is no full name: a directory %s holds no elements", fullName, s)}
		}
	}
	return strings.Join(segments, "/"), nil
}

func lastSegment(fullName string) string { return fullName[strings.LastIndexByte(fullName, '.')+1:] }

// PhoneType is the Type of an app's first login.
const PhoneType = "auths.loginTypes.PhoneType"

// App writes an app with a phone login and an outbox for development.
func App(dir, id, title string) ([]string, error) {
	if !appID.MatchString(id) {
		return nil, &NameError{fmt.Sprintf("%q is no appId such as acme.shop", id)}
	}
	name := lastSegment(id)
	manifest, err := render("app/app.json.tmpl", map[string]string{"ID": id, "Name": name, "Title": cmp.Or(title, name)})
	if err != nil {
		return nil, err
	}
	f := files{
		"app.json":   manifest,
		".gitignore": []byte("appData/\n.env\n"),
	}
	for path, value := range map[string]any{
		"SMS/devOutbox/e.json":               eJSON{Title: "Outbox for development", Type: "SMS.Outbox", Entry: "."},
		"SMS/devOutbox/sms.json":             map[string]string{"$schema": schemaLink("SMS/devOutbox", "SMS.Outbox")},
		"auths/loginTypes/phoneLogin/e.json": eJSON{Title: "Phone login", Type: PhoneType, Entry: "."},
		"auths/loginTypes/phoneLogin/config.json": map[string]any{
			"$schema":     schemaLink("auths/loginTypes/phoneLogin", PhoneType),
			"smsFullName": "{{PHONE_SMS}}",
			"smsConfig":   map[string]string{"noticeText": "Your phone number at ${product} was replaced."},
		},
	} {
		if f[path], err = indented(value); err != nil {
			return nil, err
		}
	}
	return f.write(dir)
}

// eJSON is an e.json, its keys in the order in which people read them.
type eJSON struct {
	Title     string     `json:"title"`
	Type      string     `json:"type"`
	Entry     string     `json:"backendBundleEntry"`
	Variables []variable `json:"variables,omitempty"`
}

type variable struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Default string `json:"default,omitempty"`
	Secret  bool   `json:"secret,omitempty"`
}
