#!/usr/bin/env python3
"""Secrets as systemd hands them over: CREDENTIALS_DIRECTORY, and no other
folder."""
import os
import shutil
import subprocess
import tempfile
import unittest

from house import BIN, House
from sealed import Keys


class Credentials(unittest.TestCase):
    def setUp(self):
        self.house = House(start=False)
        self.addCleanup(self.house.close)
        self.secrets = os.path.join(self.house.root, "secrets")
        self.given = os.path.join(self.house.root, "given")
        os.mkdir(self.given, 0o700)

    def run_program(self, *args, given=None):
        env = dict(os.environ)
        env.pop("CREDENTIALS_DIRECTORY", None)
        if given is not None:
            env["CREDENTIALS_DIRECTORY"] = given
        done = subprocess.run([os.path.join(BIN, args[0]), *args[1:]], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_push(self):
        line = ("sluse-push", "--check", "--target", "arkiv", "--config",
                os.path.join(self.house.root, "sluse.conf"))
        self.assertEqual(self.run_program(*line)[0], 0)
        for name in os.listdir(self.secrets):
            os.rename(os.path.join(self.secrets, name),
                      os.path.join(self.given, name))
        self.assertEqual(self.run_program(*line)[0], 1)
        self.assertEqual(self.run_program(*line, given=self.given)[0], 0)
        # Another folder than the one it was given is not asked instead.
        os.rmdir(self.secrets)
        os.rename(self.given, self.secrets)
        self.assertEqual(self.run_program(*line)[0], 0)
        code, said = self.run_program(*line, given=self.given)
        self.assertEqual(code, 1)
        self.assertIn("folder of secrets", said)

    def test_decrypt(self):
        with tempfile.TemporaryDirectory() as folder:
            keys = Keys(folder)
            keys.make("ny")
            keys.install(self.house, "ny", "noekkel-ny")
        line = ("sluse-decrypt", "--check", "noekkel-ny")
        self.assertEqual(self.run_program(*line, given=self.secrets)[0], 0)
        self.assertNotEqual(self.run_program(*line, given=self.given)[0], 0)
        code, said = self.run_program(*line)
        self.assertNotEqual(code, 0)
        self.assertIn("no folder of secrets", said)

    def test_journal_key(self):
        h = self.house
        h.start()
        vkey = h.query("SELECT vkey FROM journal_key")
        h.stop()
        here = os.path.join(self.secrets, "journal-key")
        shutil.move(here, self.given)
        h.start(env={"CREDENTIALS_DIRECTORY": self.given})
        done = h.sluse("journal", "new-key", "--why", "prøver", check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("comes from systemd", done.stderr)
        h.stop()
        self.assertFalse(os.path.exists(here))
        self.assertEqual(h.query("SELECT vkey FROM journal_key"), vkey)
        h.sluse("journal", "verify")


if __name__ == "__main__":
    unittest.main()
