package sqldirectory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lintel-run/lintel/elements/databases"
)

const userColumns = `SELECT u.id, u.nick, COALESCE(u.phone, ''), u.test, u.created_at, c.id, c.full_name, c.title
	FROM lintel_users u
	LEFT JOIN lintel_members m ON m.app_id = u.app_id AND m.user_id = u.id
	LEFT JOIN lintel_corps c ON c.app_id = m.app_id AND c.id = m.corp_id
	WHERE u.app_id = $1 AND `

var (
	// It finds the phone, or else the next one, so that a phone that nobody has costs as
	// much time as any other.
	userByPhone = statement(userColumns + `u.id = COALESCE(
		(SELECT p.id FROM lintel_users p WHERE p.app_id = $1 AND p.phone >= $2 ORDER BY p.phone LIMIT 1),
		(SELECT p.id FROM lintel_users p WHERE p.app_id = $1 AND p.phone < $2 ORDER BY p.phone DESC LIMIT 1))`)
	userByID = statement(userColumns + `u.id = $2`)

	insertUser = statement(`INSERT INTO lintel_users (app_id, id, nick, phone, test, created_at)
		VALUES ($1, $2, $3, NULLIF($4, ''), $5, {now}) ON CONFLICT DO NOTHING`)
	insertMember = statement(`INSERT INTO lintel_members (app_id, user_id, corp_id, joined_at)
		SELECT app_id, $2, id, {now} FROM lintel_corps WHERE app_id = $1 AND id = $3`)

	insertUse = statement(`INSERT INTO lintel_code_uses (app_id, id, request, kind, user_id, used_at)
		VALUES ($1, $2, $3, $4, $5, {now}) ON CONFLICT (app_id, id) DO NOTHING`)
	selectUse = statement(`SELECT id, request, kind, user_id FROM lintel_code_uses WHERE app_id = $1 AND id = $2`)
)

// UserByPhone implements databases.UserStore.
func (d *Directory) UserByPhone(ctx context.Context, phone string) (databases.User, error) {
	var u databases.User
	err := d.do(ctx, repeatable, func(ctx context.Context) error { return d.ownerOf(ctx, reads{d.engine}, phone, &u) })
	if err != nil {
		return databases.User{}, err
	}
	return u, nil
}

// ownerOf reads the user who has a phone.
func (d *Directory) ownerOf(ctx context.Context, r Runner, phone string, u *databases.User) error {
	err := d.readUser(ctx, r, userByPhone, phone, u)
	if err == nil && u.Phone != phone {
		err = databases.ErrNotFound
	}
	return err
}

// User implements databases.UserStore.
func (d *Directory) User(ctx context.Context, userID string) (databases.User, error) {
	var u databases.User
	err := d.do(ctx, repeatable, func(ctx context.Context) error { return d.readUser(ctx, reads{d.engine}, userByID, userID, &u) })
	if err != nil {
		return databases.User{}, err
	}
	return u, nil
}

// readUser reads a user from a row for each of their corps.
func (d *Directory) readUser(ctx context.Context, r Runner, s Statement, key string, u *databases.User) error {
	*u = databases.User{}
	err := one(ctx, r, s, func(scan Scan) error {
		var created int64
		var id, fullName, title *string
		if err := scan(&u.ID, &u.Nick, &u.Phone, &u.Test, &created, &id, &fullName, &title); err != nil {
			return err
		}
		u.CreatedAt = moment(created)
		if id != nil && fullName != nil && title != nil {
			u.Corps = append(u.Corps, databases.Corp{ID: *id, FullName: *fullName, Title: *title})
		}
		return nil
	}, d.app, key)
	slices.SortFunc(u.Corps, func(a, b databases.Corp) int { return cmp.Compare(a.FullName, b.FullName) })
	return err
}

// CreateUser implements databases.UserStore.
func (d *Directory) CreateUser(ctx context.Context, n databases.NewUser, use databases.Use) (databases.User, error) {
	var u databases.User
	use.UserID = n.ID
	err := d.change(ctx, n.Phone != "", []databases.Use{use}, func(ctx context.Context, r Runner) error {
		return d.insertUser(ctx, r, n, use.ID != "", &u)
	}, func(ctx context.Context, r Runner, first databases.Use) error {
		return d.readUser(ctx, r, userByID, first.UserID, &u)
	})
	if err != nil {
		return databases.User{}, err
	}
	return u, nil
}

func (d *Directory) insertUser(ctx context.Context, r Runner, n databases.NewUser, paid bool, u *databases.User) error {
	made, err := r.Run(ctx, insertUser, nil, d.app, n.ID, n.Nick, n.Phone, n.Test)
	if err != nil {
		return err
	}
	if made == 0 {
		switch err := d.ownerOf(ctx, r, n.Phone, u); {
		case errors.Is(err, databases.ErrNotFound):
			return errors.New("another user has this id")
		case err != nil:
			return err
		case u.ID == n.ID && !paid: // a repeat, which only the id tells
			return nil
		}
		return databases.ErrPhoneInUse
	}
	if n.CorpID != "" {
		joined, err := r.Run(ctx, insertMember, nil, d.app, n.ID, n.CorpID)
		if err != nil {
			return err
		}
		if joined == 0 {
			return fmt.Errorf("corp: %w", databases.ErrNotFound)
		}
	}
	return d.readUser(ctx, r, userByID, n.ID, u)
}

// CodeUse implements databases.UserStore.
func (d *Directory) CodeUse(ctx context.Context, codeID string) (databases.Use, error) {
	return get(ctx, d, selectUse, scanUse, d.app, codeID)
}

func scanUse(u *databases.Use, scan Scan) error { return scan(&u.ID, &u.Request, &u.Kind, &u.UserID) }

// change runs do in a transaction that records uses. If the request has recorded them
// before, it runs repeat instead, which may be nil. safe reports whether the change may
// be repeated although there is no use to recognize it by.
func (d *Directory) change(ctx context.Context, safe bool, uses []databases.Use,
	do func(context.Context, Runner) error, repeat func(context.Context, Runner, databases.Use) error,
) error {
	for _, use := range uses {
		safe = safe || use.ID != "" && use.Request != ""
		if use.Mark != "" {
			uses = append(uses, databases.Use{ID: use.Mark, Request: use.Mark, Kind: use.Kind, UserID: use.UserID})
		}
	}
	return d.do(ctx, repeats(safe), func(ctx context.Context) error {
		return d.engine.Change(ctx, func(r Runner) error {
			var first *databases.Use
			for _, use := range uses {
				earlier, err := d.use(ctx, r, use)
				if err != nil {
					return err
				}
				if earlier != nil {
					first = earlier
				}
			}
			if first == nil {
				return do(ctx, r)
			}
			if repeat == nil {
				return nil
			}
			return repeat(ctx, r, *first)
		})
	})
}

// use records the use of a code. For a repeat, it returns the first use.
func (d *Directory) use(ctx context.Context, r Runner, use databases.Use) (*databases.Use, error) {
	if use.ID == "" {
		return nil, nil
	}
	made, err := r.Run(ctx, insertUse, nil, d.app, use.ID, use.Request, use.Kind, use.UserID)
	if err != nil || made == 1 {
		return nil, err
	}
	var first databases.Use
	err = one(ctx, r, selectUse, func(scan Scan) error { return scanUse(&first, scan) }, d.app, use.ID)
	if err != nil {
		return nil, err
	}
	if first.Request != use.Request || use.Request == "" {
		return nil, databases.ErrCodeUsed
	}
	return &first, nil
}
