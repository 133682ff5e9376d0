#!/usr/bin/env python3
"""What a target can do wrong: no post lost, none doubled, each that waits where
a person can see why."""
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
import fake_client  # noqa: E402
from trial import Trial, letter, is_calm, run_all  # noqa: E402

SHORT = ("timeout = 300ms\nconnect_timeout = 500ms\nretry_max = 400ms\n"
         "breaker_max = 300ms\n")
WRONGS = (("500", {}), ("429", {"retry_after": 1}), ("reset", {}),
          ("lose_reply", {}), ("hang", {"seconds": 1}),
          ("hang", {"seconds": 1, "after": True}), ("half_body", {}),
          ("bad_json", {}))
OWNERS = {"records centre", "IT operations", "vendor", "sender"}


def rules(share, match=None):
    """Every kind of wrong, each with that probability."""
    return [dict({"action": action, "probability": share, "seed": n,
                  "count": 1000000, "match": match or {}}, **more)
            for n, (action, more) in enumerate(WRONGS)]


class Wrong(Trial):
    def storm(self, target, items, share, seconds):
        h = self.house(target=target, target_keys=SHORT)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        if target == "noark5":
            h.wait_for(lambda: any(e["event"] == "cases_synced" for e in
                                   h.rows("journal", "list")), 10, "sync")
        pid = self.slused(h)
        h.fake.control("POST", "faults", rules(share))
        for n in range(items):
            h.drop_bytes(letter(n), "brev-%03d.txt" % n)

        def over():
            for row in h.rows("list", "--disposition", "deferred"):
                self.check_waits(row)
            return h.query("SELECT count(*) FROM entry WHERE disposition"
                           " = 60")[0][0] == items
        h.wait_for(over, seconds, "all %d delivered" % items)
        fired = {}
        for rule in h.fake.control("GET", "faults"):
            name = rule["action"] + ("+" if rule.get("after") else "")
            fired[name] = rule["fired"]
        h.fake.control("DELETE", "faults")
        # Not what a look happened to see, but all there ever was.
        seen = {e["payload"]["reason"] for e in h.rows(
            "journal", "list", "--kind", "deferred")}
        print("%s: %d items, wrongs %s, waits %s" % (
            target, items, fired, sorted(seen)), flush=True)
        self.assertEqual([n for n, times in fired.items() if times == 0], [])
        self.assertLessEqual({"target_busy", "target_unknown"}, seen)
        self.assertEqual(self.slused(h), pid)
        h.wait_quiet(10, items)
        self.assertEqual(self.problems(h), [])
        self.assertEqual(len(h.keys_there()), items)
        self.check_counted(h)
        h.check_whole(self)

    def check_waits(self, row):
        self.assertEqual(row["stage"], "prepared")
        self.assertTrue(row["reason"], row)
        self.assertTrue(row["reason_text"] and row["reason_text_nb"], row)
        self.assertIn(row["owner"], OWNERS)
        self.assertTrue(row["retry"], row)
        self.assertEqual(len(row["deliveries"]), 1)
        self.check_tried(row["deliveries"][0], row["reason"])

    def check_tried(self, d, reason):
        """It failed, or never began: then because the target is shut, and
        nothing of it can be there."""
        if d["attempts"] > 0:
            return
        self.assertEqual(reason, "target_down")
        self.assertEqual((d["state"], d["uncertain"], d.get("steps", [])),
                         ("pending", False, []))
        self.assertTrue(d["next"], d)

    def check_counted(self, h):
        """A try is what was given away and did not come back unbegun."""
        tries = {}
        for kind, one in (("delivery_tried", 1), ("delivery_not_begun", -1)):
            for e in h.rows("journal", "list", "--kind", kind):
                tries[e["subject"]] = tries.get(e["subject"], 0) + one
        for row in h.rows("list"):
            self.assertEqual(row["deliveries"][0]["attempts"],
                             tries[row["id"]], row)
            self.assertGreater(tries[row["id"]], 0)

    def test_noark5(self):
        self.storm("noark5", 60, 0.008, 80)

    def test_webhook(self):
        self.storm("webhook", 200, 0.025, 80)


