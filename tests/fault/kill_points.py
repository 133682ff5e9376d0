#!/usr/bin/env python3
"""Kill slused before and after every rename, unlink, link, mkdir, sync and
commit of one item's life; start it again: the end state is always the same.

slused runs under strace.  For "before", strace sends SIGKILL as the Nth call
of a kind is entered, and the kernel leaves the call undone; for "after", strace
stops slused as the call returns, and we kill it there.  N goes up until an
item's whole life passes without the Nth call.  A commit is the pwrite64 and
fdatasync of the database's log: its points are among those of fdatasync, and
writes to the database and its log are points too: every 16th, or with --all
(or SLUSE_FAULT_ALL in the environment) each.

usage: kill_points.py [--all] [--calls a,b,...]
"""
import argparse
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import traced  # noqa: E402

# Kinds of call, each with the fewest points that one item's life must hold.
# Raise a number when the road grows longer; lowering one needs a reason.
CALLS = {
    "mkdir": 8, "mkdirat": 2,  # a folder that is there is opened, not made
    "rename": 0, "renameat": 2, "renameat2": 0,
    "link": 0, "linkat": 1,
    "unlink": 1, "unlinkat": 1,
    "fsync": 0, "fdatasync": 6, "syncfs": 1,
    "pwrite64": 8,
}
LEAST = 72  # points in all; how commits group varies by a few
WRITE_STEP = 16
OPTIONS = {"calls": None, "all": "SLUSE_FAULT_ALL" in os.environ}
LIFE_S = 120


class KillPoints(traced.Lives):
    def one_life(self, lane, call, n, after):
        """True if slused died at the point; the item is done either way."""
        how = "delay_exit=20000000" if after else "signal=SIGKILL"
        lane.down()
        trace = traced.Strace(lane.crew, CALLS,
                              "%s:%s:when=%d" % (call, how, n))
        hit, dropped = False, False
        end = time.monotonic() + LIFE_S
        try:
            while True:
                lane.tend_peers()
                hit = "(DELAYED)" in trace.text() if after else trace.over()
                if hit or (dropped and lane.done()):
                    break
                if not dropped and lane.ready():
                    lane.drop()
                    dropped = True
                self.assertLess(time.monotonic(), end, "%s %d: no end" %
                                (call, n))
                time.sleep(0.005 if dropped else 0.03)
        finally:
            trace.close()
            lane.down()
            lane.up()
        if not dropped:
            lane.drop()
        lane.crew.wait_for(lane.done, LIFE_S, "%s %d %s: done after restart" %
                           (call, n, "after" if after else "before"))
        return hit

    def points(self, lane, call, after):
        """How many points of the kind there are."""
        # Of the 256 folders of the store, found there at each start, none.
        first = max(1, lane.startup_count(call)) if call == "mkdirat" else 1
        step = 1 if OPTIONS["all"] or call != "pwrite64" else WRITE_STEP
        n, hits = first + step // 2 * after, 0
        while self.one_life(lane, call, n, after):
            hits += 1
            n += step
            self.assertLess(n, first + 600)
        return hits

    def test_every_point(self):
        asked = [call for call in CALLS
                 if not OPTIONS["calls"] or call in OPTIONS["calls"]]
        said, items = self.in_lanes(self.points, [
            (call, after) for call in asked for after in (False, True)])
        hits = {task: n for task, _, n in said}
        for (call, after), seconds, n in sorted(said):
            print("  %-10s %3d %-6s %5.1f s" % (
                call, n, "after" if after else "before", seconds), flush=True)
        print("  %d points hit, %d items" % (sum(hits.values()), items))
        short = {task: n for task, n in hits.items() if n < CALLS[task[0]]}
        self.assertEqual(short, {}, "fewer points than there were")
        if not OPTIONS["calls"]:
            self.assertGreaterEqual(sum(hits.values()), LEAST)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=lambda s: s.split(","))
    parser.add_argument("--all", action="store_true",
                        default=OPTIONS["all"])
    OPTIONS.update(vars(parser.parse_args()))
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
