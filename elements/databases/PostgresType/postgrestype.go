// Package postgrestype is databases.PostgresType: a directory in a PostgreSQL
// database that many replicas share.
package postgrestype

import (
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Name is the Type's full name.
const Name = "databases.PostgresType"

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "url": {
      "type": "string",
      "title": "URL",
      "description": "postgres://user:password@host:5432/database?sslmode=verify-full. pool_max_conns and the other settings of a connection string are understood.",
      "pattern": "^postgres(ql)?://",
      "examples": ["postgres://user:password@host:5432/database"],
      "writeOnly": true
    }
  }
}`

type config struct {
	URL string `json:"url"`
}

func init() {
	builtin.Register(&builtin.Type[config]{
		Description: elementv1.TypeDescription{
			Name: Name, Title: "PostgreSQL database", ConfigSchema: schema, ConfigFile: "database.json",
			Description: "Users, corps, sessions and keys in a PostgreSQL database that many replicas share.",
		},
		Check: check,
		Open:  open,
	})
}

// Database is an instance of databases.PostgresType.
type Database struct {
	builtin.Silent
	*sqldirectory.Directory
}

var (
	_ element.Instance     = (*Database)(nil)
	_ element.ReadyChecker = (*Database)(nil)
	_ databases.Directory  = (*Database)(nil)
)

// check returns what open would refuse.
func check(_ element.Env, c config) error {
	e, err := newEngine(c.URL) // connects when it is used
	if err == nil {
		e.pool.Close()
	}
	return err
}

func open(env element.Env, c config) (element.Instance, error) {
	e, err := newEngine(c.URL)
	if err != nil {
		return nil, err
	}
	return &Database{Directory: sqldirectory.New(e, env.AppID, env.Logger)}, nil
}
