-- Messages that tell of a change, kept with it until they are taken to be sent.

-- +goose Up
CREATE TABLE lintel_notices (
    app_id     text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    made_at    bigint NOT NULL,
    from_app   text COLLATE "C" NOT NULL,
    instance   text COLLATE "C" NOT NULL,
    sms        text COLLATE "C" NOT NULL,
    args       bytea NOT NULL,
    PRIMARY KEY (app_id, id)
);

CREATE INDEX lintel_notices_made_at ON lintel_notices (app_id, made_at);

-- +goose Down
DROP TABLE lintel_notices;
