// Package sqlitetype is databases.SqliteType: a directory in a SQLite file of the
// app's data directory. Several processes on one machine may share the file.
package sqlitetype

import (
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
	"github.com/lintel-run/lintel/plugins/elementv1"
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

type config struct {
	Path string `json:"path"`
}

func init() {
	builtin.Register(&builtin.Type[config]{
		Description: elementv1.TypeDescription{
			Name: Name, Title: "SQLite database", ConfigSchema: schema, ConfigFile: "database.json",
			Description: "Users, corps, sessions and keys in one SQLite file, for one machine.",
		},
		Embedded: true,
		Check: func(env element.Env, c config) error {
			_, err := sqlitefile.New(env.DataDir, c.Path)
			return err
		},
		Default: config{Path: "lintel.db"},
		Open:    open,
	})
}

// Database is an instance of databases.SqliteType.
type Database struct {
	builtin.Silent
	*sqldirectory.Directory
	engine *engine
}

var (
	_ element.Instance     = (*Database)(nil)
	_ element.ReadyChecker = (*Database)(nil)
	_ databases.Directory  = (*Database)(nil)
)

func open(env element.Env, c config) (element.Instance, error) {
	file, err := sqlitefile.New(env.DataDir, c.Path)
	if err != nil {
		return nil, err
	}
	e := &engine{file: file}
	return &Database{Directory: sqldirectory.New(e, env.AppID, env.Logger), engine: e}, nil
}
