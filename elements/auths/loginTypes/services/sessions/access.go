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
	// typ of the tokens' header (RFC 9068, 2.1).
	accessTyp = "at+jwt"
	// skew is what clocks may differ by.
	skew = time.Minute
	// longestAccess is more than any access token has.
	longestAccess = 4 << 10
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
		"nbf": now.Unix(),
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

// Authenticate says who shows an access token: a genuine one, of this app and
// not expired, whose session is alive. LOGIN_REQUIRED for any other text,
// STORE_UNAVAILABLE when that can't be found out. What a session is like is
// asked of the database at most once a second.
func (s *Service) Authenticate(ctx context.Context, accessToken string) (element.Caller, error) {
	claims, err := s.verify(ctx, accessToken)
	if err != nil {
		return element.Caller{}, err
	}
	user, err := s.alive.user(ctx, claims.SessionID)
	if err != nil {
		return element.Caller{}, storeError(err, "reading the session")
	}
	if user == "" || user != claims.Subject {
		return element.Caller{}, signIn()
	}
	return element.Caller{UserID: user, SessionID: claims.SessionID}, nil
}

// Genuine says who an access token was made for, whatever has become of the
// session since; nobody for a text that is no such token, has expired, or can't be
// verified now.
func (s *Service) Genuine(ctx context.Context, accessToken string) element.Caller {
	claims, err := s.verify(ctx, accessToken)
	if err != nil {
		return element.Caller{}
	}
	return element.Caller{UserID: claims.Subject, SessionID: claims.SessionID}
}

// verify reads a token by rules that the token has no say in (RFC 8725).
func (s *Service) verify(ctx context.Context, accessToken string) (accessClaims, error) {
	var claims accessClaims
	if len(accessToken) > longestAccess {
		return claims, signIn()
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}),
		jwt.WithIssuer(s.issuer()),
		jwt.WithAudience(s.env.AppID),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(skew),
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
		return claims, signIn()
	}
	return claims, nil
}

// sessionState gives the user of a session that is alive, "" for any other.
func (s *Service) sessionState(ctx context.Context, sessionID string) (string, error) {
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
	if !session.EndedAt.IsZero() || time.Now().After(session.ExpiresAt.Add(skew)) {
		return "", nil
	}
	return session.UserID, nil
}
