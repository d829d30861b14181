// Package elements embeds the JSON of the standard elements: a directory for each
// Meta, Type and provided instance. It links no code; package standard does.
package elements

import "embed"

// Library holds the element directories. Their Go files are left out.
//
//go:embed */*/*.json */*/*/*.json */*/*/*/*.json
var Library embed.FS
