#!/usr/bin/env python3
"""The balance begins in the mailbox: what a list of its UIDs says, against what
came. With a real Dovecot, and with lists made to do harm."""
import csv
import datetime
import io
import json
import random
import shutil
import sqlite3
import tempfile
import time
import unittest
from collections import Counter

from house import TOP, House, os, sys
from recount import CONFIG, oslo, rows, run

sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
import dovecot  # noqa: E402
import make_reports  # noqa: E402

COUNT = 3000
HEAD = "ko;dato;uid;message-id\n"
NOON = int(time.time()) // 86400 * 86400 - 86400 * 2 + 43200


def mail(n, head):
    return (b"From: Kari Prove <kari@example.no>\r\nTo: post@testvik.example.no\r\n"
            b"Subject: Soknad %d\r\nDate: Mon, 05 Jan 2026 10:00:00 +0100\r\n%s"
            b"\r\nVedlagt er soknad nummer %d.\r\n" % (n, head, n))


PLAIN = [b"Message-ID: <brev-%d@example.no>\r\n" % n for n in range(6)]
# What senders write there, and what it must not do to the list.
MEAN = [b"Message-ID:\r\n <fold\r\n ed@example.no>\r\n",
        b"Message-ID: <tab\tin@example.no>\r\n",
        b"Message-ID: <one@example.no>\r\nMessage-ID: <two@example.no>\r\n",
        b"Message-ID: <one@example.no>\r\n"
        b"Message-ID: 77\t2026-01-05 10:00:00\t<forged@example.no>\r\n",
        b"Message-ID: <latin\xf8@example.no>\r\n",
        "Message-ID: <utf-ø@example.no>\r\n".encode(),
        b"Message-ID: \"<quote@example.no>\r\n",
        b"Message-ID: <back\\slash}{@example.no>\r\n",
        b"Message-ID: =?utf-8?q?=3Cenc=0A99=09x=40y=3E?=\r\n",
        b"Message-ID: bare@example.no (comment)\r\n"]
NAMELESS = [b"", b"Message-ID: <" + b"a" * 70000 + b"@example.no>\r\n"]


