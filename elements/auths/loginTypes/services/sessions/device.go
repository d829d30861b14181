package sessions

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
)

// addDevice makes a device token for the phone that was proved: 256 random bits,
// kept as a hash. Whoever shows it has send and guess limits of their own there.
func addDevice(ctx context.Context, directory databases.DeviceStore, proof tokens.LoginCode) (string, error) {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	err := directory.AddDevice(ctx, databases.Device{
		Hash:      tokens.Hash(token),
		Phone:     proof.Phone,
		UserID:    proof.UserID,
		ExpiresAt: time.Now().Add(deviceTTL),
	})
	if err != nil {
		return "", err
	}
	return token, nil
}
