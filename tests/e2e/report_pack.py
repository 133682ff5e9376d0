#!/usr/bin/env python3
"""The supervision pack by its two processes: of one moment while others write, and
whole whatever becomes of one of them."""
import csv
import io
import re
import signal
import sqlite3
import subprocess
import threading
import unittest

from house import BIN, children, os, time, under_strace
from recount import Counted, run

# When each file was made.
MADE = re.compile(rb"\d\d\.\d\d\.20\d\d \d\d:\d\d|\"made\":\"[^\"]*\"|<made>[^<]*")
LINE = ("tilsynspakke", "--seed", "7")


def tree(folder):
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = MADE.sub(b"", file.read())
    return found


def is_there(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def pages(data):
    """Of all rows but that of all queues."""
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    at = lines[0].index("Sider")
    return sum(int(line[at] or 0) for line in lines[1:] if line[0] != "Alle køer")


class Pack(Counted):
    def begin(self, folder):
        """Of the program itself: sluse becomes it. Until there is a second."""
        made = subprocess.Popen([os.path.join(BIN, "sluse-report"), "--root",
                                 self.root, *LINE, folder],
                                stderr=subprocess.PIPE)
        self.addCleanup(made.stderr.close)
        second = []
        while not second and made.poll() is None:
            second = children(made.pid)
        self.assertEqual(len(second), 1, "it was made by one process")
        return made, second[0]

    def same(self, found, want, what):
        self.assertEqual(sorted(found), sorted(want))
        for name, data in want.items():
            self.assertEqual(found[name], data, (name, what))

    def test_second_dies(self):
        """At any time: the first does what it would have done."""
        whole = os.path.join(self.root, "whole")
        self.assertEqual(run(self.root, *LINE, whole).returncode, 0)
        want = tree(whole)
        self.assertIn("journalkontroll.csv", want)
        killed = 0
        for ms in (0, 2, 5, 10, 20, 40, 80):
            folder = os.path.join(self.root, "second-%d" % ms)
            made, second = self.begin(folder)
            time.sleep(ms / 1000)
            try:
                os.kill(second, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:  # it was done already
                pass
            self.assertEqual(made.wait(60), 0, made.stderr.read())
            self.same(tree(folder), want, ms)
        self.assertGreater(killed, 2)

    def test_line_breaks(self):
        """Neither waits for what the other could not say."""
        whole = os.path.join(self.root, "unbroken")
        self.assertEqual(run(self.root, *LINE, whole).returncode, 0)
        want = tree(whole)
        for when in range(1, 7):
            folder = os.path.join(self.root, "broken-%d" % when)
            made = subprocess.Popen(
                [*under_strace(self, "sendto:error=ENOBUFS:when=%d" % when),
                 os.path.join(BIN, "sluse-report"), "--root", self.root, *LINE,
                 folder], start_new_session=True)
            try:
                self.assertEqual(made.wait(30), 0)
            finally:
                if made.poll() is None:
                    os.killpg(made.pid, signal.SIGKILL)
                    made.wait()
            self.same(tree(folder), want, when)

    def watched(self, folder, *how):
        """Made with the second under strace, from where it waits for the first's
        first word: what it does then is the same every time."""
        made, second = self.begin(folder)
        made.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        trace = subprocess.Popen(
            ["strace", "-p", str(second), "-e", "trace=pread64", *how],
            stderr=subprocess.PIPE)
        self.addCleanup(trace.stderr.close)
        self.assertIn(b"attached", trace.stderr.readline())
        made.send_signal(signal.SIGCONT)
        self.assertEqual(made.wait(60), 0, made.stderr.read())
        trace.communicate(timeout=60)
        return tree(folder)

    def test_second_cannot_read(self):
        """Also where it looks whether there is anything to control."""
        under_strace(self, "pread64:error=EIO")  # may it trace?
        with sqlite3.connect(os.path.join(self.root, "db", "sluse.db")) as db:
            at = (db.execute("PRAGMA page_size").fetchone()[0] * (db.execute(
                "SELECT rootpage FROM sqlite_schema WHERE name = 'target_post'")
                .fetchone()[0] - 1))
        log = os.path.join(self.root, "reads")
        want = self.watched(os.path.join(self.root, "watched"), "-o", log)
        with open(log) as file:
            reads = [line.split(", ")[-1].split(")")[0] for line in file
                     if line.startswith("pread64(")]
        looks = reads.index(str(at)) + 1
        for when in range(looks - 1, looks + 2):
            found = self.watched(
                os.path.join(self.root, "unread-%d" % when), "-o", os.devnull,
                "-e", "inject=pread64:error=EIO:when=%d" % when)
            self.same(found, want, when - looks)

    def test_first_dies(self):
        """The second goes with it, and the next run writes the folder anew."""
        folder = os.path.join(self.root, "first")
        made, second = self.begin(folder)
        while made.poll() is None and not os.path.exists(
                os.path.join(folder, ".sluse-part")):
            pass
        made.kill()
        self.assertEqual(made.wait(60), -signal.SIGKILL)
        end = time.monotonic() + 20
        while is_there(second) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(is_there(second))
        self.assertNotIn("index.html", os.listdir(folder))
        done = run(self.root, *LINE, folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("index.html", os.listdir(folder))
        self.assertNotIn(".sluse-part", os.listdir(folder))

    def test_one_moment(self):
        """Pages are counted by the rows of parts in one process, by those of pages
        in the other, while both grow with each transaction."""
        root = self.changed()
        stop = threading.Event()
        written = []

        def write(pause):
            db = sqlite3.connect(os.path.join(root, "db", "sluse.db"),
                                 isolation_level=None, timeout=60)
            db.execute("PRAGMA synchronous=OFF")
            number = 100 + len(written)
            while not stop.is_set():
                number += 1
                db.executescript(
                    "BEGIN IMMEDIATE;"
                    "UPDATE part SET pages = pages + 1 WHERE id = 1;"
                    "INSERT INTO page SELECT 1, %d, version, source, confidence,"
                    " language, width, height, dpi, rotate, flags, reason, text,"
                    " boxes FROM page WHERE part = 1 AND number = 0; COMMIT"
                    % number)
                written.append(number)
                time.sleep(pause)
            db.close()

        def apart(folder):
            done = run(root, *LINE, folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = tree(folder)
            return (pages(found["lesekvalitet.csv"]) -
                    pages(found["mottaksprotokoll.csv"]))

        want = apart(os.path.join(root, "still"))
        for pause in (0, 0.001, 0.005):
            stop.clear()
            begun = len(written)
            writer = threading.Thread(target=write, args=(pause,))
            writer.start()
            try:
                for i in range(8):
                    folder = os.path.join(root, "pack-%s-%d" % (pause, i))
                    self.assertEqual(apart(folder), want, pause)
            finally:
                stop.set()
                writer.join()
            self.assertGreater(len(written), begun + 20)


if __name__ == "__main__":
    unittest.main()
