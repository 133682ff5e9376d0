#!/usr/bin/env python3
"""EIO and ENOSPC at every write, sync, rename, link, mkdir and open of slused
while one item passes: the item completes, or slused ends with a status that is
not zero and completes it after a restart without faults.  Never lost, never
doubled, never a false success.  Also a full small file system and one that can
only be read, where mounting is allowed.

usage: inject.py [--all] [--calls a,b,...] [Inject.test_...]
Of the writes of the database every 16th is hit, with --all (or
SLUSE_FAULT_ALL in the environment) each.
"""
import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crew  # noqa: E402
import traced  # noqa: E402

CALLS = ("write", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate",
         "renameat", "renameat2", "linkat", "unlinkat", "mkdirat", "openat",
         "pread64")
FROM_READY = ("mkdirat", "openat", "pread64")
WRITE_STEP = 16
LEAST = 40
OPTIONS = {"calls": None, "verbose": False, "all": "SLUSE_FAULT_ALL" in os.environ}
LIFE_S = 20


class Inject(traced.Lives):
    def one_life(self, call, n, error):
        """"beyond", "completed", "ended" or "stuck"."""
        self.down()
        trace = traced.Strace(self.crew, [call], "%s:error=%s:when=%d" % (
            call, error, n))
        dropped, over = False, False
        end = time.monotonic() + LIFE_S
        try:
            while time.monotonic() < end:
                self.tend_peers()
                over = trace.over()
                if over or (dropped and self.done()):
                    break
                if not dropped and self.ready():
                    self.drop()
                    dropped = True
                time.sleep(0.002 if dropped else 0.02)
            # What is done may have been so before the fault: its end follows.
            end = time.monotonic() + 2
            while (not over and "sync" in call and
                   "(INJECTED)" in trace.text() and time.monotonic() < end):
                time.sleep(0.02)
                over = trace.over()
            hit = "(INJECTED)" in trace.text()
            line = [t for t in trace.text().splitlines() if "(INJ" in t]
        finally:
            code = trace.close()
            self.down()
            self.up()
        stuck = not over and not (dropped and self.done())
        if not dropped:
            self.drop()
        self.crew.wait_for(self.done, LIFE_S, "%s %d %s: done after restart" %
                           (call, n, error))
        self.crew.held_down.discard("slused")
        if stuck:
            return "stuck", line
        if over and (code is None or code <= 0):
            return "ended with %s" % code, line
        return ("beyond" if not hit else "ended" if over else "completed",
                line)

    def points(self, call, error, bad):
        seen = collections.Counter()
        n = 1
        if call in FROM_READY:
            n = max(1, self.startup_count(call))
        step = WRITE_STEP if call in ("pwrite64", "pread64") and \
            not OPTIONS["all"] else 1
        first = n
        while True:
            how, line = self.one_life(call, n, error)
            if how == "beyond":
                return seen
            seen[how] += 1
            if OPTIONS["verbose"]:
                print("   ", call, n, error, how, line)
            # A sync that failed can never have been a success.
            if how == "completed" and (call == "syncfs" or
                                       "sync(" in line[0] and
                                       "-wal>" in line[0]):
                how = "false success"
            if how not in ("completed", "ended"):
                bad.append((call, n, error, how, line))
                print("  BAD", bad[-1], flush=True)
            n += step
            self.assertLess(n, first + 600)

    def test_every_call(self):
        bad, total = [], collections.Counter()
        for call in OPTIONS["calls"] or CALLS:
            for error in ("EIO", "ENOSPC"):
                began = time.monotonic()
                seen = self.points(call, error, bad)
                total.update(seen)
                print("  %-10s %-6s %s %.1f s" % (
                    call, error, dict(seen), time.monotonic() - began),
                    flush=True)
            self.crew.check_end(self)
        print("  %d faults: %s; %d items" % (
            sum(total.values()), dict(total), self.number))
        self.assertEqual(bad, [])
        if not OPTIONS["calls"]:
            self.assertGreaterEqual(sum(total.values()), LEAST)

    def leave_claim(self):
        """slused dies with an item claimed and not yet received."""
        self.down()
        trace = traced.Strace(self.crew, ["linkat"],
                              "linkat:signal=SIGKILL:when=1")
        end = time.monotonic() + LIFE_S
        dropped = False
        while not trace.over() and time.monotonic() < end:
            self.tend_peers()
            if not dropped and self.ready():
                self.drop()
                dropped = True
            time.sleep(0.005)
        self.assertTrue(trace.over(), "never came to linkat")
        trace.close()
        self.down()
        claims = os.path.join(os.path.dirname(self.crew.inbox()), ".sluse")
        self.assertEqual(len(os.listdir(claims)), 1)

    def test_claim_of_before(self):
        """EIO at each open of a start that finds a claim: nothing is left
        lying, and nobody needs to start slused once more."""
        if OPTIONS["calls"]:
            self.skipTest("not asked for")
        seen = collections.Counter()
        n = 1
        while True:
            self.leave_claim()
            trace = traced.Strace(self.crew, ["openat"],
                                  "openat:error=EIO:when=%d" % n)
            end = time.monotonic() + LIFE_S
            while time.monotonic() < end and not trace.over() and \
                    not self.done():
                self.tend_peers()
                time.sleep(0.01)
            over, text = trace.over(), trace.text()
            code = trace.close()
            self.down()
            self.up()
            if not over:
                self.assertTrue(self.done(), "openat %d: left lying: %s" % (
                    n, [t for t in text.splitlines() if "(INJ" in t]))
            else:
                self.assertNotEqual(code, 0)
            self.crew.wait_for(self.done, LIFE_S, "openat %d" % n)
            if "(INJECTED)" not in text:
                break
            seen["ended" if over else "completed"] += 1
            n += 1
        self.crew.check_end(self)
        print("  %d opens of a start with a claim: %s" % (n - 1, dict(seen)))


