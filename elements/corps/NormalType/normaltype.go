// Package normaltype is corps.NormalType: an organisation with a title that new
// users join, or don't.
package normaltype

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/elements/corps"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
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

func init() {
	element.RegisterBuiltin(&element.Builtin{
		Description: &elementv1.TypeDescription{
			Name:        Name,
			Title:       "Corp",
			Description: "An organisation that users belong to.",
			Properties: []*elementv1.Property{
				{Name: "title", Title: "Title", DataType: "Stext"},
				{Name: "allowJoin", Title: "New users join", DataType: "Checkbox"},
			},
			ConfigSchema: schema,
			ConfigFile:   "corp.json",
		},
		Embedded: true,
		Open:     open,
	})
}

// Corp is an instance.
type Corp struct {
	fullName  string
	title     string
	allowJoin bool
}

var (
	_ element.Instance = (*Corp)(nil)
	_ corps.Corp       = (*Corp)(nil)
)

func open(_ context.Context, env element.Env, config json.RawMessage) (element.Instance, error) {
	settings := struct {
		Title     string `json:"title"`
		AllowJoin int    `json:"allowJoin"`
	}{AllowJoin: 1}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &settings); err != nil {
			return nil, errcode.New(errcode.Params, "the configuration is not a JSON object with title and allowJoin")
		}
	}
	c := &Corp{fullName: env.Element, title: settings.Title, allowJoin: settings.AllowJoin != 0}
	if c.title == "" {
		c.title = env.Title
	}
	if c.title == "" {
		c.title = env.Element
	}
	return c, nil
}

// FullName is the instance's full name.
func (c *Corp) FullName() string { return c.fullName }

// Title is the configured title, else the instance's.
func (c *Corp) Title() string { return c.title }

// AllowJoin says whether new users join it.
func (c *Corp) AllowJoin() bool { return c.allowJoin }

// Call: a corp has no functions.
func (*Corp) Call(context.Context, string, element.Args) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "a corp has no functions")
}

// Get reads title or allowJoin.
func (c *Corp) Get(_ context.Context, property string) (any, error) {
	switch property {
	case "title":
		return c.title, nil
	case "allowJoin":
		return c.allowJoin, nil
	}
	return nil, errcode.New(errcode.FunctionNotFound, "a corp has no property of this name")
}

// Close has nothing to end.
func (*Corp) Close() error { return nil }
