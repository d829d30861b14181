// Package memorytype is caches.MemoryType: a store in the memory of the process, for a
// single process, development and tests. Nothing survives a restart. Its clock is
// monotonic: changes of the wall clock neither prolong nor shorten anything.
package memorytype

import (
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Name is the Type's full name.
const Name = "caches.MemoryType"

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "maxEntries": {
      "type": "integer", "minimum": 1000, "maximum": 100000000, "default": 1000000,
      "title": "Entries at most",
      "description": "Identities, tokens, shared limits and remembered requests together. Full of live ones, the store forgets the oldest remembered requests, and then refuses new ones."
    }
  },
  "additionalProperties": false
}`

// Config is an instance's configuration.
type Config struct {
	MaxEntries int `json:"maxEntries"`
}

func init() {
	builtin.Register(&builtin.Type[Config]{
		Description: elementv1.TypeDescription{
			Name: Name, Title: "In memory", ConfigSchema: schema, ConfigFile: "cache.json",
			Description: "In the runtime's own memory: for one process and for tests; nothing survives a restart.",
		},
		Embedded: true,
		Open:     func(_ element.Env, c Config) (element.Instance, error) { return New(c), nil },
	})
}

var (
	_ caches.Store         = (*Store)(nil)
	_ element.Instance     = (*Store)(nil)
	_ element.ReadyChecker = (*Store)(nil)
)
