#!/usr/bin/env python3
"""Content that goes: by time once the target holds it, or because somebody asks.
Nothing of it is left anywhere below the instance, and the log stays whole."""
import json
import os
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402

NAME = "Ragnfrid Testperson"
LETTER = ("Saksnr: 2026/87\n\nTil dokumentsenteret\n\nJeg søker om plass. "
          "Hilsen %s\n" % NAME).encode()
FILE = "søknad ragnfrid.txt"
KEPT = house.FAST + "\nretention = %s\n[journal]\ncheckpoint_after = 200ms\n"


# Where content lies that sl_erase_content empties, and where none does. A table
# that is in neither must be thought of, there and here.
CONTENT = {"approval", "bundle", "consignment", "delivery", "document", "entry",
           "found", "glass",
           "named", "note", "page", "part", "payload",
           "placement", "source", "target_post"}
OTHER = {"blob", "case_file", "checkpoint", "cosignature", "delivery_step",
         "disposition", "done_count", "erasing", "erasure", "event", "field",
         "journal_key", "leaf", "meta", "outcome", "reception_year", "stage",
         "stamp", "stamp_trust", "tree", "witness"}


def content(path):
    """Nothing of what goes while we look."""
    try:
        with open(path, "rb") as file:
            return file.read().lower()
    except FileNotFoundError:
        return b""


