#!/usr/bin/env python3
"""The tables of SLUSE_LETTERS deliveries (60 000) held against their leaves: how
much time and memory that takes beside verifying the log they stand in. Their rows
and leaves are those of letters that went the road, over and over."""
import hashlib
import os
import shutil
import sqlite3
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("e2e", "outsider", "long"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))
import forge  # noqa: E402
import house  # noqa: E402
import outsider  # noqa: E402
from journal import MEMORY, run  # noqa: E402

LETTERS = int(os.environ.get("SLUSE_LETTERS", "60000"))


def road():
    """The database of a few letters, delivered and held."""
    with house.House(target="noark5") as h:
        h.wait_for(lambda: h.rows("cases", "list"), 20, "known cases")
        for n in range(8):
            h.drop_bytes(b"Hei. Sak 2026/87, brev %d\n" % n, "brev-%d.txt" % n)
        for n in range(2):
            h.drop_bytes(b"Hei, ingen sak her. %d\n" % n, "annet-%d.txt" % n)
        h.wait_quiet(60, 10)
        h.stop()
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        copy = sqlite3.connect(":memory:")
        db.backup(copy)
        db.close()
    return copy


class Copies:
    """One letter after the other, each with rows, leaves and payloads of its
    own."""

    def __init__(self, source, root):
        self.tree, self.seq = outsider.Tree(), 0
        os.makedirs(os.path.join(root, "db"))
        self.db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        source.backup(self.db)
        for table in ("payload", "leaf", "checkpoint", "delivery_step",
                      "delivery", "document", "placement", "entry",
                      "page", "found", "note", "named", "part", "bundle",
                      "source", "consignment"):
            self.db.execute("DELETE FROM " + table)
        self.letters = [self.take(source, c) for c in source.execute(
            "SELECT * FROM consignment").fetchall()]
        self.origin = source.execute("SELECT bytes FROM leaf").fetchone()[
            0].split(b"\n")[1]

    @staticmethod
    def take(db, consignment):
        def rows(sql):
            return db.execute(sql, (consignment[0],)).fetchall()
        return (consignment,
                rows("SELECT * FROM entry WHERE consignment = ?"),
                rows("SELECT d.* FROM delivery d JOIN entry e ON e.id = d.entry"
                     " WHERE e.consignment = ?"),
                rows("SELECT * FROM source WHERE consignment = ?"),
                rows("SELECT p.* FROM part p JOIN source s ON s.id = p.source"
                     " WHERE s.consignment = ?"),
                rows("SELECT g.* FROM page g JOIN part p ON p.id = g.part JOIN"
                     " source s ON s.id = p.source WHERE s.consignment = ?"),
                rows("SELECT d.* FROM document d JOIN entry e ON e.id = d.entry"
                     " WHERE e.consignment = ?"),
                rows("SELECT l.bytes, p.salt, p.body, l.entry FROM leaf l JOIN"
                     " payload p USING (seq) WHERE l.consignment = ?"
                     " ORDER BY seq"))

    def insert(self, table, row):
        self.db.execute("INSERT INTO %s VALUES (%s)" % (
            table, ",".join("?" * len(row))), row)

    def put(self, n):
        (consignment, entries, deliveries, sources, parts, pages, documents,
         leaves) = self.letters[n % len(self.letters)]
        reception = "M26-%06d-0" % n
        self.insert("consignment", (n, "ulid-%d" % n, reception) +
                    consignment[3:])
        for row in entries:
            self.insert("entry", (n, n, row[2], "key-%d" % n) + row[4:])
        for row in deliveries:
            self.insert("delivery", (n, n) + row[2:])
        for table, rows, key in (("source", sources, (n, n)),
                                 ("part", parts, (n, n)), ("page", pages, (n,)),
                                 ("document", documents, (n, n))):
            for row in rows:  # a document's last but two is its part
                row = key + row[len(key):]
                self.insert(table, row if table != "document" else
                            row[:5] + (n,) + row[6:])
        for data, salt, body, entry in leaves:
            for row in entries:
                body = body.replace(row[3], "key-%d" % n)
            lines = data.split(b"\n")
            lines[2] = b"%d" % self.seq
            lines[5] = lines[5].replace(consignment[2].encode(),
                                        reception.encode())
            lines[7] = hashlib.sha256(salt + body.encode()).hexdigest().encode()
            data = b"\n".join(lines)
            self.insert("leaf", (self.seq, data, n, n if entry else None))
            self.insert("payload", (self.seq, salt, body))
            self.tree.append(outsider.leaf_hash(data))
            self.seq += 1

    def end(self):
        forge.put_tree(self.db, self.tree)
        self.db.commit()
        self.db.execute("ANALYZE")
        self.db.close()


class Tables(unittest.TestCase):
    def test_time_and_memory(self):
        top = tempfile.mkdtemp(prefix="sluse-long-",
                               dir=os.environ.get("TMPDIR"))
        self.addCleanup(shutil.rmtree, top)
        copies = Copies(road(), top)
        for n in range(1, LETTERS + 1):
            copies.put(n)
        copies.end()
        verify = (os.path.join(house.BIN, "sluse"), "--root", top, "journal",
                  "verify")
        log, both = [], []
        for _ in range(3):  # the machine has other work too
            log.append(run(*verify, "--log-only"))
            both.append(run(*verify))
        alone, whole = min(r[1] for r in log), min(r[1] for r in both)
        print("  %d leaves %6.2f s cpu, %5.1f MiB\n  and %d deliveries "
              "%6.2f s more, %5.1f MiB" % (
                  copies.seq, alone, max(r[2] for r in log) / 2**20, LETTERS,
                  whole - alone, max(r[2] for r in both) / 2**20))
        self.assertIn("what it tells of %d consignments" % LETTERS, both[0][0])
        self.assertLessEqual(whole, 2 * alone)
        for _, _, memory in log + both:
            self.assertLess(memory, MEMORY)


if __name__ == "__main__":
    unittest.main(verbosity=2)
