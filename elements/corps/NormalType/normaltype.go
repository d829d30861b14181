// Package normaltype is corps.NormalType: an organisation that new users join if it
// is so configured.
package normaltype

import (
	"cmp"
	"context"

	"github.com/lintel-run/lintel/elements/corps"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Name is the Type's full name.
const Name = "corps.NormalType"

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "title": {
      "type": "string",
      "title": "Title",
      "description": "The organisation's name, as people see it. Without one it is the instance's title.",
      "minLength": 1,
      "maxLength": 255
    },
    "allowJoin": {
      "enum": [0, 1],
      "title": "New users join",
      "description": "1: whoever registers joins the organisation.",
      "default": 1
    }
  }
}`

type config struct {
	Title     string `json:"title"`
	AllowJoin int    `json:"allowJoin"`
}

func init() {
	builtin.Register(&builtin.Type[config]{
		Description: elementv1.TypeDescription{
			Name: Name, Title: "Corp", ConfigSchema: schema, ConfigFile: "corp.json",
			Description: "An organisation that users belong to.",
			Properties: []*elementv1.Property{
				{Name: "title", Title: "Title", DataType: "Stext"},
				{Name: "allowJoin", Title: "New users join", DataType: "Checkbox"},
			},
		},
		Embedded: true,
		Default:  config{AllowJoin: 1},
		Open:     open,
	})
}

// Corp is an instance of corps.NormalType.
type Corp struct {
	builtin.Silent

	fullName  string
	title     string
	allowJoin bool
}

var (
	_ element.Instance = (*Corp)(nil)
	_ corps.Corp       = (*Corp)(nil)
)

func open(env element.Env, c config) (element.Instance, error) {
	return &Corp{fullName: env.Element, title: cmp.Or(c.Title, env.Title, env.Element), allowJoin: c.AllowJoin != 0}, nil
}

// FullName returns the instance's full name.
func (c *Corp) FullName() string { return c.fullName }

// Title returns the configured title, else the instance's.
func (c *Corp) Title() string { return c.title }

// AllowJoin reports whether new users join the corp.
func (c *Corp) AllowJoin() bool { return c.allowJoin }

// Get returns the title, or whether new users join.
func (c *Corp) Get(ctx context.Context, property string) (any, error) {
	switch property {
	case "title":
		return c.title, nil
	case "allowJoin":
		return c.allowJoin, nil
	}
	return c.Silent.Get(ctx, property)
}

// Close does nothing.
func (*Corp) Close() error { return nil }
