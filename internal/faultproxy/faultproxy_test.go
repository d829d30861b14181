package faultproxy

import (
	"bufio"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echo answers every line with "ok" and counts the lines.
func echo(t *testing.T) (string, *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	var lines atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				in := bufio.NewScanner(conn)
				for in.Scan() {
					lines.Add(1)
					_, _ = fmt.Fprintln(conn, "ok")
				}
			}()
		}
	}()
	return listener.Addr().String(), &lines
}

func ask(conn net.Conn, line string, wait time.Duration) error {
	_ = conn.SetDeadline(time.Now().Add(wait))
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return err
	}
	_, err := bufio.NewReader(conn).ReadString('\n')
	return err
}

func dial(t *testing.T, p *Proxy) net.Conn {
	conn, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestFaults(t *testing.T) {
	target, lines := echo(t)
	p := New(t, target)
	conn := dial(t, p)
	require.NoError(t, ask(conn, "one", time.Second))

	p.CutReplies(1, []byte("two"))
	require.NoError(t, ask(conn, "other", time.Second))
	require.Error(t, ask(conn, "two", time.Second))
	require.EqualValues(t, 3, lines.Load(), "the server got the request")
	require.Zero(t, p.Pending())

	conn = dial(t, p)
	p.CutRequests(1, nil)
	require.Error(t, ask(conn, "three", time.Second))
	require.EqualValues(t, 3, lines.Load(), "the server did not get it")

	conn = dial(t, p)
	p.Freeze()
	require.Error(t, ask(conn, "four", 50*time.Millisecond))
	p.Thaw()
	conn = dial(t, p)
	p.Delay(30 * time.Millisecond)
	begun := time.Now()
	require.NoError(t, ask(conn, "five", time.Second))
	require.GreaterOrEqual(t, time.Since(begun), 30*time.Millisecond)

	p.Down()
	require.Error(t, ask(conn, "six", time.Second))
	_, err := net.Dial("tcp", p.Addr())
	require.Error(t, err)
	p.Up(t)
	require.NoError(t, ask(dial(t, p), "seven", time.Second))
}
