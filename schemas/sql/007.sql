-- Schema 7: what others say of the journal's signed heads, and how it goes with
-- those who are asked.

-- By witnesses (C2SP tlog-cosignature); the head is checkpoint's row of that size.
CREATE TABLE cosignature (
    size INTEGER NOT NULL,
    vkey TEXT NOT NULL,                 -- the witness's: name+id+key
    mark BLOB NOT NULL,                 -- 8 bytes of time, 64 of signature
    made_ms INTEGER NOT NULL,           -- when it came
    PRIMARY KEY (size, vkey)
) STRICT;
CREATE INDEX cosignature_vkey ON cosignature(vkey, size);

-- Certificates that tokens lead to, as they were configured then.
CREATE TABLE stamp_trust (
    number INTEGER PRIMARY KEY,         -- from 1
    pem TEXT NOT NULL UNIQUE
) STRICT;

-- RFC 3161 tokens over SHA-256 of a head's note.
CREATE TABLE stamp (
    size INTEGER NOT NULL,
    tsa TEXT NOT NULL,                  -- its section's name
    time_s INTEGER NOT NULL,            -- what the token says
    token BLOB NOT NULL,                -- TimeStampResp, DER
    trust INTEGER NOT NULL REFERENCES stamp_trust(number),
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (size, tsa)
) STRICT;

-- Those of the configuration. What is gone from it goes from here.
CREATE TABLE witness (
    kind TEXT NOT NULL,                 -- witness | tsa
    name TEXT NOT NULL,
    size INTEGER NOT NULL,              -- of the last head it marked; 0: none
    marked_ms INTEGER NOT NULL,         -- when; 0: never
    due_ms INTEGER NOT NULL,            -- tsa: when the next token is due
    stale_ms INTEGER NOT NULL,          -- a warning once it is late by so much
    tried_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,             -- failures in a row
    reason TEXT NOT NULL,               -- of the last; '' since it went well
    detail TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT;
