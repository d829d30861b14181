package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lintel-run/lintel/cmd/lintel/internal/settings"
)

// run executes one command line and returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRoot(&invocation{stdout: stdout, stderr: stderr})
	root.SetArgs(args)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal has its usual effect. serve listens to signals itself.
	context.AfterFunc(ctx, stop)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintln(stderr, "lintel:", err)
		if exitCode(err) == exitUsage {
			fmt.Fprintf(stderr, "See %q.\n", cmd.CommandPath()+" --help")
		}
	}
	return exitCode(err)
}

func newRoot(in *invocation) *cobra.Command {
	root := &cobra.Command{
		Use:   "lintel",
		Short: "Runs apps made of elements: login types, SMS vendors, stores",
		Long: `Lintel runs an app: a directory of elements. A login type is an element, an SMS
vendor is an element; the first is added and the second swapped by editing JSON.

APP is an app's directory; without it, the current directory if it has an app.json.

Every flag can also be set by a variable (--log-level: LINTEL_LOG_LEVEL) or in
` + settings.File + ` (log-level: debug) in the current directory, else in the app's. The
command line wins over the variable, the variable over the file.

Exit codes: 0 done, 1 the work failed, 2 wrong usage.`,
		Example:       "  lintel serve app.example --dev\n  lintel validate app.example",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          commandMissing,
	}
	root.SetOut(in.stdout)
	root.SetErr(in.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true

	flags := root.PersistentFlags()
	flags.StringVar(&in.config, "config", "", "settings file ["+settings.File+" in the current directory or the app's]")
	flags.StringVar(&in.logLevel, "log-level", "", "debug, info, warn or error [serve: info, else warn]")
	flags.StringVar(&in.logFormat, "log-format", "text", "text or json")

	root.AddCommand(
		newServe(in), newValidate(in), newCall(in), newElements(in), newTypes(in), newStatus(in),
		newCheck(in), newLog(in), newLock(in), newKeys(in), newNew(in), newDoctor(in), newVersion(in),
	)
	root.SetHelpCommand(newHelp())
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		config := in.config
		if config == "" {
			config = os.Getenv(settings.Environment("config"))
		}
		from := settings.Source{Path: config, Dirs: []string{"."}, Known: settingNames(root)}
		if len(args) > 0 && isApp(args[0]) {
			from.Dirs = append(from.Dirs, args[0])
		}
		if err := from.Apply(cmd.Flags()); err != nil {
			return usageError{err}
		}
		return in.check()
	}
	return root
}

// newGroup returns a command that only has commands below it.
func newGroup(use, short, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: noSuchCommand, RunE: commandMissing}
	cmd.AddCommand(children...)
	return cmd
}

func commandMissing(cmd *cobra.Command, _ []string) error {
	var below []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			below = append(below, child.Name())
		}
	}
	return usagef("%s needs a command: %s", cmd.CommandPath(), strings.Join(below, ", "))
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("no command %q; did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return usagef("no command %q", args[0])
}

// newHelp returns cobra's help command, except that an unknown name is an error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Shows the help of a command",
		Example: "  lintel help serve",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || about == nil || len(rest) > 0 {
				return usagef("no command %q", strings.Join(args, " "))
			}
			return about.Help()
		},
	}
}

// settingNames lists the flags of all commands that the settings file may hold.
func settingNames(cmd *cobra.Command) []string {
	var names []string
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if settings.IsSetting(f) {
			names = append(names, f.Name)
		}
	})
	for _, child := range cmd.Commands() {
		names = append(names, settingNames(child)...)
	}
	return names
}
