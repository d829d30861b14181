package runtime

import (
	"context"
	"strings"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// CheckStep is one step of a check, in the order tried.
type CheckStep struct {
	// Name is configuration, ready, or a name of the Type such as credentials.
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

// Rung is the former name of CheckStep.
//
// Deprecated: use CheckStep.
type Rung = CheckStep

// Check is the result of testing an instance.
type Check struct {
	Element string `json:"element"`
	// Type is the full name of the Type whose code serves it.
	Type  string      `json:"type,omitempty"`
	Steps []CheckStep `json:"steps"`
	// Rungs repeats Steps under their former name, for readers of the JSON form.
	Rungs []CheckStep `json:"rungs"`
	// Uses are the checks of the elements that its configuration names.
	Uses []Check `json:"uses,omitempty"`
}

// Add adds a step.
func (c *Check) Add(step CheckStep) {
	c.Steps = append(c.Steps, step)
	c.Rungs = c.Steps
}

// OK reports whether every step succeeded, including those of the elements it uses.
func (c *Check) OK() bool {
	for _, step := range c.Steps {
		if !step.OK {
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

const stepConfiguration = "configuration"

// Check tests an instance and those that its configuration names, without sending or
// changing anything: the configuration as it is read and as its Type sees it, and what
// else the Type can try. Its error is ELEMENT_NOT_FOUND, or API_PARAMS_ERROR for an
// element that is no instance.
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
	check := Check{Element: el.name, Type: def.CodeType}
	check.Add(a.checkConfiguration(el.name))
	g, err := el.acquire()
	if err != nil {
		if check.Steps[0].OK {
			check.Steps[0] = CheckStep{Name: stepConfiguration, Message: err.Error()}
		}
		return check
	}
	defer g.leave()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch code := g.code.(type) {
	case *processCode:
		answer, err := code.process.Check(ctx, g.def.CodeType, g.def.FullName, g.def.Config)
		check.addAnswer(answer, err)
	case *builtinCode:
		step := CheckStep{Name: "ready", OK: true}
		if err := a.readiness.of(ctx, el.name); err != nil {
			step.OK, step.Message = false, err.Error()
		}
		check.Add(step)
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

// checkConfiguration returns the step that shows what is wrong with an element's
// files.
func (a *App) checkConfiguration(name string) CheckStep {
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
		return CheckStep{Name: stepConfiguration, Message: strings.Join(wrong, "; ")}
	}
	return CheckStep{Name: stepConfiguration, OK: true, Message: "valid"}
}

// addAnswer adds what a Type's process found.
func (c *Check) addAnswer(answer *elementv1.CheckResponse, err error) {
	if err != nil {
		c.Add(CheckStep{Name: "plugin", Message: err.Error()})
		return
	}
	if wrong := answer.GetDiagnostics(); len(wrong) > 0 {
		texts := make([]string, len(wrong))
		for i, d := range wrong {
			texts[i] = d.GetMessage()
			if d.GetPointer() != "" {
				texts[i] = d.GetPointer() + ": " + texts[i]
			}
		}
		c.Steps[0] = CheckStep{Name: stepConfiguration, Message: strings.Join(texts, "; ")}
		return
	}
	for _, step := range stepsOf(answer) {
		switch {
		case step.Name != stepConfiguration:
			c.Add(step)
		case c.Steps[0].OK:
			c.Steps[0] = step
		}
	}
}

// stepsOf returns the steps of an answer. A plugin made for v0.1.0 calls them
// rungs.
func stepsOf(answer *elementv1.CheckResponse) []CheckStep {
	var steps []CheckStep
	for _, s := range answer.GetSteps() {
		steps = append(steps, CheckStep{Name: s.GetName(), OK: s.GetOk(), Message: s.GetMessage()})
	}
	if steps != nil {
		return steps
	}
	for _, r := range answer.GetRungs() { //nolint:staticcheck // the former name is still read
		steps = append(steps, CheckStep{Name: r.GetName(), OK: r.GetOk(), Message: r.GetMessage()})
	}
	return steps
}
