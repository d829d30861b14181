package runtime

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// secretBytes is the least length of the app's secret, and the length of a new one.
const secretBytes = 32

// secret is the root of the app's keys. The zero secret has no keys.
type secret struct {
	root []byte
	// previous is the root that it has replaced, if what that one protects still counts.
	previous []byte
}

// key derives a key of 32 bytes for one purpose (RFC 5869, SHA-256).
func (s secret) key(appID, purpose string) ([]byte, error) {
	if len(s.root) == 0 {
		return nil, errcode.New(errcode.Internal, "the app has no secret: set LINTEL_SECRET")
	}
	return hkdf.Key(sha256.New, s.root, []byte("lintel:"+appID), purpose, 32)
}

// previousKey is key of the secret that this one has replaced, nil if there is none.
func (s secret) previousKey(appID, purpose string) ([]byte, error) {
	if len(s.previous) == 0 {
		return nil, nil
	}
	return secret{root: s.previous}.key(appID, purpose)
}

// findSecret returns the secret of the app with the one that LINTEL_SECRET_PREVIOUS
// names, if any.
func findSecret(given, dataDir string, makeOne bool) (secret, error) {
	found, err := findCurrent(given, dataDir, makeOne)
	if err != nil {
		return secret{}, err
	}
	if text := os.Getenv("LINTEL_SECRET_PREVIOUS"); text != "" {
		if found.previous, err = decodeSecret(text); err != nil {
			return secret{}, fmt.Errorf("LINTEL_SECRET_PREVIOUS: %w", err)
		}
	}
	return found, nil
}

// findCurrent returns the given secret, else that of LINTEL_SECRET, else that of the file
// "secret" in the data directory. With makeOne it makes a missing file.
func findCurrent(given, dataDir string, makeOne bool) (secret, error) {
	if given == "" {
		given = os.Getenv("LINTEL_SECRET")
	}
	if given != "" {
		root, err := decodeSecret(given)
		if err != nil {
			return secret{}, fmt.Errorf("LINTEL_SECRET: %w", err)
		}
		return secret{root: root}, nil
	}
	path := filepath.Join(dataDir, "secret")
	s, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if !makeOne {
		return secret{}, errors.New("LINTEL_SECRET is not set: stores that are shared need a secret that is shared, of at least 32 random bytes in base64 or hex")
	}
	if err := makeSecret(path); err != nil {
		return secret{}, fmt.Errorf("make the secret: %w", err)
	}
	return readSecret(path)
}

var errShortSecret = errors.New("it must be base64 or hex of at least 32 random bytes")

func decodeSecret(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if root, err := hex.DecodeString(text); err == nil && len(root) < secretBytes {
		return nil, errShortSecret // which base64 would take for longer
	}
	decoders := []func(string) ([]byte, error){
		hex.DecodeString,
		base64.StdEncoding.DecodeString,
		base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString,
		base64.RawURLEncoding.DecodeString,
	}
	for _, decode := range decoders {
		if root, err := decode(text); err == nil && len(root) >= secretBytes {
			return root, nil
		}
	}
	return nil, errShortSecret
}

func readSecret(path string) (secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return secret{}, errors.New("the file secret in the data directory may be read by others: its mode must be 0600")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return secret{}, err
	}
	root, err := decodeSecret(string(text))
	if err != nil {
		return secret{}, fmt.Errorf("the file secret in the data directory: %w", err)
	}
	return secret{root: root}, nil
}

// makeSecret writes a new secret atomically. One that another process makes meanwhile
// stays.
func makeSecret(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root := make([]byte, secretBytes)
	if _, err := rand.Read(root); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".secret-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // the link stays
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(root) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
