package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/cmd/lintel/internal/scaffold"
	"github.com/lintel-run/lintel/runtime"
)

func newNew(in *invocation) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "new",
		Short:   "Writes the first files of an app, an instance or a Type",
		Example: "  lintel new app shop --id acme.shop\n  lintel new instance SMS.acme SMS.Http --app shop\n  lintel new type SMS.Acme --app shop",
		Args:    noSuchCommand,
		RunE:    group,
	}
	cmd.AddCommand(newNewApp(in), newNewInstance(in), newNewType(in))
	return cmd
}

// exactly is cobra.ExactArgs in the words of this command.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usagef("%s takes %s", cmd.CommandPath(), strings.Join(names, " and "))
		}
		return nil
	}
}

func newNewApp(in *invocation) *cobra.Command {
	var id, title string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "app DIR",
		Short:   "Writes an app with a phone login and an outbox for development",
		Example: "  lintel new app shop --id acme.shop && lintel serve shop --dev",
		Args:    exactly("the directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if id == "" {
				dir, err := filepath.Abs(args[0])
				if err != nil {
					return err
				}
				id = "example." + filepath.Base(dir)
			}
			paths, err := scaffold.App(args[0], id, title)
			return in.written(paths, err, asJSON)
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "appId, such as acme.shop [example.DIR]")
	cmd.Flags().StringVar(&title, "title", "", "what people call it")
	addListed(cmd, &asJSON)
	return cmd
}

func newNewInstance(in *invocation) *cobra.Command {
	var dir, title string
	var asJSON bool
	var app appFlags
	cmd := &cobra.Command{
		Use:   "instance FULLNAME TYPE",
		Short: "Writes an instance of a Type, with the settings that the Type requires",
		Long: `Writes e.json and a configuration with the keys that the Type's schema requires,
each with a value to be edited. A secret becomes a variable, so that it need not
stand in a file that is committed.`,
		Example: "  lintel new instance SMS.acme SMS.Http --app shop && lintel validate shop",
		Args:    exactly("a full name", "a Type"),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := appArg([]string{dir})
			if err != nil {
				return err
			}
			elements, _, err := runtime.List(dir, app.options(in.logger(slog.LevelWarn))...)
			if err != nil {
				return err
			}
			schema, file, err := schemaOf(elements, args[1])
			if err != nil {
				return err
			}
			paths, err := scaffold.Instance{
				FullName: args[0], Type: args[1], Title: title, Schema: schema, ConfigFile: file,
				Elements: func(meta string) []string { return instancesOf(elements, meta) },
			}.Write(dir)
			return in.written(paths, err, asJSON)
		},
	}
	addApp(cmd, &dir)
	app.addPluginDirs(cmd.Flags())
	cmd.Flags().StringVar(&title, "title", "", "what people call it")
	addListed(cmd, &asJSON)
	return cmd
}

func newNewType(in *invocation) *cobra.Command {
	var dir, meta, title string
	var asJSON bool
	var app appFlags
	cmd := &cobra.Command{
		Use:   "type FULLNAME",
		Short: "Writes a Type as a Go program on the SDK",
		Long: `Writes e.json and main.go of a Type. Build it in its directory, and write its
description beside it:

  go mod init example.com/acme && go get github.com/lintel-run/lintel@latest
  go build -o acme . && ./acme describe > acme.types.json`,
		Example: "  lintel new type SMS.Acme --app shop",
		Args:    exactly("a full name"),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := appArg([]string{dir})
			if err != nil {
				return err
			}
			elements, _, err := runtime.List(dir, app.options(in.logger(slog.LevelWarn))...)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(elements, func(e runtime.Define) bool { return e.FullName == meta && e.Rank != "instance" }) {
				return fmt.Errorf("the app has no Meta or Type %s; see lintel elements", meta)
			}
			paths, err := scaffold.GoType(dir, args[0], meta, title)
			return in.written(paths, err, asJSON)
		},
	}
	addApp(cmd, &dir)
	app.addPluginDirs(cmd.Flags())
	cmd.Flags().StringVar(&meta, "meta", "SMS.Meta", "full name of the Meta or Type that it belongs to")
	cmd.Flags().StringVar(&title, "title", "", "what people call it")
	addListed(cmd, &asJSON)
	return cmd
}

func addListed(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print the paths as JSON")
}

func addApp(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "app", "", "the app's directory [the current one]")
}

// written prints the paths of new files.
func (in *invocation) written(paths []string, err error, asJSON bool) error {
	if errors.As(err, new(*scaffold.NameError)) {
		return usageError{err}
	}
	for i, path := range paths {
		paths[i] = filepath.ToSlash(path)
	}
	if asJSON && err == nil {
		return printJSON(in.stdout, paths)
	}
	for _, path := range paths {
		fmt.Fprintln(in.stdout, path)
	}
	return err
}

func instancesOf(elements []runtime.Define, meta string) []string {
	var names []string
	for _, e := range elements {
		if e.Rank == "instance" && (e.Meta == meta || e.Type == meta) {
			names = append(names, e.FullName)
		}
	}
	slices.Sort(names)
	return names
}

// schemaOf finds the configuration schema of a Type, its own or the one that it
// inherits, and the name of the configuration's file.
func schemaOf(elements []runtime.Define, name string) (json.RawMessage, string, error) {
	i := slices.IndexFunc(elements, func(e runtime.Define) bool { return e.FullName == name })
	if i < 0 || elements[i].Rank != "type" {
		return nil, "", fmt.Errorf("the app has no Type %s; see lintel elements", name)
	}
	return elements[i].ConfigSchema, elements[i].ConfigFile, nil
}
