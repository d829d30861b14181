package runtime

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecretTakesBase64AndHexOfAtLeast32Bytes(t *testing.T) {
	root := make([]byte, 33)
	for i := range root {
		root[i] = byte(7 * i)
	}
	for name, text := range map[string]string{
		"hex":            hex.EncodeToString(root),
		"base64":         base64.StdEncoding.EncodeToString(root),
		"base64url":      base64.RawURLEncoding.EncodeToString(root),
		"with a newline": base64.StdEncoding.EncodeToString(root) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := findSecret(text, t.TempDir(), false)
			require.NoError(t, err)
			require.Equal(t, root, s.root)
		})
	}
	for name, text := range map[string]string{
		"short":   hex.EncodeToString(root[:31]),
		"no code": "not a secret at all, only a sentence of some length!",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := findSecret(text, t.TempDir(), false)
			require.Error(t, err)
			require.NotContains(t, err.Error(), text)
		})
	}
}

func TestSecretIsMadeOnceByManyProcesses(t *testing.T) {
	t.Setenv("LINTEL_SECRET", "")
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	made := make([]secret, 16)
	for i := range made {
		wg.Go(func() { made[i], _ = findSecret("", dir, true) })
	}
	wg.Wait()
	for _, s := range made {
		require.Len(t, s.root, secretBytes)
		require.Equal(t, made[0], s)
	}
	info, err := os.Stat(filepath.Join(dir, "secret"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestSecretIsRequiredWhereStoresAreShared(t *testing.T) {
	t.Setenv("LINTEL_SECRET", "")
	_, err := findSecret("", t.TempDir(), false)
	require.ErrorContains(t, err, "LINTEL_SECRET")
}

func TestSecretFileThatOthersMayReadIsRefused(t *testing.T) {
	t.Setenv("LINTEL_SECRET", "")
	dir := t.TempDir()
	text := base64.StdEncoding.EncodeToString(make([]byte, 32))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte(text), 0o644))
	_, err := findSecret("", dir, true)
	require.ErrorContains(t, err, "0600")
}

func TestKeysDifferByPurposeAndApp(t *testing.T) {
	s := secret{root: make([]byte, 32)}
	a, err := s.key("org.app", "codes")
	require.NoError(t, err)
	require.Len(t, a, 32)
	b, _ := s.key("org.app", "jwt")
	c, _ := s.key("org.other", "codes")
	again, _ := s.key("org.app", "codes")
	require.NotEqual(t, a, b)
	require.NotEqual(t, a, c)
	require.Equal(t, a, again)
	_, err = secret{}.key("org.app", "codes")
	require.Error(t, err)
}
