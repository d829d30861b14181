package fromcurl

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// guesser turns the values of one message into placeholders.
type guesser struct {
	// last is the last segment of the instance's name, which begins its variables.
	last string
	// phone is the number of the example, without plus and country code in national.
	digits, national, countryCode string
	code                          string

	template, sign, text string
	secrets              []pair // name in secrets, variable
	values               []pair
	variables            []Variable
	// env are the values of variables, which stand in no other file.
	env     []pair
	guessed []string
	check   []string
}

// Variable is a variable of the new instance.
type Variable struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Secret bool   `json:"secret,omitempty"`
}

// leaf returns the template of one value. where says where it stands, for people.
func (g *guesser) leaf(where, name, value string) string {
	key := known(name)
	text := strings.ReplaceAll(value, "${", "$${")
	g.declareAll(value, key)
	switch {
	case value == "" || shellOnly.MatchString(value):
		return text
	case textNames.MatchString(key) && g.code != "" && hasToken(value, g.code) && len([]rune(value)) > len(g.code)+3:
		return g.message(where, value)
	}
	if replaced := g.replacePhone(text); replaced != text {
		g.note("%s: %s", where, placeholdersOf(replaced))
		text = replaced
		if g.code == "" || !hasToken(text, g.code) {
			return text
		}
	}
	if g.code != "" && hasToken(text, g.code) {
		text = replaceToken(text, g.code, "${params.code}")
		g.note("%s: ${params.code}", where)
		return text
	}
	if text != strings.ReplaceAll(value, "${", "$${") {
		return text
	}
	return g.byName(where, name, value)
}

// shellOnly matches a value that is a variable of the shell.
var shellOnly = regexp.MustCompile(`^\{\{[A-Za-z_][A-Za-z0-9_]*\}\}$`)

// byName returns the template of a value whose name says what it is.
func (g *guesser) byName(where, name, value string) string {
	key := known(name)
	switch {
	case minutesNames.MatchString(key) && smallNumber.MatchString(value):
		g.note("%s: ${params.minutes}", where)
		return "${params.minutes}"
	case nonceNames.MatchString(key):
		g.note("%s: ${nonce}", where)
		return "${nonce}"
	case timeNames.MatchString(key):
		if at := timestamp(value); at != "" {
			g.note("%s: %s", where, at)
			return at
		}
	case requestNames.MatchString(key):
		g.note("%s: ${requestId}", where)
		return "${requestId}"
	case templateNames.MatchString(key):
		g.template = value
		g.note("%s: ${template}, with verifyTemplateCode", where)
		return "${template}"
	case digestNames.MatchString(key) && digest.MatchString(value):
		g.check = append(g.check, where+" looks like a signature that is computed for each request. It is a fixed secret now, which works at most once: write how it is computed with sign, values and filters (docs/vendors/http.md)")
		return g.secret(where, name, value)
	case signNames.MatchString(key) && !digest.MatchString(value):
		g.sign = value
		g.note("%s: ${sign}, with verifySign", where)
		return "${sign}"
	case secretNames.MatchString(key) || isRandom(value):
		if digest.MatchString(value) && strings.Contains(key, "p") && len(value) == 32 {
			g.check = append(g.check, where+" may be the MD5 of a password: if so, write ${secrets.NAME | md5} and keep the password")
		}
		return g.secret(where, name, value)
	case accountNames.MatchString(key):
		return "{{" + g.variable(name, value, false) + "}}"
	}
	return strings.ReplaceAll(value, "${", "$${")
}

var (
	smallNumber = regexp.MustCompile(`^[0-9]{1,2}$`)
	minutesText = regexp.MustCompile(`([0-9]{1,2})(\s*(?:分钟|分鐘|minutes?\b|mins?\b|min\b))`)
)

// message returns ${text}, and keeps the text of the example with its placeholders.
func (g *guesser) message(where, value string) string {
	text := replaceToken(strings.ReplaceAll(value, "${", "$ {"), g.code, "${code}")
	text = minutesText.ReplaceAllString(text, "$${minutes}$2")
	g.text = text
	g.note("%s: ${text}, with text", where)
	return "${text}"
}

// secret makes a value a secret of the instance.
func (g *guesser) secret(where, name, value string) string {
	short := secretName(name)
	for i := 2; g.hasSecret(short); i++ {
		short = fmt.Sprintf("%s%d", secretName(name), i)
	}
	variable := g.variable(short, value, true)
	g.secrets = append(g.secrets, pair{short, variable})
	g.note("%s: a secret, in .env as %s", where, variable)
	return "${secrets." + short + "}"
}

