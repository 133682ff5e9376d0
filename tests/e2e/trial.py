"""What the end-to-end tests share: a limit of time for each test, letters that
say where they belong, and the questions every test ends with."""
import concurrent.futures
import faulthandler
import os
import signal
import subprocess
import sys
import time
import unittest

import house

LIMIT = 300  # seconds for one test, whatever happens
JOBS = 3
ID = r"^M\d\d-\d{6}-\d(\.\d+)?$"


class Late(Exception):
    pass


def on_alarm(_signal, _frame):
    raise Late("this test took more than its time")


class Trial(unittest.TestCase):
    limit = LIMIT

    def setUp(self):
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(self.limit)
        faulthandler.dump_traceback_later(self.limit + 40, exit=True)
        self.began = time.monotonic()
        self.addCleanup(faulthandler.cancel_dump_traceback_later)
        self.addCleanup(signal.alarm, 0)

    def house(self, **how):
        h = house.House(**how)
        self.addCleanup(self.end, h)
        return h

    def end(self, h):
        signal.alarm(0)
        outcome = getattr(self, "_outcome", None)
        result = getattr(outcome, "result", None)
        bad = result is not None and any(
            test is self for test, _ in result.errors + result.failures)
        if bad and os.environ.get("SLUSE_TEST_KEEP"):
            h.keep = True
            print("kept:", h.root)
        h.close()
        sys.stderr.write("(%.1f s) " % (time.monotonic() - self.began))

    # -- asking ---------------------------------------------------------------
    @staticmethod
    def by_name(h, name, *args):
        return [row for row in h.rows("list", *args) if row["name"] == name]

    def one(self, h, name):
        rows = self.by_name(h, name)
        self.assertEqual(len(rows), 1, (name, rows))
        return rows[0]

    def until(self, h, name, seconds=20, **want):
        """The item of that name, once its members are as wanted."""
        def look():
            rows = self.by_name(h, name)
            return rows and all(
                rows[0][k] == v for k, v in want.items()) and rows[0]
        try:
            return h.wait_for(look, seconds, "%s %s" % (name, want))
        except AssertionError:
            raise AssertionError("%s: want %s, is %s" % (
                name, want, self.by_name(h, name))) from None

    @staticmethod
    def slused(h):
        return h.pids("slused")[0][1]

    def refused(self, h, *args, code=4, says=None):
        """The command says no, in words, and prints nothing else."""
        done = h.sluse("--json", *args, check=False)
        self.assertEqual(done.returncode, code, (args, done.stdout,
                                                 done.stderr))
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("sluse: "), done.stderr)
        if says is not None:
            self.assertIn(says, done.stderr)

    def problems(self, h):
        """What is wrong with what the target holds."""
        state = h.posts()
        if h.target == "noark5":
            self.assertEqual(state["doubles"], [])
            return [p for p in state["journalposts"] if p["problems"]]
        return []


def letter(n, case="2026/87"):
    return ("Testvik kommune\n\nDeres ref: %s\n\nSøknad nummer %d\n\n"
            "Med hilsen\nKari Nordmann\n" % (case, n)).encode()


def busy(pid, seconds=1.0):
    """Share of a processor the process uses, and its wake-ups a second."""
    def look():
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            row = file.read().rsplit(")", 1)[1].split()
        ticks = int(row[11]) + int(row[12])
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            waked = [int(line.split()[1]) for line in file
                     if line.startswith("voluntary_ctxt_switches")][0]
        return ticks, waked
    a = look()
    time.sleep(seconds)
    b = look()
    hz = os.sysconf("SC_CLK_TCK")
    return (b[0] - a[0]) / hz / seconds, (b[1] - a[1]) / seconds


def is_calm(pid, share, wakes, tries=10):
    """Does the process come to rest? What was under way may end first; what
    spins never comes to rest."""
    for _ in range(tries):
        last = busy(pid, 2)
        if last[0] < share and last[1] < wakes:
            return True
    print("never calm: %.2f of a processor, %.1f wake-ups a second" % last,
          flush=True)
    return False


def named():
    """The tests of the program, as its arguments name them."""
    todo, names = [unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])], []
    for suite in todo:
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                todo.append(test)
            else:
                names.append(test.id().split(".", 1)[1])
    return names


def run_one(name):
    done = subprocess.run([sys.executable, sys.argv[0], name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0:
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    return done


def run_all():
    """Without arguments: every test in a process of its own, some at a time,
    since most of a test is waiting. Each prints a summary."""
    if len(sys.argv) > 1:
        unittest.main(module="__main__", verbosity=2)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        bad = [done for done in pool.map(run_one, named()) if done.returncode]
    for done in bad:  # what went wrong comes last
        sys.stdout.buffer.write(done.stdout)
    sys.stdout.flush()
    sys.exit(1 if bad else 0)


__all__ = ["Trial", "letter", "busy", "is_calm", "run_all", "ID"]
