#!/usr/bin/env python3
"""What reports are made of stands in tables, and who can write them could tell
anything: `journal verify` holds them against the leaves, and names whose differ."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import zipfile

import house

sys.path.insert(0, os.path.join(house.TOP, "tests", "outsider"))
import forge  # noqa: E402
import outsider  # noqa: E402

DAY_MS = 86400000
LETTER = "Hei. Sak 2026/87, brev %d\n"
STRAY = "Hei, dette brevet sier ingenting om noen sak. Nummer %d.\n"

OF_SOURCE = " WHERE source IN (SELECT id FROM source WHERE consignment = ?)"
CHANGES = (
    # what is done to the tables, of which reception, and what is said
    ("UPDATE consignment SET received_ms = received_ms - %d WHERE id = ?" %
     (40 * DAY_MS), "done", "received at another time"),
    ("UPDATE consignment SET received_ms = received_ms + 1 WHERE id = ?",
     "done", "received at another time"),
    ("UPDATE consignment SET queue = 'E-post' WHERE id = ?", "done",
     "another queue"),
    ("UPDATE delivery SET receipt = replace(receipt, '2026', '2025') WHERE "
     "entry IN (SELECT id FROM entry WHERE consignment = ?)", "done",
     "the receipt of arkiv"),
    ("UPDATE delivery SET receipt = NULL WHERE entry IN (SELECT id FROM "
     "entry WHERE consignment = ?)", "done", "the receipt of arkiv"),
    ("UPDATE delivery SET changed_ms = changed_ms + 5000 WHERE entry IN "
     "(SELECT id FROM entry WHERE consignment = ?)", "done",
     "at another time"),
    ("UPDATE delivery SET target = 'annen' WHERE entry IN (SELECT id FROM "
     "entry WHERE consignment = ?)", "done", "deliver"),
    ("UPDATE entry SET post = replace(post, 'brev', 'brEv') WHERE "
     "consignment = ?", "done", "what was prepared"),
    ("UPDATE entry SET post = NULL WHERE consignment = ?", "done",
     "what was prepared"),
    ("UPDATE entry SET own_key = 'sluse-x' WHERE consignment = ?", "done",
     "key"),
    ("UPDATE entry SET disposition = 60, stage = 80, outcome = 10 WHERE "
     "consignment = ?", "held", "stage, disposition or outcome"),
    ("UPDATE entry SET disposition = 60, outcome = 30 WHERE consignment = ?",
     "held", "stage, disposition or outcome"),
    ("UPDATE entry SET outcome = 60 WHERE consignment = ?", "done",
     "stage, disposition or outcome"),
    ("UPDATE entry SET stage = 60 WHERE consignment = ?", "done",
     "stage, disposition or outcome"),
    ("UPDATE consignment SET disposition = 60 WHERE id = ?", "held",
     "stage, disposition or outcome"),
    ("UPDATE consignment SET stage = 30 WHERE id = ?", "done",
     "stage, disposition or outcome"),
    ("UPDATE consignment SET outcome = 50 WHERE id = ?", "done",
     "stage, disposition or outcome"),
    ("DELETE FROM source WHERE consignment = ?", "done", "as many files"),
    ("INSERT INTO source (consignment, number, name, name_raw, blob) SELECT "
     "consignment, 1, 'to', x'', blob FROM source WHERE consignment = ?", "done",
     "as many files"),
    ("UPDATE source SET blob = (SELECT min(id) FROM blob) WHERE consignment = ?",
     "done", "a file is not what was received"),
    ("UPDATE blob SET sha256 = zeroblob(32) WHERE id IN (SELECT blob FROM source "
     "WHERE consignment = ?)", "done", "a file is not what was received"),
    ("DELETE FROM blob WHERE id IN (SELECT blob FROM source WHERE consignment = "
     "?)", "held", "a file is not what was received"),
    ("DELETE FROM part" + OF_SOURCE, "done", "as many parts"),
    ("INSERT INTO part (source, number, parent, depth, role, name, name_raw, "
     "name_charset, offset, size, sha256, mime, puid, format, basis, warnings, "
     "reader, pages) SELECT source, 1, 0, 1, 6, '', x'', '', 0, 0, sha256, mime, "
     "puid, format, basis, '', '', 0 FROM part" + OF_SOURCE, "held",
     "as many parts"),
    ("UPDATE part SET role = 2, mime = 'application/zip'" + OF_SOURCE, "done",
     "archives"),
    ("UPDATE part SET pages = pages + 1" + OF_SOURCE, "done", "as many pages"),
    ("UPDATE part SET pages = 0" + OF_SOURCE, "held", "as many pages"),
    ("DELETE FROM page WHERE part IN (SELECT id FROM part" + OF_SOURCE + ")",
     "done", "the texts of as many pages"),
    ("UPDATE part SET role = 4" + OF_SOURCE, "done", "a part is not"),
    ("UPDATE part SET reason = 'damaged'" + OF_SOURCE, "done", "a part is not"),
    ("UPDATE part SET mime = 'message/rfc822'" + OF_SOURCE, "held",
     "a part is not"),
    ("UPDATE part SET size = size + 1" + OF_SOURCE, "done", "a part is not"),
    ("UPDATE part SET sha256 = zeroblob(32)" + OF_SOURCE, "done",
     "a part is not"),
    ("DELETE FROM document WHERE entry IN (SELECT id FROM entry WHERE "
     "consignment = ?)", "done", "as many documents"),
    ("INSERT INTO document (entry, number, role, title, part) SELECT entry, 2, "
     "'V', '', part FROM document WHERE entry IN (SELECT id FROM entry WHERE "
     "consignment = ?)", "held", "as many documents"),
)


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = h = house.House(target="noark5")
        cls.addClassCleanup(h.close)
        h.wait_for(lambda: h.rows("cases", "list"), 20, "known cases")
        for n in range(6):
            h.drop_bytes((LETTER % n).encode(), "brev-%d.txt" % n)
        for n in range(3):
            h.drop_bytes((STRAY % n).encode(), "annet-%d.txt" % n)
        h.wait_quiet(60, 9)
        h.stop()
        cls.states = dict(h.query(
            "SELECT CASE disposition WHEN 60 THEN 'done' ELSE 'held' END,"
            " max(consignment) FROM entry WHERE disposition IN (30, 60)"
            " GROUP BY 1"))

    def copy(self):
        root = os.path.join(self.house.root, "kopi")
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(os.path.join(root, "db"))
        shutil.copyfile(os.path.join(self.house.root, "sluse.conf"),
                        os.path.join(root, "sluse.conf"))
        source = sqlite3.connect(os.path.join(self.house.root, "db", "sluse.db"))
        db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        source.backup(db)
        source.close()
        return root, db

    def verify(self, root, *args):
        done = self.house.sluse("--root", root, "--json", "journal", "verify",
                                *args, check=False)
        row = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if row["ok"] else 1)
        return row

    def events(self, h, event):
        return h.rows("journal", "list", "--kind", event)

    def payloads(self, event):
        return self.events(self.house, event)

    def test_whole(self):
        self.assertEqual(set(self.states), {"done", "held"}, self.states)
        row = self.verify(self.house.root)
        self.assertTrue(row["ok"], row)
        self.assertEqual((row["compared"], row["differ"]), (9, 0))
        row = self.verify(self.house.root, "--log-only")
        self.assertEqual(row["compared"], 0)
        self.assertIn("9 consignments", self.house.sluse("journal", "verify").stdout)

    def test_what_leaves_hold(self):
        rows = self.house.query(
            "SELECT c.reception || '.' || e.number, e.own_key, e.post, d.receipt,"
            " d.changed_ms FROM entry e JOIN consignment c ON c.id ="
            " e.consignment JOIN delivery d ON d.entry = e.id WHERE"
            " e.outcome = 10")
        self.assertGreater(len(rows), 0)
        for event in ("prepared", "delivered"):
            told = {e["subject"]: e["payload"] for e in self.payloads(event)}
            for subject, key, post, receipt, ms in rows:
                payload = told[subject]
                if event == "prepared":
                    self.assertEqual(payload["key"], key)
                    self.assertEqual(payload["post"], hashlib.sha256(
                        post.encode()).hexdigest())
                    continue
                one, = payload["deliveries"]
                says = json.loads(receipt)
                self.assertEqual(one, {
                    "target": "arkiv", "ms": ms,
                    "receipt": hashlib.sha256(receipt.encode()).hexdigest(),
                    **{k: says[k] for k in ("case", "number", "journalaar",
                                            "journalsekvensnummer")}})
        counts = {"received": "files", "unpacked": "files parts archives pages list",
                  "read": "pages texts"}
        for event, names in counts.items():
            for e in self.payloads(event):
                want = self.counted(e["subject"])
                for name in names.split():
                    self.assertEqual(e["payload"][name], want[name], e)
        for e in self.payloads("received"):
            (ms,), = self.house.query("SELECT received_ms FROM consignment "
                                      "WHERE reception = ?", e["subject"])
            self.assertEqual(e["payload"]["received_ms"], ms)

    def counted(self, reception):
        """As the manual says, of the rows."""
        files, = self.house.query(
            "SELECT count(*) FROM source s JOIN consignment c ON c.id = "
            "s.consignment WHERE c.reception = ?", reception)[0]
        parts = self.house.query(
            "SELECT s.number, p.number, p.role, p.pages, p.size, "
            "lower(hex(p.sha256)), p.mime, ifnull(p.reason, '') FROM part p JOIN "
            "source s ON s.id = p.source JOIN consignment c ON c.id = "
            "s.consignment WHERE c.reception = ? ORDER BY 1, 2", reception)
        texts, = self.house.query(
            "SELECT count(*) FROM page g JOIN part p ON p.id = g.part JOIN source "
            "s ON s.id = p.source JOIN consignment c ON c.id = s.consignment "
            "WHERE c.reception = ?", reception)[0]
        lines = "".join(json.dumps(p, ensure_ascii=False, separators=(",", ":")) +
                        "\n" for p in parts)
        return {"files": files, "parts": len(parts), "archives": 0,
                "pages": sum(p[3] for p in parts), "texts": texts,
                "list": hashlib.sha256(lines.encode()).hexdigest()}

    def test_changes(self):
        for sql, state, says in CHANGES:
            with self.subTest(sql=sql):
                root, db = self.copy()
                ident = self.states[state]
                self.assertGreater(db.execute(sql, (ident,)).rowcount, 0)
                reception, = db.execute("SELECT reception FROM consignment "
                                        "WHERE id = ?", (ident,)).fetchone()
                db.commit()
                db.close()
                row = self.verify(root)
                self.assertFalse(row["ok"])
                self.assertEqual((row["differ"], row["differs"]),
                                 (1, [reception]))
                self.assertIn(says, row["fault"])
                self.assertTrue(row["fault"].startswith(reception))
                self.assertTrue(self.verify(root, "--log-only")["ok"])
                text = self.house.sluse("--root", root, "journal", "verify",
                                        check=False).stdout
                self.assertIn(reception, text)

    def test_rows_gone(self):
        """An entry, a delivery or a whole consignment is not there any more, and
        nothing is filed under it."""
        done = self.states["done"]
        for script in (
                "DELETE FROM delivery_step WHERE delivery IN (SELECT id FROM "
                "delivery WHERE entry IN (SELECT id FROM entry WHERE "
                "consignment = %d)); DELETE FROM delivery WHERE entry IN "
                "(SELECT id FROM entry WHERE consignment = %d);",
                "UPDATE leaf SET entry = NULL WHERE consignment = %d;"
                "DELETE FROM entry WHERE consignment = %d;",
                "UPDATE leaf SET entry = NULL, consignment = NULL WHERE "
                "consignment = %d; DELETE FROM entry WHERE consignment = %d;"
                "DELETE FROM consignment WHERE id = %d;"):
            with self.subTest(script=script):
                root, db = self.copy()
                db.executescript(script.replace("%d", str(done)))
                db.commit()
                db.close()
                self.assertFalse(self.verify(root)["ok"])

    def forge(self, db, index, change):
        """The index is what `change` makes of its text, and says it is not."""
        sql, = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?",
                          (index,)).fetchone()
        other = change(sql)
        self.assertNotEqual(other, sql)
        db.execute("DROP INDEX " + index)
        db.execute(other)
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?",
                   (sql, index))
        db.commit()
        db.close()

    def test_an_index_that_leaves_out(self):
        """What it hides would be held against nothing, and no report counts it."""
        for index, some in (
                ("leaf_consignment", "consignment IS NOT NULL"),
                ("leaf_change", "instr(bytes, x'0A3130320A') > 0"),
                ("leaf_arrival", "instr(bytes, x'0A35310A') > 0"),
                ("leaf_count", "instr(bytes, x'0A33300A') > 0"),
                ("payload_count", None)):
            with self.subTest(index=index):
                root, db = self.copy()
                seq, = db.execute(
                    "SELECT max(seq) FROM leaf WHERE " + some if some else
                    "SELECT max(seq) FROM payload WHERE instr(body,"
                    " '\"archives\":') > 0").fetchone()
                self.forge(db, index, lambda sql: sql.replace(
                    "WHERE ", "WHERE seq <> %d AND (" % seq) + ")")
                row = self.verify(root, "--log-only")
                self.assertFalse(row["ok"])
                self.assertIn("index", row["fault"])
                if index != "leaf_consignment":
                    self.assertIn(index + " is not", row["fault"])

    def test_an_older_schema(self):
        """Its indices are those of its time, and no report goes by them: an
        auditor can verify it before slused has laid it over."""
        root, db = self.copy()
        db.executescript(
            "DROP TABLE done_count; DROP INDEX consignment_ended;"
            "DROP INDEX payload_count; DROP INDEX leaf_count;"
            "PRAGMA user_version = 9")
        db.close()
        self.assertTrue(self.verify(root)["ok"])

    def test_an_index_that_says_otherwise(self):
        """They hold copies of what reports read: of all that is in them, and none
        may be made up."""
        whole = "substr(bytes, 1, 40) || x'39' || substr(bytes, 42)"
        for index, change in (
                ("leaf_change", ("entry, bytes", "entry + 1, bytes")),
                ("leaf_change", ("entry, bytes", "entry, " + whole)),
                ("leaf_arrival", ("entry, bytes", "entry + 1, bytes")),
                ("leaf_arrival", ("entry, bytes", "entry, " + whole)),
                ("leaf_refused", ("0A32330A", "0A32300A")),
                ("leaf_count", ("consignment)", "consignment + 1)")),
                ("leaf_count", ("0A33300A", "0A34300A")),
                ("payload_count", ("'\"pages\":'), 0) + 8",
                                   "'\"files\":'), 0) + 7")),
                ("payload_count", ("'\"archives\":') > 0",
                                   "'\"texts\":') > 0"))):
            with self.subTest(index=index, change=change):
                root, db = self.copy()
                self.forge(db, index, lambda sql: sql.replace(*change))
                row = self.verify(root, "--log-only")
                self.assertFalse(row["ok"])
                self.assertIn(index + " is not", row["fault"])

    def test_filed_elsewhere(self):
        """By what stands beside a leaf it is found: as its subject says, or
        explain would show another post's events, or leave some out."""
        for sql, says in (
                ("SET entry = (SELECT max(id) FROM entry WHERE consignment <> "
                 "leaf.consignment)", "another entry"),
                ("SET entry = NULL", "another entry"),
                ("SET consignment = NULL, entry = NULL", "no post"),
                ("SET consignment = NULL", "no post"),
                ("SET entry = (SELECT id FROM entry WHERE number = 2)",
                 "another entry"),
                ("SET consignment = (SELECT id FROM consignment WHERE id <> "
                 "leaf.consignment)", "another reception number")):
            with self.subTest(sql=sql):
                root, db = self.copy()
                # Neither a move nor what the tables are compared with.
                seq, consignment = db.execute(
                    "SELECT seq, consignment FROM leaf WHERE entry IS NOT NULL "
                    "AND CAST(bytes AS TEXT) LIKE '%' || char(10) || '80' || "
                    "char(10) || 'M%' ORDER BY seq").fetchone()
                columns = [r[1] for r in db.execute("PRAGMA table_info(entry)")
                           if r[1] not in ("id", "number", "own_key")]
                db.execute("INSERT INTO entry (number, own_key, %s) SELECT 2, "
                           "'another', %s FROM entry WHERE consignment = ?" % (
                               ", ".join(columns), ", ".join(columns)),
                           (consignment,))
                db.commit()
                self.assertTrue(self.verify(root, "--log-only")["ok"])
                db.execute("UPDATE leaf %s WHERE seq = ?" % sql, (seq,))
                db.commit()
                db.close()
                row = self.verify(root, "--log-only")
                self.assertFalse(row["ok"])
                self.assertIn("filed under " + says, row["fault"])
                self.assertEqual(row["first"], seq)
        for sql, says in (
                ("UPDATE leaf SET consignment = (SELECT min(id) FROM "
                 "consignment) WHERE seq = 0", "another reception number"),
                ("UPDATE entry SET number = 2", "another entry")):
            root, db = self.copy()
            db.execute(sql)
            db.commit()
            db.close()
            self.assertIn("filed under " + says,
                          self.verify(root, "--log-only")["fault"])

    def test_several(self):
        root, db = self.copy()
        db.execute("UPDATE consignment SET received_ms = received_ms - 1")
        names = [r[0] for r in db.execute(
            "SELECT reception FROM consignment ORDER BY id")]
        db.commit()
        db.close()
        row = self.verify(root)
        self.assertEqual((row["differ"], row["differs"]), (9, names))

    def test_several_files(self):
        """A folder with an archive in it: each row is one of theirs."""
        h = house.House(target="webhook")
        self.addCleanup(h.close)
        folder = tempfile.mkdtemp(prefix="sluse-tables-")
        self.addCleanup(shutil.rmtree, folder)
        with open(os.path.join(folder, "brev.txt"), "w") as file:
            file.write(LETTER % 1)
        with zipfile.ZipFile(os.path.join(folder, "alt.zip"), "w") as z:
            for n in range(3):
                z.writestr("vedlegg-%d.txt" % n, STRAY % n)
        h.drop(folder, "mappe")
        h.wait_quiet(60, 1)
        h.stop()
        self.assertTrue(self.verify(h.root)["ok"], self.verify(h.root))
        said = {e: self.events(h, e)[0]["payload"] for e in (
            "received", "unpacked", "read", "entry_born")}
        self.assertEqual(
            (said["received"]["files"], len(said["received"]["sources"])), (2, 2))
        self.assertEqual((said["unpacked"]["parts"], said["unpacked"]["archives"]),
                         (5, 1))
        self.assertEqual(said["entry_born"]["documents"], 4)
        *found, last = h.rows("report", "mottaksbalanse")
        self.assertEqual({r["unit"]: (r["total"], r["remainder"]) for r in found},
                         {"consignments": (1, 0), "entries": (1, 0),
                          "received_files": (2, 0), "files": (4, 0),
                          "pages": (4, 0)})
        self.assertEqual({"other_count", "uncounted"} & set(last["facts"]), set())
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("UPDATE source SET number = 7 - number")  # the other first
        db.commit()
        db.close()
        self.assertIn("a file is not", self.verify(h.root)["fault"])
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("DELETE FROM part WHERE id = (SELECT part FROM document WHERE"
                   " number = 3)")
        db.commit()
        db.close()
        *found, last = h.rows("report", "mottaksbalanse")
        self.assertEqual({r["unit"]: r["remainder"] for r in found
                          if r["remainder"]}, {"files": 1, "pages": 1})
        self.assertEqual(last["facts"]["other_count_1"], self.verify(
            h.root)["differs"][0])

    def test_erased(self):
        """What a lawful erasure took is not compared, and the rest is."""
        h = house.House(target="webhook")
        self.addCleanup(h.close)
        h.drop_bytes((STRAY % 1).encode(), "annet-1.txt")
        h.wait_quiet(60, 1)
        ident, = [row["id"] for row in h.rows("list")]
        h.sluse("reject", ident, "--why", "ikke post")
        h.sluse("journal", "erase", ident.split(".")[0], "--why", "skal bort")
        h.stop()
        self.assertEqual(h.query("SELECT erased_ms IS NOT NULL, name FROM "
                                 "consignment"), [(1, "")])
        self.assertTrue(self.verify(h.root)["ok"], self.verify(h.root))
        event, = self.events(h, "erased")
        self.assertEqual({k: event["payload"].get(k) for k in (
            "files", "parts", "archives", "pages", "texts")}, {
                "files": 1, "parts": 1, "archives": 0, "pages": 1,
                "texts": None})
        path, kept = (os.path.join(h.root, name) for name in (
            "db/sluse.db", "kept"))
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = DELETE")
        shutil.copyfile(path, kept)
        for sql in ("UPDATE entry SET outcome = 10",
                    "UPDATE part SET pages = pages + 1",
                    "UPDATE part SET role = 4", "DELETE FROM part",
                    "DELETE FROM source",
                    "UPDATE consignment SET received_ms = received_ms - %d" %
                    DAY_MS):
            db.execute(sql)
            self.assertEqual(db.execute("SELECT total_changes()").fetchone(),
                             (1,), sql)
            db.commit()
            row = self.verify(h.root)
            self.assertEqual(row["differ"], 1)
            shutil.copyfile(kept, path)
            db.close()
            db = sqlite3.connect(path)
        db.close()

    def told_less(self, db, change):
        """Leaves anew, as `change` leaves the payload of an event."""
        tree = outsider.Tree()
        for seq, data in db.execute("SELECT seq, bytes FROM leaf ORDER BY seq"
                                    ).fetchall():
            salt, body = db.execute("SELECT salt, body FROM payload WHERE "
                                    "seq = ?", (seq,)).fetchone()
            payload = json.loads(body)
            lines = data.decode().split("\n")
            change(int(lines[4]), payload)
            body = json.dumps(payload, ensure_ascii=False,
                              separators=(",", ":"))
            lines[7] = hashlib.sha256(salt + body.encode()).hexdigest()
            data = "\n".join(lines).encode()
            db.execute("UPDATE leaf SET bytes = ? WHERE seq = ?", (data, seq))
            db.execute("UPDATE payload SET body = ? WHERE seq = ?", (body, seq))
            tree.append(outsider.leaf_hash(data))
        forge.put_tree(db, tree)
        db.execute("DELETE FROM checkpoint")
        db.commit()

    def test_received_before_and_read_after(self):
        """How many files came, an earlier version did not say: what was unpacked
        of them does."""
        root, db = self.copy()
        self.told_less(db, lambda event, payload: event == RECEIVED and [
            payload.pop(name) for name in ("files", "sources")])
        self.assertTrue(self.verify(root)["ok"], self.verify(root))
        db.execute("INSERT INTO source (consignment, number, name, name_raw, blob)"
                   " SELECT consignment, 1, '', x'', blob FROM source WHERE"
                   " consignment = 1")
        db.commit()
        db.close()
        self.assertIn("as many files", self.verify(root).get("fault", ""))

    def test_older(self):
        """Leaves of an earlier version hold less: what is there is compared."""
        root, db = self.copy()
        self.told_less(db, lambda event, payload: [
            payload.pop(name, None) for name in (
                "received_ms", "deliveries", "post", "key", "files", "sources",
                "parts", "archives", "list", "pages", "texts", "documents")])
        db.execute("UPDATE entry SET post = NULL")
        db.execute("UPDATE delivery SET receipt = '{}'")
        for table in ("source", "part", "page", "document"):
            db.execute("DELETE FROM " + table)
        db.execute("UPDATE consignment SET received_ms = received_ms - 3")
        db.commit()
        row = self.verify(root)
        self.assertTrue(row["ok"], row)
        self.assertEqual(row["compared"], 9)
        for sql in ("UPDATE consignment SET queue = 'E-post' WHERE id = 1",
                    "UPDATE consignment SET received_ms = received_ms - %d "
                    "WHERE id = 1" % DAY_MS):
            db.execute(sql)
            db.commit()
            self.assertEqual(self.verify(root)["differ"], 1)
            db.execute("UPDATE consignment SET queue = 'Skannet post'")
            db.commit()
        db.close()


