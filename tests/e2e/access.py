#!/usr/bin/env python3
"""Persons: every role with a verb of each kind, as users of their own; what is
refused is journaled and has no effect; two persons; broken glass; deviations.

Users are switched for real, so that this needs root: skipped, and said, where
it is missing. The groups are some that every Debian has."""
import datetime
import grp
import json
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
import zipfile
import zoneinfo

from house import DEMO, House, TOP, os

GROUPS = {"archivist": "games", "systemansvarlig": "proxy", "operator": "mail",
          "auditor": "news", "integrator": "uucp"}
ROLES = tuple(GROUPS)
SERVICE = 42001  # slused and the others
UIDS = {role: 42010 + i for i, role in enumerate(ROLES)}
UIDS.update(second=42020, stranger=42030, noisy=42031, impostor=42032, curious=42033,
            collector=42034, reader=42035)
CAN = os.geteuid() == 0
WHY = ("--why", "prøve av tilgang")


def have_groups():
    try:
        return all(grp.getgrnam(name) for name in GROUPS.values())
    except KeyError:
        return False


def table():
    """name -> role -> cell, from the rows the program is made of."""
    with open(os.path.join(TOP, "daemon", "access", "verbs.def"),
              encoding="utf-8") as file:
        code = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    found = {}
    for row in re.findall(r"SL_VERB\((.*?)\)\n", code, re.S):
        cells = [cell.strip().strip('"') for cell in row.split(",")]
        found[cells[1]] = dict(zip(ROLES, cells[3:8]))
    return found


