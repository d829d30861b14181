package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/lintel-run/lintel/server/extension"
)

//go:embed locales/*.json
var official embed.FS

// fallback is the language of texts that another language lacks.
const fallback = "en"

const (
	langCookie     = "lintel_lang"
	langCookieLife = 365 * 24 * time.Hour
)

// locale holds the texts of one language.
type locale struct {
	Tag   string
	texts map[string]string
}

// locales are the languages of the pages.
type locales struct {
	all     []locale
	matcher language.Matcher
}

// newLocales reads the official languages and further ones: files NAME.json, where
// NAME is a BCP 47 tag, each an object of texts. A file with the name of an official
// language replaces its texts.
func newLocales(more fs.FS) (*locales, error) {
	found := map[string]map[string]string{}
	if err := readLocales(official, "locales", found); err != nil {
		return nil, err
	}
	if more != nil {
		if err := readLocales(more, ".", found); err != nil {
			return nil, err
		}
	}
	var l locales
	var tags []language.Tag
	// The first is for browsers that prefer none of them.
	names := slices.Sorted(maps.Keys(found))
	names = append([]string{fallback}, slices.DeleteFunc(names, func(n string) bool { return n == fallback })...)
	for _, name := range names {
		texts := maps.Clone(found[fallback])
		maps.Copy(texts, found[name])
		l.all = append(l.all, locale{Tag: name, texts: texts})
		tags = append(tags, language.MustParse(name))
	}
	l.matcher = language.NewMatcher(tags)
	return &l, nil
}

func readLocales(from fs.FS, dir string, into map[string]map[string]string) error {
	entries, err := fs.ReadDir(from, dir)
	if err != nil {
		return fmt.Errorf("locales: the directory can't be read: %w", errors.Unwrap(err))
	}
	for _, e := range entries {
		name, isJSON := strings.CutSuffix(e.Name(), ".json")
		if e.IsDir() || !isJSON {
			continue
		}
		if _, err := language.Parse(name); err != nil {
			return fmt.Errorf("locales: %s: the name is no language tag such as fr or pt-BR", e.Name())
		}
		file := e.Name()
		if dir != "." {
			file = dir + "/" + file
		}
		text, err := fs.ReadFile(from, file)
		if err != nil {
			return fmt.Errorf("locales: %s can't be read", e.Name())
		}
		var texts map[string]string
		if err := json.Unmarshal(text, &texts); err != nil {
			return fmt.Errorf("locales: %s: %w", e.Name(), err)
		}
		if into[name] == nil {
			into[name] = map[string]string{}
		}
		for key, text := range texts {
			if _, known := into[fallback][key]; !known && from != fs.FS(official) {
				return fmt.Errorf("locales: %s: there is no text %q", e.Name(), key)
			}
			into[name][key] = text
		}
	}
	return nil
}

// choose returns the language of a page: that of the switch, else the one chosen
// before, else what the browser prefers.
func (l *locales) choose(r extension.Request) locale {
	if tag := r.HTTP().URL.Query().Get("lang"); tag != "" {
		if one, ok := l.named(tag); ok {
			setCookie(r, langCookie, one.Tag, langCookieLife)
			return one
		}
	}
	name, _ := r.CookieName(langCookie)
	if c, err := r.HTTP().Cookie(name); err == nil {
		if one, ok := l.named(c.Value); ok {
			return one
		}
	}
	accepted, _, err := language.ParseAcceptLanguage(shorten(r.HTTP().Header.Get("Accept-Language"), 200))
	if err != nil || len(accepted) == 0 {
		return l.all[0]
	}
	_, i, _ := l.matcher.Match(accepted...)
	return l.all[i]
}

func (l *locales) named(tag string) (locale, bool) {
	for _, one := range l.all {
		if strings.EqualFold(one.Tag, tag) {
			return one, true
		}
	}
	return locale{}, false
}

// Name is the language's name in itself.
func (l locale) Name() string { return l.texts["language"] }

// base returns the language alone, such as zh.
func (l locale) base() string {
	base, _, _ := strings.Cut(l.Tag, "-")
	return strings.ToLower(base)
}

// Dir is rtl for languages that are written from right to left, else "".
func (l locale) Dir() string {
	script, _ := language.Make(l.Tag).Script()
	if strings.Contains(" Arab Hebr Thaa Syrc Nkoo Adlm Rohg ", " "+script.String()+" ") {
		return "rtl"
	}
	return ""
}

// T returns a text.
func (l locale) T(key string) string { return l.texts[key] }

// N returns a text with a number in it.
func (l locale) N(key string, n int64) string {
	return strings.ReplaceAll(l.texts[key], "{n}", itoa(n))
}

// With returns a text with a phone number in it, which reads from left to right
// whatever the language.
func (l locale) With(key, word string) string {
	if l.Dir() != "" {
		word = "\u2066" + word + "\u2069"
	}
	return strings.ReplaceAll(l.texts[key], "{x}", word)
}

// Named returns a text with a name in it, which reads in its own direction.
func (l locale) Named(key, name string) string {
	if l.Dir() != "" {
		name = "\u2068" + name + "\u2069"
	}
	return strings.ReplaceAll(l.texts[key], "{x}", name)
}

// message returns the text of a message.
func (l locale) message(m flashMessage) string {
	text := l.N(m.Key, m.Number)
	if m.Ref != "" {
		text = strings.ReplaceAll(text, "{x}", m.Ref)
	}
	return text
}
