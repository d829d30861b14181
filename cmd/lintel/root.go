package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lintel-run/lintel/cmd/lintel/internal/redact"
	"github.com/lintel-run/lintel/cmd/lintel/internal/settings"
)

// invocation is what every command has: where to write, and what was set.
type invocation struct {
	stdout, stderr io.Writer
	config         string
	logLevel       string
	logFormat      string
}

// run executes one command line and gives its exit code.
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
		RunE:          group,
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
	usageErrors(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		config := in.config
		if config == "" {
			config = os.Getenv(settings.Environment("config"))
		}
		from := settings.Source{Path: config, Dirs: []string{"."}, Known: names(root)}
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

// usageErrors makes the errors of all argument checks wrong usage.
func usageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		usageErrors(child)
	}
}

// group is the work of a command that only has commands below it.
func group(cmd *cobra.Command, _ []string) error {
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
		return fmt.Errorf("no command %q; did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("no command %q", args[0])
}

// newHelp is cobra's help command, but for an unknown name being an error.
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

// names lists the flags of all commands, for the settings file.
func names(root *cobra.Command) []string {
	var all []string
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		add := func(f *pflag.Flag) {
			if settings.IsSetting(f) {
				all = append(all, f.Name)
			}
		}
		cmd.LocalFlags().VisitAll(add)
		cmd.PersistentFlags().VisitAll(add)
		for _, child := range cmd.Commands() {
			visit(child)
		}
	}
	visit(root)
	return all
}

func (in *invocation) check() error {
	if _, err := in.level(slog.LevelInfo); err != nil {
		return err
	}
	if in.logFormat != "text" && in.logFormat != "json" {
		return usagef("--log-format is text or json, not %q", in.logFormat)
	}
	return nil
}

func (in *invocation) level(fallback slog.Level) (slog.Level, error) {
	switch in.logLevel {
	case "":
		return fallback, nil
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	default:
		return 0, usagef("--log-level is debug, info, warn or error, not %q", in.logLevel)
	}
}

// logger writes to standard error, masked, and is slog's default from then on.
func (in *invocation) logger(fallback slog.Level) *slog.Logger {
	level, err := in.level(fallback)
	if err != nil {
		level = fallback
	}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(in.stderr, options)
	if in.logFormat == "json" {
		handler = slog.NewJSONHandler(in.stderr, options)
	}
	logger := slog.New(redact.New(handler))
	slog.SetDefault(logger)
	return logger
}