class PeopleHouse(House):
    access = "mass_max = 2\n" + "\n".join(
        "%s = %s" % pair for pair in GROUPS.items())

    def start(self, wait=True, env=None):
        os.chmod(self.root, 0o711)
        for name in ("db", "store"):  # as sluse init makes them
            os.chmod(os.path.join(self.root, name), 0o750)
        os.chmod(os.path.join(self.root, "sluse.conf"), 0o640)
        super().start(wait, env)

    def person(self, who, *args, role=None, code=None):
        """Who is a member of his role's group: by his first group, or by a
        further one, as it comes."""
        uid = UIDS[who]
        gid = grp.getgrnam(GROUPS[role or who]).gr_gid if (
            role or who) in GROUPS else uid
        first = gid if uid % 2 else uid
        done = subprocess.run(
            [os.path.join(self.bin(), "sluse"), "--root", self.root, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            user=uid, group=first, extra_groups=[gid], timeout=60)
        if code is not None and done.returncode != code:
            raise AssertionError("%s %s: %d %s%s" % (
                who, args, done.returncode, done.stdout, done.stderr))
        return done

    def person_rows(self, who, *args, role=None):
        done = self.person(who, "--json", *args, role=role, code=0)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def events(self, kind, *args):
        return self.rows("journal", "list", "--kind", kind, *args)


@unittest.skipUnless(CAN, "needs root, to be several users")
@unittest.skipUnless(have_groups(), "needs the base groups of Debian")
class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = PeopleHouse(
            user=SERVICE, queues=("Skannet post",), limits="members_max = 1",
            extra="paper = yes")
        cls.house.sluse("cases", "import", os.path.join(DEMO, "saker.csv"))
        cls.addClassCleanup(cls.house.close)
        for n in range(4):
            cls.house.drop_bytes(b"Hemmelig om Kari Nordmann\n",
                                 "hemmelig-%d.txt" % n)
        cls.bomb(cls.house, "mange.zip")
        cls.house.wait_quiet(40, 5)
        cls.may = table()

    @staticmethod
    def bomb(h, name):
        path = os.path.join(h.root, name)
        with zipfile.ZipFile(path, "w") as file:
            for n in range(3):
                file.writestr("del-%d.txt" % n, "del %d" % n)
        h.drop(path)
        os.unlink(path)

    def items(self, disposition="held"):
        return [row["id"] for row in self.house.rows(
            "list", "--disposition", disposition)]

    def state(self):
        h = self.house
        return (h.query("SELECT disposition, reason, case_number FROM entry"),
                h.query("SELECT disposition, reason FROM consignment"),
                h.query("SELECT count(*) FROM case_file"),
                h.query("SELECT count(*) FROM approval"),
                {k: v for k, v in h.rows("status")[0]["slused"].items()
                 if k in ("intake", "push")})

    # -- the table ------------------------------------------------------------
    def asked(self):
        """A command line for each verb that one person does alone."""
        held = self.items()[0]
        return {
            "status": ["status"], "age": ["age"], "list": ["list"],
            "show": ["show", held], "explain": ["explain", held],
            "cases-list": ["cases", "list"],
            "journal-list": ["journal", "list"],
            "journal-verify": ["journal", "verify"],
            "journal-export": ["journal", "export", self.out],
            "journal-prove": ["journal", "prove", "--output", "-", "0"],
            "approvals": ["approve", "--list"],
            "report": ["report", "mottaksprotokoll"],
            "hold": ["hold", held, *WHY], "retry-held": ["retry", held, *WHY],
            "deviation": ["deviation", held, "--kind", "wrong_case", *WHY],
            "scan-sign": ["scan", "sign", "--queue", "Skannet post", "--from",
                          "2026-01-02", *WHY],
            "stop-in": ["stop-in", *WHY], "start-in": ["start-in", *WHY],
            "stop-out": ["stop-out", *WHY], "start-out": ["start-out", *WHY],
            "cases-import": ["cases", "import",
                             os.path.join(self.house.root, "saker.csv")],
            "assign": ["assign", held, "--case", "2099/1", *WHY],
            "reject": ["reject", "M26-999999-0", *WHY],
        }

    def test_every_role(self):
        h = self.house
        self.out = os.path.join(tempfile.mkdtemp(), "logg")
        self.addCleanup(shutil.rmtree, os.path.dirname(self.out))
        os.chmod(os.path.dirname(self.out), 0o777)
        with open(os.path.join(DEMO, "saker.csv"), "rb") as file:
            data = file.read()
        with open(os.path.join(h.root, "saker.csv"), "wb") as file:
            file.write(data)
        for role in ROLES + ("stranger",):
            for verb, line in self.asked().items():
                cell = self.may[verb].get(role, "no")
                before = self.state() if cell == "no" else None
                done = h.person(role, *line)
                said = done.stderr + done.stdout
                with self.subTest("%s %s" % (role, verb)):
                    if verb == "reject":  # no such number: asked no further
                        self.assertEqual(done.returncode, 2, said)
                    elif cell != "no":
                        self.assertNotIn("role", done.stderr)
                    else:
                        self.assertEqual(done.returncode, 4, said)
                        self.assertIn("role", said)
                        self.assertEqual(self.state(), before)
                h.wait_quiet(20)
        # Told one by one at first, then counted.
        told = [(e["actor"], e["payload"]["verb"])
                for e in h.events("access_refused")
                if "verb" in (e["payload"] or {})]
        self.assertIn(("uid:%d" % UIDS["auditor"], "hold"), told)
        self.assertIn(("uid:%d" % UIDS["stranger"], "status"), told)

    def test_who_has_no_file(self):
        """Nobody but the instance's user reads its files."""
        h = self.house
        for name in ("db/sluse.db", "sluse.conf", "store"):
            path = os.path.join(h.root, name)
            done = subprocess.run(
                ["cat" if os.path.isfile(path) else "ls", path],
                user=UIDS["auditor"], group=UIDS["auditor"], extra_groups=[
                    grp.getgrnam(GROUPS["auditor"]).gr_gid],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertIn(b"Permission denied", done.stderr, name)
            self.assertEqual(os.stat(path).st_uid, SERVICE)
        # And that is how sluse init makes them.
        with tempfile.TemporaryDirectory() as folder:
            root = os.path.join(folder, "ny")
            subprocess.run([os.path.join(h.bin(), "sluse"), "init", root],
                           check=True, stdout=subprocess.DEVNULL)
            for name in ("db", "store", "secrets", "spool", "closed",
                         "sluse.conf"):
                mode = os.stat(os.path.join(root, name)).st_mode
                self.assertEqual(mode & 0o7, 0, name)

    # -- content --------------------------------------------------------------
    def test_without_content(self):
        h, held = self.house, self.items()[1]
        for role in ("operator", "integrator"):
            for line in (["list"], ["show", held], ["explain", held],
                         ["journal", "list"]):
                text = h.person(role, "--json", *line, code=0).stdout
                self.assertIn(held, text)
                for word in ("emmelig", "Kari", "Nordmann"):
                    self.assertNotIn(word, text, (role, line))
        row = h.person_rows("operator", "show", held)[0]
        full = h.person_rows("auditor", "show", held)[0]
        self.assertEqual(set(row), set(full))
        self.assertEqual((row["name"], row["title"], row["reason"]),
                         (None, None, full["reason"]))
        self.assertTrue(full["name"].startswith("hemmelig"))

    def test_reading_is_journaled_once(self):
        h, held = self.house, self.items()[2]
        mine = ("--person", str(UIDS["second"]))
        for _ in range(5):
            h.person("second", "show", held, role="archivist", code=0)
            h.person("second", "list", role="archivist", code=0)
        told = sorted((e["payload"]["verb"], e["subject"])
                      for e in h.events("content_read", *mine))
        self.assertEqual([t for t in told if t[0] == "list"], [("list", "-")])
        self.assertEqual([t for t in told if t[1] == held], [("show", held)])
        h.person("operator", "show", held, code=0)
        self.assertEqual(h.events("content_read", "--person",
                                  str(UIDS["operator"])), [])

    def test_broken_glass(self):
        h, held = self.house, self.items()[3]
        glass = ("--break-glass", "--why", "feilsøker en stans")
        done = h.person("operator", "show", held, "--break-glass", code=4)
        self.assertIn("reason", done.stderr)
        # That he tried stands there too.
        event = h.events("access_refused")[-1]
        self.assertEqual((event["actor"], event["subject"]),
                         ("uid:%d" % UIDS["operator"], held))
        self.assertIn("reason", event["payload"]["why"])
        row = h.person_rows("operator", "show", held, *glass)[0]
        self.assertTrue(row["name"].startswith("hemmelig"))
        event = h.events("glass_broken")[-1]
        self.assertEqual(
            (event["actor"], event["subject"], event["payload"]["why"]),
            ("uid:%d" % UIDS["operator"], held, "feilsøker en stans"))
        seen = h.person_rows("auditor", "status")[0]["glass"][0]
        self.assertEqual((seen["actor"], seen["subject"], seen["why"]),
                         (event["actor"], held, "feilsøker en stans"))
        self.assertIn("glass broken", h.sluse("status").stdout)
        h.person("integrator", "show", held, *glass, code=4)
        self.assertEqual(len(h.events("glass_broken", held)), 1)

    # -- two persons ------------------------------------------------------------
    def pending(self, who, *args, **more):
        done = self.house.person(who, "--json", *args, code=4, **more)
        self.assertEqual(done.stderr, "")
        reply = json.loads(done.stdout)
        self.assertIs(reply["ok"], False)
        return reply["pending"]

    def test_out_of_quarantine(self):
        h = self.house
        bad = self.items("quarantined")[0]
        first = "uid:%d" % UIDS["archivist"]
        for verb in ("release", "retry"):
            h.person("operator", verb, bad, *WHY, code=4)
            number = self.pending("archivist", verb, bad, *WHY)
            self.assertEqual(self.items("quarantined")[:1], [bad])
            listed = h.person_rows("operator", "approve", "--list")
            row = [r for r in listed if r["request"] == number][0]
            self.assertEqual((row["verb"], row["subject"], row["actor"],
                              row["why"]),
                             ("release-quarantined", bad, first, None))
            self.assertIn(
                "second person", h.person("auditor", "status").stdout)
            # The same person, and persons of other roles, are no second.
            for who in ("archivist", "operator", "auditor", "stranger"):
                h.person(who, "approve", str(number), code=4)
            # Whoever owns the instance may ask, and not approve.
            self.assertEqual(
                h.sluse("approve", str(number), check=False).returncode, 4)
            self.assertEqual(self.items("quarantined")[:1], [bad])
            h.person("second", "approve", str(number), role="archivist",
                     code=0)
            event = h.events("released" if verb == "release" else "retried",
                             bad)[-1]
            both = "%s,uid:%d" % (first, UIDS["second"])
            self.assertEqual(event["actor"], both)
            said = h.events("second_person_approved", "--person",
                            str(UIDS["second"]))[-1]
            self.assertEqual(
                (said["actor"], said["payload"]["request"]), (both, number))
            h.person("second", "approve", str(number), role="archivist",
                     code=4)  # it has ended
            h.wait_for(lambda: bad in self.items("quarantined"), 20,
                       "quarantine again")
        self.denied(bad)

    def denied(self, bad):
        h = self.house
        number = self.pending("archivist", "release", bad, *WHY)
        h.person("operator", "approve", str(number), "--deny", code=4)
        h.person("systemansvarlig", "approve", str(number), "--deny",
                 "--why", "nei", code=0)
        self.assertEqual(h.events("second_person_denied")[-1]["payload"]["why"],
                         "nei")
        number = self.pending("archivist", "release", bad, *WHY)
        h.person("archivist", "approve", str(number), "--deny", code=0)
        self.assertEqual(h.person_rows("auditor", "approve", "--list"), [])

    def rejected(self, name):
        h = self.house
        h.drop_bytes(b"Skal slettes, sier Kari Nordmann\n", name)
        ident = h.wait_for(lambda: [row["id"] for row in h.rows("list") if
                                    row["name"] == name and
                                    row["disposition"] == "held"],
                           30, "held")[0]
        h.person("archivist", "reject", ident, *WHY, code=0)
        return ident.split(".")[0]

    def test_not_asked_in_vain(self):
        """Nobody is asked for what would be refused, or cannot be any more."""
        h = self.house
        bad = self.items("quarantined")[-1]
        done = h.person("archivist", "journal", "erase", bad.split(".")[0],
                        *WHY, code=4)
        self.assertIn("it is not done", done.stderr)
        number = self.pending("archivist", "release", bad, *WHY)
        h.person("archivist", "reject", bad, *WHY, code=0)
        self.assertEqual(h.person_rows("auditor", "approve", "--list"), [])
        event = h.events("second_person_expired")[-1]["payload"]
        self.assertEqual((event["request"], event["why"]),
                         (number, "the post was rejected"))

    def test_asked_once(self):
        """A request for what is asked for already is told so, and not made."""
        h = self.house
        bad = self.items("quarantined")[0]
        number = self.pending("archivist", "release", bad, *WHY)
        asked = len(h.events("second_person_asked"))
        for who, verb, ident in (("archivist", "release", bad),
                                 ("archivist", "retry", bad),
                                 ("second", "retry", bad)):
            done = h.person(who, verb, ident, *WHY, role="archivist", code=4)
            self.assertEqual(done.stdout, "")
            self.assertIn("that is asked for already: request %d (release) of "
                          "uid:%d" % (number, UIDS["archivist"]), done.stderr)
            self.assertIn("sluse approve %d" % number, done.stderr)
        self.assertEqual(len(h.events("second_person_asked")), asked)
        self.assertEqual([row["request"] for row in h.person_rows(
            "auditor", "approve", "--list")], [number])
        # Once it has ended it may be asked for again.
        h.person("archivist", "approve", str(number), "--deny", code=0)
        number = self.pending("second", "retry", bad, *WHY, role="archivist")
        done = h.person("archivist", "release", bad, *WHY, code=4)
        self.assertIn("request %d (retry) of uid:%d" % (
            number, UIDS["second"]), done.stderr)
        h.person("second", "approve", str(number), "--deny", role="archivist",
                 code=0)
        # Of one event of the log another is not meant.
        numbers = [self.pending("archivist", "journal", "erase", seq, *WHY)
                   for seq in ("3", "4")]
        for number in numbers:
            h.person("archivist", "approve", str(number), "--deny", code=0)

    def test_asked_by_both(self):
        """What was asked for when it was no post yet ends with its only
        post."""
        h = PeopleHouse(user=SERVICE, queues=("Skannet post",),
                        limits="members_max = 1")
        self.addCleanup(h.close)
        self.bomb(h, "mange.zip")
        self.bomb(h, "flere.zip")
        h.wait_for(lambda: len(h.rows("list", "--disposition", "quarantined"))
                   == 2, 30, "quarantined")
        bad, other = [row["id"] for row in h.rows("list")]
        numbers = [json.loads(h.person(
            who, "--json", "release", *ids, *WHY, role="archivist",
            code=4).stdout)["pending"] for who, ids in (
                ("archivist", [bad]), ("second", [bad, other]))]
        h.stop()
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("members_max = 1", "members_max = 9"))
        h.start()
        h.person("archivist", "approve", str(numbers[1]), *WHY, code=0)
        post = bad + ".1"
        h.wait_for(lambda: post in [
            row["id"] for row in h.rows("list", "--disposition", "held")], 30,
            "a post")
        h.person("archivist", "reject", post, *WHY, code=0)
        self.assertEqual(h.person_rows("auditor", "approve", "--list"), [])
        event, = h.events("second_person_expired")
        self.assertEqual(
            (event["payload"]["request"], event["payload"]["why"]),
            (numbers[0], "the post was rejected"))

    def test_erasure(self):
        """No content goes by one person's word, be he the owner."""
        h = self.house
        whole = self.rejected("slettes.txt")
        first = "uid:%d" % UIDS["archivist"]
        for who in ("operator", "auditor", "integrator", "stranger"):
            h.person(who, "journal", "erase", whole, *WHY, code=4)
        done = h.sluse("--json", "journal", "erase", whole, *WHY, check=False)
        self.assertEqual(done.returncode, 4)
        owners = json.loads(done.stdout)["pending"]
        self.assertEqual(
            h.sluse("approve", str(owners), check=False).returncode, 4)
        h.sluse("approve", str(owners), "--deny")
        h.person("operator", "show", whole, "--break-glass", *WHY, code=0)
        number = self.pending("archivist", "journal", "erase", whole, *WHY)
        for who in ("archivist", "operator", "auditor", "stranger"):
            h.person(who, "approve", str(number), code=4)
        self.assertEqual(h.events("erased"), [])
        self.assertIn("slettes.txt", h.sluse("list").stdout)
        h.person("second", "approve", str(number), role="archivist", code=0)
        event, = h.events("erased")
        self.assertEqual(
            (event["subject"], event["actor"], event["payload"]["why"]),
            (whole, "%s,uid:%d" % (first, UIDS["second"]), WHY[1]))
        self.assertNotIn("slettes.txt", h.sluse("list").stdout)
        self.assertEqual(h.query("SELECT why FROM glass WHERE subject = '%s'" %
                                 whole), [("",)])
        # What one event holds, by its number.
        seq = str(event["seq"] + 1)
        number = self.pending("systemansvarlig", "journal", "erase", seq, *WHY)
        self.assertRegex(h.person("archivist", "approve", "--list").stdout,
                         r"journal-erase .* - .*  %s  prøve" % seq)
        h.person("archivist", "approve", str(number), code=0)
        self.assertEqual(len(h.events("erased")), 2)
        self.assertEqual(h.person("auditor", "journal", "verify").returncode, 0)

    def test_the_log_itself(self):
        h = self.house
        for verb in ("new-key", "accept"):
            for who in ("archivist", "operator", "auditor", "integrator"):
                h.person(who, "journal", verb, *WHY, code=4)
        h.person("systemansvarlig", "journal", "new-key", *WHY, code=0)
        self.assertEqual(len(h.events("key_changed")), 1)
        number = self.pending("systemansvarlig", "journal", "accept", *WHY)
        h.person("systemansvarlig", "approve", str(number), "--deny", code=0)
        # An auditor holds it against what he kept, without a file of ours.
        path = os.path.join(tempfile.mkdtemp(), "head")
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        os.chmod(os.path.dirname(path), 0o755)
        head, = h.wait_for(lambda: h.query(
            "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"), 60,
            "a signed head")[0]
        key, = h.query("SELECT vkey FROM journal_key ORDER BY number")[0]
        for text, code in ((head, 0), (head.replace("\n", "\n9", 1), 1)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = h.person("auditor", "--json", "journal", "verify", "--key",
                            key, "--against", path, code=code)
            self.assertIs(json.loads(done.stdout)["ok"], code == 0)

    def test_folders_release_nothing(self):
        """A folder made for a quarantined item decides nothing."""
        h = self.house
        bad = self.items("quarantined")[0]
        face = os.path.join(h.root, "spool", "Skannet post", "Må avklares")
        h.drop_bytes(b"Ingen sak i denne\n", "avgjort.txt")
        h.wait_for(lambda: any(row["name"] == "avgjort.txt" and
                               row["disposition"] == "held"
                               for row in h.rows("list")), 20, "held")
        held = [row["id"] for row in h.rows("list")
                if row["name"] == "avgjort.txt"][0]
        for name in (bad, bad + ".1"):
            folder = os.path.join(face, name)
            os.mkdir(folder)
            with open(os.path.join(folder, "Avklar.txt"), "w") as file:
                file.write("Sak: 2026/211\n")
            os.rename(folder, os.path.join(face, "2026-211 " + name))
        # What was done after it was seen by then.
        mine = h.wait_for(lambda: [n for n in os.listdir(face) if
                                   n.startswith(held.split(".")[0])], 20,
                          "folder of what is held")[0]
        os.rename(os.path.join(face, mine), os.path.join(face, "2026-211"))
        h.wait_for(lambda: h.rows("show", held)[0]["disposition"] == "done",
                   30, "decided by its folder")
        self.assertIn(bad, self.items("quarantined"))
        self.assertEqual([e for e in h.rows("journal", "list", bad)
                          if e["event"] in ("released", "decided") and
                          "," not in e["actor"]], [])

    def test_many_at_once(self):
        h = self.house
        held = self.items()[:4]
        done = h.person("archivist", "hold", *held[:2], *WHY, code=0)
        self.assertEqual(done.stdout, "")
        h.person("operator", "hold", *held, *WHY, code=4)
        number = self.pending("archivist", "hold", *held, *WHY)
        before = len(h.events("held"))
        h.person("systemansvarlig", "approve", str(number), code=0)
        self.assertEqual(len(h.events("held")), before + len(held))
        done = h.person("archivist", "--json", "hold", held[0],
                        held[0].split(".")[0] + ".9", *WHY, code=4)
        reply = json.loads(done.stdout)
        self.assertEqual((reply["done"], len(reply["failed"])), (1, 1))

    # -- deviations, and who says he is a program --------------------------------
    def test_deviation(self):
        h, held = self.house, self.items()[0]
        for kind in ("wrong_case", "wrong_tenant", "disclosed"):
            h.person("operator", "deviation", held, "--kind", kind, *WHY,
                     code=0)
        mine = [e for e in h.events("deviation", held)
                if e["actor"] == "uid:%d" % UIDS["operator"]]
        self.assertEqual([e["payload"]["kind"] for e in mine][-3:],
                         ["wrong_case", "wrong_tenant", "disclosed"])
        h.person("operator", "deviation", held, "--kind", "lost", *WHY, code=2)
        h.person("auditor", "deviation", held, "--kind", "disclosed", *WHY,
                 code=4)

    def past(self, days):
        """A house that got a letter so many days ago."""
        h = PeopleHouse(user=SERVICE, queues=("Skannet post",),
                        extra="paper = yes", start=False)
        self.addCleanup(h.close)
        clock = os.path.join(h.root, "clock")
        with open(clock, "w", encoding="ascii") as file:
            file.write("-%d\n" % (days * 86400))
        h.start(env={"SLUSE_TEST_CLOCK": clock})
        h.drop_bytes(b"Hei\n", "brev.txt")
        h.wait_quiet(20, 1)
        h.stop()
        h.start()
        return h, h.rows("list")[0]["received"]

    def test_scan_sign(self):
        h, came = self.past(40)
        came = datetime.datetime.fromisoformat(came.replace("Z", "+00:00"))
        came = came.astimezone(zoneinfo.ZoneInfo("Europe/Oslo")).date()
        day = [(came + datetime.timedelta(n)).isoformat() for n in range(-2, 3)]
        days = ("--from", day[1], "--to", day[3])
        sign = ("scan", "sign", "--queue", "Skannet post")
        for line in (day[1:2], day[3:4], day[3:5]):  # beside it, nothing came
            done = h.person("archivist", *sign, "--from", line[0], "--to",
                            line[-1], *WHY, code=4)
            self.assertIn("no post came", done.stderr)
        self.assertEqual(h.events("scan_signed"), [])
        h.person("archivist", *sign, *days, "--why", "20 av 412 sider", code=0)
        event = h.events("scan_signed")[0]
        self.assertEqual(event["actor"], "uid:%d" % UIDS["archivist"])
        self.assertEqual(event["payload"], {
            "queue": "Skannet post", "from": day[1], "days": 3,
            "why": "20 av 412 sider"})
        found = {r["day"]: r for r in h.rows(
            "report", "skanningskontroll", "--from", day[0], "--to",
            day[4])[:-1]}
        self.assertEqual(sorted(found), day[1:4])
        for name, row in found.items():
            self.assertEqual((row["by"], row["sample"], row["consignments"]),
                             (event["actor"], "20 av 412 sider",
                              int(name == day[2])))
            # What is held has not arrived: its paper stays.
            self.assertEqual(bool(row["shred"]), name != day[2])
        for line in ((*sign, "--from", "2026-02-04", "--to", "2026-02-02", *WHY),
                     (*sign, "--from", "2026-02-30", *WHY),
                     (*sign, "--from", "02.02.2026", *WHY),
                     (*sign, "--from", '2026-2-9","', *WHY),
                     (*sign, "--from", '2026-2-9"a', *WHY),
                     (*sign, "--from", "2026-02-02T10:00", *WHY),
                     (*sign, "--from", "2026-02-02", "--to", "03.02.2026", *WHY),
                     (*sign, "--from", "2999-01-01", *WHY),
                     ("scan", "sign", "--queue", "Ingen", *days, *WHY),
                     (*sign, *days, "--why", "ja")):
            done = h.person("archivist", *line)
            self.assertIn(done.returncode, (2, 4), line)
            self.assertEqual(done.stderr.count("\n"), 1)
        h.person("auditor", *sign, *days, *WHY, code=4)
        h.person("operator", *sign, *days, *WHY, code=4)
        self.assertEqual(len(h.events("scan_signed")), 1)

    def test_reports_by_role(self):
        """Who may not open the database gets the same report by his role."""
        h = self.house
        for name in ("mottaksprotokoll", "mottaksbalanse", "avklaringer"):
            mine = h.sluse("report", name, "--format", "csv").stdout
            got = h.person("auditor", "report", name, "--format", "csv", code=0)
            self.assertEqual(got.stdout, mine)
            self.assertIn("Skannet post", got.stdout)
        rows = h.person_rows("archivist", "report", "mottaksprotokoll", "--queue",
                             "Skannet post")
        self.assertEqual(rows[-1]["instance"], "Testvik kommune")
        self.assertEqual(rows[:-1], h.rows("report", "mottaksprotokoll",
                                           "--queue", "Skannet post")[:-1])
        for form, begin in (("html", "<!DOCTYPE html>"), ("xml", "<?xml"),
                            ("table", "Reception protocol")):
            got = h.person("systemansvarlig", "report", "mottaksprotokoll",
                           "--language", "en", "--format", form, code=0)
            self.assertTrue(got.stdout.startswith(begin), form)
        with open(os.path.join(h.root, "rapport.pdf"), "wb") as file:
            done = subprocess.run(
                [os.path.join(h.bin(), "sluse"), "--root", h.root, "report",
                 "liggetid", "--format", "pdf"], stdout=file, user=UIDS["auditor"],
                group=grp.getgrnam(GROUPS["auditor"]).gr_gid, extra_groups=[])
        self.assertEqual(done.returncode, 0)
        with open(os.path.join(h.root, "rapport.pdf"), "rb") as file:
            self.assertTrue(file.read().startswith(b"%PDF-"))
        for who in ("auditor", "archivist"):
            told = [e["payload"]["verb"] for e in h.events(
                "content_read", "--person", str(UIDS[who]))]
            self.assertIn("report", told)
        # Each is named, by its own name, and told once.
        for name in ("mottaksprotokoll", "reception-protocol", "liggetid"):
            for _ in range(2):
                h.person("reader", "report", name, role="auditor", code=0)
        h.person("reader", "report", "ingen-slik", role="auditor", code=2)
        h.rows("report", "lesekvalitet")
        told = [e["payload"].get("report") for e in h.events(
            "content_read", "--person", str(UIDS["reader"]))]
        self.assertEqual(sorted(told), ["liggetid", "mottaksprotokoll"])
        self.assertEqual(len([e for e in h.events("content_read") if e[
            "payload"].get("report") == "lesekvalitet"]), 1)
        for who in ("operator", "integrator", "stranger"):
            done = h.person(who, "report", "mottaksprotokoll", code=4)
            self.assertEqual(done.stdout, "")
            done = h.person(who, "report", "mottaksprotokoll", "--root", h.root,
                            code=4)
        h.person("curious", "report", "mottaksprotokoll", role="operator", code=4)
        told, = h.events("access_refused", "--person", str(UIDS["curious"]))
        self.assertEqual(told["payload"]["verb"], "report")
        for line, code, words in (
                (("ingen-slik",), 2, "no report"),
                (("liggetid", "--queue", "Ingen"), 2, "no queue"),
                (("liggetid", "--from", "x"), 2, "does not take"),
                (("liggetid", "--format", "doc"), 2, "no format")):
            done = h.person("auditor", "report", *line, code=code)
            self.assertIn(words, done.stderr)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))

    def test_depot_is_the_owners(self):
        """What leaves for a depot is taken by who owns the instance; whoever
        else tries is told of, whatever his role, and gets nothing."""
        h = self.house
        out = os.path.join(tempfile.gettempdir(), "sluse-pakke-%d" % os.getpid())
        line = ("depot", "dias", out, "--queue", "Skannet post", "--start",
                "1948-01-01", "--end", "1996-12-31")
        for role in (*ROLES, "stranger"):
            done = h.person(role, *line, code=4)
            self.assertEqual(done.stdout, "")
        h.person("collector", *line, role="archivist", code=4)
        told, = h.events("access_refused", "--person", str(UIDS["collector"]))
        self.assertEqual(told["payload"]["verb"], "depot-dias")
        # The owner may, and is told of; that this queue is not of that kind is
        # seen behind it.
        done = subprocess.run(
            [os.path.join(h.bin(), "sluse"), "--root", h.root, *line],
            stderr=subprocess.PIPE, text=True, **h.rights())
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("historic", done.stderr)
        self.assertIn("depot-dias", [
            e["payload"]["verb"] for e in h.events(
                "content_read", "--person", str(SERVICE))])
        self.assertEqual(h.events("packed_for_depot"), [])
        self.assertFalse(os.path.exists(out) or os.path.exists(out + ".part"))

    def test_impostor(self):
        """Nobody else's program is one of the instance's."""
        h = self.house
        done = subprocess.run(
            [os.path.join(h.bin(), "sluse-report"), "--socket",
             os.path.join(h.root, "run", "slused.sock"), "--root", h.root],
            user=UIDS["impostor"], group=UIDS["impostor"], extra_groups=[],
            stderr=subprocess.DEVNULL, timeout=30)
        self.assertEqual(done.returncode, 70)
        told, = h.events("access_refused", "--person", str(UIDS["impostor"]))
        self.assertEqual(told["payload"]["verb"], "hello")

    def test_noise_is_counted(self):
        """A thousand refusals are not a thousand leaves."""
        h = self.house
        mine = ("--person", str(UIDS["noisy"]))
        for _ in range(20):
            h.person("noisy", "status", code=4)
        self.assertEqual(len(h.events("access_refused", *mine)), 5)
        # A look-up of groups that hangs holds up neither post nor people.
        slused = h.pids("slused")[0][1]
        with open("/proc/%d/task/%d/children" % (slused, slused)) as file:
            child, = file.read().split()
        os.kill(int(child), signal.SIGSTOP)
        h.person("operator", "status", code=0)
        self.bomb(h, "igjen.zip")
        h.wait_quiet(30, 6)
        h.stop()
        h.start()
        told = h.events("access_refused", *mine)
        self.assertEqual(len(told), 6)
        self.assertEqual(told[-1]["payload"]["more"], 15)
        # Nothing of who may is told anew: nothing has changed.
        self.assertEqual(len(h.events("roles_changed")), 1)
        made = h.rows("journal", "list")[0]
        self.assertEqual((made["event"], made["seq"]), ("instance_made", 0))

    def test_zz_time_is_over(self):
        h = self.house
        bad = self.items("quarantined")[0]
        h.stop()
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("mass_max = 2",
                                    "mass_max = 2\napprove_within = 1s")
                       .replace("auditor = news", "auditor = news uucp"))
        h.start()
        first, second = [e["payload"] for e in h.events("roles_changed")]
        self.assertEqual((first["old"], second["old"]), ("", first["new"]))
        self.assertEqual([g["group"] for g in second["roles"]["auditor"]],
                         ["news", "uucp"])
        # Who is an auditor now changes nothing any more.
        h.person("integrator", "stop-out", *WHY, code=4)
        number = self.pending("archivist", "release", bad, *WHY)
        h.wait_for(lambda: number in [
            e["payload"]["request"] for e in h.events("second_person_expired")],
            20, "expiry")
        h.person("second", "approve", str(number), role="archivist", code=4)
        self.assertEqual(self.items("quarantined")[:1], [bad])
        self.assertEqual(h.sluse("journal", "verify").returncode, 0)


