-- The layout of a state, as SQLite takes it; for Postgres `layout.rs` translates the types. All
-- instants are microseconds since 1970 UTC. docs/state.md says what each table is for.

-- which layout this is: one row
CREATE TABLE layout (
    version INTEGER PRIMARY KEY NOT NULL
) STRICT;

-- who this database is, for engines to name it: one row
CREATE TABLE identity (
    id TEXT PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

-- how often a project's part was written; each writer takes its row first, and so its turn
CREATE TABLE changes (
    project TEXT PRIMARY KEY NOT NULL,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- everything created in an engine, by exact name; nothing else is ever dropped
CREATE TABLE objects (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    physical TEXT NOT NULL,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    generation INTEGER NOT NULL,
    load TEXT NOT NULL,
    reads TEXT NOT NULL,
    uses TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    preview TEXT NOT NULL,
    tombstone INTEGER,
    loaded_at INTEGER NOT NULL,
    PRIMARY KEY (project, engine, physical)
) STRICT, WITHOUT ROWID;

-- one version of one model on one engine, with the table that holds it
CREATE TABLE snapshots (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    preview TEXT NOT NULL,
    physical TEXT NOT NULL,
    kind TEXT NOT NULL,
    columns TEXT NOT NULL,
    definition TEXT NOT NULL,
    audits TEXT NOT NULL,
    PRIMARY KEY (project, engine, model, version, preview)
) STRICT, WITHOUT ROWID;

CREATE INDEX snapshots_by_table ON snapshots (project, engine, physical);

-- filled ranges, merged
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

-- what an engine's ledger held when the last run ended: another one tells of another database
CREATE TABLE ledgers (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (project, engine)
) STRICT, WITHOUT ROWID;

-- names that point to a project version
CREATE TABLE environments (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    engine TEXT NOT NULL,
    revision INTEGER NOT NULL,
    project_version TEXT NOT NULL,
    project_hash TEXT NOT NULL,
    commit_hash TEXT NOT NULL,
    base TEXT NOT NULL,
    base_revision INTEGER NOT NULL,
    protected INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    expires_at INTEGER,
    pending_plan TEXT NOT NULL,
    intent TEXT NOT NULL,
    PRIMARY KEY (project, name)
) STRICT, WITHOUT ROWID;

-- what an environment pointed to, by revision
CREATE TABLE history (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    revision INTEGER NOT NULL,
    project_version TEXT NOT NULL,
    project_hash TEXT NOT NULL,
    commit_hash TEXT NOT NULL,
    plan TEXT NOT NULL,
    action TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (project, environment, revision)
) STRICT, WITHOUT ROWID;

-- lists of models with their versions
CREATE TABLE project_versions (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    project_hash TEXT NOT NULL,
    commit_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    models TEXT NOT NULL,
    PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;

-- what models of project versions were, by hash
CREATE TABLE definitions (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    environment TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    status TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;

-- the last fencing token given out; it only grows
CREATE TABLE tokens (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    last_token INTEGER NOT NULL,
    PRIMARY KEY (project, engine)
) STRICT, WITHOUT ROWID;

-- who works on an environment; gone as soon as any of its leases is taken over
CREATE TABLE claims (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    token INTEGER NOT NULL,
    environment TEXT NOT NULL,
    plan TEXT NOT NULL,
    PRIMARY KEY (project, engine, token)
) STRICT, WITHOUT ROWID;

-- what a claim keeps others from: physical tables, and the environment itself
CREATE TABLE leases (
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    name TEXT NOT NULL,
    token INTEGER NOT NULL,
    holder TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (project, engine, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL,
    engine TEXT NOT NULL,
    environment TEXT NOT NULL,
    project_hash TEXT NOT NULL,
    command TEXT NOT NULL,
    plan TEXT NOT NULL,
    started_by TEXT NOT NULL,
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

-- what audits found
CREATE TABLE audits (
    run TEXT NOT NULL,
    model TEXT NOT NULL,
    audit TEXT NOT NULL,
    severity TEXT NOT NULL,
    status TEXT NOT NULL,
    failing_rows INTEGER NOT NULL,
    sample TEXT NOT NULL,
    audited_at INTEGER NOT NULL,
    PRIMARY KEY (run, model, audit)
) STRICT, WITHOUT ROWID;
