-- what an engine's ledger held when the last run ended: another one tells of another database
CREATE TABLE ledgers (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (project, engine)
) STRICT, WITHOUT ROWID;
