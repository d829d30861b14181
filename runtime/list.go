package runtime

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// List gives the definitions of all elements that the app in dir may use, its
// parents' and the official library's included, in name order, and what is wrong
// with them. It starts nothing and touches no file. The error is for a bad
// app.json and for a directory that can't be read.
func List(dir string, opts ...Option) ([]Definition, []Problem, error) {
	cfg, err := newSettings(opts).catalog(dir)
	if err != nil {
		return nil, nil, err
	}
	loader, err := catalog.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	loaded := loader.Load(context.Background())
	elements := loaded.Elements()
	list := make([]Definition, len(elements))
	for i, el := range elements {
		list[i] = *definitionOf(el)
	}
	return list, fromCatalog(loaded.Problems), nil
}

func definitionOf(el *catalog.Element) *Definition {
	def := &Definition{
		FullName:  el.FullName,
		Title:     el.Title,
		Rank:      el.Rank,
		Type:      el.Type,
		Meta:      el.Meta,
		Tag:       el.Tag,
		App:       el.App,
		Functions: functionList(el.Functions),
		EJSON:     el.EJSON,
	}
	if el.Access == catalog.Private {
		def.Functions = []Function{} // nobody outside finds it
	}
	if schema := json.RawMessage(el.Description.GetConfigSchema()); el.Rank == catalog.Type && json.Valid(schema) {
		def.ConfigSchema, def.ConfigFile = schema, el.Description.GetConfigFile()
	}
	return def
}
