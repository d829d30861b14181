package runtime

import (
	"time"

	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// snapshot is all that a look-up needs. It is never changed once published.
type snapshot struct {
	elements map[string]*Element
	// others are those that only their own app's elements see.
	others   map[handleKey]*Element
	catalog  *catalog.Snapshot
	reloaded time.Time
}

// GetElement finds an element by its full name: a look-up in an immutable
// snapshot, without lock or allocation. ELEMENT_NOT_FOUND.
func (a *App) GetElement(fullName string) (*Element, error) {
	if el := a.snapshot.Load().elements[fullName]; el != nil {
		return el, nil
	}
	return nil, notFound(fullName)
}

// from finds an element as the elements of an app see it, nil if they don't.
func (s *snapshot) from(appID, fullName string) *Element {
	def := s.catalog.LookupFrom(appID, fullName)
	switch def {
	case nil:
		return nil
	case s.catalog.Lookup(fullName):
		return s.elements[fullName]
	}
	return s.others[handleKey{def.App, fullName, true}]
}

// handle gives the handle of a key, nil where this snapshot has none.
func (s *snapshot) handle(key handleKey) *Element {
	if key.hidden {
		return s.others[key]
	}
	return s.elements[key.name]
}

// handles goes through all of them.
func (s *snapshot) handles(yield func(*Element) bool) {
	for _, el := range s.elements {
		if !yield(el) {
			return
		}
	}
	for _, el := range s.others {
		if !yield(el) {
			return
		}
	}
}

// FindElements lists elements in name order: ".T" the instances of T and of the
// Types derived from it, "a.*" all below a, "#tag=x" those whose e.json has that
// tag, and unions of these by ",". API_PARAMS_ERROR for another selector.
func (a *App) FindElements(selector string) ([]*Element, error) {
	s := a.snapshot.Load()
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

// GetElementDefine gives an element's definition. ELEMENT_NOT_FOUND.
func (a *App) GetElementDefine(fullName string) (*Definition, error) {
	el, err := a.GetElement(fullName)
	if err != nil {
		return nil, err
	}
	return definitionOf(el.definition()), nil
}

// Definitions gives those of all elements, the official library's included, in
// name order.
func (a *App) Definitions() []Definition {
	elements := a.snapshot.Load().catalog.Elements()
	list := make([]Definition, len(elements))
	for i, el := range elements {
		list[i] = *definitionOf(el)
	}
	return list
}

// Errors returns the error codes that the app's families declare. Nobody changes
// the table; a reload makes another.
func (a *App) Errors() errortable.Table { return a.snapshot.Load().catalog.Errors }

func functionList(exposed []catalog.Function) []Function {
	list := make([]Function, len(exposed))
	for i, fn := range exposed {
		list[i] = Function{
			Name:          fn.Name,
			Title:         fn.Title,
			Desc:          fn.Desc,
			ReturnType:    fn.ReturnType,
			ReturnSchema:  fn.ReturnSchema,
			LoginRequired: fn.LoginRequired,
			Args:          make([]Argument, len(fn.Args)),
		}
		for j, arg := range fn.Args {
			list[i].Args[j] = Argument(arg)
		}
	}
	return list
}
