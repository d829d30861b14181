-- Times are milliseconds since 1970 by the server's clock. Every row belongs to an app:
-- several apps may share one database.

-- +goose Up
CREATE TABLE lintel_users (
    app_id     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    nick       text NOT NULL,
    phone      text COLLATE "C",
    test       boolean NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (app_id, id),
    CONSTRAINT lintel_users_phone UNIQUE (app_id, phone)
);

CREATE TABLE lintel_corps (
    app_id     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    full_name  text COLLATE "C" NOT NULL,
    title      text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (app_id, id),
    CONSTRAINT lintel_corps_full_name UNIQUE (app_id, full_name)
);

CREATE TABLE lintel_members (
    app_id    text COLLATE "C" NOT NULL,
    user_id   text COLLATE "C" NOT NULL,
    corp_id   text COLLATE "C" NOT NULL,
    joined_at bigint NOT NULL,
    PRIMARY KEY (app_id, user_id, corp_id),
    FOREIGN KEY (app_id, user_id) REFERENCES lintel_users (app_id, id),
    FOREIGN KEY (app_id, corp_id) REFERENCES lintel_corps (app_id, id)
);

-- A code or ticket that has been used. The rows outlive every code, token and
-- answer kept for a repeat.
CREATE TABLE lintel_code_uses (
    app_id  text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    request text NOT NULL,
    kind    text NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    used_at bigint NOT NULL,
    PRIMARY KEY (app_id, id)
);
CREATE INDEX lintel_code_uses_used_at ON lintel_code_uses (app_id, used_at);

-- A row without user_id is what is left of a code that was ended before its
-- session was made: the session takes the row over, and is ended.
CREATE TABLE lintel_sessions (
    app_id        text COLLATE "C" NOT NULL,
    id            text COLLATE "C" NOT NULL,
    user_id       text COLLATE "C",
    corp_id       text COLLATE "C" NOT NULL,
    platform      text NOT NULL,
    code_id       text COLLATE "C",
    request       text NOT NULL,
    created_at    bigint NOT NULL,
    last_seen_at  bigint NOT NULL,
    ended_at      bigint,
    generation    bigint NOT NULL,
    refresh_hash  text NOT NULL,
    previous_hash text NOT NULL,
    rotated_at    bigint NOT NULL,
    expires_at    bigint NOT NULL,
    PRIMARY KEY (app_id, id),
    CONSTRAINT lintel_sessions_code UNIQUE (app_id, code_id)
);
CREATE INDEX lintel_sessions_user ON lintel_sessions (app_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX lintel_sessions_ended ON lintel_sessions (app_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX lintel_sessions_expired ON lintel_sessions (app_id, expires_at) WHERE ended_at IS NULL;

CREATE TABLE lintel_devices (
    app_id     text COLLATE "C" NOT NULL,
    hash       text COLLATE "C" NOT NULL,
    phone      text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (app_id, hash)
);
CREATE INDEX lintel_devices_phone ON lintel_devices (app_id, phone, created_at);
CREATE INDEX lintel_devices_expired ON lintel_devices (app_id, expires_at);

CREATE TABLE lintel_signing_keys (
    app_id     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    encrypted  bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (app_id, id)
);

CREATE TABLE lintel_test_guesses (
    app_id text COLLATE "C" NOT NULL,
    entry  text COLLATE "C" NOT NULL,
    wrong  bigint NOT NULL,
    PRIMARY KEY (app_id, entry)
);

-- +goose Down
DROP TABLE lintel_test_guesses;
DROP TABLE lintel_signing_keys;
DROP TABLE lintel_devices;
DROP TABLE lintel_sessions;
DROP TABLE lintel_code_uses;
DROP TABLE lintel_members;
DROP TABLE lintel_corps;
DROP TABLE lintel_users;
