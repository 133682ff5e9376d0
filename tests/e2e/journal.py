#!/usr/bin/env python3
"""The sporingslogg as an auditor meets it: signed, exported, proved, verified by
outsider.py without Sluse; a new key; a database that was put back."""
import base64
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
sys.path.insert(0, os.path.join(house.TOP, "tests", "outsider"))
import forge  # noqa: E402
import outsider  # noqa: E402
import witness  # noqa: E402

JOURNAL = house.FAST + """
[journal]
origin = testvik.kommune.no/sporingslogg
checkpoint_after = 200ms
head_file = elsewhere/head
mail_dir = elsewhere
mail_to = revisor@example.no
mail_from = sluse@example.no
"""


def text(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def write(content, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(content)


class Journal(unittest.TestCase):
    def setUp(self):
        self.house = house.House(instance=JOURNAL, target="webhook",
                                 start=False)
        self.addCleanup(self.house.close)
        self.elsewhere = os.path.join(self.house.root, "elsewhere")
        os.mkdir(self.elsewhere)
        self.start()

    def start(self):
        """slused is enough: the others come when they come."""
        self.house.start(wait=False)
        self.house.wait_for(self.status, 20, "slused")

    def status(self):
        try:
            slused = self.house.rows("status")[0]["slused"]
        except RuntimeError:
            return None  # no database yet
        return slused and slused["journal"]

    def signed(self):
        """The head, once all that is there is covered by it."""
        self.house.wait_for(
            lambda: self.status()["size"] == self.status()["signed"], 20,
            "a signed head")
        return text(self.elsewhere, "head")

    def letters(self, *numbers):
        for n in numbers:
            self.house.drop_bytes(b"Hei. Sak 2026/87, brev %d\n" % n,
                                  "brev-%d.txt" % n)
        self.house.wait_for(
            lambda: self.house.query("SELECT count(*) FROM leaf WHERE "
                                     "consignment IS NOT NULL")[0][0] >=
            5 * max(numbers) and not self.house.moving(), 30, "the letters")

    def verify(self, *args, code=0):
        done = self.house.sluse("journal", "verify", *args, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_export_begun(self):
        """A full disk leaves nothing; killed at its first file, an export is
        made by the next run all the same."""
        h = self.house
        self.letters(1)
        self.signed()
        out = os.path.join(h.root, "export")
        begun = [".checkpoint-unfinished.tmp"]

        def export(inject=None):
            return subprocess.run(
                [*(house.under_strace(self, inject) if inject else ()),
                 os.path.join(house.BIN, "sluse"), "--root", h.root, "journal",
                 "export", out], stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True)
        for inject, left in (("write:error=ENOSPC:when=1", []),
                             ("fsync:error=EIO:when=1", []),
                             ("write:signal=SIGKILL:when=1", begun),
                             ("fsync:signal=SIGKILL:when=1", begun)):
            self.assertNotEqual(export(inject).returncode, 0)
            self.assertEqual(os.listdir(out), left, inject)
        done = export()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse([n for n in os.listdir(out) if n[0] == "."])
        self.verify(out)
        # Beside anything else it is no sign of an export.
        os.rename(out, out + "-whole")
        os.mkdir(out)
        for name in begun + ["brev.txt"]:
            write("", out, name)
        self.assertEqual(export().returncode, 5)
        self.assertEqual(sorted(os.listdir(out)), begun + ["brev.txt"])

    def test_export_proofs_and_readme(self):
        h = self.house
        self.letters(1)
        old = self.signed()
        write(old, h.root, "old")
        self.letters(2, 3)
        self.signed()
        out = os.path.join(h.root, "export")
        told = ("SELECT count(*) FROM payload WHERE json_extract(body,"
                " '$.verb') = 'journal-export' AND json_extract(body, '$.payloads')")
        h.sluse("journal", "export", os.path.join(h.root, "bare"))
        self.assertEqual(h.query(told)[0][0], 0)
        h.sluse("journal", "export", "--payloads", out)
        self.assertEqual(h.query(told)[0][0], 1)
        vkey = text(out, "vkey")
        self.assertEqual(outsider.read_vkey(vkey)[0],
                         "testvik.kommune.no/sporingslogg")
        self.assertGreater(outsider.check_export(out, vkey, old)[1], 15)
        self.verify(out)
        # What is no beginning of this log is evidence: it is left alone.
        here = os.path.join(out, "checkpoint")
        good = text(here)
        lines = good.split("\n")
        for other in ([lines[0] + "x"], [lines[0], str(int(lines[1]) + 1)],
                      [lines[0], lines[1], lines[2][::-1]]):
            with open(here, "w", encoding="utf-8") as file:
                file.write("\n".join(other + lines[len(other):]))
            before = text(here)
            done = h.sluse("journal", "export", "--payloads", out, check=False)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("not the beginning", done.stderr)
            self.assertEqual(text(here), before)
        with open(here, "w", encoding="utf-8") as file:
            file.write(good)
        # Cut off: its head says whose it is, and it is written once more.
        cut = os.path.join(out, ".checkpoint-unfinished")
        os.rename(here, cut)
        with open(os.path.join(out, "tile", "0", "000.p", "1"), "w"):
            pass
        h.sluse("journal", "export", "--payloads", out)
        self.verify(out)
        self.assertFalse(os.path.exists(cut))
        good = text(here)  # payloads are there for the last head only
        with open(cut, "w", encoding="utf-8") as file:
            file.write("\n".join([lines[0] + "x"] + lines[1:]))
        os.unlink(here)
        done = h.sluse("journal", "export", "--payloads", out, check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        os.unlink(cut)
        done = h.sluse("journal", "export", "--payloads", out, check=False)
        self.assertIn("holds something else", done.stderr)
        with open(here, "w", encoding="utf-8") as file:
            file.write(good)
        # Payloads that ended before the leaves do would not be whole.
        done = h.sluse("journal", "export", out, check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.verify(out)
        self.verify("--key", vkey.strip(), "--against",
                    os.path.join(h.root, "old"), out)
        self.verify("--against", os.path.join(h.root, "old"))
        # One event, and the older head.
        ident, = {r["id"] for r in h.rows("list")
                  if r["name"] == "brev-2.txt"}
        proof = os.path.join(h.root, "p.tlog-proof")
        h.sluse("journal", "prove", "--kind", "entry_born", "--output", proof,
                ident)
        entry = outsider.check_proof(text(proof), vkey)
        self.assertIn(ident.split(".")[0], entry)
        self.assertIn("\n51\n", entry)
        self.assertIn("It is proved", self.verify(proof))
        # What its consignment has alone, such as received, the default.
        h.sluse("journal", "prove", "--output", proof, ident)
        entry = outsider.check_proof(text(proof), vkey)
        self.assertIn("\n20\n", entry)
        self.assertIn("\n%s\n" % ident.split(".")[0], entry)
        # Which file that was, its digest with it, is told where it is asked.
        self.assertNotIn("sha256", entry)
        h.sluse("journal", "prove", "--payloads", "--output", proof, ident)
        digest = hashlib.sha256(b"Hei. Sak 2026/87, brev 2\n").hexdigest()
        self.assertIn(digest, outsider.check_proof(text(proof), vkey))
        said = self.verify(proof)
        self.assertIn("It is proved", said)
        self.assertIn(digest, said)
        changed = text(proof).split("\n")
        extra = base64.b64decode(changed[1][6:]).replace(
            digest.encode(), digest[::-1].encode())
        changed[1] = "extra " + base64.b64encode(extra).decode()
        write("\n".join(changed), proof)
        self.assertIn("payload was changed", self.verify(proof, code=1))
        with self.assertRaises(outsider.Bad):
            outsider.check_proof(text(proof), vkey)
        h.sluse("journal", "prove", "--output", proof, ident)
        for kind, code in (("no_event", 2), ("rejected", 1)):
            done = h.sluse("journal", "prove", "--kind", kind, ident,
                           check=False)
            self.assertEqual(done.returncode, code, done.stderr)
        way = os.path.join(h.root, "way")
        h.sluse("journal", "consistency", "--output", way,
                os.path.join(h.root, "old"))
        outsider.check_consistent(text(way), old, vkey)
        self.verify("--against", os.path.join(h.root, "old"), way)
        # Anything else is refused by both.
        for path, args in ((proof, ()), (way, ("--against", os.path.join(
                h.root, "old")))):
            lines = text(path).split("\n")
            lines[3] = lines[3][:5] + ("A" if lines[3][5] != "A" else "B") + \
                lines[3][6:]
            write("\n".join(lines), path)
            self.verify(*args, path, code=1)
        with self.assertRaises(outsider.Bad):
            outsider.check_proof(text(proof), vkey)
        with self.assertRaises(outsider.Bad):
            outsider.check_consistent(text(way), old, vkey)
        self.readme(out, old)
        self.told(old)

    def test_no_proof(self):
        """Of an event that only another post has, and of one that no head
        covers yet."""
        h = self.house
        self.letters(1)
        ident = h.rows("list")[0]["id"]
        self.assertTrue(ident.endswith(".1"))
        self.signed()  # a head of its own
        h.sluse("deviation", ident, "--kind", "wrong_case", "--why", "fordi")
        self.signed()
        proof = ("--output", os.path.join(h.root, "bevis.tlog-proof"))
        h.sluse("journal", "prove", *proof, "--kind", "deviation", ident)
        done = h.sluse("journal", "prove", "--kind", "deviation",
                       ident[:-1] + "2", check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no event of that name", done.stderr)
        h.stop()
        # The last head goes: what it alone covered has not been signed.
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("DELETE FROM checkpoint WHERE size = (SELECT max(size) "
                   "FROM checkpoint)")
        size, = db.execute("SELECT max(size) FROM checkpoint").fetchone()
        self.assertGreaterEqual(
            db.execute("SELECT max(seq) FROM leaf").fetchone()[0], size)
        db.commit()
        db.close()
        h.sluse("journal", "prove", *proof, str(size - 1))
        done = h.sluse("journal", "prove", str(size), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has not been signed yet", done.stderr)

    def readme(self, out, old):
        """Every command of both pages, as copied from the plain file."""
        for name in ("README.md", "LESMEG.md"):
            page = text(out, name)
            if os.path.exists(os.path.join(out, "root.py")):
                os.unlink(os.path.join(out, "root.py"))
            for block in re.findall(r"^```python\n(.*?)^```", page,
                                    re.S | re.M):
                write(block, out, "root.py")
            page = re.sub(r"^```.*?^```", "", page, flags=re.S | re.M)
            commands = re.findall(r"(?:^    .*\n)+", page, re.M)
            self.assertEqual(len(commands), 2)
            said = ""
            for command in commands + ["    python3 root.py\n"]:
                command = command.replace(
                    " FILE\n", " payload/entries/000.p/*.jsonl\n")
                done = subprocess.run(["sh", "-e", "-c", command], cwd=out,
                                      stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
                self.assertEqual(done.returncode, 0, command + done.stdout)
                said += done.stdout
            self.assertIn("Signature Verified Successfully", said)
            self.assertIn("sporingslogg", said)
            self.assertNotIn("NOT", said)
        # The earlier head in its place still holds; the entries changed: no.
        write(old, out, "checkpoint")
        size = int(old.split("\n")[1])
        full = [n for n in os.listdir(os.path.join(out, "tile/entries/000.p"))]
        data = b"".join(len(e).to_bytes(2, "big") + e for e in
                        outsider.entries(out, int(full[0])))
        entries = data[:sum(2 + len(e) for e, _ in zip(
            outsider.entries(out, int(full[0])), range(size)))]
        path = os.path.join(out, "tile/entries/000.p/%d" % size)
        for changed, said in ((entries, "whole"),
                              (entries.replace(b"uid:", b"uie:", 1),
                               "NOT WHOLE")):
            with open(path, "wb") as file:
                file.write(changed)
            done = subprocess.run([sys.executable, "root.py"], cwd=out,
                                  stdout=subprocess.PIPE, text=True)
            self.assertTrue(done.stdout.endswith(" %s\n" % said), done.stdout)

    def told(self, old):
        # One a day; two, should a day have begun meanwhile.
        mail = [n for n in os.listdir(self.elsewhere) if n.endswith(".eml")][0]
        body = text(self.elsewhere, mail)
        self.assertIn("To: revisor@example.no\n", body)
        head = body.split("\n\n", 1)[1]
        self.assertTrue(head.startswith("testvik.kommune.no/sporingslogg\n"))
        self.assertIn('signed origin="testvik.kommune.no/sporingslogg" size="%s"'
                      % old.split("\n")[1], text(self.house.root, "log"))

    def ask(self, server, body):
        """As the manual has it, but for curl."""
        request = urllib.request.Request(
            server.url, text(self.house.root, body).encode())
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def test_a_witness(self):
        h = self.house
        first = self.signed()
        vkey = h.query("SELECT vkey FROM journal_key")[0][0]
        server = witness.Witness(vkey)
        self.addCleanup(server.close)
        write("old 0\n\n" + first, h.root, "body")
        self.assertEqual(self.ask(server, "body")[0], 200)
        write(first, h.root, "seen")
        self.letters(1)
        self.signed()
        paths = {n: os.path.join(h.root, n) for n in ("body", "seen", "head",
                                                      "export", "proof")}
        h.sluse("journal", "consistency", "--output", paths["body"],
                paths["seen"])
        status, line = self.ask(server, "body")
        self.assertEqual(status, 200)
        head = subprocess.run(["sed", "1,/^$/d", paths["body"]], text=True,
                              stdout=subprocess.PIPE).stdout
        write(head, paths["head"])
        wanted = ("--against", paths["head"], "--witness", witness.VKEY)
        self.assertIn("has not cosigned", self.verify(*wanted, code=1))
        write(head + line, paths["head"])
        self.verify(*wanted)
        self.verify("--key", vkey, *wanted)
        # A cosignature of another head is wrong, not merely missing.
        write(first + line, paths["head"])
        self.assertIn("signature is wrong", self.verify(*wanted, code=1))
        # Twice the same step: it is elsewhere by now.
        self.assertEqual(self.ask(server, "body")[0], 409)
        # An export and a proof whose head it cosigned.
        h.sluse("journal", "export", paths["export"])
        h.sluse("journal", "prove", "--output", paths["proof"], "1")
        for path in (paths["export"], paths["proof"]):
            self.assertIn("has not cosigned", self.verify(
                "--witness", witness.VKEY, path, code=1))
            with open(os.path.join(path, "checkpoint") if path ==
                      paths["export"] else path, "a",
                      encoding="utf-8") as file:
                file.write(line)
            self.verify("--witness", witness.VKEY, path)
        self.assertIn("has not cosigned", self.verify(
            "--witness", witness.VKEY, code=1))

    def test_a_new_key(self):
        h = self.house
        self.signed()
        first = h.query("SELECT vkey FROM journal_key")[0][0]
        before = text(h.root, "secrets", "journal-key")
        done = h.sluse("journal", "new-key", check=False)
        self.assertEqual(done.returncode, 2)
        h.sluse("journal", "new-key", "--why", "årlig bytte")
        self.assertNotEqual(before, text(h.root, "secrets", "journal-key"))
        self.letters(1)
        self.signed()
        out = os.path.join(h.root, "export")
        h.sluse("journal", "export", out)
        self.assertNotEqual(text(out, "vkey").strip(), first)
        # Who trusts the first key trusts the second.
        self.verify("--key", first, out)
        self.verify("--key", first)
        event = [e for e in h.rows("journal", "list")
                 if e["event"] == "key_changed"][0]
        self.assertEqual(event["payload"]["old"], first)
        self.assertEqual(event["payload"]["new"], text(out, "vkey").strip())
        self.assertTrue(event["actor"].startswith("uid:"))
        # A key that nobody introduced is not trusted.
        os.unlink(os.path.join(out, "key", "2.note"))
        self.assertIn("NOT", self.verify("--key", first, out, code=1))
        # It is used after a start, and a crash in between is finished.
        h.stop()
        os.rename(os.path.join(h.root, "secrets", "journal-key"),
                  os.path.join(h.root, "secrets", "journal-key.next"))
        write(before, h.root, "secrets", "journal-key")
        os.chmod(os.path.join(h.root, "secrets", "journal-key"), 0o600)
        self.start()
        self.signed()
        self.assertFalse(self.status()["halted"])
        self.verify("--key", first)

    def at_starts(self, kind):
        """Without what the files say that are read after a start."""
        return [e["payload"] for e in self.house.rows("journal", "list",
                                                      "--kind", kind)
                if "files" not in e["payload"]]

    def test_what_changed_between_two_starts(self):
        h = self.house
        self.signed()
        first, = self.at_starts("formats_changed")
        self.assertEqual(first["old"], "")
        h.stop()
        os.mkdir(os.path.join(h.root, "pronom"))
        with open(os.path.join(house.TOP, "schemas/pronom/table.tsv"),
                  encoding="utf-8") as file:
            write(file.read() + "# another\n", h.root, "pronom", "table.tsv")
        with open(os.path.join(h.root, "sluse.conf"), "a") as file:
            file.write("# a remark\n")
        self.start()
        for event in ("formats_changed", "configuration_changed"):
            before, after = self.at_starts(event)
            self.assertEqual(after["old"], before["new"])
            self.assertNotEqual(after["new"], before["new"])
            self.assertEqual(after["owner"], "uid:%d" % os.getuid())
        self.assertEqual(len(self.at_starts("program_changed")), 1)

    def copy(self, name):
        shutil.rmtree(os.path.join(self.house.root, name), ignore_errors=True)
        shutil.copytree(os.path.join(self.house.root, "db"),
                        os.path.join(self.house.root, name))

    def put_back(self, name):
        shutil.rmtree(os.path.join(self.house.root, "db"))
        shutil.copytree(os.path.join(self.house.root, name),
                        os.path.join(self.house.root, "db"))

    def a_day_later(self):
        """A database and its copy of yesterday, both signed; slused stands."""
        self.letters(1)
        self.house.stop()
        self.copy("yesterday")
        self.start()
        self.letters(2)
        self.signed()
        self.house.stop()
        return self.house

    def test_a_database_put_back(self):
        h = self.a_day_later()
        later = text(self.elsewhere, "head")  # of the stop, too
        write(later, h.root, "later")
        self.put_back("yesterday")
        self.assertIn("last are missing", self.verify(
            "--against", os.path.join(h.root, "later"), code=1))
        # What the instance itself remembers tells as much, wherever it is.
        memory = os.path.join(h.root, "journal", "checkpoint")
        far = os.path.join(self.elsewhere, "head")
        for away, where in ((None, "journal/checkpoint"),
                            (far, "journal/checkpoint"),
                            (memory, "head_file")):
            if away is not None:
                os.rename(away, away + ".away")
            said = self.verify(code=1)
            self.assertIn(where + ": ", said)
            self.assertIn("last are missing", said)
            if away is not None:
                os.rename(away + ".away", away)
        for path in (memory, far):
            good = text(path)
            for bad in ("tull\n", good.replace("\u2014 testvik",
                                               "\u2014 estvik")):
                write(bad, path)
                self.verify(code=1)
            write(good, path)
        # Nothing is claimed, delivered or signed, and everybody hears of it.
        self.start()
        self.assertTrue(self.status()["halted"])
        self.assertIn("journal/checkpoint: ", self.verify(code=1))
        for args in (("status",), ("--json", "status")):
            done = h.sluse(*args, check=False)
            self.assertEqual(done.returncode, 1, done.stdout)
        done = h.sluse("status", check=False)
        self.assertRegex(done.stdout.split("\n")[0], "^HALTED: a head of ")
        h.drop_bytes(b"Hei. Sak 2026/87, brev 3\n", "brev-3.txt")
        done = h.sluse("start-in", check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("history_broken",
                      [e["event"] for e in h.rows("journal", "list")])
        self.assertIn("is not the one that was signed", text(h.root, "log"))
        h.stop()
        self.start()
        self.assertTrue(self.status()["halted"])
        self.assertEqual(h.in_inlets(), 1)
        self.assertEqual(text(self.elsewhere, "head"), later)
        # An administrator decides; the log goes on under another name.
        h.sluse("journal", "accept", "--why", "disken måtte byttes")
        h.wait_for(lambda: h.in_inlets() == 0 and not h.moving(), 30,
                   "the letter")
        head = self.signed()
        self.assertTrue(head.startswith(
            "testvik.kommune.no/sporingslogg~2\n"))
        self.assertTrue([n for n in os.listdir(os.path.join(h.root, "journal"))
                         if n.startswith("given-up-")])
        said = self.verify()
        self.assertIn("held against journal/checkpoint, head_file.", said)
        self.assertIn("goes on as testvik.kommune.no/sporingslogg~2", said)
        self.assertIn("2 times slused found another log", said)
        self.assertNotIn("HALTED", h.sluse("status").stdout)
        # A head that could not be written elsewhere is of what was given up;
        # the instance's own is always of now.
        last = text(memory)
        write(later, far)
        self.assertNotIn("head_file", self.verify())
        write(later, memory)
        self.assertIn("journal/checkpoint: ", self.verify(code=1))
        for path in (memory, far):
            write(last, path)
        out = os.path.join(h.root, "export")
        h.sluse("journal", "export", out)
        self.verify(out)
        self.verify("--key", text(out, "key", "1.vkey").strip(), out)
        # Still not the log that was signed.
        self.verify("--against", os.path.join(h.root, "later"), code=1)
        done = h.sluse("journal", "accept", "--why", "fordi", check=False)
        self.assertEqual(done.returncode, 4)
        h.stop()
        write(later, far)  # of what was given up
        self.start()
        self.assertFalse(self.status()["halted"])
        # The whole instance put back: what lies elsewhere remembers.
        h.stop()
        self.copy("whole")
        shutil.copytree(os.path.join(h.root, "journal"),
                        os.path.join(h.root, "journal-then"))
        self.start()
        self.letters(4)
        self.signed()
        h.stop()
        self.put_back("whole")
        shutil.rmtree(os.path.join(h.root, "journal"))
        os.rename(os.path.join(h.root, "journal-then"),
                  os.path.join(h.root, "journal"))
        self.start()
        self.assertTrue(self.status()["halted"])

    def forge_given_up(self):
        """What a person's decision leaves in the log, written by somebody who
        has no key."""
        db = sqlite3.connect(os.path.join(self.house.root, "db", "sluse.db"))
        tree = outsider.Tree()
        for data, in db.execute("SELECT bytes FROM leaf ORDER BY seq"):
            tree.append(outsider.leaf_hash(data))
        seq = tree.size
        data, salt, body = forge.event(
            seq, origin="testvik.kommune.no/sporingslogg~2", kind=203)
        db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (seq, data))
        db.execute("INSERT INTO payload VALUES (?, ?, ?)", (seq, salt, body))
        tree.append(outsider.leaf_hash(data))
        forge.put_tree(db, tree)
        return db

    def test_what_was_seen_elsewhere_is_remembered(self):
        """The whole instance was put back; only a file elsewhere tells, and
        that is away at the next start."""
        h = self.a_day_later()
        memory = os.path.join(h.root, "journal", "checkpoint")
        far = os.path.join(self.elsewhere, "head")
        self.put_back("yesterday")
        with open(memory, "w", encoding="utf-8") as file:
            file.write(h.query("SELECT note FROM checkpoint ORDER BY size "
                               "DESC LIMIT 1")[0][0])
        self.start()
        self.assertTrue(self.status()["halted"])
        h.stop()
        os.rename(far, far + ".away")
        self.start()
        self.assertTrue(self.status()["halted"])
        self.assertFalse(os.path.exists(far))
        self.verify(code=1)
        h.sluse("journal", "accept", "--why", "disken måtte byttes")
        self.assertTrue(self.signed().startswith(
            "testvik.kommune.no/sporingslogg~2\n"))
        self.verify()

    def test_a_head_that_cannot_be_told(self):
        """Post goes on, heads are signed; whoever looks is told, until it
        works again."""
        h = self.house
        self.letters(1)
        self.signed()
        self.assertEqual(self.status()["not_told"], "")
        shutil.rmtree(self.elsewhere)
        write("", self.elsewhere)  # a share that is not mounted
        self.letters(2)
        h.wait_for(lambda: self.status()["not_told"] == "head_file", 20, "it")
        self.assertIn("not_told head_file", h.sluse("status").stdout)
        h.stop()
        self.start()
        h.wait_for(lambda: self.status()["not_told"] == "head_file", 20, "it")
        os.unlink(self.elsewhere)
        os.mkdir(self.elsewhere)
        self.letters(3)
        h.wait_for(lambda: self.status()["not_told"] == "", 20, "no more")
        self.assertEqual(self.signed(), h.query(
            "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")[0][0])
        self.verify()
        # A mail that is due is tried with each head.
        h.stop()
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("UPDATE meta SET value = '1' WHERE key = 'head_mailed'")
        db.commit()
        db.close()
        shutil.rmtree(self.elsewhere)
        self.start()
        h.wait_for(lambda: self.status()["not_told"] == "head_file, mail_dir",
                   20, "both")
        os.mkdir(self.elsewhere)
        self.letters(4)
        h.wait_for(lambda: self.status()["not_told"] == "", 20, "no more")
        self.assertEqual(len([n for n in os.listdir(self.elsewhere)
                              if n.endswith(".eml")]), 1)

    def test_given_up_by_nobody(self):
        """A leaf that says so makes no other history of a database that was put
        back, whatever else of it is taken away."""
        h = self.a_day_later()
        memory = os.path.join(h.root, "journal", "checkpoint")
        later = text(memory)
        for tables in ((), ("checkpoint",), ("checkpoint", "journal_key")):
            self.put_back("yesterday")
            db = self.forge_given_up()
            for table in tables:  # head_file alone remembers
                db.execute("DELETE FROM " + table)
            db.commit()
            db.close()
            if tables:
                os.unlink(memory)
            self.verify(code=1)
            self.start()
            self.assertTrue(self.status()["halted"], tables)
            self.verify(code=1)
            self.assertEqual(text(self.elsewhere, "head"), later)
            h.stop()
            write(later, memory)
        # A person's decision is another matter.
        self.put_back("yesterday")
        self.forge_given_up().commit()
        self.start()
        h.sluse("journal", "accept", "--why", "disken måtte byttes")
        self.assertTrue(self.signed().startswith(
            "testvik.kommune.no/sporingslogg~3\n"))
        self.verify()
        h.stop()
        self.start()
        self.assertFalse(self.status()["halted"])

    def killed_while_it_accepts(self, *inject):
        """Of yesterday's database. Whether slused halts again."""
        h = self.house
        self.put_back("yesterday")
        self.start()
        self.assertTrue(self.status()["halted"])
        (_, pid), = h.pids("slused")
        house.strace_of(self, pid, *inject)
        done = h.sluse("journal", "accept", "--why", "disken måtte byttes",
                       check=False)
        self.assertNotEqual(done.returncode, 0)
        h.wait_for(lambda: self.status() and h.pids("slused") not in (
            [], [("slused", pid)]), 30, "slused again")
        self.assertEqual(len(h.rows("journal", "list", "--kind",
                                    "history_accepted")), 1)
        return self.status()["halted"]

    def test_killed_while_it_accepts(self):
        """Before it is signed that the log goes on, it does not; after that it
        does, and what was remembered is kept either way."""
        h = self.a_day_later()
        folder = os.path.join(h.root, "journal")
        memory = os.path.join(folder, "checkpoint")
        later = text(memory)
        for halts, inject in (
                (True, "linkat:signal=SIGKILL"),
                (True, "?renameat,renameat2:signal=SIGKILL"),
                (False, "fsync:signal=SIGKILL:when=2")):
            with self.subTest(inject=inject):
                self.assertEqual(self.killed_while_it_accepts(
                    "-e", "inject=" + inject, "-P", folder), halts)
                if halts:
                    self.assertEqual(text(memory), later)
                    self.verify(code=1)
                    h.sluse("journal", "accept", "--why", "en gang til")
                self.assertTrue(self.signed().startswith(
                    "testvik.kommune.no/sporingslogg~%d\n" % (2 + halts)))
                self.verify()
                self.assertIn(later, [text(folder, n) for n in os.listdir(folder)
                                      if n.startswith("given-up-")])
                h.stop()
                self.start()
                self.assertFalse(self.status()["halted"])
                self.verify()
                h.stop()
            shutil.rmtree(folder)
            os.mkdir(folder)
            for path in (memory, os.path.join(self.elsewhere, "head")):
                write(later, path)

    def test_how_much_was_lost(self):
        """It is told also where the key was changed since, or is gone; and
        what slused tells of itself meanwhile does not make it less."""
        h = self.house
        self.letters(1)
        self.signed()
        h.stop()
        size = h.query("SELECT count(*) FROM leaf")[0][0]
        self.copy("yesterday")
        self.start()
        h.sluse("journal", "new-key", "--why", "årlig bytte")
        self.letters(2)
        self.signed()
        h.stop()
        lost = h.query("SELECT count(*) FROM leaf")[0][0] - size
        self.put_back("yesterday")
        key = os.path.join(h.root, "secrets", "journal-key")
        for away in (key, None, None):
            if away:
                os.rename(away, away + ".away")
            self.start()
            why = self.status()["why"]
            self.assertIn("the key ", why)
            self.assertIn("there are %d, so %d or more are lost" % (
                size, lost), why)
            if away:
                self.assertIn("is gone", why)
                h.stop()
                os.rename(away + ".away", away)
            elif not h.rows("journal", "list", "--kind", "history_broken")[2:]:
                h.stop()
        h.sluse("journal", "accept", "--why", "disken måtte byttes")
        told, = h.rows("journal", "list", "--kind", "history_accepted")
        self.assertIn("%d or more are lost" % lost, told["payload"]["lost"])
        # The key of since the backup was never introduced to this log.
        self.signed()
        said = self.verify(code=1)
        self.assertIn("which signs from sequence %d on" % size, said)
        self.assertIn("~2+", said)
        vkeys = [k for k, in h.query("SELECT vkey FROM journal_key")]
        self.verify("--key", vkeys[0], "--key", vkeys[1])

    def test_killed_while_it_signs(self):
        """Every head that was ever told is the beginning of the log."""
        h, told, number = self.house, {self.signed()}, 0
        for _ in range(4):
            for _ in range(3):
                number += 1
                h.drop_bytes(b"Hei, brev %d\n" % number,
                             "brev-%d.txt" % number)
            h.wait_for(lambda: h.query("SELECT count(*) FROM consignment")[0][0]
                       >= number - 2, 20, "a letter")
            time.sleep(random.random() * 0.3)
            h.kill("slused")
            told.add(text(self.elsewhere, "head"))
            h.wait_for(self.status, 30, "slused again")
            self.assertFalse(self.status()["halted"])
        told.add(self.signed())
        self.assertGreater(len(told), 2)
        for head in told:
            write(head, h.root, "told")
            self.verify("--against", os.path.join(h.root, "told"))

    def test_a_key_that_is_gone(self):
        h = self.house
        self.signed()
        h.stop()
        key = os.path.join(h.root, "secrets", "journal-key")
        os.rename(key, key + ".away")
        self.start()
        self.assertTrue(self.status()["halted"])
        done = h.sluse("journal", "accept", "--why", "fordi", check=False)
        self.assertEqual(done.returncode, 4)
        h.stop()
        os.rename(key + ".away", key)
        self.start()
        self.assertFalse(self.status()["halted"])
        # A crash between remembering and recording: one history.
        self.signed()
        h.stop()
        self.start()
        self.verify()
        h.stop()
        os.unlink(os.path.join(h.root, "journal", "checkpoint"))
        self.start()
        self.assertTrue(self.status()["halted"])


class Periods(unittest.TestCase):
    """An event each quarter of an hour while the clocks are changed."""
    SUMMER, WINTER = 1774744200000, 1792886400000  # 00:30Z; 00:00Z

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="sluse-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        forge.make(cls.root, 0)
        db = sqlite3.connect(os.path.join(cls.root, "db", "sluse.db"))
        for seq in range(192):
            # A day each; what is told of begins in the middle.
            ms = (cls.WINTER if seq >= 96 else cls.SUMMER) + (
                seq % 96 - 48) * 900000
            db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (
                seq, forge.leaf(seq, bytes(32), "{}", ms=ms)))
            db.execute("INSERT INTO payload VALUES (?, ?, '{}')",
                       (seq, bytes(32)))
        db.commit()
        db.close()

    def listed(self, first, last):
        done = subprocess.run(
            [os.path.join(house.BIN, "sluse"), "--root", self.root, "--json",
             "journal", "list", "--from", first, "--to", last],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line)["time"] for line in done.stdout.splitlines()]

    def test_an_hour_that_comes_twice(self):
        day = "2026-10-25T"
        rows = self.listed(day + "02:00", day + "03:00")
        self.assertEqual(rows, [
            "2026-10-25T0%d:%02d:00.000Z" % (hour, minute)
            for hour in (0, 1) for minute in (0, 15, 30, 45)])
        rows = self.listed(day + "02:30", day + "02:15")
        self.assertEqual((rows[0], rows[-1], len(rows)), (
            "2026-10-25T00:30:00.000Z", "2026-10-25T01:00:00.000Z", 3))
        self.assertEqual(len(self.listed(day + "01:45", day + "02:15")), 6)
        self.assertEqual(len(self.listed(day + "03:00", day + "04:00")), 4)

    def test_an_hour_that_there_is_not(self):
        day = "2026-03-29T"
        self.assertEqual(self.listed(day + "01:30", day + "02:30"), [
            "2026-03-29T00:30:00.000Z", "2026-03-29T00:45:00.000Z"])
        self.assertEqual(self.listed(day + "02:30", day + "03:30"), [
            "2026-03-29T01:00:00.000Z", "2026-03-29T01:15:00.000Z"])
        self.assertEqual(len(self.listed(day + "01:00", day + "04:00")), 8)

    def test_the_days_themselves(self):
        for day, first, count in (
                ("2026-03-28", "2026-03-28T12:30:00.000Z", 42),
                ("2026-03-29", "2026-03-28T23:00:00.000Z", 54),
                ("2026-10-24", "2026-10-24T12:00:00.000Z", 40),
                ("2026-10-25", "2026-10-24T22:00:00.000Z", 56)):
            rows = self.listed(day, day)
            self.assertEqual((rows[0], len(rows)), (first, count), day)


if __name__ == "__main__":
    unittest.main(verbosity=2)
