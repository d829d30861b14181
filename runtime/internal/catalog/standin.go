package catalog

import (
	"encoding/json"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
)

// Own is what an instance would be served by if no other Type stood in for it. Its own
// Type must accept Config.
type Own struct {
	// CodeType, CodeApp, Entry and Config are as those of Element.
	CodeType, CodeApp string
	Entry             Entry
	Config            json.RawMessage
}

// forDevelopment reports whether an element is of a Type for development.
func (e *Element) forDevelopment() bool { return e.Description.GetDevelopment() }

// findStandIns returns the Type for development of each family, by the Meta.
func (p *pass) findStandIns(visible []*node) map[string]*Element {
	if !p.cfg.StandIns {
		return nil
	}
	found := make(map[string]*Element)
	for _, n := range visible {
		if t := n.good; t != nil && t.Rank == Type && t.CodeType == t.FullName && t.forDevelopment() && found[t.Meta] == nil {
			found[t.Meta] = t
		}
	}
	return found
}

// replace lets the Type for development of an instance's family stand in for its own,
// with the keys of the configuration that it knows.
func (e *Element) replace(by *Element, config *strictjson.Value) {
	if by == nil || e.CodeType == by.CodeType || e.Config == nil {
		return
	}
	e.Own = &Own{CodeType: e.CodeType, CodeApp: e.CodeApp, Entry: e.Entry, Config: e.Config}
	known := &strictjson.Value{Kind: strictjson.Object}
	for _, m := range config.Members {
		one := &strictjson.Value{Kind: strictjson.Object, Members: []strictjson.Member{m}}
		if len(by.schema.Validate(one)) == 0 && len(by.schema.References(one)) == 0 {
			known.Members = append(known.Members, m)
		}
	}
	e.CodeType, e.CodeApp, e.Entry, e.Description = by.CodeType, by.CodeApp, by.Entry, by.Description
	e.Config = manifest.Compact(known)
}
