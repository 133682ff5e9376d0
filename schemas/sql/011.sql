-- Schema 11: how many files, parts and pages the log says came in (the payloads of
-- unpacked, and of what was erased since), for the balance; and of which consignment
-- (leaves of those events, and of what was read again). With some lines more that
-- are a sequence of that number.
CREATE INDEX payload_count ON payload(seq,
    CAST(substr(body, nullif(instr(body, '"files":'), 0) + 8) AS INTEGER),
    CAST(substr(body, nullif(instr(body, '"parts":'), 0) + 8) AS INTEGER),
    CAST(substr(body, nullif(instr(body, '"archives":'), 0) + 11) AS INTEGER),
    CAST(substr(body, nullif(instr(body, '"pages":'), 0) + 8) AS INTEGER))
    WHERE instr(body, '"archives":') > 0;
CREATE INDEX leaf_count ON leaf(seq, consignment)
    WHERE instr(bytes, x'0A33300A') > 0 OR instr(bytes, x'0A35330A') > 0
        OR instr(bytes, x'0A3230340A') > 0;
