-- Sluse database, schema 1. Forward only: later numbers change what stands here.
-- Names of stages, dispositions, reasons and events: daemon/registry/*.def; the
-- look-up tables below are filled from them at every start.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE stage (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE disposition (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE outcome (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE event (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE field (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- One delivery through a door.
CREATE TABLE consignment (
    id INTEGER PRIMARY KEY,
    ulid TEXT NOT NULL UNIQUE,          -- the claim; exists before this row
    reception TEXT NOT NULL UNIQUE,     -- M26-004711-3
    queue TEXT NOT NULL,
    name TEXT NOT NULL,                 -- for showing
    name_raw BLOB NOT NULL,             -- as dropped
    is_folder INTEGER NOT NULL,
    actor TEXT NOT NULL,                -- who dropped it: uid:1000
    received_ms INTEGER NOT NULL,       -- UTC, commit of *received*
    dropped_ms INTEGER NOT NULL,        -- mtime of what was dropped
    size INTEGER NOT NULL,
    channel_key TEXT,                   -- what its channel calls the same
    stage INTEGER NOT NULL REFERENCES stage(number),
    disposition INTEGER NOT NULL REFERENCES disposition(number),
    outcome INTEGER REFERENCES outcome(number),
    reason TEXT,
    detail TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_ms INTEGER,
    entries INTEGER NOT NULL DEFAULT 0,
    source_place TEXT NOT NULL DEFAULT 'claimed'  -- claimed | done | gone
) STRICT;
CREATE INDEX consignment_open ON consignment(disposition) WHERE disposition <> 60;
CREATE INDEX consignment_day ON consignment(received_ms);
CREATE INDEX consignment_channel ON consignment(queue, channel_key) WHERE channel_key IS NOT NULL;

-- Bytes kept under their digest; never changed.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    made_ms INTEGER NOT NULL
) STRICT;

-- One file of a consignment as dropped.
CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    consignment INTEGER NOT NULL REFERENCES consignment(id),
    number INTEGER NOT NULL,            -- from 0
    name TEXT NOT NULL,                 -- path below the dropped folder
    name_raw BLOB NOT NULL,
    blob INTEGER NOT NULL REFERENCES blob(id),
    UNIQUE (consignment, number)
) STRICT;
CREATE INDEX source_blob ON source(blob);

-- Parts made while unpacking lie together in one file of the store.
CREATE TABLE bundle (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    source INTEGER NOT NULL REFERENCES source(id),
    size INTEGER NOT NULL
) STRICT;
CREATE INDEX bundle_source ON bundle(source);

CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES source(id),
    number INTEGER NOT NULL,            -- in its source; 0 = the source itself
    parent INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    role INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_raw BLOB NOT NULL,
    name_charset TEXT NOT NULL,
    bundle INTEGER REFERENCES bundle(id), -- NULL: the source's blob
    offset INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    mime TEXT NOT NULL,
    puid TEXT NOT NULL,
    format TEXT NOT NULL,
    basis INTEGER NOT NULL,
    warnings TEXT NOT NULL,
    reader TEXT NOT NULL,
    reason TEXT,
    pages INTEGER NOT NULL,
    UNIQUE (source, number)
) STRICT;
CREATE INDEX part_digest ON part(sha256);

-- One page read once by one version of the step.
CREATE TABLE page (
    part INTEGER NOT NULL REFERENCES part(id),
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    source INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    language TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    dpi INTEGER NOT NULL,
    rotate INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    reason TEXT,
    text TEXT NOT NULL,
    boxes BLOB NOT NULL,
    PRIMARY KEY (part, number)
) WITHOUT ROWID, STRICT;

CREATE TABLE found (
    id INTEGER PRIMARY KEY,
    part INTEGER NOT NULL REFERENCES part(id),
    page INTEGER NOT NULL,
    field INTEGER NOT NULL REFERENCES field(number),
    value TEXT NOT NULL,
    label TEXT NOT NULL,
    source INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    x0 INTEGER NOT NULL, y0 INTEGER NOT NULL,
    x1 INTEGER NOT NULL, y1 INTEGER NOT NULL
) STRICT;
CREATE INDEX found_part ON found(part, page);

CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    part INTEGER NOT NULL REFERENCES part(id),
    slug TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX note_part ON note(part);

-- What becomes one journalpost.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    consignment INTEGER NOT NULL REFERENCES consignment(id),
    number INTEGER NOT NULL,            -- in its consignment, from 1
    own_key TEXT NOT NULL UNIQUE,       -- the same towards every target, for ever
    stage INTEGER NOT NULL REFERENCES stage(number),
    disposition INTEGER NOT NULL REFERENCES disposition(number),
    outcome INTEGER REFERENCES outcome(number),
    reason TEXT,
    detail TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_ms INTEGER,
    held_until_ms INTEGER,
    duplicate_of INTEGER REFERENCES entry(id),
    revision INTEGER NOT NULL DEFAULT 0,  -- of its placement
    born_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    case_number TEXT,
    title TEXT,
    post TEXT,                          -- the prepared post, JSON
    UNIQUE (consignment, number)
) STRICT;
CREATE INDEX entry_open ON entry(disposition) WHERE disposition <> 60;
CREATE INDEX entry_duplicate ON entry(duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL REFERENCES entry(id),
    number INTEGER NOT NULL,            -- from 1; 1 = main document
    role TEXT NOT NULL,                 -- H or V
    title TEXT NOT NULL,
    part INTEGER NOT NULL REFERENCES part(id), -- its original
    UNIQUE (entry, number)
) STRICT;
CREATE INDEX document_part ON document(part);

-- Candidates of one placement, best first; nothing is overwritten.
CREATE TABLE placement (
    entry INTEGER NOT NULL REFERENCES entry(id),
    revision INTEGER NOT NULL,
    field INTEGER NOT NULL REFERENCES field(number),
    rank INTEGER NOT NULL,
    value TEXT NOT NULL,
    confidence INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    evidence TEXT NOT NULL,             -- JSON array
    actor TEXT NOT NULL,
    PRIMARY KEY (entry, revision, field, rank)
) WITHOUT ROWID, STRICT;

-- One entry to one target. pending: waits or is under way.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL REFERENCES entry(id),
    target TEXT NOT NULL,
    state TEXT NOT NULL,                -- pending | delivered | stopped
    attempts INTEGER NOT NULL DEFAULT 0,
    uncertain INTEGER NOT NULL DEFAULT 0,
    first_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    reason TEXT,
    detail TEXT,
    http_status INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    changed_ms INTEGER NOT NULL,
    UNIQUE (entry, target)
) STRICT;
CREATE INDEX delivery_pending ON delivery(target, next_ms) WHERE state = 'pending';

CREATE TABLE delivery_step (
    delivery INTEGER NOT NULL REFERENCES delivery(id),
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    key TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (delivery, number),
    UNIQUE (delivery, step)
) WITHOUT ROWID, STRICT;

-- Known case files (saksmapper), from a target or a CSV file.
CREATE TABLE case_file (
    number TEXT PRIMARY KEY,            -- 2026/211
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    unit TEXT NOT NULL,
    klass TEXT NOT NULL,
    target_key TEXT NOT NULL,
    origin TEXT NOT NULL,               -- csv, or the target's name
    seen_ms INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Every number drawn, also those of consignments that came to nothing.
CREATE TABLE reception_year (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

-- The journal (sporingslogg): leaf v1 and its payload beside it.
CREATE TABLE leaf (
    seq INTEGER PRIMARY KEY,            -- from 0
    bytes BLOB NOT NULL,
    consignment INTEGER,                -- for finding, not part of the proof
    entry INTEGER
) STRICT;
CREATE INDEX leaf_consignment ON leaf(consignment) WHERE consignment IS NOT NULL;
CREATE TABLE payload (
    seq INTEGER PRIMARY KEY REFERENCES leaf(seq),
    salt BLOB NOT NULL,
    body TEXT NOT NULL                  -- JSON object
) STRICT;
-- The tree after the last leaf: size, roots of its full subtrees, root.
CREATE TABLE tree (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    nodes BLOB NOT NULL,
    root BLOB NOT NULL
) STRICT;
