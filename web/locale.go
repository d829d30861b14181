package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed locales/*.json
var official embed.FS

// spoken is the language of what a file of a further language leaves out.
const spoken = "en"

const langCookie = "lintel_lang"

// locale is the texts of one language.
type locale struct {
	Tag   string
	texts map[string]string
}

// locales are the languages there are.
type locales struct {
	all     []locale
	matcher language.Matcher
}

// newLocales reads the official languages and further ones: files NAME.json, NAME
// a BCP 47 tag, each an object of texts. One of an official name changes its texts.
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
	// The first is for whoever asks for none that is here.
	names := slices.Sorted(maps.Keys(found))
	names = append([]string{spoken}, slices.DeleteFunc(names, func(n string) bool { return n == spoken })...)
	for _, name := range names {
		texts := maps.Clone(found[spoken])
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
			if _, known := into[spoken][key]; !known && from != fs.FS(official) {
				return fmt.Errorf("locales: %s: there is no text %q", e.Name(), key)
			}
			into[name][key] = text
		}
	}
	return nil
}

// choose gives the language of a page: the switch's, else the one chosen before,
// else what the browser prefers.
func (l *locales) choose(w http.ResponseWriter, r *http.Request, site Site) locale {
	name, secure := site.Cookie(r, langCookie)
	if asked := r.URL.Query().Get("lang"); asked != "" {
		if one, ok := l.named(asked); ok {
			http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure wherever the client's connection is https
				Name: name, Value: one.Tag, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
			})
			return one
		}
	}
	if c, err := r.Cookie(name); err == nil {
		if one, ok := l.named(c.Value); ok {
			return one
		}
	}
	accepted, _, err := language.ParseAcceptLanguage(shorten(r.Header.Get("Accept-Language"), 200))
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

// Name is the language's own.
func (l locale) Name() string { return l.texts["language"] }

// base is the language alone, such as zh.
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

// T gives a text.
func (l locale) T(key string) string { return l.texts[key] }

// N gives a text with a number in it.
func (l locale) N(key string, n int64) string {
	return strings.ReplaceAll(l.texts[key], "{n}", itoa(n))
}

// With gives a text with a number in it that reads from left to right whatever
// stands around it.
func (l locale) With(key, word string) string {
	if l.Dir() != "" {
		word = "\u2066" + word + "\u2069"
	}
	return strings.ReplaceAll(l.texts[key], "{x}", word)
}

// say writes a note.
func (l locale) say(n note) string {
	text := l.N(n.Key, n.Number)
	if n.Ref != "" {
		text = strings.ReplaceAll(text, "{x}", n.Ref)
	}
	return text
}
