package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Validate checks the app in dir: what its files say and, unless WithStatic is given,
// what the code of its Types rejects, by starting them without calling a function. A
// bad app.json is a problem like any other. The error is for a directory that can't be
// read.
func Validate(dir string, opts ...Option) ([]Problem, error) {
	set := newSettings(opts)
	var lock *lockFile
	if set.locked {
		var err error
		if lock, err = readLock(dir); err != nil {
			return nil, err
		}
	}
	s, closeFiles, err := load(dir, opts)
	var bad problem.List
	switch {
	case errors.As(err, &bad):
		return bad, nil
	case err != nil:
		return nil, err
	}
	defer closeFiles()
	found := slices.Clone(s.Problems)
	if unpinned := unpinned(s, lock, set.dev); len(unpinned) > 0 || set.static {
		found = append(found, unpinned...)
	} else {
		rejected, err := vet(context.Background(), s, set, lock)
		if err != nil {
			return nil, err
		}
		found = append(found, rejected...)
	}
	problem.Sort(found)
	return found, nil
}

// List returns the definitions of all elements that the app in dir may use, those of
// its parents and the official library included, in name order, and their problems.
// It starts nothing and writes no file. The error is for a bad app.json or a
// directory that can't be read.
func List(dir string, opts ...Option) ([]Definition, []Problem, error) {
	s, closeFiles, err := load(dir, opts)
	if err != nil {
		return nil, nil, err
	}
	defer closeFiles()
	return definitionsOf(s), s.Problems, nil
}

// load reads the app in dir once. Its files stay open until closeFiles is called.
func load(dir string, opts []Option) (s *catalog.Snapshot, closeFiles func(), err error) {
	cfg, err := newSettings(opts).catalog(dir)
	if err != nil {
		return nil, nil, err
	}
	loader, err := catalog.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	return loader.Load(context.Background()), func() { _ = loader.Close() }, nil
}

func definitionsOf(s *catalog.Snapshot) []Definition {
	elements := s.Elements()
	list := make([]Definition, len(elements))
	for i, el := range elements {
		list[i] = *definitionOf(el)
	}
	return list
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
		Functions: append([]Function{}, el.Functions...),
		EJSON:     el.EJSON,
	}
	if el.Access == catalog.Private {
		def.Functions = []Function{} // hidden from callers outside
	}
	if schema := json.RawMessage(el.Description.GetConfigSchema()); el.Rank == catalog.Type && json.Valid(schema) {
		def.ConfigSchema, def.ConfigFile = schema, el.Description.GetConfigFile()
	}
	return def
}
