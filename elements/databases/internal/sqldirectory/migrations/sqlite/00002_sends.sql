-- How messages were sent, and what vendors reported of them. A receipt may come before
-- its send is written down, so each has a table of its own.

-- +goose Up
CREATE TABLE lintel_sms_sends (
    app_id            TEXT NOT NULL,
    id                TEXT NOT NULL,
    sent_at           INTEGER NOT NULL,
    phone             TEXT NOT NULL,
    instance          TEXT NOT NULL,
    vendor            TEXT NOT NULL,
    message_id        TEXT NOT NULL,
    request_id        TEXT NOT NULL,
    vendor_request_id TEXT NOT NULL,
    state             TEXT NOT NULL,
    reason            TEXT NOT NULL,
    code              TEXT NOT NULL,
    took_ms           INTEGER NOT NULL,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX lintel_sms_sends_sent_at ON lintel_sms_sends (app_id, sent_at);

-- rank: 1 failed, 2 delivered; it only grows.
CREATE TABLE lintel_sms_receipts (
    app_id      TEXT NOT NULL,
    instance    TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    rank        INTEGER NOT NULL,
    code        TEXT NOT NULL,
    reported_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, instance, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX lintel_sms_receipts_received_at ON lintel_sms_receipts (app_id, received_at);

-- +goose Down
DROP TABLE lintel_sms_receipts;
DROP TABLE lintel_sms_sends;
