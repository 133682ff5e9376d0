#!/usr/bin/env python3
"""Every file of the shared sample folders through the whole road.

`make check-long`: drops each file into a Sluse of its own with a webhook as its
target, a few at a time, and waits until each has a verdict: delivered, held for
a person, quarantined, broken, or refused at the door. Fails if slused dies, if
a file gets no verdict, or if the time is up; prints how many ended how, and how
long it took from drop to verdict.

Samples: $SLUSE_SHARED (../shared beside the checkout), its data/ and corpus/.
Without them there is nothing to do, which is said and is no failure.
"""
import argparse
import collections
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
import house  # noqa: E402

SHARED = os.environ.get("SLUSE_SHARED", os.path.join(TOP, "..", "shared"))
# The road is what is tried here, not the patience of whoever waits: OCR stops
# after a few pages of a document, and a task after a third of its usual time.
LIMITS = """
cpu = 20s
wall = 45s
[ocr]
pages_max = 2
page_cpu = 15s
page_wall = 40s
"""
# Such names are left alone for good: what they end in is somebody's sign that
# he is still writing.
UNFINISHED = (b".tmp", b".part", b".partial", b".filepart", b".crdownload")
# One row a consignment that is not under way any more.
ENDED = """
SELECT c.name_raw, ds.name, coalesce(c.reason, ''), c.entries FROM consignment c
JOIN disposition ds ON ds.number = c.disposition
WHERE NOT (c.disposition IN (10, 20) AND c.stage < 50) AND NOT EXISTS (
    SELECT 1 FROM entry e WHERE e.consignment = c.id
    AND e.disposition IN (10, 20))
"""
ENTRIES = """
SELECT d.name, coalesce(e.reason, ''), count(*) FROM entry e
JOIN disposition d ON d.number = e.disposition GROUP BY 1, 2
"""


def samples():
    found = []
    for name in ("data", "corpus"):
        top = os.path.join(SHARED, name)
        if not os.path.isdir(top):
            print("no %s: skipped" % top)
            continue
        for folder, _, files in os.walk(top):
            found += [os.path.join(folder, file) for file in files]
    return sorted(found)


def drop_name(number, path):
    """Its own name, with a number before it: many have the same."""
    raw = os.path.basename(os.fsencode(path))
    stem, ext = os.path.splitext(raw)
    if ext.lower() in UNFINISHED:
        ext += b"_"
    return b"%05d " % number + stem[:160] + ext[:40]


class Run:
    def __init__(self, home, window, minutes):
        self.home, self.window = home, window
        self.end = time.monotonic() + 60 * minutes
        self.waiting = {}   # name as dropped -> (path, when)
        self.took = []      # (seconds, path)
        self.verdicts = collections.Counter()
        self.problems = []
        self.slused = dict(home.pids()).get("slused")

    def drop(self, number, path):
        name = drop_name(number, path)
        self.waiting[name] = (path, time.monotonic())
        box = os.fsencode(self.home.inbox())
        self.home.drop(path, name=".part")
        os.rename(os.path.join(box, b".part"), os.path.join(box, name))

    def end_of(self, name, verdict):
        path, since = self.waiting.pop(name)
        self.took.append((time.monotonic() - since, path))
        self.verdicts[verdict] += 1

    def look(self):
        """Takes every verdict that is there; False if slused is not."""
        for raw, disposition, reason, entries in self.home.query(ENDED):
            raw = raw if isinstance(raw, bytes) else raw.encode()
            if raw in self.waiting:
                self.end_of(raw, (disposition, reason or (
                    "" if entries else "no entry")))
        for folder in self.refusals():
            for name in [name for name in self.waiting if name in folder]:
                self.end_of(name, ("refused", ""))
        if dict(self.home.pids()).get("slused") != self.slused or \
                not os.path.exists("/proc/%d" % self.slused):
            self.problems.append("slused died")
            return False
        return True

    def refusals(self):
        """Names of what lies in the folder of refused post (Stoppet)."""
        top = os.path.join(self.home.root, "spool", self.home.queues[0],
                           "Stoppet")
        for folder, folders, files in os.walk(os.fsencode(top)):
            yield b"\n".join([folder] + folders + files)

    def all(self, paths):
        todo = list(enumerate(paths))
        total, said = len(todo), 0
        while todo or self.waiting:
            while todo and len(self.waiting) < self.window:
                self.drop(*todo.pop(0))
            time.sleep(0.1)
            if not self.look():
                return
            if len(self.took) >= said + 250:
                said = len(self.took)
                print("%d of %d" % (said, total), flush=True)
            if time.monotonic() > self.end:
                self.problems.append("time is up: %d not dropped" % len(todo))
                return


def report(run, home, began):
    took = sorted(run.took)
    print("files with a verdict: %d in %d s" % (len(took),
                                                time.monotonic() - began))
    for (disposition, reason), n in sorted(run.verdicts.items()):
        print("  consignment %-12s %-28s %6d" % (disposition, reason, n))
    for disposition, reason, n in home.query(ENTRIES):
        print("  entry       %-12s %-28s %6d" % (disposition, reason, n))
    if took:
        print("drop to verdict: p50 %.1f s, p99 %.1f s, longest %.1f s (%s)" % (
            took[len(took) // 2][0], took[len(took) * 99 // 100][0],
            took[-1][0], os.path.basename(took[-1][1])))
        for seconds, path in took[:-6:-1]:
            print("  slow: %.1f s %s" % (seconds, os.path.relpath(path, SHARED)))
    for name, (path, since) in run.waiting.items():
        run.problems.append("no verdict in %.0f s: %s" % (
            time.monotonic() - since, os.path.relpath(path, SHARED)))


def main():
    option = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    option.add_argument("--minutes", type=float, default=20)
    option.add_argument("--window", type=int, default=24,
                        help="files under way at once")
    option.add_argument("--sample", type=int, default=0,
                        help="so many files only, picked evenly")
    option.add_argument("--root", help="keep the instance here")
    options = option.parse_args()
    paths = samples()
    if not paths:
        print("nothing to do")
        return 0
    # the slow kinds lie together; the order is the same each time
    random.Random(1).shuffle(paths)
    if options.sample:
        paths = paths[:options.sample]
    began = time.monotonic()
    with house.House(target="webhook", queues=("Skannet post",), limits=LIMITS,
                     root=options.root, ocr=True) as home:
        run = Run(home, options.window, options.minutes)
        run.all(paths)
        report(run, home, began)
        done = home.sluse("journal", "verify", check=False)
        if done.returncode != 0:
            run.problems.append("journal: " + done.stdout + done.stderr)
        if run.problems:
            home.print_log(30)
    for problem in run.problems:
        print("not ok:", problem)
    print("%d passed, %d failed" % (len(run.took), len(run.problems)))
    return 1 if run.problems else 0


if __name__ == "__main__":
    sys.exit(main())
