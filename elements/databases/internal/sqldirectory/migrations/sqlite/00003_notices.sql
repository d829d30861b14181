-- Messages that tell of a change, kept with it until they are taken to be sent.

-- +goose Up
CREATE TABLE lintel_notices (
    app_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    made_at    INTEGER NOT NULL,
    from_app   TEXT NOT NULL,
    instance   TEXT NOT NULL,
    sms        TEXT NOT NULL,
    args       BLOB NOT NULL,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX lintel_notices_made_at ON lintel_notices (app_id, made_at);

-- +goose Down
DROP TABLE lintel_notices;
