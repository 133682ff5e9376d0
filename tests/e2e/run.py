#!/usr/bin/env python3
"""`make run` says what stands in its way and ends; Ctrl-C ends it cleanly."""
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
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

    def test_not_whole(self):
        """A PDF that is cut off waits in Inn: it is named, not waited for; and
        SIGINT ends it quietly where a shell had it ignored."""
        with open(os.path.join(TOP, "spool", "demo",
                               "10-uten-holdepunkt.pdf"), "rb") as file:
            cut = file.read()[:-400]
        with open(os.path.join(TOP, "spool", "demo", "MANIFEST.json"),
                  encoding="utf-8") as file:
            manifest = json.load(file)
        child = subprocess.Popen(
            [sys.executable, "-u", RUN, "--root", self.root, "--build", BUILD],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        late = threading.Timer(90, child.terminate)
        late.start()
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        self.addCleanup(late.cancel)
        inn = os.path.join(self.root, "spool",
                           manifest["queues"][0]["name"], "Inn")
        end = time.monotonic() + 30
        while not os.path.isdir(inn) and time.monotonic() < end:
            time.sleep(0.1)
        with open(os.path.join(self.root, "run", "dropped"), "w") as file:
            file.write("\n".join(item["id"] for item in manifest["items"]))
        with open(os.path.join(inn, "avkuttet.pdf"), "wb") as file:
            file.write(cut)
        said = ""
        for line in child.stdout:
            said += line
            if "Still watching" in line:
                break
        self.assertIn("not whole yet", said)
        self.assertIn("avkuttet.pdf", said)
        end = time.monotonic() + 20
        told = []
        while 1 not in told and time.monotonic() < end:
            status = json.loads(subprocess.run(
                [os.path.join(BUILD, "bin", "sluse"), "--root", self.root,
                 "--json", "status"], stdout=subprocess.PIPE).stdout)
            told = [i["not_whole"] for i in status["slused"]["inlets"]]
        self.assertEqual(sorted(told), [0] * (len(told) - 1) + [1])
        os.killpg(child.pid, signal.SIGINT)
        said += child.stdout.read()
        self.assertEqual(child.wait(30), 0, said)
        self.assertNotIn("does not run", said)
        self.assertIn("Stopped", said)


if __name__ == "__main__":
    unittest.main()
