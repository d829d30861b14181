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
	// The new device and the nine newest others stay.
	deleteOldDevices = statement(`DELETE FROM lintel_devices WHERE app_id = $1 AND hash IN (
		SELECT hash FROM lintel_devices WHERE app_id = $1 AND phone = $2 AND hash <> $3
		ORDER BY created_at DESC, hash DESC LIMIT 100 OFFSET 9)`)
	selectDevice = statement(`SELECT hash, phone, user_id, expires_at FROM lintel_devices
		WHERE app_id = $1 AND hash = $2 AND expires_at > {now}`)
)

// AddDevice implements databases.DeviceStore.
func (d *Directory) AddDevice(ctx context.Context, v databases.Device) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		return d.engine.Steps(ctx,
			Step{lock, []any{d.app, "devices " + v.Phone}},
			Step{upsertDevice, []any{d.app, v.Hash, v.Phone, v.UserID, v.ExpiresAt.UnixMilli()}},
			Step{deleteOldDevices, []any{d.app, v.Phone, v.Hash}},
		)
	})
}

// Device implements databases.DeviceStore.
func (d *Directory) Device(ctx context.Context, hash string) (databases.Device, error) {
	return get(ctx, d, selectDevice, func(v *databases.Device, scan Scan) error {
		var expires int64
		err := scan(&v.Hash, &v.Phone, &v.UserID, &expires)
		v.ExpiresAt = moment(expires)
		return err
	}, d.app, hash)
}
