-- who this database is, for engines to name it
CREATE TABLE identity (
    id TEXT NOT NULL
) STRICT;

-- one version of one model on one engine, with the table that holds it
CREATE TABLE snapshots (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    physical TEXT NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL,
    load TEXT NOT NULL,
    reads TEXT NOT NULL,
    columns TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project, engine, model, version)
) STRICT, WITHOUT ROWID;

-- everything created in an engine, by exact name; nothing else is ever dropped
CREATE TABLE objects (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    physical TEXT NOT NULL,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    uses TEXT NOT NULL,
    PRIMARY KEY (project, engine, physical)
) STRICT, WITHOUT ROWID;

-- filled ranges in microseconds since 1970, merged
CREATE TABLE filled (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    physical TEXT NOT NULL,
    range_start INTEGER NOT NULL,
    range_end INTEGER NOT NULL,
    PRIMARY KEY (project, engine, physical, range_start)
) STRICT, WITHOUT ROWID;

-- what the users' views of an environment show
CREATE TABLE published (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    environment TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    physical TEXT NOT NULL,
    view_schema TEXT NOT NULL,
    view_name TEXT NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (project, engine, environment, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    environment TEXT NOT NULL,
    project_hash TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER,
    status TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_by_time ON runs (project, started_at);

CREATE TABLE steps (
    run TEXT NOT NULL,
    position INTEGER NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    rows INTEGER,
    duration_ms INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
