package fromcurl

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// pair is a header, or a field of a form or query.
type pair struct{ name, value string }

// request is the request that a curl command makes.
type request struct {
	method  string
	url     string
	headers []pair
	// data are the parts of the body, in order.
	data    []string
	parts   []pair // of -F
	get     bool
	login   string // of -u
	timeout string
	// json is set by --json.
	json  bool
	notes []string
}

// withValue are the options that have a value and mean something here; ignoredValue
// those whose value doesn't matter; flags those without a value.
var (
	withValue = map[string]string{
		"-X": "request", "--request": "request", "-H": "header", "--header": "header",
		"-d": "data", "--data": "data", "--data-ascii": "data", "--data-raw": "raw", "--data-binary": "data", "--data-urlencode": "urlencode",
		"-F": "form", "--form": "form", "--form-string": "formString", "-u": "user", "--user": "user", "--json": "json", "--url": "url",
		"-m": "timeout", "--max-time": "timeout", "-b": "cookie", "--cookie": "cookie", "-A": "ignore", "--user-agent": "ignore",
		"-e": "referer", "--referer": "referer", "--oauth2-bearer": "bearer",
		"-o": "ignore", "--output": "ignore", "-w": "ignore", "--write-out": "ignore", "--connect-timeout": "ignore", "--retry": "ignore",
		"-x": "proxy", "--proxy": "proxy", "--cacert": "cacert", "--resolve": "ignore", "-c": "ignore", "--cookie-jar": "ignore", "-D": "ignore", "--dump-header": "ignore",
		"--max-redirs": "ignore", "--retry-delay": "ignore", "--tls-max": "ignore", "--ciphers": "ignore",
		"-E": "refuse", "--cert": "refuse", "--key": "refuse", "-T": "refuse", "--upload-file": "refuse", "-K": "refuse", "--config": "refuse",
	}
	flags = map[string]string{
		"-G": "get", "--get": "get", "-k": "insecure", "--insecure": "insecure", "-L": "location", "--location": "location",
		"-I": "head", "--head": "head",
	}
	ignoredFlags = "sSivfgnNqO#0123460"
)

