package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/cmd/lintel/internal/scaffold"
	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/runtime"
)

func newNew(in *invocation) *cobra.Command {
	return newGroup("new", "Writes the first files of an app, an instance or a Type",
		"  lintel new app shop --id acme.shop\n  lintel new instance SMS.acme SMS.Http --app shop\n  lintel new type SMS.Acme --app shop",
		newNewApp(in), newNewInstance(in), newNewType(in))
}

// exactly is cobra.ExactArgs with an error message that names the arguments.
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
			if err == nil {
				err = writeSchemas(args[0])
			}
			return in.printWritten(paths, err, appSteps(args[0]))
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "appId, such as acme.shop [example.DIR]")
	in.addScaffoldFlags(cmd, &title)
	return cmd
}

// newInApp returns a command that writes files into an app. It gives write the
// app's directory, the app's elements and the command's arguments.
func newInApp(in *invocation, cmd *cobra.Command, title *string, write func(dir string, elements []runtime.Definition, args []string) error) *cobra.Command {
	var dir string
	var app appFlags
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		dir, err := appArg([]string{dir})
		if err != nil {
			return err
		}
		elements, _, err := runtime.List(dir, app.options(in.logger(slog.LevelWarn))...)
		if err != nil {
			return err
		}
		for _, e := range elements {
			if e.FullName != args[0] && strings.EqualFold(e.FullName, args[0]) {
				return usagef("%s differs in case alone from %s, which is there already; choose another name, such as %sOne", args[0], e.FullName, args[0])
			}
		}
		return write(dir, elements, args)
	}
	cmd.Flags().StringVar(&dir, "app", "", "the app's directory [the current one]")
	app.addPluginDirs(cmd.Flags())
	in.addScaffoldFlags(cmd, title)
	return cmd
}

func newNewInstance(in *invocation) *cobra.Command {
	var title string
	var curl curlFlags
	cmd := newInApp(in, &cobra.Command{
		Use:   "instance FULLNAME TYPE",
		Short: "Writes an instance of a Type, with the settings that the Type requires",
		Long: `Writes e.json and a configuration with the keys that the Type's schema requires,
each with a value to be edited. A secret becomes a variable, so that it need not
stand in a file that is committed.

With --from-curl it makes an instance of SMS.Http from a command that sends a
message, with one good and one bad answer. It replaces the phone, the code and
what looks like a key, and prints what it guessed and what has to be checked.
Keys go into .env, never into the instance.`,
		Example: `  lintel new instance SMS.acme SMS.Http --app shop && lintel validate shop
  lintel new instance SMS.acme SMS.Http --app shop --from-curl send.sh --good good.json --bad bad.json`,
		Args: exactly("a full name", "a Type"),
	}, &title, func(dir string, elements []runtime.Definition, args []string) error {
		i := slices.IndexFunc(elements, func(e runtime.Definition) bool { return e.FullName == args[1] })
		if i < 0 || elements[i].Rank != "type" {
			return fmt.Errorf("the app has no Type %s%s; lintel elements lists them", args[1], meant(args[1], elements, "type"))
		}
		if curl.command != "" {
			return in.newFromCurl(dir, elements[i], args[0], title, &curl)
		}
		paths, err := scaffold.Instance{
			FullName: args[0], Type: args[1], Title: title, Schema: elements[i].ConfigSchema, ConfigFile: elements[i].ConfigFile,
			Elements: func(meta string) []string { return instancesOf(elements, meta) },
		}.Write(dir)
		return in.printWritten(paths, err, instanceSteps(dir, args[0], elements[i]))
	})
	curl.add(cmd)
	return cmd
}

func newNewType(in *invocation) *cobra.Command {
	var meta, title string
	cmd := newInApp(in, &cobra.Command{
		Use:   "type FULLNAME",
		Short: "Writes a Type as a Go program on the SDK",
		Long: `Writes e.json and main.go of a Type. Build it in its directory, and write its
description beside it:

  go mod init example.com/acme && go get github.com/lintel-run/lintel@latest
  go build -o acme . && ./acme describe > acme.types.json`,
		Example: "  lintel new type SMS.Acme --app shop",
		Args:    exactly("a full name"),
	}, &title, func(dir string, elements []runtime.Definition, args []string) error {
		if !slices.ContainsFunc(elements, func(e runtime.Definition) bool { return e.FullName == meta && e.Rank != "instance" }) {
			return fmt.Errorf("the app has no Meta or Type %s%s; lintel elements lists them", meta, meant(meta, elements, "meta", "type"))
		}
		paths, err := scaffold.GoType(dir, args[0], meta, title)
		return in.printWritten(paths, err, typeSteps(dir, args[0]))
	})
	cmd.Flags().StringVar(&meta, "meta", "SMS.Meta", "full name of the Meta or Type that it belongs to")
	return cmd
}

func (in *invocation) addScaffoldFlags(cmd *cobra.Command, title *string) {
	cmd.Flags().StringVar(title, "title", "", "what people call it")
	in.addJSON(cmd, "print the paths as JSON")
}

// printWritten prints the paths of new files and, for people, what to do next.
func (in *invocation) printWritten(paths []string, err error, next steps) error {
	if errors.As(err, new(*scaffold.NameError)) {
		return usageError{err}
	}
	for i, path := range paths {
		paths[i] = filepath.ToSlash(path)
	}
	if in.json && err == nil {
		return printJSON(in.stdout, paths)
	}
	for _, path := range paths {
		fmt.Fprintln(in.stdout, path)
	}
	if err == nil {
		next.print(in.stdout)
	}
	return err
}

// meant hints at the element of some ranks that a name was probably meant to be.
func meant(name string, elements []runtime.Definition, ranks ...string) string {
	var names []string
	for _, e := range elements {
		if slices.Contains(ranks, e.Rank) {
			names = append(names, e.FullName)
		}
	}
	if near := nearest.Name(name, names); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

func instancesOf(elements []runtime.Definition, meta string) []string {
	var names []string
	for _, e := range elements {
		if e.Rank == "instance" && (e.Meta == meta || e.Type == meta) {
			names = append(names, e.FullName)
		}
	}
	slices.Sort(names)
	return names
}
