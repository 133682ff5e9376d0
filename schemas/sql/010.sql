-- Schema 10: how many entries are done, by how they ended, replaced ones too.
-- Status tells it, and to count a million of them took seconds. Whoever writes
-- entries keeps it (entry.c); who reads it holds its sum against the entries.
CREATE TABLE done_count (
    queue TEXT NOT NULL,
    stage INTEGER NOT NULL,
    outcome INTEGER NOT NULL,           -- 0: none
    entries INTEGER NOT NULL,
    PRIMARY KEY (queue, stage, outcome)
) STRICT, WITHOUT ROWID;
INSERT INTO done_count
    SELECT c.queue, e.stage, ifnull(e.outcome, 0), count(*)
    FROM entry e JOIN consignment c ON c.id = e.consignment
    WHERE e.disposition = 60 GROUP BY 1, 2, 3;
-- Consignments that ended themselves; only they have an outcome.
CREATE INDEX consignment_ended ON consignment(queue, stage, outcome)
    WHERE disposition = 60 AND outcome IS NOT NULL;