class Login(Trial):
    def wrong_house(self):
        h = self.house(start=False)
        self.secret = os.path.join(h.root, "secrets", "arkiv-password")
        self.write("feil")
        h.start()
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        for n in range(5):
            h.drop_bytes(letter(n), "brev-%d.txt" % n)
        h.wait_for(lambda: len(h.rows("list", "--disposition", "deferred")) +
                   len(h.rows("list", "--stage", "prepared")) >= 10 or
                   self.waiting(h) == 5, 10, "all wait")
        return h

    def write(self, text):
        with open(self.secret, "w", encoding="ascii") as file:
            file.write(text + "\n")

    @staticmethod
    def waiting(h):
        return sum(1 for row in h.rows("list")
                   if row["stage"] == "prepared" and
                   row["disposition"] in ("ready", "deferred"))

    def check_stopped(self, h):
        row = h.wait_for(
            lambda: h.rows("list", "--disposition", "deferred"), 10,
            "one is deferred")[0]
        self.assertEqual(row["reason"], "target_login")
        self.assertEqual(row["owner"], "IT operations")
        target = h.rows("status")[0]["slused"]["targets"][0]
        self.assertIs(target["login"], False)
        with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
            crit = [line for line in file if line.startswith("<2>") and
                    "refuses our login" in line]
        self.assertEqual(len(crit), 1, "it shouts, once")
        self.assertNotIn("feil", crit[0])
        events = [e for e in h.rows("journal", "list")
                  if e["event"] == "target_stopped"]
        self.assertEqual(len(events), 1)
        self.assertEqual(h.posts()["journalposts"], [])
        before = h.fake.control("GET", "requests")
        self.assertTrue(is_calm(self.slused(h), 0.2, 5),
                        "it waits, it does not spin")
        self.assertEqual(before, h.fake.control("GET", "requests"),
                         "a stopped target is left alone")

    def check_all_there(self, h):
        h.wait_quiet(15, 5)
        self.assertEqual(self.problems(h), [])
        self.assertEqual(len(h.keys_there()), 5)
        h.fake.control("DELETE", "violations")  # the wrong password itself
        h.check_whole(self)

    def test_start_out(self):
        h = self.wrong_house()
        self.check_stopped(h)
        self.write("hemmelig")
        h.sluse("start-out", "--why", "nytt passord")
        self.check_all_there(h)

    def test_too_long(self):
        """What is no secret is not cut until it looks like one."""
        h = self.house(start=False)
        self.secret = os.path.join(h.root, "secrets", "arkiv-password")
        self.write("hemmelig\n" + "x" * 70000)
        h.start()

        def said():
            with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
                return "a secret is longer than" in file.read()
        h.wait_for(said, 10, "it says so")

    def test_restart(self):
        h = self.wrong_house()
        self.check_stopped(h)
        self.write("hemmelig")
        h.kill("sluse-push/arkiv")
        h.kill("sluse-push/arkiv/1")
        h.kill("sluse-push")
        self.check_all_there(h)


class Down(Trial):
    def test_down_and_up(self):
        h = self.house()
        # Else the letters are held: nobody knows their case yet.
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.fake.stop()
        for n in range(10):
            h.drop_bytes(letter(n), "brev-%d.txt" % n)

        def paused():
            return h.rows("status")[0]["slused"]["targets"][0]["paused"]
        h.wait_for(lambda: any(r["reason"] == "target_down" for r in h.rows(
            "list", "--disposition", "deferred")), 10, "target_down")
        h.wait_for(paused, 10, "the breaker opens")
        with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
            self.assertIn("target paused", file.read())
        h.wait_for(lambda: len([r for r in h.rows("list") if
                                r["stage"] == "prepared"]) == 10, 15,
                   "all wait")
        self.assertTrue(is_calm(self.slused(h), 0.3, 1000))
        h.fake.start()
        h.wait_quiet(15, 10)
        self.assertFalse(paused())
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    def test_start_out(self):
        """Who closes the breaker need not wait for what stood behind it."""
        h = self.house(target_keys="breaker_failures = 1\n"
                       "breaker_first = 1h\nbreaker_max = 1h\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.fake.stop()
        for n in range(20):
            h.drop_bytes(letter(n), "brev-%02d.txt" % n)
        h.wait_for(lambda: [r["reason"] for r in h.rows(
            "list", "--disposition", "deferred")] == ["target_down"] * 20, 20,
            "all wait")
        h.fake.start()
        h.sluse("start-out")
        h.wait_quiet(20, 20)
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    def test_too_many_tries(self):
        h = self.house(target_keys="retry_limit = 3s\n")
        h.fake.control("POST", "faults", [
            {"action": "503", "match": {"method": "POST"}, "count": 1000000}])
        h.drop_bytes(letter(1), "brev.txt")
        row = self.until(h, "brev.txt", 15, disposition="held")
        self.assertEqual((row["reason"], row["stage"], row["owner"]),
                         ("too_many_tries", "prepared", "IT operations"))
        self.assertEqual(row["deliveries"][0]["state"], "stopped")
        self.assertGreater(row["deliveries"][0]["attempts"], 1)
        h.fake.control("DELETE", "faults")
        h.sluse("retry", row["id"], "--why", "oppe igjen")
        self.until(h, "brev.txt", 10, disposition="done", stage="delivered")
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    def test_case_closed(self):
        h = self.house()
        h.wait_for(lambda: any(row["target_key"] for row in
                               h.rows("cases", "list")), 10, "sync")
        h.fake.control("POST", "case", {"saksnummer": "2026/87",
                                        "saksstatus": "A"})
        h.drop_bytes(letter(1), "brev.txt")
        row = self.until(h, "brev.txt", 10, disposition="held")
        self.assertEqual((row["reason"], row["owner"], row["stage"]),
                         ("case_closed", "records centre", "prepared"))
        self.assertEqual(h.posts()["journalposts"], [])
        h.sluse("assign", row["id"], "--case", "2026/52")
        row = self.until(h, "brev.txt", 10, disposition="done")
        self.assertEqual(row["case"], "2026/52")
        self.assertEqual([p["case"] for p in h.posts()["journalposts"]],
                         ["2026/52"])
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)


