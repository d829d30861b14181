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
	// A key is newer than those before it even within a millisecond.
	insertKey = statement(`INSERT INTO lintel_signing_keys (app_id, id, encrypted, created_at)
		SELECT $1, $2, $3, CASE WHEN newest >= {now} THEN newest + 1 ELSE {now} END
		FROM (SELECT COALESCE(max(created_at), 0) AS newest, count(*) AS keys FROM lintel_signing_keys WHERE app_id = $1) AS have
		WHERE keys = 0 OR CAST($4 AS BIGINT) = 0
		ON CONFLICT (app_id, id) DO NOTHING`)

	countGuess = statement(`INSERT INTO lintel_test_guesses AS g (app_id, entry, wrong) VALUES ($1, $2, 1)
		ON CONFLICT (app_id, entry) DO UPDATE SET wrong = g.wrong + 1 RETURNING wrong`)
	selectGuesses = statement(`SELECT COALESCE(max(wrong), 0) FROM lintel_test_guesses WHERE app_id = $1 AND entry = $2`)
)

func keyInto(k *databases.SigningKey) func(Scan) error {
	return func(scan Scan) error {
		var created int64
		err := scan(&k.ID, &k.Encrypted, &created)
		k.CreatedAt = moment(created)
		return err
	}
}

// SigningKeys lists the keys, newest first.
func (d *Directory) SigningKeys(ctx context.Context) ([]databases.SigningKey, error) {
	var keys []databases.SigningKey
	err := d.do(ctx, repeatable, func(ctx context.Context) error {
		keys = nil
		return d.engine.Read(ctx, selectKeys, func(scan Scan) error {
			var k databases.SigningKey
			if err := keyInto(&k)(scan); err != nil {
				return err
			}
			keys = append(keys, k)
			return nil
		}, d.app)
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// AddSigningKey adds a key; its time is the store's.
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
			return one(func(each func(Scan) error) error {
				_, err := r.Run(ctx, newestKey, each, d.app)
				return err
			}, keyInto(&newest))
		})
	})
	if err != nil {
		return databases.SigningKey{}, err
	}
	return newest, nil
}

// WrongTestGuess counts a wrong guess. It is not repeated when its outcome is
// unknown: a guess counts once.
func (d *Directory) WrongTestGuess(ctx context.Context, entry string) (int, error) {
	var wrong int
	err := d.do(ctx, once, func(ctx context.Context) error {
		_, err := d.engine.Run(ctx, countGuess, into(&wrong), d.app, entry)
		return err
	})
	return wrong, err
}

// WrongTestGuesses gives the sum.
func (d *Directory) WrongTestGuesses(ctx context.Context, entry string) (int, error) {
	var wrong int
	err := d.read(ctx, selectGuesses, into(&wrong), d.app, entry)
	return wrong, err
}
