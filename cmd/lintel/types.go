package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// descriptionSuffix is appended to a plugin executable's name for the file that
// describes its Types.
const descriptionSuffix = ".types.json"

// describedType is one Type that "lintel types" lists.
type describedType struct {
	Name        string          `json:"name"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description,omitempty"`
	Executable  string          `json:"executable"`
	Functions   []string        `json:"functions"`
	Properties  []string        `json:"properties,omitempty"`
	ConfigFile  string          `json:"configFile,omitempty"`
	Schema      json.RawMessage `json:"configSchema,omitempty"`
}

func newTypes(in *invocation) *cobra.Command {
	var app appFlags
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Lists the Types that this installation brings",
		Long: `Lists the built-in Types and those of the plugin executables beside lintel and in
the plugin directories, from the descriptions that lie beside them. Types that lie in
an app are listed by "lintel elements".`,
		Example: "  lintel types\n  lintel types --json | jq '.[] | select(.name==\"SMS.Http\").configSchema'",
		Args:    maxArgs(0),
		RunE: func(*cobra.Command, []string) error {
			types, err := installedTypes(app.pluginDirs)
			if err != nil {
				return err
			}
			rows := [][]string{{"TYPE", "EXECUTABLE", "FUNCTIONS"}}
			for _, t := range types {
				rows = append(rows, []string{t.Name, t.Executable, orDash(strings.Join(t.Functions, " "))})
			}
			return in.printRows(types, rows)
		},
	}
	app.addPluginDirs(cmd.Flags())
	in.addJSON(cmd, "print JSON, with configuration schemas")
	return cmd
}

// installedTypes returns the built-in Types and those of plugin executables, in
// name order. Of several executables with one name, the first found counts, as it
// does for the runtime.
func installedTypes(pluginDirs []string) ([]describedType, error) {
	types := []describedType{}
	for _, name := range element.Builtins() {
		types = append(types, describe(element.BuiltinOf(name).Description, "builtin"))
	}
	dirs := slices.Clone(pluginDirs)
	if self, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(self))
	}
	seen := make(map[string]bool)
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*"+descriptionSuffix))
		if err != nil {
			return nil, fmt.Errorf("plugin directory: %w", err)
		}
		for _, file := range files {
			executable := strings.TrimSuffix(filepath.Base(file), descriptionSuffix)
			if seen[executable] {
				continue
			}
			seen[executable] = true
			described, err := readDescription(file)
			if err != nil {
				return nil, fmt.Errorf("description of %s: %w", executable, err)
			}
			for _, t := range described.GetTypes() {
				types = append(types, describe(t, executable))
			}
		}
	}
	slices.SortStableFunc(types, func(a, b describedType) int { return strings.Compare(a.Name, b.Name) })
	return types, nil
}

func readDescription(file string) (*elementv1.DescribeResponse, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var described elementv1.DescribeResponse
	err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, &described)
	return &described, err
}

func describe(t *elementv1.TypeDescription, executable string) describedType {
	d := describedType{
		Name: t.GetName(), Title: t.GetTitle(), Description: t.GetDescription(),
		Executable: executable, Functions: []string{}, ConfigFile: t.GetConfigFile(),
	}
	for _, f := range t.GetFunctions() {
		d.Functions = append(d.Functions, f.GetName())
	}
	for _, p := range t.GetProperties() {
		d.Properties = append(d.Properties, p.GetName())
	}
	if schema := json.RawMessage(t.GetConfigSchema()); json.Valid(schema) {
		d.Schema = schema
	}
	return d
}
