#!/usr/bin/env python3
"""Each report against an independent recount (recount.py)."""
import datetime
import json
import math
import re
import shutil
import sqlite3
import tempfile
import unittest
from collections import Counter, defaultdict

from house import TOP, os, time
from recount import (COUNT, Counted, Recount, names, oslo, rows, run, summed,
                     working_days)


class Recounted(Counted):
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

    def test_protocol_of_odd_numbers(self):
        """As the target shows them, however they look."""
        ids = [id_ for id_ in sorted(self.raw.delivered) if id_ % 10 != 9]
        long = "2026/" + "1234567890" * 6
        odd = (("2026/5", "2026/5-1"), ("2026-5", "2026-5-1"), ("2026/5", "2026/5-1-2"),
               ("2026/5", "2026/5-"), ("2026/5", "2026/51-1"), ("", "2026/5-1"),
               ("2026/5", ""), ("", ""), (long, long + "-1"), ("Sak Ø", "Sak Ø-3"),
               ("-", "--"), ("2026/5-", "2026/5--1"), ("12A", "12A-X"))
        key = [self.raw.entries[id_]["own_key"] for id_ in ids]
        root = self.changed("".join(
            "UPDATE target_post SET case_number = '%s', number = '%s', status ="
            " '%s', sequence = %d WHERE own_key = '%s';" % (
                *pair, ("J", "Journalført", "M", "")[i % 4], i % 3, key[i])
            for i, pair in enumerate(odd)))
        found = summed(rows(root, "mottaksprotokoll")[0], "number")
        for i, pair in enumerate(odd):
            row = found[self.NUMBER[self.raw.entries[ids[i]]["consignment"]] + ".1"]
            self.assertEqual(
                [row[k] or "" for k in ("case", "registration", "status",
                                        "journal")],
                [*pair, ("J", "Journalført", "M", "")[i % 4],
                 "%d/2026" % (i % 3) if i % 3 else ""])

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
        self.check_working_days(self.root)

    def test_working_days_of_several_targets(self):
        """Each shows another status and another day; that which had it first is
        now the older row, now the younger, and read back or not."""
        ids = [id_ for id_ in sorted(self.raw.delivered) if id_ % 10 != 9]
        day = 86400000
        script = ""
        for i, id_ in enumerate(ids[:200]):
            d, key = self.raw.delivered[id_], self.raw.entries[id_]["own_key"]
            before = (-1, 1)[i % 2] * 6 * day
            script += "INSERT INTO delivery (entry, target, state, first_ms," \
                " next_ms, receipt, changed_ms) VALUES (%d, 'fag', '%s', 1, 1," \
                " '{\"status\":\"J\",\"journaldato\":\"2026-01-%02d\"}', %d);" % (
                    id_, ("delivered", "pending")[i % 5 == 4], 5 + i % 20,
                    d["changed_ms"] + before)
            if i % 3:
                script += "INSERT INTO target_post SELECT 'fag', target_key," \
                    " own_key, 'G', 'G-9', 2026, 0, type, '%s', '', '', '', ''," \
                    " '', '2026-02-%02d', 0, 1, 1, 1 FROM target_post WHERE" \
                    " own_key = '%s';" % ("MJ"[i % 2], 2 + i % 25, key)
            if i % 4 == 1:  # not read back where it was first
                script += "DELETE FROM target_post WHERE own_key = '%s' AND" \
                    " target = 'arkiv';" % key
            elif i % 4 == 2:  # the other's row is the older one
                script += "CREATE TEMP TABLE t AS SELECT * FROM target_post WHERE" \
                    " own_key = '%s' AND target = 'arkiv'; DELETE FROM" \
                    " target_post WHERE own_key = '%s' AND target = 'arkiv';" \
                    " INSERT INTO target_post SELECT * FROM t; DROP TABLE t;" % (
                        key, key)
        self.check_working_days(self.changed(script))

    def check_working_days(self, root):
        found, _ = rows(root, "journalforingstid")
        raw = Recount(root)
        first = {}
        for d in raw.q("SELECT * FROM delivery WHERE state = 'delivered'"
                       " ORDER BY changed_ms DESC"):
            first[d["entry"]] = d
        by_target = {(r["own_key"], r["target"]): r for r in raw.q(
            "SELECT * FROM target_post")}
        days = defaultdict(list)
        entries = Counter()
        for id_, d in first.items():
            entry = self.raw.entries[id_]
            queue = self.raw.consignments[entry["consignment"]]["queue"]
            post, receipt = json.loads(entry["post"]), json.loads(d["receipt"])
            start = datetime.date.fromisoformat(post["mottattDato"][:10])
            entries[queue, post["enhet"]] += 1
            days[queue, post["enhet"], "M"].append(max(0, working_days(
                start, oslo(d["changed_ms"]).date())))
            shown = by_target.get((entry["own_key"], d["target"]))
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

    def test_who_settled(self):
        """Those who settled most, by their number, then by name."""
        entry = next(e for e in self.raw.entries.values() if e["number"] == 1 and
                     e["disposition"] == 60)
        c, ms, script = entry["consignment"], entry["changed_ms"] + 10 ** 6, []
        for i, actor in enumerate(("uid:1009", "uid:1010", "uid:1009", "uid:1011",
                                   "uid:99", "queue:Skjema", "slused")):
            for event, who, body in (
                    (102, "slused", {"stage": "read", "from": "ready", "to": "held",
                                     "reason": "not_possible"}),
                    (106, actor, {"stage": "read", "from": "held",
                                  "to": "ready"})):
                script.append(self.said(event, ms + i, who, body, c, entry["id"],
                                        more=len(script)))
        queue = self.raw.consignments[c]["queue"]
        for language, want in (
                ("nb", "bruker 1009: 2, køen Skjema: 1, bruker 1010: 1 og 2 til"),
                ("en", "user 1009: 2, queue Skjema: 1, user 1010: 1 and 2 more")):
            row, = [r for r in rows(self.changed(*script), "avklaringer",
                                    "--language", language)[0]
                    if (r["queue"], r["reason"]) == (queue, "not_possible")]
            self.assertEqual(
                [row[k] for k in ("held", "person", "machine", "actors", "who")],
                [7, 6, 1, 5, want])
        for row in rows(self.root, "avklaringer")[0]:
            self.assertEqual(row["who"], "bruker 1003: %d" % row["person"]
                             if row["person"] else None)

    def said(self, event, ms, actor, body, consignment, entry, more=0):
        """A leaf more; entry: its number, or None."""
        seq = self.raw.q("SELECT max(seq) FROM leaf")[0][0] + 1 + more
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

    def test_every_queue_that_only_the_sheet_has_is_told(self):
        """Also one whose name is within another's; and how many more."""
        for many, queues in (
                (False, ["Skanner 12", "Skanner 1", "skanner 1"]),
                (True, ["Skanner %04d" % i for i in range(99)])):
            with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
                file.write("ko;dato;forsendelser\n" + "".join(
                    "%s;2026-11-20;1\n" % q for q in queues * 2))
                file.flush()
                for name in ("skanningskontroll", "mottaksbalanse"):
                    facts = rows(self.root, name, "--control", file.name)[1][
                        "facts"]
                    told = facts["only_in_control"].split(", ")
                    self.assertEqual(told, queues[:len(told)], name)
                    self.assertEqual(len(queues) - len(told), int(facts.get(
                        "only_in_control_more", "0")), name)
                    self.assertEqual(len(queues) > len(told), many, name)

    def test_an_empty_scanning_control_says_why(self):
        """Whether no queue is of paper, or nothing came by one."""
        for line, want in ((("--from", "2030-01-01"), False),
                           (("--queue", "Aldri brukt"), False),
                           (("--queue", "E-post"), False)):
            notes = rows(self.root, "skanningskontroll", *line)[1]["notes"]
            self.assertEqual(any("paper = yes" in n for n in notes), want, line)
        root = self.changed()
        with open(os.path.join(root, "sluse.conf"), "w") as file:
            file.write("[queue E-post]\n")
        notes = rows(root, "skanningskontroll")[1]["notes"]
        self.assertEqual(len(notes), 1)
        self.assertIn("paper = yes", notes[0])

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

    def test_corrections_in_the_target(self):
        """Archivists mostly correct there: its journal shows another case than
        the one that was sent as the machine proposed it."""
        before = rows(self.root, "korreksjoner")[0]
        self.assertEqual({r["moved"] for r in before if r["field"] == "case"}, {0})
        self.assertEqual({r["moved"] for r in before if r["field"] != "case"},
                         {None})
        value = {r["entry"]: r["value"] for r in self.raw.q(
            "SELECT entry, value FROM placement WHERE field = 1 AND rank = 0"
            " ORDER BY revision")}
        by = {r["entry"]: r["actor"] for r in self.raw.q(
            "SELECT entry, actor FROM placement WHERE field = 1 AND rank = 0"
            " ORDER BY revision")}
        here = [id_ for id_, e in self.raw.entries.items()
                if e["own_key"] in self.raw.shown]
        alone = [id_ for id_ in here if by[id_] == "sluse-place"]
        person = [id_ for id_ in here if by[id_] != "sluse-place"]
        first = {r["entry"]: r["value"] for r in self.raw.q(
            "SELECT entry, value FROM placement WHERE field = 1 AND rank = 0"
            " AND revision = 1")}
        same = next(i for i in person if first[i] == value[i])
        other = next(i for i in person if first[i] != value[i])
        move = "UPDATE target_post SET case_number = '1999/9' WHERE own_key =" \
            " (SELECT own_key FROM entry WHERE id = %d);"
        twice = "INSERT INTO target_post SELECT 'fag', target_key, own_key," \
            " 'G-1', number, year, sequence, type, status, title, public_title," \
            " access, received, document_date, journal_date, attachments, 1, 1, 1" \
            " FROM target_post WHERE own_key = (SELECT own_key FROM entry WHERE" \
            " id = %d);"
        found = rows(self.changed(
            move % alone[0], move % alone[1], move % same, move % other,
            move % alone[2], twice % alone[2], twice % alone[3],
            "UPDATE target_post SET case_number = '' WHERE own_key = (SELECT"
            " own_key FROM entry WHERE id = %d)" % alone[4]), "korreksjoner")[0]
        case = [r for r in found if r["field"] == "case"]
        self.assertEqual(sum(r["moved"] for r in case), 3)
        for row, old in zip(case, [r for r in before if r["field"] == "case"]):
            self.assertEqual(row["corrected"], old["corrected"])
            self.assertAlmostEqual(row["share"], 100 * (
                row["corrected"] + row["moved"]) / row["proposed"], 3)

    def test_corrections_outlive_no_erasure(self):
        """Of what a person chose instead the case alone is kept, and no rule:
        what is gone on both sides is not the same."""
        chosen = "UPDATE placement SET value = 'Et annet', actor = 'uid:1003'" \
            " WHERE revision = 2 AND field = 5;"
        before = rows(self.changed(chosen), "korreksjoner")[0]
        unit = [r for r in before if r["field"] == "unit"]
        self.assertGreater(sum(r["corrected"] for r in unit), 0)
        self.assertEqual(sum(r["confirmed"] for r in unit), 0)
        case = [r for r in before if r["field"] == "case"]
        half = "(SELECT id FROM entry WHERE id <= %d)" % (COUNT // 2)
        for some in ("SELECT id FROM entry", half):
            gone = "(SELECT consignment FROM entry WHERE id IN (%s))" % some
            found, last = rows(self.changed(chosen, (
                "UPDATE consignment SET erased_ms = 1 WHERE id IN %s;"
                "UPDATE placement SET evidence = '[]', value = CASE field WHEN 1"
                " THEN value ELSE '' END WHERE entry IN (%s)" % (gone, some))),
                "korreksjoner")
            for key in ("proposed", "accepted", "confirmed", "corrected"):
                self.assertEqual(sum(r[key] for r in found if r["field"] ==
                                     "case"), sum(r[key] for r in case), key)
            self.assertEqual(sum(r["confirmed"] for r in found
                                 if r["field"] == "unit"), 0)
            lost, = [r for r in found if r["rule"] is None]
            self.assertEqual(lost["field"], "case")
            self.assertEqual(last["facts"]["erased"], str(lost["proposed"]))
            self.assertEqual({r["field"] for r in found}, {"case"} if
                             some != half else {"case", "unit", "title"})
        self.assertNotIn("erased", rows(self.root, "korreksjoner")[1]["facts"])

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

    def test_silence_that_goes_on_stays_silence(self):
        """However long ago the rhythm was: it is of the year until the last
        arrival."""
        before = summed(rows(self.root, "stille-innganger")[0])
        for days in (40, 200, 364, 370, 900):
            now = summed(rows(self.changed(
                "UPDATE consignment SET received_ms = received_ms - %d *"
                " 86400000 WHERE queue = 'Skjema'" % days),
                "stille-innganger")[0])
            row = now["Skjema"]
            self.assertEqual(row["verdict"], "silent", days)
            # The same ones, but for what daylight saving moves over midnight.
            self.assertAlmostEqual(row["days"], before["Skjema"]["days"],
                                   delta=2)
            self.assertGreater(row["since"], days * 0.6)
            self.assertEqual(now["E-post"], before["E-post"])

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
            "UPDATE entry SET post = NULL WHERE id = %d" % seen[3],
            # An erasure keeps unit and code: there was none.
            "UPDATE entry SET post = '{\"enhet\":\"Skole\"}' WHERE id IN (SELECT"
            " entry FROM delivery WHERE state = 'delivered' AND entry % 30 = 2)"),
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
        # What others replaced since is drawn no more; the rest are the same.
        drawn = {r["number"] for r in one}
        other = next(e["id"] for e in self.raw.entries.values()
                     if self.NUMBER[e["consignment"]] + ".1" not in drawn)
        later = rows(self.changed(
            "UPDATE entry SET disposition = 60, outcome = 60 WHERE id = %d"
            % other), "stikkprove", "--count", "9", "--seed", "5")[0]
        self.assertEqual(later, one)
        for more, said in (((), True), (("--to", "2199-12-31"), False)):
            notes = rows(self.root, "stikkprove", *more)[1]["notes"]
            self.assertEqual(any("--to" in note for note in notes), said)
        risky = rows(self.root, "stikkprove", "--count", "40", "--risk",
                     "--seed", "1")[0]
        self.assertGreater(len({r["number"] for r in risky if r["weight"] > 1}), 8)


if __name__ == "__main__":
    unittest.main()
