package sqldirectory

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

// sessionColumns: a session that has run out is ended, at the time it ran out.
const sessionColumns = `id, user_id, corp_id, platform, COALESCE(code_id, ''), created_at, last_seen_at,
	CASE WHEN ended_at IS NULL AND expires_at <= {now} THEN expires_at ELSE ended_at END, generation, expires_at`

var (
	// Two requests that show one code meet at the unique code_id. The row there
	// is the session of the same request, which is given again; or what is left
	// of an ended code, which the session takes over; else nothing is changed.
	upsertSession = statement(`INSERT INTO lintel_sessions AS s (app_id, id, user_id, corp_id, platform, code_id, request,
			created_at, last_seen_at, generation, refresh_hash, previous_hash, rotated_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''), $7, {now}, {now}, 1, $8, '', {now}, {now} + CAST($9 AS BIGINT))
		ON CONFLICT (app_id, code_id) DO UPDATE SET
			id           = CASE WHEN s.user_id IS NULL THEN excluded.id           ELSE s.id           END,
			user_id      = CASE WHEN s.user_id IS NULL THEN excluded.user_id      ELSE s.user_id      END,
			corp_id      = CASE WHEN s.user_id IS NULL THEN excluded.corp_id      ELSE s.corp_id      END,
			platform     = CASE WHEN s.user_id IS NULL THEN excluded.platform     ELSE s.platform     END,
			request      = excluded.request,
			created_at   = CASE WHEN s.user_id IS NULL THEN excluded.created_at   ELSE s.created_at   END,
			last_seen_at = CASE WHEN s.user_id IS NULL THEN excluded.last_seen_at ELSE s.last_seen_at END,
			refresh_hash = CASE WHEN s.user_id IS NULL THEN excluded.refresh_hash ELSE s.refresh_hash END,
			rotated_at   = CASE WHEN s.user_id IS NULL THEN excluded.rotated_at   ELSE s.rotated_at   END,
			expires_at   = CASE WHEN s.user_id IS NULL THEN excluded.expires_at   ELSE s.expires_at   END
		WHERE s.user_id IS NULL OR s.request = excluded.request AND s.request <> ''
		RETURNING ` + sessionColumns)

	endCode = statement(`INSERT INTO lintel_sessions AS s (app_id, id, corp_id, platform, code_id, request,
			created_at, last_seen_at, ended_at, generation, refresh_hash, previous_hash, rotated_at, expires_at)
		VALUES ($1, 'code ' || $2, '', '', $2, '', {now}, {now}, {now}, 1, '', '', {now}, {now})
		ON CONFLICT (app_id, code_id) DO UPDATE SET ended_at = COALESCE(s.ended_at, excluded.ended_at)`)

	// What is left is taken over as the row of an ended code is, but is alive.
	forgetSession = statement(`UPDATE lintel_sessions SET user_id = NULL, request = ''
		WHERE app_id = $1 AND code_id = $2 AND request = $3 AND user_id IS NOT NULL AND generation = 1 AND ended_at IS NULL`)

	selectSession = statement(`SELECT ` + sessionColumns + ` FROM lintel_sessions
		WHERE app_id = $1 AND id = $2 AND user_id IS NOT NULL`)
	selectSessions = statement(`SELECT ` + sessionColumns + ` FROM lintel_sessions
		WHERE app_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > {now}
		ORDER BY created_at DESC, id DESC`)
	endSession = statement(`UPDATE lintel_sessions SET ended_at = COALESCE(ended_at, {now})
		WHERE app_id = $1 AND user_id = $2 AND id = $3`)

	// $3 is the generation shown. The row is locked while it is judged, so that
	// of many who show one token each sees what the one before it left.
	refresh = statement(`UPDATE lintel_sessions SET
			generation    = CASE WHEN generation = $3 THEN generation + 1 ELSE generation    END,
			previous_hash = CASE WHEN generation = $3 THEN refresh_hash   ELSE previous_hash END,
			refresh_hash  = CASE WHEN generation = $3 THEN $5             ELSE refresh_hash  END,
			rotated_at    = CASE WHEN generation = $3 THEN {now}          ELSE rotated_at    END,
			last_seen_at  = CASE WHEN generation = $3 THEN {now}          ELSE last_seen_at  END,
			expires_at    = CASE WHEN generation <> $3 THEN expires_at
				WHEN {now} + CAST($7 AS BIGINT) < created_at + CAST($8 AS BIGINT) THEN {now} + CAST($7 AS BIGINT)
				ELSE created_at + CAST($8 AS BIGINT) END,
			ended_at      = CASE WHEN generation = $3 THEN NULL
				WHEN generation = $3 + 1 AND {now} - rotated_at <= CAST($6 AS BIGINT) THEN NULL
				ELSE {now} END
		WHERE app_id = $1 AND id = $2 AND user_id IS NOT NULL AND ended_at IS NULL AND expires_at > {now}
			AND (generation = $3 AND refresh_hash = $4
				OR generation = $3 + 1 AND previous_hash = $4
				OR generation > $3 + 1)
		RETURNING ` + sessionColumns)
)

