//go:build !linux

package adminsocket

import "net"

// peer isn't known here.
func peer(net.Conn) (credentials, bool) { return credentials{}, false }
