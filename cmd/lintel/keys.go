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

// rotator is what the sessions element offers besides its functions.
type rotator interface {
	// Rotate makes a new signing key and gives its id.
	Rotate(ctx context.Context) (kid string, err error)
}

func newKeys(in *invocation) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "keys",
		Short:   "Manages the keys that sign access tokens",
		Example: "  lintel keys rotate app.example",
		Args:    noSuchCommand,
		RunE:    group,
	}
	cmd.AddCommand(newKeysRotate(in))
	return cmd
}

func newKeysRotate(in *invocation) *cobra.Command {
	var app appFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rotate [APP]",
		Short: "Makes a new key that signs access tokens from now on",
		Long: `Makes a new signing key in the app's database and prints its id. Running servers
sign with it from then on; tokens signed with the earlier keys stay valid until they
expire. Needs the app's secret and database as "lintel serve" does.`,
		Example: "  lintel keys rotate app.example",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			dir, err := appArg(args)
			if err != nil {
				return err
			}
			opened, err := runtime.Open(cmd.Context(), dir, append(app.options(in.logger(slog.LevelWarn)), runtime.WithoutWatch())...)
			if err != nil {
				return err
			}
			defer func() {
				if closeErr := opened.Close(); err == nil {
					err = closeErr
				}
			}()
			instance, release, err := opened.Builtin(sessionsElement)
			if err != nil {
				return err
			}
			defer release()
			keys, ok := instance.(rotator)
			if !ok {
				return fmt.Errorf("%s has no keys to rotate", sessionsElement)
			}
			kid, err := keys.Rotate(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(in.stdout, map[string]string{"kid": kid})
			}
			_, err = fmt.Fprintln(in.stdout, kid)
			return err
		},
	}
	app.addAll(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
