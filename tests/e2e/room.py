#!/usr/bin/env python3
"""Room on the disk: post that does not fit waits where it lies and holds up
nobody; a disk that becomes full in the middle stops nothing for good."""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import zipfile

from house import House, strace_of

MIB = 1 << 20
FLOOR = 4 * MIB
HOLE = (1 << 63) - 1  # as large as a file can be
KEEP = 5 * MIB  # what the database is never without (slused.8)
INSTANCE = "settle = 200ms\nsweep = 1s\nheld_limit = never\n"
QUEUES = ("Skannet post", "E-post")
LETTER = "Testvik kommune\nDeres ref: 2026/211\n\nOm parkeringsplassen, nr. %d.\n"


class Room(unittest.TestCase):
    def house(self, mib, floor=FLOOR, start=True):
        """An instance alone on a file system of that size."""
        root = tempfile.mkdtemp(prefix="sluse-test-")
        self.addCleanup(shutil.rmtree, root, True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=%dm,mode=0755" % mib, "tmpfs",
             root], stderr=subprocess.PIPE, timeout=10)
        if done.returncode != 0:
            self.skipTest("cannot mount here: %s" %
                          done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", root], timeout=10)
        h = House(target="webhook", queues=QUEUES, root=root, start=start,
                  instance=INSTANCE + "free_space_min = %d\n" % floor)
        self.addCleanup(h.close)
        self.letters = 0
        if start:
            h.sluse("cases", "import", h.cases)
        return h

    def free(self, h):
        room = os.statvfs(h.root)
        return room.f_bavail * room.f_frsize

    def fill(self, h, leave):
        """Somebody else's file, so that so much is left."""
        path = os.path.join(h.root, "filler")
        with open(path, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.free(h) - leave)
        return path

    def drop_into(self, h, size, leave, name, queue=None):
        """It lies there in full before the disk is nearly so."""
        tmp = os.path.join(os.path.dirname(h.inbox(queue)), ".stor")
        with open(tmp, "wb") as file:
            file.write(random.Random(1).randbytes(size))
        filler = self.fill(h, leave)
        os.rename(tmp, os.path.join(h.inbox(queue), name))
        return filler

    def letter(self, h, queue=None):
        self.letters += 1
        h.drop_bytes((LETTER % self.letters).encode(),
                     "brev-%d.txt" % self.letters, queue)

    def done(self, h):
        return h.query("SELECT count(*) FROM entry WHERE disposition = 60")[0][0]

    def wait_done(self, h, n, seconds=20):
        h.wait_for(lambda: self.done(h) >= n, seconds, "%d posts" % n)

    def troubles(self, h):
        rows = h.rows("status")[0]["slused"] or {"troubles": []}
        return [row for row in rows["troubles"] if row["program"] == "slused"]

    def pid(self, h):
        (_, pid), = h.pids("slused")
        return pid

    def ticks(self, h):
        with open("/proc/%d/stat" % self.pid(h), encoding="ascii") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return int(words[11]) + int(words[12])

    def log_lines(self, h, word):
        with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
            return [line for line in file if word in line]

    def intake_events(self, h):
        return [(e["event"], e["payload"].get("queue"),
                 e["payload"].get("reason")) for e in h.rows("journal", "list")
                if e["event"].startswith("intake_")]

    def waits_alone(self, h, name):
        """It lies untouched and is told once; other post passes it; nothing is
        busy."""
        path = os.path.join(h.inbox(), name)
        was = os.stat(path)
        pid = self.pid(h)
        row, = h.wait_for(lambda: self.troubles(h), 10, "it is told")
        self.assertEqual(row["reason"], "disk_full")
        self.assertIn("queue Skannet post: ", row["text"])
        self.assertIn("by itself", row["help"])
        status = h.rows("status")[0]["slused"]
        self.assertTrue(status["intake"])
        self.assertEqual([i["no_room"] for i in status["inlets"]], [1, 0])
        for _ in range(5):
            self.letter(h)
            self.letter(h, "E-post")
        self.wait_done(h, 10)
        before, begun = self.ticks(h), time.monotonic()
        time.sleep(4)  # some sweeps
        used = (self.ticks(h) - before) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, (time.monotonic() - begun) / 4)
        now = os.stat(path)
        self.assertEqual((now.st_ino, now.st_ctime_ns, now.st_mtime_ns),
                         (was.st_ino, was.st_ctime_ns, was.st_mtime_ns))
        self.assertEqual(self.pid(h), pid)
        line, = self.log_lines(h, "does not fit")
        self.assertIn('reason="disk_full"', line)
        self.assertNotIn(name, line)
        self.assertEqual(self.intake_events(h),
                         [("intake_stopped", "Skannet post", "disk_full")])

    def goes_on(self, h, n):
        self.wait_done(h, n)
        h.wait_for(lambda: self.intake_events(h)[1:] ==
                   [("intake_resumed", "Skannet post", None)], 10, "it is over")
        self.assertEqual(self.troubles(h), [])
        self.assertEqual(self.log_lines(h, "is started again"), [])
        h.check_whole(self)

    def taken(self, h, n):
        h.wait_for(lambda: h.query("SELECT count(*) FROM consignment") ==
                   [(n,)], 20, "%d were taken" % n)

    def test_a_file_that_does_not_fit(self):
        h = self.house(64)
        filler = self.drop_into(h, 10 * MIB, 8800 * 1024, "stor.bin")
        self.waits_alone(h, "stor.bin")
        os.unlink(filler)
        self.goes_on(h, 10)
        self.taken(h, 11)

    def test_a_folder_that_does_not_fit(self):
        h = self.house(64)
        tmp = os.path.join(os.path.dirname(h.inbox()), ".mappe")
        os.mkdir(tmp)
        for n in range(3):
            with open(os.path.join(tmp, "%d.bin" % n), "wb") as file:
                file.write(random.Random(n).randbytes(3 * MIB))
        filler = self.fill(h, 12 * MIB)  # for one of them
        os.rename(tmp, os.path.join(h.inbox(), "mappe"))
        self.waits_alone(h, "mappe")
        os.unlink(filler)
        self.goes_on(h, 10)
        self.taken(h, 11)

    def test_one_that_is_taken_away(self):
        """Then nothing waits any more."""
        h = self.house(64)
        self.drop_into(h, 10 * MIB, 8800 * 1024, "stor.bin")
        h.wait_for(lambda: self.troubles(h), 10, "it is told")
        os.unlink(os.path.join(h.inbox(), "stor.bin"))
        self.letter(h)
        self.goes_on(h, 1)

    def test_over_the_limit(self):
        """What is never copied needs no room."""
        h = self.house(64)
        path = os.path.join(os.path.dirname(h.inbox()), ".stor")
        with open(path, "wb") as file:
            file.truncate(201 * MIB)
        self.fill(h, 12 * MIB)
        os.rename(path, os.path.join(h.inbox(), "stor.bin"))
        h.wait_for(lambda: [row["reason"] for row in h.rows("list")] ==
                   ["limit_input"], 20, "it has its number")
        self.assertEqual(self.troubles(h), [])

    def test_holes_over_any_limit(self):
        """Their sizes are more together than 64 bits count."""
        h = self.house(64)
        tmp = os.path.join(os.path.dirname(h.inbox()), ".mappe")
        os.mkdir(tmp)
        for name, size in (("a", HOLE), ("b", HOLE), ("c", 1000)):
            with open(os.path.join(tmp, name), "wb") as file:
                file.truncate(size)
        os.rename(tmp, os.path.join(h.inbox(), "mappe"))
        h.wait_for(lambda: [row["reason"] for row in h.rows("list")] ==
                   ["limit_input"], 10, "it has its number")
        self.assertEqual(h.query("SELECT size FROM consignment"), [(HOLE,)])
        self.assertEqual(self.troubles(h), [])

    def test_a_claim_of_before(self):
        """slused had claimed it, and ended before it was copied."""
        h = self.house(64)
        h.stop()
        claim = os.path.join(os.path.dirname(h.inbox()), ".sluse",
                             "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        os.mkdir(claim)
        with open(os.path.join(claim, "stor.bin"), "wb") as file:
            file.write(random.Random(1).randbytes(10 * MIB))
        filler = self.fill(h, 12 * MIB)
        h.start()
        h.wait_for(lambda: os.listdir(h.inbox()) == ["stor.bin"], 20,
                   "it is put back")
        self.waits_alone(h, "stor.bin")
        os.unlink(filler)
        self.goes_on(h, 10)
        self.taken(h, 11)

    def archive(self, path):
        """It unpacks to 40 MiB."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for n in range(4):
                some = random.Random(n)
                block = some.randbytes(8000)
                file.writestr("%d.bin" % n, b"".join(
                    some.randbytes(200) + block for _ in range(1280)))

    def test_an_archive_that_does_not_fit_unpacked(self):
        """What comes out of it nobody knew. It has its number and waits; the
        others go on, and it is not tried again before there is more room."""
        h = self.house(96)
        tmp = os.path.join(os.path.dirname(h.inbox()), ".stor")
        self.archive(tmp)
        filler = self.fill(h, 24 * MIB)
        os.rename(tmp, os.path.join(h.inbox(), "mye.zip"))
        h.wait_for(lambda: [(row["disposition"], row["reason"]) for row in
                            h.rows("list")] == [("deferred", "disk_full")],
                   30, "it waits")
        for _ in range(5):
            self.letter(h)
        self.wait_done(h, 5)
        # What is installed is read beside it all, and told once.
        for kind in ("program_changed", "formats_changed"):
            h.wait_for(lambda: h.rows("journal", "list", "--kind", kind), 20, kind)
        leaves = len(h.rows("journal", "list"))
        time.sleep(4)  # some sweeps
        self.assertEqual(len(h.rows("journal", "list")), leaves)
        self.assertEqual(self.log_lines(h, "nothing is written"), [])
        os.unlink(filler)
        h.wait_for(lambda: not h.rows("list", "--disposition", "deferred"), 20,
                   "it goes on")
        h.wait_quiet(30)
        row, = [row for row in h.rows("list") if row["name"] == "mye.zip"]
        self.assertNotEqual(row["reason"], "disk_full")
        h.check_whole(self)

    def test_an_archive_written_in_place(self):
        """It has no number yet, and waits where it was dropped."""
        h = self.house(96)
        with tempfile.TemporaryDirectory() as folder:
            self.archive(os.path.join(folder, "mye.zip"))
            with open(os.path.join(folder, "mye.zip"), "rb") as file:
                data = file.read()
        filler = self.fill(h, 24 * MIB)
        # At once: what lies still for a moment is taken as it is by then.
        with open(os.path.join(h.inbox(), "mye.zip"), "wb", 0) as file:
            file.write(data)
        h.wait_for(lambda: self.troubles(h), 30, "it is told")
        self.waits_alone(h, "mye.zip")
        self.assertEqual([i["not_whole"] for i in
                          h.rows("status")[0]["slused"]["inlets"]], [0, 0])
        os.unlink(filler)
        self.goes_on(h, 10)
        self.taken(h, 11)

    def test_somebody_fills_the_disk(self):
        """slused waits where it is, says so, and goes on."""
        for floor in (0, FLOOR):
            with self.subTest(floor=floor):
                self.full_between(self.house(64, floor=floor))

    def full_between(self, h):
        for _ in range(3):
            self.letter(h)
        self.wait_done(h, 3)
        pid = self.pid(h)
        filler = self.fill(h, 1 * MIB)
        for _ in range(10):
            self.letter(h)
        h.wait_for(lambda: self.troubles(h), 10, "it is told")
        self.fill_up(h)
        time.sleep(4)
        row = self.troubles(h)[0]
        self.assertEqual(row["reason"], "disk_full")
        self.assertIn("nothing is written", row["text"])
        self.assertFalse(h.rows("status")[0]["slused"]["intake"])
        self.assertIn("LACKS  slused: the disk of the database is full",
                      h.sluse("status").stdout)
        self.assertEqual(self.done(h), 3)
        no = h.sluse("stop-in", "--why", "prøve", check=False)
        self.assertEqual(no.returncode, 4, no.stderr)
        self.assertIn("the disk is full", no.stderr)
        before, begun = self.ticks(h), time.monotonic()
        time.sleep(3)
        used = (self.ticks(h) - before) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, (time.monotonic() - begun) / 4)
        self.assertEqual(self.pid(h), pid)
        os.unlink(filler)
        os.unlink(os.path.join(h.root, "filler-2"))
        self.wait_done(h, 13)
        self.assertEqual(self.troubles(h), [])
        self.assertEqual(len(self.log_lines(h, "nothing is written")), 1)
        self.assertEqual(self.log_lines(h, "is started again"), [])
        h.check_whole(self)

    def test_nothing_by_itself_on_a_full_disk(self):
        """A step of the clock and the files that decide over the post are told
        once there is room."""
        h = self.house(64, start=False)
        clock = os.path.join(h.root, "clock")
        h.start(env={"SLUSE_TEST_CLOCK": clock})
        filler = self.fill(h, 1 * MIB)
        self.letter(h)  # that it looks at the disk
        h.wait_for(lambda: self.log_lines(h, "nothing is written"), 10,
                   "it is told")
        looked = len(self.log_lines(h, "looked through"))
        with open(clock, "w", encoding="ascii") as file:
            file.write("3600\n")
        time.sleep(12)  # the watchdog is served each ten seconds
        self.assertEqual(self.log_lines(h, "stepped"), [])
        self.assertEqual(len(self.log_lines(h, "looked through")), looked)
        os.unlink(filler)
        h.wait_for(lambda: self.log_lines(h, "stepped") and
                   self.log_lines(h, "looked through"), 15, "told")
        h.wait_quiet(20, 1)
        self.assertEqual([e["event"] for e in h.rows("journal", "list")
                          if e["event"] == "clock_stepped"], ["clock_stepped"])
        h.check_whole(self)

    def fill_up(self, h):
        """To the last block."""
        with open(os.path.join(h.root, "filler-2"), "wb", 0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_full_in_the_middle_of_a_commit(self):
        """What was not written is taken again, by the same process, and it is
        not tried without a pause; also where only our share of it is full."""
        for error in ("ENOSPC", "EDQUOT"):
            with self.subTest(error=error):
                self.full_in_commit(self.house(64), error)

    def full_in_commit(self, h, error):
        self.letter(h)
        self.wait_done(h, 1)
        pid = self.pid(h)
        trace = strace_of(
            self, pid, "-e", "trace=pwrite64", "-e",
            "inject=pwrite64:error=" + error, "-P",
            os.path.join(h.root, "db", "sluse.db-wal"))
        for _ in range(5):
            self.letter(h)
        h.wait_for(lambda: self.log_lines(h, "the disk is full"), 20,
                   "it is said")
        time.sleep(8)
        tries = len(self.log_lines(h, "the disk is full"))
        self.assertLessEqual(tries, 4)
        trace.terminate()
        trace.wait()
        self.wait_done(h, 6, 60)
        self.assertEqual(self.pid(h), pid)
        self.assertEqual(self.log_lines(h, "slused ended"), [])
        h.check_whole(self)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_ended_on_a_full_disk(self):
        """At once, also where a wait was broken off by another signal before."""
        h = self.house(64)
        h.stop()
        filler = self.fill(h, KEEP // 2)
        h.start(wait=False)
        h.wait_for(lambda: self.log_lines(h, "waits for room"), 10, "it waits")
        pid = self.pid(h)
        strace_of(self, pid, "-e", "trace=?poll,?ppoll", "-e",
                  "inject=?poll,?ppoll:error=EINTR:when=1")
        time.sleep(2)  # a look each second
        os.kill(pid, signal.SIGTERM)
        h.wait_for(lambda: ("slused", pid) not in h.pids("slused"), 2, "ended")
        os.unlink(filler)

    def test_started_on_a_full_disk(self):
        """It waits, says so, and can be ended."""
        h = self.house(64)
        self.letter(h)
        self.wait_done(h, 1)
        before = self.pid(h)
        h.stop()
        filler = self.fill(h, KEEP // 2)
        h.start(wait=False)
        h.wait_for(lambda: h.pids("slused") not in ([], [("slused", before)]),
                   10, "it runs")
        h.wait_for(lambda: self.log_lines(h, "waits for room"), 10, "it waits")
        said = h.sluse("status").stdout
        self.assertIn("slused waits for room on the disk", said)
        row, = h.rows("status")
        self.assertIsNone(row["slused"])
        self.assertTrue(row["no_room"])
        os.kill(self.pid(h), signal.SIGTERM)
        h.wait_for(lambda: len(self.log_lines(h, "waits for room")) > 1, 20,
                   "it ended, and was started again")
        os.unlink(filler)
        self.letter(h)
        self.wait_done(h, 2)
        self.assertFalse(h.rows("status")[0]["no_room"])
        h.check_whole(self)


if __name__ == "__main__":
    unittest.main()
