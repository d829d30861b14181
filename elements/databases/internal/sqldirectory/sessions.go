package sqldirectory

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

// sessionColumns are the columns of a session. One that has expired has ended when it
// expired.
const sessionColumns = `id, user_id, corp_id, platform, COALESCE(code_id, ''), created_at, last_seen_at,
	CASE WHEN ended_at IS NULL AND expires_at <= {now} THEN expires_at ELSE ended_at END, generation, expires_at`

var (
	// The user has the phone, and is in the corp, until the session is there: whoever
	// changes that waits, and then ends the session. Two requests with one code conflict at the unique code_id. If the row there is the
	// session of the same request, it is returned again. If it is what EndSessionOfCode
	// or ForgetSession left, the session takes it over. Else nothing changes.
	upsertSession = statement(`INSERT INTO lintel_sessions AS s (app_id, id, user_id, corp_id, platform, code_id, request,
			created_at, last_seen_at, generation, refresh_hash, previous_hash, rotated_at, expires_at)
		SELECT u.app_id, $2, u.id, $4, $5, NULLIF($6, ''), $7, {now}, {now}, 1, $8, '', {now}, {now} + CAST($9 AS BIGINT)
		FROM lintel_users u WHERE u.app_id = $1 AND u.id = $3 AND COALESCE(u.phone, '') = $10 AND ($4 = '' OR EXISTS (
			SELECT 1 FROM lintel_members m WHERE m.app_id = u.app_id AND m.user_id = u.id AND m.corp_id = $4))
		{for share}
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

	selectSessionOfCode = statement(`SELECT request, ` + sessionColumns + ` FROM lintel_sessions
		WHERE app_id = $1 AND code_id = $2 AND user_id IS NOT NULL`)

	endCode = statement(`INSERT INTO lintel_sessions AS s (app_id, id, corp_id, platform, code_id, request,
			created_at, last_seen_at, ended_at, generation, refresh_hash, previous_hash, rotated_at, expires_at)
		VALUES ($1, 'code ' || $2, '', '', $2, '', {now}, {now}, {now}, 1, '', '', {now}, {now})
		ON CONFLICT (app_id, code_id) DO UPDATE SET ended_at = COALESCE(s.ended_at, excluded.ended_at)`)

	// The row stays, without a user, for the next session of the code.
	forgetSession = statement(`UPDATE lintel_sessions SET user_id = NULL, request = ''
		WHERE app_id = $1 AND code_id = $2 AND request = $3 AND user_id IS NOT NULL AND generation = 1 AND ended_at IS NULL`)

	selectSession = statement(`SELECT ` + sessionColumns + ` FROM lintel_sessions
		WHERE app_id = $1 AND id = $2 AND user_id IS NOT NULL`)
	selectSessions = statement(`SELECT ` + sessionColumns + ` FROM lintel_sessions
		WHERE app_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > {now}
		ORDER BY created_at DESC, id DESC`)
	endSession = statement(`UPDATE lintel_sessions SET ended_at = COALESCE(ended_at, {now})
		WHERE app_id = $1 AND user_id = $2 AND id = $3`)

	// $3 is the number of the token, which the column calls its generation. The update
	// locks the row: requests with one token see each other's changes.
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

func scanSession(s *databases.Session, scan Scan) error {
	var created, seen, expires int64
	var ended *int64
	err := scan(&s.ID, &s.UserID, &s.CorpID, &s.Platform, &s.CodeID, &created, &seen, &ended, &s.TokenNumber, &expires)
	s.CreatedAt, s.LastSeenAt, s.ExpiresAt, s.EndedAt = moment(created), moment(seen), moment(expires), time.Time{}
	if ended != nil {
		s.EndedAt = moment(*ended)
	}
	return err
}

// CreateSession implements databases.SessionStore.
func (d *Directory) CreateSession(ctx context.Context, n databases.NewSession) (databases.Session, error) {
	var s databases.Session
	life := min(n.Idle, n.Most).Milliseconds()
	// Without a code and a request, a repeat would create a second session.
	again := repeats(n.CodeID != "" && n.Request != "")
	err := d.do(ctx, again, func(ctx context.Context) error {
		err := atKey(func() error {
			return one(ctx, d.engine, upsertSession, func(scan Scan) error { return scanSession(&s, scan) },
				d.app, n.ID, n.UserID, n.CorpID, n.Platform, n.CodeID, n.Request, n.RefreshHash, life, n.Phone)
		})
		if errors.Is(err, databases.ErrNotFound) {
			s, err = d.sessionOfCode(ctx, n)
		}
		return err
	})
	if err != nil {
		return databases.Session{}, err
	}
	return s, nil
}

// sessionOfCode returns the session that the same request has created, and otherwise
// why it can't create one.
func (d *Directory) sessionOfCode(ctx context.Context, n databases.NewSession) (databases.Session, error) {
	var s databases.Session
	var request string
	err := one(ctx, reads{d.engine}, selectSessionOfCode, func(scan Scan) error {
		return scanSession(&s, func(into ...any) error { return scan(append([]any{&request}, into...)...) })
	}, d.app, n.CodeID)
	switch {
	case errors.Is(err, databases.ErrNotFound):
		return databases.Session{}, databases.ErrNotBound
	case err != nil:
		return databases.Session{}, err
	case request != n.Request || request == "":
		return databases.Session{}, databases.ErrCodeUsed
	}
	return s, nil
}

// ForgetSession implements databases.SessionStore.
func (d *Directory) ForgetSession(ctx context.Context, codeID, request string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		_, err := d.engine.Run(ctx, forgetSession, nil, d.app, codeID, request)
		return err
	})
}

// Session implements databases.SessionStore.
func (d *Directory) Session(ctx context.Context, sessionID string) (databases.Session, error) {
	return get(ctx, d, selectSession, scanSession, d.app, sessionID)
}

// Sessions implements databases.SessionStore.
func (d *Directory) Sessions(ctx context.Context, userID string) ([]databases.Session, error) {
	return list(ctx, d, selectSessions, scanSession, d.app, userID)
}

// EndSession implements databases.SessionStore. A session that has ended keeps its time.
func (d *Directory) EndSession(ctx context.Context, userID, sessionID string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		ended, err := d.engine.Run(ctx, endSession, nil, d.app, userID, sessionID)
		if err == nil && ended == 0 {
			return databases.ErrNotFound
		}
		return err
	})
}

// EndSessionOfCode implements databases.SessionStore.
func (d *Directory) EndSessionOfCode(ctx context.Context, codeID string) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		return atKey(func() error {
			_, err := d.engine.Run(ctx, endCode, nil, d.app, codeID)
			return err
		})
	})
}

// atKey runs an insert that takes over the row of another one, up to three times: two
// inserts at the same moment can conflict at the session's id before they conflict at
// its code.
func atKey(insert func() error) (err error) {
	for range 3 {
		if err = insert(); !isUnique(err) {
			break
		}
	}
	return err
}

// Refresh implements databases.SessionStore.
func (d *Directory) Refresh(ctx context.Context, r databases.Refresh) (databases.RefreshResult, error) {
	var s databases.Session
	// A repeat presents the previous token, which Grace allows.
	again := repeats(r.Grace >= 2*Bound)
	err := d.do(ctx, again, func(ctx context.Context) error {
		return one(ctx, d.engine, refresh, func(scan Scan) error { return scanSession(&s, scan) },
			d.app, r.SessionID, r.TokenNumber, r.Hash, r.NextHash,
			r.Grace.Milliseconds(), r.Idle.Milliseconds(), r.Most.Milliseconds())
	})
	if err != nil {
		return databases.RefreshResult{}, err
	}
	return databases.RefreshResult{Session: s, Reused: !s.EndedAt.IsZero()}, nil
}
