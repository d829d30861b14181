-- Times are milliseconds since 1970 by the machine's clock. Every row belongs to an app:
-- several apps may share one database.

-- +goose Up
CREATE TABLE lintel_users (
    app_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    nick       TEXT NOT NULL,
    phone      TEXT,
    test       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, id),
    CONSTRAINT lintel_users_phone UNIQUE (app_id, phone)
) STRICT, WITHOUT ROWID;

CREATE TABLE lintel_corps (
    app_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    full_name  TEXT NOT NULL,
    title      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, id),
    CONSTRAINT lintel_corps_full_name UNIQUE (app_id, full_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE lintel_members (
    app_id    TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    corp_id   TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id, corp_id),
    FOREIGN KEY (app_id, user_id) REFERENCES lintel_users (app_id, id),
    FOREIGN KEY (app_id, corp_id) REFERENCES lintel_corps (app_id, id)
) STRICT, WITHOUT ROWID;

-- A code or ticket that has been used. The rows outlive every code, token and
-- answer kept for a repeat.
CREATE TABLE lintel_code_uses (
    app_id  TEXT NOT NULL,
    id      TEXT NOT NULL,
    request TEXT NOT NULL,
    kind    TEXT NOT NULL,
    user_id TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lintel_code_uses_used_at ON lintel_code_uses (app_id, used_at);

-- A row without user_id is what is left of a code that was ended before its
-- session was made: the session takes the row over, and is ended.
CREATE TABLE lintel_sessions (
    app_id        TEXT NOT NULL,
    id            TEXT NOT NULL,
    user_id       TEXT,
    corp_id       TEXT NOT NULL,
    platform      TEXT NOT NULL,
    code_id       TEXT,
    request       TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    ended_at      INTEGER,
    generation    INTEGER NOT NULL,
    refresh_hash  TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    rotated_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (app_id, id),
    CONSTRAINT lintel_sessions_code UNIQUE (app_id, code_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lintel_sessions_user ON lintel_sessions (app_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX lintel_sessions_ended ON lintel_sessions (app_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX lintel_sessions_expired ON lintel_sessions (app_id, expires_at) WHERE ended_at IS NULL;

CREATE TABLE lintel_devices (
    app_id     TEXT NOT NULL,
    hash       TEXT NOT NULL,
    phone      TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX lintel_devices_phone ON lintel_devices (app_id, phone, created_at);
CREATE INDEX lintel_devices_expired ON lintel_devices (app_id, expires_at);

CREATE TABLE lintel_signing_keys (
    app_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    encrypted  BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lintel_test_guesses (
    app_id TEXT NOT NULL,
    entry  TEXT NOT NULL,
    wrong  INTEGER NOT NULL,
    PRIMARY KEY (app_id, entry)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE lintel_test_guesses;
DROP TABLE lintel_signing_keys;
DROP TABLE lintel_devices;
DROP TABLE lintel_sessions;
DROP TABLE lintel_code_uses;
DROP TABLE lintel_members;
DROP TABLE lintel_corps;
DROP TABLE lintel_users;
