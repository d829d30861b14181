package main

import (
	"context"
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
		RunE: onApp(func(_ context.Context, dir string) error {
			if err := runtime.Lock(dir, app.options(in.logger(slog.LevelWarn))...); err != nil {
				return err
			}
			path := filepath.Join(dir, "lintel.lock")
			return in.printLine(map[string]string{"file": path}, path)
		}),
	}
	app.addPluginDirs(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
}