func sessionInto(s *databases.Session) func(Scan) error {
	return func(scan Scan) error {
		var created, seen, expires int64
		var ended *int64
		err := scan(&s.ID, &s.UserID, &s.CorpID, &s.Platform, &s.CodeID, &created, &seen, &ended, &s.TokenNumber, &expires)
		if err != nil {
			return err
		}
		s.CreatedAt, s.LastSeenAt, s.ExpiresAt, s.EndedAt = moment(created), moment(seen), moment(expires), time.Time{}
		if ended != nil {
			s.EndedAt = moment(*ended)
		}
		return nil
	}
}

// CreateSession makes a session, in one statement.
func (d *Directory) CreateSession(ctx context.Context, n databases.NewSession) (databases.Session, error) {
	var s databases.Session
	life := min(n.Idle, n.Most).Milliseconds()
	// Only a code and a request tell a repeat from a second session.
	again := repeats(n.CodeID != "" && n.Request != "")
	err := d.do(ctx, again, func(ctx context.Context) error {
		var found bool
		var err error
		for range 3 {
			found = false
			_, err = d.engine.Run(ctx, upsertSession, func(scan Scan) error {
				found = true
				return sessionInto(&s)(scan)
			}, d.app, n.ID, n.UserID, n.CorpID, n.Platform, n.CodeID, n.Request, n.RefreshHash, life)
			// Two who make the same session at the same moment can meet at its id
			// before they meet at its code.
			if !isUnique(err) {
				break
			}
		}
		if err == nil && !found {
			return databases.ErrCodeUsed
		}
		return err
	})
	if err != nil {
		return databases.Session{}, err
	}
	return s, nil
}

// ForgetSession takes back a session whose maker was told that it failed.
func (d *Directory) ForgetSession(ctx context.Context, codeID, request string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		_, err := d.engine.Run(ctx, forgetSession, nil, d.app, codeID, request)
		return err
	})
}

// Session gives a session by id, ended or not.
func (d *Directory) Session(ctx context.Context, sessionID string) (databases.Session, error) {
	var s databases.Session
	if err := d.read(ctx, selectSession, sessionInto(&s), d.app, sessionID); err != nil {
		return databases.Session{}, err
	}
	return s, nil
}

// Sessions lists a user's sessions that are alive, newest first.
func (d *Directory) Sessions(ctx context.Context, userID string) ([]databases.Session, error) {
	var list []databases.Session
	err := d.do(ctx, repeatable, func(ctx context.Context) error {
		list = nil
		return d.engine.Read(ctx, selectSessions, func(scan Scan) error {
			var s databases.Session
			if err := sessionInto(&s)(scan); err != nil {
				return err
			}
			list = append(list, s)
			return nil
		}, d.app, userID)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// EndSession ends one session of a user. One that has ended stays as it is.
func (d *Directory) EndSession(ctx context.Context, userID, sessionID string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		ended, err := d.engine.Run(ctx, endSession, nil, d.app, userID, sessionID)
		if err == nil && ended == 0 {
			return databases.ErrNotFound
		}
		return err
	})
}

// EndSessionOfCode ends the session that a code opened, or will open.
func (d *Directory) EndSessionOfCode(ctx context.Context, codeID string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		var err error
		for range 3 {
			_, err = d.engine.Run(ctx, endCode, nil, d.app, codeID)
			if !isUnique(err) {
				break
			}
		}
		return err
	})
}

// Refresh moves a session's refresh token on, in one statement.
func (d *Directory) Refresh(ctx context.Context, r databases.Refresh) (databases.RefreshResult, error) {
	var s databases.Session
	// A lost answer is found again as the generation before, while Grace lasts.
	again := repeats(r.Grace >= 2*Bound)
	err := d.do(ctx, again, func(ctx context.Context) error {
		return one(func(each func(Scan) error) error {
			_, err := d.engine.Run(ctx, refresh, each, d.app, r.SessionID, r.TokenNumber, r.Hash, r.NextHash,
				r.Grace.Milliseconds(), r.Idle.Milliseconds(), r.Most.Milliseconds())
			return err
		}, sessionInto(&s))
	})
	if err != nil {
		return databases.RefreshResult{}, err
	}
	return databases.RefreshResult{Session: s, Reused: !s.EndedAt.IsZero()}, nil
}
