package main

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

func newLock(in *invocation) *cobra.Command {
	var app appFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lock [APP]",
		Short: "Pins the plugin executables of an app in lintel.lock",
		Long: `Writes lintel.lock into the app's directory: the sha256 of every plugin executable
that the app's Types name. "lintel serve --locked" runs nothing else.`,
		Example: "  lintel lock app.example && lintel serve app.example --locked",
		Args:    maxArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := appArg(args)
			if err != nil {
				return err
			}
			if err := runtime.Lock(dir, app.options(in.logger(slog.LevelWarn))...); err != nil {
				return err
			}
			path := filepath.Join(dir, "lintel.lock")
			if asJSON {
				return printJSON(in.stdout, map[string]string{"file": path})
			}
			_, err = fmt.Fprintln(in.stdout, path)
			return err
		},
	}
	app.addPluginDirs(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
