package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

func newValidate(in *invocation) *cobra.Command {
	var app appFlags
	cmd := &cobra.Command{
		Use:   "validate [APP]",
		Short: "Says everything that is wrong with an app, without starting anything",
		Long: `Reads the app, its parents and the official library, and checks names, ranks,
inheritance, variables and every configuration against its Type's schema. Nothing
is started and nothing is written. Exits 1 when there is an error; warnings alone
are no error.`,
		Example: "  lintel validate app.example\n  lintel validate app.example --json | jq '.problems[].message'",
		Args:    maxArgs(1),
		RunE: onApp(func(_ context.Context, dir string) error {
			options, err := app.opening(in.logger(slog.LevelWarn))
			if err != nil {
				return err
			}
			problems, err := runtime.Validate(dir, options...)
			if err != nil {
				// The app could not be read: that is its one problem.
				problems = append(problems, runtime.Problem{Code: "app", Message: err.Error()})
			}
			answer := struct {
				OK       bool              `json:"ok"`
				Problems []runtime.Problem `json:"problems"`
			}{!failing(problems), append([]runtime.Problem{}, problems...)}
			err = in.print(answer, func(w io.Writer) error { return printProblems(w, problems) })
			if err == nil && !answer.OK {
				err = errReported
			}
			return err
		}),
	}
	app.addAll(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
}

func printProblems(w io.Writer, problems []runtime.Problem) error {
	errors, warnings := 0, 0
	for _, p := range problems {
		if p.Warning {
			warnings++
		} else {
			errors++
		}
		fmt.Fprintln(w, describeProblem(p))
	}
	_, err := fmt.Fprintf(w, "%s, %s\n", count(errors, "error"), count(warnings, "warning"))
	return err
}

// describeProblem returns one line: FILE:LINE: ELEMENT: POINTER: message.
func describeProblem(p runtime.Problem) string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Element != "" {
		b.WriteString(p.Element + ": ")
	}
	if p.Pointer != "" {
		b.WriteString(p.Pointer + ": ")
	}
	b.WriteString(p.Message)
	if p.Serving {
		b.WriteString(" (the last good generation serves)")
	}
	return printable(b.String())
}
