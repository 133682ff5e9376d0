#!/usr/bin/env python3
"""Held post that goes on a new case, or goes where another post goes: by the
note in its folder and by the command line, with everything killed on the
way."""
import os
import sqlite3
import time

from trial import Trial, letter, run_all
import house

NOTHING = b"Testvik kommune\n\nNoe nummer %d som ingen vet hvor skal.\n"
MAKES = "create_cases = yes\n"


def fnr():
    """A number that fits the rule and is nobody's: born in 1899."""
    for n in range(749, 500, -1):
        d = [int(c) for c in "010199%03d" % n]
        for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2),
                        (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)):
            d.append((11 - sum(a * b for a, b in zip(d, weights)) % 11) % 11)
        if max(d) < 10:
            return "".join(str(x) for x in d)
    raise AssertionError
NOTE = "Avklar.txt"


class Settling(Trial):
    def held(self, *names, **how):
        """Entries by name, all of them held."""
        h = self.house(**dict({"target_keys": MAKES}, **how))
        h.wait_for(lambda: h.query("SELECT count(*) FROM case_file")[0][0]
                   >= 5, 20, "known cases")
        self.drop(h, *names)
        return h

    def drop(self, h, *names):
        for n, name in enumerate(names):
            h.drop_bytes(NOTHING % (n + len(name)), name)
        for name in names:
            self.until(h, name, 15, disposition="held")
            h.wait_for(lambda: os.path.exists(self.note(h, name)), 15, NOTE)

    def note(self, h, name, queue=None):
        return os.path.join(h.root, "spool", queue or h.queues[0],
                            "Må avklares", self.one(h, name)["id"], NOTE)

    def fill(self, h, name, line, answer=None):
        """Writes the line; with an answer, waits for it in the same file."""
        path = self.note(h, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(line + "\r\n")

        def said():
            with open(path, encoding="utf-8-sig") as file:
                text = file.read()
            return answer in text and line in text
        if answer is not None:
            h.wait_for(said, 15, answer)

    def made(self, h):
        """The cases that the target made for us."""
        return [c for c in h.posts()["cases"] if c["key"] is not None]

    def events(self, h, ident):
        return h.rows("journal", "list", ident)

    def finish(self, h, posts):
        h.wait_quiet(20)
        self.assertEqual(self.problems(h), [])
        self.assertEqual(len(h.keys_there()), posts)
        h.check_whole(self)


class NewCase(Settling):
    def test_by_file(self):
        h = self.held("brev.txt")
        ident = self.one(h, "brev.txt")["id"]
        self.fill(h, "brev.txt", "Ny sak: Gjerde mot vei")
        row = self.until(h, "brev.txt", 20, disposition="done")
        made, = self.made(h)
        self.assertEqual((made["title"], made["journalposts"]),
                         ("Gjerde mot vei", 1))
        self.assertEqual(row["case"], made["case"])
        self.assertEqual(h.posts()["journalposts"][0]["case"], made["case"])
        why = row["placement"]["new_case"]
        self.assertEqual(why["value"], "Gjerde mot vei")
        self.assertEqual(why["evidence"][0]["source"], "person")
        events = self.events(h, ident)
        actor = [e["actor"] for e in events if e["event"] == "decided"]
        self.assertEqual(actor, ["queue:" + h.queues[0]])
        self.assertEqual([e["payload"]["new_case"] for e in events
                          if e["event"] == "placed"], ["Gjerde mot vei"])
        self.assertEqual([e["payload"]["case"] for e in events
                          if e["event"] == "case_made"], [made["case"]])
        self.assertIn("Gjerde mot vei", h.sluse("explain", ident).stdout)
        # It is known at once, so that other post can go on it.
        self.drop(h, "neste.txt")
        h.sluse("assign", self.one(h, "neste.txt")["id"], "--case",
                made["case"])
        self.until(h, "neste.txt", 20, disposition="done")
        self.finish(h, 2)

    def test_post_later_than_waited(self):
        """The case is there, its post comes late: it is asked for as often
        as any other before it is sent again."""
        h = self.held("brev.txt", target_keys=MAKES + "unknown_wait = 1s\n"
                      "retry_first = 50ms\nretry_max = 100ms\n"
                      "breaker_failures = 100\nunknown_checks = 2\n")
        h.fake.control("POST", "faults", [
            {"action": "late", "seconds": 4, "count": 1,
             "match": {"rel": "ny-journalpost"}}])
        self.fill(h, "brev.txt", "Ny sak: Gjerde mot vei")
        self.until(h, "brev.txt", 30, disposition="done")
        h.wait_for(lambda: [r for r in h.fake.control("GET", "requests")
                            if r.get("fault") == "late"], 20, "the late one")
        self.assertEqual(len(self.made(h)), 1)
        self.assertEqual(len(h.posts()["journalposts"]), 1)
        self.finish(h, 1)

    def test_not_allowed(self):
        h = self.held("brev.txt", target_keys="")
        self.fill(h, "brev.txt", "Ny sak: Gjerde mot vei", "har ikke lov til")
        row = self.one(h, "brev.txt")
        self.assertEqual((row["disposition"], row["reason"]),
                         ("held", "no_evidence"))
        self.refused(h, "assign", row["id"], "--new-case", "Gjerde",
                     says="create_cases")
        self.assertNotIn("decided", [e["event"] for e in
                                     self.events(h, row["id"])])
        self.fill(h, "brev.txt", "Sak: 2026/52")
        self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(self.made(h), [])
        self.finish(h, 1)

    def test_the_target_cannot(self):
        """Allowed, but the target says no: held again, and why."""
        h = self.held("brev.txt", target_keys=MAKES + "series = finnes ikke\n")
        self.fill(h, "brev.txt", "Ny sak: Gjerde mot vei")
        row = self.until(h, "brev.txt", 20, disposition="held",
                         reason="new_case_asked", stage="prepared")
        h.wait_for(lambda: os.path.exists(self.note(h, "brev.txt")), 15, NOTE)
        h.sluse("assign", row["id"], "--case", "2026/52")
        row = self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(row["case"], "2026/52")
        self.finish(h, 1)

    def test_closed_queue(self):
        h = self.held(extra="[queue Lukket]\nkind = incoming\nclosed = yes\n")
        box = os.path.join(h.root, "closed", "Lukket", "Inn")
        with open(os.path.join(box, "brev.txt"), "wb") as file:
            file.write(NOTHING % 1)
        row = self.until(h, "brev.txt", 15, disposition="held")
        self.refused(h, "assign", row["id"], "--new-case", "Navnet på noen",
                     says="closed queue")
        self.assertEqual(self.made(h), [])

    def test_words(self):
        h = self.held("brev.txt")
        ident = self.one(h, "brev.txt")["id"]
        self.refused(h, "assign", ident, "--new-case", "G", says="3 to 255")
        self.refused(h, "assign", ident, "--new-case", "G" * 256)
        self.refused(h, "assign", ident, code=2)
        self.refused(h, "assign", ident, "--new-case", "G" * 9, "--case",
                     "2026/52", code=2)
        h.sluse("assign", ident, "--new-case", "Om %s og gjerde" % fnr(),
                "--why", "ringte")
        self.until(h, "brev.txt", 20, disposition="done")
        made, = self.made(h)
        self.assertEqual(made["title"], "Om [fnr] og gjerde")
        self.finish(h, 1)

    def once(self, h, title):
        row = self.until(h, title, 30, disposition="done")
        time.sleep(1.2)  # what is late is there now
        made = [c for c in self.made(h) if c["title"] == title]
        self.assertEqual([c["case"] for c in made], [row["case"]])
        self.assertEqual(made[0]["journalposts"], 1)

    def begin(self, h, title, wrong):
        """A letter on a new case, both of that name; the target goes wrong."""
        h.fake.control("DELETE", "faults")
        h.drop_bytes(NOTHING % len(title), title)
        row = self.until(h, title, 15, disposition="held")
        h.fake.control("POST", "faults", [dict(wrong, count=1)])
        h.sluse("assign", row["id"], "--new-case", title)
        h.wait_for(lambda: h.fake.control("GET", "faults")[0]["fired"], 15,
                   "under way")

    def test_lost_replies(self):
        h = self.held(target_keys=MAKES + "timeout = 500ms\n")
        n = 0
        for rel in ("ny-saksmappe", "ny-journalpost"):
            for wrong in ({"action": "lose_reply"}, {"action": "500"},
                          {"action": "bad_json"},
                          {"action": "hang", "seconds": 2, "after": True}):
                n += 1
                with self.subTest(rel=rel, **wrong):
                    self.begin(h, "sak-%d" % n,
                               dict(wrong, match={"rel": rel}))
                    self.once(h, "sak-%d" % n)
        self.finish(h, n)

    def late(self, h, title, rel, names, seconds=1):
        self.begin(h, title, {"action": "late", "seconds": seconds,
                              "hold": True, "match": {"rel": rel}})
        for name, _ in h.pids():
            if name.split("/")[0] in names:
                h.kill(name)
        h.wait_for(h.complete, 20, "programs")

    def test_killed_while_the_case_is_made(self):
        h = self.held(target_keys=MAKES + "unknown_wait = 2500ms\n")
        n = 0
        for names in (("sluse-push",), ("slused",), ("slused", "sluse-push")):
            for rel in ("ny-saksmappe", "ny-journalpost"):
                n += 1
                with self.subTest(names=names, rel=rel):
                    self.late(h, "sak-%d" % n, rel, names)
                    self.once(h, "sak-%d" % n)
        self.finish(h, n)

    def test_the_fake_sees_two(self):
        """Where nobody waits for the late commit there are two cases."""
        h = self.held(target_keys=MAKES + "unknown_wait = 0\n")
        self.late(h, "sak", "ny-saksmappe", ("sluse-push",), seconds=6)
        self.until(h, "sak", 30, disposition="done")
        h.wait_for(lambda: len(self.made(h)) == 2, 15, "two of them")
        self.assertEqual(len(h.posts()["doubles"]), 1)


class Known(Settling):
    """A case that post names becomes known: the post goes on by itself."""

    def unknown(self, **how):
        h = self.house(**how)
        h.drop_bytes(letter(1, "2026/4711"), "brev.txt")
        h.drop_bytes(letter(2, "2026/4712"), "annet.txt")
        for name in ("brev.txt", "annet.txt"):
            self.until(h, name, 20, disposition="held",
                       reason="unknown_case")
        return h, self.one(h, "brev.txt")["id"]

    def went_on(self, h, ident):
        self.assertEqual(self.until(h, "brev.txt", 30, disposition="done")
                         ["case"], "2026/4711")
        self.assertEqual([e["actor"] for e in self.events(h, ident)
                          if e["event"] == "released"], ["slused"])
        # One that names another stays, and nothing more is written of it.
        self.assertEqual(self.one(h, "annet.txt")["reason"], "unknown_case")
        self.assertNotIn("released", [e["event"] for e in self.events(
            h, self.one(h, "annet.txt")["id"])])
        self.finish(h, 1)

    def test_made_in_the_target(self):
        h, ident = self.unknown(target_keys="sync_cases = 1s\n")
        h.fake.control("POST", "case", {"saksnummer": "2026/4711",
                                        "tittel": "Gjerde mot vei"})
        self.went_on(h, ident)

    def test_imported(self):
        h, ident = self.unknown(target="webhook")
        path = os.path.join(h.root, "cases.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("saksnummer,tittel\n2026/4711,Gjerde mot vei\n")
        h.sluse("cases", "import", path)
        self.went_on(h, ident)


class Belongs(Settling):
    def test_delivered(self):
        h = self.held("brev.txt")
        h.drop_bytes(letter(1, "2026/87"), "forste.txt")
        first = self.until(h, "forste.txt", 20, disposition="done")
        self.fill(h, "brev.txt", "Hører til: " + first["reception"])
        row = self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(row["case"], "2026/87")
        why = row["placement"]["case"]["evidence"][0]
        self.assertEqual((why["source"], why["rule"], why["value"]),
                         ("person", "belongs_to", first["id"]))
        decided, = [e for e in self.events(h, row["id"])
                    if e["event"] == "decided"]
        self.assertIn(first["id"], decided["payload"]["detail"])
        self.assertIn(first["id"], h.sluse("explain", row["id"]).stdout)
        self.finish(h, 2)

    def waits(self, h, name, other):
        row = self.until(h, name, 15, disposition="held",
                         reason="waits_for_other")
        self.assertEqual(row["detail"], other)
        return row

    def test_waits_and_follows(self):
        """A row of three, the last one decided; killed in between."""
        h = self.held("a.txt", "b.txt", "c.txt")
        a, b, c = (self.one(h, n + ".txt")["id"] for n in "abc")
        self.fill(h, "b.txt", "Hører til: " + a, "venter på " + a)
        self.waits(h, "b.txt", a)
        done = h.sluse("assign", c, "--with", b, "--why", "vedlegg")
        self.assertIn(b, done.stdout)
        self.waits(h, "c.txt", b)
        actor = [e["actor"] for e in self.events(h, b) if e["event"] == "held"
                 and e["payload"]["reason"] == "waits_for_other"]
        self.assertEqual(len(actor), 1)
        h.kill("slused")
        h.wait_for(h.complete, 20, "programs")
        time.sleep(1.5)  # the note is read again: that is no new decision
        self.assertEqual(len([
            e for e in self.events(h, b) if e["event"] == "held" and
            e["payload"]["reason"] == "waits_for_other"]), 1)
        self.assertEqual(h.keys_there(), [])
        h.sluse("assign", a, "--case", "2026/52")
        for name in ("a.txt", "b.txt", "c.txt"):
            row = self.until(h, name, 20, disposition="done")
            self.assertEqual(row["case"], "2026/52")
        decided = [e["actor"] for e in self.events(h, b)
                   if e["event"] == "decided"]
        self.assertEqual(decided, actor)
        h.wait_for(lambda: os.listdir(os.path.join(
            h.root, "spool", h.queues[0], "Må avklares")) == [], 15, "cleared")
        self.finish(h, 3)

    def test_new_case_of_another(self):
        h = self.held("a.txt", "b.txt")
        h.sluse("stop-out")
        self.fill(h, "b.txt", "Hører til: a.txt", "venter på ")
        self.fill(h, "a.txt", "Ny sak: Gjerde mot vei")
        self.until(h, "a.txt", 15, stage="prepared")
        time.sleep(0.5)
        self.waits(h, "b.txt", self.one(h, "a.txt")["id"])
        h.sluse("start-out")
        for name in ("a.txt", "b.txt"):
            self.until(h, name, 20, disposition="done")
        made, = self.made(h)
        self.assertEqual(made["journalposts"], 2)
        self.finish(h, 2)

    def test_killed_before_it_followed(self):
        """The other is known to be on its case, and nobody has looked yet."""
        h = self.held("a.txt", "b.txt")
        a, b = self.one(h, "a.txt")["id"], self.one(h, "b.txt")["id"]
        h.sluse("assign", a, "--case", "2026/52")
        self.until(h, "a.txt", 20, disposition="done")
        h.stop()
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        entry, revision = db.execute(
            "SELECT id, revision + 1 FROM entry WHERE disposition = 30"
        ).fetchone()
        db.execute("INSERT INTO placement VALUES (?, ?, 16, 0, ?, 1000, 1, "
                   "'[]', 'uid:4711')", (entry, revision, a))
        db.execute("UPDATE entry SET reason = 'waits_for_other', revision = ? "
                   "WHERE id = ?", (revision, entry))
        db.commit()
        db.close()
        h.start()
        self.assertEqual(self.until(h, "b.txt", 20, disposition="done")["case"],
                         "2026/52")
        self.assertEqual([e["actor"] for e in self.events(h, b)
                          if e["event"] == "decided"], ["uid:4711"])
        self.finish(h, 2)

    def test_other_ends_without_a_case(self):
        h = self.held("a.txt", "b.txt")
        a = self.one(h, "a.txt")
        self.fill(h, "b.txt", "Hører til: " + a["id"], "venter på ")
        h.sluse("reject", a["id"], "--why", "reklame")
        row = self.until(h, "b.txt", 15, disposition="held",
                         reason="other_not_archived")
        self.assertEqual(row["detail"], a["id"])
        self.fill(h, "b.txt", "Hører til: " + a["id"], "uten sak")
        self.fill(h, "b.txt", "Sak: 2026/52")
        self.until(h, "b.txt", 20, disposition="done")
        self.finish(h, 1)

    def test_bad_values(self):
        h = self.held("a.txt", "b.txt")
        h.drop_bytes(NOTHING % 9, "annen.txt", queue=h.queues[1])
        there = self.until(h, "annen.txt", 15, disposition="held")["id"]
        a, b = self.one(h, "a.txt")["id"], self.one(h, "b.txt")["id"]
        for value, says in (("M26-000001-0", "er ikke en post i denne køen"),
                            ("tull", "er ikke en post i denne køen"),
                            (there, "er ikke en post i denne køen"),
                            (a, "høre til seg selv"),
                            ("a.txt", "høre til seg selv")):
            self.fill(h, "a.txt", "Hører til: " + value, says)
        self.refused(h, "assign", a, "--with", a, says="itself")
        self.refused(h, "assign", a, "--with", "M26-999999-9")
        h.sluse("assign", b, "--with", a)
        self.fill(h, "a.txt", "Hører til: " + b, "venter på denne")
        self.refused(h, "assign", a, "--with", b, says="waits for this one")
        self.assertEqual(self.one(h, "a.txt")["reason"], "no_evidence")
        # Who waits can be decided all the same, and set free.
        h.sluse("release", b, "--why", "likevel ikke")
        self.until(h, "b.txt", 15, disposition="held", reason="no_evidence")
        h.sluse("assign", a, "--case", "2026/52")
        self.until(h, "a.txt", 20, disposition="done")
        self.assertEqual(self.one(h, "b.txt")["disposition"], "held")
        # On the command line the other may lie in another queue.
        h.sluse("assign", there, "--with", a)
        self.until(h, "annen.txt", 20, disposition="done")
        self.assertEqual(self.one(h, "annen.txt")["case"], "2026/52")
        self.finish(h, 2)

    def test_held_limit(self):
        h = self.held(instance=house.FAST.replace(
            "held_limit = never", "held_limit = 1d\n"
            "distribution_case = 2026/1"))
        self.drop(h, "a.txt", "b.txt")
        a, b = self.one(h, "a.txt")["id"], self.one(h, "b.txt")["id"]
        h.sluse("assign", b, "--with", a)
        self.waits(h, "b.txt", a)
        h.stop()
        with sqlite3.connect(os.path.join(h.root, "db", "sluse.db")) as db:
            db.execute("UPDATE entry SET held_until_ms = 1 WHERE "
                       "held_until_ms > 1")
        db.close()
        h.start()
        for name in ("a.txt", "b.txt"):
            row = self.until(h, name, 20, disposition="done")
            self.assertEqual(row["case"], "2026/1")
        self.finish(h, 2)


if __name__ == "__main__":
    run_all()
