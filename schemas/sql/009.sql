-- Schema 9: the leaves of schema 5 with what reports read of them. They lie far
-- apart in the log: looked up one by one, a disk's head walks all over it.
DROP INDEX leaf_change;
CREATE INDEX leaf_change ON leaf(seq, consignment, entry, bytes)
    WHERE instr(bytes, x'0A3130320A') > 0 OR instr(bytes, x'0A3130330A') > 0
        OR instr(bytes, x'0A3130340A') > 0 OR instr(bytes, x'0A3130350A') > 0
        OR instr(bytes, x'0A3130360A') > 0 OR instr(bytes, x'0A3130370A') > 0
        OR instr(bytes, x'0A3130380A') > 0 OR instr(bytes, x'0A3130390A') > 0
        OR instr(bytes, x'0A3131300A') > 0 OR instr(bytes, x'0A3131310A') > 0;
