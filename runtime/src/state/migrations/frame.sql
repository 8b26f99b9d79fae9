-- What the states of all versions have, and no layout changes: how versions know each other, and
-- how writers wait for each other.

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
