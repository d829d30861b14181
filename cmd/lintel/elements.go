package main

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

func newElements(in *invocation) *cobra.Command {
	var app appFlags
	cmd := &cobra.Command{
		Use:   "elements [APP]",
		Short: "Lists the elements of an app",
		Long: `Lists every element that the app can use, its own, its parents' and the official
library's, without starting anything. Exits 1 when the app can't be read at all;
"lintel validate" says what is wrong with single elements.`,
		Example: "  lintel elements app.example\n  lintel elements app.example --json | jq -r '.[].fullName'",
		Args:    maxArgs(1),
		RunE: onApp(func(_ context.Context, dir string) error {
			elements, _, err := runtime.List(dir, app.options(in.logger(slog.LevelWarn))...)
			if err != nil {
				return err
			}
			rows := [][]string{{"FULL NAME", "RANK", "TYPE", "FROM", "TITLE"}}
			for _, e := range elements {
				rows = append(rows, []string{e.FullName, e.Rank, orDash(e.Type), cmp.Or(e.App, "library"), e.Title})
			}
			return in.printRows(append([]runtime.Definition{}, elements...), rows)
		}),
	}
	app.addPluginDirs(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
}
