package sessions

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
)

// addDevice returns a new device token for the verified phone: 256 random bits, kept
// as a hash. Whoever presents it is the phone's owner to the send and guess limits.
func addDevice(ctx context.Context, directory databases.DeviceStore, login tokens.LoginCode) (string, error) {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	err := directory.AddDevice(ctx, databases.Device{
		Hash:      tokens.Hash(token),
		Phone:     login.Phone,
		UserID:    login.UserID,
		ExpiresAt: time.Now().Add(deviceTTL),
	})
	if err != nil {
		return "", err
	}
	return token, nil
}
