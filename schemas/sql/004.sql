-- What a target's own journal holds, as it told when it was last asked: our
-- posts and those of others. Read for reports; nothing is decided by it.
CREATE TABLE target_post (
    target TEXT NOT NULL,
    target_key TEXT NOT NULL,           -- the target's id
    own_key TEXT NOT NULL,              -- entry.own_key, or ''
    case_number TEXT NOT NULL,          -- 2026/211, or ''
    number TEXT NOT NULL,               -- 2026/211-8
    year INTEGER NOT NULL,              -- of the journal; 0: not told
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,                 -- I, U, N, X, S
    status TEXT NOT NULL,               -- M, J, A, U ..
    title TEXT NOT NULL,
    public_title TEXT NOT NULL,
    access TEXT NOT NULL,
    received TEXT NOT NULL,             -- dates: 2026-03-05, or ''
    document_date TEXT NOT NULL,
    journal_date TEXT NOT NULL,
    attachments INTEGER NOT NULL,       -- -1: not told
    first_ms INTEGER NOT NULL,          -- seen first and last
    seen_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,        -- status, case or title, as last seen
    PRIMARY KEY (target, target_key)
) WITHOUT ROWID, STRICT;
CREATE INDEX target_post_own ON target_post(own_key) WHERE own_key <> '';
