-- A row that is written to find out whether writing works.

-- +goose Up
CREATE TABLE lintel_test_writes (
    app_id     TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    fill       BLOB,
    PRIMARY KEY (app_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE lintel_test_writes;