class Silent(Trial):
    """A target that takes the request and says nothing."""

    def line_ends(self, action):
        h = self.house(target_keys="timeout = 500ms\nbreaker_failures = 2\n"
                       "breaker_first = 1h\nbreaker_max = 1h\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.sluse("stop-out")
        for n in range(16):
            h.drop_bytes(letter(n), "brev-%02d.txt" % n)
        h.wait_for(lambda: h.query("SELECT count(*) FROM delivery")[0][0] ==
                   16, 20, "in line")
        h.fake.control("POST", "faults", [
            {"action": action, "match": {"rel": "ny-journalpost"},
             "count": 1000}])
        h.sluse("start-out")

        def target():
            return h.rows("status")[0]["slused"]["targets"][0]
        h.wait_for(lambda: target()["paused"] and target()["inflight"] == 0,
                   20, "the breaker opens")
        self.assertEqual(
            h.query("SELECT uncertain, count(*) FROM delivery"
                    " GROUP BY 1 ORDER BY 1"), [(0, 14), (1, 2)])
        # What was not begun is no try, and it is told that it was none.
        self.assertEqual(
            h.query("SELECT attempts, count(*) FROM delivery"
                    " GROUP BY 1 ORDER BY 1"), [(0, 14), (1, 2)])
        back = h.rows("journal", "list", "--kind", "delivery_not_begun")
        self.assertEqual([e["payload"] for e in back],
                         [{"target": "arkiv", "attempt": 1}] * 15)
        said = h.sluse("explain", back[-1]["subject"]).stdout
        self.assertIn("delivery_not_begun", said)
        self.assertIn("0 tries", said)
        self.assertEqual(h.fake.control("GET", "faults")[0]["fired"], 2)
        h.fake.control("DELETE", "faults")
        h.sluse("start-out")
        h.wait_quiet(30, 16)
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    def test_what_was_not_begun(self):
        """Of what a sluse-push has in line only what it sent may be there."""
        self.line_ends("hang")

    def test_no_answer_of_the_target(self):
        """A 200 that does not say what was made, as of a proxy, is none."""
        self.line_ends("bad_json")

    def test_one_that_is_busy(self):
        """What it says of one post is no reason to give out others one at a
        time."""
        h = self.house(target_keys="timeout = 120s\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.sluse("stop-out")
        for n in range(20):
            h.drop_bytes(letter(n), "brev-%02d.txt" % n)
        h.wait_for(lambda: h.query("SELECT count(*) FROM delivery")[0][0] ==
                   20, 20, "in line")
        h.fake.control("POST", "faults", [
            {"action": "429", "retry_after": 3600,
             "match": {"rel": "ny-journalpost"}, "count": 1},
            {"action": "wait", "match": {"rel": "ny-journalpost"},
             "count": 1}])
        h.sluse("start-out")
        h.wait_for(lambda: [rule["fired"] for rule in h.fake.control(
            "GET", "faults")] == [1, 1], 20, "one is busy, the next waits")
        # The place of the first is given to another.
        h.wait_for(lambda: h.rows("status")[0]["slused"]["targets"][0]
                   ["inflight"] == 16, 10, "as many as before")
        h.fake.control("DELETE", "faults")
        h.wait_for(lambda: len(h.keys_there()) == 19, 20, "the others")
        self.assertEqual(h.rows("journal", "list", "--kind",
                                "delivery_not_begun"), [])
        row, = h.rows("list", "--disposition", "deferred")
        h.sluse("retry", row["id"], "--why", "den hadde det travelt")
        h.wait_quiet(20, 20)
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    @staticmethod
    def not_begun(h):
        return h.rows("journal", "list", "--kind", "delivery_not_begun")

    def test_no_word_of_a_person(self):
        """Where it goes again by itself and comes back, nobody has said so: a
        person decides if he wants to from then on."""
        h = self.house(target_keys="timeout = 120s\nbreaker_failures = 1\n"
                       "breaker_first = 1h\nbreaker_max = 1h\n"
                       "unknown_checks = 1\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        lost = [{"action": "reset", "match": {"rel": "ny-journalpost"},
                 "count": 1}]
        h.fake.control("POST", "faults", lost)
        h.drop_bytes(letter(0), "brev-0.txt")

        def target():
            return h.rows("status")[0]["slused"]["targets"][0]
        h.wait_for(lambda: target()["paused"], 20, "the breaker opens")
        # That it is not there is told once nothing more is given out.
        h.fake.control("DELETE", "faults")
        h.fake.control("POST", "faults", [
            {"action": "wait", "match": {"method": "GET"}, "count": 1000}])
        h.sluse("start-out")
        h.wait_for(lambda: target()["inflight"], 20, "it is asked for")
        h.sluse("stop-out")
        h.fake.control("DELETE", "faults")
        h.wait_for(lambda: h.query("SELECT uncertain FROM delivery") == [(2,)],
                   20, "it is not there")
        h.drop_bytes(letter(1), "brev-1.txt")
        h.wait_for(lambda: h.query("SELECT count(*) FROM delivery")[0][0] ==
                   2, 20, "in line")
        row = self.one(h, "brev-0.txt")
        h.sluse("retry", row["id"], "--why", "etter den andre")
        h.wait_for(lambda: h.query(
            "SELECT count(*) FROM delivery WHERE next_ms <= ?",
            int(time.time() * 1000))[0][0] == 2, 10, "both are due")
        h.fake.control("POST", "faults", lost)
        h.sluse("start-out")
        h.wait_for(lambda: target()["paused"] and target()["inflight"] == 0,
                   20, "the other is lost")
        self.assertEqual([e["subject"] for e in self.not_begun(h)],
                         [row["id"]])
        self.assertEqual(
            h.query("SELECT uncertain, send_again, attempts FROM delivery"
                    " ORDER BY id"), [(2, 0, 2), (1, 0, 1)])
        h.stop()
        with open(os.path.join(h.root, "sluse.conf"), "a",
                  encoding="utf-8") as file:
            file.write("unknown_hold = yes\n")
        h.start()
        h.sluse("start-out")
        for name in ("brev-0.txt", "brev-1.txt"):
            self.until(h, name, 20, disposition="held",
                       reason="target_unsure")
        self.assertEqual(h.keys_there(), [])

    def test_a_word_of_a_person(self):
        """That it is to be sent again holds until it is sent."""
        h = self.house(target_keys="timeout = 500ms\nbreaker_failures = 1\n"
                       "breaker_first = 1h\nbreaker_max = 1h\n"
                       "unknown_hold = yes\nunknown_checks = 1\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.fake.control("POST", "faults", [
            {"action": "hang", "match": {"rel": "ny-journalpost"},
             "count": 1}])
        h.drop_bytes(letter(0), "brev-0.txt")

        def paused():
            return h.rows("status")[0]["slused"]["targets"][0]["paused"]
        h.wait_for(paused, 20, "the breaker opens")
        h.sluse("start-out")
        row = self.until(h, "brev-0.txt", 20, disposition="held",
                         reason="target_unsure")
        h.sluse("stop-out")
        h.drop_bytes(letter(1), "brev-1.txt")
        h.wait_for(lambda: h.query("SELECT count(*) FROM delivery")[0][0] ==
                   2, 20, "in line")
        h.sluse("retry", row["id"], "--why", "den er ikke der")
        h.wait_for(lambda: h.query(
            "SELECT count(*) FROM delivery WHERE next_ms <= ?",
            int(time.time() * 1000))[0][0] == 2, 10, "both are due")
        h.fake.control("POST", "faults", [
            {"action": "hang", "match": {"rel": "ny-journalpost"},
             "count": 1}])
        h.sluse("start-out")
        h.wait_for(paused, 20, "the other hangs")
        h.wait_for(lambda: h.query("SELECT uncertain, send_again FROM delivery"
                                   " ORDER BY id") == [(2, 1), (1, 0)], 10,
                   "the word stands, and that it was asked for")
        self.assertEqual([e["subject"] for e in self.not_begun(h)],
                         [row["id"]], "it was given away, and came back")
        h.sluse("start-out")  # which makes it due
        self.until(h, "brev-0.txt", 20, disposition="done")
        self.until(h, "brev-1.txt", 20, disposition="held",
                   reason="target_unsure")
        self.assertEqual(len(h.keys_there()), 1)


