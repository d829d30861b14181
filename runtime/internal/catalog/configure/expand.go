package configure

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// expander replaces the variables in a configuration.
type expander struct {
	element  string
	source   *variables.Source
	used     bool
	problems []problem.Problem
}

// value returns a value with its variables replaced. It shares the parts without any.
func (x *expander) value(v *strictjson.Value, tokens []string) *strictjson.Value {
	switch v.Kind {
	case strictjson.Null, strictjson.Bool, strictjson.Number:
	case strictjson.String:
		return x.text(v, tokens)
	case strictjson.Object:
		var out *strictjson.Value
		for i, m := range v.Members {
			next := x.value(m.Value, append(tokens, m.Name))
			if next == m.Value {
				continue
			}
			if out == nil {
				c := *v
				c.Members = append([]strictjson.Member(nil), v.Members...)
				out = &c
			}
			out.Members[i].Value = next
		}
		if out != nil {
			return out
		}
	case strictjson.Array:
		var out *strictjson.Value
		for i, item := range v.Items {
			next := x.value(item, append(tokens, strconv.Itoa(i)))
			if next == item {
				continue
			}
			if out == nil {
				c := *v
				c.Items = append([]*strictjson.Value(nil), v.Items...)
				out = &c
			}
			out.Items[i] = next
		}
		if out != nil {
			return out
		}
	}
	return v
}

func (x *expander) text(v *strictjson.Value, tokens []string) *strictjson.Value {
	if !variables.Has(v.Text) {
		return v
	}
	x.used = true
	expanded, missing := x.source.Expand(v.Text)
	if missing != "" {
		x.problems = append(x.problems, problem.Problem{Element: x.element, Code: problem.CodeVariable, File: v.File, Line: v.Line,
			Pointer: strictjson.Pointer(tokens), Message: fmt.Sprintf("variable %s has no value, or an empty one: set it in the environment or in .env", missing)})
		return v
	}
	if !utf8.ValidString(expanded.Text) { // only the process environment can hold that
		x.problems = append(x.problems, problem.Problem{Element: x.element, Code: problem.CodeVariable, File: v.File, Line: v.Line,
			Pointer: strictjson.Pointer(tokens), Message: fmt.Sprintf("the value of %s is not UTF-8, but perhaps GBK or another encoding; set it in UTF-8", strings.Join(variables.Names(v.Text), " or "))})
		return v
	}
	out := *v
	out.Text, out.Variable = expanded.Text, expanded.Whole
	if expanded.Masked != expanded.Text {
		out.Masked = expanded.Masked
	}
	return &out
}
