package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lintel-run/lintel/cmd/lintel/internal/settings"
	"github.com/lintel-run/lintel/internal/outbound"
	"github.com/lintel-run/lintel/runtime"
)

// appFlags are the flags of commands that read or open an app.
type appFlags struct {
	data       string
	dev        bool
	devSend    bool
	locked     bool
	pluginDirs []string
	proxy      string
	caFile     string
}

func (f *appFlags) addData(flags *pflag.FlagSet) {
	flags.StringVar(&f.data, "data", "", "data directory [appData in the app]")
}

func (f *appFlags) addPluginDirs(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.pluginDirs, "plugin-dir", nil, "directory of plugin executables; may be given more than once")
}

func (f *appFlags) addAll(flags *pflag.FlagSet) {
	f.addData(flags)
	f.addPluginDirs(flags)
	flags.BoolVar(&f.dev, "dev", false, "development: embedded stores, an outbox in place of every vendor, no captcha, no address but loopback")
	flags.BoolVar(&f.devSend, "dev-send", false, "with --dev: send real messages through the vendors all the same")
	flags.BoolVar(&f.locked, "locked", false, "refuse plugin executables that lintel.lock doesn't pin")
	flags.StringVar(&f.proxy, flagProxy, "", "URL of the HTTP proxy to vendors; with a password better given as "+settings.Environment(flagProxy))
	flags.StringVar(&f.caFile, flagCAFile, "", "file of certificates (PEM) that vendors' and the proxy's are checked against, besides the system's")
}

const (
	flagProxy  = "proxy"
	flagCAFile = "ca-file"
)

func (f *appFlags) options(logger *slog.Logger) []runtime.Option {
	options := []runtime.Option{runtime.WithLogger(logger)}
	for _, dir := range f.pluginDirs {
		options = append(options, runtime.WithPluginDir(dir))
	}
	if f.data != "" {
		options = append(options, runtime.WithDataDir(f.data))
	}
	if f.dev {
		options = append(options, runtime.WithDev())
	}
	if f.devSend {
		options = append(options, runtime.WithDevSend())
	}
	if f.locked {
		options = append(options, runtime.WithLocked())
	}
	return options
}

// opening returns the options of an app whose elements may make requests.
func (f *appFlags) opening(logger *slog.Logger) ([]runtime.Option, error) {
	out, err := f.outbound()
	if err != nil {
		return nil, err
	}
	return append(f.options(logger), runtime.WithOutbound(out)), nil
}

// outbound reads the flags of requests to vendors.
func (f *appFlags) outbound() (out runtime.Outbound, err error) {
	if f.proxy != "" {
		if _, err := outbound.ParseProxy(f.proxy); err != nil {
			return out, usagef("--%s: %w", flagProxy, err)
		}
		out.Proxy = f.proxy
	}
	if f.caFile != "" {
		if out.Authorities, err = outbound.ReadAuthorities(f.caFile); err != nil {
			return out, usagef("--%s %s: %w", flagCAFile, f.caFile, err)
		}
	}
	return out, nil
}

// with opens the app for one piece of work, without watching its files, and
// closes it. It uses the data directory of a server that runs.
func (f *appFlags) with(ctx context.Context, dir string, logger *slog.Logger, work func(*runtime.App) error) error {
	if err := f.useRunning(ctx, dir); err != nil {
		return err
	}
	options, err := f.opening(logger)
	if err != nil {
		return err
	}
	app, err := runtime.Open(ctx, dir, append(options, runtime.WithoutWatch())...)
	if err != nil {
		return err
	}
	return errors.Join(work(app), app.Close())
}

// dataDir returns the app's data directory, which may not exist yet.
func (f *appFlags) dataDir(app string) string {
	if f.data != "" {
		return f.data
	}
	return filepath.Join(app, "appData")
}

const manifest = "app.json"

// onApp returns the RunE of a command that takes [APP] alone.
func onApp(work func(ctx context.Context, dir string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		dir, err := appArg(args)
		if err != nil {
			return err
		}
		return work(cmd.Context(), dir)
	}
}

// appArg returns the app's directory: the first argument, else the current directory.
func appArg(args []string) (string, error) {
	if len(args) > 0 && args[0] != "" {
		return args[0], nil
	}
	if !isApp(".") {
		return "", usagef("there is no %s in the current directory; name the app's directory", manifest)
	}
	return ".", nil
}

// isApp reports whether a directory has an app.json.
func isApp(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, manifest))
	return err == nil && info.Mode().IsRegular()
}

// isPath reports whether a text can only be a path, not a full name.
func isPath(text string) bool {
	return text == "." || text == ".." || strings.ContainsRune(text, filepath.Separator)
}

// maxArgs is cobra.MaximumNArgs with an error message of our own.
func maxArgs(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("unexpected argument %q", args[n])
		}
		return nil
	}
}

// failing reports whether any problem is more than a warning.
func failing(problems []runtime.Problem) bool {
	return slices.ContainsFunc(problems, func(p runtime.Problem) bool { return !p.Warning })
}
