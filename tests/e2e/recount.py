"""What reports say, counted again: from the raw tables and from the leaves of the
log, in another language and by other queries. For the tests of reports."""
import datetime
import html.parser
import json
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
from collections import Counter, defaultdict

from house import BIN, TOP, os, sys

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


class Counted(unittest.TestCase):
    """A database of some thousand entries, and what is counted in it by other
    means."""
    NUMBER = {n: "M26-%06d-%d" % (n, make_reports.luhn(n))
              for n in range(1, COUNT + 10)}

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="sluse-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        make_reports.make(COUNT, cls.root, 400)
        with open(os.path.join(cls.root, "sluse.conf"), "w") as file:
            file.write(CONFIG)
        cls.raw = Recount(cls.root)

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

    def queue_of(self, n):
        return self.raw.consignments[n]["queue"]

    def title(self, number):
        for id_, d in self.raw.delivered.items():
            if json.loads(d["receipt"])["number"] == number:
                return json.loads(self.raw.entries[id_]["post"])["tittel"]
        return None
