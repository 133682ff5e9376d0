#!/usr/bin/env python3
"""What people do in the target to post that was delivered is seen, and written
down; nothing is done about it."""
import os
import shutil
import tempfile

import house
from trial import Trial, letter, run_all

OFTEN = "sync_journal = 1s\n"


class TargetJournal(Trial):
    def news(self, h, ident):
        return [(e["actor"], e["payload"]) for e in
                h.rows("journal", "list", ident)
                if e["event"] == "seen_in_target"]

    def in_target(self, h, name, **want):
        """What `show` says of it, once it is as wanted."""
        def look():
            there = self.one(h, name)["in_target"]
            return there and all(there[k] == v for k, v in want.items()) \
                and there
        return h.wait_for(look, 20, "%s %s" % (name, want))

    def test_what_became_of_it(self):
        h = self.house(target_keys=OFTEN)
        h.wait_for(lambda: h.query("SELECT count(*) FROM case_file")[0][0]
                   >= 5, 20, "known cases")
        for n, case in enumerate(("2026/87", "2026/98")):
            h.drop_bytes(letter(n, case), "brev-%d.txt" % n)
        for n in range(2):
            self.until(h, "brev-%d.txt" % n, 20, disposition="done")
        a = self.one(h, "brev-0.txt")
        key = h.query("SELECT own_key FROM entry WHERE case_number = "
                      "'2026/87'")[0][0]
        there = self.in_target(h, "brev-0.txt", status="M", case="2026/87")
        number = there["number"]
        self.assertRegex(number, r"^2026/87-\d+$")
        self.assertEqual(self.news(h, a["id"]), [("target:arkiv", {
            "number": number, "status": "M", "case": "2026/87"})])
        # The archivist journals it, on another case and under another title.
        h.fake.control("POST", "post", {"own_key": key, "journalstatus": "J"})
        self.in_target(h, "brev-0.txt", status="J", case="2026/87")
        moved = h.fake.control("POST", "post", {
            "own_key": key, "flytt": "2026/98", "tittel": "Om noe annet"})
        self.in_target(h, "brev-0.txt", status="J", case="2026/98",
                       number=moved["number"])
        self.assertEqual([p for _, p in self.news(h, a["id"])][1:], [
            {"number": number, "status": "J", "case": "2026/87",
             "was_status": "M", "was_case": "2026/87"},
            {"number": moved["number"], "status": "J", "case": "2026/98",
             "was_status": "J", "was_case": "2026/87",
             "title": "Om noe annet"}])
        # A post that somebody made there by hand is known, and is not ours.
        h.fake.control("POST", "post", {"saksnummer": "2026/87",
                                        "tittel": "Laget for hånd"})
        h.wait_for(lambda: h.query(
            "SELECT own_key, status FROM target_post WHERE title = "
            "'Laget for hånd'") == [("", "J")], 20, "the other's post")
        self.assertEqual(self.one(h, "brev-1.txt")["in_target"]["status"], "M")
        read = [e["payload"] for e in h.rows("journal", "list")
                if e["event"] == "target_journal_read"]
        self.assertEqual(read[-1]["posts"], 3)
        self.assertEqual(sum(r["news"] for r in read), 4)
        # What we say of the post itself is as it was: nothing is rewound.
        row = self.one(h, "brev-0.txt")
        self.assertEqual((row["case"], row["title"]), (a["case"], a["title"]))
        self.assertIn("status J", h.sluse("show", a["id"]).stdout)
        h.wait_quiet(20)
        h.check_whole(self)

    def test_a_moment_is_of_its_day_in_norway(self):
        """A core may tell midnight, or any other moment, in UTC."""
        h = self.house(target_keys=OFTEN)
        h.wait_for(lambda: h.query("SELECT count(*) FROM case_file")[0][0]
                   >= 5, 20, "known cases")
        h.drop_bytes(letter(1), "brev.txt")
        self.until(h, "brev.txt", 20, disposition="done")
        key = h.query("SELECT own_key FROM entry")[0][0]
        h.fake.control("POST", "post", {
            "own_key": key, "mottattDato": "2026-03-05T23:30:00Z",
            "journaldato": "2026-03-05T23:00:00Z",
            "dokumentetsDato": "2026-03-04+01:00"})
        h.wait_for(lambda: h.query(
            "SELECT received, journal_date, document_date FROM target_post") == [
                ("2026-03-06", "2026-03-06", "2026-03-04")], 20, "the days")

    def test_long_list_of_cases(self):
        """The journal is asked for when the cases have been told: that takes
        none of them away."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        cases = os.path.join(folder, "saker.csv")
        with open(cases, "w", encoding="utf-8") as file:
            file.write("saksnummer,tittel,saksstatus,enhet,klasse\n")
            for n in range(1, 1001):
                file.write("2026/%d,Sak %d,Under behandling,Arkiv,000\n"
                           % (n, n))
        h = self.house(cases=cases, target_keys="sync_journal = 1d\n")
        h.wait_for(lambda: any(e["event"] == "target_journal_read" for e in
                               h.rows("journal", "list")), 30, "both told")
        told = [e["payload"] for e in h.rows("journal", "list")
                if e["event"] == "cases_synced"]
        self.assertEqual([(t["cases"], t["gone"]) for t in told], [(1000, 0)])
        self.assertEqual(h.rows("status")[0]["known_cases"], 1000)

    def test_faults(self):
        """A list that breaks off tells nothing that is not so."""
        h = self.house(target_keys=OFTEN + "retry_max = 500ms\n")
        h.wait_for(lambda: h.query("SELECT count(*) FROM case_file")[0][0]
                   >= 5, 20, "known cases")
        h.drop_bytes(letter(1), "brev.txt")
        self.until(h, "brev.txt", 20, disposition="done")
        self.in_target(h, "brev.txt", status="M")
        key = h.query("SELECT own_key FROM entry")[0][0]
        h.fake.control("POST", "faults", [
            {"action": action, "count": 1, "match": {"method": "GET"}}
            for action in ("500", "half_body", "bad_json", "reset")])
        h.fake.control("POST", "post", {"own_key": key, "journalstatus": "A"})
        self.in_target(h, "brev.txt", status="A")
        self.assertEqual([p["status"] for _, p in self.news(
            h, self.one(h, "brev.txt")["id"])], ["M", "A"])
        h.fake.control("DELETE", "faults")
        h.check_whole(self)

    def test_filter(self):
        """Each day and year in it is put in; one without is refused."""
        with_days = "journal_filter = opprettetDato ge {day} and year(" \
            "opprettetDato) ge {year} and opprettetDato ge {day}\n"
        h = self.house(target_keys=OFTEN + with_days)
        h.wait_for(lambda: any(e["event"] == "target_journal_read" for e in
                               h.rows("journal", "list")), 15, "read")
        h.check_whole(self)
        h = self.house(start=False, target_keys=OFTEN +
                       "journal_filter = tittel ne 'x'\n")
        path = os.path.join(h.root, "sluse.conf")
        done = h.sluse("config", "check", path, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("journal_filter", done.stdout + done.stderr)
        self.assertIn("every day", done.stdout + done.stderr)

    def test_a_target_that_cannot_tell(self):
        h = self.house(target="webhook", target_keys=OFTEN)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        h.drop_bytes(letter(1), "brev.txt")
        row = self.until(h, "brev.txt", 20, disposition="done")
        self.assertIsNone(row["in_target"])
        self.assertEqual([e for e in h.rows("journal", "list")
                          if e["event"] == "target_journal_read"], [])
        h.check_whole(self)


if __name__ == "__main__":
    run_all()
