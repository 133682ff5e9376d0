#!/usr/bin/env python3
"""What an auditor takes home, and what he brings: folders that are made on his
side with his rights, and files of his that a report is held against; all by his
role, without a file of the instance.

Users are switched for real, as in access.py: skipped where that cannot be."""
import csv
import grp
import json
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from access import CAN, GROUPS, SERVICE, UIDS, WHY, PeopleHouse, have_groups
from house import os, strace_of

HIS = UIDS["auditor"]
MIB = 1 << 20


def tree(folder):
    """name -> bytes, of all that lies there."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            whole = os.path.join(path, name)
            with open(whole, "rb") as file:
                found[os.path.relpath(whole, folder)] = file.read()
    return found


def untimed(data):
    """Without the moment that it was made."""
    return re.sub(rb"\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?", b"", data)


@unittest.skipUnless(CAN, "needs root, to be several users")
@unittest.skipUnless(have_groups(), "needs the base groups of Debian")
class Auditor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = PeopleHouse(user=SERVICE, queues=("Skannet post",),
                                extra="paper = yes")
        cls.addClassCleanup(cls.house.close)
        for n in range(3):
            cls.house.drop_bytes(b"Hemmelig om Kari Nordmann\n",
                                 "hemmelig-%d.txt" % n)
        cls.house.wait_quiet(40, 3)
        cls.leaves = cls.house.query("SELECT count(*) FROM leaf")[0][0]

    def setUp(self):
        """A folder of his that nobody else opens, and one of the owner's."""
        self.his, self.own = tempfile.mkdtemp(), tempfile.mkdtemp()
        for folder in (self.his, self.own):
            self.addCleanup(shutil.rmtree, folder)
        os.chown(self.his, HIS, HIS)

    def told(self, who, kind="content_read"):
        return [e["payload"]["verb"] for e in self.house.events(
            kind, "--person", str(UIDS[who])) if "verb" in e["payload"]]

    def took_payloads(self):
        """Of each export that was told: did he ask for them?"""
        return [e["payload"].get("payloads", False) for e in self.house.events(
            "content_read", "--person", str(UIDS["auditor"]))
            if e["payload"].get("verb") == "journal-export"]

    def check_his(self, folder, private):
        for path, folders, names in os.walk(folder):
            for name in folders + names + ["."]:
                st = os.lstat(os.path.join(path, name))
                self.assertEqual(st.st_uid, HIS, name)
                if private:
                    self.assertEqual(stat.S_IMODE(st.st_mode),
                                     0o700 if stat.S_ISDIR(st.st_mode) else 0o600)

    def put(self, name, text, uid=HIS):
        path = os.path.join(self.his, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        os.chown(path, uid, uid)
        return path

    # -- what is made on his side ------------------------------------------------
    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_pack_leaves_room(self):
        """Each of the processes that make it looks at the disk that it fills."""
        h, log = self.house, os.path.join(self.own, "calls")
        trace = strace_of(self, h.pids("sluse-report")[0][1], "-o", log,
                          "-e", "trace=write,fstatfs")
        h.person("auditor", "report", "tilsynspakke",
                 os.path.join(self.his, "rom"), code=0)
        trace.terminate()
        trace.wait(10)
        did = {"write": set(), "fstatfs": set()}
        with open(log) as file:
            for pid, call in re.findall(r"^(\d+) +(\w+)\(", file.read(), re.M):
                did[call].add(pid)
        self.assertGreater(len(did["write"]), 1)
        self.assertEqual(did["write"], did["fstatfs"])

    def test_supervision_pack(self):
        h = self.house
        line = ("report", "tilsynspakke")
        mine, his = (os.path.join(d, "pakke") for d in (self.own, self.his))
        h.sluse(*line, mine)
        self.assertEqual(h.person("auditor", *line, his, code=0).stdout, "")
        self.check_his(his, private=True)
        left, right = tree(mine), tree(his)
        self.assertEqual(sorted(left), sorted(right))
        self.assertGreater(len(right), 20)
        self.assertIn("index.html", right)
        for name in ("mottaksprotokoll.csv", "mottaksbalanse.csv",
                     "korreksjoner.csv",
                     "konfigurasjon.conf", "hjemler.tsv"):
            self.assertEqual(untimed(left[name]), untimed(right[name]), name)
        self.assertIn("report", self.told("auditor"))
        # What lies there is left alone, and what no run made is not taken.
        for there in (his, self.his):
            before = tree(there)
            done = h.person("auditor", *line, there, code=5)
            self.assertIn("not empty", done.stderr)
            self.assertEqual(tree(there), before)
        for bad, code, words in (
                ((os.path.join(self.own, "hans"),), 5, "cannot be made"),
                ((os.path.join(self.his, "a", "b"),), 5, "cannot be made"),
                ((os.path.join(self.his, "x"), "--format", "csv"), 2, "format"),
                ((os.path.join(self.his, "x"), "--from", "x"), 2, "no day"),
                ((), 2, "usage")):
            done = h.person("auditor", *line, *bad, code=code)
            self.assertIn(words, done.stderr)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        self.assertEqual(os.listdir(self.his), ["pakke"])
        self.assertEqual(os.listdir(self.own), ["pakke"])

    def test_supervision_pack_is_refused(self):
        h = self.house
        os.chmod(self.his, 0o777)
        for who in ("operator", "integrator", "stranger"):
            done = h.person(who, "report", "tilsynspakke",
                            os.path.join(self.his, "pakke"), code=4)
            self.assertEqual(done.stdout, "")
            self.assertIn("report", self.told(who, "access_refused"))
        self.assertEqual(os.listdir(self.his), [])

    def test_supervision_pack_goes_on(self):
        """What a killed run left is made anew, and of what is refused nothing
        stays."""
        h = self.house
        his = os.path.join(self.his, "pakke")
        os.mkdir(his)
        for name, text in ((".sluse-part", "sluse tilsynspakke\n"),
                           ("liggetid.csv", "half")):
            with open(os.path.join(his, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chown(os.path.join(his, name), HIS, HIS)
        os.chown(his, HIS, HIS)
        h.person("auditor", "report", "tilsynspakke", his, code=0)
        self.assertNotIn(".sluse-part", os.listdir(his))
        self.assertIn("index.html", os.listdir(his))
        self.assertNotIn(b"half", tree(his)["liggetid.csv"])
        empty = os.path.join(self.his, "tom")
        os.mkdir(empty)
        os.chmod(empty, 0o777)
        h.person("operator", "report", "tilsynspakke", empty, code=4)
        self.assertEqual(os.listdir(empty), [])

    def signed(self):
        """The head covers what came by the posts."""
        h = self.house
        size = "SELECT ifnull(max(size), 0) FROM checkpoint"
        h.wait_for(lambda: h.query(size)[0][0] >= self.leaves, 90, "a head")

    def test_export(self):
        h = self.house
        self.signed()
        mine, his = (os.path.join(d, "logg") for d in (self.own, self.his))
        done = h.person("auditor", "--json", "journal", "export", "--payloads",
                        his, code=0)
        leaves = json.loads(done.stdout)["leaves"]
        self.check_his(his, private=False)
        done = h.person("auditor", "--json", "journal", "verify", his, code=0)
        said = json.loads(done.stdout)
        self.assertEqual((said["ok"], said["leaves"]), (True, leaves))
        self.assertIn("journal-export", self.told("auditor"))
        self.assertEqual(self.took_payloads().count(True), 1)
        h.sluse("journal", "export", "--payloads", mine)
        self.assertTrue(set(tree(his)) >= {
            "checkpoint", "vkey", "key.pem", "README.md", "LESMEG.md",
            "key/1.vkey"})
        self.assertEqual({n.split("/")[0] for n in tree(his)},
                         {n.split("/")[0] for n in tree(mine)})
        bodies = [b"".join(data for name, data in sorted(tree(there).items())
                           if name.startswith("payload/"))
                  for there in (mine, his)]
        self.assertIn(b"Testvik kommune", bodies[1])
        self.assertTrue(bodies[0].startswith(bodies[1]))
        # It goes on where it was, and never with less.
        self.assertIn("payloads", h.person("auditor", "journal", "export", his,
                                           code=5).stderr)
        self.assertIn(False, self.took_payloads())
        h.person("auditor", "journal", "export", "--payloads", his, code=0)
        h.person("auditor", "journal", "verify", his, code=0)
        self.assertNotIn(".checkpoint-unfinished", os.listdir(his))
        # Also where it was cut off.
        os.rename(os.path.join(his, "checkpoint"),
                  os.path.join(his, ".checkpoint-unfinished"))
        shutil.rmtree(os.path.join(his, "tile"))
        h.person("auditor", "journal", "export", "--payloads", his, code=0)
        self.assertNotIn(".checkpoint-unfinished", os.listdir(his))
        h.person("auditor", "journal", "verify", his, code=0)
        bare = os.path.join(self.his, "uten")
        done = h.person("auditor", "journal", "export", bare, code=0)
        self.assertIn("README.md", done.stdout)
        self.assertNotIn("payload", os.listdir(bare))
        h.person("auditor", "journal", "verify", bare, code=0)

    def test_export_leaves_what_is_not_its_own(self):
        h = self.house
        self.signed()
        self.put("annet.txt", "hans\n")
        for there in (self.his, os.path.join(self.own, "hans")):
            before = tree(there)
            h.person("auditor", "journal", "export", there, code=5)
            self.assertEqual(tree(there), before)
        # Another log's export may be all that tells of it.
        other = os.path.join(self.his, "annen")
        h.person("auditor", "journal", "export", other, code=0)
        path = os.path.join(other, "checkpoint")
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        lines[2] = "A" * 43 + "="
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        before = tree(other)
        done = h.person("auditor", "journal", "export", other, code=5)
        self.assertIn("not the beginning", done.stderr)
        self.assertEqual(tree(other), before)
        os.chmod(self.his, 0o777)
        for who in ("operator", "integrator", "stranger"):
            h.person(who, "journal", "export", os.path.join(self.his, "nei"),
                     code=4)
            self.assertIn("journal-export", self.told(who, "access_refused"))
        self.assertFalse(os.path.exists(os.path.join(self.his, "nei")))

    def cut_off(self, *line):
        """What he runs may write files of 3000 bytes, and no larger ones."""
        h = self.house
        done = subprocess.run(
            ["prlimit", "--fsize=3000", os.path.join(h.bin(), "sluse"), "--root",
             h.root, *line], user=HIS, group=HIS, stderr=subprocess.DEVNULL,
            extra_groups=[grp.getgrnam(GROUPS["auditor"]).gr_gid], timeout=60)
        self.assertNotEqual(done.returncode, 0)

    def test_cut_off_on_his_side(self):
        h = self.house
        self.signed()
        log, pack = (os.path.join(self.his, name) for name in ("logg", "pakke"))
        self.cut_off("journal", "export", log)
        self.assertIn(".checkpoint-unfinished", os.listdir(log))
        self.assertNotIn("checkpoint", os.listdir(log))
        h.person("auditor", "journal", "export", log, code=0)
        h.person("auditor", "journal", "verify", log, code=0)
        self.cut_off("report", "tilsynspakke", pack)
        self.assertIn(".sluse-part", os.listdir(pack))
        self.assertNotIn("index.html", os.listdir(pack))
        h.person("auditor", "report", "tilsynspakke", pack, code=0)
        self.assertIn("index.html", os.listdir(pack))
        self.assertNotIn(".sluse-part", os.listdir(pack))

    # -- proofs ------------------------------------------------------------------
    def test_proofs(self):
        h = self.house
        self.signed()
        post = h.rows("list")[0]["id"].split(".")[0]
        key, = h.query("SELECT vkey FROM journal_key ORDER BY number")[0]
        name = os.path.join(self.his, "mottatt.tlog-proof")
        h.person("auditor", "journal", "prove", "--output", name, post, code=0)
        self.check_his(self.his, private=False)
        done = h.person("auditor", "journal", "verify", "--key", key, name, code=0)
        self.assertIn(post, done.stdout)
        self.assertIn("received", done.stdout)
        # Without it the instance's word is taken, whoever asks for it.
        done = h.person("auditor", "journal", "verify", name, code=0)
        self.assertIn(post, done.stdout)
        h.person("stranger", "journal", "verify", name, code=5)
        os.chmod(self.his, 0o755)
        os.chmod(name, 0o644)
        h.person("stranger", "journal", "verify", name, code=4)
        # Of a head before a change of keys too.
        h.person("systemansvarlig", "journal", "new-key", *WHY, code=0)
        h.person("auditor", "journal", "verify", name, code=0)
        self.assertIn("journal-prove", self.told("auditor"))
        done = h.person("auditor", "journal", "consistency", "5", code=0)
        self.assertTrue(done.stdout.startswith("old "), done.stdout)
        for line, code in ((("prove", "9999999"), 1), (("prove", "tull"), 2),
                           (("prove", "--kind", "tull", post), 2),
                           (("consistency", "99999999"), 1)):
            done = h.person("auditor", "journal", *line, code=code)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        for who in ("operator", "integrator", "stranger"):
            for line in (("prove", "--output", "-", post), ("consistency", "5")):
                done = h.person(who, "journal", *line, code=4)
                self.assertEqual(done.stdout, "")

    # -- what he brings ----------------------------------------------------------
    def control(self):
        day = self.house.rows("list")[0]["received"][:10]
        return self.put("kontroll.csv", "ko;dato;forsendelser;filer\n"
                        "Skannet post;%s;3;3\n" % day)

    def test_control_sheet(self):
        h, sheet = self.house, self.control()
        line = ("report", "mottaksbalanse", "--format", "csv", "--control")
        mine = h.sluse(*line, sheet).stdout
        got = h.person("auditor", *line, sheet, code=0).stdout
        self.assertEqual(got, mine)
        plain = h.person("auditor", *line[:-1], code=0).stdout
        self.assertNotEqual(got, plain)
        # In the folder too.
        his = os.path.join(self.his, "pakke")
        h.person("auditor", "report", "tilsynspakke", his, "--control", sheet,
                 code=0)
        self.assertEqual(list(csv.reader(
            tree(his)["mottaksbalanse.csv"].decode("utf-8-sig").splitlines())),
            list(csv.reader(mine.lstrip("\ufeff").splitlines())))

    def test_target_journal(self):
        h = self.house
        head = "registreringsID;saksnummer;tittel;journaldato;type\n"
        files = [self.put("jp-%d.csv" % n, head +
                          "2026/%d-1;2026/%d;Brev;2026-01-0%d;I\n" % (n, n, n))
                 for n in (1, 2)]
        line = ("report", "journalkontroll", "--format", "csv")
        mine = h.sluse(*line, *files).stdout
        self.assertIn("2026/2-1", mine)
        self.assertEqual(h.person("auditor", *line, *files, code=0).stdout, mine)

    def test_files_that_are_none(self):
        h = self.house
        empty = self.put("tom.csv", "")
        bad = self.put("feil.csv", "ko;dato\nSkannet post;i går\n")
        own = self.put("annens.csv", "ko;dato\n", uid=SERVICE)
        big = self.put("stor.csv", "")
        os.truncate(big, 1024 * MIB + 1)
        for path, words in (
                (empty, "empty"), (bad, "line 2"), (own, "Permission denied"),
                (self.his, "plain file"), (big, "larger than"),
                (os.path.join(self.his, "ingen.csv"), "No such file"),
                ("/etc/shadow", "Permission denied")):
            done = h.person("auditor", "report", "mottaksbalanse", "--control",
                            path, code=5)
            self.assertEqual(done.stderr.count(words), 1, done.stderr)
            self.assertIn(path, done.stderr)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        # The service's own are none of his.
        for path in ("sluse.conf", "db/sluse.db"):
            whole = os.path.join(h.root, path)
            for line in (("mottaksbalanse", "--control"), ("journalkontroll",)):
                done = h.person("auditor", "report", *line, whole, code=5)
                self.assertIn("Permission denied", done.stderr)
        sheet = self.control()
        os.chmod(sheet, 0o644)
        os.chmod(self.his, 0o755)
        for who in ("operator", "integrator", "stranger"):
            h.person(who, "report", "mottaksbalanse", "--control", sheet, code=4)

    def test_his_journal_is_whole_still(self):
        self.house.person("auditor", "hold", self.house.rows("list")[0]["id"],
                          *WHY, code=4)
        self.assertEqual(
            self.house.person("auditor", "journal", "verify").returncode, 0)

    def test_zz_post_has_the_room(self):
        """Nothing is gathered where slused would claim nothing."""
        h, sheet = self.house, self.control()
        h.stop()
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("free_space_min = 1M", "free_space_min = 1T"))
        h.start()
        for line in (("report", "tilsynspakke", os.path.join(self.his, "pakke")),
                     ("journal", "export", os.path.join(self.his, "logg")),
                     ("report", "mottaksbalanse", "--control", sheet)):
            done = h.person("auditor", *line, code=3)
            self.assertIn("no room", done.stderr)
        self.assertEqual(os.listdir(self.his), ["kontroll.csv"])
        h.person("auditor", "report", "mottaksbalanse", code=0)


if __name__ == "__main__":
    unittest.main()