class Disks(unittest.TestCase):
    """File systems of their own below an instance."""

    def mount(self, folder, *options):
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs",
             folder], stderr=subprocess.PIPE, timeout=10)
        if done.returncode != 0:
            raise unittest.SkipTest("cannot mount here: %s" %
                                    done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", folder], timeout=10)

    def remount(self, folder, how):
        return subprocess.run(["mount", "-o", "remount," + how, folder],
                              stderr=subprocess.DEVNULL,
                              timeout=10).returncode == 0

    def house(self, free, *parts):
        """An instance whose given folders lie on small file systems."""
        root = tempfile.mkdtemp(prefix="sluse-test-")
        self.addCleanup(shutil.rmtree, root, True)
        for part in parts:
            self.mount(os.path.join(root, part), "size=24m", "mode=0755")
        instance = crew.house.FAST.replace("free_space_min = 1M",
                                           "free_space_min = " + free)
        house = crew.Crew(target="webhook", root=root, instance=instance)
        self.addCleanup(house.close)
        return house

    def fill(self, folder):
        path = os.path.join(folder, "filler")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        os.write(fd, b"x" * size)
                except OSError:
                    pass
        finally:
            os.close(fd)
        return path

    def full(self, free, parts):
        """Full while letters come; then there is room again."""
        house = self.house(free, *parts)
        house.drop_letter(1)
        house.wait_done(20)
        filler = [self.fill(os.path.join(house.root, p)) for p in parts]
        for number in range(2, 22):
            house.drop_letter(number)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            house.tend()
            time.sleep(0.1)
        inside = house.count_done()
        self.assertLess(inside, 21, "everything passed a full disk")
        for path in filler:
            os.unlink(path)
        house.wait_done(60)
        house.check_end(self)
        ended = {key: n for key, n in house.ended.items()
                 if key[0] == "slused"}
        print("  full: %s, floor %s: %d of 21 done while full, 21 after; "
              "slused ended %s" % ("+".join(parts), free, inside, ended))
        self.assertNotIn(("slused", 0), house.ended)
        return house

    def test_full_store_with_floor(self):
        """The floor is met before the disk is full: slused just waits."""
        house = self.full("8M", ["store"])
        self.assertEqual([k for k in house.ended if k[0] == "slused"], [])

    def test_full_store_no_floor(self):
        self.full("0", ["store"])

    def test_full_database(self):
        self.full("0", ["db"])

    def test_read_only_store(self):
        house = self.house("0", "store")
        house.drop_letter(1)
        house.wait_done(20)
        store = os.path.join(house.root, "store")
        # Busy while slused or a child keeps an output file: found so at start.
        house.held_down.add("slused")
        house.kill_one("slused")
        house.wait_for(lambda: self.remount(store, "ro"), 10, "read-only")
        house.held_down.clear()
        for number in range(2, 7):
            house.drop_letter(number)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            house.tend()
            time.sleep(0.1)
        self.assertLessEqual(house.count_done(), 1)
        self.assertTrue(self.remount(store, "rw"))
        house.wait_done(60)
        house.check_end(self)
        print("  read-only store: nothing passed, 6 done after; slused "
              "ended %s" % {k: n for k, n in house.ended.items()
                            if k[0] == "slused"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=lambda s: s.split(","))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--all", action="store_true",
                        default=OPTIONS["all"])
    options, rest = parser.parse_known_args()
    OPTIONS.update(vars(options))
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)


if __name__ == "__main__":
    main()
