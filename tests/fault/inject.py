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
import trial  # noqa: E402
import traced  # noqa: E402

CALLS = ("write", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate",
         "renameat", "renameat2", "linkat", "unlinkat", "mkdirat", "openat",
         "pread64")
FROM_READY = ("mkdirat", "openat", "pread64")
WRITE_STEP = 16
LEAST = 40
OPTIONS = {"calls": None, "verbose": False, "all": "SLUSE_FAULT_ALL" in os.environ}
LIFE_S = 60


def injected(trace):
    """What strace made fail: the line that tells of it, or nothing."""
    return "".join(line for line in trace.text().splitlines(True)
                   if "(INJ" in line)


def must_end(call, line):
    """After a sync that failed nobody knows what is on the disk."""
    return line and (call == "syncfs" or
                     ("sync(" in line and "-wal>" in line))


class Inject(traced.Lives):
    def one_life(self, lane, call, n, error):
        """"beyond", "completed", "ended" or "stuck"; and what was injected."""
        lane.down()
        trace = traced.Strace(lane.crew, [call], "%s:error=%s:when=%d" % (
            call, error, n))
        dropped, over = False, False
        end = time.monotonic() + LIFE_S
        try:
            while time.monotonic() < end:
                lane.tend_peers()
                over = trace.over()
                if over or (dropped and lane.done()):
                    break
                if not dropped and lane.ready():
                    lane.drop()
                    dropped = True
                time.sleep(0.005 if dropped else 0.03)
            # What is done may have been so before the fault: its end follows.
            while (not over and must_end(call, injected(trace)) and
                   time.monotonic() < end):
                time.sleep(0.02)
                over = trace.over()
            line = injected(trace)
        finally:
            code = trace.close()
            lane.down()
            lane.up()
        stuck = not over and not (dropped and lane.done())
        if not dropped:
            lane.drop()
        lane.crew.wait_for(lane.done, LIFE_S, "%s %d %s: done after restart" %
                           (call, n, error))
        if stuck:
            return "stuck", line
        if over and (code is None or code <= 0):
            return "ended with %s" % code, line
        return ("beyond" if not line else "ended" if over else "completed",
                line)

    def points(self, lane, call, error):
        """How often it went how, and what went wrong."""
        seen, bad = collections.Counter(), []
        n = 1
        if call in FROM_READY:
            n = max(1, lane.startup_count(call))
        step = WRITE_STEP if call in ("pwrite64", "pread64") and \
            not OPTIONS["all"] else 1
        first = n
        while True:
            how, line = self.one_life(lane, call, n, error)
            if how == "beyond":
                return seen, bad
            seen[how] += 1
            if OPTIONS["verbose"]:
                print("   ", call, n, error, how, line)
            # A sync that failed can never have been a success.
            if how == "completed" and must_end(call, line):
                how = "false success"
            if how not in ("completed", "ended"):
                bad.append((call, n, error, how, line))
                print("  BAD", bad[-1], flush=True)
            n += step
            self.assertLess(n, first + 600)

    def test_every_call(self):
        bad, total = [], collections.Counter()
        said, items = self.in_lanes(self.points, [
            (call, error) for call in OPTIONS["calls"] or CALLS
            for error in ("EIO", "ENOSPC")])
        for (call, error), seconds, (seen, wrong) in sorted(
                said, key=lambda row: row[0]):
            print("  %-10s %-6s %s %.1f s" % (call, error, dict(seen),
                                              seconds), flush=True)
            total.update(seen)
            bad += wrong
        print("  %d faults: %s; %d items" % (
            sum(total.values()), dict(total), items))
        self.assertEqual(bad, [])
        if not OPTIONS["calls"]:
            self.assertGreaterEqual(sum(total.values()), LEAST)

    def leave_claim(self, lane):
        """slused dies with an item claimed and not yet received."""
        lane.down()
        trace = traced.Strace(lane.crew, ["linkat"],
                              "linkat:signal=SIGKILL:when=1")
        end = time.monotonic() + LIFE_S
        dropped = False
        while not trace.over() and time.monotonic() < end:
            lane.tend_peers()
            if not dropped and lane.ready():
                lane.drop()
                dropped = True
            time.sleep(0.02)
        self.assertTrue(trace.over(), "never came to linkat")
        trace.close()
        lane.down()
        claims = os.path.join(os.path.dirname(lane.crew.inbox()), ".sluse")
        self.assertEqual(len(os.listdir(claims)), 1)

    def one_claim(self, lane, n):
        """A start that finds a claim, with EIO at its open number n."""
        self.leave_claim(lane)
        trace = traced.Strace(lane.crew, ["openat"],
                              "openat:error=EIO:when=%d" % n)
        end = time.monotonic() + LIFE_S
        while time.monotonic() < end and not trace.over() and \
                not lane.done():
            lane.tend_peers()
            time.sleep(0.02)
        over, line = trace.over(), injected(trace)
        code = trace.close()
        lane.down()
        lane.up()
        if over:
            self.assertNotEqual(code, 0)
        else:
            self.assertTrue(lane.done(), "openat %d: left lying: %s" % (
                n, line))
        lane.crew.wait_for(lane.done, LIFE_S, "openat %d" % n)
        return "beyond" if not line else "ended" if over else "completed"

    def test_claim_of_before(self):
        """EIO at each open of a start that finds a claim: nothing is left
        lying, and nobody needs to start slused once more."""
        if OPTIONS["calls"]:
            self.skipTest("not asked for")

        def every(lane, first):
            seen, n = collections.Counter(), first
            while True:
                how = self.one_claim(lane, n)
                if how == "beyond":
                    return seen
                seen[how] += 1
                n += traced.LANES
        said, _ = self.in_lanes(every, [
            (first + 1,) for first in range(traced.LANES)])
        seen = sum((row[2] for row in said), collections.Counter())
        print("  %d opens of a start with a claim: %s" % (
            sum(seen.values()), dict(seen)))
        self.assertGreater(sum(seen.values()), 0)


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
    if len(sys.argv) == 1:
        trial.run_all()
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)


if __name__ == "__main__":
    main()
