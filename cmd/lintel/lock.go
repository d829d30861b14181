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
			_, err = fmt.Fprintln(in.stdout, filepath.Join(dir, "lintel.lock"))
			return err
		},
	}
	app.addPluginDirs(cmd.Flags())
	return cmd
}
