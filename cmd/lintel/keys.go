package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

// sessionsElement holds the keys that sign access tokens.
const sessionsElement = "auths.loginTypes.services.AuthSvc"

// keyRotator is what the sessions element offers besides its functions.
type keyRotator interface {
	// Rotate makes a new signing key and returns its id.
	Rotate(ctx context.Context) (kid string, err error)
}

func newKeys(in *invocation) *cobra.Command {
	return newGroup("keys", "Manages the keys that sign access tokens", "  lintel keys rotate app.example", newKeysRotate(in))
}

func newKeysRotate(in *invocation) *cobra.Command {
	var flags appFlags
	cmd := &cobra.Command{
		Use:   "rotate [APP]",
		Short: "Makes a new key for access tokens",
		Long: `Makes a new signing key in the app's database and prints its id. Running servers
publish it at once and sign with it three minutes later, when no verifier has an
older key set in its cache; tokens signed with the earlier keys stay valid until they
expire. Needs the app's secret and database as "lintel serve" does.`,
		Example: "  lintel keys rotate app.example",
		Args:    maxArgs(1),
		RunE: onApp(func(ctx context.Context, dir string) error {
			return flags.with(ctx, dir, in.logger(slog.LevelWarn), func(app *runtime.App) error {
				instance, release, err := app.Builtin(sessionsElement)
				if err != nil {
					return err
				}
				defer release()
				keys, ok := instance.(keyRotator)
				if !ok {
					return fmt.Errorf("%s has no keys to rotate", sessionsElement)
				}
				kid, err := keys.Rotate(ctx)
				if err != nil {
					return err
				}
				return in.printLine(map[string]string{"kid": kid}, kid)
			})
		}),
	}
	flags.addAll(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
}
