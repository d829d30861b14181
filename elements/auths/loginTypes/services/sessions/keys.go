package sessions

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/seal"
	"github.com/lintel-run/lintel/plugins/errcode"
)

const (
	// keysTTL is how long a replica uses the keys it knows before it reads them again.
	keysTTL = time.Second
	// minReadInterval bounds how often unknown key IDs make a replica read the keys.
	minReadInterval = 100 * time.Millisecond
	// publishedBefore is how long a new key is published before it signs: twice the
	// time that verifiers keep the published keys, that until all replicas publish it,
	// and a margin for clocks.
	publishedBefore = 2*JWKSCacheTTL + keysTTL + clockSkew
	// keysOverlap is how long a key still verifies after there is a newer one: until
	// that signs everywhere, then the tokens' life, and a margin for clocks.
	keysOverlap = publishedBefore + keysTTL + accessTTL + 4*clockSkew
	// readTimeout bounds reading the keys.
	readTimeout = time.Second
)

// signingKey is a decrypted key.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
}

// keys are the keys in the database at one time.
type keys struct {
	readAt time.Time
	// signs is the newest key that has been published for long enough, else the oldest
	// readable one. It is nil if there is no key, or the newest was encrypted under
	// another secret.
	signs    *signingKey
	any      bool
	verifies []signingKey
}

// keyring holds the keys that sign access tokens. They are kept in the database,
// encrypted under a key of the app's secret. The first one is made on first use.
type keyring struct {
	sealed    *seal.Key
	directory func() (databases.SigningKeyStore, func(), error)
	logger    *slog.Logger
	current   atomic.Pointer[keys]
	reading   singleflight.Group
}

func newKeyring(key, previous func(purpose string) ([]byte, error), directory func() (databases.SigningKeyStore, func(), error), logger *slog.Logger) (*keyring, error) {
	k, err := seal.NewKeyAfter(key, previous, "jwt")
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	return &keyring{sealed: k, directory: directory, logger: logger}, nil
}

// signing returns the key that signs now. It makes the app's first one.
func (r *keyring) signing(ctx context.Context) (*signingKey, error) {
	known, err := r.recent(ctx, keysTTL)
	if err != nil {
		return nil, err
	}
	if !known.any {
		if _, err := r.add(ctx, true); err != nil {
			return nil, err
		}
		if known, err = r.read(ctx); err != nil {
			return nil, err
		}
	}
	if known.signs == nil {
		return nil, errcode.New(errcode.Internal,
			"the newest signing key was made under another secret; \"lintel keys rotate\" makes a new one")
	}
	return known.signs, nil
}

// verifying returns the public key with an ID, or nil if no key with it verifies. It
// reads the keys again once a second, since one may have been revoked, and for an ID
// that it doesn't know, since another replica may have made one.
func (r *keyring) verifying(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	asked := time.Now()
	if r.current.Load() != nil {
		if _, err := r.recent(ctx, keysTTL); err != nil {
			return nil, err
		}
	}
	for {
		known := r.current.Load()
		if known == nil {
			break
		}
		if key := known.public(id); key != nil || known.readAt.After(asked) {
			return key, nil
		}
		pause := minReadInterval - time.Since(known.readAt)
		if pause <= 0 {
			break
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, storeError(ctx.Err(), "reading the signing keys")
		}
	}
	known, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	return known.public(id), nil
}

// recent returns the keys as read at most age ago, or older ones if the database
// can't be reached.
func (r *keyring) recent(ctx context.Context, age time.Duration) (*keys, error) {
	known := r.current.Load()
	if known != nil && known.any && time.Since(known.readAt) < age {
		return known, nil
	}
	fresh, err := r.read(ctx)
	if err != nil && known != nil && known.any {
		r.logger.WarnContext(ctx, "signing keys could not be read; the known ones are used", "error", err)
		return known, nil
	}
	return fresh, err
}

// rotate makes a new signing key and returns its ID.
func (r *keyring) rotate(ctx context.Context) (string, error) {
	id, err := r.add(ctx, false)
	if err != nil {
		return "", err
	}
	known, err := r.read(ctx)
	if err != nil {
		return "", err
	}
	if known.public(id) == nil {
		return "", errcode.New(errcode.Internal, "the new signing key can't be read")
	}
	return id, nil
}

// add makes a key and returns its ID; onlyFirst: unless there is one.
func (r *keyring) add(ctx context.Context, onlyFirst bool) (id string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", errcode.Wrap(err, errcode.Internal, "no signing key could be generated")
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", errcode.Wrap(err, errcode.Internal, "no signing key could be generated")
	}
	if id, err = keyID(&private.PublicKey); err != nil {
		return "", err
	}
	directory, release, err := r.directory()
	if err != nil {
		return "", err
	}
	defer release()
	_, err = directory.AddSigningKey(ctx, databases.SigningKey{
		ID:        id,
		Encrypted: r.sealed.Seal(der, id),
		CreatedAt: time.Now(),
	}, onlyFirst)
	if err != nil {
		return "", storeError(err, "keeping the signing key")
	}
	return id, nil
}

// read reads the keys from the database. Concurrent callers share a read.
func (r *keyring) read(ctx context.Context) (*keys, error) {
	found, err, _ := r.reading.Do("", func() (any, error) {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		now := time.Now()
		directory, release, err := r.directory()
		if err != nil {
			return nil, err
		}
		defer release()
		rows, err := directory.SigningKeys(bounded)
		if err != nil {
			return nil, storeError(err, "reading the signing keys")
		}
		fresh := r.decrypt(bounded, rows, now)
		r.current.Store(fresh)
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	return found.(*keys), nil
}

// decrypt returns the keys of rows, newest first, that verify at a time.
func (r *keyring) decrypt(ctx context.Context, rows []databases.SigningKey, now time.Time) *keys {
	found := &keys{readAt: now, any: len(rows) > 0}
	decided := false // which key signs
	for i, row := range rows {
		if i > 0 && now.Sub(rows[i-1].CreatedAt) > keysOverlap {
			break
		}
		key, err := r.open(row)
		published := now.Sub(row.CreatedAt) >= publishedBefore
		if err != nil {
			decided = decided || published || i == 0
			r.logger.WarnContext(ctx, "a signing key can't be read: it was made under another secret", "kid", row.ID)
			continue
		}
		if !decided {
			found.signs, decided = &key, published
		}
		found.verifies = append(found.verifies, key)
	}
	return found
}

func (r *keyring) open(row databases.SigningKey) (signingKey, error) {
	der, err := r.sealed.Open(row.Encrypted, row.ID)
	if err != nil {
		return signingKey{}, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return signingKey{}, err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return signingKey{}, errors.New("not a P-256 key")
	}
	return signingKey{id: row.ID, private: private}, nil
}

func (k *keys) public(id string) *ecdsa.PublicKey {
	for _, key := range k.verifies {
		if key.id == id {
			return &key.private.PublicKey
		}
	}
	return nil
}
