// Package carrier has many unary gRPC requests share one stream of a connection,
// by the service Carrier of the wire contract. Between two processes of one machine
// most of what a small request costs is its own stream: headers, trailers, its
// bookkeeping at both ends. A Conn and a Server take the places of a connection and
// a server; what is generated for a service works with them unchanged.
//
// It knows no service that it carries. What asks for more than a request's context,
// method and message (headers, trailers, trace context) is not carried.
package carrier

// Overhead is by how much a gRPC message that carries others may be larger than the
// largest of them, in bytes: a server that serves Carrier adds it to
// handshake.MaxMessageSize for its limits, to receive and to send.
const Overhead = 128 << 10

const (
	// bulk is the size in bytes from which on a message goes as a request of its own,
	// so that others don't wait behind it.
	bulk = 256 << 10
	// queued is how many frames may wait to be written before who asks waits.
	queued = 1024
	// batch is from how many bytes on nothing more is written at once.
	batch = 64 << 10
	// header is about what a frame adds to its message, in bytes.
	header = 128
)
