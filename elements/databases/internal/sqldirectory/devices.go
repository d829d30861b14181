package sqldirectory

import (
	"context"

	"github.com/lintel-run/lintel/elements/databases"
)

var (
	upsertDevice = statement(`INSERT INTO lintel_devices (app_id, hash, phone, user_id, created_at, expires_at)
		SELECT u.app_id, $2, u.phone, u.id, {now}, CAST($5 AS BIGINT)
		FROM lintel_users u WHERE u.app_id = $1 AND u.phone = $3 AND u.id = $4 {for share}
		ON CONFLICT (app_id, hash) DO UPDATE SET
			phone = excluded.phone, user_id = excluded.user_id, expires_at = excluded.expires_at`)
	renewDevice = statement(`UPDATE lintel_devices SET user_id = $4, expires_at = $5
		WHERE app_id = $1 AND hash = $2 AND phone = $3 AND expires_at > {now}`)
	selectDevice = statement(`SELECT hash, phone, user_id, expires_at FROM lintel_devices
		WHERE app_id = $1 AND hash = $2 AND expires_at > {now}`)
)

// AddDevice implements databases.DeviceStore.
func (d *Directory) AddDevice(ctx context.Context, v databases.Device) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		_, err := d.engine.Run(ctx, upsertDevice, nil, d.app, v.Hash, v.Phone, v.UserID, v.ExpiresAt.UnixMilli())
		return err
	})
}

// RenewDevice implements databases.DeviceStore.
func (d *Directory) RenewDevice(ctx context.Context, v databases.Device) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		n, err := d.engine.Run(ctx, renewDevice, nil, d.app, v.Hash, v.Phone, v.UserID, v.ExpiresAt.UnixMilli())
		if err == nil && n == 0 {
			return databases.ErrNotFound
		}
		return err
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
