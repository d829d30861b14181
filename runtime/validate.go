package runtime

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// Validate checks the app in dir, without starting anything. A bad app.json is a
// problem like any other; the error is for a directory that can't be read.
func Validate(dir string, opts ...Option) ([]Problem, error) {
	cfg, err := newSettings(opts).catalog(dir)
	if err != nil {
		return nil, err
	}
	loader, err := catalog.New(cfg)
	if err != nil {
		var bad catalog.Problems
		if errors.As(err, &bad) {
			return fromCatalog(bad), nil
		}
		return nil, err
	}
	return fromCatalog(loader.Load(context.Background()).Problems), nil
}
