#!/usr/bin/env python3
"""The control of a target's journal: what is found in files of it, and in what was
read of it."""
import csv
import datetime
import json
import shutil
import sqlite3
import tempfile
import unittest
from collections import Counter

from house import os, time
from recount import Counted, oslo, rows, run, working_days


class Control(Counted):
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

    def test_journal_control_of_a_period_or_queue(self):
        """Nothing of another queue or time stands below its head: what is known
        here goes by its reception, what is not by the day that it tells."""
        root = self.changed(
            "UPDATE target_post SET own_key = '', number = 'X-1', title ="
            " 'Aldri mottatt', received = '2026-02-10' WHERE target_key ="
            " (SELECT min(target_key) FROM target_post)")
        whole, _ = rows(root, "journalkontroll")
        self.assertEqual(sum(r["finding"] == "not_received" for r in whole), 1)
        of = {c["reception"]: c for c in self.raw.consignments.values()}

        def known(found):
            return Counter((r["finding"], r["number"]) for r in found
                           if r["number"])
        parts = Counter()
        for queue in sorted({c["queue"] for c in of.values()}):
            found, last = rows(root, "journalkontroll", "--queue", queue)
            self.assertEqual({of[r["number"].split(".")[0]]["queue"]
                              for r in found} - {queue}, set())
            self.assertIn("still_m", {r["finding"] for r in found})
            self.assertEqual(last["facts"]["found_not_received"], "0")
            self.assertEqual(int(last["facts"]["posts"]), sum(
                int(last["facts"][key]) for key in ("matched", "outside")))
            parts += known(found)
        self.assertEqual(parts, known(whole))
        days = sorted({oslo(c["received_ms"]).date() for c in of.values()})
        middle = days[len(days) // 2]
        early, _ = rows(root, "journalkontroll", "--to", str(middle))
        late, _ = rows(root, "journalkontroll", "--from",
                       str(middle + datetime.timedelta(1)))
        self.assertEqual(known(early) + known(late), known(whole))
        for r in early:
            if r["number"]:
                self.assertLessEqual(oslo(of[r["number"].split(".")[0]][
                    "received_ms"]).date(), middle)
        for day, n in (("2026-02-10", 1), ("2026-02-11", 0)):
            found, _ = rows(root, "journalkontroll", "--from", day, "--to", day)
            self.assertEqual(sum(r["finding"] == "not_received" for r in found),
                             n, day)

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

    def test_journal_control_of_what_is_there_twice(self):
        """By our key, in one target; in two it may stand once in each."""
        copy = "INSERT INTO target_post SELECT %s, %s, own_key, case_number," \
            " number || '9', year, sequence + 900000, type, status, title," \
            " public_title, access, received, document_date, journal_date," \
            " attachments, first_ms, seen_ms, changed_ms FROM target_post" \
            " WHERE target_key = '%s'"
        key, = self.raw.q("SELECT target_key FROM target_post WHERE own_key <>"
                          " '' ORDER BY target_key")[0]
        for target, target_key, want in (("target", "target_key || 'x'", 1),
                                         ("'fag'", "target_key", 0)):
            facts, found = self.controlled(copy % (target, target_key, key))
            self.assertEqual((found["twice"], facts["found_twice"]),
                             (want, str(want)))

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


if __name__ == "__main__":
    unittest.main()
