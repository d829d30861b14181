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
	// keysBelieved is how long a replica signs with the newest key it knows
	// before it looks for a newer one.
	keysBelieved = time.Second
	// keysAtMostEvery bounds the looks that unknown key ids cause; they wait for the
	// next one.
	keysAtMostEvery = 100 * time.Millisecond
	// keysOverlap is how long a key verifies after a newer one was made: what
	// other replicas still signed with it, the tokens' life, and wrong clocks.
	keysOverlap = keysBelieved + accessTTL + 4*skew
	// keysBound is how long a look may take.
	keysBound = time.Second
)

// signingKey is a key that can be read.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
}

// keys are what the database had at one time.
type keys struct {
	looked time.Time
	// signs is nil when there is no key, or when the newest was encrypted under
	// another secret.
	signs    *signingKey
	any      bool
	verifies []signingKey
}

// keyring holds the keys that sign access tokens. They lie in the database,
// encrypted under a key of the app's secret; the first is made on first use.
type keyring struct {
	sealed    *seal.Key
	directory func() (databases.SigningKeyStore, func(), error)
	logger    *slog.Logger
	current   atomic.Pointer[keys]
	looking   singleflight.Group
}

func newKeyring(key func(purpose string) ([]byte, error), directory func() (databases.SigningKeyStore, func(), error), logger *slog.Logger) (*keyring, error) {
	k, err := seal.NewKey(key, "jwt")
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	return &keyring{sealed: k, directory: directory, logger: logger}, nil
}

// signing gives the key that signs now, making the app's first.
func (r *keyring) signing(ctx context.Context) (*signingKey, error) {
	known, err := r.recent(ctx, keysBelieved)
	if err != nil {
		return nil, err
	}
	if !known.any {
		if err := r.add(ctx, true); err != nil {
			return nil, err
		}
		if known, err = r.look(ctx); err != nil {
			return nil, err
		}
	}
	if known.signs == nil {
		return nil, errcode.New(errcode.Internal,
			"the newest signing key was made under another secret; \"lintel keys rotate\" makes a new one")
	}
	return known.signs, nil
}

// verifying gives the public key of an id, nil when none verifies under it. Another
// replica may have made one since this one looked.
func (r *keyring) verifying(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	asked := time.Now()
	for {
		known := r.current.Load()
		if known == nil {
			break
		}
		if key := known.public(id); key != nil || known.looked.After(asked) {
			return key, nil
		}
		pause := keysAtMostEvery - time.Since(known.looked)
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
	known, err := r.look(ctx)
	if err != nil {
		return nil, err
	}
	return known.public(id), nil
}

// recent gives the keys as they were at most age ago; older ones when the
// database can't be reached.
func (r *keyring) recent(ctx context.Context, age time.Duration) (*keys, error) {
	known := r.current.Load()
	if known != nil && known.any && time.Since(known.looked) < age {
		return known, nil
	}
	fresh, err := r.look(ctx)
	if err != nil && known != nil && known.any {
		r.logger.WarnContext(ctx, "signing keys could not be looked up; the known ones are used", "error", err.Error())
		return known, nil
	}
	return fresh, err
}

// rotate makes a new key, which signs from now on.
func (r *keyring) rotate(ctx context.Context) (string, error) {
	if err := r.add(ctx, false); err != nil {
		return "", err
	}
	known, err := r.look(ctx)
	if err != nil {
		return "", err
	}
	if known.signs == nil {
		return "", errcode.New(errcode.Internal, "the new signing key can't be read")
	}
	return known.signs.id, nil
}

func (r *keyring) add(ctx context.Context, onlyFirst bool) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return errcode.Wrap(err, errcode.Internal, "no signing key could be made")
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return errcode.Wrap(err, errcode.Internal, "no signing key could be made")
	}
	id, err := keyID(&private.PublicKey)
	if err != nil {
		return err
	}
	directory, release, err := r.directory()
	if err != nil {
		return err
	}
	defer release()
	_, err = directory.AddSigningKey(ctx, databases.SigningKey{
		ID:        id,
		Encrypted: r.sealed.Seal(der, id),
		CreatedAt: time.Now(),
	}, onlyFirst)
	if err != nil {
		return storeError(err, "keeping the signing key")
	}
	return nil
}

// look asks the database; callers at one time share it.
func (r *keyring) look(ctx context.Context) (*keys, error) {
	found, err, _ := r.looking.Do("", func() (any, error) {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysBound)
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
		fresh := r.read(bounded, rows, now)
		r.current.Store(fresh)
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	return found.(*keys), nil
}

// read decrypts what verifies at a time; rows are newest first.
func (r *keyring) read(ctx context.Context, rows []databases.SigningKey, now time.Time) *keys {
	found := &keys{looked: now, any: len(rows) > 0}
	for i, row := range rows {
		if i > 0 && now.Sub(rows[i-1].CreatedAt) > keysOverlap {
			break
		}
		key, err := r.open(row)
		if err != nil {
			r.logger.WarnContext(ctx, "a signing key can't be read: it was made under another secret", "kid", row.ID)
			continue
		}
		if i == 0 {
			found.signs = &key
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
