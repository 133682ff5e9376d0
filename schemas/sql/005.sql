-- Schema 5: what reports look for. In the log: the leaves of what a person or the
-- house decided (events 102 to 111 of events.def), by a line of their bytes that
-- may also be a sequence; a payload may be gone.
CREATE INDEX leaf_change ON leaf(seq)
    WHERE instr(bytes, x'0A3130320A') > 0 OR instr(bytes, x'0A3130330A') > 0
        OR instr(bytes, x'0A3130340A') > 0 OR instr(bytes, x'0A3130350A') > 0
        OR instr(bytes, x'0A3130360A') > 0 OR instr(bytes, x'0A3130370A') > 0
        OR instr(bytes, x'0A3130380A') > 0 OR instr(bytes, x'0A3130390A') > 0
        OR instr(bytes, x'0A3131300A') > 0 OR instr(bytes, x'0A3131310A') > 0;

-- How pages read, without their texts.
CREATE INDEX page_quality ON page(part, source, flags, confidence);
