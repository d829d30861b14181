package sqldirectory

import (
	"context"

	"github.com/lintel-run/lintel/elements/databases"
)

const keyColumns = `SELECT id, encrypted, created_at FROM lintel_signing_keys WHERE app_id = $1
	ORDER BY created_at DESC, id DESC`

var (
	selectKeys = statement(keyColumns)
	newestKey  = statement(keyColumns + ` LIMIT 1`)
	// Each key is newer than the one before, even within a millisecond.
	insertKey = statement(`INSERT INTO lintel_signing_keys (app_id, id, encrypted, created_at)
		SELECT $1, $2, $3, CASE WHEN newest >= {now} THEN newest + 1 ELSE {now} END
		FROM (SELECT COALESCE(max(created_at), 0) AS newest, count(*) AS keys FROM lintel_signing_keys WHERE app_id = $1) AS have
		WHERE keys = 0 OR CAST($4 AS BIGINT) = 0
		ON CONFLICT (app_id, id) DO NOTHING`)
	deleteKey = statement(`DELETE FROM lintel_signing_keys WHERE app_id = $1 AND id = $2`)

	countGuess = statement(`INSERT INTO lintel_test_guesses AS g (app_id, entry, wrong) VALUES ($1, $2, 1)
		ON CONFLICT (app_id, entry) DO UPDATE SET wrong = g.wrong + 1 RETURNING wrong`)
	selectGuesses = statement(`SELECT COALESCE(max(wrong), 0) FROM lintel_test_guesses WHERE app_id = $1 AND entry = $2`)
)

func scanKey(k *databases.SigningKey, scan Scan) error {
	var created int64
	err := scan(&k.ID, &k.Encrypted, &created)
	k.CreatedAt = moment(created)
	return err
}

// SigningKeys implements databases.SigningKeyStore.
func (d *Directory) SigningKeys(ctx context.Context) ([]databases.SigningKey, error) {
	return list(ctx, d, selectKeys, scanKey, d.app)
}

// AddSigningKey implements databases.SigningKeyStore. The key's time is the database's.
func (d *Directory) AddSigningKey(ctx context.Context, k databases.SigningKey, onlyFirst bool) (databases.SigningKey, error) {
	first := 0
	if onlyFirst {
		first = 1
	}
	var newest databases.SigningKey
	err := d.do(ctx, repeatable, func(ctx context.Context) error {
		return d.engine.Change(ctx, func(r Runner) error {
			if _, err := r.Run(ctx, lock, nil, d.app, "keys"); err != nil {
				return err
			}
			if _, err := r.Run(ctx, insertKey, nil, d.app, k.ID, k.Encrypted, first); err != nil {
				return err
			}
			return one(ctx, r, newestKey, func(scan Scan) error { return scanKey(&newest, scan) }, d.app)
		})
	})
	if err != nil {
		return databases.SigningKey{}, err
	}
	return newest, nil
}

// RemoveSigningKey implements databases.SigningKeyStore.
func (d *Directory) RemoveSigningKey(ctx context.Context, id string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		n, err := d.engine.Run(ctx, deleteKey, nil, d.app, id)
		if err == nil && n == 0 {
			return databases.ErrNotFound
		}
		return err
	})
}

// WrongTestGuess implements databases.TestGuessStore. If the outcome is unknown it
// isn't repeated, so that a guess counts once.
func (d *Directory) WrongTestGuess(ctx context.Context, entry string) (int, error) {
	var wrong int
	err := d.do(ctx, once, func(ctx context.Context) error {
		return one(ctx, d.engine, countGuess, into(&wrong), d.app, entry)
	})
	return wrong, err
}

// WrongTestGuesses implements databases.TestGuessStore.
func (d *Directory) WrongTestGuesses(ctx context.Context, entry string) (int, error) {
	return get(ctx, d, selectGuesses, scanNumber, d.app, entry)
}
