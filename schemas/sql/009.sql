-- Schema 9: the leaves of schema 5 with what reports read of them. They lie far
-- apart in the log: looked up one by one, a disk's head walks all over it.
DROP INDEX leaf_change;
CREATE INDEX leaf_change ON leaf(seq, consignment, entry, bytes)
    WHERE instr(bytes, x'0A3130320A') > 0 OR instr(bytes, x'0A3130330A') > 0
        OR instr(bytes, x'0A3130340A') > 0 OR instr(bytes, x'0A3130350A') > 0
        OR instr(bytes, x'0A3130360A') > 0 OR instr(bytes, x'0A3130370A') > 0
        OR instr(bytes, x'0A3130380A') > 0 OR instr(bytes, x'0A3130390A') > 0
        OR instr(bytes, x'0A3131300A') > 0 OR instr(bytes, x'0A3131310A') > 0;
-- What came in (events received, entry_born), for the balance: its totals are
-- those of the log, not of the rows. And the few that the door refused.
CREATE INDEX leaf_arrival ON leaf(seq, entry, bytes)
    WHERE instr(bytes, x'0A32300A') > 0 OR instr(bytes, x'0A35310A') > 0;
CREATE INDEX leaf_refused ON leaf(seq, bytes)
    WHERE instr(bytes, x'0A32330A') > 0;
