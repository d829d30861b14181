package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

func newElements(in *invocation) *cobra.Command {
	var app appFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "elements [APP]",
		Short: "Lists the elements of an app",
		Long: `Lists every element that the app can use, its own, its parents' and the official
library's, without starting anything. Exits 1 when the app can't be read at all;
what is wrong with single elements is told by "lintel validate".`,
		Example: "  lintel elements app.example\n  lintel elements app.example --json | jq -r '.[].fullName'",
		Args:    maxArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := appArg(args)
			if err != nil {
				return err
			}
			elements, _, err := runtime.List(dir, app.options(in.logger(slog.LevelWarn))...)
			if err != nil {
				return err
			}
			if asJSON {
				if elements == nil {
					elements = []runtime.Define{}
				}
				return printJSON(in.stdout, elements)
			}
			rows := [][]string{{"FULL NAME", "RANK", "TYPE", "FROM", "TITLE"}}
			for _, e := range elements {
				from := e.App
				if from == "" {
					from = "library"
				}
				rows = append(rows, []string{e.FullName, e.Rank, orDash(e.Type), from, e.Title})
			}
			return printTable(in.stdout, rows)
		},
	}
	app.addPluginDirs(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
