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
OPTIONS = {"calls": None, "all": "SLUSE_FAULT_ALL" in os.environ}
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=lambda s: s.split(","))
    parser.add_argument("--all", action="store_true",
                        default=OPTIONS["all"])
    options, rest = parser.parse_known_args()
    OPTIONS.update(vars(options))
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)


if __name__ == "__main__":
    main()
