#!/usr/bin/env python3
"""The originals read back: `sluse journal verify --originals` finds each file of
the store that is not as it came, and nothing else."""
import fcntl
import grp
import json
import os
import shutil
import sqlite3
import subprocess
import time
import unittest
import zipfile

import house
from access import CAN, SERVICE, UIDS, PeopleHouse, have_groups
from trial import Trial, letter, run_all

SAME = letter(1)
NAMED = 100  # files at most


def store(h, *names):
    return os.path.join(h.root, "store", *names)


def blobs(h):
    """The originals that should be there, as they came."""
    return [store(h, "sha256", digest[:2], digest) for digest, in h.query(
        "SELECT lower(hex(sha256)) FROM blob ORDER BY id")]


def flip(path, at=3):
    with open(path, "r+b") as file:
        file.seek(at)
        old = file.read(1)
        file.seek(at)
        file.write(bytes([old[0] ^ 1]))


def relative(h, path):
    return os.path.relpath(path, h.root)


class Fixity(Trial):
    def filled(self, **how):
        """A zip, and one letter that came twice."""
        h = self.house(queues=("Skannet post",), instance=house.FAST, **how)
        path = os.path.join(h.root, "to.zip")
        with zipfile.ZipFile(path, "w") as file:
            for n in range(2):
                file.writestr("brev-%d.txt" % n, letter(10 + n))
        h.drop(path)
        os.unlink(path)
        for name in ("a.txt", "b.txt"):
            h.drop_bytes(SAME, name)
        h.wait_for(lambda: not h.moving() and
                   h.query("SELECT count(*) FROM consignment")[0][0] == 3, 40,
                   "the post")
        return h

    def verify(self, h, *args, code=0):
        done = h.sluse("--json", "journal", "verify", "--originals", *args,
                       check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        row = json.loads(done.stdout)
        self.assertIs(row["ok"], code == 0)
        self.assertIs(row["originals"]["ok"], code == 0)
        # Of the log nothing is wrong.
        self.assertNotIn("fault", row)
        return row["originals"]

    def check_fault(self, h, fault, path, posts):
        """That one, and in words."""
        found = self.verify(h, code=1)
        one, = found["faults"]
        self.assertEqual((one["fault"], one["file"]),
                         (fault, relative(h, path)))
        self.assertEqual((one["ids"], one["posts"]), (posts, len(posts)))
        self.assertEqual({k: found[k] for k in (
            "gone", "no_file", "size", "altered", "unreadable")},
            dict({"gone": 0, "no_file": 0, "size": 0, "altered": 0,
                  "unreadable": 0}, **{fault: 1}))
        said = h.sluse("journal", "verify", "--originals", check=False)
        self.assertEqual(said.returncode, 1)
        self.assertIn("The sporingslogg is whole", said.stdout)
        self.assertIn("The store is NOT whole: 1 file of it", said.stdout)
        self.assertRegex(said.stdout, r"(?m)^%s .*: %s$" % (
            relative(h, path), ", ".join(posts)))
        return one

    def receptions(self, h, path):
        return [row[0] for row in h.query(
            "SELECT c.reception FROM consignment c JOIN source s ON "
            "s.consignment = c.id JOIN blob b ON b.id = s.blob WHERE "
            "lower(hex(b.sha256)) = ? ORDER BY c.id", os.path.basename(path))]

    def check_whole(self, h):
        found = self.verify(h)
        sizes = [os.path.getsize(path) for path in blobs(h)]
        parts, part_bytes = h.query(
            "SELECT count(*), ifnull(sum(size), 0) FROM part WHERE bundle IS "
            "NOT NULL")[0]
        self.assertEqual(
            {k: v for k, v in found.items() if v not in (0, [])},
            {k: v for k, v in {
                "ok": True, "files": len(sizes), "bytes": sum(sizes),
                "parts": parts, "part_bytes": part_bytes}.items() if v})

    def test_nothing_came(self):
        h = self.house(queues=("Skannet post",))
        self.check_whole(h)
        self.assertIn("Originals: 0 are whole, 0 bytes",
                      h.sluse("journal", "verify", "--originals").stdout)

    def test_each_fault(self):
        h = self.filled()
        self.assertEqual(len(blobs(h)), 2)
        self.assertGreater(h.query("SELECT count(*) FROM part WHERE bundle IS "
                                   "NOT NULL")[0][0], 1)
        self.check_whole(h)
        twice = [path for path in blobs(h)
                 if os.path.getsize(path) == len(SAME)][0]
        once = [path for path in blobs(h) if path != twice][0]
        self.assertEqual(len(self.receptions(h, twice)), 2)
        self.assertEqual(len(self.receptions(h, once)), 1)
        for path in (twice, once):
            self.spoil(h, path, self.receptions(h, path))
        name, = [row[0] for row in h.query("SELECT name FROM bundle")]
        self.spoil(h, store(h, "bundle", name), self.receptions(h, once))
        self.check_whole(h)
        h.check_whole(self)

    def spoil(self, h, path, posts):
        away = store(h, "away")

        def check(fault):
            one = self.check_fault(h, fault, path, posts)
            if os.path.lexists(path):
                os.unlink(path)
            return one["detail"]
        os.rename(path, away)
        check("gone")
        shutil.copy(away, path)
        flip(path)
        self.assertIsNone(check("altered"))
        shutil.copy(away, path)
        os.truncate(path, os.path.getsize(path) - 1)
        size = os.path.getsize(away)
        self.assertEqual(check("size"), "%d bytes, not %d" % (size - 1, size))
        os.symlink(away, path)
        check("no_file")
        os.mkfifo(path)
        check("no_file")
        os.rename(away, path)

    def test_what_is_erased_is_not_looked_for(self):
        h = self.filled()
        twice = [path for path in blobs(h)
                 if os.path.getsize(path) == len(SAME)][0]
        once = [path for path in blobs(h) if path != twice][0]
        first, second = self.receptions(h, twice)
        h.sluse("journal", "erase", self.receptions(h, once)[0], "--why",
                "krav om sletting")
        h.wait_for(lambda: not os.path.exists(once), 20, "it is erased")
        found = self.verify(h)
        self.assertEqual((found["files"], found["parts"]), (1, 0))
        # The other post still has those bytes.
        h.sluse("journal", "erase", first, "--why", "krav om sletting")
        self.assertEqual(self.verify(h)["files"], 1)
        os.rename(twice, twice + ".away")
        self.check_fault(h, "gone", twice, [second])
        os.rename(twice + ".away", twice)
        h.sluse("journal", "erase", second, "--why", "krav om sletting")
        h.wait_for(lambda: not os.path.exists(twice), 20, "it is erased")
        found = self.verify(h)
        self.assertEqual((found["files"], found["unknown"]), (0, 0))
        # What should be gone, and is there, belongs to no post.
        with open(twice, "wb") as file:
            file.write(SAME)
        self.assertEqual(self.verify(h)["unknown"], 1)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_erased_while_it_looks(self):
        """Between the row and the file."""
        h = self.filled()
        twice = [path for path in blobs(h)
                 if os.path.getsize(path) == len(SAME)][0]
        once = [path for path in blobs(h) if path != twice][0]
        ident, = self.receptions(h, once)
        name = os.path.relpath(once, store(h, "sha256"))
        child = subprocess.Popen(
            ["strace", "-f", "-o", os.path.join(h.root, "trace"), "-P", name,
             "-e", "trace=openat", "-e", "inject=openat:delay_enter=4000000",
             os.path.join(house.BIN, "sluse"), "--root", h.root, "--json",
             "journal", "verify", "--originals"],
            stdout=subprocess.PIPE, text=True)
        time.sleep(1.5)
        self.assertIsNone(child.poll())
        h.sluse("journal", "erase", ident, "--why", "krav om sletting")
        h.wait_for(lambda: not os.path.exists(once), 20, "it is erased")
        said = child.communicate(timeout=60)[0]
        with open(os.path.join(h.root, "trace"), encoding="utf-8") as file:
            self.assertIn("ENOENT", file.read())
        self.assertEqual(child.returncode, 0, said)
        self.assertEqual(json.loads(said)["originals"]["files"], 1)

    def test_files_that_no_post_has(self):
        h = self.filled()
        path = blobs(h)[0]
        folder = os.path.dirname(path)
        other = store(h, "sha256", "%02x" % (int(folder[-2:], 16) ^ 1))
        for strange in (path + ".new", os.path.join(folder, "f" * 64),
                        os.path.join(other, os.path.basename(path)),
                        store(h, "bundle", "rest")):
            shutil.copy(path, strange)
        self.assertEqual(self.verify(h)["unknown"], 4)
        self.assertIn("4 files there belong to no post",
                      h.sluse("journal", "verify", "--originals").stdout)

    def test_all_of_it_is_gone(self):
        h = self.filled()
        total = len(blobs(h)) + 1
        shutil.rmtree(store(h))
        found = self.verify(h, code=1)
        self.assertIn("store/ is not there", found["fault"])
        self.assertIn("The originals were NOT found",
                      h.sluse("journal", "verify", "--originals",
                              check=False).stdout)
        h.stop()
        h.start()  # which makes its folders anew
        found = self.verify(h, code=1)
        self.assertEqual((found["gone"], len(found["faults"])), (total, total))

    def test_many(self):
        """So many are named, and how many more there are."""
        h = self.house(queues=("Skannet post",), target="webhook")
        folder = os.path.join(h.root, "mange")
        os.mkdir(folder)
        for n in range(NAMED + 3):
            with open(os.path.join(folder, "%d.txt" % n), "wb") as file:
                file.write(letter(n))
        h.drop(folder)
        h.wait_for(lambda: not h.moving() and len(blobs(h)) == NAMED + 3, 60,
                   "the files")
        self.check_whole(h)
        for path in blobs(h):
            os.unlink(path)
        found = self.verify(h, code=1)
        self.assertEqual((found["gone"], len(found["faults"])),
                         (NAMED + 3, NAMED))
        self.assertIn("and 3 more.\n", h.sluse(
            "journal", "verify", "--originals", check=False).stdout)

    def test_a_log_that_is_not_whole(self):
        """The store is read all the same, and both are told."""
        h = self.filled()
        h.stop()
        os.unlink(blobs(h)[0])
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("UPDATE consignment SET received_ms = received_ms + 1"
                   " WHERE id = 1")
        db.commit()
        db.close()
        said = h.sluse("journal", "verify", "--originals", check=False)
        self.assertEqual(said.returncode, 1)
        self.assertIn("The tables are NOT what the sporingslogg tells",
                      said.stdout)
        self.assertIn("The store is NOT whole: 1 file of it", said.stdout)

    def test_only_of_an_instance(self):
        h = self.house(queues=("Skannet post",))
        done = h.sluse("journal", "verify", "--originals", h.root, check=False)
        self.assertEqual(done.returncode, 2)


@unittest.skipUnless(CAN, "needs root, to be several users")
@unittest.skipUnless(have_groups(), "needs the base groups of Debian")
class Auditor(Trial):
    """Who has no right to the store is answered by sluse-report."""

    def setUp(self):
        super().setUp()
        self.h = PeopleHouse(user=SERVICE, queues=("Skannet post",))
        self.addCleanup(self.end, self.h)
        self.h.drop_bytes(SAME, "a.txt")
        self.h.wait_for(lambda: not self.h.moving() and len(blobs(self.h)) == 1,
                        40, "the letter")

    def begin(self, who):
        uid = UIDS[who]
        return subprocess.Popen(
            [os.path.join(self.h.bin(), "sluse"), "--root", self.h.root,
             "--json", "journal", "verify", "--originals"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            user=uid, group=uid,
            extra_groups=[grp.getgrnam("news").gr_gid])

    def is_free(self):
        fd = os.open(store(self.h), os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(fd)

    def test_whole_and_altered(self):
        h, (path,) = self.h, blobs(self.h)
        row, = h.person_rows("auditor", "journal", "verify", "--originals")
        self.assertEqual((row["ok"], row["originals"]["files"]), (True, 1))
        row, = h.person_rows("auditor", "journal", "verify")
        self.assertNotIn("originals", row)
        flip(path)
        done = h.person("auditor", "journal", "verify", "--originals", code=1)
        self.assertIn("%s was altered: M" % relative(h, path), done.stdout)
        h.person("stranger", "journal", "verify", "--originals", code=4)

    def test_one_at_a_time(self):
        """A long one holds nobody else up, and ends with who asked."""
        h, (path,) = self.h, blobs(self.h)
        size = 64 << 30  # zeros that take no room
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("UPDATE blob SET size = ?", (size,))
        db.commit()
        db.close()
        os.truncate(path, size)
        first = self.begin("auditor")
        self.addCleanup(first.stderr.close)
        self.addCleanup(first.stdout.close)
        h.wait_for(lambda: not self.is_free(), 20, "it began")
        done = h.person("auditor", "journal", "verify", "--originals", code=4)
        self.assertIn("try again later", done.stderr)
        h.person("auditor", "journal", "verify", code=0)
        h.person("auditor", "status", code=0)
        time.sleep(2)
        self.assertIsNone(first.poll())
        first.terminate()  # SIGINT is ignored by what runs behind a shell
        self.assertEqual(first.wait(10), -15)
        h.wait_for(self.is_free, 10, "it ends")


if __name__ == "__main__":
    run_all()
