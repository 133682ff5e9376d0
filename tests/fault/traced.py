"""slused under strace, one injection at a time, over the life of one item."""
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crew  # noqa: E402

LANES = 3  # a life is mostly waiting


class Strace:
    """slused under strace with one injection; text() has the calls."""

    def __init__(self, house, calls, inject=None):
        self.house = house
        self.folder = tempfile.mkdtemp(prefix="sluse-strace-")
        self.log = os.path.join(self.folder, "log")
        prefix = ["strace", "-f", "-y", "-qq", "-o", self.log,
                  "-e", "trace=" + ",".join(calls)]
        if inject:
            prefix += ["-e", "inject=" + inject]
        self.child = house.start_one("slused", prefix)

    def text(self):
        try:
            with open(self.log, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def over(self):
        return self.child.poll() is not None

    def close(self):
        """Result: how slused ended by itself, or None if it did not."""
        code = self.child.poll()
        self.house.kill_one("slused")
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


class Lane:
    """One instance and the items that it takes, one for every point."""

    def __init__(self, test):
        self.crew = crew.Crew(target="webhook")
        test.addCleanup(self.crew.close)
        self.number = 0

    def down(self):
        self.crew.held_down.add("slused")
        self.crew.kill_one("slused")
        self.crew.running.pop("slused", None)

    def up(self):
        self.crew.held_down.discard("slused")

    def tend_peers(self):
        for name in self.crew.names[1:]:
            self.crew.tend_one(name)

    def drop(self):
        self.number += 1
        self.crew.drop_letter(self.number)

    def done(self):
        return self.crew.count_done() >= self.number and \
            not self.crew.unfiled()

    def ready(self):
        return len(self.crew.programs()) >= len(self.crew.names) - 1

    def startup_count(self, call):
        """Calls of this kind that a start surely makes before slused is ready:
        not the lists of the day, which a timer writes now before, now after."""
        self.down()
        trace = Strace(self.crew, [call])
        try:
            self.crew.wait_up()
            return len(re.findall(r"(?m)^\d+ +%s\((?!.*Kvitteringer)" % call,
                                  trace.text()))
        finally:
            trace.close()
            self.down()
            self.up()


class Lives(unittest.TestCase):
    """Tasks, each in the next lane that has time."""

    @classmethod
    def setUpClass(cls):
        if shutil.which("strace") is None:
            raise unittest.SkipTest("strace is not installed")
        probe = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"],
                               stderr=subprocess.PIPE, timeout=10)
        if probe.returncode != 0:
            raise unittest.SkipTest("strace may not trace here: %s" %
                                    probe.stderr.decode().strip())

    def in_lanes(self, work, tasks):
        """work(lane, *task) for every task, each followed by a look at the end
        state of its lane. Result: [(task, seconds, what work said)], and how
        many items there were. What goes wrong in a lane is raised here."""
        todo, said, wrong = queue.Queue(), [], []
        for task in tasks:
            todo.put(task)

        def go(lane):
            try:
                while not wrong:
                    task = todo.get_nowait()
                    began = time.monotonic()
                    answer = work(lane, *task)
                    lane.crew.check_end(self)
                    said.append((task, time.monotonic() - began, answer))
            except queue.Empty:
                pass
            except BaseException as error:
                wrong.append(error)
        lanes = [Lane(self) for _ in range(min(LANES, len(tasks)))]
        threads = [threading.Thread(target=go, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise wrong[0]
        return said, sum(lane.number for lane in lanes)
