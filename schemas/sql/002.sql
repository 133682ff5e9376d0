-- Schema 2: the journal's keys and signed heads, what was erased.

-- Every key that signed; the one with the highest number signs now.
CREATE TABLE journal_key (
    number INTEGER PRIMARY KEY,         -- from 1
    vkey TEXT NOT NULL UNIQUE,          -- C2SP: name+id+key
    made_ms INTEGER NOT NULL,
    introduction TEXT                   -- note signed by the key before it
) STRICT;

-- Signed heads (C2SP tlog-checkpoint). nodes as in tree: the roots of the full
-- subtrees at that size.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL,
    nodes BLOB NOT NULL,
    made_ms INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

-- Payloads that were lawfully erased, and the leaf that says so.
CREATE TABLE erasure (
    seq INTEGER PRIMARY KEY REFERENCES leaf(seq),
    event INTEGER NOT NULL REFERENCES leaf(seq)
) STRICT;
CREATE INDEX erasure_event ON erasure(event);
ALTER TABLE consignment ADD COLUMN erased_ms INTEGER; -- its content
-- Files that shall go, until they are gone: 1 original (its digest in hex), 2
-- bundle, 3 what lies in a queue's Ferdig under a reception number.
CREATE TABLE erasing (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    queue TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID, STRICT;
