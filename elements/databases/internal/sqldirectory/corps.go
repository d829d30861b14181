package sqldirectory

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/databases"
)

var (
	selectCorp = statement(`SELECT id, full_name, title FROM lintel_corps WHERE app_id = $1 AND full_name = $2`)
	upsertCorp = statement(`INSERT INTO lintel_corps (app_id, id, full_name, title, created_at)
		VALUES ($1, $2, $3, $4, {now})
		ON CONFLICT (app_id, full_name) DO UPDATE SET title = excluded.title
		RETURNING id, full_name, title`)
)

func scanCorp(c *databases.Corp, scan Scan) error { return scan(&c.ID, &c.FullName, &c.Title) }

// EnsureCorp implements databases.CorpStore. Mostly the corp is there: one query.
func (d *Directory) EnsureCorp(ctx context.Context, fullName, title string) (databases.Corp, error) {
	c, err := get(ctx, d, selectCorp, scanCorp, d.app, fullName)
	if err == nil && c.Title == title {
		return c, nil
	}
	if err != nil && !errors.Is(err, databases.ErrNotFound) {
		return databases.Corp{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return databases.Corp{}, err
	}
	err = d.do(ctx, repeatable, func(ctx context.Context) error {
		return one(ctx, d.engine, upsertCorp, func(scan Scan) error { return scanCorp(&c, scan) }, d.app, id.String(), fullName, title)
	})
	if err != nil {
		return databases.Corp{}, err
	}
	return c, nil
}