POST = "M26-000001-1"
BEGUN_MS = 1795323600000
RECEIVED, UNPACKED, IDENTIFIED, READ, BORN, READ_AGAIN = 20, 30, 40, 50, 51, 53
PLACED, PREPARED, DELIVERED = 60, 70, 81
HELD, QUARANTINED, DECIDED, EXPIRED, REPLACED, ERASED = (
    102, 104, 106, 107, 111, 204)


class Told(unittest.TestCase):
    """Logs that are made by hand, each of one consignment, and its rows."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sluse-tables-")
        self.addCleanup(shutil.rmtree, self.root)
        forge.make(self.root, 1)
        self.db = sqlite3.connect(os.path.join(self.root, "db", "sluse.db"))
        self.addCleanup(self.db.close)
        self.tree = outsider.Tree()
        self.tree.append(outsider.leaf_hash(self.db.execute(
            "SELECT bytes FROM leaf").fetchone()[0]))
        self.event(RECEIVED, 0, received_ms=BEGUN_MS, queue="post")
        for kind in (UNPACKED, IDENTIFIED, READ):
            self.event(kind)

    def event(self, kind, number=0, **payload):
        seq, body = self.tree.size, json.dumps(payload, separators=(",", ":"))
        salt = hashlib.sha256(b"%d" % seq).digest()
        lines = forge.leaf(seq, salt, body, kind=kind).decode().split("\n")
        if kind != ERASED:
            lines[5] = POST + (".%d" % number if number else "")
        data = "\n".join(lines).encode()
        self.db.execute("INSERT INTO leaf VALUES (?, ?, ?, ?)", (
            seq, data, 1 if kind != ERASED else None, number or None))
        self.db.execute("INSERT INTO payload VALUES (?, ?, ?)",
                        (seq, salt, body))
        self.tree.append(outsider.leaf_hash(data))
        return seq

    def held(self, *numbers):
        for number in numbers:
            self.event(BORN, number)
            self.event(HELD, number, to="held")

    def delivered(self, number):
        for kind in (DECIDED, PLACED, PREPARED, DELIVERED):
            self.event(kind, number)

    def erase(self, seq):
        by = self.event(ERASED, erased=[seq], content=False, cause="asked",
                        why="feil")
        self.db.execute("INSERT INTO erasure VALUES (?, ?)", (seq, by))
        self.db.execute("DELETE FROM payload WHERE seq = ?", (seq,))

    def differs(self, whole, *posts):
        """Of the consignment, and of each post of it: stage, disposition,
        outcome. What verify says is wrong; None: nothing."""
        self.db.execute("DELETE FROM entry")
        self.db.execute("DELETE FROM consignment")
        self.db.execute(
            "INSERT INTO consignment (id, ulid, reception, queue, name,"
            " name_raw, is_folder, actor, received_ms, dropped_ms, size, stage,"
            " disposition, outcome) VALUES (1, 'u', ?, 'post', 'n', x'', 0,"
            " 'uid:0', ?, 0, 0, ?, ?, ?)", (POST, BEGUN_MS, *whole))
        for n, post in enumerate(posts, 1):
            self.db.execute(
                "INSERT INTO entry (id, consignment, number, own_key, stage,"
                " disposition, outcome, born_ms, changed_ms) VALUES (?, 1, ?,"
                " ?, ?, ?, ?, 0, 0)", (n, n, "k%d" % n, *post))
        self.db.execute("INSERT OR REPLACE INTO reception_year VALUES (2026, 1)")
        forge.put_tree(self.db, self.tree)
        forge.put_head(self.db, self.tree,
                       forge.sign(self.tree.size, self.tree.root()))
        self.db.commit()
        done = subprocess.run(
            [os.path.join(house.BIN, "sluse"), "--root", self.root, "--json",
             "journal", "verify"], stdout=subprocess.PIPE, text=True, timeout=60)
        row = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if row["ok"] else 1)
        self.assertEqual(row["compared"], 1, row)
        return row.get("fault") if row["differ"] or not row["ok"] else None

    def test_what_expired_into_nobody_knows(self):
        """Its payload alone tells whether it waits on or went its way."""
        self.held(1)
        self.erase(self.event(EXPIRED, 1, to="held"))
        for post in ((50, 30, None), (50, 10, None)):
            self.assertIsNone(self.differs((50, 10, None), post))
        self.assertIn("stage", self.differs((30, 10, None), (50, 30, None)))
        self.held(2)  # and of that one it is known
        self.assertIn("stage", self.differs(
            (50, 60, None), (50, 30, None), (50, 30, None)))

    def test_what_expired_behind_its_case(self):
        """What went its way begins anew behind `read`."""
        self.event(BORN, 1)
        for kind in (PLACED, HELD):
            self.event(kind, 1)
        self.erase(self.event(EXPIRED, 1, to="ready"))
        for post in ((50, 10, None), (60, 30, None)):
            self.assertIsNone(self.differs((50, 10, None), post))
        self.event(DECIDED, 1)
        self.assertIsNone(self.differs((50, 10, None), (50, 10, None)))
        self.assertIn("stage", self.differs((50, 10, None), (60, 10, None)))

    def test_a_second_reading_that_stopped(self):
        """It is done with its posts all the same, and only then."""
        self.held(1, 2)
        self.event(REPLACED, 1)
        self.event(READ_AGAIN)
        self.event(QUARANTINED)
        self.assertIsNone(self.differs(
            (20, 40, None), (50, 60, 60), (50, 30, None)))
        self.assertIn("stage", self.differs(
            (20, 60, None), (50, 60, 60), (50, 30, None)))
        self.delivered(2)
        for dispo in (40, 60):
            self.assertIsNone(self.differs(
                (20, dispo, None), (50, 60, 60), (80, 60, 10)))
        self.assertIn("stage", self.differs(
            (20, 10, None), (50, 60, 60), (80, 60, 10)))

    def test_while_it_is_read_again(self):
        """What comes of it is not there yet: it is not done."""
        self.held(1, 2)
        self.delivered(2)
        self.event(REPLACED, 1)
        self.event(READ_AGAIN)
        posts = (50, 60, 60), (80, 60, 10)
        self.assertIsNone(self.differs((20, 10, None), *posts))
        self.assertIn("stage", self.differs((20, 30, None), *posts))
        self.event(BORN, 3)
        for kind in (UNPACKED, IDENTIFIED, READ):
            self.event(kind)
        self.delivered(3)
        posts += ((80, 60, 10),)
        self.assertIn("stage", self.differs((50, 10, None), *posts))
        self.assertIsNone(self.differs((50, 60, None), *posts))


if __name__ == "__main__":
    unittest.main(verbosity=2)
