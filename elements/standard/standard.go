// Package standard links the standard elements into a program: the library of
// element directories and the code of the built-in Types and host services. A
// program that opens an app imports it for its effect:
//
//	import _ "github.com/lintel-run/lintel/elements/standard"
//
// Types that run as plugins are linked into cmd/lintel-types instead.
package standard

import (
	"github.com/lintel-run/lintel/elements"
	"github.com/lintel-run/lintel/runtime/element"

	// Built-in Types, host services and watchers register themselves.
	_ "github.com/lintel-run/lintel/elements/SMS/sendlog"
	_ "github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	_ "github.com/lintel-run/lintel/elements/auths/loginTypes/verification"
	_ "github.com/lintel-run/lintel/elements/caches/MemoryType"
	_ "github.com/lintel-run/lintel/elements/caches/RedisType"
	_ "github.com/lintel-run/lintel/elements/caches/SqliteType"
	_ "github.com/lintel-run/lintel/elements/corps/NormalType"
	_ "github.com/lintel-run/lintel/elements/databases/PostgresType"
	_ "github.com/lintel-run/lintel/elements/databases/SqliteType"
)

func init() { element.RegisterLibrary(elements.Library) }
