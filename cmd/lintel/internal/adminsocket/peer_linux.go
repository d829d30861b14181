package adminsocket

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer returns who is at the other end of a unix socket.
func peer(conn net.Conn) (id credentials, ok bool) {
	c, isUnix := conn.(*net.UnixConn)
	if !isUnix {
		return id, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return id, false
	}
	err = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err == nil {
			id, ok = credentials{int(cred.Pid), int(cred.Uid)}, true
		}
	})
	return id, ok && err == nil
}
