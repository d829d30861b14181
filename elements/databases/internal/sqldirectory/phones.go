package sqldirectory

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/databases"
)

var (
	lockUser = statement(`SELECT COALESCE(phone, '') FROM lintel_users WHERE app_id = $1 AND id = $2 {for update}`)
	ownerOf  = statement(`SELECT id FROM lintel_users WHERE app_id = $1 AND phone = $2`)
	setPhone = statement(`UPDATE lintel_users SET phone = NULLIF($3, '') WHERE app_id = $1 AND id = $2`)

	deletePhoneDevices = statement(`DELETE FROM lintel_devices WHERE app_id = $1 AND phone = $2`)
	endOtherSessions   = statement(`UPDATE lintel_sessions SET ended_at = {now}
		WHERE app_id = $1 AND user_id = $2 AND id <> $3 AND ended_at IS NULL`)
)

// BindPhone implements databases.UserStore.
func (d *Directory) BindPhone(ctx context.Context, userID, phone string, use databases.Use) error {
	use.UserID = userID
	return d.change(ctx, false, []databases.Use{use}, func(ctx context.Context, r Runner) error {
		bound, err := d.phoneOf(ctx, r, userID)
		if err != nil {
			return err
		}
		if bound != "" {
			return databases.ErrAlreadyBound
		}
		return d.setPhone(ctx, r, userID, phone)
	}, nil)
}

// UnbindPhone implements databases.UserStore.
func (d *Directory) UnbindPhone(ctx context.Context, userID, phone string, use databases.Use) error {
	use.UserID = userID
	return d.change(ctx, false, []databases.Use{use}, func(ctx context.Context, r Runner) error {
		if err := d.holds(ctx, r, userID, phone); err != nil {
			return err
		}
		if err := d.setPhone(ctx, r, userID, ""); err != nil {
			return err
		}
		return d.dropDevices(ctx, r, phone)
	}, nil)
}

// MovePhone implements databases.UserStore.
func (d *Directory) MovePhone(ctx context.Context, userID, oldPhone, newPhone, keepSession string, code, ticket databases.Use) error {
	code.UserID, ticket.UserID = userID, userID
	return d.change(ctx, false, []databases.Use{code, ticket}, func(ctx context.Context, r Runner) error {
		if err := d.holds(ctx, r, userID, oldPhone); err != nil {
			return err
		}
		// The owner is read before the update, so that two users who want each other's
		// phone don't wait for each other.
		var owner string
		err := one(ctx, r, ownerOf, into(&owner), d.app, newPhone)
		if err == nil && owner != userID {
			return databases.ErrPhoneInUse
		}
		if err != nil && !errors.Is(err, databases.ErrNotFound) {
			return err
		}
		if err := d.setPhone(ctx, r, userID, newPhone); err != nil {
			return err
		}
		if _, err := r.Run(ctx, endOtherSessions, nil, d.app, userID, keepSession); err != nil {
			return err
		}
		if err := d.addNotice(ctx, r, code.Notice); err != nil {
			return err
		}
		return d.dropDevices(ctx, r, oldPhone)
	}, nil)
}

// phoneOf locks a user and returns their phone.
func (d *Directory) phoneOf(ctx context.Context, r Runner, userID string) (string, error) {
	var phone string
	err := one(ctx, r, lockUser, into(&phone), d.app, userID)
	return phone, err
}

// holds locks a user, and returns ErrNotBound if phone isn't theirs.
func (d *Directory) holds(ctx context.Context, r Runner, userID, phone string) error {
	bound, err := d.phoneOf(ctx, r, userID)
	if err == nil && (bound == "" || bound != phone) {
		return databases.ErrNotBound
	}
	return err
}

func (d *Directory) setPhone(ctx context.Context, r Runner, userID, phone string) error {
	_, err := r.Run(ctx, setPhone, nil, d.app, userID, phone)
	if isUnique(err) {
		return databases.ErrPhoneInUse
	}
	return err
}

func (d *Directory) dropDevices(ctx context.Context, r Runner, phone string) error {
	_, err := r.Run(ctx, deletePhoneDevices, nil, d.app, phone)
	return err
}