class Erasing(unittest.TestCase):
    def house(self, retention, **more):
        made = house.House(instance=KEPT % retention, **more)
        self.addCleanup(made.close)
        return made

    def traces(self, h):
        found = []
        for folder, _, names in os.walk(h.root):
            for name in names:
                path = os.path.join(folder, name)
                if "ragnfrid" in name.lower():
                    found.append(path)
                if os.path.isfile(path) and b"ragnfrid" in content(path):
                    found.append(path)
        return found

    def arrive(self, h, data=LETTER, name=FILE):
        h.drop_bytes(data, name)
        h.wait_for(lambda: h.query("SELECT 1 FROM consignment WHERE name = ? "
                                   "AND source_place = 'done'", name) and
                   not h.moving(), 40, "the letter")
        return h.query("SELECT reception FROM consignment ORDER BY id DESC "
                       "LIMIT 1")[0][0]

    def gone(self, h):
        h.wait_for(lambda: not h.query("SELECT 1 FROM erasing"), 30, "files")
        h.wait_for(lambda: not self.traces(h), 30,
                   "no trace: %s" % self.traces(h))

    def check_kept(self, h, ident):
        """Numbers, digests and the log."""
        row, = h.query("SELECT c.reception, hex(b.sha256), e.case_number, "
                       "d.receipt FROM consignment c JOIN source s ON "
                       "s.consignment = c.id JOIN blob b ON b.id = s.blob "
                       "JOIN entry e ON e.consignment = c.id JOIN delivery d "
                       "ON d.entry = e.id WHERE c.reception = ?", ident)
        self.assertEqual((row[0], row[2]), (ident, "2026/87"))
        self.assertIn(row[1].lower(), row[3])
        told = h.rows("journal", "verify")[0]
        self.assertTrue(told["ok"])
        self.assertGreater(told["erased"], 5)
        out = os.path.join(h.root, "export")
        h.wait_for(lambda: h.rows("status")[0]["slused"]["journal"]["size"] ==
                   h.rows("journal", "verify")[0]["signed"], 20, "signed")
        h.sluse("journal", "export", "--payloads", out)
        self.assertEqual(h.rows("journal", "verify", out)[0]["erased"],
                         told["erased"])

    def test_every_table_was_thought_of(self):
        db = sqlite3.connect(":memory:")
        folder = os.path.join(house.TOP, "schemas", "sql")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                db.executescript(file.read())
        self.assertEqual({row[0] for row in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'")},
            CONTENT | OTHER)
        with open(os.path.join(house.TOP, "daemon/store/erase.c"),
                  encoding="utf-8") as file:
            code = file.read()
        for table in CONTENT:
            self.assertRegex(code, r"(FROM|UPDATE) %s\b" % table)

    def test_by_time(self):
        h = self.house("10ms")
        ident = self.arrive(h)
        self.assertTrue(self.traces(h))
        h.stop()  # all that is done is walked over at the start, then hourly
        h.start()
        events = h.wait_for(lambda: h.rows("journal", "list", "--kind",
                                           "erased"), 30, "the event")
        self.assertEqual([(e["subject"], e["actor"], e["payload"]["cause"])
                          for e in events], [(ident, "slused", "retention")])
        self.gone(h)
        self.check_kept(h, ident)

    def test_codes_outlive_it(self):
        """How long a temporary code has stood is asked for long after."""
        h = self.house("10ms", extra="[queue Papir]\nkind = incoming\n"
                       "access = XX\n")
        path = os.path.join(h.root, "spool", "Papir", "Inn", FILE)
        with open(path + ".tmp", "wb") as file:
            file.write(LETTER)
        os.rename(path + ".tmp", path)

        def told():
            rows = [json.loads(line) for line in h.sluse(
                "report", "tilgangskoder", "--json").stdout.splitlines()]
            return [(r["queue"], r["code"], r["total"]) for r in rows[:-1]]
        h.wait_for(lambda: told() == [("Papir", "XX", 1)], 30, "a code")
        h.wait_quiet(30)
        h.stop()
        h.start()
        h.wait_for(lambda: h.rows("journal", "list", "--kind", "erased"), 30,
                   "the event")
        self.gone(h)
        self.assertEqual([json.loads(post) for post, in h.query(
            "SELECT post FROM entry")], [{"enhet": "Arkiv",
                                          "tilgangskode": "XX"}])
        self.assertEqual(told(), [("Papir", "XX", 1)])
        told_ = h.rows("journal", "verify")[0]
        self.assertTrue(told_["ok"], told_)

    def test_a_target_that_cannot_tell(self):
        h = self.house("10ms", target="webhook")
        h.sluse("cases", "import", h.cases)
        self.arrive(h)
        h.wait_for(lambda: h.query("SELECT 1 FROM delivery WHERE state = "
                                   "'delivered'"), 30, "delivered")
        h.stop()
        h.start()
        self.assertEqual(h.rows("journal", "list", "--kind", "erased"), [])
        self.assertTrue(self.traces(h))

    def test_asked(self):
        h = self.house("0")
        twin = self.arrive(h, name="samme.txt")
        ident = self.arrive(h)
        self.assertNotEqual(twin, ident)
        self.assertTrue(self.traces(h))
        done = h.sluse("journal", "erase", ident, check=False)
        self.assertEqual(done.returncode, 2)
        h.sluse("journal", "erase", ident, "--why", "krav om sletting")
        # The same bytes came twice: the original stays for the other.
        self.assertTrue([p for p in self.traces(h) if "/sha256/" in p])
        h.sluse("journal", "erase", twin, "--why", "krav om sletting")
        self.gone(h)
        self.check_kept(h, ident)
        for again in (ident, ident + ".1", "M26-999999-9", "999999"):
            done = h.sluse("journal", "erase", again, "--why", "fordi",
                           check=False)
            self.assertEqual(done.returncode, 4, done.stdout)
        event = h.rows("journal", "list", "--kind", "erased")[0]
        self.assertEqual(event["payload"]["why"], "krav om sletting")
        self.assertTrue(event["actor"].startswith("uid:"))
        # One event of the house, but not the one that tells of an erasure.
        h.sluse("journal", "erase", "1", "--why", "feil tekst")
        done = h.sluse("journal", "erase", str(event["seq"]), "--why", "fordi",
                       check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIsNone(h.rows("journal", "list")[1]["payload"])
        self.assertTrue(h.rows("journal", "verify")[0]["ok"])
        # It can come in once more.
        self.arrive(h, name="igjen.txt")
        self.assertTrue([p for p in self.traces(h) if "/sha256/" in p])

    def test_the_same_comes_before_it_went(self):
        """What cannot be removed at once is tried again: not once another post
        has it."""
        h = self.house("0")
        ident = self.arrive(h)
        stands = os.path.join(h.root, "db", "sluse-before-schema-0")
        os.mkdir(stands)  # no file, which is what is removed
        h.sluse("journal", "erase", ident, "--why", "krav om sletting")
        path, = [os.path.join(h.root, "store", "sha256", d[:2], d) for d, in
                 h.query("SELECT name FROM erasing WHERE kind = 1")]
        h.wait_for(lambda: not os.path.exists(path), 20, "it went")
        self.assertTrue(h.query("SELECT 1 FROM erasing WHERE kind = 1"))
        again = self.arrive(h, name="igjen.txt")
        os.rmdir(stands)
        h.wait_for(lambda: not h.query("SELECT 1 FROM erasing"), 20, "the list")
        self.assertTrue(os.path.exists(path))
        found, = h.rows("journal", "verify", "--originals")
        self.assertEqual(found["originals"]["files"], 1)
        h.sluse("journal", "erase", again, "--why", "krav om sletting")
        h.wait_for(lambda: not os.path.exists(path), 20, "it goes with it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
