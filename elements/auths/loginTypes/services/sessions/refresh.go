package sessions

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
)

// refreshTokens makes and parses refresh tokens: "<session ID>.<number>.<MAC>". They
// are derived, not random, so that a client that lost the answer gets the same
// successor again. The database keeps hashes.
type refreshTokens struct {
	key []byte
	// earlier is the key of the secret before; nil for none.
	earlier []byte
}

func newRefreshTokens(key, previous func(purpose string) ([]byte, error)) (refreshTokens, error) {
	const purpose = "auths.loginTypes.services/refresh"
	var r refreshTokens
	var err error
	if r.key, err = key(purpose); err == nil && previous != nil {
		r.earlier, err = previous(purpose)
	}
	if err != nil {
		return refreshTokens{}, fmt.Errorf("sessions: the key of the refresh tokens: %w", err)
	}
	return r, nil
}

func (r refreshTokens) token(sessionID string, number int64) string {
	signed := sessionID + "." + strconv.FormatInt(number, 10)
	return signed + "." + refreshMAC(r.key, signed)
}

func refreshMAC(key []byte, signed string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(signed))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// parse parses a token of this app. ok is false for any other text.
func (r refreshTokens) parse(token string) (sessionID string, number int64, ok bool) {
	if len(token) > 128 {
		return "", 0, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", 0, false
	}
	// Compared as text: decoded, one token could be spelled in several ways.
	signed := parts[0] + "." + parts[1]
	genuine := hmac.Equal([]byte(parts[2]), []byte(refreshMAC(r.key, signed)))
	if !genuine && r.earlier != nil {
		genuine = hmac.Equal([]byte(parts[2]), []byte(refreshMAC(r.earlier, signed)))
	}
	if !genuine {
		return "", 0, false
	}
	id, err := uuid.Parse(parts[0])
	if err != nil || id.String() != parts[0] {
		return "", 0, false
	}
	number, err = strconv.ParseInt(parts[1], 10, 64)
	if err != nil || number < 1 {
		return "", 0, false
	}
	return parts[0], number, true
}

// Family returns the session of a refresh token of this app, even one that has ended,
// and which of the session's tokens it is, counted from 1.
func (s *Service) Family(refreshToken string) (sessionID string, number int64, ok bool) {
	return s.refresh.parse(refreshToken)
}

// refreshSession replaces a session's refresh token. By the database's rule, the
// previous token gets the current one again, for a short time and while that is
// unused. Presented later, either of them was stolen, and the session ends.
func (s *Service) refreshSession(ctx context.Context, token string) (any, error) {
	id, number, ok := s.refresh.parse(token)
	if !ok {
		return nil, errLoginRequired()
	}
	directory, release, err := s.directory()
	if err != nil {
		return nil, err
	}
	defer release()
	done, err := directory.Refresh(ctx, databases.Refresh{
		SessionID:   id,
		TokenNumber: number,
		Hash:        tokens.Hash(token),
		NextHash:    tokens.Hash(s.refresh.token(id, number+1)),
		Grace:       grace,
		Idle:        idleTTL,
		Most:        maxTTL,
	})
	if errors.Is(err, databases.ErrNotFound) {
		return nil, errLoginRequired()
	}
	if err != nil {
		return nil, storeError(err, "refreshing the session")
	}
	if done.Reused {
		s.users.Forget(id)
		s.env.Logger.WarnContext(ctx, "a refresh token was used again; its session was ended",
			"user_id", done.Session.UserID, "session_id", id)
		return nil, errLoginRequired()
	}
	return s.tokensOf(ctx, done.Session, done.Session.TokenNumber)
}

// tokensOf returns the tokens of a session, as loginByCode and refresh do. number is
// that of the refresh token.
func (s *Service) tokensOf(ctx context.Context, session databases.Session, number int64) (map[string]any, error) {
	access, err := s.accessToken(ctx, session)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"success":      true,
		"accessToken":  access,
		"refreshToken": s.refresh.token(session.ID, number),
		"tokenType":    "Bearer",
		"expiresIn":    int64(accessTTL / time.Second),
		"userId":       session.UserID,
		"corpId":       session.CorpID,
	}, nil
}
