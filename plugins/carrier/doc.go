// Package carrier sends many unary gRPC requests over one stream of a connection, with
// the service Carrier of the wire contract. Between two processes of one machine most
// of the cost of a small request is that of its own stream. A Conn and a Server take
// the place of a gRPC connection and server, and generated code works with them.
//
// It knows none of the services that it carries. It carries a request's deadline,
// method, message and call id, but no headers, trailers or trace context.
package carrier

// Overhead is how many bytes larger than handshake.MaxMessageSize a message with frames
// may be. A server that serves Carrier adds it to its message size limits.
const Overhead = 128 << 10

const (
	// maxCarried is the size of the largest message that is carried. A larger one is sent
	// as a request of its own, so that others don't wait behind it.
	maxCarried = 256 << 10
	// maxQueued is how many frames wait to be written before senders block.
	maxQueued = 1024
	// batchSize is the size at which a batch of frames is written.
	batchSize = 64 << 10
	// frameOverhead is roughly what a frame adds to its message.
	frameOverhead = 128
)
