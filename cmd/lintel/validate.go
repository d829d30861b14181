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
	var static bool
	cmd := &cobra.Command{
		Use:   "validate [APP]",
		Short: "Says everything that is wrong with an app, without serving it",
		Long: `Reads the app, its parents and the official library, and checks names, ranks,
inheritance, variables and every configuration against its Type's schema. Then it
starts the Types and gives them the configurations, so that what their own code
refuses is found too; no vendor and no store is called, and nothing is written. With
--static no Type is started. Exits 1 when there is an error: when lintel serve, with
the same flags, would leave an element unavailable. Warnings alone are no error.`,
		Example: "  lintel validate app.example --dev\n  lintel validate app.example --locked\n  lintel validate app.example --json | jq '.problems[].message'",
		Args:    maxArgs(1),
		RunE: onApp(func(_ context.Context, dir string) error {
			options, err := app.opening(in.logger(slog.LevelWarn))
			if err != nil {
				return err
			}
			if static {
				options = append(options, runtime.WithStatic())
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
	cmd.Flags().BoolVar(&static, "static", false, "read files only: start no Type")
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
