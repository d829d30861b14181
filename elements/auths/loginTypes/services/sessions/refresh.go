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
	"github.com/lintel-run/lintel/plugins/errcode"
)

// refreshTokens makes and reads refresh tokens: "<session id>.<generation>.<MAC>".
// They are derived, not drawn, so that the same successor can be given again to
// a client that lost the answer; the database keeps hashes.
type refreshTokens struct {
	key []byte
}

func newRefreshTokens(key func(purpose string) ([]byte, error)) (refreshTokens, error) {
	k, err := key("auths.loginTypes.services/refresh")
	if err != nil {
		return refreshTokens{}, fmt.Errorf("sessions: the key of the refresh tokens: %w", err)
	}
	return refreshTokens{key: k}, nil
}

func (r refreshTokens) token(sessionID string, generation int64) string {
	signed := sessionID + "." + strconv.FormatInt(generation, 10)
	return signed + "." + r.mac(signed)
}

func (r refreshTokens) mac(signed string) string {
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(signed))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// parse reads a token that this app made, false for any other text.
func (r refreshTokens) parse(token string) (sessionID string, generation int64, ok bool) {
	if len(token) > 128 {
		return "", 0, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", 0, false
	}
	// Compared as texts: decoding would let one token be spelt in several ways.
	if !hmac.Equal([]byte(parts[2]), []byte(r.mac(parts[0]+"."+parts[1]))) {
		return "", 0, false
	}
	id, err := uuid.Parse(parts[0])
	if err != nil || id.String() != parts[0] {
		return "", 0, false
	}
	generation, err = strconv.ParseInt(parts[1], 10, 64)
	if err != nil || generation < 1 {
		return "", 0, false
	}
	return parts[0], generation, true
}

// Family says which session a refresh token of this app's making is of, alive or
// not, and which of the session's tokens it is, counted from 1.
func (s *Service) Family(refreshToken string) (sessionID string, generation int64, ok bool) {
	return s.refresh.parse(refreshToken)
}

// refreshSession moves a session's refresh token on. The database has the rule:
// the token before the current one gives the current one again for a short time
// while that is unused; shown later, it is stolen or its successor is, and the
// session ends.
func (s *Service) refreshSession(ctx context.Context, token string) (any, error) {
	id, generation, ok := s.refresh.parse(token)
	if !ok {
		return nil, signIn()
	}
	directory, release, err := s.directory()
	if err != nil {
		return nil, err
	}
	defer release()
	// Asked twice, a lost reply is the case that the grace is for.
	done, err := twice(ctx, func(ctx context.Context) (databases.RefreshResult, error) {
		return directory.Refresh(ctx, databases.Refresh{
			SessionID:   id,
			TokenNumber: generation,
			Hash:        tokens.Hash(token),
			NextHash:    tokens.Hash(s.refresh.token(id, generation+1)),
			Grace:       grace,
			Idle:        idleTTL,
			Most:        mostTTL,
		})
	})
	if errors.Is(err, databases.ErrNotFound) {
		return nil, signIn()
	}
	if err != nil {
		return nil, storeError(err, "refreshing the session")
	}
	if done.Reused {
		s.alive.forget(id)
		s.env.Logger.WarnContext(ctx, "a refresh token was used again; its session was ended",
			"userId", done.Session.UserID, "sessionId", id)
		return nil, signIn()
	}
	access, err := s.accessToken(ctx, done.Session)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"success":      true,
		"accessToken":  access,
		"refreshToken": s.refresh.token(id, done.Session.TokenNumber),
		"tokenType":    "Bearer",
		"expiresIn":    int64(accessTTL / time.Second),
		"userId":       done.Session.UserID,
		"corpId":       done.Session.CorpID,
	}, nil
}

func signIn() error {
	return errcode.New(errcode.LoginRequired, "nobody is signed in")
}
