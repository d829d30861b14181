-- How messages were sent, and what vendors reported of them. A receipt may come before
-- its send is written down, so each has a table of its own.

-- +goose Up
CREATE TABLE lintel_sms_sends (
    app_id            text COLLATE "C" NOT NULL,
    id                text COLLATE "C" NOT NULL,
    sent_at           bigint NOT NULL,
    phone             text COLLATE "C" NOT NULL,
    instance          text COLLATE "C" NOT NULL,
    vendor            text COLLATE "C" NOT NULL,
    message_id        text COLLATE "C" NOT NULL,
    request_id        text COLLATE "C" NOT NULL,
    vendor_request_id text COLLATE "C" NOT NULL,
    state             text COLLATE "C" NOT NULL,
    reason            text COLLATE "C" NOT NULL,
    code              text COLLATE "C" NOT NULL,
    took_ms           bigint NOT NULL,
    PRIMARY KEY (app_id, id)
);

CREATE INDEX lintel_sms_sends_sent_at ON lintel_sms_sends (app_id, sent_at);

-- rank: 1 failed, 2 delivered; it only grows.
CREATE TABLE lintel_sms_receipts (
    app_id      text COLLATE "C" NOT NULL,
    instance    text COLLATE "C" NOT NULL,
    message_id  text COLLATE "C" NOT NULL,
    rank        smallint NOT NULL,
    code        text COLLATE "C" NOT NULL,
    reported_at bigint NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (app_id, instance, message_id)
);

CREATE INDEX lintel_sms_receipts_received_at ON lintel_sms_receipts (app_id, received_at);

-- +goose Down
DROP TABLE lintel_sms_receipts;
DROP TABLE lintel_sms_sends;
