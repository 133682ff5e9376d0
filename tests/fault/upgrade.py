#!/usr/bin/env python3
"""An upgrade in the middle of everything: the previous commit's build is killed
at work, this build finishes what it began, and programs of the other build are
refused.

The previous commit is HEAD~1, built from `git archive` under another version,
so that its build id differs even where the wire does not; it takes this build's
objects of what has not changed.  Skipped where there is no git or no earlier
commit.  The build is kept in build/previous/.
"""
import glob
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crew  # noqa: E402

TOP = crew.house.TOP
VERSION = "0.0.0"
ITEMS = 60
# The same name, so that what depends on what is known there too.
B = os.path.basename(crew.house.BUILD)
BUILD_S = 420


def git(*args, check=True):
    done = subprocess.run(["git", "-C", TOP, *args], timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode != 0:
        raise unittest.SkipTest("no earlier commit here: %s" %
                                done.stderr.decode().strip()[:200])
    return done.stdout.decode().strip()


def build_previous():
    """The folder of the previous commit's programs."""
    if shutil.which("git") is None:
        raise unittest.SkipTest("git is not installed")
    commit = git("rev-parse", "--verify", "HEAD~1^{commit}")
    if not git("tag", "--list") and git(
            "diff", "--name-only", "--diff-filter=M", commit, "--",
            "schemas/sql"):
        raise unittest.SkipTest("no release yet, and schema 1 was changed "
                                "since HEAD~1")
    base = os.path.join(crew.house.BUILD, "previous")
    folder = os.path.join(base, commit[:12])
    bins = os.path.join(folder, B, "bin")
    if not os.path.exists(os.path.join(folder, "done")):
        shutil.rmtree(base, ignore_errors=True)
        os.makedirs(folder)
        tar = os.path.join(base, "tree.tar")
        git("archive", "-o", tar, commit)
        subprocess.run(["tar", "-xf", tar, "-C", folder], check=True,
                       timeout=60)
        os.unlink(tar)
        began = time.monotonic()
        share(folder, commit)
        make(folder)
        open(os.path.join(folder, "done"), "w").close()
        print("  built %s in %.0f s" % (commit[:12],
                                        time.monotonic() - began))
    return bins


def content(*path):
    try:
        with open(os.path.join(*path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def share(folder, commit):
    """Objects of this build for what was the same then: what differs, and what
    the version is compiled into, is newer than they are, the rest is old."""
    program = os.path.join(crew.house.BUILD, "bin", "slused")
    if os.path.join(TOP, B) != crew.house.BUILD or git(
            "diff", "--name-only", commit, "--", "Makefile", "tests/tests.mk"):
        return
    shutil.copytree(os.path.join(crew.house.BUILD, "obj", "daemon"),
                    os.path.join(folder, B, "obj", "daemon"))
    built, now = os.stat(program).st_mtime, time.time()
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            here = os.path.join(TOP, os.path.relpath(path, folder))
            data = content(path)
            if os.path.relpath(path, folder).startswith(B + os.sep):
                continue
            same = data == content(here) and b"SLUSE_VERSION" not in data and \
                os.stat(here).st_mtime <= built
            os.utime(path, (1, 1) if same else (now, now))


def make(folder):
    targets = [B + "/bin/" + n for n in ("slused", "sluse") +
               crew.PEERS]
    targets += [path[len(folder) + 1:].replace("plugins/", B + "/plugins/")
                .replace(".c", ".so") for path in
                glob.glob(folder + "/plugins/readers/text.c") +
                glob.glob(folder + "/plugins/connectors/webhook.c")]
    targets += [B + "/pronom/" + os.path.basename(path) for path in
                glob.glob(folder + "/schemas/pronom/*.tsv")]
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "B", "CC", "OPT",
                        "SAN", "WERROR")}
    done = subprocess.run(
        ["make", "-j2", "-C", folder, "B=" + B, "VERSION=" + VERSION, "CC=gcc",
         *targets], env=env, timeout=BUILD_S, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise AssertionError("the previous commit does not build: %s" %
                             done.stdout.decode(errors="replace")[-2000:])


class Crew(crew.Crew):
    later = ()
    access = None

    def know_more(self):
        path = os.path.join(self.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("[push]\n", "\n".join(
                ("[push]",) + crew.house.House.later) + "\n", 1))


class Upgrade(unittest.TestCase):
    def test_finish_what_the_previous_build_began(self):
        old = build_previous()
        house = Crew(target="webhook", bins=old)
        self.addCleanup(house.close)
        # A few pass, then the target is away: all stages hold something.
        house.fake.control("POST", "faults", [
            {"match": {"method": "POST"}, "action": "503", "skip": 8,
             "count": 1000000}])
        for number in range(ITEMS):
            house.drop_letter(number)
        waiting = ("SELECT count(*) FROM entry WHERE disposition = 20")
        house.wait_for(lambda: house.count_done() >= 5 and
                       house.query(waiting)[0][0] >= 1, 30, "some waiting",
                       step=0.002)
        for name in list(house.running):
            house.kill_one(name)
        house.running.clear()
        before = house.query("SELECT (SELECT count(*) FROM consignment), "
                             "(SELECT count(*) FROM entry), (SELECT count(*) "
                             "FROM entry WHERE disposition = 60), (SELECT "
                             "count(*) FROM delivery WHERE attempts > 0)")[0]
        self.assertLess(before[2], before[3], "nothing was under way")
        house.fake.control("DELETE", "faults")
        house.know_more()
        self.other_build_is_refused(house, before[2])
        house.use(None)
        house.wait_up()
        house.wait_done(60)
        house.check_end(self)
        self.check_journal(house)
        print("  killed with %d received, %d entries, %d done, %d tried; %d "
              "done by this build" % (before + (ITEMS - before[2],)))

    def other_build_is_refused(self, house, done):
        """New slused, old others: not one of them is let in."""
        house.use(None, ("slused", "sluse"))
        house.ended.clear()
        began = time.monotonic()

        def all_ended():
            return {who for who, _ in house.ended} >= set(crew.PEERS)

        # some load for a second before they knock
        while time.monotonic() - began < (2 if all_ended() else 20):
            house.tend()
            self.assertEqual(house.programs(), [])
            time.sleep(0.1)
        for name in crew.PEERS:
            codes = [code for who, code in house.ended if who == name]
            self.assertNotEqual(codes, [], "%s was not turned away" % name)
            self.assertNotIn(0, codes)
        self.assertEqual(house.count_done(), done)
        for name in crew.PEERS:
            house.kill_one(name)
            house.running.pop(name, None)

    def check_journal(self, house):
        changes = [leaf["payload"] for leaf in house.rows("journal", "list")
                   if leaf["event"] == "program_changed" and
                   "files" not in leaf["payload"]]
        self.assertEqual(len(changes), 2, changes)
        self.assertTrue(changes[1]["old"].startswith(VERSION + "-"))
        self.assertEqual(changes[1]["old"], changes[0]["new"])
        self.assertNotEqual(changes[1]["new"], changes[1]["old"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
