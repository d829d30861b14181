// Package sqlitetype is caches.SqliteType: a store in a SQLite file of the data
// directory. Several processes on one machine may share the file. One goroutine writes
// for the whole process, and runs all operations that wait in one transaction.
//
// The file is in WAL mode and is synchronized at checkpoints only. What was written
// survives the end of the process; a loss of power may lose the last moments.
package sqlitetype

import (
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Name is the Type's full name.
const Name = "caches.SqliteType"

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "path": {
      "type": "string", "minLength": 1, "maxLength": 1024, "default": "caches.db",
      "title": "File",
      "description": "In the data directory, and relative to it."
    }
  },
  "additionalProperties": false
}`

// Config is an instance's configuration.
type Config struct {
	Path string `json:"path"`
}

func init() {
	builtin.Register(&builtin.Type[Config]{
		Description: elementv1.TypeDescription{
			Name: Name, Title: "SQLite file", ConfigSchema: schema, ConfigFile: "cache.json",
			Description: "In a file of the data directory, shared by several processes on one machine.",
		},
		Embedded: true,
		Check: func(env element.Env, c Config) error {
			_, err := sqlitefile.New(env.DataDir, c.Path)
			return err
		},
		Default: Config{Path: "caches.db"},
		Open:    func(env element.Env, c Config) (element.Instance, error) { return New(env, c) },
	})
}

var (
	_ caches.Store         = (*Store)(nil)
	_ element.Instance     = (*Store)(nil)
	_ element.ReadyChecker = (*Store)(nil)
)
