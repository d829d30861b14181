package httptype

import (
	"maps"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// placeNames are the names that placeholders can use in one place. It notes the
// sources that they use.
type placeNames struct {
	*instanceNames
	// body and signed report whether the place may use these sources.
	body, signed bool
	// other are the only sources of a place that has none of a message.
	other []string
	used  map[string]bool
	// shown are the sources whose values what the placeholders yield reveals: true if it
	// shows them as they are.
	shown map[string]bool
}

// instanceNames are the names that an instance's configuration defines.
type instanceNames struct {
	secrets map[string]string
	values  *values
	// hasSign reports whether the configuration says what ${signed} is.
	hasSign bool
}

// place returns the names for a place.
func (n *instanceNames) place(body, signed bool) *placeNames {
	return &placeNames{instanceNames: n, body: body, signed: signed && n.hasSign, used: map[string]bool{}, shown: map[string]bool{}}
}

// resolve finds the source of a placeholder.
func (n *placeNames) resolve(pointer string, p *placeholder) error {
	source, name, _ := strings.Cut(p.source, ".")
	switch {
	case n.other != nil:
		if !slices.Contains(n.other, p.source) {
			break
		}
		p.read = sources[p.source].read
		return nil
	case source == "params" && paramName.MatchString(name):
		p.read = param(name)
		n.used[source] = true
		return nil
	case source == "secrets" && name != "":
		if _, ok := n.secrets[name]; !ok {
			return n.unknown(pointer, "secret", name, n.secrets)
		}
		p.read = secret(name)
		return nil
	case source == "values" && name != "":
		v, err := n.use(pointer, name)
		if err != nil {
			return err
		}
		p.read, p.kind = namedValue(name), v.kind()
		return nil
	case slices.Contains(n.names(), p.source):
		p.read, p.kind = sources[p.source].read, sources[p.source].kind
		n.used[p.source] = true
		return nil
	}
	known := slices.Clone(n.other)
	if known == nil {
		known = append(n.names(), "params.NAME", "secrets.NAME", "values.NAME")
	}
	return sdk.ConfigError(pointer, "unknown placeholder ${%s}; here there are %s", p.source, strings.Join(known, ", "))
}

// names returns the sources without a dot that the place has.
func (n *placeNames) names() []string {
	names := slices.Clone(sourceNames)
	if n.body {
		names = append(names, "body")
	}
	if n.signed {
		names = append(names, "signed")
	}
	return names
}

func (n *placeNames) unknown(pointer, what, name string, known map[string]string) error {
	if len(known) == 0 {
		return sdk.ConfigError(pointer, "there is no %s %q; /%ss has none", what, name, what)
	}
	return sdk.ConfigError(pointer, "there is no %s %q; /%ss has %s", what, name, what, strings.Join(sortedKeys(known), ", "))
}

// use returns the template of a named value, and notes what it uses. A value that
// contains the body can't stand in it, nor can one with the signed text in sign.
func (n *placeNames) use(pointer, name string) (template, error) {
	v, err := n.values.compile(pointer, name, n.instanceNames)
	switch {
	case err != nil:
		return nil, err
	case v.names.used["body"] && !n.body:
		return nil, sdk.ConfigError(pointer, "${values.%s} contains ${body}, which isn't known here; it can stand in headers, in the URL and in sign", name)
	case v.names.used["signed"] && !n.signed:
		return nil, sdk.ConfigError(pointer, "${values.%s} contains ${signed}, which isn't known here; it can stand in headers and in the URL", name)
	}
	maps.Copy(n.used, v.names.used)
	return v.template, nil
}

// show notes that what a placeholder yields reveals the value of a source.
func (n *placeNames) show(source string, legible bool) {
	n.shown[source] = n.shown[source] || legible
	if name, ok := strings.CutPrefix(source, "values."); ok {
		if v := n.values.compiled[name]; v != nil {
			for source, plain := range v.names.shown {
				n.shown[source] = n.shown[source] || legible && plain
			}
		}
	}
}

// values are the named intermediate results of an instance. Each is compiled when it
// is first used.
type values struct {
	configured map[string]string
	compiled   map[string]*namedTemplate
	// open are the names that are being compiled, in order.
	open []string
}

type namedTemplate struct {
	template
	names *placeNames
}

// compile returns a value's template. pointer is where it is used.
func (v *values) compile(pointer, name string, instance *instanceNames) (*namedTemplate, error) {
	text, ok := v.configured[name]
	if !ok {
		return nil, instance.place(false, false).unknown(pointer, "value", name, v.configured)
	}
	if t := v.compiled[name]; t != nil {
		return t, nil
	}
	here := "/values/" + escapePointer(name)
	if at := slices.Index(v.open, name); at >= 0 {
		return nil, sdk.ConfigError(here, "contains itself: %s", strings.Join(append(v.open[at:], name), " → "))
	}
	v.open = append(v.open, name)
	defer func() { v.open = v.open[:len(v.open)-1] }()
	names := instance.place(true, true)
	t, err := parse(here, text, names)
	if err == nil {
		t, err = t.protectJSON(here)
	}
	if err != nil {
		return nil, err
	}
	v.compiled[name] = &namedTemplate{t, names}
	return v.compiled[name], nil
}

// compileAll compiles the values that nothing uses, too.
func (v *values) compileAll(instance *instanceNames) error {
	for _, name := range sortedKeys(v.configured) {
		if !paramName.MatchString(name) {
			return sdk.ConfigError("/values/"+escapePointer(name), "is no name: letters, digits, _ and -, not a digit first")
		}
		if _, err := v.compile("", name, instance); err != nil {
			return err
		}
	}
	return nil
}
