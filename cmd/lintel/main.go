// Command lintel runs apps: it serves, validates, calls and inspects them.
package main

import (
	"os"
	"runtime/debug"

	_ "github.com/lintel-run/lintel/elements/standard"
)

// version is set by the build.
var version = ""

func main() {
	hideMemory()
	if version == "" {
		version = "dev"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
