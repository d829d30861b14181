package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lintel-run/lintel/runtime"
)

// appFlags are those of the commands that open an app.
type appFlags struct {
	data       string
	dev        bool
	locked     bool
	pluginDirs []string
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
	flags.BoolVar(&f.dev, "dev", false, "development: embedded stores, SMS.Outbox, no address but loopback")
	flags.BoolVar(&f.locked, "locked", false, "refuse plugin executables that lintel.lock doesn't pin")
}

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
	if f.locked {
		options = append(options, runtime.WithLocked())
	}
	return options
}

// dataDir is where the app keeps its data, whether it is there yet or not.
func (f *appFlags) dataDir(app string) string {
	if f.data != "" {
		return f.data
	}
	return filepath.Join(app, "appData")
}

const manifest = "app.json"

// appArg gives the app's directory from the command line, or the current one.
func appArg(args []string) (string, error) {
	if len(args) > 0 && args[0] != "" {
		return args[0], nil
	}
	if !isApp(".") {
		return "", usagef("there is no %s in the current directory; name the app's directory", manifest)
	}
	return ".", nil
}

// isApp says whether a directory has an app.json.
func isApp(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, manifest))
	return err == nil && info.Mode().IsRegular()
}

// isPath says whether a text can be a path only, and no full name.
func isPath(text string) bool {
	return text == "." || text == ".." || strings.ContainsRune(text, filepath.Separator)
}

// maxArgs is cobra.MaximumNArgs in the words of this command.
func maxArgs(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("what is %q for?", args[n])
		}
		return nil
	}
}

// failing says whether any problem is more than a warning.
func failing(problems []runtime.Problem) bool {
	return slices.ContainsFunc(problems, func(p runtime.Problem) bool { return !p.Warning })
}

// isCode says whether an error carries a code of the contract.
func isCode(err error) (*runtime.Error, bool) {
	var e *runtime.Error
	ok := errors.As(err, &e)
	return e, ok
}
