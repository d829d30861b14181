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

// EnsureCorp gives the corp of a full name. Mostly it is there, and one query
// tells.
func (d *Directory) EnsureCorp(ctx context.Context, fullName, title string) (databases.Corp, error) {
	var c databases.Corp
	row := into(&c.ID, &c.FullName, &c.Title)
	err := d.read(ctx, selectCorp, row, d.app, fullName)
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
		_, err := d.engine.Run(ctx, upsertCorp, row, d.app, id.String(), fullName, title)
		return err
	})
	if err != nil {
		return databases.Corp{}, err
	}
	return c, nil
}
