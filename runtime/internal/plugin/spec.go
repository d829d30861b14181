package plugin

import (
	"encoding/json"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Spec is what runs for one Type.
type Spec struct {
	// Type is the full name of the Type, Meta that of its family.
	Type, Meta string
	// Owner is the app that the Type comes from. Types of one name from several apps
	// have a process each.
	Owner string
	// Path is the executable, or the interpreter's script; absolute.
	Path string
	Args []string
	// Interpreter, if not empty, runs Path. It is a path or a name to look up.
	Interpreter string
	// Dir is the element's directory and the working directory; the default is the
	// process's private directory.
	Dir string
	// Env are further variables, NAME=value.
	Env []string
	// SHA256, if not empty, is the Digest of what may run, in hex.
	SHA256 string
	// TCP allows a loopback port in place of a unix socket, with TLS.
	TCP bool
	// Description is that of the file beside the executable; nil if not known.
	Description *elementv1.TypeDescription
}

// Instance is a generation of an instance's configuration.
type Instance struct {
	// Name is the full name of the instance, Type that of its Type.
	Name, Type string
	Title      string
	// AppTitle is the app's title; the default is that of Config.App.
	AppTitle   string
	Generation uint64
	// Config is valid, with defaults merged and variables replaced.
	Config json.RawMessage
}

func (in Instance) key() key { return key{in.Name, in.Generation} }

type key struct {
	name       string
	generation uint64
}

// ConfigError means that the plugin rejected a configuration.
type ConfigError struct {
	Diagnostics []*elementv1.Diagnostic
}

// Error returns the first diagnostic.
func (e *ConfigError) Error() string {
	if len(e.Diagnostics) == 0 {
		return "the plugin rejected the configuration"
	}
	d := e.Diagnostics[0]
	if d.GetPointer() == "" {
		return d.GetMessage()
	}
	return d.GetPointer() + ": " + d.GetMessage()
}
