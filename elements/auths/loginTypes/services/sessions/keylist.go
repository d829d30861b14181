package sessions

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// KeyState is what a signing key is used for.
type KeyState string

// The states of a key.
const (
	// KeySigns: it signs new tokens.
	KeySigns KeyState = "signs"
	// KeyPublished: it is published, and signs later.
	KeyPublished KeyState = "published"
	// KeyVerifies: it verifies tokens that it signed before.
	KeyVerifies KeyState = "verifies"
	// KeyExpired: it is used for nothing any more.
	KeyExpired KeyState = "expired"
	// KeyUnreadable: it was made under another secret.
	KeyUnreadable KeyState = "unreadable"
)

// Key describes a key that signs access tokens, without the key.
type Key struct {
	ID        string    `json:"kid"`
	CreatedAt time.Time `json:"createdAt"`
	State     KeyState  `json:"state"`
	// Until is when the state ends by itself; zero if it doesn't.
	Until time.Time `json:"until,omitzero"`
}

// Keys returns the keys in the database, newest first.
func (s *Service) Keys(ctx context.Context) ([]Key, error) { return s.keys.list(ctx) }

// Revoke removes a key at once, for one that has leaked. Its tokens are refused
// everywhere within a second, except by other verifiers that still have it in their
// cache; clients get new ones by their refresh tokens. If no other key is left, it makes
// one, which signs at once.
func (s *Service) Revoke(ctx context.Context, id string) error { return s.keys.revoke(ctx, id) }

func (r *keyring) list(ctx context.Context) ([]Key, error) {
	rows, err := r.rows(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	known := r.decrypt(ctx, rows, now)
	list := make([]Key, 0, len(rows))
	signed := false
	for i, row := range rows {
		k := Key{ID: row.ID, CreatedAt: row.CreatedAt.UTC(), State: KeyExpired}
		_, unreadable := r.open(row)
		switch {
		case unreadable != nil:
			k.State = KeyUnreadable
		case known.signs != nil && known.signs.id == row.ID:
			k.State, signed = KeySigns, true
		case known.public(row.ID) != nil && !signed:
			k.State, k.Until = KeyPublished, k.CreatedAt.Add(publishedBefore)
		case known.public(row.ID) != nil:
			k.State, k.Until = KeyVerifies, rows[i-1].CreatedAt.UTC().Add(keysOverlap)
		}
		list = append(list, k)
	}
	return list, nil
}

func (r *keyring) revoke(ctx context.Context, id string) error {
	rows, err := r.rows(ctx)
	if err != nil {
		return err
	}
	others := 0
	for _, row := range rows {
		if _, err := r.open(row); err == nil && row.ID != id {
			others++
		}
	}
	if others == 0 {
		if _, err := r.add(ctx, false); err != nil {
			return err
		}
	}
	directory, release, err := r.directory()
	if err != nil {
		return err
	}
	defer release()
	err = directory.RemoveSigningKey(ctx, id)
	if errors.Is(err, databases.ErrNotFound) {
		return errcode.New(errcode.Params, "no signing key has this id; \"lintel keys list\" shows those that there are").With("arg", "kid")
	}
	if err != nil {
		return storeError(err, "removing the signing key")
	}
	_, err = r.read(ctx)
	return err
}

func (r *keyring) rows(ctx context.Context) ([]databases.SigningKey, error) {
	directory, release, err := r.directory()
	if err != nil {
		return nil, err
	}
	defer release()
	rows, err := directory.SigningKeys(ctx)
	if err != nil {
		return nil, storeError(err, "reading the signing keys")
	}
	return rows, nil
}
