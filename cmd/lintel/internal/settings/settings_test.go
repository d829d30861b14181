package settings_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/settings"
)

type flags struct {
	*pflag.FlagSet
	listen, file *string
	proxies      *[]string
	dev          *bool
	drain        *time.Duration
}

func newFlags() flags {
	set := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	f := flags{
		FlagSet: set,
		listen:  set.String("listen", "127.0.0.1:8080", ""),
		file:    set.String("config", "", ""),
		proxies: set.StringSlice("trusted-proxies", nil, ""),
		dev:     set.Bool("dev", false, ""),
		drain:   set.Duration("drain-timeout", 30*time.Second, ""),
	}
	return f
}

var known = []string{"listen", "trusted-proxies", "dev", "drain-timeout", "of-another-command"}

func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "lintel.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestCommandLineWinsOverEnvironmentOverFileOverDefault(t *testing.T) {
	path := write(t, "listen: file:1\ndev: true\ndrainTimeout: 5s\nof_another_command: 1\ntrustedProxies: [10.0.0.0/8, '::1/128']\n")
	t.Setenv("LINTEL_DRAIN_TIMEOUT", "7s")
	t.Setenv("LINTEL_LISTEN", "env:1")
	t.Setenv("LINTEL_CONFIG", "no setting")
	f := newFlags()
	require.NoError(t, f.Parse([]string{"--listen", "flag:1"}))
	require.NoError(t, settings.Source{Path: path, Known: known}.Apply(f.FlagSet))
	require.Equal(t, "flag:1", *f.listen)
	require.Equal(t, 7*time.Second, *f.drain)
	require.Equal(t, []string{"10.0.0.0/8", "::1/128"}, *f.proxies)
	require.True(t, *f.dev)
	require.Empty(t, *f.file)
	require.True(t, f.Changed("dev"), "a setting counts as given")
}

func TestListsInTheEnvironmentAreSeparatedByCommasOrSpaces(t *testing.T) {
	t.Setenv("LINTEL_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.0/16")
	f := newFlags()
	require.NoError(t, settings.Source{Known: known}.Apply(f.FlagSet))
	require.Equal(t, []string{"10.0.0.0/8", "192.168.0.0/16"}, *f.proxies)
	require.Equal(t, "127.0.0.1:8080", *f.listen)
}

func TestTheFirstDirectoryWithAFileCounts(t *testing.T) {
	here, app := filepath.Dir(write(t, "listen: here:1\n")), filepath.Dir(write(t, "listen: app:1\n"))
	for _, test := range []struct {
		dirs []string
		want string
	}{
		{[]string{here, app}, "here:1"},
		{[]string{t.TempDir(), app}, "app:1"},
		{[]string{t.TempDir()}, "127.0.0.1:8080"},
	} {
		f := newFlags()
		require.NoError(t, settings.Source{Dirs: test.dirs, Known: known}.Apply(f.FlagSet))
		require.Equal(t, test.want, *f.listen)
	}
}

func TestErrorsNameWhereTheyCameFrom(t *testing.T) {
	tests := []struct{ name, file, env, want string }{
		{"misspelt key", "lisen: x\n", "", "no such setting: lisen"},
		{"wrong type in the file", "drain-timeout: soon\n", "", "lintel.yaml: drain-timeout: not a duration"},
		{"wrong type in the environment", "", "maybe", "LINTEL_DEV: not a bool"},
		{"a list for one value", "listen: [a, b]\n", "", "listen: one value, not a list"},
		{"an object", "listen: {a: b}\n", "", "listen: a plain value"},
		{"no YAML", "listen: [\n", "", "lintel.yaml: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.env != "" {
				t.Setenv("LINTEL_DEV", test.env)
			}
			f := newFlags()
			err := settings.Source{Path: write(t, test.file), Known: known}.Apply(f.FlagSet)
			require.ErrorContains(t, err, test.want)
		})
	}
	err := settings.Source{Path: filepath.Join(t.TempDir(), "none.yaml"), Known: known}.Apply(newFlags().FlagSet)
	require.ErrorContains(t, err, "no such file")
}

func TestAFileThatIsNotUTF8(t *testing.T) {
	for text, says := range map[string]string{
		"listen: a\n# \xc3\xfb\n": "lintel.yaml:2: the file is not UTF-8",
		"\xff\xfel\x00":           "lintel.yaml:1: the file is UTF-16",
	} {
		require.ErrorContains(t, settings.Source{Path: write(t, text), Known: known}.Apply(newFlags().FlagSet), says)
	}
	f := newFlags()
	require.NoError(t, settings.Source{Path: write(t, "\xef\xbb\xbflisten: file:1\n"), Known: known}.Apply(f.FlagSet))
	require.Equal(t, "file:1", *f.listen)
}
