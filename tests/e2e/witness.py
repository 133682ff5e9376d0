#!/usr/bin/env python3
"""Signed heads go to witnesses (C2SP tlog-witness) and to a time-stamp authority
(RFC 3161, OpenSSL's) while post flows; what they answer is kept, exported and
verified without Sluse; what they answer wrongly is not; nothing waits for
them; and a database that was put back is found by what they have seen."""
import calendar
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
import tsa  # noqa: E402
sys.path.insert(0, os.path.join(house.TOP, "tests", "outsider"))
import outsider  # noqa: E402
import witness  # noqa: E402

ORIGIN = "testvik.kommune.no/sporingslogg"


def text(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()

STARTED, STOPPED, SYNCED, COSIGNED = 11, 28, 120, 206  # events.def


class Others(unittest.TestCase):
    offset = 0  # of its clock at a start, seconds

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluse-witness-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.witness = witness.Witness()
        self.addCleanup(self.witness.close)
        self.clock = os.path.join(self.folder, "clock")
        # For whoever is asked for status, too.
        os.environ["SLUSE_TEST_CLOCK"] = self.clock
        self.addCleanup(os.environ.pop, "SLUSE_TEST_CLOCK")

    def witness_section(self, server, name="w1", more=""):
        return ("[witness %s]\nurl = %s/\nvkey = %s\nevery = 300ms\n"
                "timeout = 2s\nallow_loopback = yes\n%s\n" % (
                    name, server.prefix, server.vkey, more))

    def tsa_section(self, server, more=""):
        return ("[tsa t1]\nurl = %s\ntrust = %s\nallow_loopback = yes\n%s\n" %
                (server.url, server.path("ca.pem"), more))

    def begin(self, sections, *others):
        """A house whose witnesses know its key before it starts."""
        self.house = h = house.House(
            instance=house.FAST + "[journal]\norigin = %s\n"
            "checkpoint_after = 200ms\n" % ORIGIN, extra=sections, start=False)
        self.addCleanup(h.close)
        seed = os.path.join(h.root, "secrets", "journal-key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                        seed], check=True)
        os.chmod(seed, 0o600)
        public = subprocess.run(
            ["openssl", "pkey", "-in", seed, "-pubout", "-outform", "DER"],
            check=True, stdout=subprocess.PIPE).stdout[-32:]
        self.vkey = outsider.make_vkey(ORIGIN, public)
        for server in (self.witness, *others):
            server.log_vkey = self.vkey
        self.start()

    def start(self):
        with open(self.clock, "w", encoding="ascii") as file:
            file.write("%d" % self.offset)
        self.house.start()

    def step(self, seconds):
        with open(self.clock + ".new", "w", encoding="ascii") as file:
            file.write("%d" % seconds)
        os.rename(self.clock + ".new", self.clock)

    def letters(self, n, first=1):
        for i in range(first, first + n):
            self.house.drop_bytes(b"Hei. Sak 2026/87, brev %d\n" % i,
                                  "brev-%d.txt" % i)

    def events(self, kind):
        return self.house.rows("journal", "list", "--kind", kind)

    def row(self, name="w1"):
        found = [r for r in self.house.rows("status")[0]["witnesses"]
                 if r["name"] == name]
        return found[0]

    def wait_cosigned(self, seconds=15, server=None, size=1):
        server = server or self.witness
        return self.house.wait_for(
            lambda: server.size >= size and server.size, seconds, "a cosignature")

    def verify(self, *args, code=0):
        done = self.house.sluse("journal", "verify", *args, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def quiet(self):
        """Nothing is due any more: both say that they hold the last head."""
        def still():
            before = self.house.query("SELECT count(*) FROM leaf")
            if not self.house.looked_through():
                return False
            time.sleep(0.8)
            return before == self.house.query("SELECT count(*) FROM leaf")
        self.house.wait_for(still, 20, "rest")


class Marks(Others):
    def test_cosigned_and_stamped_while_post_flows(self):
        second = witness.Witness(name="another.example/w2", seed=b"2" * 32)
        self.addCleanup(second.close)
        authority = tsa.Authority(os.path.join(self.folder, "tsa"))
        self.addCleanup(authority.close)
        self.begin(self.witness_section(self.witness) +
                   self.witness_section(second, "w2") +
                   self.tsa_section(authority), second)
        h = self.house
        self.letters(6)
        h.wait_quiet(60, 6)
        # Every event is covered soon: `every`, and one head before it.
        born = max(e["seq"] for e in self.events("delivered"))
        self.wait_cosigned(size=born + 1)
        self.wait_cosigned(server=second, size=born + 1)
        self.quiet()
        # An idle log does not grow by being watched.
        leaves = h.query("SELECT count(*) FROM leaf")[0][0]
        asked = len(self.witness.asked)
        time.sleep(2)
        self.assertEqual(h.query("SELECT count(*) FROM leaf")[0][0], leaves)
        self.assertEqual(len(self.witness.asked), asked)
        # By the protocol: from where it was, with a proof, nothing refused.
        self.assertGreater(len([s for _, s, _ in self.witness.asked
                                if s == 200]), 1)
        self.assertEqual({s for _, s, _ in self.witness.asked}, {200})
        self.assertEqual(len(authority.asked), 1)
        self.assertEqual(authority.asked[0][1], "application/timestamp-query")
        self.check_events(born)
        out = os.path.join(h.root, "export")
        h.sluse("journal", "export", out)
        self.check_export(out, second, authority)
        h.check_whole(self)

    def check_events(self, born):
        cosigned = self.events("cosigned")
        self.assertEqual({e["actor"] for e in cosigned},
                         {"witness:w1", "witness:w2"})
        stamped, = self.events("timestamped")
        self.assertEqual(stamped["actor"], "tsa:t1")
        self.assertEqual(self.events("witness_refused"), [])
        for name in ("w1", "w2"):
            row = self.row(name)
            self.assertGreater(row["size"], born)
            self.assertIsNone(row["waits"])
            self.assertIsNone(row["warning"])
            self.assertLess(row["age_s"], 60)
        self.assertEqual(self.row("t1")["kind"], "tsa")
        said = self.house.sluse("status").stdout
        self.assertRegex(said, r"witness +w1: cosigned \d+ events, 0 min ago\n")
        self.assertRegex(said, r"tsa +t1: stamped \d+ events, 0 min ago\n")

    def check_export(self, out, second, authority):
        vkey, h = self.vkey, self.house
        outsider.check_export(out, vkey)
        heads = outsider.marked(out, vkey)
        self.assertIn(self.witness.size, heads)
        self.assertEqual(heads[self.witness.size], self.witness.root)
        ca, other = authority.path("ca.pem"), authority.path("other.pem")
        for where in ((), (out,)):
            said = self.verify("--witness", self.witness.vkey, "--tsa", ca,
                               *where)
            self.assertIn("Cosigned: %d leaves, at " % self.witness.size, said)
            self.assertRegex(said, r"Time-stamped: \d+ leaves, at 20")
            self.verify("--witness", second.vkey, *where)
            self.assertIn("has not cosigned", self.verify(
                "--witness", witness.vkey_of("nobody", b"n" * 32), *where,
                code=1))
            self.assertIn("no head of it has a time-stamp", self.verify(
                "--tsa", other, *where, code=1))
        # A proof carries what there is on its head, or still holds without.
        proof = os.path.join(h.root, "p.tlog-proof")
        h.sluse("journal", "prove", "--output", proof, "3")
        outsider.check_proof(text(proof), vkey)
        self.by_hand(out, authority)
        self.tampered(out)

    def by_hand(self, out, authority):
        """Every command of both pages about this, as it stands there."""
        for name in ("README.md", "LESMEG.md"):
            blocks = re.findall(r"^```sh\n(.*?)^```", text(out, name),
                                re.S | re.M)
            self.assertEqual(len(blocks), 2, name)
            said = ""
            for block in blocks:
                done = subprocess.run(["sh", "-e", "-c", block], cwd=out,
                                      stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
                self.assertEqual(done.returncode, 0, block + done.stdout)
                said += done.stdout
            self.assertIn("Signature Verified Successfully", said)
            self.assertIn("Verification: OK", said)
        # With certificates from elsewhere, and of another.
        for ca, code in ((authority.path("ca.pem"), 0),
                         (authority.path("other.pem"), 1)):
            done = subprocess.run(
                ["openssl", "ts", "-verify", "-data",
                 "timestamps/1.checkpoint", "-in", "timestamps/1.tsr",
                 "-CAfile", ca], cwd=out, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, code, done.stdout)

    def tampered(self, out):
        """Whatever is changed in what others said is found."""
        for name in ("cosigned/1", "cosigned/1.vkey", "cosigned/1.pem",
                     "cosigned/2", "timestamps/1.tsr", "timestamps/1.pem",
                     "timestamps/1.checkpoint"):
            path = os.path.join(out, name)
            with open(path, "rb") as file:
                data = file.read()
            found = 0
            for at in range(0, len(data), max(1, len(data) // 12)):
                with open(path, "wb") as file:
                    file.write(data[:at] + bytes([data[at] ^ 1]) +
                               data[at + 1:])
                done = self.house.sluse("journal", "verify", out, check=False)
                # A bit of a token or certificate that nobody has signed.
                found += done.returncode == 1
            with open(path, "wb") as file:
                file.write(data)
            self.assertGreaterEqual(found, 12 if "cosigned" in name else 8,
                                    name)
        self.verify(out)
        os.unlink(os.path.join(out, "timestamps", "1.tsr"))
        self.assertIn("cannot be read", self.verify(out, code=1))

    def test_starts_and_stops(self):
        """An idle instance that is started and stopped tells of that, its
        witness of one head more, and then there is rest."""
        self.begin(self.witness_section(self.witness))
        h = self.house
        self.quiet()
        for n in range(2, 5):
            asked = len(self.witness.asked)
            leaves = h.query("SELECT count(*) FROM leaf")[0][0]
            h.stop()
            h.start()
            h.wait_for(lambda: h.looked_through(n), 60, "looked through")
            self.wait_cosigned(size=leaves + 2)
            self.quiet()
            # Looked at from below: who asks slused is an event too.
            more = [int(row[0].split(b"\n")[4]) for row in h.query(
                "SELECT bytes FROM leaf WHERE seq >= ? ORDER BY seq", leaves)]
            self.assertEqual(more[:2], [STOPPED, STARTED])
            # The list of cases comes at a start, with a head of its own.
            self.assertLessEqual(set(more[2:]), {COSIGNED, SYNCED})
            self.assertLessEqual(more.count(COSIGNED), 1 + more.count(SYNCED))
            self.assertLessEqual(len(self.witness.asked) - asked,
                                 1 + more.count(SYNCED))
            time.sleep(2)
            self.assertEqual(h.query("SELECT count(*) FROM leaf")[0][0],
                             leaves + len(more))

    def test_a_token_each_day(self):
        authority = tsa.Authority(os.path.join(self.folder, "tsa"))
        self.addCleanup(authority.close)
        # Three hours ago or more, as Norway's clock goes: a day later it has
        # been due for more than one, whenever this runs.
        at = time.gmtime(time.time() - 7200)
        self.begin(self.tsa_section(authority, "stale = 1h\nat = %02d:%02d\n"
                                    % (at.tm_hour, at.tm_min)))
        h = self.house

        def stamps():
            return h.query("SELECT count(*) FROM stamp")[0][0]
        h.wait_for(lambda: stamps() == 1, 15, "a first token")
        self.letters(1)
        h.wait_quiet(30, 1)
        time.sleep(1)
        self.assertEqual(stamps(), 1)
        # Next day: what was missed is due. OpenSSL's clock is the real one.
        for manner, reason in (("junk", "bad_token"), ("replay",
                               "bad_signature"), ("huge", "bad_answer"),
                               ("503", "not_now")):
            authority.manner = manner
            self.step(86400)
            h.kill("sluse-push/witness")
            h.wait_for(lambda: self.row("t1")["reason"] == reason, 20, reason)
            self.assertEqual(stamps(), 1)
        h.wait_for(lambda: self.row("t1")["warning"] == "stale", 10, "stale")
        self.assertIn("WARNING", h.sluse("status").stdout)
        self.assertEqual(
            [e["payload"]["reason"] for e in self.events("witness_refused")],
            ["bad_token", "bad_signature", "bad_answer", "not_now"])
        authority.manner = None
        h.kill("sluse-push/witness")
        h.wait_for(lambda: stamps() == 2, 20, "a second token")
        self.assertIsNone(self.row("t1")["warning"])
        self.verify("--tsa", authority.path("ca.pem"))
        # A file of certificates that is not there stops nothing but this.
        os.rename(authority.path("ca.pem"), authority.path("ca.away"))
        h.stop()
        self.start()
        self.letters(1, 2)
        h.wait_quiet(30, 2)
        self.assertEqual(self.row("t1")["reason"], "bad_trust")
        h.check_whole(self)

    def stamped_from(self, instant, at):
        """A house whose clock says instant, after its first token."""
        self.offset = calendar.timegm(time.strptime(
            instant, "%Y-%m-%dT%H:%MZ")) - int(time.time())
        authority = tsa.Authority(os.path.join(self.folder, "tsa"))
        self.addCleanup(authority.close)
        self.begin(self.tsa_section(authority, "at = %s\n" % at))
        self.house.wait_for(self.stamps, 15, "a first token")

    def stamps(self):
        return self.house.query("SELECT count(*) FROM stamp")[0][0]

    def test_a_day_of_25_hours(self):
        """Half past midnight, a day later, it is still that day."""
        self.stamped_from("2026-10-24T22:30Z", "00:15")
        h = self.house
        self.letters(2)
        h.wait_quiet(30, 2)
        self.quiet()
        self.assertEqual(self.stamps(), 1)
        self.step(self.offset + 25 * 3600)
        h.kill("sluse-push/witness")
        h.wait_for(lambda: self.stamps() == 2, 20, "a second token")

    def test_a_day_of_23_hours(self):
        """Half an hour before midnight, a day later, it is the day after."""
        self.stamped_from("2026-03-28T22:30Z", "23:15")
        h = self.house
        self.letters(1)
        h.wait_quiet(30, 1)
        self.assertEqual(self.stamps(), 1)
        self.step(self.offset + 23 * 3600)
        h.kill("sluse-push/witness")
        h.wait_for(lambda: self.stamps() == 2, 20, "a second token")

    def test_certificates_that_are_not_there(self):
        """Of two, the other is asked all the same, and status and config check
        tell of the one."""
        authority = tsa.Authority(os.path.join(self.folder, "tsa"))
        self.addCleanup(authority.close)
        os.rename(authority.path("ca.pem"), authority.path("ca.away"))
        self.begin(self.witness_section(self.witness) +
                   self.tsa_section(authority))
        h = self.house
        self.letters(1)
        self.wait_cosigned()
        h.wait_for(lambda: h.rows("status")[0]["slused"]["troubles"], 20, "it")
        row, = h.rows("status")[0]["slused"]["troubles"]
        self.assertEqual((row["program"], row["runs"], row["reason"]),
                         ("sluse-push/witness", True, "config_invalid"))
        self.assertIn("LACKS", h.sluse("status").stdout)
        done = h.sluse("config", "check", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("t1: trust is no file", done.stdout)
        os.rename(authority.path("ca.away"), authority.path("ca.pem"))
        h.sluse("config", "check")
        h.stop()
        self.start()
        h.wait_for(lambda: h.query("SELECT count(*) FROM stamp")[0][0] == 1, 20,
                   "a token")
        self.assertEqual(h.rows("status")[0]["slused"]["troubles"], [])
        h.check_whole(self)

    def test_the_examples_of_the_manual(self):
        """What sluse.conf(5) shows can be copied."""
        manual = text(house.TOP, "daemon/config/sluse.conf.5")
        example = manual[manual.index(".Sh EXAMPLES"):]
        example = "".join(
            line + "\n" for line in example[:example.index(".Sh SEE ALSO")]
            .split("\n") if not line.startswith("."))
        h = house.House(start=False)
        self.addCleanup(h.close)
        path = os.path.join(h.root, "sluse.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(example)
        self.assertIn("[witness", example)
        done = h.sluse("config", "check", path, check=False)
        self.assertEqual(done.stderr, "")

    def test_what_the_configuration_must_hold(self):
        h = house.House(start=False, extra=self.witness_section(self.witness))
        self.addCleanup(h.close)
        path = os.path.join(h.root, "sluse.conf")
        good = text(path)
        h.sluse("config", "check", path)
        for old, new in ((self.witness.vkey, outsider.make_vkey("w", b"k" * 32)),
                         (self.witness.vkey, self.witness.vkey + "A"),
                         ("[target", "[tsa t]\nurl = http://t.example/\n"
                          "trust = t.pem\npolicy = 1..2\n[target")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(good.replace(old, new, 1))
            done = h.sluse("config", "check", path, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "no key of a witness|no object id")


class Misbehaving(Others):
    def test_every_way(self):
        """What is no cosignature is not kept, is said once, and costs nobody
        anything; then it is well again."""
        self.begin(self.witness_section(self.witness, more="stale = 2s"))
        h, n = self.house, 0
        self.wait_cosigned()
        # The witness has it a moment before we do.
        h.wait_for(lambda: h.query("SELECT count(*) FROM cosignature")[0][0],
                   10, "the first cosignature")
        for manner, reason in (
                ("403", "unknown_key"), ("404", "unknown_log"),
                ("500", "not_now"), ("busy", "not_now"), ("301", "bad_answer"),
                ("wrong", "bad_signature"), ("other key", "no_signature"),
                ("other head", "bad_signature"), ("junk", "bad_answer"),
                ("twice", "bad_answer"), ("huge", "bad_answer"),
                ("reset", "no_answer"), ("slow", "no_answer"),
                ("to and fro", "bad_answer"), ("ahead, no type", "bad_answer"),
                ("422", "other_history"), ("ahead", "other_history")):
            with self.subTest(manner):
                self.once(manner, reason)
                n += 1
        self.assertFalse(h.rows("status")[0]["slused"]["journal"]["halted"])
        self.assertEqual(self.events("history_broken"), [])
        h.wait_quiet(60, n)
        self.verify("--witness", self.witness.vkey)
        h.check_whole(self)

    def once(self, manner, reason):
        h, server = self.house, self.witness
        before = h.query("SELECT count(*) FROM cosignature")[0][0]
        told = len(self.events("witness_refused"))
        server.manner = manner
        self.letters(1, 1 + h.query("SELECT count(*) FROM consignment")[0][0])
        h.wait_for(lambda: self.row()["reason"] == reason, 15, reason)
        self.assertEqual(h.query("SELECT count(*) FROM cosignature")[0][0],
                         before)
        tries = len(server.asked)
        h.wait_for(lambda: len(server.asked) > tries or reason == "no_answer",
                   10, "a second try")  # tells nothing new
        time.sleep(0.1)
        said = [e["payload"]["reason"] for e in self.events("witness_refused")]
        if reason not in ("not_now", "no_answer"):
            self.assertEqual(said[told:], [reason])
        if reason == "other_history":
            self.assertEqual(self.row()["warning"], "other_history")
            self.assertIn("WARNING: it has seen another",
                          h.sluse("status").stdout)
        server.manner = None
        h.wait_for(lambda: self.row()["reason"] is None, 20, "well again")

    def test_down(self):
        """Nobody is there: post goes on, status tells, nothing is lost."""
        port = self.witness.server_port
        self.begin(self.witness_section(self.witness, more="stale = 1s"))
        self.wait_cosigned()
        self.quiet()
        at, h = self.witness.size, self.house
        self.witness.close()
        self.letters(3)
        h.wait_quiet(30, 3)
        h.wait_for(lambda: self.row()["warning"] == "stale", 20, "a warning")
        row = self.row()
        self.assertEqual(row["reason"], "no_answer")
        self.assertEqual(row["size"], at)
        self.assertGreater(row["tries"], 0)
        self.assertIn("WARNING: what happened since waits for too long",
                      h.sluse("status").stdout)
        h.wait_for(lambda: [e["payload"]["reason"] for e in
                            self.events("witness_refused")] == ["no_answer"],
                   20, "the event")
        # Without the program that asks it is no different.
        h.check_whole(self)
        again = witness.Witness(self.vkey, port=port)
        self.addCleanup(again.close)
        again.size, again.root = self.witness.size, self.witness.root
        self.letters(1, 4)
        h.wait_for(lambda: again.size > at, 30, "a cosignature")
        h.wait_for(lambda: self.row()["warning"] is None, 10, "no warning")
        self.assertIn(200, [s for _, s, _ in again.asked])


class History(Others):
    def put_back(self):
        """Yesterday's instance, whole: nothing here remembers what was signed
        since."""
        h = self.house
        for name in ("db", "journal"):
            shutil.rmtree(os.path.join(h.root, name))
            shutil.copytree(os.path.join(self.folder, name),
                            os.path.join(h.root, name))

    def yesterday(self):
        h = self.house
        self.letters(1)
        h.wait_quiet(30, 1)
        self.wait_cosigned()
        self.quiet()
        h.stop()
        for name in ("db", "journal"):
            shutil.copytree(os.path.join(h.root, name),
                            os.path.join(self.folder, name))
        self.start()
        self.letters(2, 2)
        h.wait_quiet(30, 3)
        self.quiet()
        h.stop()

    def halted(self):
        try:
            return self.house.rows("status")[0]["slused"]["journal"]["halted"]
        except (RuntimeError, TypeError, KeyError):
            return False

    def test_a_database_put_back_is_proven(self):
        """It says 409, and shows our own signature on what we have lost."""
        self.begin(self.witness_section(self.witness))
        h = self.house
        self.yesterday()
        seen = self.witness.size
        self.put_back()
        self.start()
        h.wait_for(self.halted, 20, "the stop")
        self.assertIn(409, [s for _, s, _ in self.witness.asked])
        self.assertEqual(self.witness.size, seen)
        event, = self.events("history_broken")
        self.assertIn("a head of %d events was signed" % seen,
                      event["payload"]["detail"])
        refused = self.events("witness_refused")[-1]["payload"]
        self.assertEqual(refused["reason"], "other_history")
        self.assertEqual(refused["there"], seen)
        # Nothing is claimed any more, until somebody decides.
        h.drop_bytes(b"Hei. Sak 2026/87, brev 9\n", "brev-9.txt")
        time.sleep(1.5)
        self.assertEqual(h.in_inlets(), 1)
        # It is remembered: no start needs the witness for it once more.
        self.verify(code=1)
        h.stop()
        self.witness.manner = "500"
        self.start()
        self.assertTrue(self.halted())
        self.witness.manner = None
        h.sluse("journal", "accept", "--why", "disken måtte byttes")
        h.wait_for(lambda: h.in_inlets() == 0 and not h.moving(), 30, "it")
        # Under its new name it is a new log to the witness.
        h.wait_for(lambda: self.row()["reason"] == "unknown_log", 20, "404")
        name = h.query("SELECT vkey FROM journal_key ORDER BY number")[-1][0]
        self.assertTrue(name.startswith(ORIGIN + "~2+"))
        self.witness.log_vkey = name
        self.witness.size, self.witness.root = 0, None
        h.kill("sluse-push/witness")
        h.wait_for(lambda: self.row()["reason"] is None, 20, "cosigned")
        out = os.path.join(h.root, "export")
        h.sluse("journal", "export", out)
        self.verify("--witness", self.witness.vkey, out)
        self.verify("--witness", self.witness.vkey)

    def test_without_proof_it_is_said_only(self):
        """A witness that shows nothing may be wrong: no stop, but a warning."""
        self.begin(self.witness_section(self.witness))
        h = self.house
        self.yesterday()
        self.put_back()
        self.witness.note = None
        self.start()
        h.wait_for(lambda: self.row()["warning"] == "other_history", 20,
                   "the warning")
        self.assertFalse(self.halted())
        self.letters(1, 7)
        h.wait_for(lambda: h.in_inlets() == 0 and not h.moving(), 30, "it")
        self.assertIn("another sporingslogg of this name",
                      text(h.root, "log"))
        # A signature of somebody else is no proof either.
        self.witness.note = "%s\n999999\n%s\n\n\u2014 %s %s\n" % (
            ORIGIN, "A" * 43 + "=", ORIGIN, "A" * 91 + "=")
        h.kill("sluse-push/witness")
        time.sleep(3)
        self.assertFalse(self.halted())

    def test_a_witness_that_forgot(self):
        """It has less than we thought: it is taken along from there."""
        self.begin(self.witness_section(self.witness))
        h = self.house
        self.letters(1)
        h.wait_quiet(30, 1)
        self.quiet()
        self.witness.size, self.witness.root = 0, None
        self.letters(1, 2)
        h.wait_quiet(30, 2)
        self.wait_cosigned()
        self.assertIn(409, [s for _, s, _ in self.witness.asked])
        self.assertEqual(self.events("witness_refused"), [])
        self.quiet()
        self.verify("--witness", self.witness.vkey)

    def test_killed_while_it_asks(self):
        """slused and the way to the witness are killed: one history, and what
        was cosigned is the beginning of it."""
        self.begin(self.witness_section(self.witness))
        h = self.house
        for i in range(4):
            self.letters(2, 1 + 2 * i)
            time.sleep(0.3 + 0.2 * i)
            h.kill("slused" if i % 2 else "sluse-push/witness")
            h.wait_for(lambda: h.programs(), 30, "slused again")
        h.wait_quiet(60, 8)
        self.quiet()
        self.assertFalse(self.halted())
        self.assertNotIn(422, [s for _, s, _ in self.witness.asked])
        self.verify("--witness", self.witness.vkey)


if __name__ == "__main__":
    unittest.main(verbosity=2)
