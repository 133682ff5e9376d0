#!/usr/bin/env python3
"""`make run` says what stands in its way and ends; Ctrl-C ends it cleanly."""
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from house import BUILD, TOP

RUN = os.path.join(TOP, "tests", "demo", "run.py")


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluse-run-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.root = os.path.join(self.folder, "run")

    def run_once(self, seconds=120):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, RUN, "--root", self.root, "--build", BUILD, "--once"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds)
        return done.returncode, done.stdout, time.monotonic() - began

    def interrupt(self):
        """As `make run` from a Makefile, on a terminal, while post moves."""
        makefile = os.path.join(self.folder, "Makefile")
        with open(makefile, "w") as file:
            file.write("run:\n\t@%s %s --root %s --build %s\n" % (
                sys.executable, RUN, self.root, BUILD))
        child, fd = pty.fork()
        if child == 0:
            os.execvp("make", ["make", "-f", makefile, "run"])
        said, sent = b"", False
        end = time.monotonic() + 150
        while time.monotonic() < end:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            said += piece
            if b"on the road" in said and not sent:
                os.write(fd, b"\x03")
                sent = True
        status = os.waitpid(child, 0)[1]
        os.close(fd)
        self.assertTrue(sent, said)
        return status, said.decode(errors="replace")

    def test_ctrl_c_and_then_the_secrets_are_gone(self):
        status, said = self.interrupt()
        self.assertNotIn("***", said)
        self.assertIn("Stopped", said)
        # make itself ends by the signal it got, or with 0.
        self.assertTrue(status == 0 or os.WTERMSIG(status) == signal.SIGINT
                        or os.WEXITSTATUS(status) == 130, status)
        # The key of the log is gone: slused runs, and does nothing.
        secrets = os.path.join(self.root, "secrets")
        os.rename(os.path.join(secrets, "journal-key"),
                  os.path.join(secrets, "away"))
        with open(os.path.join(self.root, "run", "dropped"), "w"):
            pass  # it would drop all once more
        status, said, seconds = self.run_once()
        self.assertEqual(status, 1, said)
        self.assertIn("nothing is taken in", said)
        self.assertIn("RESTORING", said)
        self.assertLess(seconds, 60)
        # The whole folder is gone.
        os.rename(secrets, secrets + ".away")
        status, said, seconds = self.run_once()
        self.assertEqual(status, 1, said)
        self.assertIn("the key that signed is gone", said)
        # slused cannot even start.
        with open(os.path.join(self.root, "sluse.conf"), "a") as file:
            file.write("[instance]\nsettel = 1s\n")
        status, said, seconds = self.run_once()
        self.assertEqual(status, 1, said)
        self.assertIn("slused does not run", said)
        self.assertIn("sluse.conf:", said)
        self.assertLess(seconds, 60)


if __name__ == "__main__":
    unittest.main()
