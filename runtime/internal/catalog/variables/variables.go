// Package variables replaces {{NAME}} in configuration strings. It knows the syntax and
// the order in which values are looked up, and no configuration.
package variables

import "strings"

// Declaration is an entry of "variables" in an app.json or e.json.
type Declaration struct {
	Name  string
	Title string
	// Default is the declared default. HasDefault tells an empty one from none.
	Default    string
	HasDefault bool
	Secret     bool
}

// Source is where values come from. It doesn't change while in use.
type Source struct {
	// Fixed values take precedence over all others, declared or not.
	Fixed map[string]string
	// LookupEnv reads the process environment, for declared names only.
	LookupEnv func(string) (string, bool)
	// Files are parsed .env files, in order of precedence.
	Files []map[string]string
	// Declared are lists of declarations, in order of precedence.
	Declared [][]Declaration
}

// Lookup returns the value of a variable, which may be empty, whether any declaration
// marks it as secret, and whether it was found.
func (s *Source) Lookup(name string) (value string, secret, found bool) {
	declared := false
	var fallback string
	var hasFallback bool
	for _, list := range s.Declared {
		for i := range list {
			d := &list[i]
			if d.Name != name {
				continue
			}
			declared = true
			secret = secret || d.Secret
			if d.HasDefault && !hasFallback {
				fallback, hasFallback = d.Default, true
			}
		}
	}
	if v, ok := s.Fixed[name]; ok {
		return v, secret, true
	}
	if declared && s.LookupEnv != nil {
		if v, ok := s.LookupEnv(name); ok {
			return v, secret, true
		}
	}
	for _, file := range s.Files {
		if v, ok := file[name]; ok {
			return v, secret, true
		}
	}
	return fallback, secret, hasFallback
}

// Mask replaces secrets.
const Mask = "******"

// Expanded is an expanded string.
type Expanded struct {
	Text string
	// Masked is Text with the secret parts masked.
	Masked string
	// Whole is the name of the variable if the string was just {{NAME}}.
	Whole string
}

// Expand replaces each {{NAME}} by its value, which isn't expanded again, and {{{{ by {{.
// Other text in braces stays. missing is the first variable without a value or with an
// empty one.
func (s *Source) Expand(text string) (out Expanded, missing string) {
	if !Has(text) {
		return Expanded{Text: text, Masked: text}, ""
	}
	var plain, masked strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		if strings.HasPrefix(rest, "{{{{") {
			plain.WriteString("{{")
			masked.WriteString("{{")
			i += 4
			continue
		}
		name := leading(rest)
		if name == "" {
			plain.WriteByte(text[i])
			masked.WriteByte(text[i])
			i++
			continue
		}
		value, secret, found := s.Lookup(name)
		if !found || value == "" {
			return Expanded{}, name
		}
		plain.WriteString(value)
		if secret {
			value = Mask
		}
		masked.WriteString(value)
		i += len(name) + 4
		if i == len(text) && len(name)+4 == len(text) {
			out.Whole = name
		}
	}
	out.Text, out.Masked = plain.String(), masked.String()
	return out, ""
}

// Names returns the names of the variables in a text, in order.
func Names(text string) (names []string) {
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "{{{{") {
			i += 3
		} else if name := leading(text[i:]); name != "" {
			names = append(names, name)
			i += len(name) + 3
		}
	}
	return names
}

// Has reports whether a text may hold something to expand.
func Has(text string) bool { return strings.Contains(text, "{{") }

// leading returns NAME if the text starts with {{NAME}}, else "".
func leading(text string) string {
	if !strings.HasPrefix(text, "{{") {
		return ""
	}
	end := 2
	for end < len(text) && nameByte(text[end], end > 2) {
		end++
	}
	if end == 2 || !strings.HasPrefix(text[end:], "}}") {
		return ""
	}
	return text[2:end]
}

func nameByte(c byte, digits bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || digits && c >= '0' && c <= '9'
}

// ValidName reports whether a text is a variable's name: [A-Za-z_][A-Za-z0-9_]*.
func ValidName(name string) bool {
	for i := range len(name) {
		if !nameByte(name[i], i > 0) {
			return false
		}
	}
	return name != ""
}
