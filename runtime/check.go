package runtime

import (
	"context"
	"strings"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// Rung is one step of a check, in the order tried.
type Rung struct {
	// Name is configuration, ready, or what the Type calls it: credentials, for one.
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

// Check is how an instance stood up to being tested.
type Check struct {
	Element string `json:"element"`
	// Type is the full name of the Type whose code serves it.
	Type  string `json:"type,omitempty"`
	Rungs []Rung `json:"rungs"`
	// Uses are the checks of the elements that its configuration names.
	Uses []Check `json:"uses,omitempty"`
}

// OK says whether every rung held, those of the elements it uses too.
func (c *Check) OK() bool {
	for _, rung := range c.Rungs {
		if !rung.OK {
			return false
		}
	}
	for i := range c.Uses {
		if !c.Uses[i].OK() {
			return false
		}
	}
	return true
}

const rungConfiguration = "configuration"

// Check tests an instance, and those that its configuration names, without
// sending or changing anything: the configuration as it is read and as its Type
// sees it, then what the Type can try beyond that. ELEMENT_NOT_FOUND, and
// API_PARAMS_ERROR for what is no instance.
func (a *App) Check(ctx context.Context, fullName string) (*Check, error) {
	el, err := a.GetElement(fullName)
	if err != nil {
		return nil, err
	}
	if def := el.definition(); def.Rank != catalog.Instance && !def.Broken {
		return nil, errcode.New(errcode.Params, "%s is a %s: only instances are checked", fullName, def.Rank).With("arg", "element")
	}
	check := a.check(ctx, el, map[string]bool{})
	return &check, nil
}

func (a *App) check(ctx context.Context, el *Element, seen map[string]bool) Check {
	seen[el.name] = true
	def := el.definition()
	check := Check{Element: el.name, Type: def.CodeType, Rungs: []Rung{a.configurationRung(el.name)}}
	g, err := el.acquire()
	if err != nil {
		if check.Rungs[0].OK {
			check.Rungs[0] = Rung{Name: rungConfiguration, Message: err.Error()}
		}
		return check
	}
	defer g.leave()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch code := g.code.(type) {
	case *processCode:
		answer, err := code.process.Check(ctx, g.def.CodeType, g.def.FullName, g.def.Config)
		check.Rungs = withAnswer(check.Rungs, answer, err)
	case *builtinCode:
		rung := Rung{Name: "ready", OK: true}
		if err := a.storeReady(ctx, el.name); err != nil {
			rung.OK, rung.Message = false, err.Error()
		}
		check.Rungs = append(check.Rungs, rung)
	}
	for _, ref := range g.def.References {
		used, err := a.GetElement(ref.Name)
		if err != nil || seen[ref.Name] || used.definition().Rank != catalog.Instance {
			continue
		}
		check.Uses = append(check.Uses, a.check(ctx, used, seen))
	}
	return check
}

// configurationRung is what is known to be wrong with an element's files.
func (a *App) configurationRung(name string) Rung {
	var wrong []string
	for _, p := range a.Problems() {
		if p.Element != name || p.Warning {
			continue
		}
		text := p.Message
		if p.Pointer != "" {
			text = p.Pointer + ": " + text
		}
		wrong = append(wrong, text)
	}
	if len(wrong) > 0 {
		return Rung{Name: rungConfiguration, Message: strings.Join(wrong, "; ")}
	}
	return Rung{Name: rungConfiguration, OK: true, Message: "valid"}
}

// withAnswer adds what a Type's process found.
func withAnswer(rungs []Rung, answer *elementv1.CheckResponse, err error) []Rung {
	if err != nil {
		return append(rungs, Rung{Name: "plugin", Message: err.Error()})
	}
	if wrong := answer.GetDiagnostics(); len(wrong) > 0 {
		texts := make([]string, len(wrong))
		for i, d := range wrong {
			texts[i] = d.GetMessage()
			if d.GetPointer() != "" {
				texts[i] = d.GetPointer() + ": " + texts[i]
			}
		}
		rungs[0] = Rung{Name: rungConfiguration, Message: strings.Join(texts, "; ")}
		return rungs
	}
	for _, r := range answer.GetRungs() {
		rung := Rung{Name: r.GetName(), OK: r.GetOk(), Message: r.GetMessage()}
		if rung.Name == rungConfiguration {
			if rungs[0].OK {
				rungs[0] = rung
			}
			continue
		}
		rungs = append(rungs, rung)
	}
	return rungs
}
