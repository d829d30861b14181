package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// The budgets of an identity. Each has its sends, refusals and wrong guesses, so that
// strangers can't use up those of the owner. There is one for all of an owner's devices,
// so that no number of them multiplies a limit.
const (
	strangersBudget = ""
	ownersBudget    = "o"
)

const maxDevice = 256

// budget returns whose budget a request at an identity is counted in: the owner's for
// its user and for each device that has logged in with it, the strangers' for anybody
// else, signed in or not.
func (r *request) budget(ctx context.Context, identity string) (string, error) {
	user, err := r.currentUser(ctx)
	switch {
	case err == nil && user.Phone == identity:
		return ownersBudget, nil
	case err != nil && !errors.Is(err, errcode.LoginRequired):
		return "", err
	}
	token := r.call.Caller.Device
	if token == "" || len(token) > maxDevice {
		return strangersBudget, nil
	}
	device, err := r.dir.Device(ctx, tokens.Hash(token))
	switch {
	case errors.Is(err, databases.ErrNotFound):
		return strangersBudget, nil
	case err != nil:
		return "", errStore(err)
	case device.Phone != identity:
		return strangersBudget, nil
	}
	return ownersBudget, nil
}
