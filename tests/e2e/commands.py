#!/usr/bin/env python3
"""Every command that asks or decides, against a running house: what it prints,
what it does, and how it says no."""
import json
import fcntl
import os
import pty
import sqlite3
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
from trial import Trial, letter, run_all, ID  # noqa: E402

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
ROW = {"id", "reception", "queue", "name", "sha256", "stage", "disposition",
       "outcome", "reason", "reason_text", "reason_text_nb", "owner",
       "detail", "received", "retry", "held_until", "attempts", "case",
       "title", "duplicate_of", "replaced_by", "documents", "placement", "deliveries",
       "in_target"}
DOCUMENT = {"number", "role", "title", "name", "mime", "puid", "size",
            "pages", "pages_unsure", "sha256", "reason"}
DELIVERY = {"target", "state", "attempts", "uncertain", "first", "next",
            "reason", "owner", "detail", "http_status", "receipt", "steps"}
FIELD = {"value", "confidence", "accepted", "evidence"}
EVENT = {"seq", "time", "event", "number", "subject", "actor", "payload"}
NO_CLUE = b"Et brev uten holdepunkt.\n"


class Shapes(Trial):
    """One house for what only looks."""

    def test_looking(self):
        h = self.house()
        h.wait_for(lambda: any(row["target_key"] for row in
                               h.rows("cases", "list")), 10, "sync")
        h.drop_bytes(letter(1), "brev.txt")
        h.drop_bytes(NO_CLUE, "ukjent.txt", queue="E-post")
        h.drop_bytes(b"", "tom.txt")
        h.wait_quiet(20, 3)
        self.rows(h)
        self.filters(h)
        self.showing(h)
        self.explaining(h)
        self.ages(h)
        self.journal(h)
        self.status(h)
        self.cases(h)
        self.unknown(h)
        h.check_whole(self)

    def rows(self, h):
        rows = h.rows("list")
        self.assertEqual(sorted(r["name"] for r in rows),
                         ["brev.txt", "tom.txt", "ukjent.txt"])
        for row in rows:
            self.assertLessEqual(ROW, set(row), ROW - set(row))
            self.assertRegex(row["id"], ID)
            self.assertTrue(row["id"].startswith(row["reception"]))
            self.assertRegex(row["received"], TIME)
            for doc in row["documents"]:
                self.assertLessEqual(DOCUMENT, set(doc))
            for field in row["placement"].values():
                self.assertLessEqual(FIELD, set(field))
                self.assertTrue(0 <= field["confidence"] <= 1)
        done = self.one(h, "brev.txt")
        self.assertEqual((done["stage"], done["disposition"],
                          done["outcome"], done["case"]),
                         ("delivered", "done", "in_journal", "2026/87"))
        self.assertRegex(done["sha256"], r"^[0-9a-f]{64}$")
        self.assertEqual(done["placement"]["case"]["value"], "2026/87")
        sent = done["deliveries"]
        self.assertEqual(len(sent), 1)
        self.assertLessEqual(DELIVERY, set(sent[0]), DELIVERY - set(sent[0]))
        self.assertEqual(sent[0]["state"], "delivered")
        self.assertEqual(sent[0]["receipt"]["number"],
                         h.posts()["journalposts"][0]["number"])
        held = self.one(h, "ukjent.txt")
        self.assertEqual((held["stage"], held["disposition"], held["reason"],
                          held["owner"], held["queue"]),
                         ("read", "held", "no_evidence", "records centre",
                          "E-post"))
        empty = self.one(h, "tom.txt")
        self.assertEqual((empty["disposition"], empty["reason"],
                          empty["owner"]), ("broken", "empty", "sender"))
        self.assertTrue(empty["reason_text"] and empty["reason_text_nb"])
        plain = h.sluse("list").stdout
        self.assertIn(held["id"], plain)
        self.assertIn("no_evidence", plain)

    def filters(self, h):
        def names(*args):
            return sorted(r["name"] for r in h.rows("list", *args))
        self.assertEqual(names("--disposition", "held"), ["ukjent.txt"])
        self.assertEqual(names("--stage", "delivered"), ["brev.txt"])
        self.assertEqual(names("--queue", "E-post"), ["ukjent.txt"])
        self.assertEqual(names("--queue", "E-post", "--disposition", "done"),
                         [])
        self.refused(h, "list", "--stage", "tull", code=2)
        self.refused(h, "list", "--disposition", "tull", code=2)
        self.refused(h, "list", "--queue", code=2)
        self.refused(h, "list", "--queue", "Ep-ost", code=2,
                     says="there is no queue Ep-ost")
        quiet, = set(h.queues) - {r["queue"] for r in h.rows("list")}
        self.assertEqual(names("--queue", quiet), [])
        self.refused(h, "tull", code=2)

    def showing(self, h):
        row = self.one(h, "brev.txt")
        shown, = h.rows("show", row["id"])
        # What lists say of a format is looked up for what is shown.
        self.assertEqual([d.pop("accepted") for d in shown["documents"]],
                         [["2022", "2026"]])
        self.assertEqual(shown, row)
        self.assertIn("accepted by 2022 2026", h.sluse(
            "show", row["reception"]).stdout)
        both = h.rows("show", row["id"], self.one(h, "tom.txt")["id"])
        self.assertEqual(len(both), 2)

    def explaining(self, h):
        row = h.rows("explain", self.one(h, "brev.txt")["id"])[0]
        for name, kind in (("fields", dict), ("found", list),
                           ("parts", list), ("notes", list),
                           ("events", list)):
            self.assertIsInstance(row[name], kind)
        best = row["fields"]["case"][0]
        self.assertEqual((best["value"], best["accepted"]),
                         ("2026/87", True))
        self.assertTrue(best["evidence"][0]["rule"])
        names = [event["event"] for event in row["events"]]
        at = [names.index(name) for name in (
            "received", "unpacked", "identified", "read", "placed",
            "prepared", "delivered")]
        self.assertEqual(at, sorted(at))
        self.assertIn("2026/87", h.sluse("explain", row["id"]).stdout)

    def ages(self, h):
        rows = h.rows("age")
        self.assertEqual(sorted((r["kind"], r["name"], r["total"])
                                for r in rows if r["total"]),
                         [("queue", "E-post", 1),
                          ("queue", "Skannet post", 1)])
        for row in rows:
            self.assertEqual(set(row), {"kind", "name", "total", "oldest",
                                        "oldest_s", "buckets"})
            self.assertEqual(list(row["buckets"]), [
                "5m", "1h", "4h", "1d", "3d", "7d", "more"])
            self.assertEqual(sum(row["buckets"].values()), row["total"])
            if row["total"]:
                self.assertRegex(row["oldest"], TIME)
                self.assertLess(row["oldest_s"], 60)

    def journal(self, h):
        rows = h.rows("journal", "list")
        self.assertEqual([r["seq"] for r in rows], list(range(len(rows))) if
                         rows[0]["seq"] == 0 else
                         list(range(1, len(rows) + 1)))
        for row in rows:
            self.assertLessEqual(EVENT, set(row))
            self.assertRegex(row["time"], TIME)
        row = self.one(h, "brev.txt")
        mine = h.rows("journal", "list", row["id"])
        self.assertTrue(0 < len(mine) < len(rows))
        self.assertEqual({m["subject"].split(".")[0] for m in mine},
                         {row["reception"]})
        self.refused(h, "journal", "list", "--person", "kar-i", code=2,
                     says="there is no user kar-i")
        self.refused(h, "journal", "list", "--from", "2026-02-02", "--to",
                     "2026-02-01", code=2, says="not earlier")
        for day in ("2026-11-31", "2026-02-29", "2026-02-29T12:00"):
            self.refused(h, "journal", "list", "--from", day, code=2,
                         says="there is no day " + day)
        day = h.sluse("--json", "journal", "list", "--from", "2026-02-01",
                      "--to", "2026-02-01", "--person", "target:ukjent")
        self.assertEqual(day.stdout, "")
        told = h.rows("journal", "verify")[0]
        self.assertIs(told["ok"], True)
        # The second list was looked at too, and that is a leaf.
        self.assertEqual(told["leaves"], len(rows) + 1)
        self.assertRegex(told["root"], r"^[0-9a-f]{64}$")

    def status(self, h):
        row = h.rows("status")[0]
        self.assertEqual((row["items"], row["open"], row["running"]),
                         (3, 2, True))
        self.assertEqual(sum(q["count"] for q in row["queues"]), 3)
        inside = row["slused"]
        self.assertEqual(sorted(p["role"] for p in inside["programs"]),
                         ["ocr", "place", "push", "report", "work"])
        self.assertEqual([i["mode"] for i in inside["inlets"]],
                         ["inotify"] * 3)
        self.assertEqual((inside["intake"], inside["push"], inside["jobs"]),
                         (True, True, 0))

    def cases(self, h):
        rows = h.rows("cases", "list")
        self.assertEqual(row_count := len(rows), len({
            row["case"] for row in rows}))
        self.assertEqual(row_count, h.rows("status")[0]["known_cases"])
        for row in rows:
            self.assertEqual(set(row), {"case", "title", "status", "unit",
                                        "class", "target_key"})

    def unknown(self, h):
        good = self.one(h, "brev.txt")["reception"]
        other = good[:-1] + str((int(good[-1]) + 1) % 10)
        self.refused(h, "show", other, code=2)
        self.refused(h, "show", "M26-000099-5", code=2)
        for verb in ("show", "explain"):
            self.refused(h, verb, code=2)
            self.refused(h, verb, "../../etc/passwd", code=2)
            self.refused(h, verb, good + ".7", code=1)
        self.refused(h, "journal", "prove", "foo", code=2)
        self.refused(h, "journal", "prove", other, code=2)
        self.refused(h, "journal", "prove", good + ".7", code=1)
        self.refused(h, "identify", "--csv", "--json", "/dev/null", code=2)
        self.refused(h, "report", "stikkprove", "--count", "0", code=2)
        for line, option in ((("try", "-xf.pdf"), "-x"), (("try", "-æ"), "-?"),
                             (("list", "--what"), "--what")):
            self.refused(h, *line, code=2, says="unknown option %s\n" % option)
        push = subprocess.run([os.path.join(house.BIN, "sluse-push"), "--help"],
                              stdout=subprocess.PIPE, check=True, text=True)
        self.assertIn("usage: sluse-push", push.stdout)
        # The level is for systemd, not for who looks at a terminal.
        line = [os.path.join(house.BIN, "sluse-push"), "--target", "arkiv",
                "--config", "/nonexistent", "--check"]
        push = subprocess.run(line, stderr=subprocess.PIPE, text=True)
        self.assertTrue(push.stderr.startswith("<3>sluse-push "), push.stderr)
        ours, its = pty.openpty()
        subprocess.run(line, stderr=its)
        self.assertTrue(os.read(ours, 1000).startswith(b"sluse-push "))
        os.close(ours)
        os.close(its)
        broken = os.path.join(h.root, "broken.pdf")
        with open(broken, "w") as file:
            file.write("%PDF-1.7\nikke mer\n")
        for verb in ("read", "try"):
            done = h.sluse(verb, broken, check=False)
            self.assertEqual(done.returncode, 1, verb)
        held = self.one(h, "ukjent.txt")["id"]
        for line in (("hold", held), ("journal", "new-key"), ("stop-in",)):
            for why in ("", "x"):
                self.refused(h, *line, "--why", why, code=2,
                             says="at least 3 characters")
        long = "n" * 200 + ".txt"
        h.drop_bytes(b"kort", long)
        self.until(h, long, 20, disposition="held")
        self.assertIn(long, h.sluse("list").stdout)
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
        subprocess.run([os.path.join(house.BIN, "sluse"), "--root", h.root,
                        "list"], stdout=its, check=True)
        seen = os.read(ours, 8000).decode().splitlines()
        os.close(ours)
        os.close(its)
        self.assertEqual(max(map(len, seen)), 100)
        self.assertIn("n…", "".join(seen))
        self.assertRegex(seen[0], "reason, outcome +name$")
        above = h.sluse("--root", os.path.dirname(h.root), "status", check=False)
        self.assertEqual(above.returncode, 3)
        self.assertIn("; below it: ", above.stderr)
        self.assertIn("(say --root)", above.stderr)
        away = h.sluse("--root", "/nonexistent", "status", check=False)
        self.assertIn(away.returncode, (2, 3))


