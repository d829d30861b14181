// Package sqlitetype is databases.SqliteType: the directory in one SQLite file
// in the app's data directory, for one machine. Several processes there may
// share the file.
package sqlitetype

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// Name is the Type's full name.
const Name = "databases.SqliteType"

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "path": {
      "type": "string",
      "title": "File",
      "description": "The file's path below the app's data directory.",
      "minLength": 1,
      "maxLength": 255,
      "default": "lintel.db"
    }
  }
}`

func init() {
	element.RegisterBuiltin(&element.Builtin{
		Description: &elementv1.TypeDescription{
			Name:         Name,
			Title:        "SQLite database",
			Description:  "Users, corps, sessions and keys in one SQLite file, for one machine.",
			ConfigSchema: schema,
			ConfigFile:   "database.json",
		},
		Embedded: true,
		Open:     open,
	})
}

// Database is an instance.
type Database struct {
	*sqldirectory.Directory
}

var (
	_ element.Instance    = (*Database)(nil)
	_ element.Readier     = (*Database)(nil)
	_ databases.Directory = (*Database)(nil)
)

func open(_ context.Context, env element.Env, config json.RawMessage) (element.Instance, error) {
	settings := struct {
		Path string `json:"path"`
	}{Path: "lintel.db"}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &settings); err != nil {
			return nil, errcode.New(errcode.Params, "the configuration is not a JSON object with a path").With("arg", "path")
		}
	}
	if settings.Path == "" || !filepath.IsLocal(settings.Path) {
		return nil, errcode.New(errcode.Params, "path must lie below the data directory").With("arg", "path")
	}
	e := &engine{dir: env.DataDir, path: filepath.Clean(settings.Path)}
	return &Database{sqldirectory.New(e, env.AppID, env.Logger)}, nil
}

// Call: a database has no functions.
func (*Database) Call(context.Context, string, element.Args) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "a database has no functions")
}

// Get: a database has no properties.
func (*Database) Get(context.Context, string) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "a database has no properties")
}
