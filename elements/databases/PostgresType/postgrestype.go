// Package postgrestype is databases.PostgresType: the directory in a PostgreSQL
// database, which many replicas share.
package postgrestype

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
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

func init() {
	element.RegisterBuiltin(&element.Builtin{
		Description: &elementv1.TypeDescription{
			Name:         Name,
			Title:        "PostgreSQL database",
			Description:  "Users, corps, sessions and keys in a PostgreSQL database that many replicas share.",
			ConfigSchema: schema,
			ConfigFile:   "database.json",
		},
		Open: open,
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
	var settings struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(config, &settings); err != nil {
		return nil, errcode.New(errcode.Params, "the configuration is not a JSON object with a url").With("arg", "url")
	}
	e, err := newEngine(settings.URL)
	if err != nil {
		return nil, err
	}
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
