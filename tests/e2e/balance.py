#!/usr/bin/env python3
"""The reception balance against a recount, and against databases in which something
went missing or was made up."""
import datetime
import json
import shutil
import sqlite3
import tempfile
import unittest
from collections import Counter

from house import TOP, os, sys, time
from recount import CELLS, COUNT, Counted, oslo, rows, run, standing

sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
import make_reports  # noqa: E402


class Balance(Counted):
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


if __name__ == "__main__":
    unittest.main()