func (g *guesser) hasSecret(name string) bool {
	for _, s := range g.secrets {
		if s.name == name {
			return true
		}
	}
	return false
}

// secretName returns a name for secrets: a letter, then letters and digits.
func secretName(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > unicode.MaxASCII })
	for i, word := range words {
		if i == 0 {
			words[i] = strings.ToLower(word[:1]) + word[1:]
			continue
		}
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	joined := strings.Join(words, "")
	if joined == "" || !unicode.IsLetter(rune(joined[0])) {
		return "key" + joined
	}
	return joined
}

// variable makes a value a variable, whose value is in .env.
func (g *guesser) variable(name, value string, secret bool) string {
	variable := VariableName(g.last, name)
	base := variable
	for i := 2; g.taken(variable, value); i++ {
		variable = fmt.Sprintf("%s_%d", base, i)
	}
	for _, v := range g.variables {
		if v.Name == variable {
			return variable
		}
	}
	g.variables = append(g.variables, Variable{variable, name, secret})
	g.env = append(g.env, pair{variable, value})
	return variable
}

// taken reports whether a variable has another value.
func (g *guesser) taken(variable, value string) bool {
	for _, e := range g.env {
		if e.name == variable {
			return e.value != value
		}
	}
	return false
}

// shellVariables matches the variables of the shell in a value.
var shellVariables = regexp.MustCompile(`\{\{[A-Za-z_][A-Za-z0-9_]*\}\}`)

// declareAll declares the shell variables in the value of a name.
func (g *guesser) declareAll(value, key string) {
	for _, found := range shellVariables.FindAllString(value, -1) {
		g.declare(strings.Trim(found, "{}"), key)
	}
}

func (g *guesser) declare(name, key string) {
	for _, v := range g.variables {
		if v.Name == name {
			return
		}
	}
	g.variables = append(g.variables, Variable{name, name, secretNames.MatchString(key) || secretNames.MatchString(known(name))})
	g.check = append(g.check, "the command has the shell variable "+name+": put its value into .env")
}

func (g *guesser) note(format string, args ...any) {
	g.guessed = append(g.guessed, fmt.Sprintf(format, args...))
}

// header returns the template of a header, "" for one that is left out.
func (g *guesser) header(name, value string) string {
	where := "header " + name
	switch known(name) {
	case "contentlength", "host", "connection", "acceptencoding", "useragent", "transferencoding", "expect":
		return ""
	case "contenttype", "accept", "acceptlanguage":
		return value
	case "authorization", "proxyauthorization":
		scheme, credentials, ok := strings.Cut(value, " ")
		switch {
		case !ok:
			return g.leaf(where, name, value)
		case strings.EqualFold(scheme, "Basic"):
			if raw, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.Contains(string(raw), ":") {
				return g.basic(where, string(raw))
			}
		case strings.ContainsAny(credentials, "=,") && strings.Contains(strings.ToLower(credentials), "signature"):
			g.check = append(g.check, where+" is a signature that is computed for each request: write how, with sign, values and filters (docs/vendors/http.md)")
		}
		if shellOnly.MatchString(credentials) {
			g.declareAll(credentials, "authorization")
			return scheme + " " + credentials
		}
		return scheme + " " + g.secret(where, "token", credentials)
	}
	return g.leaf(where, name, value)
}

// basic returns the header of a login.
func (g *guesser) basic(where, login string) string {
	user, password, _ := strings.Cut(login, ":")
	if shellOnly.MatchString(password) {
		g.declareAll(password, "password")
		g.values = append(g.values, pair{"login", "{{" + g.variable("user", user, false) + "}}:" + password})
	} else {
		g.values = append(g.values, pair{"login", "{{" + g.variable("user", user, false) + "}}:" + g.secret(where, "password", password)})
	}
	return "Basic ${values.login | base64}"
}

var anyPlaceholder = regexp.MustCompile(`\$\{[^}]*\}`)

func placeholdersOf(template string) string {
	return strings.Join(anyPlaceholder.FindAllString(template, -1), " ")
}

// VariableName returns ACME_ACCESS_KEY for acme and accessKey.
func VariableName(instance, key string) string {
	var b strings.Builder
	for i, word := range []string{instance, key} {
		if i > 0 {
			b.WriteByte('_')
		}
		var before rune
		for _, r := range word {
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				b.WriteByte('_')
			}
			before = r
			if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				r = '_'
			}
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}
