// Package handshake holds the names that the host and a plugin share before their first
// request: the go-plugin handshake, the environment of a plugin, and the metadata of
// requests. Package elementv1 is the contract of the requests themselves.
// docs/writing-a-type.md quotes these values for authors who don't write Go.
package handshake

// The go-plugin handshake. The cookie is no secret. An executable that is run without it
// prints that it is a plugin and doesn't wait for a host.
const (
	CookieKey   = "LINTEL_PLUGIN"
	CookieValue = "8d1f6c0e5b7a4293a1c2e0f94d6b3857"
	// ProtocolVersion changes only when the wire becomes incompatible.
	ProtocolVersion = 1
	// PluginName is the key of the plugin in go-plugin's plugin set.
	PluginName = "element"
)

// The environment of a plugin process, in addition to go-plugin's own variables.
const (
	// EnvHostAddr is the path of the unix socket on which the host serves Host.
	EnvHostAddr = "LINTEL_HOST_ADDR"
	// EnvHostToken is the token that each request to the host carries as MetaToken.
	EnvHostToken = "LINTEL_HOST_TOKEN" //nolint:gosec // a name, not a token
	// EnvLogLevel is the lowest level that the host logs: debug, info, warn or error. Lines
	// below it may be left out.
	EnvLogLevel = "LINTEL_LOG_LEVEL"
	// EnvLifelineFD is the number of a descriptor that reads end of file when the host
	// has ended. A plugin then exits.
	EnvLifelineFD = "LINTEL_LIFELINE_FD"
)

// Metadata keys of gRPC requests.
const (
	// MetaToken carries the process's token, plugin to host.
	MetaToken = "lintel-token"
	// MetaCall carries the id of a call, host to plugin, and of the call being served,
	// plugin to host.
	MetaCall = "lintel-call"
)

// MaxMessageSize bounds a gRPC message in either direction, in bytes. Both sides set it
// for sending and receiving, since gRPC's default for a server is 4 MiB.
const MaxMessageSize = 32 << 20
