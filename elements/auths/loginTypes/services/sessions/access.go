package sessions

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// accessTyp is the typ in the header of access tokens (RFC 9068, 2.1).
	accessTyp = "at+jwt"
	// clockSkew is how far clocks may differ.
	clockSkew = time.Minute
	// maxAccess is longer than any access token, in bytes.
	maxAccess = 4 << 10
	// userTTL is how long the user of a session is remembered, from before the
	// database was asked: the end of a session takes effect within a second.
	userTTL     = 900 * time.Millisecond
	userTimeout = time.Second
)

type accessClaims struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
}

func (s *Service) accessToken(ctx context.Context, session databases.Session) (string, error) {
	key, err := s.keys.signing(ctx)
	if err != nil {
		return "", err
	}
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": s.issuer(),
		"aud": s.env.AppID,
		"sub": session.UserID,
		"sid": session.ID,
		"jti": uuid.NewString(),
		"iat": now.Unix(),
		"exp": now.Add(accessTTL).Unix(),
	})
	token.Header["typ"] = accessTyp
	token.Header["kid"] = key.id
	signed, err := token.SignedString(key.private)
	if err != nil {
		return "", errcode.Wrap(err, errcode.Internal, "signing the access token failed")
	}
	return signed, nil
}

// Authenticate returns the caller who presents an access token: a valid one of this
// app, whose session hasn't ended. Anything else is LOGIN_REQUIRED, or
// STORE_UNAVAILABLE if the database can't tell. It asks the database about a session
// at most once a second.
func (s *Service) Authenticate(ctx context.Context, accessToken string) (element.Caller, error) {
	claims, err := s.verify(ctx, accessToken)
	if err != nil {
		return element.Caller{}, err
	}
	user, err := s.users.Get(ctx, claims.SessionID)
	if err != nil {
		return element.Caller{}, storeError(err, "reading the session")
	}
	if user == "" || user != claims.Subject {
		return element.Caller{}, errLoginRequired()
	}
	return element.Caller{UserID: user, SessionID: claims.SessionID}, nil
}

// Genuine returns the caller that an access token was issued to, even if the session
// has ended since. It returns the zero Caller for any other text, an expired token,
// and a token that can't be verified now.
func (s *Service) Genuine(ctx context.Context, accessToken string) element.Caller {
	claims, err := s.verify(ctx, accessToken)
	if err != nil {
		return element.Caller{}
	}
	return element.Caller{UserID: claims.Subject, SessionID: claims.SessionID}
}

// verify verifies a token by fixed rules, whatever its header says (RFC 8725).
func (s *Service) verify(ctx context.Context, accessToken string) (accessClaims, error) {
	var claims accessClaims
	if len(accessToken) > maxAccess {
		return claims, errLoginRequired()
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}),
		jwt.WithIssuer(s.issuer()),
		jwt.WithAudience(s.env.AppID),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(clockSkew),
		jwt.WithStrictDecoding(),
	)
	var unavailable error
	_, err := parser.ParseWithClaims(accessToken, &claims, func(token *jwt.Token) (any, error) {
		if token.Header["typ"] != accessTyp {
			return nil, errors.New("another kind of token")
		}
		kid, _ := token.Header["kid"].(string)
		key, err := s.keys.verifying(ctx, kid)
		if err != nil {
			unavailable = err
			return nil, err
		}
		if key == nil {
			return nil, errors.New("an unknown key")
		}
		return key, nil
	})
	if unavailable != nil {
		return claims, unavailable
	}
	if err != nil || claims.SessionID == "" || claims.Subject == "" {
		return claims, errLoginRequired()
	}
	return claims, nil
}

// sessionUser returns the user of a session, or "" if there is no such session or it
// has ended.
func (s *Service) sessionUser(ctx context.Context, sessionID string) (string, error) {
	directory, release, err := s.directory()
	if err != nil {
		return "", err
	}
	defer release()
	session, err := directory.Session(ctx, sessionID)
	if errors.Is(err, databases.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if !session.EndedAt.IsZero() || time.Now().After(session.ExpiresAt.Add(clockSkew)) {
		return "", nil
	}
	return session.UserID, nil
}
