-- A row that is written to find out whether writing works.

-- +goose Up
CREATE TABLE lintel_test_writes (
    app_id     text COLLATE "C" NOT NULL,
    written_at bigint NOT NULL,
    fill       bytea,
    PRIMARY KEY (app_id)
);

-- +goose Down
DROP TABLE lintel_test_writes;
