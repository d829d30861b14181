package sqldirectory

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	purgeEvery = 10 * time.Minute
	// purgeBatch is how many rows a statement deletes at most, and purgeBatches how many
	// statements one Purge runs on a table.
	purgeBatch   = 500
	purgeBatches = 20

	day = 24 * time.Hour
)

// purge deletes expired rows of a table.
type purge struct {
	statement Statement
	// kept is how long a row is kept after it has expired.
	kept time.Duration
}

func purgeOf(table, key, column, where string) Statement {
	return statement(`DELETE FROM ` + table + ` WHERE app_id = $1 AND ` + key + ` IN (
		SELECT ` + key + ` FROM ` + table + ` WHERE app_id = $1 AND ` + column + ` < {now} - CAST($2 AS BIGINT)` + where + `
		ORDER BY ` + column + ` LIMIT CAST($3 AS BIGINT) {skip locked})`)
}

// The use of a code is kept far longer than any code, token, claim or kept answer
// lives, and a key longer than any token that it signed.
var purges = []purge{
	{purgeOf("lintel_code_uses", "id", "used_at", ""), 7 * day},
	{purgeOf("lintel_sessions", "id", "ended_at", " AND ended_at IS NOT NULL"), 30 * day},
	{purgeOf("lintel_sessions", "id", "expires_at", " AND ended_at IS NULL"), 30 * day},
	{purgeOf("lintel_notices", "id", "made_at", ""), 7 * day},
	{purgeOf("lintel_devices", "hash", "expires_at", ""), 0},
	{purgeOf("lintel_sms_sends", "id", "sent_at", ""), 30 * day},
	{statement(`DELETE FROM lintel_sms_receipts WHERE app_id = $1 AND (instance, message_id) IN (
		SELECT instance, message_id FROM lintel_sms_receipts WHERE app_id = $1 AND received_at < {now} - CAST($2 AS BIGINT)
		ORDER BY received_at LIMIT CAST($3 AS BIGINT) {skip locked})`), 31 * day},
	{statement(`DELETE FROM lintel_signing_keys WHERE app_id = $1 AND id IN (
		SELECT old.id FROM lintel_signing_keys old
		JOIN lintel_signing_keys newer ON newer.app_id = old.app_id AND newer.created_at > old.created_at
		WHERE old.app_id = $1 AND newer.created_at < {now} - CAST($2 AS BIGINT)
		LIMIT CAST($3 AS BIGINT))`), day},
}

// purgeNowAndThen deletes expired rows until the directory is closed. It begins after
// a while, so that it doesn't slow the start, and at another time in each replica.
func (d *Directory) purgeNowAndThen() {
	defer d.running.Done()
	for {
		wait := purgeEvery/2 + rand.N(purgeEvery) //nolint:gosec // spreads replicas out, keeps no secret
		select {
		case <-d.background.Done():
			return
		case <-time.After(wait):
		}
		if err := d.Purge(d.background); err != nil && d.background.Err() == nil {
			d.log.Warn("old rows could not be deleted", "error", err)
		}
	}
}

// Purge deletes a bounded number of expired rows.
func (d *Directory) Purge(ctx context.Context) error {
	for _, p := range purges {
		for range purgeBatches {
			var deleted int64
			err := d.do(ctx, repeatable, func(ctx context.Context) error {
				var err error
				deleted, err = d.engine.Run(ctx, p.statement, nil, d.app, p.kept.Milliseconds(), purgeBatch)
				return err
			})
			if err != nil {
				return err
			}
			if deleted < purgeBatch {
				break
			}
		}
	}
	return nil
}
