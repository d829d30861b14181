// Package elements is the official library: a directory for each Meta, Type and
// provided instance, with the code of the built-in Types and host services
// linked in. Plugin Types are linked into cmd/lintel-types instead.
package elements

import (
	"embed"

	"github.com/lintel-run/lintel/runtime/element"

	// The built-in Types, host services and watchers register themselves.
	_ "github.com/lintel-run/lintel/elements/SMS/sendlog"
	_ "github.com/lintel-run/lintel/elements/auths/loginTypes/verification"
	_ "github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	_ "github.com/lintel-run/lintel/elements/caches/MemoryType"
	_ "github.com/lintel-run/lintel/elements/caches/RedisType"
	_ "github.com/lintel-run/lintel/elements/caches/SqliteType"
	_ "github.com/lintel-run/lintel/elements/corps/NormalType"
	_ "github.com/lintel-run/lintel/elements/databases/PostgresType"
	_ "github.com/lintel-run/lintel/elements/databases/SqliteType"
)

// The JSON of the library; its Go files stay out.
//
//go:embed */*/*.json */*/*/*.json */*/*/*/*.json
var library embed.FS

func init() { element.RegisterLibrary(library) }
