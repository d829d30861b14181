package sessions

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// logout ends the caller's session. If the access token has expired, it ends that of
// the refresh token.
func (s *Service) logout(ctx context.Context, refreshToken string) (any, error) {
	directory, release, err := s.directory()
	if err != nil {
		return nil, err
	}
	defer release()
	who := element.CallerOf(ctx)
	if who.SessionID == "" {
		if who, err = s.callerOf(ctx, directory, refreshToken); err != nil {
			return nil, err
		}
	}
	err = directory.EndSession(ctx, who.UserID, who.SessionID)
	if err != nil && !errors.Is(err, databases.ErrNotFound) {
		return nil, storeError(err, "ending the session")
	}
	s.users.Forget(who.SessionID)
	return map[string]any{"success": true}, nil
}

// callerOf returns whose session a refresh token belongs to, whichever of the
// session's tokens it is.
func (s *Service) callerOf(ctx context.Context, directory directory, refreshToken string) (element.Caller, error) {
	id, _, ok := s.refresh.parse(refreshToken)
	if !ok {
		return element.Caller{}, errLoginRequired()
	}
	session, err := directory.Session(ctx, id)
	if errors.Is(err, databases.ErrNotFound) {
		return element.Caller{}, errLoginRequired()
	}
	if err != nil {
		return element.Caller{}, storeError(err, "reading the session")
	}
	return element.Caller{UserID: session.UserID, SessionID: id}, nil
}

// signedIn returns the caller, who must be signed in, and the database. The caller
// calls release.
func (s *Service) signedIn(ctx context.Context) (who element.Caller, directory directory, release func(), err error) {
	if who = element.CallerOf(ctx); who.UserID == "" {
		return who, nil, nil, errLoginRequired()
	}
	directory, release, err = s.directory()
	return who, directory, release, err
}

func (s *Service) currentUser(ctx context.Context) (any, error) {
	who, directory, release, err := s.signedIn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	user, err := directory.User(ctx, who.UserID)
	if errors.Is(err, databases.ErrNotFound) {
		return nil, errLoginRequired()
	}
	if err != nil {
		return nil, storeError(err, "reading the user")
	}
	corpList := make([]any, 0, len(user.Corps))
	for _, c := range user.Corps {
		corpList = append(corpList, map[string]any{"corpId": c.ID, "corpName": c.Title})
	}
	answer := map[string]any{
		"userId":   user.ID,
		"nick":     user.Nick,
		"phone":    phone.Mask(user.Phone),
		"corpList": corpList,
		"corpId":   "",
	}
	if who.SessionID != "" {
		session, err := directory.Session(ctx, who.SessionID)
		if err != nil && !errors.Is(err, databases.ErrNotFound) {
			return nil, storeError(err, "reading the session")
		}
		if err == nil && session.UserID == user.ID {
			answer["sessionId"], answer["corpId"], answer["platform"] = session.ID, session.CorpID, session.Platform
		}
	}
	return answer, nil
}

func (s *Service) sessions(ctx context.Context) (any, error) {
	who, directory, release, err := s.signedIn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	all, err := directory.Sessions(ctx, who.UserID)
	if err != nil {
		return nil, storeError(err, "reading the sessions")
	}
	list := make([]any, 0, len(all))
	for _, session := range all {
		list = append(list, map[string]any{
			"sessionId":  session.ID,
			"corpId":     session.CorpID,
			"platform":   session.Platform,
			"createdAt":  session.CreatedAt.UTC().Format(time.RFC3339),
			"lastSeenAt": session.LastSeenAt.UTC().Format(time.RFC3339),
			"expiresAt":  session.ExpiresAt.UTC().Format(time.RFC3339),
			"current":    session.ID == who.SessionID,
		})
	}
	return list, nil
}

func (s *Service) endSession(ctx context.Context, sessionID string) (any, error) {
	who, directory, release, err := s.signedIn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	err = directory.EndSession(ctx, who.UserID, sessionID)
	if errors.Is(err, databases.ErrNotFound) {
		return nil, errcode.New(errcode.Forbidden, "not a session of this user")
	}
	if err != nil {
		return nil, storeError(err, "ending the session")
	}
	s.users.Forget(sessionID)
	return map[string]any{"success": true}, nil
}
