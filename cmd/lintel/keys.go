package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/runtime"
)

// sessionsElement holds the keys that sign access tokens.
const sessionsElement = "auths.loginTypes.services.AuthSvc"

// signingKeys is what the sessions element offers besides its functions.
type signingKeys interface {
	Keys(ctx context.Context) ([]sessions.Key, error)
	// Rotate makes a new signing key and returns its id.
	Rotate(ctx context.Context) (kid string, err error)
	// Revoke removes a key.
	Revoke(ctx context.Context, kid string) error
}

func newKeys(in *invocation) *cobra.Command {
	return newGroup("keys", "Manages the keys that sign access tokens", "  lintel keys list app.example",
		newKeysList(in), newKeysRotate(in), newKeysRevoke(in))
}

// withKeys opens the app and works with its signing keys.
func (in *invocation) withKeys(ctx context.Context, flags *appFlags, dir string, work func(signingKeys) error) error {
	return flags.with(ctx, dir, in.logger(slog.LevelWarn), func(app *runtime.App) error {
		instance, release, err := app.Builtin(sessionsElement)
		if err != nil {
			return err
		}
		defer release()
		keys, ok := instance.(signingKeys)
		if !ok {
			return fmt.Errorf("%s has no signing keys", sessionsElement)
		}
		return work(keys)
	})
}

func newKeysList(in *invocation) *cobra.Command {
	var flags appFlags
	cmd := &cobra.Command{
		Use:   "list [APP]",
		Short: "Lists the keys for access tokens",
		Long: `Lists the signing keys in the app's database, newest first, and what each is used
for: it signs, is published and signs later, verifies tokens that it signed before, has
expired, or is unreadable because it was made under another secret.`,
		Example: "  lintel keys list app.example\n  lintel keys list app.example --json | jq -r '.[] | select(.state==\"signs\").kid'",
		Args:    maxArgs(1),
		RunE: onApp(func(ctx context.Context, dir string) error {
			return in.withKeys(ctx, &flags, dir, func(keys signingKeys) error {
				list, err := keys.Keys(ctx)
				if err != nil {
					return err
				}
				rows := [][]string{{"KID", "CREATED", "STATE", "UNTIL"}}
				for _, k := range list {
					until := ""
					if !k.Until.IsZero() {
						until = k.Until.Format(time.RFC3339)
					}
					rows = append(rows, []string{k.ID, k.CreatedAt.Format(time.RFC3339), string(k.State), orDash(until)})
				}
				return in.printRows(list, rows)
			})
		}),
	}
	flags.addAll(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
}

func newKeysRevoke(in *invocation) *cobra.Command {
	var flags appFlags
	cmd := &cobra.Command{
		Use:   "revoke [APP] KID",
		Short: "Removes a key for access tokens at once",
		Long: `Removes a signing key that has leaked. Running servers refuse its tokens within a
second, and clients get new ones by their refresh tokens. Other verifiers refuse them
when they read the key set again, after a minute at most. If no other key is left, a
new one is made, which signs at once.`,
		Example: "  lintel keys revoke app.example 3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 {
				return usagef("keys revoke needs the id of a key, behind the app's directory where that isn't the current one")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			last := len(args) - 1
			dir, err := appArg(args[:last])
			if err != nil {
				return err
			}
			return in.withKeys(cmd.Context(), &flags, dir, func(keys signingKeys) error {
				if err := keys.Revoke(cmd.Context(), args[last]); err != nil {
					return err
				}
				return in.printLine(map[string]string{"revoked": args[last]}, "revoked "+args[last])
			})
		},
	}
	flags.addAll(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
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
			return in.withKeys(ctx, &flags, dir, func(keys signingKeys) error {
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