@unittest.skipUnless(CAN, "needs root, to be several users")
@unittest.skipUnless(have_groups(), "needs the base groups of Debian")
class Halted(unittest.TestCase):
    def test_two_persons_go_on(self):
        """A sporingslogg that was put back is accepted by two."""
        h = PeopleHouse(user=SERVICE)
        self.addCleanup(h.close)

        def journal():
            return h.rows("status")[0]["slused"]["journal"]
        h.stop()  # the head is signed
        os.unlink(os.path.join(h.root, "journal", "checkpoint"))
        h.start()
        self.assertTrue(journal()["halted"])
        h.person("archivist", "journal", "accept", *WHY, code=4)
        done = h.person("systemansvarlig", "--json", "journal", "accept", *WHY,
                        code=4)
        number = str(json.loads(done.stdout)["pending"])
        h.person("systemansvarlig", "approve", number, code=4)
        h.person("archivist", "approve", number, code=4)
        self.assertEqual(h.sluse("approve", number, check=False).returncode, 4)
        self.assertTrue(journal()["halted"])
        h.person("second", "approve", number, role="systemansvarlig", code=0)
        self.assertFalse(journal()["halted"])
        event, = h.events("history_accepted")
        self.assertEqual(event["actor"], "uid:%d,uid:%d" % (
            UIDS["systemansvarlig"], UIDS["second"]))
        h.stop()
        h.start()
        self.assertFalse(journal()["halted"])
        self.assertEqual(h.sluse("journal", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
