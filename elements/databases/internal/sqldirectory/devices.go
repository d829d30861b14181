package sqldirectory

import (
	"context"

	"github.com/lintel-run/lintel/elements/databases"
)

var (
	upsertDevice = statement(`INSERT INTO lintel_devices (app_id, hash, phone, user_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4, {now}, $5)
		ON CONFLICT (app_id, hash) DO UPDATE SET
			phone = excluded.phone, user_id = excluded.user_id, expires_at = excluded.expires_at`)
	// The new one and the newest nine beside it stay.
	deleteOldDevices = statement(`DELETE FROM lintel_devices WHERE app_id = $1 AND hash IN (
		SELECT hash FROM lintel_devices WHERE app_id = $1 AND phone = $2 AND hash <> $3
		ORDER BY created_at DESC, hash DESC LIMIT 100 OFFSET 9)`)
	selectDevice = statement(`SELECT hash, phone, user_id, expires_at FROM lintel_devices
		WHERE app_id = $1 AND hash = $2 AND expires_at > {now}`)
)

// AddDevice keeps the hash of a device token.
func (d *Directory) AddDevice(ctx context.Context, v databases.Device) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		return d.engine.Steps(ctx,
			Step{lock, []any{d.app, "devices " + v.Phone}},
			Step{upsertDevice, []any{d.app, v.Hash, v.Phone, v.UserID, v.ExpiresAt.UnixMilli()}},
			Step{deleteOldDevices, []any{d.app, v.Phone, v.Hash}},
		)
	})
}

// Device gives an unexpired device by hash.
func (d *Directory) Device(ctx context.Context, hash string) (databases.Device, error) {
	var v databases.Device
	var expires int64
	if err := d.read(ctx, selectDevice, into(&v.Hash, &v.Phone, &v.UserID, &expires), d.app, hash); err != nil {
		return databases.Device{}, err
	}
	v.ExpiresAt = moment(expires)
	return v, nil
}
