// Command reference writes docs/configuration.md: the settings and functions of
// every official Type, from the schemas that the runtime uses for validation.
//
//	reference -types bin/lintel-types.types.json -o docs/configuration.md
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	_ "github.com/lintel-run/lintel/elements/standard" // the built-in Types
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

func main() {
	types := flag.String("types", "", "description of the official plugin Types")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := write(*types, *out); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func write(types, out string) error {
	text, err := os.ReadFile(types)
	if err != nil {
		return err
	}
	var plugins elementv1.DescribeResponse
	if err := protojson.Unmarshal(text, &plugins); err != nil {
		return fmt.Errorf("%s: %w", types, err)
	}
	all := plugins.GetTypes()
	for _, name := range element.Builtins() {
		all = append(all, element.BuiltinOf(name).Description)
	}
	slices.SortFunc(all, func(a, b *elementv1.TypeDescription) int { return strings.Compare(a.GetName(), b.GetName()) })
	var page bytes.Buffer
	page.WriteString(opening)
	for _, t := range all {
		if err := describe(&page, t); err != nil {
			return fmt.Errorf("%s: %w", t.GetName(), err)
		}
	}
	return os.WriteFile(out, page.Bytes(), 0o644)
}

const opening = `<!-- Made by "make generate" from the schemas of the Types. Don't edit. -->

# Configuration reference

An instance of a Type has a directory with an ` + "`e.json`" + `, which names the Type, and a
configuration file. The file is the one that ` + "`frontBundleEntry`" + ` names if that ends in
` + "`.json`" + `, else the last segment of the instance's name with ` + "`.json`" + `, else ` + "`config.json`" + `, else
the one named below. Unknown keys are errors. ` + "`{{NAME}}`" + ` in a string is the app's variable
NAME; ` + "`{{{{`" + ` is ` + "`{{`" + `.

[operating.md](operating.md) describes the settings of the server, [elements.md](elements.md) those of
` + "`app.json`" + ` and the rules of elements. ` + "`lintel types --json`" + ` prints the schemas themselves.
`