@unittest.skipUnless(dovecot.HAVE, "dovecot-imapd is not installed")
class Mailbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = dovecot.Dovecot()
        cls.addClassCleanup(cls.box.close)
        cls.house = House(queues=("Ren", "Slem", "Navnelos", "Faner"))
        cls.addClassCleanup(cls.house.close)

    def tearDown(self):
        self.house.check_whole(self)

    def fill(self, folder, heads):
        for head in heads:
            self.box.put(folder, mail(heads.index(head), head), NOON)
        found = self.box.fetch(folder)
        self.assertEqual(len(found), len(heads))
        return found

    def take(self, found, queue, name="%d.eml"):
        for uid, data in found.items():
            self.house.drop_bytes(data, name % uid, queue)
        self.house.wait_quiet()

    def balance(self, text, queue):
        with tempfile.NamedTemporaryFile("wb") as file:
            file.write(text)
            file.flush()
            found, last = rows(self.house.root, "mottaksbalanse", "--control",
                               file.name, "--queue", queue, "--to", "2199-12-31")
        return [r for r in found if r["unit"] == "mailbox"][0], last["facts"]

    def lost(self, facts, what="lost"):
        return [value for key, value in facts.items()
                if key.startswith("mailbox_%s_" % what)]

    def test_the_one_that_was_lost_is_named(self):
        # The fifth lay there twice, and must be fetched twice.
        found = self.fill("Ren", PLAIN + PLAIN[4:5])
        listed = self.box.listed("Ren", "json")
        late, twice = {3: found.pop(3)}, {7: found.pop(7)}
        # What a fetching program calls the first is not what the second is.
        self.take({2: found.pop(1)}, "Ren", "1764.M1.host,U=%d:2,S")
        self.take(found, "Ren")
        row, facts = self.balance(listed, "Ren")
        self.assertEqual((row["total"], row["remainder"]), (7, 2))
        self.assertTrue(self.lost(facts)[1].endswith(
            "brev-4@example.no (samme Message-ID som UID 5)"), facts)
        self.take(twice, "Ren")
        self.assertEqual(self.house.query(
            "SELECT count(*) FROM consignment WHERE reason ="
            " 'duplicate_message'"), [(1,)])
        row, facts = self.balance(listed, "Ren")
        self.assertEqual((row["total"], row["control"]), (7, 7))
        self.assertEqual((row["remainder"], row["difference"]), (1, 1))
        self.assertEqual(facts["remainder"], "1")
        (named,) = self.lost(facts)
        self.assertIn("UID 3, ", named)
        self.assertIn("brev-2@example.no", named)
        self.assertEqual(self.lost(facts, "untold"), [])
        self.assertEqual(
            (facts["mailbox_received"], facts["mailbox_lost"],
             facts["mailbox_unlisted"], facts["mailbox_again"]),
            ("6", "1", "0", "0"))
        self.take(late, "Ren")
        row, facts = self.balance(listed, "Ren")
        self.assertEqual((row["total"], row["remainder"], row["difference"]),
                         (7, 0, 0))
        self.assertEqual(facts["remainder"], "0")
        self.assertEqual(self.lost(facts), [])
        # Once more: it came more often than it lay there.
        self.take(late, "Ren", "igjen-%d.eml")
        row, facts = self.balance(listed, "Ren")
        self.assertEqual((row["remainder"], facts["mailbox_again"]), (0, "1"))
        # What the list does not have.
        shorter = b"".join(line for line in self.box.listed(
            "Ren", "tab").splitlines(True) if not line.startswith(b"2\t"))
        row, facts = self.balance(shorter, "Ren")
        self.assertEqual((row["total"], row["remainder"]), (6, 0))
        self.assertEqual(facts["mailbox_unlisted"], "1")
        with open(os.path.join(self.house.root, "log"), "rb") as file:
            self.assertNotIn(b"brev-", file.read())

    def test_senders_do_not_write_the_list(self):
        found = self.fill("Slem", MEAN)
        listed = self.box.listed("Slem", "json")
        late = {5: found.pop(5)}
        self.take(found, "Slem")
        row, facts = self.balance(listed, "Slem")
        (named,) = self.lost(facts)
        self.assertIn("UID 5, ", named)
        self.assertEqual((row["total"], row["remainder"]), (len(MEAN), 1))
        self.take(late, "Slem")
        row, facts = self.balance(listed, "Slem")
        self.assertEqual((row["total"], row["remainder"]), (len(MEAN), 0))
        self.assertEqual(facts["mailbox_unlisted"], "0")
        # As tab the lines break: refused, not counted wrongly.
        with tempfile.NamedTemporaryFile("wb") as file:
            file.write(self.box.listed("Slem", "tab"))
            file.flush()
            done = run(self.house.root, "mottaksbalanse", "--control", file.name,
                       "--queue", "Slem")
        self.assertEqual(done.returncode, 5)
        self.assertNotIn(b"example.no", done.stderr)

    def test_without_message_id(self):
        """By the UID in the name; without one it cannot be told."""
        found = self.fill("Navnelos", NAMELESS + PLAIN[:1])
        listed = self.box.listed("Navnelos", "json")
        self.take({1: found[1]}, "Navnelos", "1764.M1.host,U=%d:2,S")
        row, facts = self.balance(listed, "Navnelos")
        self.assertEqual((row["total"], row["remainder"]), (3, 2))
        self.assertEqual([n.split(",")[0] for n in self.lost(facts)],
                         ["Navnelos: UID 2", "Navnelos: UID 3"])
        # A number of the fetching program's own is not the third's.
        self.take({3: found[2]}, "Navnelos", "1764.M2.host,U=%d:2,S")
        row, facts = self.balance(listed, "Navnelos")
        self.assertEqual([n.split(",")[0] for n in self.lost(facts)],
                         ["Navnelos: UID 3"])
        self.take({3: found[3]}, "Navnelos")
        row, facts = self.balance(listed, "Navnelos")
        self.assertEqual(self.lost(facts), [])
        (named,) = self.lost(facts, "untold")
        self.assertIn("UID 2, ", named)
        self.assertEqual((row["remainder"], facts["mailbox_untold"],
                          facts["mailbox_unknown"]), (1, "1", "1"))

    def test_tab_and_mbox(self):
        """Several messages in one file are several, each by its own."""
        found = self.fill("Faner", PLAIN)
        listed = self.box.listed("Faner", "tab")
        late = found.pop(6)
        self.house.drop_bytes(b"".join(
            b"From kari@example.no Mon Jan  5 10:00:00 2026\n" +
            data.replace(b"\r\n", b"\n") + b"\n" for data in found.values()),
            "post.mbox", "Faner")
        self.house.wait_quiet(count=1)
        row, facts = self.balance(listed, "Faner")
        self.assertEqual((row["total"], row["remainder"]), (6, 1))
        (named,) = self.lost(facts)
        self.assertIn("UID 6, ", named)
        # The sixth came as what somebody forwards, not as itself.
        self.house.drop_bytes(
            b"From: Ola Prove <ola@example.no>\r\nSubject: Vedlagt\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x"
            b"\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n" +
            late + b"\r\n--x--\r\n", "videresendt.eml", "Faner")
        self.house.wait_quiet(count=2)
        row, facts = self.balance(listed, "Faner")
        self.assertEqual((row["remainder"], self.lost(facts)), (1, [named]))
        self.assertEqual(facts["mailbox_unknown"], "1")


