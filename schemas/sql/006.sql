-- Schema 6: requests that wait for a second person, and glass that was broken.
-- Both stand in the journal as well; these rows are for finding them.

CREATE TABLE approval (
    id INTEGER PRIMARY KEY,
    verb TEXT NOT NULL,                 -- of daemon/access/verbs.def
    request TEXT NOT NULL,              -- what sluse sent: its verb
    args TEXT NOT NULL,                 -- and its JSON object; '' once it ended
    subject TEXT NOT NULL,              -- M26-004711-3.1 or "-"
    items INTEGER NOT NULL,
    actor TEXT NOT NULL,                -- who asked
    why TEXT NOT NULL,                  -- '' once it ended
    asked_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    state TEXT NOT NULL,                -- pending | approved | denied | expired
    second TEXT,                        -- who ended it
    ended_ms INTEGER
) STRICT;
CREATE INDEX approval_pending ON approval(expires_ms) WHERE state = 'pending';

CREATE TABLE glass (
    id INTEGER PRIMARY KEY,
    used_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    verb TEXT NOT NULL,
    subject TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX glass_day ON glass(used_ms);
