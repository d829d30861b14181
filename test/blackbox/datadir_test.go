package blackbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// What deployments do to a data directory is noticed before it costs users.
func TestADataDirectoryThatIsTakenAwayIsNoticed(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]struct {
		do, undo func(t *testing.T, data string)
		names    string
	}{
		"removed": {
			do:    func(t *testing.T, data string) { require.NoError(t, os.RemoveAll(data)) },
			names: "appData",
		},
		"moved away, and another in its place": {
			do: func(t *testing.T, data string) {
				require.NoError(t, os.Rename(data, data+"-old"))
				require.NoError(t, os.Mkdir(data, 0o700))
			},
			undo: func(t *testing.T, data string) {
				require.NoError(t, os.Remove(data))
				require.NoError(t, os.Rename(data+"-old", data))
			},
			names: "appData",
		},
		"the database is replaced": {
			do: func(t *testing.T, data string) {
				require.NoError(t, os.Rename(filepath.Join(data, "lintel.db"), data+"-old"))
				text, err := os.ReadFile(data + "-old")
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(data, "lintel.db"), text, 0o600))
			},
			undo: func(t *testing.T, data string) {
				require.NoError(t, os.Rename(data+"-old", filepath.Join(data, "lintel.db")))
			},
			names: "appData/lintel.db",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 1})
			server := s.Servers[0]
			data := filepath.Join(s.Dir, "appData")
			p := s.SignUp(blackbox.Login)
			p.Call(blackbox.Sessions, "currentUser", nil).OK(t)
			before := entries(t, data)
			away.do(t, data)
			left := entries(t, data)
			sent := len(s.Vendor.Sent())

			blackbox.Eventually(t, 30*time.Second, "it is not ready", func() bool { return !ready(t, server) })
			phone, _ := blackbox.Phone()
			c.Send(phone).Fails(t, 503, "STORE_UNAVAILABLE")
			require.Len(t, s.Vendor.Sent(), sent)
			blackbox.Eventually(t, 30*time.Second, "the log names it", func() bool {
				lines := linesWith(server.Log(), notReadyLine)
				return len(lines) > 0 && strings.Contains(lines[len(lines)-1], away.names)
			})
			require.NotContains(t, strings.Join(linesWith(server.Log(), notReadyLine), ""), s.Dir, "no path")
			for _, command := range [][]string{{"status", s.Dir}, {"doctor", s.Dir}, {"call", s.Dir, blackbox.Login, "getLoginConfig"}} {
				out := blackbox.Lintel(t, s.Dir, nil, command...)
				require.Equal(t, 1, out.Code, "%v: %s%s", command, out.Stdout, out.Stderr)
				require.Contains(t, out.Stdout+out.Stderr, "while it is in use", "%v", command)
			}
			require.Equal(t, left, entries(t, data), "nothing was made anew")
			if away.undo == nil {
				return
			}
			away.undo(t, data)
			blackbox.Eventually(t, 30*time.Second, "it is ready again", func() bool { return ready(t, server) })
			require.Equal(t, before, entries(t, data))
			p.Call(blackbox.Sessions, "currentUser", nil).OK(t)
			blackbox.Eventually(t, 30*time.Second, "it serves", func() bool {
				phone, _ := blackbox.Phone()
				return c.Send(phone).Status == 200
			})
		})
	}
}

// entries lists a directory, nil if there is none.
func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return names
}

// Commands find a server by its app, and use its data.
func TestCommandsUseTheRunningServersData(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	data := filepath.Join(t.TempDir(), "elsewhere")
	link := filepath.Join(t.TempDir(), "current")
	require.NoError(t, os.Symlink(app.Dir, link))
	server := app.Serve(blackbox.Start{Args: []string{"--data", data}})
	phone, e164 := blackbox.Phone()
	c := server.Client()
	c.Send(phone).OK(t)
	c.Call(blackbox.Login, "register", blackbox.Args{"phone": phone, "code": server.Code(e164), "nick": "n"}).OK(t)
	for _, dir := range []string{app.Dir, link} {
		out := blackbox.Lintel(t, app.Dir, nil, "status", dir)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Equal(t, 1, strings.Count(out.Stdout, "last reload"), "one server")
		out = blackbox.Lintel(t, app.Dir, nil, "doctor", dir, "--dev")
		require.Contains(t, out.Stdout, "1 server running")
		out = blackbox.Lintel(t, app.Dir, nil, "call", dir, blackbox.Login, "getLoginConfig", "--dev")
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoDirExists(t, filepath.Join(app.Dir, "appData"), "no second data directory")
	}
	server.Stop()
	require.Equal(t, 1, blackbox.Lintel(t, app.Dir, nil, "status", app.Dir).Code, "it has ended")
}
