-- Schema 5: what reports look for. In the log:
-- changes of disposition but for the ordinary end, and what has a reason.

CREATE INDEX payload_change ON payload(seq)
    WHERE (substr(body, 1, 10) = '{"stage":"'
        AND instr(body, '"from":"ready","to":"done"') = 0
        OR instr(body, '"reason":"') > 0);

-- How pages read, without their texts.
CREATE INDEX page_quality ON page(part, source, flags, confidence);
