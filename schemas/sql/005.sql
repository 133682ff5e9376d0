-- Schema 5: what reports look for in the log (avklaringer, stille innganger):
-- changes of disposition but for the ordinary end, and what has a reason.

CREATE INDEX payload_change ON payload(seq)
    WHERE (substr(body, 1, 10) = '{"stage":"'
        AND instr(body, '"from":"ready","to":"done"') = 0
        OR instr(body, '"reason":"') > 0);