class Recounted(unittest.TestCase):
    """Of a large database, and lists that mean harm."""

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="sluse-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        path = make_reports.make(COUNT, cls.root, 400)
        with open(os.path.join(cls.root, "sluse.conf"), "w") as file:
            file.write(CONFIG)
        db = sqlite3.connect(path)
        db.row_factory = sqlite3.Row
        # A tenth without a Message-ID, half of these with a UID in the name.
        db.execute("UPDATE consignment SET channel_key = NULL WHERE queue ="
                   " 'E-post' AND id % 10 = 3")
        db.execute("UPDATE part SET mime = 'message/rfc822' WHERE id IN (SELECT"
                   " id FROM consignment WHERE queue = 'E-post')")
        db.execute("UPDATE consignment SET name_raw = CAST('1.M.h,U=' || id ||"
                   " ':2,S' AS BLOB) WHERE queue = 'E-post' AND id % 20 = 3")
        db.commit()
        cls.mails = db.execute("SELECT * FROM consignment WHERE queue = 'E-post'"
                               " ORDER BY id").fetchall()
        cls.outcome = {r[0]: (r[1], r[2]) for r in db.execute(
            "SELECT consignment, disposition, outcome FROM entry")}
        db.close()

    def balance(self, text, *more):
        with tempfile.NamedTemporaryFile("wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
            file.flush()
            found, last = rows(self.root, "mottaksbalanse", "--control",
                               file.name, *more)
        return {r["queue"]: r for r in found if r["unit"] == "mailbox"}, last

    def test_recount(self):
        chance = random.Random(4711)
        out = io.StringIO()
        sheet = csv.writer(out, delimiter=";")
        sheet.writerow(("message-id", "uid", "dato", "ko", "uidvalidity"))
        want, lost, unlisted = Counter(), set(), 0
        days = set()
        for c in self.mails:
            if chance.random() < 0.05:
                # Only what is known by its Message-ID can be called unlisted.
                unlisted += c["channel_key"] is not None
                continue
            day = oslo(c["received_ms"]).date()
            days.add(day)
            sheet.writerow(("<%s>" % c["channel_key"] if c["channel_key"] else "",
                            c["id"], day, "E-post", 7))
            if chance.random() < 0.2:  # twice in the list, once in the box
                sheet.writerow(("<annet>", c["id"], day, "E-post", 7))
            want["total"] += 1
            if c["channel_key"] is None and c["id"] % 20 != 3:
                want["untold"] += 1
                continue
            d, o = self.outcome.get(c["id"], (60, 50))
            want["transferred"] += d == 60 and o == 10
            want["held"] += d == 30
            want["duplicates"] += d == 60 and o == 50
        for n in range(30):
            uid = 1000000 + n
            lost.add(uid)
            sheet.writerow(("<tapt-%d@example.no>" % n, uid, min(days), "E-post", 7))
            want["total"] += 1
        found, last = self.balance(out.getvalue(), "--from", "2000-01-01")
        row, facts = found["E-post"], last["facts"]
        for cell in ("total", "transferred", "held", "duplicates"):
            self.assertEqual(row[cell], want[cell], cell)
        self.assertEqual(row["remainder"], len(lost) + want["untold"])
        self.assertEqual(int(facts["mailbox_untold"]), want["untold"])
        self.assertEqual(facts["mailbox_lost"], "30")
        self.assertEqual(int(facts["mailbox_unlisted"]), unlisted)
        named = {int(value.split("UID ")[1].split()[0]) for key, value in
                 facts.items() if key[:13] == "mailbox_lost_"}
        self.assertEqual(named, lost)
        self.assertEqual(found.keys(), {"E-post", "Alle køer"})
        self.assertEqual(found["Alle køer"]["total"], want["total"])

    def test_many_are_told_with_how_many_more(self):
        lines = "".join("E-post;2026-01-05;%d;<x%d@y>\n" % (n, n)
                        for n in range(1, 200001))
        began = time.monotonic()
        found, last = self.balance("ko;dato;uid;message-id\n" + lines)
        self.assertLess(time.monotonic() - began, 30)
        facts = last["facts"]
        self.assertEqual(found["E-post"]["remainder"], 200000)
        self.assertEqual(facts["mailbox_lost_more"], "199900")
        self.assertIn("mailbox_lost_100", facts)
        self.assertNotIn("mailbox_lost_101", facts)

    def test_all_the_same(self):
        """One Message-ID and one UID for all of them: no walk within a walk."""
        lines = "".join("E-post;2026-01-05;%s;%d;<x@y>\n" % (uid, v)
                        for v in range(1, 100001) for uid in (17,))
        began = time.monotonic()
        found, last = self.balance("ko;dato;uid;uidvalidity;message-id\n" + lines)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(found["E-post"]["total"], 100000)

    def test_hostile_lists(self):
        head = "ko;dato;uid;message-id\n"
        good = "E-post;2026-01-05;1;<a@b>\n"
        whole = ('{"uid":"1","queue":"E-post",'
                 '"date.received":"2026-01-05 10:00:00"}')
        for text, line in (
                (head + good + "E-post;2026-01-05;0;<Ola Nordmann>\n", 3),
                (head + "E-post;2026-01-05;4294967296;\n", 2),
                (head + "E-post;2026-01-05;-1;\n", 2),
                (head + "E-post;2026-01-05;" + "9" * 400 + ";\n", 2),
                (head + "E-post;2026-01-05;1x;\n", 2),
                (head + "E-post;i morgen;1;Ola Nordmann\n", 2),
                (head + ";2026-01-05;1;\n", 2),
                (head + "E-post;2026-01-05\n", 2),
                (head + "E-post;2026-01-05;1;<Nord\0mann>\n", 2),
                (head + "E-post;2026-01-05;1;\"<Nordmann>\n", 2),
                (head + "E-post;2026-01-05;1;" + "a" * 70000 + "\n", 2),
                ("ko;dato;uid;uid\n" + good, 1), ("ko;dato;date;uid\n" + good, 1),
                ("ko;uid\nE-post;1\n", 1), ("dato;uid\n2026-01-05;1\n", 1),
                ("[{\"uid\":\"0\"}]", 1), ("[{\"uid\":\"1\",\"x\":\"\0\"}]", 1),
                ("[{\"uid\":\"1\",\"queue\":\"E-post\"}]", 1),
                ("[{\"uid\":\"1\",\"date.received\":\"2026-01-05\"}]", 1),
                ("[{\"uid\":\"1\"", 1), ("[{\"uid\":\"1}]", 1), ("[Nordmann", 0),
                ("[" + whole, 1), ("[" + whole + ",\n" + whole + ",\n", 2),
                ("[" + whole + "]]", 1), ("[\n", 0)):
            with self.subTest(text=text[:60]), tempfile.NamedTemporaryFile(
                    "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                done = run(self.root, "mottaksbalanse", "--control", file.name)
                self.assertEqual(done.returncode, 5, done)
                self.assertIn(b"line %d: " % line, done.stderr)
                self.assertNotIn(b"Nordmann", done.stderr)
                self.assertEqual(done.stdout, b"")
        # Another charset, more fields than the head, nothing at all.
        found, last = self.balance(
            head.encode() + b"E-post;2026-01-05;1;<\xf8\xff@b>;mer;enda mer\n"
            b"E-post;2026-01-05;1;<en gang til@b>\n")
        self.assertEqual(found["E-post"]["total"], 1)
        self.assertIn("øÿ@b", last["facts"]["mailbox_lost_1"])
        self.assertEqual(self.balance("[]")[0], {})
        self.assertEqual(self.balance(head)[0], {})

    def test_queues_and_days(self):
        text = ("kø\tdate\tuid\n\"Ukjent\t05.01.2026\t4\n"
                "E-post\t2026-01-06\t5\nE-post\t1999-01-06\t6\n")
        found, last = self.balance(text)
        self.assertEqual(last["facts"]["only_in_control"], '"Ukjent')
        self.assertEqual({q: r["total"] for q, r in found.items()},
                         {'"Ukjent': 1, "E-post": 2, "Alle køer": 3})
        found, last = self.balance(text, "--queue", "E-post", "--from",
                                   "2026-01-01")
        self.assertEqual({q: r["total"] for q, r in found.items()}, {"E-post": 1})

    def test_what_is_not_asked_for_or_no_message(self):
        known = next(c for c in self.mails if c["channel_key"] and
                     self.outcome.get(c["id"]) == (60, 10))
        text = ("ko;dato;uid;message-id\nE-post;1999-01-06;5;<%s>\n"
                "E-post;2026-01-06;6;<x@y>\nSkannet post;2020-01-06;7;\n"
                % known["channel_key"])
        found, last = self.balance(text, "--from", "2020-01-01")
        self.assertEqual([(r["total"], r["transferred"], r["remainder"])
                          for r in found.values()],
                         [(1, 0, 1), (1, 0, 1), (2, 0, 2)])
        # Scanned post that was read is no mail without a Message-ID.
        self.assertEqual((last["facts"]["mailbox_lost"],
                          last["facts"]["mailbox_untold"]), ("2", "0"))
        found, last = self.balance(text)
        self.assertEqual(found["E-post"]["transferred"], 1)

    def test_queues_that_do_not_fit(self):
        """Refused, where their messages would be left out without a word."""
        sheet = "ko;dato;forsendelser\n"
        for text, why in (
                (HEAD + "".join("K%d;2026-01-05;1;\n" % n for n in range(1001)),
                 b"line 1002: "),
                (sheet + "".join("K%d;2026-01-05;1\n" % n for n in range(70000)),
                 b"too many queues"),
                (sheet + "E-post;2026-01-05;1\n;2026-01-05;1\n", b"line 3: ")):
            with self.subTest(why=why), tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                began = time.monotonic()
                done = run(self.root, "mottaksbalanse", "--control", file.name)
                self.assertEqual(done.returncode, 5, done.stdout[-500:])
                self.assertIn(why, done.stderr)
                self.assertEqual(done.stdout, b"")
                self.assertLess(time.monotonic() - began, 10)
        found = self.balance(HEAD + "".join(
            "K%d;2026-01-05;1;\n" % n for n in range(1000)))[0]
        self.assertEqual(len(found), 1001)

    def test_a_pack_with_a_list_that_names_no_queue(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "list.json")
            with open(path, "w") as file:
                file.write('[{"uid":"4","date.received":"2026-01-05 10:00:00"}]')
            pack = os.path.join(folder, "pack")
            for more, code, why in (
                    (("--control", path), 5, b"say --queue"),
                    (("--control", path, "--queue", "Nei"), 2, b"no queue Nei"),
                    (("--queue", "E-post"), 2, b"--control")):
                done = run(self.root, "tilsynspakke", pack, *more)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(why, done.stderr)
                self.assertFalse(os.path.exists(pack))
            done = run(self.root, "tilsynspakke", pack, "--control", path,
                       "--queue", "E-post", "--from", "2000-01-01")
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(pack, "mottaksbalanse.html")) as file:
                balance = file.read()
            self.assertIn("E-post: UID 4, 05.01.2026", balance)
            # It names the list's queue, and takes no other away.
            self.assertIn("SvarInn", balance)

    def test_scanning_control_says_that_it_does_not_use_it(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(HEAD + "E-post;2026-01-05;4;\nE-post;2026-01-05;5;\n")
            file.flush()
            facts = rows(self.root, "skanningskontroll", "--control",
                         file.name)[1]["facts"]
        self.assertEqual(facts["mailbox_unused"], "2")

    def test_the_other_reports_take_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "list.csv")
            with open(path, "w") as file:
                file.write("ko;dato;uid\nE-post;2026-01-05;4\n")
            pack = os.path.join(folder, "pack")
            done = run(self.root, "tilsynspakke", pack, "--control", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(pack, "mottaksbalanse.html")) as file:
                self.assertIn("UID 4, 05.01.2026", file.read())


class Told(unittest.TestCase):
    """What a few receptions answer for."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sluse-test-")
        self.addCleanup(shutil.rmtree, self.root)
        self.path = make_reports.make(2, self.root, 400)
        with open(os.path.join(self.root, "sluse.conf"), "w") as file:
            file.write(CONFIG)
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(self.db.close)
        self.db.row_factory = sqlite3.Row
        self.like = {t: dict(self.db.execute("SELECT * FROM %s WHERE id = 2" % t)
                             .fetchone()) for t in ("consignment", "source", "part")}
        for table in ("consignment", "source", "part", "entry", "document"):
            self.db.execute("DELETE FROM " + table)
        self.field = self.db.execute("SELECT number FROM field WHERE name ="
                                     " 'message_id'").fetchone()[0]

    def put(self, table, **cells):
        row = {**self.like[table], **cells} if table in self.like else cells
        return self.db.execute("INSERT INTO %s (%s) VALUES (%s)" % (
            table, ", ".join(row), ", ".join("?" * len(row))),
            tuple(row.values())).lastrowid

    def add(self, day, parts=(), key=None, **cells):
        """parts: (mime, Message-ID or None, other cells); the first is the
        file. The number of the consignment."""
        n = self.db.execute("SELECT count(*) + 1 FROM consignment").fetchone()[0]
        ms = int(datetime.datetime.fromisoformat(
            day + "T12:00:00+00:00").timestamp() * 1000)
        self.put("consignment", id=n, queue="E-post", channel_key=key,
                 ulid="%026d" % n, reception="M26-%06d" % n, received_ms=ms,
                 **{"name_raw": b"post", **cells})
        self.put("source", id=n, consignment=n)
        for number, (mime, found, more) in enumerate(parts):
            part = self.put("part", id=None, source=n, number=number, mime=mime,
                            **{"role": 2 if number == 0 else 1, **more})
            if found is not None:
                self.put("found", part=part, page=0, field=self.field, value=found,
                         label="", source=1, confidence=1000, x0=0, y0=0, x1=0, y1=0)
        return n

    def facts(self, text, *more):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return rows(self.root, "mottaksbalanse", "--control", file.name,
                        *more)[1]["facts"]

    def counts(self, facts):
        return tuple(int(facts["mailbox_" + key]) for key in (
            "received", "lost", "untold", "unknown", "unlisted", "again"))

    def package(self, day, key, found="pakke@example.no"):
        return self.add(day, [("message/rfc822", found, {}),
                              ("text/xml", None, {"describes": "arkivmelding"})],
                        key=key)

    def test_a_package_counts_on_whatever_day(self):
        """It lay there on the last day, and was fetched on the next."""
        self.package("2026-02-01", "urn:pakke:1")
        listed = HEAD + "E-post;2026-01-31;1;<pakke@example.no>\n"
        facts = self.facts(listed)
        self.assertEqual(self.counts(facts), (1, 0, 0, 0, 0, 0), facts)
        self.assertEqual(facts["remainder"], "0")
        # It is told of among the packages of its own days only.
        self.db.execute("INSERT INTO note (part, slug, detail) SELECT id,"
                        " 'files_said', '3' FROM part WHERE describes <> ''")
        self.assertNotIn("packages", self.facts(listed))
        self.assertEqual(self.facts(listed, "--from", "2026-01-31")["packages"], "1")

    def test_a_package_without_a_key_counts_once(self):
        """It goes by the message's, which lay there twice."""
        self.package("2026-01-31", "pakke@example.no")
        facts = self.facts(HEAD + "E-post;2026-01-31;1;<pakke@example.no>\n"
                           "E-post;2026-01-31;2;<pakke@example.no>\n")
        self.assertEqual(self.counts(facts), (1, 1, 0, 0, 0, 0), facts)
        facts = self.facts(HEAD + "E-post;2026-01-31;1;<pakke@example.no>\n")
        self.assertEqual(self.counts(facts), (1, 0, 0, 0, 0, 0), facts)

    def test_a_package_that_goes_by_the_name_of_another_message(self):
        """Its sender wrote its key, and may know another's Message-ID."""
        listed = (HEAD + "E-post;2026-01-31;1;<brev@example.no>\n"
                  "E-post;2026-01-31;2;<pakke@example.no>\n")
        self.package("2026-01-31", "brev@example.no")
        facts = self.facts(listed)
        self.assertEqual(self.counts(facts), (1, 1, 0, 0, 0, 0), facts)
        self.assertIn("UID 1,", facts["mailbox_lost_1"])
        self.add("2026-01-31", key="brev@example.no")
        self.assertEqual(self.counts(self.facts(listed)), (2, 0, 0, 0, 0, 0))
        # One that is no message did not lie in a mailbox.
        for table in ("consignment", "source", "part", "found"):
            self.db.execute("DELETE FROM " + table)
        self.add("2026-01-31", [("application/zip", None, {}), (
            "text/xml", None, {"describes": "arkivmelding"})], key="brev@example.no")
        self.assertEqual(self.counts(self.facts(listed)), (0, 2, 0, 0, 0, 0))

    def test_a_package_takes_the_line_of_its_uid(self):
        for uid in (1, 2):
            with self.subTest(uid=uid):
                for table in ("consignment", "source", "part", "found"):
                    self.db.execute("DELETE FROM " + table)
                self.package("2026-01-31", "urn:pakke:1")
                self.db.execute("UPDATE consignment SET name_raw = ?",
                                (b"1.M.h,U=%d:2,S" % uid,))
                facts = self.facts(HEAD + "".join(
                    "E-post;2026-01-31;%d;<pakke@example.no>\n" % n for n in (1, 2)))
                self.assertEqual(self.counts(facts), (1, 1, 0, 0, 0, 0), facts)
                self.assertIn("UID %d," % (3 - uid), facts["mailbox_lost_1"])

    def test_a_package_among_other_messages(self):
        """Its key is that of the whole file; the others count all the same."""
        listed = HEAD + "".join("E-post;2026-01-31;%d;%s\n" % line for line in (
            (1, "<en@example.no>"), (2, "<to@example.no>"), (3, "")))
        inside = [("message/rfc822", "en@example.no", {}),
                  ("message/rfc822", "to@example.no", {}),
                  ("text/xml", None, {"describes": "arkivmelding"})]
        for parts, cells, want in (
                ([("application/mbox", None, {})] + inside, {}, (2, 1, 0, 0, 0, 0)),
                (inside, {"is_folder": 1}, (2, 1, 0, 0, 0, 0)),
                # One message, without a Message-ID: its UID tells.
                ([("message/rfc822", None, {})] + inside[2:],
                 {"name_raw": b"1.M.h,U=3:2,S"}, (1, 2, 0, 0, 0, 0)),
                ([("message/rfc822", None, {})] + inside[2:],
                 {"name_raw": b"1.M.h,U=2:2,S"}, (0, 2, 1, 1, 0, 0))):
            with self.subTest(parts=parts, cells=cells):
                for table in ("consignment", "source", "part", "found"):
                    self.db.execute("DELETE FROM " + table)
                self.add("2026-01-31", parts, key="urn:pakke:1", **cells)
                if cells.get("is_folder"):  # two files
                    self.put("source", id=2, consignment=1, number=1)
                    self.db.execute("UPDATE part SET source = 2, number = number - 1,"
                                    " parent = 0 WHERE number > 0")
                self.assertEqual(self.counts(self.facts(listed)), want)

    def test_an_mbox_with_and_without_a_message_id(self):
        mbox = [("application/mbox", None, {}),
                ("message/rfc822", "en@example.no", {}),
                ("message/rfc822", None, {})]
        self.add("2026-01-31", mbox)
        listed = (HEAD + "E-post;2026-01-31;1;<en@example.no>\n"
                  "E-post;2026-01-31;2;\nE-post;2026-01-31;3;<to@example.no>\n")
        facts = self.facts(listed)
        self.assertEqual(self.counts(facts), (1, 1, 1, 1, 0, 0), facts)
        self.assertTrue(facts["mailbox_untold_1"].startswith("E-post: UID 2,"))
        # All of them have one: what is left did not come.
        self.db.execute("DELETE FROM part WHERE number = 2")
        self.assertEqual(self.counts(self.facts(listed)), (1, 2, 0, 0, 0, 0))

    def test_an_mbox_of_which_a_part_is_not_read(self):
        listed = (HEAD + "E-post;2026-01-31;1;<en@example.no>\n"
                  "E-post;2026-01-31;2;<to@example.no>\n")
        first = ("message/rfc822", "en@example.no", {})
        for cells, last in (({"stage": 40}, ("message/rfc822", None, {})),
                            ({"stage": 40}, None),
                            ({}, ("message/rfc822", None, {"reason": "damaged"}))):
            with self.subTest(cells=cells, last=last):
                self.db.execute("DELETE FROM consignment")
                self.db.execute("DELETE FROM source")
                self.db.execute("DELETE FROM part")
                self.db.execute("DELETE FROM found")
                self.add("2026-01-31", [("application/mbox", None, {}), first] +
                         ([last] if last else []), **cells)
                facts = self.facts(listed)
                self.assertEqual(self.counts(facts), (1, 0, 1, 1, 0, 0), facts)

    def test_what_is_not_read_or_erased_may_be_any(self):
        listed = HEAD + "E-post;2026-01-31;17;<en@example.no>\n"
        message = [("message/rfc822", None, {})]
        for cells in ({"stage": 40}, {"erased_ms": 1, "name_raw": b""}):
            with self.subTest(cells=cells):
                self.db.execute("DELETE FROM consignment")
                self.db.execute("DELETE FROM source")
                self.db.execute("DELETE FROM part")
                self.add("2026-01-31", message, **cells)
                facts = self.facts(listed)
                self.assertEqual(self.counts(facts), (0, 0, 1, 1, 0, 0), facts)
        # Stopped, but its Message-ID is known: it is nothing else.
        self.add("2026-01-31", [("message/rfc822", "to@example.no", {})], stage=40)
        self.db.execute("DELETE FROM consignment WHERE id = 1")
        facts = self.facts(listed)
        self.assertEqual(self.counts(facts), (0, 1, 0, 0, 1, 0), facts)

    def nameless(self, *uids):
        for uid in uids:
            self.add("2026-01-31", [("message/rfc822", None, {})],
                     name_raw=b"1.M.h,U=%d:2,S" % uid)

    def test_a_uid_that_is_not_in_the_list(self):
        """It answers for none, whatever was passed over at the next."""
        self.nameless(18, 18, 17)
        listed = HEAD + "E-post;2026-01-31;16;\nE-post;2026-01-31;18;\n"
        with self.subTest(last=19):
            facts = self.facts(listed + "E-post;2026-01-31;19;\n")
            self.assertEqual(self.counts(facts), (1, 0, 2, 2, 0, 0), facts)
        # Where the list ends there: also where its storage does.
        for more in range(8):
            listed += "E-post;2026-01-31;%d;<fyll-%d@example.no>\n" % (
                more + 1, more)
            with self.subTest(more=more):
                facts = self.facts(listed)
                self.assertEqual(self.counts(facts), (1, more + 1, 1, 2, 0, 0))

    def test_a_number_of_the_fetching_programs_own(self):
        """It takes no line of another Message-ID, also one that comes again."""
        for n in range(20):
            # In whatever order their hashes stand.
            with self.subTest(n=n):
                for table in ("consignment", "source", "part"):
                    self.db.execute("DELETE FROM " + table)
                ids = ["%s%d@example.no" % (c, n) for c in "ab"]
                for key, uid in ((ids[0], 1), (ids[1], 3)):
                    for _ in range(2):
                        self.add("2026-01-31", key=key,
                                 name_raw=b"1.M.h,U=%d:2,S" % uid)
                for uid in range(90, 100):
                    for key in ids:
                        self.add("2026-01-31", key=key,
                                 name_raw=b"1.M.h,U=%d:2,S" % uid)
                text = HEAD + "".join("E-post;2026-01-31;%d;<%s>\n" % (
                    uid, key) for uid, key in enumerate(
                        [ids[0], ids[0], ids[1], ids[1], "c%d@example.no" % n], 1))
                facts = self.facts(text)
                self.assertEqual(self.counts(facts), (4, 1, 0, 0, 0, 20), facts)
                self.assertIn("UID 5,", facts["mailbox_lost_1"])

    def recount(self, lines, came):
        """What came of them, by going along all lines for each. came: (key,
        UID, message, whether it was read)."""
        taken, known, other = set(), [], []
        unlisted = again = unknown = unread = 0

        def take(uid, fits):
            for at, (queue, line_uid, _, key) in enumerate(lines):
                if (at not in taken and queue == "E-post" and fits(key) and
                        uid in (0, line_uid)):
                    taken.add(at)
                    return True
            return False

        for key, uid, found, read in came:
            if not any(x[0] == "E-post" for x in lines):
                continue  # a queue the list is not of
            if key is None:
                other.append((found, uid, read))
            elif not any(x[0] == "E-post" and x[3] == key for x in lines):
                unlisted += 1
            elif uid == 0 or not take(uid, [key].__contains__):
                known.append(key)
        for found, _, _ in other:
            if found is None:
                continue
            if any(x[0] == "E-post" and x[3] == found for x in lines):
                known.append(found)
            else:
                unlisted += 1
        for key in known:
            again += not take(0, [key].__contains__)
        for found, uid, read in other:
            if found is None and (uid == 0 or not take(
                    uid, lambda key, read=read: key is None or not read)):
                unknown += 1
                unread += not read
        names = {"lost": [], "untold": []}
        for at, (queue, uid, validity, key) in enumerate(lines):
            if at not in taken:
                names["untold" if queue == "E-post" and (
                    unread if key else unknown) else "lost"].append(
                        "%s: UID %d (uidvalidity %d)" % (queue, uid, validity))
        return (len(taken), len(names["lost"]), len(names["untold"]), unknown,
                unlisted, again), names

    def test_recount_of_chance(self):
        """UIDs that are not there, Message-IDs that come again, numbers of the
        fetching program's own, and all of it in any order."""
        for seed in range(60):
            chance = random.Random(seed)
            some = [None] + ["%d-%d@example.no" % (seed, n)
                             for n in range(chance.randint(1, 5))]
            size = chance.choice((0, 1, 7, 8, 9, 16, 32))
            listed = chance.sample(range(1, 25), chance.randint(3, 12))
            used = chance.sample(range(1, 28), 3) + chance.sample(listed, 3) + [0]
            lines = {(q, chance.choice(listed), chance.randint(1, 2)):
                     chance.choice(some) for q in
                     chance.choices(("E-post", "Annen"), (4, 1), k=size)}
            # The list's order: by queue as it names them, UID, uidvalidity.
            lines = sorted((*k, v) for k, v in lines.items())
            first = chance.choice(("E-post", "Annen"))
            lines.sort(key=lambda x, first=first: x[0] != first)
            came = []
            for _ in range(chance.randint(0, 40)):
                key, found = chance.choice(some + ["ukjent@example.no"]), None
                if key is not None and chance.random() < 0.2:
                    key, found = None, key
                came.append((key, chance.choice(used), found,
                             found is not None or chance.random() < 0.9))
            with self.subTest(seed=seed):
                self.db.execute("BEGIN")
                for table in ("consignment", "source", "part", "found"):
                    self.db.execute("DELETE FROM " + table)
                for key, uid, found, read in came:
                    self.add("2026-01-31", [("message/rfc822", found, {})], key=key,
                             name_raw=b"1.h,U=%d:2,S" % uid if uid else b"post",
                             **({} if read else {"stage": 40}))
                self.db.execute("COMMIT")
                facts = self.facts("ko;dato;uid;uidvalidity;message-id\n" + "".join(
                    "%s;2026-01-31;%d;%d;%s\n" % (*x[:3], "<%s>" % x[3] if x[3]
                                                  else "") for x in lines),
                                   "--from", "2026-01-01", "--to", "2026-12-31")
                counts, names = self.recount(lines, came)
                self.assertEqual(self.counts(facts), counts)
                for what, want in names.items():
                    self.assertEqual([v.split(",")[0] for k, v in facts.items()
                                      if k.startswith("mailbox_%s_" % what)], want)

    def same_uid(self, count, key):
        """Receptions that all name one UID."""
        self.add("2026-01-31", [("message/rfc822", None, {})],
                 name_raw=b"1.M.h,U=17:2,S", key=key)
        for table in ("consignment", "source", "part"):
            row = dict(self.db.execute("SELECT * FROM " + table).fetchone())
            row.update({k: "@n" for k in ("id", "consignment", "source")
                        if k in row and not (k == "source" and table != "part")})
            names = ", ".join(row)
            values = ", ".join("n" if v == "@n" else "printf('%026d', n)"
                               if k in ("ulid", "reception") else k
                               for k, v in row.items())
            self.db.execute("WITH RECURSIVE s(n) AS (SELECT 2 UNION ALL SELECT"
                            " n + 1 FROM s WHERE n < %d) INSERT INTO %s (%s) SELECT"
                            " %s FROM s, (SELECT * FROM %s WHERE id = 1)" % (
                                count, table, names, values, table))

    def test_one_uid_for_all_that_came(self):
        """No walk along all that have it, for each that came: of those without
        a Message-ID, and of those that lie there under another uidvalidity."""
        for key, listed, received in ((None, "", 40000), (None, "<x@y>", 0),
                                      ("x@y", "<x@y>", 40000),
                                      ("a@y", "<x@y>", 1)):
            with self.subTest(key=key, listed=listed):
                self.db.execute("DELETE FROM consignment")
                self.db.execute("DELETE FROM source")
                self.db.execute("DELETE FROM part")
                self.same_uid(40000, key)
                text = "ko;dato;uid;uidvalidity;message-id\n" + "".join(
                    "E-post;2026-01-31;17;%d;%s\n" % (v, listed)
                    for v in range(1, 300000)) + (
                        "E-post;2026-01-31;18;1;<a@y>\n" if key == "a@y" else
                        "E-post;2026-01-31;17;300000;%s\n" % listed)
                began = time.monotonic()
                facts = self.facts(text)
                spent = time.monotonic() - began
                self.assertEqual(facts["mailbox_received"], str(received))
                self.assertEqual(facts["mailbox"], "300000")
                self.assertLess(spent, 10)


class Listed(unittest.TestCase):
    """What a channel lists by its own numbers, as SvarInn does."""

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="sluse-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        path = make_reports.make(600, cls.root, 40)
        with open(os.path.join(cls.root, "sluse.conf"), "w") as file:
            file.write(CONFIG)
        db = sqlite3.connect(path)
        db.row_factory = sqlite3.Row
        db.execute("UPDATE consignment SET channel_key = 'svarinn:' || printf("
                   "'%08x-f1a0-4a36-bce1-a4d9f26696db', id) WHERE queue = 'SvarInn'")
        # It describes itself, which of a mail would say nothing of it.
        db.execute("UPDATE part SET describes = 'svarinn' WHERE id IN (SELECT id"
                   " FROM consignment WHERE queue = 'SvarInn')")
        # Fetched twice; one that came by hand; one whose content is gone.
        cls.came = db.execute("SELECT * FROM consignment WHERE queue = 'SvarInn'"
                              " ORDER BY id").fetchall()
        db.execute("UPDATE consignment SET channel_key = ? WHERE id = ?", (
            cls.came[3]["channel_key"], cls.came[4]["id"]))
        db.execute("UPDATE consignment SET channel_key = NULL WHERE id = ?",
                   (cls.came[5]["id"],))
        db.commit()
        db.close()

    def balance(self, text, *more, root=None):
        with tempfile.NamedTemporaryFile("wb") as file:
            file.write(text.encode())
            file.flush()
            found, last = rows(root or self.root, "mottaksbalanse", "--control",
                               file.name, *more)
        return {r["queue"]: r for r in found if r["unit"] == "listed"}, last[
            "facts"]

    def ids(self):
        return {c["channel_key"].split(":")[1]: oslo(c["received_ms"])
                for c in self.came if c["id"] not in (
                    self.came[4]["id"], self.came[5]["id"])}

    def test_the_one_that_was_lost_is_named(self):
        ids = self.ids()
        lost = "0000ffff-0000-4000-8000-000000000001"
        day = max(ids.values())
        told = dict(ids, **{lost: day})
        v1 = json.dumps([{"avsender": {"navn": "}] {\"id\": 1"}, "id": id_.upper(),
                          "tittel": "x", "date": int(at.timestamp() * 1000),
                          "filmetadata": [{"filnavn": "a}.pdf"}]}
                         for id_, at in told.items()], indent=1)
        v2 = json.dumps([{"id": id_, "avsender": {"navn": "Å"},
                          "dato": at.isoformat() + ("" if at.tzinfo else "Z"),
                          "filer": [{"filnavn": "a.pdf"}, {"id": "0"}]}
                         for id_, at in told.items()])
        sheet = "dato;forsendelse\n" + "".join(
            "%s;%s\n" % (at.date(), id_) for id_, at in told.items()) * 2
        for text in (v1, v2, sheet):
            found, facts = self.balance(text, "--queue", "SvarInn", "--to",
                                        "2199-12-31")
            row = found["SvarInn"]
            self.assertEqual((row["total"], row["remainder"], row["control"],
                              row["difference"]),
                             (len(told), 1, len(told), 1), text[:60])
            self.assertEqual(row["total"], 1 + sum(row[key] for key in (
                "transferred", "under_way", "deferred", "held", "stopped",
                "duplicates", "closed", "ignored")))
            self.assertEqual(
                (facts["listed"], facts["listed_received"], facts["listed_lost"],
                 facts["listed_untold"], facts["listed_again"]),
                (str(len(told)), str(len(ids)), "1", "0", "1"))
            self.assertIn(lost, facts["listed_lost_1"].lower())
            self.assertEqual({value for key, value in facts.items() if
                              key.startswith("listed_stranger_")},
                             {self.came[4]["reception"]})
            self.assertFalse([k for k in facts if k.startswith("mailbox")])

    def test_what_was_erased_may_be_any(self):
        root = os.path.join(self.root, "erased")
        shutil.copytree(os.path.join(self.root, "db"), os.path.join(root, "db"))
        shutil.copy(os.path.join(self.root, "sluse.conf"), root)
        db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        db.execute("UPDATE consignment SET channel_key = NULL, erased_ms = 1 WHERE"
                   " id = ?", (self.came[9]["id"],))
        db.commit()
        db.close()
        text = "dato;ko;id\n" + "".join("%s;SvarInn;%s\n" % (at.date(), id_)
                                        for id_, at in self.ids().items())
        found, facts = self.balance(text, root=root)
        self.assertEqual(found["SvarInn"]["remainder"], 1)
        self.assertEqual((facts["listed_lost"], facts["listed_untold"]),
                         ("0", "1"))

    def test_lists_that_are_none(self):
        for text, says in (("dato;ko;id\n2026-01-01;SvarInn;\n", "no number"),
                           ("ko;id\nSvarInn;x\n", "dato"),
                           ('[{"id": "a", "tittel": "x"}]', "date"),
                           ('[{"id": "a", "dato": "2026-01-01"},'
                            ' {"uid": 7, "dato": "2026-01-01"}]', "no number"),
                           ('[{"id": "a", "dato": "2026-01-01", "b": {}',
                            "does not end")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                done = run(self.root, "mottaksbalanse", "--control", file.name,
                           "--queue", "SvarInn")
            self.assertEqual(done.returncode, 5, (text, done.stderr))
            self.assertIn(says, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
