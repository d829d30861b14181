package runtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// snapshot holds what a lookup needs. It doesn't change once published.
type snapshot struct {
	elements map[string]*Element
	// hidden are the elements that only other elements of their own app see.
	hidden   map[handleKey]*Element
	catalog  *catalog.Snapshot
	reloaded time.Time
}

// lookup returns the element of a key, nil if the snapshot has none.
func (s *snapshot) lookup(key handleKey) *Element {
	if key.hidden {
		return s.hidden[key]
	}
	return s.elements[key.name]
}

// all iterates over every element.
func (s *snapshot) all(yield func(*Element) bool) {
	for _, el := range s.elements {
		if !yield(el) {
			return
		}
	}
	for _, el := range s.hidden {
		if !yield(el) {
			return
		}
	}
}

// index finds elements in the newest snapshot.
type index struct {
	life   context.Context // ends when the app closes
	newest atomic.Pointer[snapshot]
}

func (x *index) catalog() *catalog.Snapshot { return x.newest.Load().catalog }

// get finds an element as callers of the app see it.
func (x *index) get(fullName string) (*Element, error) {
	if el := x.newest.Load().elements[fullName]; el != nil {
		return el, nil
	}
	return nil, notFound(fullName)
}

// getFrom finds an element as the elements of one app see it.
func (x *index) getFrom(appID, fullName string) (*Element, error) {
	s := x.newest.Load()
	def := s.catalog.LookupFrom(appID, fullName)
	var el *Element
	switch {
	case def == nil:
	case def == s.catalog.Lookup(fullName):
		el = s.elements[fullName]
	default:
		el = s.hidden[handleKey{def.App, fullName, true}]
	}
	if el == nil {
		return nil, notFound(fullName)
	}
	return el, nil
}

// find returns the elements that a selector selects, in name order.
func (x *index) find(selector string) ([]*Element, error) {
	s := x.newest.Load()
	found, err := s.catalog.Find(selector)
	if err != nil {
		return nil, err
	}
	elements := make([]*Element, 0, len(found))
	for _, def := range found {
		if el := s.elements[def.FullName]; el != nil {
			elements = append(elements, el)
		}
	}
	return elements, nil
}

// builtin returns the current instance of a built-in Type, opened. The caller
// calls release when it no longer uses the instance.
func (x *index) builtin(fullName string) (instance element.Instance, release func(), err error) {
	el, err := x.get(fullName)
	if err != nil {
		return nil, nil, err
	}
	g, err := el.acquire()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(x.life, configureTimeout)
	defer cancel()
	if err := g.open(ctx); err != nil {
		g.leave()
		return nil, nil, err
	}
	instance = g.state.Load().instance
	if instance == nil {
		g.leave()
		return nil, nil, errcode.New(errcode.ElementNotFound, "%s is not built in", fullName)
	}
	return instance, g.leave, nil
}

// defaultBuiltin is builtin for one of app.json's default elements.
func (x *index) defaultBuiltin(kind string) (instance element.Instance, release func(), err error) {
	return x.builtin(x.catalog().Defaults[kind])
}
