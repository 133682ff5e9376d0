#!/usr/bin/env python3
"""Reports against an independent recount: from the raw tables and from the
leaves of the log, in another language and by other queries."""
import csv
import datetime
import fcntl
import html
import html.parser
import io
import json
import math
import pty
import re
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import termios
import unittest
import xml.etree.ElementTree
from collections import Counter, defaultdict

from house import BIN, FAST, TOP, House, os, sys, time

sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
import make_reports  # noqa: E402

COUNT = 3000
CONFIG = """[instance]
name = Testvik kommune
[queue Skannet post]
paper = yes
paper_keep = 3
[queue Aldri brukt]
kind = incoming
[target arkiv]
connector = noark5
base_url = https://arkiv.example.no/
credentials = arkiv-password
"""


def oslo(ms):
    """Norwegian time by the EU's rule."""
    t = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)

    def last_sunday(month):
        d = datetime.datetime(t.year, month, 31, 1, tzinfo=datetime.timezone.utc)
        return d - datetime.timedelta(days=(d.weekday() + 1) % 7)
    summer = last_sunday(3) <= t < last_sunday(10)
    return t + datetime.timedelta(hours=2 if summer else 1)


def easter(year):
    """Gauss, as in Butcher's table."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    el = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * el) // 451
    month, day = divmod(h + el - 7 * m + 114, 31)
    return datetime.date(year, month, day + 1)


def holidays(year):
    e = easter(year)
    return {datetime.date(year, m, d) for m, d in
            ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))} | {
                e + datetime.timedelta(days=n) for n in (-3, -2, 1, 39, 50)}


FREE = set().union(*(holidays(y) for y in range(2015, 2036)))


def working_days(start, end):
    n = 0
    while start < end:
        start += datetime.timedelta(days=1)
        n += start.weekday() < 5 and start not in FREE
    return n


class Html(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.lang, self.scopes, self.open = None, Counter(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.lang = attrs.get("lang")
        if tag == "th":
            self.scopes[attrs.get("scope")] += 1
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def run(root, *args):
    return subprocess.run([os.path.join(BIN, "sluse"), "--root", root, "report",
                           *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows(root, *args):
    done = run(root, *args, "--format", "json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["rows"] == len(lines) - 1
    return lines[:-1], lines[-1]


def names():
    out = subprocess.run([os.path.join(BIN, "sluse"), "report", "--list"],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split()[0] for line in out.splitlines()]


def standing(disposition, outcome):
    if disposition != 60:
        return {10: "under_way", 20: "deferred", 30: "held", 40: "stopped",
                50: "stopped"}[disposition]
    return {10: "transferred", 20: "transferred", 50: "duplicates"}.get(
        outcome, "closed")


CELLS = ("transferred", "under_way", "deferred", "held", "stopped", "duplicates",
         "closed")


class Recount:
    """The raw tables and the leaves, in memory."""

    def __init__(self, root):
        self.db = sqlite3.connect(
            "file:%s/db/sluse.db?mode=ro" % root, uri=True)
        self.db.row_factory = sqlite3.Row
        self.consignments = {r["id"]: r for r in self.q(
            "SELECT * FROM consignment")}
        self.entries = {r["id"]: r for r in self.q("SELECT * FROM entry")}
        self.of = defaultdict(list)
        for entry in self.entries.values():
            if entry["outcome"] != 60:
                self.of[entry["consignment"]].append(entry)
        self.delivered = {r["entry"]: r for r in self.q(
            "SELECT * FROM delivery WHERE state = 'delivered'")}
        self.shown = {r["own_key"]: r for r in self.q(
            "SELECT * FROM target_post WHERE own_key <> ''")}

    def q(self, sql, *args):
        return self.db.execute(sql, args).fetchall()

    def items(self):
        for c in self.consignments.values():
            for item in self.of[c["id"]] or [c]:
                yield c, item

    def leaves(self):
        for event, ms, actor, entry, body, _, _ in self.log():
            yield event, ms, actor, entry, body

    def log(self):
        """The same with what they are of: number and consignment."""
        for raw, body, entry, consignment in self.db.execute(
                "SELECT l.bytes, p.body, l.entry, l.consignment FROM leaf l LEFT"
                " JOIN payload p USING (seq) ORDER BY l.seq"):
            line = raw.decode().split("\n")
            yield (int(line[4]), int(line[3]), line[6], entry,
                   json.loads(body) if body else {}, line[5], consignment)

    def arrived(self):
        """By the leaves alone: consignments and entries by queue, and what the
        door refused by queue and reason."""
        queue, want, refused = {}, Counter(), Counter()
        for event, _, _, _, body, number, _ in self.log():
            if event == 20:
                queue[number] = body["queue"]
                want[body["queue"], "consignments"] += 1
            elif event == 51:
                want[queue[number.split(".")[0]], "entries"] += 1
            elif event == 23:
                refused[body["queue"], body["reason"]] += 1
        return want, refused


def summed(found, key="queue"):
    return {row[key]: row for row in found}


class Recounted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="sluse-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        make_reports.make(COUNT, cls.root, 400)
        with open(os.path.join(cls.root, "sluse.conf"), "w") as file:
            file.write(CONFIG)
        cls.raw = Recount(cls.root)

    def test_the_generator_says_what_the_road_says(self):
        """A member of another name would be read by nobody on real post."""
        with open(os.path.join(TOP, "schemas", "post.schema.json"),
                  encoding="utf-8") as file:
            known = set(json.load(file)["properties"])
        posts = [set(json.loads(e["post"])) for e in self.raw.entries.values()
                 if e["post"]]
        self.assertEqual(set().union(*posts) - known, set())
        self.assertIn("tilgangskode", set().union(*posts))

    def test_protocol(self):
        found, last = rows(self.root, "mottaksprotokoll")
        want = list(self.raw.items())
        self.assertEqual(len(found), len(want))
        pages = 0
        for row, (c, item) in zip(found, want):
            entry = item if item is not c else None
            self.assertEqual(row["number"], c["reception"] + (
                ".%d" % entry["number"] if entry else ""))
            self.assertEqual((row["queue"], row["bytes"]), (c["queue"], c["size"]))
            if entry is None:
                continue
            n, p = self.raw.q(
                "SELECT count(*), total(p.pages) FROM document d JOIN part p ON "
                "p.id = d.part WHERE d.entry = ?", entry["id"])[0]
            self.assertEqual((row["documents"], row["pages"]), (n, p))
            pages += p
            d = self.raw.delivered.get(entry["id"])
            receipt = json.loads(d["receipt"]) if d else {}
            self.assertEqual(row["registration"], receipt.get("number"))
            shown = self.raw.shown.get(entry["own_key"], receipt)
            self.assertEqual(row["status"], shown["status"] if d else None)
            self.assertEqual(row["journal"], "%d/%d" % (
                receipt["journalsekvensnummer"], receipt["journalaar"])
                if d else None)
        self.assertEqual(last["facts"]["pages"], "%d" % pages)
        self.assertEqual(last["facts"]["consignments"], str(COUNT))

    def test_protocol_of_several_targets(self):
        """Each has numbers of its own for the same entry."""
        shown, told, waits = [id_ for id_ in sorted(self.raw.delivered)
                              if id_ % 10 != 9][:3]
        more = "INSERT INTO delivery (entry, target, state, first_ms, next_ms," \
            " receipt, changed_ms) VALUES (%d, 'fag', %s, 1, 1, %s, 1);"
        receipt = '\'{"number":"F-7","case":"F","journalaar":2026,' \
            '"journalsekvensnummer":8,"status":"M"}\''
        key = self.raw.entries[shown]["own_key"]
        found = summed(rows(self.changed(
            more % (shown, "'delivered'", receipt),
            more % (told, "'delivered'", receipt),
            more % (waits, "'pending'", "NULL"),
            "INSERT INTO target_post SELECT 'fag', target_key, own_key, 'G', 'G-9',"
            " 2026, 0, type, 'J', '', '', '', '', '', '', 0, 1, 1, 1 FROM"
            " target_post WHERE own_key = '%s'" % key), "mottaksprotokoll")[0],
            "number")
        keys = ("target", "case", "registration", "journal", "status")
        before = summed(rows(self.root, "mottaksprotokoll")[0], "number")
        for id_, fag in ((shown, ("fag", "G", "G-9", "-", "J")),
                         (told, ("fag", "F", "F-7", "8/2026", "M")),
                         (waits, ("fag", "-", "-", "-", "-"))):
            row = self.NUMBER[self.raw.entries[id_]["consignment"]] + ".1"
            self.assertEqual([found[row][key] for key in keys], [
                "%s | %s" % (before[row][key], of)
                for key, of in zip(keys, fag)])
        self.assertEqual(len(found), len(before))

    def test_balance(self):
        """Totals by the leaves, columns by the rows: what is missing in either
        cannot hide."""
        found, last = rows(self.root, "mottaksbalanse")
        self.assertEqual(last["facts"]["remainder"], "0")
        came, refused = self.raw.arrived()
        self.assertEqual(sum(refused.values()), 0)
        want = Counter()
        for (queue, unit), n in came.items():
            want[queue, unit, "total"] = n
        for c, item in self.raw.items():
            if item is c:
                want["without"] += 1
                continue
            where = standing(item["disposition"], item["outcome"])
            want[c["queue"], "entries", where] += 1
        self.assertEqual(last["facts"]["without_entry"], str(want["without"]))
        for r in self.raw.q(
                "SELECT c.queue, c.disposition cd, c.outcome co, e.disposition ed,"
                " e.outcome eo, e.id, p.pages FROM part p JOIN source s ON s.id ="
                " p.source JOIN consignment c ON c.id = s.consignment LEFT JOIN"
                " document d ON d.part = p.id LEFT JOIN entry e ON e.id = d.entry"):
            where = standing(r["ed"] if r["id"] else r["cd"],
                             r["eo"] if r["id"] else r["co"])
            for cell in (where, "total"):
                want[r["queue"], "files", cell] += 1
                want[r["queue"], "pages", cell] += r["pages"]
        for r in self.raw.q("SELECT c.queue, count(*) n FROM source s JOIN"
                            " consignment c ON c.id = s.consignment GROUP BY 1"):
            want[r["queue"], "received_files", "total"] = r["n"]
        for row in found:
            self.assertEqual(row["remainder"], 0)
            self.assertEqual(row["total"], row["ignored"] + sum(
                row[cell] for cell in CELLS))
            if row["queue"] == "Alle køer":
                continue
            cells = CELLS if row["unit"] in ("entries", "files", "pages") else ()
            for cell in cells + ("total",):
                self.assertEqual(row[cell], want[row["queue"], row["unit"], cell],
                                 (row["queue"], row["unit"], cell))
        all_of = [r for r in found if r["queue"] == "Alle køer"]
        self.assertEqual(all_of[0]["total"], sum(
            event == 20 for event, *_ in self.raw.leaves()))
        self.assertEqual(all_of[0]["total"], self.raw.q(
            "SELECT sum(last) FROM reception_year")[0][0])

    def changed(self, *scripts):
        """A copy of it all, with something done to its rows and leaves."""
        folder = tempfile.mkdtemp(prefix="sluse-test-")
        self.addCleanup(shutil.rmtree, folder)
        shutil.copytree(os.path.join(self.root, "db"), os.path.join(folder, "db"))
        shutil.copy(os.path.join(self.root, "sluse.conf"), folder)
        db = sqlite3.connect(os.path.join(folder, "db", "sluse.db"))
        for script in scripts:
            db.executescript(script)
        db.close()
        return folder

    NUMBER = {n: "M26-%06d-%d" % (n, make_reports.luhn(n))
              for n in range(1, COUNT + 10)}
    ROW_GONE = "DELETE FROM entry WHERE consignment = %d;" \
        "DELETE FROM consignment WHERE id = %d;"

    def missed(self, *scripts, more=()):
        """Facts, and what remains: by queue and unit."""
        found, last = rows(self.changed(*scripts), "mottaksbalanse", *more)
        rest = {(r["queue"], r["unit"]): r["remainder"] for r in found
                if r["remainder"] != 0 and r["queue"] != "Alle køer"}
        self.assertEqual(last["facts"]["remainder"],
                         str(sum(abs(n) for n in rest.values())))
        return last["facts"], rest

    def queue_of(self, n):
        return self.raw.consignments[n]["queue"]

    def pages_of(self, n):
        return self.raw.q("SELECT pages FROM part WHERE id = ?", n)[0][0]

    def all_of(self, n):
        return {"consignments": 1, "entries": 1, "received_files": 1, "files": 1,
                "pages": self.pages_of(n)}.items()

    def test_balance_misses_files_and_pages(self):
        """Of which the events tell how many came."""
        queue, pages = self.queue_of(14), self.pages_of(14)
        for script, want in (
                ("DELETE FROM source WHERE id = 14", (1, 1, pages)),
                ("DELETE FROM part WHERE id = 14", (0, 1, pages)),
                ("UPDATE part SET pages = pages + 5 WHERE id = 14", (0, 0, -5)),
                ("UPDATE part SET pages = 0 WHERE id = 14", (0, 0, pages)),
                ("UPDATE part SET role = 2, mime = 'application/zip' WHERE id ="
                 " 14", (0, 1, pages)),
                ("UPDATE part SET source = 14, number = 1 WHERE id = 15",
                 (0, -1, -1)),
                ("UPDATE source SET consignment = 14, number = 1 WHERE id = 15",
                 (-1, -1, -1))):
            facts, rest = self.missed(script)
            self.assertEqual(
                {unit: n for (q, unit), n in rest.items() if q == queue},
                {unit: n for unit, n in zip(
                    ("received_files", "files", "pages"), want) if n}, script)
            self.assertEqual(facts["other_count"],
                             "2" if "id = 15" in script else "1", script)
            self.assertEqual(facts["other_count_1"], self.NUMBER[14])
        facts, rest = self.missed("DELETE FROM part WHERE id <= 300")
        self.assertEqual((facts["other_count"], facts["other_count_more"]),
                         ("300", "200"))
        self.assertIn("other_count_100", facts)
        self.assertNotIn("other_count_101", facts)

    def test_balance_of_rows_beyond_measure(self):
        """Made by hand: sums hold them, and they are no less wrong."""
        most, queue = 10 ** 9, self.queue_of(14)
        for pages, want in ((2 ** 63 - 1, -2 * most), (-2 ** 63, 2 * most)):
            facts, rest = self.missed(
                "UPDATE part SET pages = %d WHERE id = 14 OR id = (SELECT min(p.id)"
                " FROM part p JOIN source s ON s.id = p.source JOIN consignment c"
                " ON c.id = s.consignment WHERE c.queue = '%s' AND p.id > 14)" %
                (pages, queue))
            self.assertEqual(facts["other_count"], "2")
            self.assertEqual(list(rest), [(queue, "pages")])
            self.assertLess(abs(rest[queue, "pages"] - want), 10000)
        facts, rest = self.missed(
            "UPDATE payload SET body = '{\"files\":1,\"parts\":%d,\"archives\":5,"
            "\"pages\":1}' WHERE body LIKE '%%\"archives\"%%' AND seq IN (SELECT seq"
            " FROM leaf WHERE consignment = 14)" % -2 ** 63)
        self.assertEqual((facts["uncounted"], rest), ("1", {}))
        facts, _ = self.missed("UPDATE consignment SET received_ms = %d WHERE id ="
                               " 14" % -2 ** 63)
        self.assertEqual(facts["other_time_1"], self.NUMBER[14])

    def told(self, seq, event, body, of=14):
        leaf = "sluse/leaf/v1\nbench\n%d\n1\n%d\n%s\nslused\n%064d\n-\n" % (
            seq, event, self.NUMBER[14], seq)
        return ("INSERT INTO leaf VALUES (%d, x'%s', 14, NULL); INSERT INTO"
                " payload VALUES (%d, zeroblob(32), '%s');" % (
                    seq, leaf.encode().hex(), seq, body))

    def test_an_index_with_rows_that_are_not_there(self):
        """Damaged, or made so: none of it is believed, and nothing is written
        where it points."""
        for table, columns, report in (
                ("consignment", "reception", "mottaksbalanse"),
                ("entry", "own_key", "journalkontroll"),
                ("source", "consignment, number", "mottaksbalanse")):
            for ids in ("id + 1000000000", "-id"):
                root = self.changed(
                    "CREATE TABLE x (id INTEGER PRIMARY KEY, %s, UNIQUE (%s));"
                    "INSERT INTO x SELECT %s, %s FROM %s" % (
                        columns, columns, ids, columns, table))
                db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
                index, = [r[1] for r in db.execute("PRAGMA index_list(%s)" % table)
                          if columns == ", ".join(c[2] for c in db.execute(
                              "PRAGMA index_info(%s)" % r[1]))]
                db.executescript(
                    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET"
                    " rootpage = (SELECT rootpage FROM sqlite_schema WHERE name ="
                    " 'sqlite_autoindex_x_1') WHERE name = '%s';"
                    "DELETE FROM sqlite_schema WHERE tbl_name = 'x'" % index)
                db.close()
                done = run(root, report, "--format", "json")
                self.assertEqual(done.returncode, 0, (table, ids))

    def test_balance_of_what_no_event_tells(self):
        """An earlier version, an erasure, or it is read again: then the rows are
        all there is."""
        top = self.raw.q("SELECT max(seq) FROM leaf")[0][0]
        gone = "DELETE FROM part WHERE id = 14;"
        at = "(SELECT seq FROM payload WHERE body LIKE '%\"archives\"%' AND seq" \
            " IN (SELECT seq FROM leaf WHERE consignment = 14))"
        self.assertNotIn("uncounted",
                         rows(self.root, "mottaksbalanse")[1]["facts"])
        # A leaf whose own number is that of `read_again`.
        facts, rest = self.missed(self.told(53, 106, "{}", 1))
        self.assertEqual((rest, "uncounted" in facts), ({}, False))
        for script in ("UPDATE payload SET body = '{\"parts\":1}' WHERE seq = " +
                       at, "DELETE FROM payload WHERE seq = " + at,
                       self.told(top + 1, 53, "{}")):
            facts, rest = self.missed(script, gone)
            self.assertEqual((facts["uncounted"], rest), ("1", {}))
            self.assertNotIn("other_count", facts)
        # An erasure tells what it took away.
        facts, rest = self.missed(
            "DELETE FROM payload WHERE seq = " + at, self.told(
                top + 1, 204, '{"erased":[1],"content":true,"files":1,"parts":1,'
                '"archives":0,"pages":%d}' % self.pages_of(14)), gone)
        self.assertEqual(rest, {
            (self.queue_of(14), "files"): 1,
            (self.queue_of(14), "pages"): self.pages_of(14)})
        # What never was unpacked: by what was received.
        facts, rest = self.missed(
            "UPDATE consignment SET stage = 20 WHERE id = 14",
            "DELETE FROM payload WHERE seq = " + at,
            "DELETE FROM source WHERE id = 14")
        self.assertEqual(rest, {(self.queue_of(14), "received_files"): 1})

    def test_balance_misses_what_went_missing(self):
        """A row that is gone is in the log, and named by its number."""
        facts, rest = self.missed(self.ROW_GONE % (12, 12))
        self.assertEqual(rest, {
            (self.queue_of(12), unit): n for unit, n in self.all_of(12)})
        # As the last, it lies behind all rows.
        facts, rest = self.missed(self.ROW_GONE % (COUNT, COUNT))
        self.assertEqual(rest, {
            (self.queue_of(COUNT), unit): n for unit, n in self.all_of(COUNT)})
        self.assertNotIn("other_count", facts)
        facts, rest = self.missed(self.ROW_GONE % (12, 12))
        self.assertEqual((facts["gone"], facts["gone_1"], facts["gone_2"]),
                         ("2", self.NUMBER[12], self.NUMBER[12] + ".1"))
        # Its payload may have been erased: then nobody knows whose it was.
        facts, rest = self.missed(
            self.ROW_GONE % (12, 12), "DELETE FROM payload WHERE seq IN (SELECT"
            " seq FROM leaf WHERE consignment = 12)",
            more=("--queue", self.queue_of(13)))
        self.assertEqual(rest, {("Kø ikke kjent", "consignments"): 1,
                                ("Kø ikke kjent", "entries"): 1})
        # An entry alone.
        facts, rest = self.missed("DELETE FROM entry WHERE id = 25")
        self.assertEqual(rest, {(self.queue_of(25), "entries"): 1})
        self.assertEqual((facts["gone"], facts["gone_1"]),
                         ("1", self.NUMBER[25] + ".1"))
        # Not of another queue, or of another time.
        for more in (("--queue", self.queue_of(13)), ("--to", "2020-01-01")):
            facts, rest = self.missed(self.ROW_GONE % (12, 12), more=more)
            self.assertEqual((rest, "gone" in facts), ({}, False))

    def test_balance_misses_a_number(self):
        """Neither row nor leaf, but its number was drawn."""
        for n in (1, 31, COUNT):
            facts, rest = self.missed(
                self.ROW_GONE % (n, n),
                "DELETE FROM leaf WHERE consignment = %d" % n)
            self.assertEqual(rest, {("Kø ikke kjent", "consignments"): 1})
            self.assertEqual((facts["unused"], facts["unused_1"][:10]),
                             ("1", self.NUMBER[n][:10]))
        facts, rest = self.missed("UPDATE reception_year SET last = last - 1")
        self.assertEqual((rest, facts["undrawn"], facts["undrawn_1"]),
                         ({}, "1", self.NUMBER[COUNT]))

    def test_balance_does_not_count_what_was_made_up(self):
        made = "INSERT INTO consignment SELECT id + 100000, ulid || 'x', '%s'," \
            " queue" + ", ".join([""] + [r["name"] for r in self.raw.q(
                "PRAGMA table_info(consignment)")[4:]]) + \
            " FROM consignment WHERE id = 17;"
        for number in ("M26-%06d-0" % (COUNT + 5), "X" + self.NUMBER[17][1:],
                       "Q"):
            facts, rest = self.missed(made % number)
            self.assertEqual(rest, {(self.queue_of(17), "consignments"): -1})
            self.assertEqual((facts["unlogged"], facts["unlogged_1"]),
                             ("1", number))
        # An entry, here by the leaf that says it was made.
        facts, rest = self.missed("DELETE FROM leaf WHERE entry = 41")
        self.assertEqual(rest, {(self.queue_of(41), "entries"): -1})
        self.assertEqual((facts["unlogged"], facts["unlogged_1"]),
                         ("1", self.NUMBER[41] + ".1"))
        # One number for another: the one is gone, the other was never there.
        wrong = "M26-000019-%d" % ((make_reports.luhn(19) + 1) % 10)
        facts, rest = self.missed("UPDATE consignment SET reception = '%s'"
                                  " WHERE id = 19" % wrong)
        self.assertEqual((facts["gone_1"], facts["unlogged_1"]),
                         (self.NUMBER[19], wrong))

    def test_balance_holds_times_against_the_log(self):
        """What was moved out of a period is missing in it."""
        ms = self.raw.consignments[2990]["received_ms"]
        day = oslo(ms).date()
        moved = "UPDATE consignment SET received_ms = received_ms - 3456000000" \
            " WHERE id = 2990"
        facts, rest = self.missed(moved)
        self.assertEqual((rest, facts["other_time"], facts["other_time_1"]),
                         ({}, "1", self.NUMBER[2990]))
        facts, rest = self.missed(moved, more=(
            "--from", str(day - datetime.timedelta(days=5))))
        self.assertEqual(rest, {
            (self.queue_of(2990), unit): n for unit, n in self.all_of(2990)
            if unit != "entries"})
        # Into it, it is one too many.
        moved = moved.replace("- 3456000000", "+ 3456000000").replace(
            "2990", "12")
        facts, rest = self.missed(moved, more=("--from", str(oslo(
            self.raw.consignments[12]["received_ms"] + 3456000000).date())))
        self.assertEqual(rest, {
            (self.queue_of(12), unit): -n for unit, n in self.all_of(12)
            if unit != "entries"})
        self.assertNotIn("other_count", facts)

    def test_balance_and_a_slow_folder(self):
        """Its leaf is later by all its files. By how much the leaf says; one of
        an earlier version does not, and may be later by ten minutes."""
        says = "UPDATE payload SET body = json_set(body, '$.received_ms'," \
            " (SELECT received_ms FROM consignment WHERE id = 2990) + %d)" \
            " WHERE seq = (SELECT min(seq) FROM leaf WHERE consignment = 2990)"
        mute = "UPDATE payload SET body = json_remove(body, '$.received_ms')" \
            " WHERE seq = (SELECT min(seq) FROM leaf WHERE consignment = 2990)"
        before = "UPDATE consignment SET received_ms = received_ms - %d" \
            " WHERE id = 2990"
        for ms, payload, other in (
                (61000, None, False), (590000, None, False),
                (610000, None, True), (-61000, None, True),
                (61000, 0, False), (590000, 0, False), (3600000, 0, False),
                (61000, 1, True), (61000, 61000, True), (610000, 610000, True)):
            with self.subTest(ms=ms, payload=payload):
                facts, _ = self.missed(before % ms, mute if payload is None
                                       else says % payload)
                self.assertEqual(facts.get("other_time_1"),
                                 self.NUMBER[2990] if other else None)

    def test_balance_names_many_once(self):
        facts, _ = self.missed("DELETE FROM entry WHERE id <= 300")
        there = sum(n <= 300 for n in self.raw.entries)
        self.assertEqual((facts["gone"], facts["gone_more"]),
                         (str(there), str(there - 100)))
        self.assertIn("gone_100", facts)
        self.assertNotIn("gone_101", facts)

    def refusal(self, seq, ms, queue, reason):
        leaf = "sluse/leaf/v1\nbench\n%d\n%d\n23\n-\nuid:1003\n%064d\n-\n" % (
            seq, ms, seq)
        return ("INSERT INTO leaf VALUES (%d, x'%s', NULL, NULL); INSERT INTO"
                " payload VALUES (%d, zeroblob(32), '%s');" % (
                    seq, leaf.encode().hex(), seq,
                    json.dumps({"queue": queue, "reason": reason},
                               ensure_ascii=False)))

    def test_balance_counts_what_the_door_refused(self):
        top = self.raw.q("SELECT max(seq) FROM leaf")[0][0]
        now = int(time.time() * 1000)
        folder = self.changed(
            self.refusal(top + 1, now, "Skannet post", "refused_link"),
            self.refusal(top + 2, now, "Skannet post", "refused_link"),
            self.refusal(top + 3, now, "E-post", "refused_special"),
            self.refusal(top + 4, now - 90 * 86400000, "E-post", "refused_link"),
            self.refusal(top + 5, now, "E-post", "file_unreadable"))
        found, last = rows(folder, "mottaksbalanse")
        whole = rows(self.root, "mottaksbalanse")[0]
        for row, old in zip(found, whole):
            more = {"Skannet post": 2, "E-post": 2, "Alle køer": 4}.get(
                row["queue"], 0) * (row["unit"] == "received_files")
            self.assertEqual(
                (row["total"], row["stopped"], row["remainder"]),
                (old["total"] + more, old["stopped"] + more, 0), row)
        facts = {"refused_at_door": "4"}
        for reason, n in (("refused_link", 3), ("refused_special", 1)):
            facts["door_" + reason] = "%d: " % n
        for name in ("mottaksbalanse", "mottaksprotokoll"):
            last = rows(folder, name)[1]["facts"]
            for key, value in facts.items():
                self.assertTrue(last[key].startswith(value), (name, key))
            # It lies in the inbox still, and comes in when it can be opened.
            self.assertEqual(last["unread_at_door"], "1")
            self.assertIn("lenke", last["door_refused_link"])
            last = rows(folder, name, "--queue", "E-post", "--from", str(
                oslo(now).date() - datetime.timedelta(days=10)))[1]["facts"]
            self.assertEqual(last["refused_at_door"], "1")
            self.assertNotIn("door_refused_link", last)

    def test_protocol_and_balance_count_entries_alike(self):
        folder = self.changed(
            "UPDATE entry SET disposition = 60, outcome = 60 WHERE id = 20")
        facts = [rows(folder, name)[1]["facts"]
                 for name in ("mottaksprotokoll", "mottaksbalanse")]
        for key in ("without_entry", "replaced"):
            self.assertEqual(facts[0][key], facts[1][key])
        self.assertEqual(facts[0]["replaced"], "1")
        row, = [r for r in rows(folder, "mottaksbalanse")[0]
                if (r["queue"], r["unit"]) == ("Alle køer", "entries")]
        self.assertEqual(facts[0]["entries"], str(row["total"]))
        self.assertEqual(row["remainder"], 0)
        whole = rows(self.root, "mottaksprotokoll")[1]["facts"]
        self.assertEqual(int(facts[0]["documents"]), int(whole["documents"]) - 1)

    def test_balance_begins_before_our_door(self):
        today = oslo(time.time() * 1000).date()
        first = today - datetime.timedelta(days=40)
        there = [c for c in self.raw.consignments.values()
                 if oslo(c["received_ms"]).date() >= first]
        n = Counter(c["queue"] for c in there)
        self.assertLess(len(there), len(self.raw.consignments))
        files = self.raw.q(
            "SELECT count(*) FROM source s JOIN consignment c ON c.id ="
            " s.consignment WHERE c.queue = 'Skannet post' AND c.id IN (%s)" %
            ",".join(str(c["id"]) for c in there))[0][0]
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as sheet:
            sheet.write("ko;dato;forsendelser;filer\nSkannet post;%s;%d;%d\n"
                        "Ukjent kø;%s;4;\n" % (
                            today, n["Skannet post"] + 2, files + 5, first))
            sheet.flush()
            found, last = rows(
                self.root, "mottaksbalanse", "--control", sheet.name)
        row = [r for r in found if r["queue"] == "Skannet post"][0]
        self.assertEqual((row["control"], row["difference"]),
                         (n["Skannet post"] + 2, 2))
        # Without a period it is of the sheet's days; files are those of the door.
        self.assertEqual(
            {r["unit"]: (r["control"], r["difference"]) for r in found
             if r["queue"] == "Skannet post" and r["control"] is not None},
            {"consignments": (n["Skannet post"] + 2, 2),
             "received_files": (files + 5, 5)})
        self.assertEqual(last["period"], "%s – %s" % (first, today))
        self.assertEqual(last["facts"]["only_in_control"], "Ukjent kø")
        row = [r for r in found if r["queue"] == "Ukjent kø"][0]
        self.assertEqual((row["total"], row["control"], row["difference"]),
                         (0, 4, 4))
        row = [r for r in found if r["queue"] == "Alle køer"][0]
        self.assertEqual((row["control"], row["difference"]), (None, None))

    def test_balance_names_what_did_not_open(self):
        """A member that stayed shut is no link and no folder."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(self.root, "db"),
                            os.path.join(folder, "db"))
            shutil.copy(os.path.join(self.root, "sluse.conf"), folder)
            db = sqlite3.connect(os.path.join(folder, "db", "sluse.db"))
            free = [n for n, in db.execute(
                "SELECT id FROM part WHERE id NOT IN (SELECT part FROM document)"
                " ORDER BY id LIMIT 5")]
            for n, reason in zip(free, ("encrypted", "damaged", None, "encrypted",
                                        None)):
                db.execute("UPDATE part SET role = 6, reason = ? WHERE id = ?",
                           (reason, n))
            db.commit()
            db.close()
            found, last = rows(folder, "mottaksbalanse")
        self.assertEqual((last["facts"]["unopened"], last["facts"]["skipped"]),
                         ("3", "2"))
        self.assertEqual(last["facts"]["remainder"], "0")

    def test_balance_of_a_batch_that_never_came(self):
        """A day on which nothing came at all is not one without a remark."""
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as sheet:
            sheet.write("ko;dato;forsendelser\nSkannet post;1999-12-31;7\n"
                        "Ukjent kø;1999-12-31;4\n")
            sheet.flush()
            found, last = rows(
                self.root, "mottaksbalanse", "--control", sheet.name, "--from",
                "1999-12-31", "--to", "1999-12-31")
        self.assertEqual(
            [(r["queue"], r["total"], r["control"], r["difference"])
             for r in found if r["unit"] == "consignments"],
            [("Skannet post", 0, 7, 7), ("Ukjent kø", 0, 4, 4),
             ("Alle køer", 0, 11, 11)])

    def test_periods_and_queues_add_up(self):
        whole = rows(self.root, "mottaksbalanse")[0]
        queues = {r["queue"] for r in whole} - {"Alle køer"}
        middle = (oslo(time.time() * 1000) - datetime.timedelta(days=200)).date()
        halves = [rows(self.root, "mottaksbalanse", *option)[0] for option in (
            ("--to", str(middle)),
            ("--from", str(middle + datetime.timedelta(days=1))))]
        for queue in queues:
            one = rows(self.root, "mottaksbalanse", "--queue", queue)[0]
            self.assertEqual(one, [r for r in whole if r["queue"] == queue])
            for i, row in enumerate(one):
                self.assertEqual(row["total"], sum(
                    [r for r in half if r["queue"] == queue][i]["total"]
                    for half in halves))

    def test_ageing(self):
        want, today = Counter(), None
        while today != oslo(time.time() * 1000).date():  # none began meanwhile
            today = oslo(time.time() * 1000).date()
            found, _ = rows(self.root, "liggetid")
        for c, item in self.raw.items():
            if item["disposition"] == 60:
                continue
            days = working_days(oslo(c["received_ms"]).date(), today)
            bucket = next(name for name, limit in (
                ("day1", 1), ("day3", 3), ("day10", 10), ("day30", 30),
                ("more", 10 ** 9)) if days < limit)
            want[c["queue"], bucket] += 1
            want[c["queue"], "total"] += 1
        queues = [r for r in found if r["by"] == "queue"]
        self.assertGreater(len(queues), 0)
        for row in queues:
            for key in ("total", "day1", "day3", "day10", "day30", "more"):
                self.assertEqual(row[key], want[row["name"], key], key)
        for by in ("queue", "owner", "stage"):
            self.assertEqual(sum(r["total"] for r in found if r["by"] == by),
                             sum(n for (_, k), n in want.items() if k == "total"))

    def test_working_days(self):
        found, _ = rows(self.root, "journalforingstid")
        days = defaultdict(list)
        entries = Counter()
        for id_, d in self.raw.delivered.items():
            entry = self.raw.entries[id_]
            queue = self.raw.consignments[entry["consignment"]]["queue"]
            post, receipt = json.loads(entry["post"]), json.loads(d["receipt"])
            start = datetime.date.fromisoformat(post["mottattDato"][:10])
            entries[queue, post["enhet"]] += 1
            days[queue, post["enhet"], "M"].append(
                working_days(start, oslo(d["changed_ms"]).date()))
            shown = self.raw.shown.get(entry["own_key"])
            day = shown["journal_date"] if shown else receipt.get("journaldato")
            if (shown or receipt)["status"] in "JA":
                days[queue, post["enhet"], "J"].append(max(0, working_days(
                    start, datetime.date.fromisoformat(day))))
        seen = 0
        for row in found:
            if row["queue"] == "Alle køer":
                self.assertEqual(row["entries"], len(self.raw.delivered))
                continue
            got = sorted(days[row["queue"], row["unit"], row["step"]])
            self.assertEqual(row["known"], len(got))
            self.assertEqual(row["entries"], entries[row["queue"], row["unit"]])
            seen += len(got)
            if not got:
                self.assertIsNone(row["mean"])
                self.assertIsNone(row["median"])
                continue
            self.assertAlmostEqual(row["mean"], sum(got) / len(got), 3)
            self.assertEqual(row["median"], got[math.ceil(len(got) / 2) - 1])
            self.assertEqual(row["p90"], got[math.ceil(len(got) * 0.9) - 1])
            self.assertEqual(row["max"], got[-1])
        self.assertEqual(seen, sum(len(d) for d in days.values()))

    def test_held_from_the_leaves(self):
        """Held again is ended by nobody but the machine; what has no entry yet
        is held by itself."""
        held, ended, open_ = Counter(), Counter(), {}
        for event, _, actor, entry, body, _, consignment in self.raw.log():
            item = entry or "of %d" % consignment
            if item in open_ and "to" in body:
                ended[open_.pop(item), "machine" if event == 102 or
                      not actor.startswith("uid:") else "person"] += 1
            if event == 102:
                key = self.raw.consignments[consignment]["queue"], body["reason"]
                held[key] += 1
                open_[item] = key
        still = Counter(open_.values())
        found, _ = rows(self.root, "avklaringer")
        self.assertEqual({(r["queue"], r["reason"]): r["held"] for r in found},
                         dict(held))
        self.assertGreater(sum(r["machine"] for r in found), 0)
        for row in found:
            key = row["queue"], row["reason"]
            for by in ("person", "machine"):
                self.assertEqual(row[by], ended[key, by], (key, by))
            self.assertEqual(row["open"], still[key])

    def said(self, event, ms, actor, body, consignment, entry):
        """A leaf more; entry: its number, or None."""
        seq = self.raw.q("SELECT max(seq) FROM leaf")[0][0] + 1
        leaf = "sluse/leaf/v1\nbench\n%d\n%d\n%d\n%s\n%s\n%064d\n-\n" % (
            seq, ms, event, self.NUMBER[consignment] + (
                ".1" if entry else ""), actor, seq)
        return ("INSERT INTO leaf VALUES (%d, x'%s', %d, %s); INSERT INTO payload"
                " VALUES (%d, zeroblob(32), '%s');" % (
                    seq, leaf.encode().hex(), consignment, entry or "NULL", seq,
                    json.dumps(body)))

    def test_held_before_the_period(self):
        """For the same reason again is no new holding, whenever it began."""
        e = next(e for e in self.raw.entries.values()
                 if e["disposition"] == 30 and e["reason"] == "no_evidence")
        held = max(ms for event, ms, _, entry, _ in self.raw.leaves()
                   if event == 102 and entry == e["id"])
        period = ("--from", "%s" % (oslo(held).date() + datetime.timedelta(1)))
        before = rows(self.root, "avklaringer", *period)[0]
        for reason, more in (("no_evidence", 0), ("by_person", 1)):
            root = self.changed(self.said(
                102, int(time.time() * 1000), "uid:1003",
                {"from": "held", "to": "held", "reason": reason},
                e["consignment"], e["id"]))
            after = rows(root, "avklaringer", *period)[0]
            for key in ("held", "open"):
                self.assertEqual(sum(r[key] for r in after),
                                 sum(r[key] for r in before) + more, reason)

    def test_changes_are_read_without_the_log(self):
        """They lie far apart in it: what reports ask of them is in the index."""
        db = sqlite3.connect(os.path.join(self.root, "db", "sluse.db"))
        for index, file in (("leaf_change", "changes.c"),
                            ("leaf_arrival", "arrivals.c"),
                            ("leaf_refused", "arrivals.c")):
            sql, = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?",
                              (index,)).fetchone()
            with open(os.path.join(TOP, "daemon", "report", file)) as file:
                asked = re.search(r'"SELECT (.*) FROM leaf(?:"\n\s+")? INDEXED BY '
                                  + index, file.read())[1]
            plan = db.execute(
                "EXPLAIN QUERY PLAN SELECT %s FROM leaf INDEXED BY %s %s"
                " ORDER BY seq" % (asked, index, sql[sql.index("WHERE"):]))
            self.assertEqual([line[-1] for line in plan.fetchall()],
                             ["SCAN leaf USING COVERING INDEX " + index])
        with open(os.path.join(TOP, "daemon", "store", "counts.h")) as file:
            asked = re.findall(r'_NUMBER\("(\w+)", "(\d+)"\)', file.read())
        sql, = db.execute("SELECT sql FROM sqlite_schema WHERE name ="
                          " 'payload_count'").fetchone()
        for word, n in asked:
            self.assertIn("CAST(substr(body, nullif(instr(body, '\"%s\":'), 0) + "
                          "%s) AS INTEGER)" % (word, n), sql)
        self.assertEqual(len(asked), 4)
        # Of these all that is asked stands in the index: nothing is read of the
        # table itself.
        for index, table in (("payload_count", "payload"), ("leaf_count", "leaf")):
            sql, root = db.execute(
                "SELECT i.sql, t.rootpage FROM sqlite_schema i JOIN sqlite_schema"
                " t ON t.name = i.tbl_name WHERE i.name = ?", (index,)).fetchone()
            plan = db.execute("EXPLAIN SELECT %s FROM %s INDEXED BY %s %s ORDER BY"
                              " seq" % (sql[sql.index("(") + 1:sql.rindex(
                                  ")", 0, sql.index("WHERE"))], table, index,
                                  sql[sql.index("WHERE"):])).fetchall()
            cursor, = [line[2] for line in plan if line[1] == "OpenRead" and
                       line[3] == root]
            self.assertEqual([line for line in plan if line[1] in (
                "Column", "Rowid", "NotExists", "SeekRowid") and
                line[2] == cursor], [])
            self.assertEqual([line for line in plan if line[1] == "Function"], [])
        db.close()

    def test_held_outlives_an_erasure(self):
        """Payloads go after a time; who settled what is in the leaves."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(self.root, "db"),
                            os.path.join(folder, "db"))
            db = sqlite3.connect(os.path.join(folder, "db", "sluse.db"))
            db.executescript("DELETE FROM payload; UPDATE entry SET title = NULL,"
                             " post = NULL; UPDATE document SET title = '';")
            db.close()
            found = rows(folder, "avklaringer")[0]
            names_ = [name for name in names() if name != "journalkontroll"]
            for name in names_:
                self.assertEqual(run(folder, name).returncode, 0, name)
            times = rows(folder, "journalforingstid")[0]
        whole = rows(self.root, "avklaringer")[0]
        for key in ("held", "person", "open"):
            self.assertEqual(sum(r[key] for r in found),
                             sum(r[key] for r in whole), key)
        self.assertEqual({r["reason"] for r in found}, {None})
        self.assertEqual(times[-1]["entries"], len(self.raw.delivered))

    def test_reading_quality_and_scanning_control(self):
        pages, confidence = Counter(), Counter()
        for r in self.raw.q(
                "SELECT c.queue, g.* FROM page g JOIN part p ON p.id = g.part JOIN"
                " source s ON s.id = p.source JOIN consignment c ON"
                " c.id = s.consignment"):
            pages[r["queue"], "pages"] += 1
            kind = "blank" if r["flags"] & 1 else (
                {1: "own_text", 2: "ocr"}.get(r["source"], "unread"))
            pages[r["queue"], kind] += 1
            if kind == "ocr":
                confidence[r["queue"]] += r["confidence"]
                pages[r["queue"], "low"] += r["confidence"] < 700
        for row in rows(self.root, "lesekvalitet")[0]:
            if row["queue"] == "Alle køer":
                continue
            for key in ("pages", "own_text", "ocr", "blank", "unread"):
                self.assertEqual(row[key], pages[row["queue"], key], key)
            if row["ocr"]:
                self.assertAlmostEqual(
                    row["mean"], confidence[row["queue"]] / row["ocr"] / 10, 3)
                self.assertEqual(row["low"], pages[row["queue"], "low"])
        found = rows(self.root, "skanningskontroll")[0]
        self.assertEqual({r["queue"] for r in found}, {"Skannet post"})
        for key in ("pages", "blank"):
            self.assertEqual(sum(r[key] for r in found),
                             pages["Skannet post", key])
        self.assertEqual({r["shred"] for r in found}, {None})

    def test_paper_can_be_shredded_when_all_is_well(self):
        day = next(r for r in rows(self.root, "skanningskontroll")[0]
                   if r["open"] == 0)
        for sheet, shred in (
                ("%d;%d;2026-11-30" % (day["consignments"], day["pages"]),
                 "2027-02-28"),
                ("%d;%d;2026-11-30" % (day["consignments"], day["pages"] + 1), None),
                ("%d;%d;" % (day["consignments"], day["pages"]), None)):
            with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
                file.write("ko;dato;forsendelser;sider;signert;av\nSkannet post;%s;"
                           "%s;KN\n" % (day["day"], sheet))
                file.flush()
                found = rows(self.root, "skanningskontroll", "--control",
                             file.name)[0]
            row = [r for r in found if r["day"] == day["day"]][0]
            self.assertEqual(row["shred"], shred, sheet)

    def test_paper_outlives_its_content(self):
        """Paper may be kept for longer than what was read of it: no page is
        missing for that, and nothing is said of how it read."""
        day = next(r for r in rows(self.root, "skanningskontroll")[0]
                   if r["open"] == 0)
        until = (datetime.date.fromisoformat(day["day"]) -
                 datetime.date(1970, 1, 1)).days * 86400000 + 86400000
        gone = "SELECT id FROM consignment WHERE queue = 'Skannet post' AND" \
            " received_ms < %d" % until
        root = self.changed(
            "DELETE FROM page WHERE part IN (SELECT p.id FROM part p JOIN source"
            " s ON s.id = p.source WHERE s.consignment IN (%s));"
            "UPDATE consignment SET erased_ms = 1 WHERE id IN (%s)" % (gone, gone))
        n = sqlite3.connect(os.path.join(root, "db", "sluse.db")).execute(
            "SELECT total(pages) FROM part WHERE id IN (%s)" % gone).fetchone()[0]
        self.assertGreater(n, 0)
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("ko;dato;forsendelser;sider;signert;av\nSkannet post;%s;"
                       "%d;%d;2026-11-30;KN\n" % (
                           day["day"], day["consignments"], day["pages"]))
            file.flush()
            row, = [r for r in rows(root, "skanningskontroll", "--control",
                                    file.name)[0] if r["day"] == day["day"]]
        self.assertEqual(
            {key: row[key] for key in ("pages", "blank", "unread", "quality",
                                       "shred")},
            {"pages": day["pages"], "blank": None, "unread": None,
             "quality": None, "shred": "2027-02-28"})
        self.assertEqual(rows(root, "lesekvalitet")[1]["facts"],
                         {"erased": "%d" % n})
        self.assertEqual(rows(root, "lesekvalitet", "--queue", "E-post")[1]
                         ["facts"], {})

    def test_paper_signed_in_sluse(self):
        """The last signature counts, from Sluse or from the sheet; what was
        looked at stands in the event and can go."""
        day = next(r for r in rows(self.root, "skanningskontroll")[0]
                   if r["open"] == 0)
        number = (datetime.date.fromisoformat(day["day"]) -
                  datetime.date(1970, 1, 1)).days
        signed = datetime.datetime(2026, 11, 30, 11, tzinfo=datetime.timezone.utc)
        with tempfile.TemporaryDirectory() as folder, \
                tempfile.NamedTemporaryFile("w", suffix=".csv") as sheet:
            shutil.copytree(os.path.join(self.root, "db"),
                            os.path.join(folder, "db"))
            shutil.copy(os.path.join(self.root, "sluse.conf"), folder)
            db = sqlite3.connect(os.path.join(folder, "db", "sluse.db"))
            seq = db.execute("SELECT max(seq) FROM payload").fetchone()[0]
            db.execute("UPDATE payload SET body = ? WHERE seq = ?",
                       ('{"why":"20 av 412 sider"}', seq))
            for key in ("scan_signed:%d:Skannet post" % number,
                        "scan_signed:%d:Skjema" % number):
                db.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(
                    {"ms": int(signed.timestamp() * 1000), "actor": "uid:1003",
                     "seq": seq})))
            db.commit()

            def row(*more):
                found, = [r for r in rows(folder, "skanningskontroll", *more)[0]
                          if r["day"] == day["day"]]
                return found["signed"], found["by"], found["sample"], found["shred"]
            mine = ("2026-11-30", "uid:1003", "20 av 412 sider", "2027-02-28")
            self.assertEqual(row(), mine)
            sheet.write("ko;dato;forsendelser;sider;signert;av\nSkannet post;%s;%d;"
                        "%d;2026-11-01;KN\n" % (day["day"], day["consignments"],
                                               day["pages"]))
            sheet.flush()
            self.assertEqual(row("--control", sheet.name), mine)
            db.execute("DELETE FROM payload WHERE seq = ?", (seq,))
            db.execute("UPDATE consignment SET disposition = 30, outcome = NULL "
                       "WHERE queue = 'Skannet post' AND id NOT IN (SELECT "
                       "consignment FROM entry)")
            db.execute("UPDATE entry SET disposition = 30, outcome = NULL WHERE id "
                       "IN (SELECT id FROM entry WHERE consignment IN (SELECT id "
                       "FROM consignment WHERE queue = 'Skannet post'))")
            db.commit()
            db.close()
            self.assertEqual(row(), mine[:2] + (None, None))

    def test_corrections(self):
        first, person = {}, {}
        for r in self.raw.q("SELECT * FROM placement WHERE rank = 0 ORDER BY entry,"
                            " revision, field"):
            key = r["entry"], r["field"]
            if r["actor"] == "sluse-place":
                first.setdefault(key, r)
            else:
                person[key] = r["value"]
        proposed, corrected, confirmed = Counter(), Counter(), Counter()
        for key, r in first.items():
            rule = json.loads(r["evidence"])[0]["rule"]
            proposed[key[1], rule] += 1
            if key in person:
                same = person[key] == r["value"]
                (confirmed if same else corrected)[key[1], rule] += 1
        number = {"case": 1, "unit": 5, "title": 7}
        found, _ = rows(self.root, "korreksjoner")
        self.assertEqual(len(found), len(proposed))
        self.assertGreater(sum(corrected.values()), 0)
        for row in found:
            key = number[row["field"]], row["rule"]
            self.assertEqual((row["proposed"], row["corrected"], row["confirmed"]),
                             (proposed[key], corrected[key], confirmed[key]), key)

    def test_gains_codes_and_silence(self):
        touched = {entry for _, _, actor, entry, body in self.raw.leaves()
                   if actor.startswith("uid:") and "stage" in body}
        want, codes, last = Counter(), Counter(), {}
        for id_ in self.raw.delivered:
            entry = self.raw.entries[id_]
            queue = self.raw.consignments[entry["consignment"]]["queue"]
            want[queue, "entries"] += 1
            want[queue, "person"] += id_ in touched
            code = json.loads(entry["post"]).get("tilgangskode")
            if code:
                codes[queue, code] += 1
        for row in rows(self.root, "gevinster")[0]:
            if row["queue"] != "Alle køer":
                for key in ("entries", "person"):
                    self.assertEqual(row[key], want[row["queue"], key])
        found = rows(self.root, "tilgangskoder")[0]
        self.assertEqual({(r["queue"], r["code"]): r["total"] for r in found},
                         dict(codes))
        for c in self.raw.consignments.values():
            last[c["queue"]] = max(last.get(c["queue"], 0), c["received_ms"])
        silent = summed(rows(self.root, "stille-innganger")[0])
        self.assertEqual(silent.pop("Aldri brukt")["verdict"], "never")
        self.assertEqual(set(silent), set(last))
        for queue, row in silent.items():
            self.assertEqual(row["verdict"], "ok")
            self.assertEqual(row["last"][:19], datetime.datetime.utcfromtimestamp(
                last[queue] // 1000).isoformat())

    def test_codes_that_the_target_shows(self):
        """What has another code there was assessed; what the target says
        nothing of, or what was erased here, is not known to be."""
        found, last = rows(self.root, "tilgangskoder")
        self.assertEqual(last["facts"], {})
        seen = [r["id"] for r in self.raw.q(
            "SELECT e.id FROM target_post t JOIN entry e USING (own_key) WHERE"
            " t.access = 'XX' ORDER BY e.id")]
        set_ = "UPDATE target_post SET access = '%s' WHERE own_key = (SELECT" \
            " own_key FROM entry WHERE id = %d);"
        other = "INSERT INTO target_post SELECT 'fag', target_key, own_key," \
            " case_number, number, year, sequence, type, status, title," \
            " public_title, 'P', received, document_date, journal_date," \
            " attachments, 1, 1, 1 FROM target_post WHERE own_key = (SELECT" \
            " own_key FROM entry WHERE id = %d);"
        now, last = rows(self.changed(
            set_ % ("P", seen[0]), set_ % ("", seen[1]), other % seen[2],
            "UPDATE entry SET post = NULL WHERE id = %d" % seen[3]),
            "tilgangskoder")
        self.assertEqual(last["facts"], {"assessed": "1", "erased": "1"})
        self.assertEqual(sum(r["total"] for r in now),
                         sum(r["total"] for r in found) - 2)

    def test_gains_know_who_had_it_read_again(self):
        """What a person let go on, or had read again, before it was the post
        that it is, did not go without one."""
        touched = {entry for _, _, actor, entry, body in self.raw.leaves()
                   if actor.startswith("uid:") and "stage" in body}
        one = next(id_ for id_ in sorted(self.raw.delivered) if id_ > 10 and
                   not {id_, id_ - 1} & touched)
        queue = self.queue_of(one)
        asked = ("--queue", queue)
        was = rows(self.root, "gevinster", *asked)[0][0]
        for what, sql in (
                ("read again", "UPDATE entry SET consignment = %d, number = 7 WHERE"
                 " id = %d; UPDATE entry SET consignment = %d, number = 1,"
                 " disposition = 60, outcome = 60 WHERE id = %d;" % (
                     one, one, one, one - 1) + self.said(
                         111, 1, "uid:1003", {"to": "done"}, one, one - 1)),
                ("released", self.said(103, 1, "uid:1003", {"to": "ready"}, one,
                                       None)),
                ("retried", self.said(109, 1, "slused", {"to": "ready"}, one,
                                      None))):
            now = rows(self.changed(sql), "gevinster", *asked)[0][0]
            more = int(what != "retried")
            self.assertEqual((now["entries"], now["machine"], now["person"]),
                             (was["entries"], was["machine"] - more,
                              was["person"] + more), what)

    def test_samples(self):
        one, last = rows(self.root, "stikkprove", "--count", "9", "--seed", "5")
        self.assertEqual(rows(self.root, "stikkprove", "--count", "9", "--seed",
                              "5")[0], one)
        other = rows(self.root, "stikkprove", "--count", "9", "--seed", "6")[0]
        self.assertNotEqual(other, one)
        self.assertEqual(len({r["number"] for r in one}), 9)
        self.assertEqual(last["facts"]["population"], str(len(self.raw.entries)))
        self.assertIn("wilson", last["facts"])
        trail = [r["event"] for r in one if r["draw"] == 1]
        id_ = next(e["id"] for e in self.raw.entries.values() if one[0]["number"]
                   == "%s.%d" % (self.raw.consignments[e["consignment"]]
                                 ["reception"], e["number"]))
        events = dict(self.raw.q("SELECT number, name FROM event"))
        self.assertEqual(trail, [events[int(r["bytes"].decode().split("\n")[4])]
                                 for r in self.raw.q(
            "SELECT bytes FROM leaf WHERE consignment = ? ORDER BY seq",
            self.raw.entries[id_]["consignment"])])
        unseeded = rows(self.root, "stikkprove", "--count", "3")
        again = rows(self.root, "stikkprove", "--count", "3", "--seed",
                     unseeded[1]["facts"]["seed"])
        self.assertEqual(again[0], unseeded[0])
        risky = rows(self.root, "stikkprove", "--count", "40", "--risk",
                     "--seed", "1")[0]
        self.assertGreater(len({r["number"] for r in risky if r["weight"] > 1}), 8)

    def test_journal_control(self):
        """A journal made of what was sent, with one of each fault."""
        sent = []
        for id_, d in self.raw.delivered.items():
            receipt = json.loads(d["receipt"])
            post = json.loads(self.raw.entries[id_]["post"])
            sent.append([receipt["number"], receipt["case"],
                         post["tittel"] + " " + receipt["number"], "2026-01-10",
                         "2026-03-05", "I", "J", "0", post["mottattDato"][:10]])
        titles = len(sent)
        sent.pop(3)
        sent[0][2] = self.title(sent[0][0])
        sent[1][4] = "2026-03-06"
        sent[2][7] = "2"
        sent[3][8] = "2019-11-20"
        sent.append(["2025/1-1", "2025/1", "Søknad fra 02013299997", "2026-01-10",
                     "", "I", "M", "0", ""])
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            out = csv.writer(file, delimiter=";")
            out.writerow(["registreringsID", "saksnummer", "tittel", "journaldato",
                          "dokumentetsdato", "type", "status", "antallvedlegg",
                          "mottattDato"])
            out.writerows(sent)
            file.flush()
            found, last = rows(self.root, "journalkontroll", file.name)
        n = Counter(r["finding"] for r in found)
        self.assertEqual(n["other_date"], 1)
        self.assertEqual(n["other_attachments"], 1)
        self.assertEqual(n["other_received"], 1)
        one, = [r for r in found if r["finding"] == "other_received"]
        self.assertEqual((one["registration"], one["theirs"]),
                         (sent[3][0], "2019-11-20"))
        self.assertRegex(one["ours"], r"^20\d\d-\d\d-\d\d$")
        self.assertEqual(n["other_title"], titles - 2)
        for kind in ("not_received", "still_m", "no_date", "fnr"):
            self.assertEqual(n[kind], 1, kind)
        self.assertEqual(last["facts"]["matched"], str(titles - 1))
        self.assertNotIn("02013299997", json.dumps(found))

    def test_a_public_journal_beside_is_counted_apart(self):
        """The same posts in both journals are not twice as many."""
        numbers = [json.loads(d["receipt"])["number"]
                   for d in self.raw.delivered.values()][:5]
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, title in (("a.csv", "tittel"), ("b.csv", "offentligTittel")):
                files.append(os.path.join(folder, name))
                with open(files[-1], "w", encoding="utf-8") as file:
                    file.write("registreringsID;%s\n" % title)
                    for number in numbers:
                        file.write("%s;Søknad om tiltak %s\n" % (number, number))
            for these, said in ((files, ("5", "5")), (files[:1], ("5", None)),
                                (files[1:], ("5", None))):
                facts = rows(self.root, "journalkontroll", *these)[1]["facts"]
                self.assertEqual((facts["posts"], facts.get("public_posts")), said)
                self.assertEqual(facts["matched"], "5")

    def test_what_is_screened_must_not_be_published(self):
        """By the words that the running journal screens, and by what we sent
        with a code."""
        coded, plain = ([json.loads(d["receipt"])["number"]
                         for id_, d in self.raw.delivered.items()
                         if ("tilgangskode" in json.loads(
                             self.raw.entries[id_]["post"])) == with_][:3]
                        for with_ in (True, False))
        name = "Søknad fra Kari Nordmann"
        hidden = "Søknad fra ***** *****"
        running = [(n, name, hidden) for n in plain[:2]] + [
            (n, self.title(n), self.title(n)) for n in coded + plain[2:]]
        public = [(plain[0], hidden), (plain[1], "Brev, Nordmann"),
                  (plain[2], self.title(plain[2])),
                  (coded[0], self.title(coded[0])), (coded[1], "*****"),
                  (coded[2], "Innkommet dokument")]
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for head, lines in ((("tittel", "offentligTittel"), running),
                                (("offentligTittel",), public)):
                files.append(os.path.join(folder, "%d.csv" % len(head)))
                with open(files[-1], "w", encoding="utf-8") as file:
                    out = csv.writer(file, delimiter=";")
                    out.writerow(("registreringsID",) + head)
                    out.writerows(lines)
            found, _ = rows(self.root, "journalkontroll", *files)
            alone, _ = rows(self.root, "journalkontroll", files[1])
        told = {r["registration"] for r in found
                if r["finding"] == "not_screened"}
        self.assertEqual(told, {plain[1], coded[0]})
        # Without the running journal only what we sent can tell.
        told = {r["registration"] for r in alone
                if r["finding"] == "not_screened"}
        self.assertEqual(told, {coded[0]})

    def test_a_file_that_cannot_be_read_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            good, bad, away = (os.path.join(folder, name) for name in (
                "god.csv", "feil.csv", "borte.xml"))
            with open(good, "w", encoding="utf-8") as file:
                file.write("registreringsID;saksnummer;tittel;journaldato;"
                           "dokumentetsdato;type;status;antallvedlegg\n")
            with open(bad, "w", encoding="utf-8") as file:
                file.write("a;b\n1;2\n")
            for line, says in (
                    (("journalkontroll", good, away),
                     away + ": the journal cannot be opened: No such file"),
                    (("journalkontroll", good, bad), bad + ": "),
                    (("mottaksbalanse", "--control", away),
                     away + ": the control totals cannot be opened: No such"),
                    (("mottaksbalanse", "--control", bad),
                     bad + ": the head must name the columns")):
                done = run(self.root, *line)
                self.assertEqual(done.returncode, 5, done.stderr)
                self.assertIn(says, done.stderr.decode())

    def test_journal_control_without_a_file(self):
        today = None
        while today != oslo(time.time() * 1000).date():  # none began meanwhile
            today = oslo(time.time() * 1000).date()
            found, last = rows(self.root, "journalkontroll")
        n = Counter(r["finding"] for r in found)
        self.assertEqual(last["facts"]["matched"], str(len(self.raw.shown)))
        self.assertEqual(n["still_m"], sum(
            r["status"] == "M" and working_days(
                datetime.date.fromisoformat(r["received"]), today) > 3
            for r in self.raw.shown.values()))
        self.assertEqual(n["not_received"] + n["other_title"], 0)
        self.assertGreater(n["not_journaled"], 0)

    def title(self, number):
        for id_, d in self.raw.delivered.items():
            if json.loads(d["receipt"])["number"] == number:
                return json.loads(self.raw.entries[id_]["post"])["tittel"]
        return None

    def test_formats(self):
        journal = os.path.join(self.root, "journal.csv")
        with open(journal, "w") as file:
            file.write("registreringsID;tittel\n2026/1-1;=HYPERLINK(1)\n")
        for name in names():
            more = [journal] if name == "journalkontroll" else []
            more += ["--seed", "1"] if name == "stikkprove" else []
            with self.subTest(name):
                found, _ = rows(self.root, name, *more)
                out = {form: run(self.root, name, *more, "--format", form).stdout
                       for form in ("csv", "xml", "html", "pdf", "table")}
                lines = list(csv.reader(io.StringIO(
                    out["csv"].decode("utf-8-sig")), delimiter=";"))
                self.assertEqual(len(lines), len(found) + 1)
                self.assertEqual({len(line) for line in lines}, {len(lines[0])})
                tree = xml.etree.ElementTree.fromstring(out["xml"])
                self.assertEqual(sum(e.tag.endswith("}rad") for e in tree),
                                 len(found))
                self.validate("rapport", out["xml"])
                if name == "mottaksprotokoll":
                    self.validate(name, out["xml"])
                page = Html(out["html"].decode())
                self.assertEqual((page.lang, page.open), ("nb", []))
                self.assertEqual(page.scopes["row"], min(len(found), 20000))
                self.assertGreater(page.scopes["col"], 2)
                self.assertEqual(page.scopes[None], 0)
                self.assertFalse(re.search(rb"https?://(?!www.w3.org/2000/svg)",
                                           re.sub(rb"https://arkiv.example.no", b"",
                                                  out["html"])))
                self.assertTrue(out["pdf"].startswith(b"%PDF-"))
                self.assertTrue(out["pdf"].rstrip().endswith(b"%%EOF"))
                self.assertNotIn(b"\x1b", out["table"])

    def test_no_word_breaks_in_pdf(self):
        if shutil.which("pdftotext") is None:
            self.skipTest("pdftotext is not installed")
        with open(os.path.join(TOP, "daemon", "report", "reports.def")) as file:
            heads = re.findall(
                r'^SL_COLUMN\((\w+), \w+, \w+, "([^"]+)"', file.read(), re.M)
        for name in ("mottaksprotokoll", "mottaksbalanse", "avklaringer",
                     "stikkprove", "skanningskontroll", "korreksjoner"):
            done = subprocess.run(
                ["pdftotext", "-raw", "-", "-"], stdout=subprocess.PIPE,
                input=run(self.root, name, "--format", "pdf").stdout, check=True)
            words = set(done.stdout.decode().split())
            lines = list(csv.reader(io.StringIO(run(
                self.root, name, "--format", "csv").stdout.decode("utf-8-sig")),
                delimiter=";"))
            want = {w for of, head in heads if of == name for w in head.split()}
            if name != "stikkprove":
                shown = [i for i, h in enumerate(lines[0]) if "(kode)" not in h]
                # Days are for people there: 26.10.2025.
                want |= {re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3.\2.\1", w)
                         for line in lines[1:20] for i in shown
                         for w in line[i].split()}
            self.assertEqual(want - words, set(), name)

    def test_print(self):
        """A page on A4 loses no column, how many there ever are."""
        for name in ("mottaksprotokoll", "mottaksbalanse", "skanningskontroll"):
            page = run(self.root, name, "--format", "html").stdout.decode()
            css = page.partition("<style>")[2].partition("</style>")[0]
            css = css.partition("@media print{")[2]
            self.assertIn("@page{size:A4 landscape;", css)
            # In points: rem would be the size of the screen.
            self.assertRegex(css, r"[}]table[{][^}]*font-size:[678]pt")
            self.assertIn("overflow-wrap:anywhere", css)
            if not shutil.which("weasyprint") or not shutil.which("pdftotext"):
                continue
            head, end, rest = page.partition("</tr>\n</tbody>")
            head = "</tr>\n".join(head.split("</tr>\n")[:12])
            pdf = subprocess.run(["weasyprint", "-", "-"], check=True,
                                 input=(head + end + rest).encode(),
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout
            boxes = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf,
                                   check=True, stdout=subprocess.PIPE)
            boxes = boxes.stdout.decode()
            wide = float(re.search(r'page width="([\d.]+)"', boxes)[1])
            self.assertAlmostEqual(wide, 841.89, delta=1)
            words = re.findall(r'xMax="([\d.]+)"[^>]*>([^<]*)<', boxes)
            self.assertGreater(len(words), 20)
            self.assertEqual([w for x, w in words if float(x) > wide - 30], [])
            self.assertLessEqual({w for h in re.findall(
                r'<th scope="col"[^>]*>([^<]*)<', page) for w in re.split(
                    r"[\s-]+", h)}, {p for _, w in words
                                    for p in re.split("-", w)}, name)

    def validate(self, name, text):
        if shutil.which("xmllint") is None:
            self.skipTest("xmllint is not installed")
        done = subprocess.run(
            ["xmllint", "--noout", "--nonet", "--schema",
             os.path.join(TOP, "schemas", name + ".xsd"), "-"], input=text,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-500:])

    def test_words(self):
        """No code where a person reads; the codes beside, for programs."""
        with open(os.path.join(TOP, "daemon", "registry", "events.def")) as file:
            events = dict(re.findall(r'\(\d+, (\w+), "([^"]+)"', file.read()))
        codes = {r["reason"] for r in self.raw.entries.values() if r["reason"]}
        codes |= {e for e, nb in events.items() if e != nb}
        codes |= {"your_reference", "case_label", "uid:1003", "slused"}
        for name in ("mottaksprotokoll", "avklaringer", "liggetid", "korreksjoner",
                     "stikkprove"):
            more = ["--seed", "1"] if name == "stikkprove" else []
            found, _ = rows(self.root, name, *more)
            page = run(self.root, name, *more, "--format", "html").stdout.decode()
            seen = {html.unescape(t) for t in re.findall(
                r"<t[dh][^>]*>([^<]*)</t", page)}
            self.assertFalse(seen & codes, name)
            self.assertFalse([t for t in seen if re.search(r"[a-z]_[a-z]", t)])
            english = run(self.root, name, *more, "--format", "html",
                          "--language", "en").stdout.decode()
            self.assertFalse(re.search(r"<t[dh][^>]*>[^<]*[a-z]_[a-z]", english))
            lines = list(csv.DictReader(io.StringIO(run(
                self.root, name, *more, "--format", "csv").stdout.decode(
                    "utf-8-sig")), delimiter=";"))
            worded = [k[:-7] for k in lines[0] if k.endswith(" (kode)")]
            self.assertGreater(len(worded), 0)
            keys = [k[:-5] for k in found[0] if k.endswith("_text")]
            self.assertEqual(len(keys), len(worded))
            for row, line in zip(found, lines):
                for key, head in zip(keys, worded):
                    self.assertEqual(line[head + " (kode)"], row[key] or "")
                    self.assertEqual(line[head], row[key + "_text"] or "")
        one = next(r for r in rows(self.root, "mottaksprotokoll")[0]
                   if r["reason"] == "unknown_case")
        self.assertEqual(one["reason_text"],
                         "Posten viser til en sak som ikke er kjent")
        trail = rows(self.root, "stikkprove", "--seed", "1")[0]
        for row in trail:
            self.assertEqual(row["event_text"], events[row["event"]])
            self.assertEqual(row["actor_text"], "Sluse" if row["actor"] == "slused"
                             else "bruker " + row["actor"][4:])

    def test_every_rule_has_words(self):
        place = os.path.join(TOP, "daemon", "place")
        code = ""
        for name in ("rules.c", "decide.c"):
            with open(os.path.join(place, name)) as file:
                code += file.read()
        rules = set(re.findall(r'->rule = (?:.*\? )?"(\w+)"', code))
        rules |= set(re.findall(r'\{"(\w+)", \d+, \d+\}', code))
        rules |= set(re.findall(r'rule_\w+\[\] = "(\w+)"', code))
        self.assertGreater(len(rules), 12)
        with open(os.path.join(TOP, "daemon", "registry", "rules.def")) as file:
            self.assertLessEqual(rules, set(re.findall(
                r"^SL_PLACED_BY\((\w+)", file.read(), re.M)))

    def test_a_journal_without_posts_was_read(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(self.root, "db"),
                            os.path.join(folder, "db"))
            db = sqlite3.connect(os.path.join(folder, "db", "sluse.db"))
            db.execute("DELETE FROM target_post")
            db.commit()
            done = run(folder, "journalkontroll")
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"has been read", done.stderr)
            db.execute("INSERT INTO meta VALUES ('journal_read:arkiv', ?)",
                       ("%d" % (time.time() * 1000),))
            db.commit()
            db.close()
            found, last = rows(folder, "journalkontroll")
        self.assertIn("arkiv, ", last["facts"]["journal_read"])
        self.assertEqual(last["facts"]["posts"], "0")
        self.assertEqual(len(found) + int(last["facts"]["waiting"]),
                         len(self.raw.delivered))
        self.assertEqual({r["finding"] for r in found}, {"not_journaled"})

    def test_journal_control_knows_posts_by_their_own_key(self):
        """A post that was moved in the target has another number there; one
        whose target does not tell our key has only its number."""
        before = Counter(r["finding"]
                         for r in rows(self.root, "journalkontroll")[0])
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(self.root, "db"),
                            os.path.join(folder, "db"))
            db = sqlite3.connect(os.path.join(folder, "db", "sluse.db"))
            keys = [key for key, in db.execute(
                "SELECT target_key FROM target_post WHERE own_key <> ''"
                " ORDER BY target_key LIMIT 4")]
            self.assertEqual(len(keys), 4)
            for change, key in zip(
                    ("number = '1999/1-1', case_number = '1999/1'",
                     "number = '1999/1-2', case_number = '1999/1'",
                     "own_key = ''", "own_key = 'another-instance'"), keys):
                db.execute("UPDATE target_post SET %s WHERE target_key = ?"
                           % change, (key,))
            db.commit()
            db.close()
            found, last = rows(folder, "journalkontroll")
        self.assertEqual(last["facts"]["matched"], str(len(self.raw.shown)))
        after = Counter(r["finding"] for r in found)
        for finding in ("not_journaled", "not_received", "still_m"):
            self.assertEqual(after[finding], before[finding], finding)

    def controlled(self, *scripts):
        """Facts and findings of the journal control, with something done to what
        it reads."""
        found, last = rows(self.changed(*scripts), "journalkontroll")
        return last["facts"], Counter(r["finding"] for r in found)

    def test_journal_control_of_two_targets(self):
        """Each entry has a number in each of them, and these may be the same of
        quite other posts."""
        twice = "INSERT INTO delivery (entry, target, state, first_ms, next_ms," \
            " receipt, changed_ms) SELECT entry, 'andre', state, first_ms," \
            " next_ms, receipt, changed_ms FROM delivery;"
        mute = "UPDATE target_post SET own_key = '';"
        before = self.controlled(mute)
        self.assertEqual(self.controlled(mute, twice), before)
        # The other target's posts are not ours, whatever number they have.
        facts, found = self.controlled(
            mute, "UPDATE target_post SET target = 'fremmed'")
        self.assertEqual(facts["matched"], "0")
        self.assertEqual(found["not_received"], self.raw.q(
            "SELECT count(*) FROM target_post WHERE type = 'I'")[0][0])
        # Nor are they where a key is none.
        self.assertEqual(self.controlled(mute, "UPDATE entry SET own_key = ''"
                                         " WHERE id = 1"), before)

    def test_journal_control_of_a_number_that_was_given_again(self):
        """A post was moved to another case, and the next one of its old case has
        its number: that one did not come from here."""
        one, = self.raw.q("SELECT target_key FROM target_post WHERE own_key <> ''"
                          " AND type = 'I' ORDER BY target_key LIMIT 1")[0]
        moved = "UPDATE target_post SET number = '1999/1-1', case_number =" \
            " '1999/1' WHERE target_key = '%s';" % one
        facts, found = self.controlled(moved)
        again = moved + "CREATE TEMP TABLE ny AS SELECT t.*, json_extract(" \
            "d.receipt, '$.number') old FROM target_post t JOIN entry e ON" \
            " e.own_key = t.own_key JOIN delivery d ON d.entry = e.id WHERE" \
            " target_key = '%s'; UPDATE ny SET target_key = 'ny', own_key = ''," \
            " number = old, sequence = 999999, title = 'Noe ganske annet om en" \
            " helt annen sak'; ALTER TABLE ny DROP COLUMN old; INSERT INTO" \
            " target_post SELECT * FROM ny;" % one
        facts_again, found_again = self.controlled(again)
        self.assertEqual(facts_again["posts"], str(int(facts["posts"]) + 1))
        self.assertEqual(facts_again["matched"], facts["matched"])
        self.assertEqual(found_again - found, Counter({"not_received": 1}))

    def test_pack_says_what_the_reports_say(self):
        """It reads what they have in common once, and counts each once."""
        def made(data):
            return re.sub(rb"\d\d\.\d\d\.\d{4} \d\d:\d\d|laget=\"[^\"]*\"",
                          b"", data)
        period = ("--from", str((oslo(time.time() * 1000) -
                                 datetime.timedelta(days=200)).date()))
        taking = [name for name in names() if name not in
                  ("liggetid", "stille-innganger")]
        for more in ((), period):
            with tempfile.TemporaryDirectory() as folder:
                pack = os.path.join(folder, "pack")
                done = run(self.root, "tilsynspakke", pack, *more)
                self.assertEqual(done.returncode, 0, done.stderr)
                there = os.listdir(pack)
                for name in names():
                    options = more if name in taking else ()
                    for form in ("html", "csv", "xml"):
                        if form == "xml" and name != "mottaksprotokoll":
                            self.assertNotIn(name + ".xml", there)
                            continue
                        if name == "stikkprove":  # drawn anew each time
                            self.assertIn("%s.%s" % (name, form), there)
                            continue
                        with open(os.path.join(pack, "%s.%s" % (name, form)),
                                  "rb") as file:
                            self.assertEqual(
                                made(file.read()), made(run(
                                    self.root, name, "--format", form,
                                    *options).stdout), (name, form))

    def test_english(self):
        done = run(self.root, "balance", "--language", "en").stdout.decode()
        self.assertIn("Reception balance", done)
        self.assertIn("All queues", done)

    def test_an_empty_report_says_so(self):
        for form, want in (("table", True), ("html", True), ("csv", False),
                           ("json", False)):
            said = run(self.root, "mottaksprotokoll", "--to", "2001-01-01",
                       "--format", form).stdout.decode()
            self.assertEqual("Ingen rader" in said, want, form)
        self.assertNotIn(b"Ingen rader", run(self.root, "mottaksbalanse").stdout)

    def test_refusals(self):
        bad = os.path.join(self.root, "bad.csv")
        with open(bad, "w") as file:
            file.write("kø;dato\nOla Nordmann;i morgen\n")
        for args, status in ((("no-such",), 2), (("liggetid", "--from", "x"), 2),
                             (("mottaksbalanse", "--from", "2026-1-1"), 2),
                             (("liggetid", "--control", bad), 2),
                             (("liggetid", "--format", "doc"), 2),
                             (("mottaksbalanse", "--control", bad), 5),
                             (("mottaksbalanse", "--control", bad + "x"), 5),
                             (("stikkprove", "--count", "2", "--errors", "3"), 2),
                             (("mottaksbalanse", "--from", "2026-02-30"), 2),
                             (("mottaksbalanse", "--from", "2026-02-02", "--to",
                               "2026-02-01"), 2),
                             (("liggetid", "--queue", "Skannet  post"), 2)):
            done = run(self.root, *args)
            self.assertEqual(done.returncode, status, (args, done.stderr))
            self.assertLessEqual(done.stderr.count(b"No such file"), 1)
            self.assertNotIn(b"Nordmann", done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertEqual(run("/nonexistent", "liggetid").returncode, 3)
        done = run(self.root, "mottaksprotokoll", "--queue", "Skannet  post")
        self.assertIn("Skannet post, Aldri brukt".encode(), done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_an_older_database_is_not_read_wrongly(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "db"))
            sqlite3.connect(os.path.join(folder, "db", "sluse.db")).close()
            for line in (("liggetid",),
                         ("tilsynspakke", os.path.join(folder, "pack"))):
                done = run(folder, *line)
                self.assertEqual(done.returncode, 3)
                self.assertIn(b"start slused", done.stderr)


class Road(unittest.TestCase):
    """The same on what the road itself writes."""

    @classmethod
    def setUpClass(cls):
        cls.house = House(
            instance=FAST + "\n[journal]\ncheckpoint_after = 200ms\n",
            extra="[queue Papir]\nkind = incoming\naccess = XX\n")
        cls.addClassCleanup(cls.house.close)
        h = cls.house
        demo = os.path.join(TOP, "spool", "demo")
        with open(os.path.join(demo, "MANIFEST.json")) as file:
            items = json.load(file)["items"]
        n = 0
        for item in items:
            path = os.path.join(demo, item["name"])
            if os.path.isfile(path) and os.path.getsize(path) < 40000:
                h.drop(path, queue=item["queue"])
                n += 1
        h.wait_quiet(60, n)
        cls.count = n

    def test_balance_and_leaves(self):
        h = self.house
        raw = Recount(h.root)
        events = Counter(event for event, *_ in raw.leaves())
        found, last = rows(h.root, "mottaksbalanse")
        self.assertEqual(last["facts"]["remainder"], "0")
        total = {r["unit"]: r for r in found if r["queue"] == "Alle køer"}
        self.assertEqual(total["consignments"]["total"], events[20])
        self.assertEqual(total["entries"]["total"], events[51])
        self.assertEqual(total["entries"]["transferred"], events[81])
        self.assertEqual(total["entries"]["held"], events[102])
        found, last = rows(h.root, "mottaksprotokoll")
        self.assertEqual(int(last["facts"]["entries"]), events[51])
        there = {p["number"] for p in h.posts()["journalposts"]
                 if "number" in p}
        if there:
            self.assertEqual({r["registration"] for r in found
                              if r["registration"]}, there)

    def test_access_codes(self):
        """What the road sent with a code, by the name it has there."""
        h = self.house
        path = os.path.join(h.root, "spool", "Papir", "Inn", "brev.txt")
        with open(path + ".tmp", "w") as file:
            file.write("Saksnr: 2026/87\n\nJeg ber om innsyn i saken min.\n")
        os.rename(path + ".tmp", path)
        h.wait_for(lambda: [
            (r["queue"], r["code"], r["total"])
            for r in rows(h.root, "tilgangskoder")[0]] == [("Papir", "XX", 1)],
            30, "a code")

    def test_held_once_more(self):
        """Whoever holds what is held already has settled nothing."""
        h = self.house

        def sums():
            found = rows(h.root, "avklaringer")[0]
            return {key: sum(r[key] for r in found)
                    for key in ("held", "open", "person", "machine")}
        before = sums()
        row = next(r for r in h.rows("list") if r["disposition"] == "held")
        h.sluse("hold", row["reception"], "--why", "venter på svar")
        want = {**before, "held": before["held"] + 1,
                "machine": before["machine"] + 1}
        self.assertGreater(before["open"], 0)
        self.assertEqual(sums(), want)

    def test_refused_at_the_door(self):
        """A link has no number, and is accounted for all the same."""
        h, queue = self.house, self.house.queues[0]

        def received():
            return [(r["total"], r["stopped"]) for r in rows(
                h.root, "mottaksbalanse", "--queue", queue)[0]
                    if r["unit"] == "received_files"] or [(0, 0)]
        (total, stopped), = received()
        os.symlink("/etc/passwd", os.path.join(h.inbox(), "lenke.pdf"))
        h.wait_for(lambda: received() == [(total + 1, stopped + 1)], 30, "refused")
        for name in ("mottaksbalanse", "mottaksprotokoll"):
            facts = rows(h.root, name)[1]["facts"]
            self.assertEqual(facts["refused_at_door"], "1")
            self.assertIn("lenke", facts["door_refused_link"])
            self.assertNotIn("passwd", str(facts))
        self.assertEqual(rows(h.root, "mottaksbalanse")[1]["facts"]["remainder"],
                         "0")

    def read(self, *path):
        with open(os.path.join(*path), "rb") as file:
            return file.read()

    def test_pack(self):
        h = self.house
        folder = os.path.join(h.root, "pack")
        h.wait_for(lambda: h.query("SELECT count(*) FROM checkpoint")[0][0],
                   20, "no head was signed")
        leaves = h.query("SELECT count(*) FROM leaf")[0][0]
        h.sluse("report", "tilsynspakke", folder, "--from", "2026-01-01")
        index = self.read(folder, "index.html").decode()
        there = set(os.listdir(folder))
        self.assertIn("<dd>fra 01.01.2026</dd>", index)
        self.assertRegex(index, r"<dd>\d\d\.\d\d\.20\d\d \d\d:\d\d</dd>")
        self.assertEqual(set(re.findall(r'href="([^"]+)"', index)) |
                         {"index.html"}, there)
        for name in there:
            data = self.read(folder, name)
            self.assertNotIn(b"hemmelig\n", data, name)
            if name.endswith(".html"):
                page = Html(data.decode())
                self.assertEqual((page.lang, page.open), ("nb", []), name)
        for name, words in (("systembeskrivelse", ("sluse-auditor",
                                                   "Ingen utenfor Sluse")),
                            ("dokumentasjonsplan", ("180 d", "duplikat")),
                            ("behandlingsprotokoll", ("180 d", "duplikat",
                                                      "tredjeland"))):
            page = self.read(folder, name + ".html").decode()
            for word in words:
                self.assertIn(word, page)
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        head = json.loads(self.read(folder, "sporingslogg-hode.json"))
        # The log goes on growing meanwhile.
        self.assertLessEqual(leaves, head["leaves"])
        self.assertLessEqual(head["leaves"],
                             h.query("SELECT count(*) FROM leaf")[0][0])
        # Signed, so that it proves something: of this log, and of no other.
        signed = os.path.join(folder, "sporingslogg-hode.checkpoint")
        lines = self.read(signed).decode().split("\n")
        self.assertEqual(int(lines[1]), head["signed"])
        keys = self.read(folder, "sporingslogg-hode.vkey").decode().split()
        self.assertEqual(keys, [k for k, in h.query(
            "SELECT vkey FROM journal_key ORDER BY number")])
        for line, code in ((lines[2], 0), ("A" * 43 + "=", 1)):
            other = os.path.join(h.root, "head")
            with open(other, "w") as file:
                file.write("\n".join([*lines[:2], line, *lines[3:]]))
            done = h.sluse("journal", "verify", "--against", other,
                           check=False)
            self.assertEqual(done.returncode, code, done.stderr)
        done = h.sluse("report", "tilsynspakke", folder, check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("is not empty", done.stderr)
        above = os.path.join(h.root, "nowhere")
        done = h.sluse("report", "tilsynspakke", os.path.join(above, "pack"),
                       check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("No such file or directory", done.stderr)
        self.assertFalse(os.path.exists(above))
        # One that was cut off is written anew.
        for name, data in ((".sluse-part", "sluse tilsynspakke\n"),
                           ("gammel.html", "<halv")):
            with open(os.path.join(folder, name), "w") as file:
                file.write(data)
        os.unlink(os.path.join(folder, "index.html"))
        h.sluse("report", "tilsynspakke", folder, "--from", "2026-01-01")
        self.assertEqual(set(os.listdir(folder)), there)
        # Each report gets the options it takes.
        drawn = os.path.join(h.root, "drawn")
        h.sluse("report", "tilsynspakke", drawn, "--seed", "7", "--count", "3",
                "--risk", "--days", "9")
        for name, options in (("stikkprove", ("--seed", "7", "--count", "3",
                                              "--risk")),
                              ("liggetid", ())):
            self.assertEqual(
                self.read(drawn, name + ".csv"),
                run(h.root, name, "--format", "csv", *options).stdout)
        done = h.sluse("report", "tilsynspakke", drawn + "2", "--format", "pdf",
                       check=False)
        self.assertEqual((done.returncode, os.path.exists(drawn + "2")),
                         (2, False))
        # What cannot be is refused before anything is made.
        other = os.path.join(h.root, "no-pack")
        for line in (("--from", "1.1.2026"), ("--from", "2026-02-02", "--to",
                     "2026-02-01"), ("--control", folder + "x")):
            done = h.sluse("report", "tilsynspakke", other, *line, check=False)
            self.assertIn(done.returncode, (2, 5), done.stderr)
            self.assertFalse(os.path.exists(other))

    def test_terminal(self):
        """A row is as wide as the terminal, or as $COLUMNS; a pipe's rows are
        one line each, whatever that says."""
        def widest(text):
            return max(len(line) for line in text.splitlines()
                       if not line.startswith(" " * 20))

        def shown(wide, **env):
            end, tty = pty.openpty()
            fcntl.ioctl(tty, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 40, wide, 0, 0))
            child = subprocess.Popen(
                [os.path.join(BIN, "sluse"), "--root", self.house.root,
                 "report", "mottaksprotokoll"], stdout=tty,
                env={**os.environ, **env})
            os.close(tty)
            text = b""
            while True:
                try:
                    part = os.read(end, 65536)
                except OSError:
                    break
                text += part
            self.assertEqual(child.wait(), 0)
            os.close(end)
            return text.decode().replace("\r\n", "\n")
        os.environ.pop("COLUMNS", None)
        piped = self.house.sluse("report", "mottaksprotokoll").stdout
        self.assertRegex(piped, r"(?m)^Laget: \d\d\.\d\d\.20\d\d \d\d:\d\d$")
        self.assertRegex(piped, r" \d\d\.\d\d\.20\d\d \d\d:\d\d ")
        self.assertNotRegex(piped, r"\b20\d\d-\d\d-\d\d\b")
        whole = widest(piped)
        wide = shown(whole + 10)
        self.assertEqual(widest(wide), whole)
        small = shown(whole - 10)
        self.assertLessEqual(widest(small), whole - 10)
        self.assertGreater(small.count("\n"), wide.count("\n"))
        self.assertLessEqual(widest(shown(whole + 10, COLUMNS=str(whole - 10))),
                             whole - 10)

    def test_full_disk(self):
        for line in (("report", "mottaksprotokoll"),
                     ("report", "mottaksprotokoll", "--format", "pdf"),
                     ("report", "--list"),
                     ("depot", "check", self.house.root)):
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [os.path.join(BIN, "sluse"), "--root", self.house.root,
                     *line], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 6, line)
            self.assertIn("cannot write", done.stderr)


if __name__ == "__main__":
    unittest.main()