// parse returns the request of a curl command.
func parse(command string) (*request, error) {
	list, err := words(strings.TrimPrefix(strings.TrimSpace(command), "$ "))
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || strings.TrimSuffix(list[0][strings.LastIndexAny(list[0], `/\`)+1:], ".exe") != "curl" {
		return nil, errors.New("this is no curl command: it must begin with curl")
	}
	r := &request{}
	for args := list[1:]; len(args) > 0; {
		if args, err = r.option(args); err != nil {
			return nil, err
		}
	}
	return r, r.complete()
}

// option reads one option or the URL, and returns what follows.
func (r *request) option(args []string) ([]string, error) {
	arg, rest := args[0], args[1:]
	var name, value string
	joined := false
	switch {
	case strings.HasPrefix(arg, "--"):
		name, value, joined = strings.Cut(arg, "=")
	case strings.HasPrefix(arg, "-") && len(arg) > 1:
		name = arg[:2]
		switch {
		case withValue[name] != "" && len(arg) > 2:
			value, joined = arg[2:], true
		case withValue[name] == "" && len(arg) > 2:
			rest = append([]string{"-" + arg[2:]}, rest...)
		}
	default:
		return rest, r.set("url", arg)
	}
	if kind := withValue[name]; kind != "" {
		if !joined {
			if len(rest) == 0 {
				return nil, fmt.Errorf("the option %s has no value", name)
			}
			value, rest = rest[0], rest[1:]
		}
		return rest, r.set(kind, value)
	}
	if kind := flags[name]; kind != "" {
		return rest, r.set(kind, "")
	}
	if strings.HasPrefix(name, "--") || strings.Contains(ignoredFlags, name[1:]) {
		return rest, nil // such as --silent, --compressed
	}
	return nil, fmt.Errorf("the option %s isn't known here", name)
}

func (r *request) set(kind, value string) error {
	fromFile := strings.HasPrefix(value, "@")
	switch kind {
	case "url":
		if r.url != "" {
			return errors.New("the command has two URLs: one request is one message")
		}
		r.url = value
	case "request":
		r.method = strings.ToUpper(value)
	case "header":
		name, text, ok := strings.Cut(value, ":")
		if fromFile || !ok {
			return fmt.Errorf("a header is %q, without name and value", name)
		}
		r.headers = append(r.headers, pair{strings.TrimSpace(name), strings.TrimSpace(text)})
	case "data", "raw", "json":
		if fromFile && kind != "raw" {
			return errors.New("the body is in a file: put its text into the command")
		}
		r.json = r.json || kind == "json"
		r.data = append(r.data, value)
	case "urlencode":
		name, text, ok := strings.Cut(value, "=")
		switch {
		case !ok && strings.Contains(value, "@"):
			return errors.New("the body is in a file: put its text into the command")
		case !ok:
			r.data = append(r.data, url.QueryEscape(value))
		case name == "":
			r.data = append(r.data, url.QueryEscape(text))
		default:
			r.data = append(r.data, name+"="+url.QueryEscape(text))
		}
	case "form", "formString":
		name, text, ok := strings.Cut(value, "=")
		if !ok || kind == "form" && (strings.HasPrefix(text, "@") || strings.HasPrefix(text, "<")) {
			return errors.New("a part of the form is in a file, which no message has")
		}
		r.parts = append(r.parts, pair{name, text})
	case "user":
		r.login = value
	case "bearer":
		r.headers = append(r.headers, pair{"Authorization", "Bearer " + value})
	case "cookie":
		r.headers = append(r.headers, pair{"Cookie", value})
	case "referer":
		r.headers = append(r.headers, pair{"Referer", value})
	case "timeout":
		r.timeout = value
	case "get":
		r.get = true
	case "head":
		return errors.New("the option -I asks for no answer")
	case "refuse":
		return errors.New("client certificates, uploads and configuration files can't be part of an SMS.Http request")
	case "insecure":
		r.notes = append(r.notes, "-k: certificates are always checked; a private CA is a setting of the server")
	case "location":
		r.notes = append(r.notes, "-L: redirects are not followed; use the URL where they end")
	case "proxy", "cacert":
		r.notes = append(r.notes, "--"+kind+": proxies and private CAs are settings of the server")
	}
	return nil
}

func (r *request) header(name string) string {
	for _, h := range r.headers {
		if strings.EqualFold(h.name, name) {
			return h.value
		}
	}
	return ""
}

// complete adds what curl adds.
func (r *request) complete() error {
	if r.url == "" {
		return errors.New("the command has no URL")
	}
	if !strings.Contains(r.url, "://") {
		r.url = "http://" + r.url
		r.notes = append(r.notes, "the URL has no scheme; curl uses http")
	}
	if r.json {
		for _, h := range []pair{{"Content-Type", "application/json"}, {"Accept", "application/json"}} {
			if r.header(h.name) == "" {
				r.headers = append(r.headers, h)
			}
		}
	}
	if r.get && len(r.data) > 0 {
		separator := "?"
		if strings.Contains(r.url, "?") {
			separator = "&"
		}
		r.url, r.data = r.url+separator+strings.Join(r.data, "&"), nil
	}
	if r.method == "" {
		r.method = "GET"
		if len(r.data)+len(r.parts) > 0 {
			r.method = "POST"
		}
	}
	switch {
	case r.method != "GET" && r.method != "POST" && r.method != "PUT":
		return fmt.Errorf("the method is %s; SMS.Http has GET, POST and PUT", r.method)
	case r.method == "GET" && len(r.data)+len(r.parts) > 0:
		return errors.New("a GET with a body can't be sent; does the vendor take a POST, or the values in the query?")
	}
	return nil
}

// kind returns the bodyType, and the body as one text.
func (r *request) kind() (bodyType, body string) {
	separator := "&"
	if r.json {
		separator = ""
	}
	body = strings.Join(r.data, separator)
	mediaType := strings.ToLower(r.header("Content-Type"))
	trimmed := strings.TrimSpace(body)
	switch {
	case len(r.parts) > 0:
		return "form", ""
	case trimmed == "":
		return "none", ""
	case strings.Contains(mediaType, "json") && json.Valid([]byte(trimmed)), mediaType == "" && strings.IndexByte("{[", trimmed[0]) >= 0 && json.Valid([]byte(trimmed)):
		return "json", trimmed
	case strings.Contains(mediaType, "xml"), strings.HasPrefix(trimmed, "<"):
		return "xml", trimmed
	case mediaType == "", strings.Contains(mediaType, "form-urlencoded"):
		return "form", body
	}
	return "text", body
}
