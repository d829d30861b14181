// Package handshake holds the names on which the host and a plugin agree before
// their first request: the go-plugin handshake, the environment a plugin is
// started with, and the metadata of requests. The contract of the requests
// themselves is package elementv1. docs/writing-a-type.md quotes these values for
// authors who don't write Go.
package handshake

// The go-plugin handshake. The cookie is no secret: it lets an executable that
// is run by hand say that it is a plugin, in place of waiting for a host.
const (
	CookieKey   = "LINTEL_PLUGIN"
	CookieValue = "8d1f6c0e5b7a4293a1c2e0f94d6b3857"
	// ProtocolVersion changes only when the wire becomes incompatible.
	ProtocolVersion = 1
	// PluginName is the key of the one plugin in go-plugin's plugin set.
	PluginName = "element"
)

// The environment of a plugin process, beside go-plugin's own variables.
const (
	// EnvHostAddr is the path of the unix socket on which the host serves Host.
	EnvHostAddr = "LINTEL_HOST_ADDR"
	// EnvHostToken is what each request to the host carries as MetaToken.
	EnvHostToken = "LINTEL_HOST_TOKEN" //nolint:gosec // a name, not a token
	// EnvLifelineFD is the number of a descriptor that reads end of file when
	// the host is gone; a plugin exits then.
	EnvLifelineFD = "LINTEL_LIFELINE_FD"
)

// Metadata keys of gRPC requests.
const (
	// MetaToken carries the process's token, plugin to host.
	MetaToken = "lintel-token"
	// MetaCall carries the id of the call being served: host to plugin with each
	// call, and copied from there, plugin to host.
	MetaCall = "lintel-call"
)

// MaxMessageSize bounds a gRPC message in either direction, in bytes. Both sides
// set it for sending and receiving: gRPC's default for a server is 4 MiB.
const MaxMessageSize = 32 << 20
