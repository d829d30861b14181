package httptype

import (
	"context"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// target is the URL of requests. Scheme and host are fixed; path and query are
// templates.
type target struct {
	origin   string // scheme://host
	path     template
	query    fields
	hasQuery bool
	guard    delivery.Guard
}

func newURL(ctx context.Context, c Config, names *placeNames) (*target, error) {
	t, err := splitURL(c, names)
	if err != nil {
		return nil, err
	}
	pointer := "/url"
	if c.Endpoint != "" {
		base, err := c.Base(ctx, "")
		if err != nil {
			return nil, err
		}
		pointer = "/endpoint"
		t.origin = base.Scheme + "://" + base.Host
		t.path = append(template{{literal: base.EscapedPath()}}, t.path...)
	}
	u, err := url.Parse(t.origin)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return nil, sdk.ConfigError(pointer, "must be a URL such as https://sms.example.com/send, without a user")
	}
	if c.Endpoint == "" {
		if err := delivery.CheckScheme(ctx, pointer, u, c.AllowPlainHTTP); err != nil {
			return nil, err
		}
	}
	switch addr, err := netip.ParseAddr(u.Hostname()); {
	case delivery.IsLoopbackName(u.Hostname()):
		t.guard = delivery.LoopbackOnly
	case c.AllowPrivateNetwork:
	case err == nil && delivery.IsInternal(addr):
		return nil, sdk.ConfigError(pointer, "is an address of a private network; allowPrivateNetwork permits it")
	default:
		t.guard = delivery.PublicOnly
	}
	if err := t.try(); err != nil {
		return nil, sdk.ConfigError(pointer, "is no URL that a request can go to")
	}
	return t, nil
}

// splitURL splits the configured URL before values are put into it.
func splitURL(c Config, names *placeNames) (*target, error) {
	scheme, rest, ok := strings.Cut(c.URL, "://")
	if !ok || strings.Contains(scheme, "$") {
		return nil, sdk.ConfigError("/url", "must be a URL such as https://sms.example.com/send")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if strings.Contains(rest[:end], "$") {
		return nil, sdk.ConfigError("/url", "placeholders may stand in path and query only")
	}
	all, err := parse("/url", rest[end:], names)
	if err != nil {
		return nil, err
	}
	t := &target{origin: strings.ToLower(scheme) + "://" + rest[:end]}
	var query template
	for _, p := range all {
		switch before, after, found := strings.Cut(p.literal, "?"); {
		case strings.Contains(p.literal, "#"):
			return nil, sdk.ConfigError("/url", "must have no fragment")
		case t.hasQuery:
			query = append(query, p)
		case found:
			t.hasQuery = true
			t.path = append(t.path, piece{literal: before})
			query = append(query, piece{literal: after})
		default:
			t.path = append(t.path, p)
		}
	}
	e := charset(c.Charset).urlEscaper()
	if err := t.path.escape("/url", e); err != nil {
		return nil, err
	}
	if t.query, err = query.fields("/url", e); err != nil {
		return nil, err
	}
	return t, nil
}

// try reports whether the URL can be made: with an x for each placeholder.
func (t *target) try() error {
	sample := func(t template) template {
		out := make(template, len(t))
		for i, p := range t {
			if out[i] = p; p.placeholder != nil {
				out[i] = piece{literal: "x"}
			}
		}
		return out
	}
	tried := *t
	tried.path, tried.query = sample(t.path), nil
	for _, field := range t.query {
		tried.query = append(tried.query, sample(field))
	}
	_, err := tried.render(&scope{})
	return err
}

// render returns the URL of a message. No value can change its host, add a segment to
// its path or a name to its query.
func (t *target) render(s *scope) (*url.URL, error) {
	path, err := t.path.render(s)
	if err != nil {
		return nil, err
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return nil, errcode.New(smscode.Params, "a value can't stand in the path of a URL")
		}
	}
	text := t.origin + path
	if t.hasQuery {
		query, err := t.query.render(s)
		if err != nil {
			return nil, err
		}
		text += "?" + query
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme+"://"+u.Host != t.origin {
		return nil, errcode.New(smscode.Params, "the URL can't be made")
	}
	return u, nil
}
