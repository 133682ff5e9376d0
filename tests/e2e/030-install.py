#!/usr/bin/env python3
"""What `make install` puts where, for whom to read, and that `make uninstall`
takes it away again and leaves an instance."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from house import BIN, TOP  # noqa: E402

PROGRAMS = {"sluse", "slused", "sluse-work", "sluse-ocr", "sluse-place",
             "sluse-push", "sluse-decrypt", "sluse-convert", "sluse-report",
             "sluse-depot"}


class Install(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sluse-test-")
        self.addCleanup(shutil.rmtree, self.root)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def run_one(self, *command):
        done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=120,
                              stderr=subprocess.STDOUT, text=True, umask=0o077)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])
        return done.stdout

    def make(self, target):
        # R: what is built already will do.
        self.run_one("make", "--no-print-directory", target, "WERROR=",
                     "R=" + os.path.dirname(BIN), "DESTDIR=" + self.root)

    def files(self):
        for folder, _, names in os.walk(self.root):
            for name in names:
                yield os.path.join(folder, name)

    def test_there_and_gone(self):
        self.make("install")
        found = set()
        for path in self.files():
            mode = stat.S_IMODE(os.lstat(path).st_mode)
            name = os.path.relpath(path, self.root)
            found.add(name)
            if os.path.islink(path):
                self.assertTrue(os.path.exists(path), name)
            else:
                program = os.path.dirname(name) == "usr/lib/sluse"
                self.assertEqual(oct(mode), oct(0o755 if program else 0o644),
                                 name)
        self.assertEqual({n[len("usr/lib/sluse/"):] for n in found
                          if os.path.dirname(n) == "usr/lib/sluse"}, PROGRAMS)
        for name in PROGRAMS:
            # These are called by people, the others by systemd.
            by_hand = name in ("sluse", "sluse-report", "sluse-depot")
            if not by_hand:
                self.assertIn("usr/lib/systemd/system/%s@.service" % name, found)
            self.assertIn("usr/share/man/man%d/%s.%d" % (
                (1, name, 1) if by_hand else (8, name, 8)), found)
        self.run_one(self.path("usr", "bin", "sluse"), "init",
                     self.path("var", "lib", "sluse", "prove"))
        self.make("uninstall")
        left = [path for path in self.files()
                if "/var/lib/sluse/prove/" not in path]
        self.assertEqual(left, [])
        self.assertTrue(os.path.exists(
            self.path("var", "lib", "sluse", "prove", "sluse.conf")))

    @unittest.skipIf(os.getuid() != 0, "needs root to make users' folders")
    @unittest.skipUnless(shutil.which("systemd-tmpfiles"), "no systemd-tmpfiles")
    def test_users_and_folders(self):
        self.make("install")
        os.makedirs(self.path("etc"))
        self.run_one("systemd-sysusers", "--root=" + self.root)
        self.run_one("systemd-tmpfiles", "--root=" + self.root, "--create",
                     "sluse.conf")
        with open(self.path("etc", "passwd"), encoding="utf-8") as file:
            user = [line for line in file if line.startswith("sluse-standard:")]
        self.assertEqual(len(user), 1)
        state = os.stat(self.path("var", "lib", "sluse", "standard"))
        self.assertEqual(state.st_uid, int(user[0].split(":")[2]))
        self.assertEqual(stat.S_IMODE(state.st_mode), 0o711)
        state = os.stat(self.path("run", "sluse", "root"))
        self.assertEqual((state.st_uid, stat.S_IMODE(state.st_mode)), (0, 0o755))


if __name__ == "__main__":
    unittest.main(verbosity=1)
