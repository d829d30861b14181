package plugin

import (
	"encoding/json"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Spec says what runs for one Type.
type Spec struct {
	// Type is the Type's full name, Meta its family's.
	Type, Meta string
	// Owner is the app that the Type comes from: Types of one name from several
	// apps have a process each.
	Owner string
	// Path is the executable, or the interpreter's script; absolute.
	Path string
	Args []string
	// Interpreter runs Path where it is not empty: a path, or a name to look up.
	Interpreter string
	// Dir is the element's directory and the process's working directory; empty:
	// the process's private directory.
	Dir string
	// Env are variables that were asked for, NAME=value.
	Env []string
	// SHA256, where it is not empty, is the Digest of what may run, in hex.
	SHA256 string
	// TCP allows a loopback port in place of a unix socket, with TLS.
	TCP bool
	// Description is what lies beside the executable; nil: not known.
	Description *elementv1.TypeDescription
}

// Instance is one generation of an instance's configuration.
type Instance struct {
	// Name is the instance's full name, Type its Type's.
	Name, Type string
	Title      string
	// AppTitle is the app's title; empty: that of Config.App.
	AppTitle   string
	Generation uint64
	// Config is validated: defaults merged, variables replaced.
	Config json.RawMessage
}

func (in Instance) key() key { return key{in.Name, in.Generation} }

type key struct {
	name       string
	generation uint64
}

// ConfigError is a configuration that the plugin refuses.
type ConfigError struct {
	Diagnostics []*elementv1.Diagnostic
}

// Error gives the first diagnostic.
func (e *ConfigError) Error() string {
	if len(e.Diagnostics) == 0 {
		return "the plugin refuses the configuration"
	}
	d := e.Diagnostics[0]
	if d.GetPointer() == "" {
		return d.GetMessage()
	}
	return d.GetPointer() + ": " + d.GetMessage()
}