class Own(Trial):
    """A fault of our own, in what is to be sent."""

    def test_no_post(self):
        """What cannot be sent waits as after any try, and is told."""
        h = self.house(target_keys="retry_first = 1h\nretry_max = 1h\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.sluse("stop-out")
        h.drop_bytes(letter(0), "brev-0.txt")
        h.wait_for(lambda: h.query("SELECT count(*) FROM delivery")[0][0] ==
                   1, 20, "in line")
        h.stop()
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        with db:
            db.execute("UPDATE entry SET post = NULL")
        db.close()
        h.start()
        h.sluse("start-out")
        row = self.until(h, "brev-0.txt", 10, disposition="deferred",
                         reason="disk_error")
        self.assertIn("no post", h.sluse("explain", row["id"]).stdout)
        time.sleep(0.5)
        self.assertEqual(h.query("SELECT attempts FROM delivery"), [(1,)])
        self.assertEqual(h.rows("journal", "list", "--kind",
                                "delivery_not_begun"), [])
        h.stop()


class Two(Trial):
    """A queue with two targets: done is what both of them have."""

    def test_one_down(self):
        mirror = fake_client.Process("webhook_server.py")
        self.addCleanup(mirror.close)
        h = self.house(
            queues=("Skannet post",), extra="target = arkiv speil\n"
            "[target speil]\nconnector = webhook\nallow_loopback = yes\n"
            "base_url = http://127.0.0.1:%d/post\n" % mirror.port)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        mirror.stop()
        for n in range(3):
            h.drop_bytes(letter(n), "brev-%d.txt" % n)
        for n in range(3):
            row = self.until(h, "brev-%d.txt" % n, 15,
                             disposition="deferred", reason="target_down")
            self.assertTrue(row["retry"])
        h.wait_for(lambda: len(h.keys_there()) == 3, 10,
                   "the other has them all")
        h.wait_for(lambda: {(d["target"], d["state"]) for row in h.rows("list")
                            for d in row["deliveries"]} ==
                   {("arkiv", "delivered"), ("speil", "pending")}, 10,
                   "one has it, the other waits")
        row = self.one(h, "brev-0.txt")
        self.refused(h, "reject", row["id"], "--why", "fordi")
        mirror.start()
        h.wait_quiet(15, 3)
        self.assertEqual({r["disposition"] for r in h.rows("list")}, {"done"})
        self.assertEqual(mirror.control("GET", "state")["count"], 3)
        self.assertEqual(len(h.keys_there()), 3)
        self.assertEqual(self.problems(h), [])
        done = h.sluse("journal", "verify", check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


class Meanwhile(Trial):
    """A person decides while a delivery is under way."""

    def under_way(self, action, **more):
        """A delivery that ends when let() says so."""
        h = self.house(target_keys="timeout = 120s\n")
        h.fake.control("POST", "faults", [
            dict({"action": action, "match": {"rel": "ny-journalpost"},
                  "count": 1}, **more)])
        h.drop_bytes(letter(1), "brev.txt")

        def sent():
            row = self.by_name(h, "brev.txt")
            return row and row[0]["deliveries"] and \
                row[0]["deliveries"][0]["attempts"] and \
                h.rows("status")[0]["slused"]["targets"][0]["inflight"] and \
                h.fake.control("GET", "faults")[0]["fired"]
        h.wait_for(sent, 10, "under way")
        self.pid = self.slused(h)
        return h, self.one(h, "brev.txt")["id"]

    def let(self, h):
        h.fake.control("DELETE", "faults")
        self.idle(h)

    def idle(self, h):
        h.wait_for(lambda: h.rows("status")[0]["slused"]["targets"][0]
                   ["inflight"] == 0, 10, "nothing under way")

    def finish(self, h):
        self.assertEqual(self.slused(h), self.pid)
        h.wait_quiet(10, 1)
        self.assertEqual(len(h.keys_there()), 1)
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    def test_held_then_failed(self):
        h, ident = self.under_way("hang")
        h.sluse("hold", ident, "--why", "vent litt")
        self.let(h)
        row = self.one(h, "brev.txt")
        self.assertEqual(self.slused(h), self.pid)
        self.assertEqual((row["disposition"], row["reason"]),
                         ("held", "by_person"))
        self.assertTrue(is_calm(self.slused(h), 1, 5),
                        "nothing to do, nothing done")
        h.drop_bytes(letter(2), "neste.txt")
        self.until(h, "neste.txt", 10, disposition="done")
        h.sluse("release", ident, "--why", "greit")
        self.until(h, "brev.txt", 10, disposition="done")
        self.assertEqual(len(h.keys_there()), 2)
        self.assertEqual(self.slused(h), self.pid)
        h.check_whole(self)

    def test_held_then_delivered(self):
        h, ident = self.under_way("wait")
        h.sluse("hold", ident, "--why", "vent litt")
        self.let(h)
        row = self.one(h, "brev.txt")
        self.assertEqual(row["disposition"], "held")
        self.assertEqual(row["deliveries"][0]["state"], "delivered")
        h.sluse("release", ident, "--why", "greit")
        row = self.until(h, "brev.txt", 10, disposition="done")
        self.assertEqual(row["outcome"], "in_journal")
        self.finish(h)

    def test_released_while_under_way(self):
        h, ident = self.under_way("hang", after=True)
        h.sluse("hold", ident, "--why", "vent litt")
        h.sluse("retry", ident, "--why", "likevel")
        h.fake.control("DELETE", "faults")
        self.until(h, "brev.txt", 15, disposition="done")
        self.finish(h)
        self.assertLessEqual(
            self.one(h, "brev.txt")["deliveries"][0]["attempts"], 3)

    def test_uncertain_is_not_thrown_away(self):
        """What may have arrived is neither rejected nor sent elsewhere."""
        h, ident = self.under_way("hang", after=True)
        h.sluse("hold", ident, "--why", "vent litt")
        self.refused(h, "reject", ident, "--why", "vekk",
                     says="may be in the case system")
        self.refused(h, "assign", ident, "--case", "2026/52",
                     says="may be in the case system")
        self.let(h)
        self.refused(h, "reject", ident, "--why", "vekk")
        h.sluse("retry", ident, "--why", "send")
        self.until(h, "brev.txt", 10, disposition="done")
        self.refused(h, "reject", ident, "--why", "vekk")
        self.finish(h)

    def delivery(self, h):
        return self.one(h, "brev.txt")["deliveries"][0]

    def test_never_sent_is_rejected(self):
        """However often a dead target was tried: nothing was sent."""
        h = self.house(target_keys="breaker_failures = 100\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        h.fake.stop()
        h.drop_bytes(letter(1), "brev.txt")
        row = self.until(h, "brev.txt", 10, disposition="deferred")
        h.wait_for(lambda: self.delivery(h)["attempts"] >= 4, 10, "tries")
        h.sluse("stop-out", "--why", "vent")
        self.idle(h)
        self.assertIs(self.delivery(h)["uncertain"], False)
        h.sluse("reject", row["id"], "--why", "ikke vår")
        row = self.one(h, "brev.txt")
        self.assertEqual((row["disposition"], row["outcome"]),
                         ("done", "not_archive_worthy"))
        h.fake.start()
        h.sluse("start-out", "--why", "videre")
        h.drop_bytes(letter(2), "neste.txt")
        self.until(h, "neste.txt", 10, disposition="done")
        self.assertEqual(len(h.keys_there()), 1)


    def test_what_was_sent_stays_uncertain(self):
        """A killed sender, then a dead target: nobody knows what arrived,
        until the target is asked."""
        h, ident = self.under_way("hang")
        h.sluse("stop-out", "--why", "vent")
        for name, _ in h.pids():
            if name.startswith("sluse-push"):
                h.kill(name)
        self.idle(h)
        h.fake.stop()
        h.sluse("start-out", "--why", "videre")
        h.wait_for(lambda: self.delivery(h)["attempts"] >= 3, 10, "tries")
        self.assertIs(self.delivery(h)["uncertain"], True)
        self.refused(h, "reject", ident, "--why", "vekk",
                     says="may be in the case system")
        h.fake.start()
        self.until(h, "brev.txt", 15, disposition="done")
        self.finish(h)


class Late(Trial):
    """A target that does the work long after the caller has gone: whoever
    asks too early finds nothing."""

    def late(self, wait, rel="ny-journalpost", seconds=1, checks="3",
             holds="yes", **more):
        h = self.house(target_keys="unknown_wait = %s\nretry_first = 50ms\n"
                       "retry_max = 100ms\nbreaker_failures = 100\n"
                       "unknown_checks = %s\nunknown_hold = %s\n" %
                       (wait, checks, holds))
        h.fake.control("POST", "faults", [
            dict({"action": "late", "seconds": seconds, "match": {"rel": rel},
                  "count": 1}, **more)])
        h.drop_bytes(letter(1), "brev.txt")
        h.wait_for(lambda: h.fake.control("GET", "faults")[0]["fired"], 15,
                   "under way")
        return h

    def over(self, h):
        """What is late has come too."""
        self.until(h, "brev.txt", 20, disposition="done")
        h.wait_for(lambda: len(
            [r for r in h.fake.control("GET", "requests")
             if r.get("fault") == "late"]) ==
            len(h.fake.control("GET", "faults")), 20, "the late one")
        return h.posts()

    def once(self, h):
        state = self.over(h)
        self.assertEqual(len(state["journalposts"]), 1)
        self.assertEqual(self.problems(h), [])
        h.check_whole(self)

    def test_too_early(self):
        """The fake does double where nobody waits, and is told to send."""
        state = self.over(self.late("0", seconds=6, holds="no"))
        self.assertEqual(len(state["doubles"]), 1)

    def test_lost_reply(self):
        self.once(self.late("4s"))

    def test_later_than_waited(self):
        """Asked more than once, at growing times, before it is sent again."""
        self.once(self.late("1s", seconds=4))

    def test_later_than_waited_without(self):
        """That is what it takes."""
        state = self.over(self.late("1s", seconds=6, checks="0",
                                    holds="no"))
        self.assertEqual(len(state["doubles"]), 1)

    def test_never_came(self):
        """Nothing was done there: it is sent again in the end, where that is
        wanted."""
        h = self.late("200ms", seconds=3600, holds="no")
        self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(len(h.posts()["journalposts"]), 1)

    def test_to_a_person(self):
        h = self.late("200ms", seconds=3600)
        row = self.until(h, "brev.txt", 20, disposition="held",
                         reason="target_unsure")
        self.assertEqual(h.posts()["journalposts"], [])
        h.sluse("retry", row["id"], "--why", "den er ikke der")
        self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(len(h.posts()["journalposts"]), 1)

    def test_by_default(self):
        h = self.house(start=False)
        h.later = ()
        h.write_config(house.FAST, "", "", "")
        show = h.sluse("config", "show", h.root + "/sluse.conf").stdout
        self.assertRegex(show, r"unknown_hold = yes\n")

    def test_to_a_person_without_checks(self):
        """No number of checks lets it be sent again by itself."""
        h = self.late("200ms", seconds=3600, checks="0")
        self.until(h, "brev.txt", 20, disposition="held",
                   reason="target_unsure")
        self.assertEqual(h.posts()["journalposts"], [])

    def test_busy_and_yet_done(self):
        """A proxy says 503, with or without a time, and the target goes on."""
        for rel, more in (("ny-journalpost", {}),
                          ("ny-dokumentbeskrivelse", {"retry_after": 1})):
            with self.subTest(rel, **more):
                h = self.late("2s", rel=rel, seconds=1.5, status=503,
                              **more)
                self.once(h)
                self.assertEqual(self.parts(h), (2, 1, 1))

    def test_fewer_checks(self):
        """That it was asked as often as is wanted now is nobody's word."""
        h = self.late("500ms", seconds=3600)
        h.wait_for(lambda: h.query("SELECT uncertain FROM delivery") == [(2,)],
                   20, "asked once")
        h.stop()
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("unknown_checks = 3",
                                    "unknown_checks = 1"))
        h.start()
        self.until(h, "brev.txt", 20, disposition="held",
                   reason="target_unsure")
        self.assertEqual(h.posts()["journalposts"], [])

    def test_told_once(self):
        """Each word of a person lets it go once."""
        h = self.late("100ms", seconds=3600, checks="1", count=2)
        for n in range(2):
            row = self.until(h, "brev.txt", 20, disposition="held",
                             reason="target_unsure")
            self.assertEqual(h.posts()["journalposts"], [])
            h.sluse(("retry", "release")[n], row["id"], "--why", "ikke der")
            h.wait_for(lambda: self.one(h, "brev.txt")["disposition"] !=
                       "held", 10, "let go")
        self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(len(h.posts()["journalposts"]), 1)

    def test_checks_of_each_step(self):
        """Those of an earlier one do not count."""
        h = self.late("500ms", seconds=1.2, checks="2")
        h.fake.control("POST", "faults", [
            {"action": "late", "seconds": 1, "count": 1,
             "match": {"rel": "ny-dokumentbeskrivelse"}}])
        self.once(h)
        self.assertEqual(self.parts(h), (2, 1, 1))

    def test_lost_document(self):
        self.once(self.late("4s", rel="ny-dokumentbeskrivelse"))

    PARTS = ("ny-korrespondansepartperson", "ny-dokumentbeskrivelse",
             "ny-dokumentobjekt")

    def parts(self, h):
        """How many there are of each, in all the target."""
        kinds = [o["type"] for o in h.fake.control("GET", "objects")]
        return (sum(k.startswith("korrespondansepart") for k in kinds),
                kinds.count("dokumentbeskrivelse"),
                kinds.count("dokumentobjekt"))

    def test_part_later_than_waited(self):
        """The post is there, what hangs on it comes late."""
        for rel in self.PARTS:
            with self.subTest(rel):
                h = self.late("1s", rel=rel, seconds=4)
                self.over(h)
                self.assertEqual(self.parts(h), (2, 1, 1))
                self.once(h)

    def test_part_to_a_person(self):
        """It never comes: nothing is made again before somebody has looked."""
        for n, rel in enumerate(self.PARTS):
            with self.subTest(rel):
                h = self.late("100ms", rel=rel, seconds=3600)
                row = self.until(h, "brev.txt", 20, disposition="held",
                                 reason="target_unsure")
                self.assertEqual(self.parts(h)[n], 0)
                h.sluse("retry", row["id"], "--why", "den er ikke der")
                self.until(h, "brev.txt", 20, disposition="done")
                self.assertEqual(self.parts(h), (2, 1, 1))

    def test_file_goes_again(self):
        """A dokumentobjekt takes one file: that one is sent again."""
        h = self.late("100ms", rel="fil", seconds=3600)
        self.until(h, "brev.txt", 20, disposition="done")
        self.assertEqual(self.parts(h), (2, 1, 1))
        h.check_whole(self)

    def test_only_what_was_sent(self):
        """What waits in line behind a post that hangs was not sent: after a
        crash it needs nobody."""
        h = self.house(target_keys="unknown_hold = yes\n")
        h.fake.control("POST", "faults", [
            {"action": "hang", "match": {"rel": "ny-journalpost"},
             "count": 1}])
        for n in range(8):
            h.drop_bytes(letter(n), "brev-%d.txt" % n)
        h.wait_for(lambda: h.query("SELECT count(*) FROM delivery WHERE "
                                   "attempts > 0")[0][0] == 8, 15, "in line")
        for name, _ in h.pids():
            if name == "slused" or name.startswith("sluse-push"):
                h.kill(name)
        h.wait_for(lambda: len([r for r in h.rows("list")
                                if r["disposition"] == "done"]) == 7, 30,
                   "all but one")
        h.wait_for(lambda: [r["reason"] for r in h.rows("list")
                            if r["disposition"] == "held"] ==
                   ["target_unsure"], 15, "the one that was sent")
        self.assertEqual(len(h.keys_there()), 7)

    def test_killed_before_it_is_sent(self):
        """Only asked so far, or logged in: it goes on by itself, at
        once."""
        h = self.house(target_keys="unknown_hold = yes\nunknown_wait = 1h\n")
        h.wait_for(lambda: h.rows("cases", "list"), 10, "known cases")
        for match in ({"method": "GET", "kind": "saksmappe"},
                      {"kind": "token"}):
            for names in (("sluse-push",), ("slused", "sluse-push")):
                with self.subTest(names=names, **match):
                    self.killed_before(h, match, names)
        h.check_whole(self)

    def killed_before(self, h, match, names):
        n = len(h.rows("list"))
        title = "brev-%d.txt" % n
        h.fake.control("DELETE", "faults")
        h.fake.control("POST", "expire-tokens")
        h.fake.control("POST", "faults", [
            {"action": "hang", "match": match, "count": 1}])
        h.drop_bytes(letter(n), title)
        h.wait_for(lambda: h.fake.control("GET", "faults")[0]["fired"], 15,
                   "under way")
        for name, _ in h.pids():
            if name.split("/")[0] in names:
                h.kill(name)
        h.wait_for(h.complete, 20, "programs")
        self.until(h, title, 20, disposition="done")

    def test_killed_sender(self):
        h = self.late("4s", hold=True)
        for name, _ in h.pids():
            if name.startswith("sluse-push"):
                h.kill(name)
        self.once(h)

    def test_killed_all(self):
        h = self.late("4s", hold=True)
        for name, _ in h.pids():
            if name == "slused" or name.startswith("sluse-push"):
                h.kill(name)
        self.once(h)

    def test_a_person_asks(self):
        h = self.late("4s")
        ident = self.one(h, "brev.txt")["id"]
        self.until(h, "brev.txt", 5, disposition="deferred")
        h.sluse("retry", ident, "--why", "nå")
        self.once(h)


if __name__ == "__main__":
    run_all()
