#!/usr/bin/env python3
"""Kill slused before and after every rename, unlink, link, mkdir, sync and
commit of one item's life; start it again: the end state is always the same.

slused runs under strace.  For "before", strace sends SIGKILL as the Nth call
of a kind is entered, and the kernel leaves the call undone; for "after", strace
stops slused as the call returns, and we kill it there.  N goes up until an
item's whole life passes without the Nth call.  A commit is the pwrite64 and
fdatasync of the database's log: its points are among those of fdatasync, and
every write to the database and its log is a point too.

usage: kill_points.py [--calls a,b,...]
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crew  # noqa: E402

# Kinds of call, each with the fewest points that one item's life must hold.
# Raise a number when the road grows longer; lowering one needs a reason.
CALLS = {
    "mkdir": 0, "mkdirat": 0,
    "rename": 0, "renameat": 0, "renameat2": 0,
    "link": 0, "linkat": 0,
    "unlink": 0, "unlinkat": 0,
    "fsync": 0, "fdatasync": 0, "syncfs": 0,
    "pwrite64": 0,
}
OPTIONS = {"calls": None}
LIFE_S = 30


class Strace:
    """slused under strace with one injection; `log` has the calls."""

    def __init__(self, house, inject=None, calls=tuple(CALLS)):
        self.house = house
        self.folder = tempfile.mkdtemp(prefix="sluse-strace-")
        self.log = os.path.join(self.folder, "log")
        prefix = ["strace", "-f", "-qq", "-o", self.log,
                  "-e", "trace=" + ",".join(calls)]
        if inject:
            prefix += ["-e", "inject=" + inject]
        house.start_one("slused", prefix)

    def text(self):
        try:
            with open(self.log, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def over(self):
        child = self.house.running["slused"]
        return child.poll() is not None

    def close(self):
        self.house.kill_one("slused")
        shutil.rmtree(self.folder, ignore_errors=True)


class KillPoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("strace") is None:
            raise unittest.SkipTest("strace is not installed")
        probe = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"],
                               stderr=subprocess.PIPE, timeout=10)
        if probe.returncode != 0:
            raise unittest.SkipTest("strace may not trace here: %s" %
                                    probe.stderr.decode().strip())

    def setUp(self):
        self.crew = crew.Crew(target="webhook")
        self.addCleanup(self.crew.close)
        self.number = 0

    def down(self):
        self.crew.held_down.add("slused")
        self.crew.kill_one("slused")
        self.crew.running.pop("slused", None)

    def up(self):
        self.crew.held_down.discard("slused")

    def drop(self):
        self.number += 1
        self.crew.drop_letter(self.number)

    def done(self):
        return self.crew.count_done() >= self.number and \
            not self.crew.unfiled()

    def startup_count(self, call):
        """Calls of this kind before slused is ready: those that only find
        the folders there are no points of an item's life."""
        self.down()
        trace = Strace(self.crew)
        try:
            self.crew.wait_up()
            return len(re.findall(r"(?m)^\d+ +%s\(" % call, trace.text()))
        finally:
            trace.close()
            self.down()
            self.up()

    def one_life(self, call, n, after):
        """True if slused died at the point; the item is done either way."""
        self.down()
        how = "delay_exit=20000000" if after else "signal=SIGKILL"
        trace = Strace(self.crew, "%s:%s:when=%d" % (call, how, n))
        hit, dropped = False, False
        end = time.monotonic() + LIFE_S
        try:
            while True:
                for name in self.crew.names[1:]:
                    self.crew.tend_one(name)
                hit = "(DELAYED)" in trace.text() if after else trace.over()
                if hit or (dropped and self.done()):
                    break
                if not dropped and len(self.crew.programs()) >= \
                        len(self.crew.names) - 1:
                    self.drop()
                    dropped = True
                self.assertLess(time.monotonic(), end, "%s %d: no end" %
                                (call, n))
                time.sleep(0.002 if dropped else 0.02)
        finally:
            trace.close()
            self.down()
            self.up()
        if not dropped:
            self.drop()
        self.crew.wait_for(self.done, LIFE_S, "%s %d %s: done after restart" %
                           (call, n, "after" if after else "before"))
        return hit

    def points(self, call):
        hits = collections.Counter()
        first = max(1, self.startup_count(call)) if call == "mkdirat" else 1
        for after in (False, True):
            n = first
            while self.one_life(call, n, after):
                hits[after] += 1
                n += 1
                self.assertLess(n, first + 400)
        return hits

    def test_every_point(self):
        short = []
        total = 0
        for call, least in CALLS.items():
            if OPTIONS["calls"] and call not in OPTIONS["calls"]:
                continue
            began = time.monotonic()
            hits = self.points(call)
            self.crew.check_end(self)
            print("  %-10s %3d before, %3d after, %.1f s" % (
                call, hits[False], hits[True], time.monotonic() - began),
                flush=True)
            total += sum(hits.values())
            if min(hits[False], hits[True]) < least:
                short.append("%s: %s, at least %d" % (call, dict(hits),
                                                      least))
        print("  %d points hit, %d items" % (total, self.number))
        self.assertEqual(short, [], "fewer points than there were")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=lambda s: s.split(","))
    OPTIONS.update(vars(parser.parse_args()))
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
