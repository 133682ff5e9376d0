-- Packages: what the description of a package says of it, of each of its posts
-- and of the documents it names.

-- Which of the package's posts a fact is about, from 1; 0 = all of them.
ALTER TABLE found ADD COLUMN post INTEGER NOT NULL DEFAULT 0;
-- The kind of package this part describes: svarinn, arkivmelding ..; '' = none.
ALTER TABLE part ADD COLUMN describes TEXT NOT NULL DEFAULT '';
-- Which of the posts of its package an entry is, from 1; 0 = no package.
ALTER TABLE entry ADD COLUMN described INTEGER NOT NULL DEFAULT 0;
-- dokumenttype; and whether title is the sender's, not made from a file name.
ALTER TABLE document ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN given INTEGER NOT NULL DEFAULT 0;

-- A document that a description names, as it names it.
CREATE TABLE named (
    part INTEGER NOT NULL REFERENCES part(id),  -- the description
    post INTEGER NOT NULL,
    number INTEGER NOT NULL,            -- in the order they are named, from 1
    main INTEGER NOT NULL,
    file TEXT NOT NULL,
    title TEXT NOT NULL,
    type TEXT NOT NULL,
    checks INTEGER NOT NULL,            -- 1: size, 2: sha256 must be so
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (part, number)
) WITHOUT ROWID, STRICT;
