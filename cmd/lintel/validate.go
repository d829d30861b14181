package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

func newValidate(in *invocation) *cobra.Command {
	var app appFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate [APP]",
		Short: "Says everything that is wrong with an app, without starting anything",
		Long: `Reads the app, its parents and the official library, and checks names, ranks,
inheritance, variables and every configuration against its Type's schema. Nothing
is started and nothing is written. Exits 1 when there is an error; warnings alone
are no error.`,
		Example: "  lintel validate app.example\n  lintel validate app.example --json | jq '.problems[].message'",
		Args:    maxArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := appArg(args)
			if err != nil {
				return err
			}
			problems, err := runtime.Validate(dir, app.options(in.logger(slog.LevelWarn))...)
			if err != nil {
				// Read nothing: the one problem there is.
				problems = append(problems, runtime.Problem{Code: "app", Message: err.Error()})
			}
			if asJSON {
				if problems == nil {
					problems = []runtime.Problem{}
				}
				err = printJSON(in.stdout, struct {
					OK       bool              `json:"ok"`
					Problems []runtime.Problem `json:"problems"`
				}{!failing(problems), problems})
			} else {
				err = printProblems(in.stdout, problems)
			}
			if err == nil && failing(problems) {
				err = errReported
			}
			return err
		},
	}
	app.addAll(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
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

// describeProblem is one line: FILE:LINE: POINTER: ELEMENT: message.
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

// printable keeps names of files and keys from steering a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