class Deciding(Trial):
    def held(self, name="brev.txt", **how):
        h = self.house(**how)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        h.drop_bytes(NO_CLUE, name)
        return h, self.until(h, name, 10, disposition="held")["id"]

    def last(self, h, ident):
        return [row for row in h.rows("journal", "list", ident)
                if row["event"] != "content_read"][-1]

    def test_words(self):
        """Each decision, its event with actor and words, and its refusals."""
        h, ident = self.held()
        for verb in ("hold", "release", "retry", "reject"):
            self.refused(h, verb, ident, code=2, says="--why")
            self.refused(h, verb, "--why", "fordi", code=2)
            self.refused(h, verb, "M26-000001-0", "--why", "fordi",
                         code=2 if not ident.startswith("M26-000001-0")
                         else 0)
        done = h.sluse("--json", "hold", ident, "--why", "spør Ola")
        self.assertEqual(json.loads(done.stdout), {"ok": True})
        event = self.last(h, ident)
        self.assertEqual((event["event"], event["actor"]),
                         ("held", "uid:%d" % os.getuid()))
        self.assertEqual(event["payload"]["detail"], "spør Ola")
        self.assertEqual(self.one(h, "brev.txt")["reason"], "by_person")
        h.sluse("release", ident, "--why", "greit")
        self.until(h, "brev.txt", 10, disposition="held",
                   reason="no_evidence")
        h.sluse("retry", ident, "--why", "en gang til")
        row = self.until(h, "brev.txt", 10, disposition="held",
                         reason="no_evidence")
        self.assertIn("retried", [e["event"] for e in
                                  h.rows("journal", "list", ident)])
        self.assigning(h, ident)
        row = self.until(h, "brev.txt", 10, disposition="done")
        self.assertEqual((row["outcome"], row["case"]),
                         ("in_journal", "2026/52"))
        self.assertEqual(row["placement"]["case"]["evidence"][0]["source"],
                         "person")
        for verb in ("hold", "release", "retry", "reject"):
            self.refused(h, verb, ident, "--why", "fordi")
        self.refused(h, "assign", ident, "--case", "2026/87")
        posts = h.posts()["journalposts"]
        self.assertEqual([(p["case"], p["problems"]) for p in posts],
                         [("2026/52", [])])
        h.check_whole(self)

    def assigning(self, h, ident):
        self.refused(h, "assign", ident, code=2)
        self.refused(h, "assign", ident, "--case", "2026/99999",
                     says="not known")
        self.refused(h, "assign", ident, "--case", "2024/876",
                     says="closed")
        self.refused(h, "assign", ident + "7", "--case", "2026/52")
        self.refused(h, "assign", ident, "--case", "'; DROP TABLE entry; --")
        before = self.one(h, "brev.txt")
        self.assertEqual(before["disposition"], "held")
        h.sluse("assign", ident, "--case", "26-52", "--why",
                "ringte avsender")
        self.assertIn(("decided", "ringte avsender"), [
            (e["event"], e["payload"].get("detail"))
            for e in h.rows("journal", "list", ident)])

    def test_reject(self):
        h, ident = self.held()
        h.sluse("reject", ident, "--why", "reklame")
        row = self.one(h, "brev.txt")
        self.assertEqual((row["disposition"], row["outcome"]),
                         ("done", "not_archive_worthy"))
        self.assertEqual(self.last(h, ident)["event"], "rejected")
        self.refused(h, "release", ident, "--why", "fordi")
        self.assertEqual(h.posts()["journalposts"], [])
        # Its original is kept, and its source lies in Ferdig.
        path = os.path.join(h.root, "store", "sha256", row["sha256"][:2])
        self.assertTrue(any(row["sha256"][2:] in name or
                            row["sha256"] in name
                            for name in os.listdir(path)))
        h.wait_for(lambda: any("brev.txt" in name for _, _, names in os.walk(
            os.path.join(h.root, "spool", "Skannet post", "Ferdig"))
            for name in names), 5, "in Ferdig")
        h.check_whole(self)

    def test_whole_consignment(self):
        """What was stopped before it became a post."""
        h = self.house(limits="input_max = 1K\n")
        h.drop_bytes(b"x" * 2000, "stor.txt")
        row = self.until(h, "stor.txt", 10, disposition="quarantined",
                         reason="limit_input")
        self.assertEqual(row["owner"], "records centre")
        ident = row["id"]
        self.refused(h, "assign", ident, "--case", "2026/87")
        # Nothing of it was copied: there is nothing to go on with.
        self.refused(h, "release", ident, "--why", "fordi")
        self.refused(h, "retry", ident, "--why", "fordi")
        self.assertEqual(self.one(h, "stor.txt")["disposition"],
                         "quarantined")
        h.sluse("reject", ident, "--why", "for stor")
        row = self.one(h, "stor.txt")
        self.assertEqual((row["disposition"], row["outcome"]),
                         ("done", "withdrawn"))
        h.wait_quiet(5)
        h.check_whole(self)

    def test_limits_raised(self):
        """What was too large is taken in once it no longer is: a file, and a
        folder of files."""
        h = self.house(limits="input_max = 1K\nfolder_files_max = 2\n")
        h.drop_bytes(b"x" * 2000, "stor.txt")
        folder = os.path.join(h.root, "mappe")
        os.mkdir(folder)
        for n in range(4):
            with open("%s/%d.txt" % (folder, n), "wb") as file:
                file.write(letter(n))
        h.drop(folder)
        large = self.until(h, "stor.txt", 10, reason="limit_input")["id"]
        many = self.until(h, "mappe", 10, reason="limit_files")["id"]
        h.stop()
        self.change_limits(h, "input_max = 1M\nfolder_files_max = 2\n")
        h.start()
        h.sluse("retry", large, "--why", "grensen er hevet")
        self.refused(h, "retry", many, "--why", "grensen er hevet")
        self.until(h, "stor.txt", 10, disposition="held",
                   reason="no_evidence")
        h.stop()
        self.change_limits(h, "input_max = 1M\nfolder_files_max = 4\n")
        h.start()
        # Killed on the way, it goes on; its number stays the same.
        h.sluse("release", many, "--why", "grensen er hevet")
        h.kill("slused")
        self.until(h, "mappe", 20, stage="delivered", disposition="done")
        rows = h.rows("list")
        self.assertEqual(sorted(r["reception"] for r in rows),
                         sorted([large, many]))
        self.assertEqual([len(r["documents"]) for r in rows
                          if r["name"] == "mappe"], [4])
        names = [e["event"] for e in h.rows("journal", "list", many)]
        self.assertEqual([names.count(n) for n in
                          ("received", "quarantined", "released", "copied")],
                         [1, 1, 1, 1])
        h.check_whole(self)

    def change_limits(self, h, limits):
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            head, rest = file.read().split("[limits]\n", 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(head + "[limits]\n" + limits + "[push]\n" +
                       rest.split("[push]\n", 1)[1])

    def test_switches(self):
        h = self.house()
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        done = h.sluse("--json", "stop-in", "--why", "ferie")
        self.assertEqual(json.loads(done.stdout), {"ok": True})
        self.assertIs(h.rows("status")[0]["slused"]["intake"], False)
        event = [e for e in h.rows("journal", "list")
                 if e["event"] == "intake_stopped"][-1]
        self.assertEqual(event["actor"], "uid:%d" % os.getuid())
        self.assertIn("ferie", json.dumps(event["payload"]))
        h.drop_bytes(letter(1), "brev.txt")
        h.wait_for(lambda: True, 1, "")
        self.stays(h, [])
        h.sluse("stop-out", "--why", "oppgradering")
        self.assertIs(h.rows("status")[0]["slused"]["push"], False)
        h.sluse("start-in", "--why", "tilbake")
        self.until(h, "brev.txt", 10, stage="prepared")
        self.stays(h, [("brev.txt", "prepared")])
        self.assertEqual(h.posts()["journalposts"], [])
        h.sluse("start-out", "--why", "ferdig")
        self.until(h, "brev.txt", 10, disposition="done")
        names = [e["event"] for e in h.rows("journal", "list")]
        for name in ("intake_stopped", "intake_resumed", "target_stopped",
                     "target_resumed"):
            self.assertEqual(names.count(name), 1, name)
        h.check_whole(self)

    def stays(self, h, want, seconds=1.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertEqual([(r["name"], r["stage"])
                              for r in h.rows("list")], want)
            time.sleep(0.1)

    def listed(self, text, coding="utf-8"):
        file = tempfile.NamedTemporaryFile(suffix=".csv")
        self.addCleanup(file.close)
        file.write(text.encode(coding))
        file.flush()
        return file.name

    def test_cases_with_slips(self):
        """What may be a slip is said, and the list taken all the same."""
        h, put = self.house(target="webhook"), self.listed
        twice = put("saksnummer;tittel;Ansvarlig\n2026/7;Bålplass på Blåøya;a\n"
                    "2026/8;Feil;b\n26/8;\"Med \"\"gåse\"\" og; skille\";c\n")
        done = h.sluse("cases", "import", twice)
        self.assertEqual(done.stdout, "2 cases are known from now on.\n")
        self.assertIn("column Ansvarlig is not known", done.stderr)
        self.assertIn("1 row has an earlier case number again, and the last "
                      "counts: 2026/8 in line 3 and line 4\n", done.stderr)
        self.assertEqual(h.rows("cases", "import", twice), [{
            "ok": True, "cases": 3, "repeated": 1,
            "unknown_columns": ["Ansvarlig"]}])
        titles = {r["case"]: r["title"] for r in h.rows("cases", "list")}
        self.assertEqual(titles["2026/8"], 'Med "gåse" og; skille')
        done = h.sluse("cases", "import", put("saksnummer\n2026/7\n"))
        self.assertEqual((done.stdout, done.stderr),
                         ("1 case is known from now on.\n", ""))

    def test_cases_import(self):
        h, put = self.house(target="webhook"), self.listed
        h.sluse("cases", "import", put(
            "saksnummer;tittel;saksstatus;enhet;klasse\n"
            "2026/7;Bålplass på Blåøya;Under behandling;Plan;L1\n"
            '2026/8;"Med ""gåse"" og; skille";Avsluttet;Plan;L1\n',
            "latin-1"))
        rows = {r["case"]: r for r in h.rows("cases", "list")}
        self.assertEqual(set(rows), {"2026/7", "2026/8"})
        self.assertEqual(rows["2026/7"]["title"], "Bålplass på Blåøya")
        self.assertEqual(rows["2026/8"]["title"], 'Med "gåse" og; skille')
        self.refused(h, "cases", "import", put("tull,tall\n1,2\n"), code=5)
        self.refused(h, "cases", "import", "/nonexistent.csv", code=5)
        self.refused(h, "cases", "import", code=2)
        self.assertEqual(len(h.rows("cases", "list")), 2)
        self.whole_or_not_at_all(h, put)
        names = [e["event"] for e in h.rows("journal", "list")]
        # The one that was killed, too, if the kill came when all was sent.
        self.assertIn(names.count("cases_imported"), (2, 3))
        h.drop_bytes(letter(1, "2026/7"), "apen.txt")
        h.drop_bytes(letter(2, "2026/8"), "lukket.txt")
        self.until(h, "apen.txt", 10, disposition="done")
        self.until(h, "lukket.txt", 10, disposition="held",
                   reason="case_closed")
        h.check_whole(self)

    @staticmethod
    def written(pid):
        """Bytes that the process has sent so far."""
        try:
            with open("/proc/%d/io" % pid, encoding="ascii") as file:
                return int(file.read().split()[3])
        except (FileNotFoundError, ProcessLookupError):
            return 0

    def whole_or_not_at_all(self, h, put):
        many = "saksnummer;tittel\n" + "".join(
            "2025/%d;Sak nummer %d\n" % (n, n) for n in range(1, 30001))
        self.refused(h, "cases", "import", put(many + "tull;tull\n"), code=5,
                     says="line 30002")
        count = "SELECT count(*) FROM case_file"
        self.assertEqual(h.query(count)[0][0], 2)
        command = [os.path.join(house.BIN, "sluse"), "--root", h.root,
                   "cases", "import", put(many)]
        seen = set()
        for kill in (True, False):
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            while child.poll() is None:
                seen.add(h.query(count)[0][0])
                if kill and self.written(child.pid) > 200000:
                    child.kill()
            seen.add(h.query(count)[0][0])
        self.assertEqual(seen, {2, 30002}, "nobody ever sees half a list")

    def test_the_same_mail_again(self):
        h = self.house()
        mail = (b"Message-ID: <1@testvik.example>\r\nFrom: Kari <k@n.example>"
                b"\r\nSubject: Brev\r\n\r\nDeres ref: 2026/87\r\n")
        h.drop_bytes(mail, "en.eml")
        self.until(h, "en.eml", 15, disposition="done")
        h.drop_bytes(mail, "to.eml")
        row = self.until(h, "to.eml", 15, disposition="done")
        self.assertEqual(row["outcome"], "duplicate")
        names = [e["event"] for e in h.rows("journal", "list", row["id"])
                 if e["event"] != "content_read"]
        self.assertEqual(names[-2:], ["received_again", "ended_as_duplicate"])
        self.assertNotIn("delivered", names, "nothing was")
        h.check_whole(self)

    def test_held_past_the_limit(self):
        """Without a distribution case it goes on waiting, and the log says so,
        once."""
        h = self.house(instance=house.FAST.replace("= never", "= 1s"))
        h.drop_bytes(NO_CLUE, "venter.txt")
        waits = self.until(h, "venter.txt", 20, disposition="held")["id"]
        h.wait_for(lambda: self.last(h, waits)["event"] == "expired", 10,
                   "the leaf")
        self.assertEqual(self.last(h, waits)["payload"], {
            "stage": "read", "from": "held", "to": "held",
            "reason": "no_evidence"})
        self.assertIsNone(self.one(h, "venter.txt")["held_until"])
        self.assertIn("expired", h.sluse("explain", waits).stdout)
        self.stays(h, [("venter.txt", "read")], 1.5)
        self.assertEqual([e["event"] for e in h.rows(
            "journal", "list", waits)].count("expired"), 1)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        h.sluse("assign", waits, "--case", "2026/87")
        self.until(h, "venter.txt", 10, disposition="done")
        h.check_whole(self)

    def test_the_same_mail_inside(self):
        """What a mail carries does not make it the same mail."""
        h = self.house()
        inner = b"Message-ID: <1@testvik.example>\r\nFrom: a\r\n\r\nHei\r\n"
        for name in ("en.eml", "to.eml"):
            h.drop_bytes(
                b"Received: x\r\nFrom: Kari <k@n.example>\r\nSubject: Brev "
                + name.encode() + b"\r\nMIME-Version: 1.0\r\nContent-Type: "
                b"multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
                b"Deres ref: 2026/87\r\n--b\r\nContent-Type: message/rfc822"
                b"\r\n\r\n" + inner + b"\r\n--b--\r\n", name)
            row = self.until(h, name, 15, disposition="done")
            self.assertNotEqual(row["outcome"], "duplicate")
        h.check_whole(self)

    def test_the_same_outlook_mail_again(self):
        h = self.house()
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        folder = os.path.join(house.TOP, "tests/fuzz/corpus/outlook")
        with open(folder + "/seed-threaded", "rb") as file:
            mail = file.read()
        h.drop_bytes(mail, "en.msg")
        row = self.until(h, "en.msg", 15, disposition="done")
        self.assertEqual(row["case"], "2026/87")
        h.drop_bytes(mail, "to.msg")
        row = self.until(h, "to.msg", 15, disposition="done")
        self.assertEqual(row["outcome"], "duplicate")
        h.check_whole(self)

    def test_held_limit(self):
        """At its limit what nobody settled goes to the distribution case."""
        h = self.house(instance=house.FAST.replace(
            "held_limit = never", "held_limit = 1s\n"
            "distribution_case = 2026/1"))
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        h.drop_bytes(letter(1, "2026/87 og 2026/52"), "to-saker.txt")
        h.drop_bytes(NO_CLUE, "ukjent.txt")
        two = self.until(h, "to-saker.txt", 15, disposition="done")
        none = self.until(h, "ukjent.txt", 15, disposition="done")
        for row in (two, none):
            self.assertEqual(row["case"], "2026/1")
            clue = row["placement"]["case"]["evidence"][0]
            self.assertEqual((clue["source"], clue["rule"]),
                             ("queue", "held_limit"))
            events = [e["event"] for e in h.rows("journal", "list",
                                                 row["id"])]
            self.assertLess(events.index("held"), events.index("expired"))
            self.assertLess(events.index("expired"),
                            events.index("delivered"))
        posts = {p["metadata"]["vnd-sluse-v1:mottaksnummer"]: p
                 for p in h.posts()["journalposts"]}
        self.assertEqual({p["case"] for p in posts.values()}, {"2026/1"})
        remarks = json.dumps(posts[two["id"]]["remarks"], ensure_ascii=False)
        self.assertIn("2026/87", remarks)
        self.assertIn("2026/52", remarks)
        self.assertEqual([p["problems"] for p in posts.values()], [[], []])
        self.assertEqual({p["status"] for p in posts.values()}, {"M"})
        h.check_whole(self)

    def test_held_limit_of_what_may_be_there(self):
        """No other case is said of what may lie in the case system already."""
        h = self.house(instance=house.FAST.replace(
            "held_limit = never", "held_limit = 1h\n"
            "distribution_case = 2026/1"))
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        h.sluse("stop-out", "--why", "prøve")
        names = ["sendt.txt", "ikke-sendt.txt"]
        for n, name in enumerate(names):
            h.drop_bytes(letter(n), name)
            ident = self.until(h, name, 15, stage="prepared")["id"]
            h.sluse("hold", ident, "--why", "prøve")
        h.stop()
        with sqlite3.connect(os.path.join(h.root, "db", "sluse.db")) as db:
            db.execute("UPDATE entry SET reason = 'case_closed',"
                       " held_until_ms = 1")
            db.execute("UPDATE delivery SET uncertain = 1, state = 'stopped'"
                       " WHERE entry = (SELECT min(id) FROM entry)")
        db.close()
        h.start()
        gone = self.until(h, names[1], 20, disposition="done")
        self.assertEqual(gone["case"], "2026/1")
        row = self.until(h, names[0], 5, disposition="held")
        self.assertEqual((row["case"], row["held_until"]), ("2026/87", None))

    def test_no_house(self):
        h = self.house(start=False)
        self.refused(h, "status", code=3) if not os.path.exists(
            os.path.join(h.root, "db", "sluse.db")) else None
        h.start()
        h.drop_bytes(NO_CLUE, "brev.txt")
        ident = self.until(h, "brev.txt", 10, disposition="held")["id"]
        h.stop()
        self.refused(h, "hold", ident, "--why", "fordi", code=3)
        self.refused(h, "stop-in", code=3)
        # What only looks needs no slused.
        self.assertEqual(self.one(h, "brev.txt")["id"], ident)
        self.assertIs(h.rows("status")[0]["running"], False)
        self.assertTrue(re.match(ID, ident))


if __name__ == "__main__":
    run_all()
