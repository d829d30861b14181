package sqldirectory

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

var (
	insertNotice = statement(`INSERT INTO lintel_notices (app_id, id, made_at, from_app, instance, sms, args)
		VALUES ($1, $2, {now}, $3, $4, $5, $6)`)
	selectNotices = statement(`SELECT id, from_app, instance, sms, args FROM lintel_notices
		WHERE app_id = $1 AND made_at <= {now} - CAST($2 AS BIGINT) ORDER BY made_at LIMIT CAST($3 AS BIGINT)`)
	deleteNotice = statement(`DELETE FROM lintel_notices WHERE app_id = $1 AND id = $2`)
)

func (d *Directory) addNotice(ctx context.Context, r Runner, n *databases.Notice) error {
	if n == nil {
		return nil
	}
	_, err := r.Run(ctx, insertNotice, nil, d.app, n.ID, n.App, n.Element, n.SMS, n.Args)
	return err
}

// Notices lists notices that have waited for so long, the oldest first.
func (d *Directory) Notices(ctx context.Context, waited time.Duration, most int) ([]databases.Notice, error) {
	var list []databases.Notice
	err := d.do(ctx, repeatable, func(ctx context.Context) error {
		list = nil
		return d.engine.Read(ctx, selectNotices, func(scan Scan) error {
			var n databases.Notice
			if err := scan(&n.ID, &n.App, &n.Element, &n.SMS, &n.Args); err != nil {
				return err
			}
			list = append(list, n)
			return nil
		}, d.app, waited.Milliseconds(), most)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// TakeNotice takes a notice away and says whether it was there.
func (d *Directory) TakeNotice(ctx context.Context, id string) (bool, error) {
	var taken int64
	err := d.do(ctx, once, func(ctx context.Context) error {
		var err error
		taken, err = d.engine.Run(ctx, deleteNotice, nil, d.app, id)
		return err
	})
	return err == nil && taken == 1, err
}
