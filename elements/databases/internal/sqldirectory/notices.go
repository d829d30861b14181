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

// Notices implements databases.NoticeStore.
func (d *Directory) Notices(ctx context.Context, waited time.Duration, most int) ([]databases.Notice, error) {
	return list(ctx, d, selectNotices, func(n *databases.Notice, scan Scan) error {
		return scan(&n.ID, &n.App, &n.Element, &n.SMS, &n.Args)
	}, d.app, waited.Milliseconds(), most)
}

// TakeNotice implements databases.NoticeStore.
func (d *Directory) TakeNotice(ctx context.Context, id string) (bool, error) {
	var taken int64
	err := d.do(ctx, once, func(ctx context.Context) error {
		var err error
		taken, err = d.engine.Run(ctx, deleteNotice, nil, d.app, id)
		return err
	})
	return err == nil && taken == 1, err
}
