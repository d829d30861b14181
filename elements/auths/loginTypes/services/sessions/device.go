package sessions

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime/element"
)

// maxDevice bounds a device token that a client shows.
const maxDevice = 256

// deviceToken returns a device token for the verified phone: the one that the client
// shows, renewed, or else a new one, 256 random bits that are kept as a hash. Whoever
// shows it is the phone's owner to the send and guess limits.
func deviceToken(ctx context.Context, directory databases.DeviceStore, login tokens.LoginCode) (string, error) {
	device := databases.Device{Phone: login.Phone, UserID: login.UserID, ExpiresAt: time.Now().Add(deviceTTL)}
	if shown := shownDevice(ctx); shown != "" {
		device.Hash = tokens.Hash(shown)
		err := directory.RenewDevice(ctx, device)
		if !errors.Is(err, databases.ErrNotFound) {
			return shown, err
		}
	}
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	device.Hash = tokens.Hash(token)
	return token, directory.AddDevice(ctx, device)
}

// shownDevice returns the device token that the client shows, "" if there is none.
func shownDevice(ctx context.Context) string {
	call, _ := element.CallOf(ctx)
	if token := call.Caller.Device; len(token) <= maxDevice {
		return token
	}
	return ""
}
