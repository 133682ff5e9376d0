#!/usr/bin/env python3
"""What decides over the post and is another than before is told: programs,
plugins, models, the files of `trust` and `passwords`; starts and stops, and a
clock that was put back while the machine was off."""
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

import house

AWAY_S = 3
YEAR_S = 365 * 86400


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Changes(unittest.TestCase):
    def setUp(self):
        # The programs are ours to change: nobody else's tests run them.
        self.build = tempfile.mkdtemp(prefix="sluse-changes-")
        self.addCleanup(shutil.rmtree, self.build, True)
        for name in ("bin", "plugins", "pronom"):
            shutil.copytree(os.path.join(house.BUILD, name),
                            os.path.join(self.build, name))
        self.house = house.House(start=False, target="webhook",
                                 instance=house.FAST +
                                 "passwords = secrets/ordliste\n",
                                 extra="[tsa t1]\nurl = https://tsa.example/\n"
                                 "trust = ca.pem\n")
        self.house.bin = lambda: os.path.join(self.build, "bin")
        self.house.cli_bin = self.house.bin()
        self.addCleanup(self.house.close)
        self.passwords("Sommer2026")
        self.trusted("first")

    def trusted(self, text):
        with open(os.path.join(self.house.root, "ca.pem"), "w") as file:
            file.write(text)

    def passwords(self, word):
        path = os.path.join(self.house.root, "secrets", "ordliste")
        with open(path, "w", encoding="utf-8") as file:
            file.write(word + "\n")
        os.chmod(path, 0o600)

    def events(self, kind):
        try:
            return self.house.rows("journal", "list", "--kind", kind)
        except RuntimeError:
            return []

    def files(self, kind="program_changed"):
        return [row["payload"]["files"] for row in self.events(kind)
                if "files" in row["payload"]]

    def changed(self, count, kind="program_changed"):
        """The files of the last of so many events."""
        self.house.wait_for(lambda: len(self.files(kind)) >= count, 60, kind)
        self.assertEqual(len(self.files(kind)), count)
        return {row["name"]: row for row in self.files(kind)[-1]}

    def append(self, *path):
        path = os.path.join(self.build, *path)
        before = os.stat(path)
        with open(path, "ab") as file:
            file.write(b"\n")
        # Whoever hides it sets the time back; nobody believes times.
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return path

    def test_files(self):
        h = self.house
        h.start()
        first = self.changed(1)
        for name in ("slused", "sluse-place", "readers/text.so",
                     "connectors/webhook.so"):
            self.assertEqual(first[name]["old"], "")
        path = os.path.join(self.build, "bin", "sluse-place")
        self.assertEqual(first["sluse-place"]["new"], digest(path))
        self.changed(1, "formats_changed")
        first_of = self.changed(1, "configuration_changed")
        self.assertEqual(first_of["trust/t1"]["new"], digest(
            os.path.join(h.root, "ca.pem")))
        secret = first_of["passwords"]
        self.assertNotIn(secret["new"], (
            "", digest(os.path.join(h.root, "secrets", "ordliste"))))
        # Nothing is another: nothing is told.
        h.stop()
        h.start()
        h.wait_for(lambda: h.looked_through(2), 60, "looked through")
        self.changed(1)
        self.changed(1, "configuration_changed")
        h.stop()
        place = self.append("bin", "sluse-place")
        self.append("plugins", "connectors", "webhook.so")
        os.remove(os.path.join(self.build, "plugins", "readers", "mbox.so"))
        self.passwords("Vinter2026")
        self.trusted("another")
        h.start()
        rows = self.changed(2)
        self.assertEqual(sorted(rows), ["connectors/webhook.so",
                                        "readers/mbox.so", "sluse-place"])
        row = rows["sluse-place"]
        self.assertEqual(row["old"], first["sluse-place"]["new"])
        self.assertEqual(row["new"], digest(place))
        self.assertEqual(row["owner"], "uid:%d" % os.getuid())
        self.assertEqual(rows["readers/mbox.so"]["new"], "")
        again = self.changed(2, "configuration_changed")
        self.assertEqual(sorted(again), ["passwords", "trust/t1"])
        self.assertEqual(again["trust/t1"]["old"], first_of["trust/t1"]["new"])
        self.assertEqual(again["passwords"]["old"], secret["new"])
        self.assertNotEqual(again["passwords"]["new"], secret["new"])
        h.check_whole(self)

    def test_program_connects(self):
        """A program that is put in while slused runs: told once it has
        connected."""
        h = self.house
        h.start()
        first = self.changed(1)
        new = os.path.join(self.build, "bin", "sluse-report")
        other = os.path.join(self.build, "another")
        shutil.copyfile(new, other)
        self.append("another")
        os.chmod(other, 0o755)
        os.rename(other, new)
        h.kill("sluse-report", signal.SIGTERM)
        row = self.changed(2)
        self.assertEqual(list(row), ["sluse-report"])
        self.assertEqual(row["sluse-report"]["old"], first["sluse-report"]["new"])
        self.assertEqual(row["sluse-report"]["new"], digest(new))

    def test_models(self):
        models = tempfile.mkdtemp(prefix="sluse-models-")
        self.addCleanup(shutil.rmtree, models)
        folder = subprocess.run(
            ["sh", "-c", "echo /usr/share/tesseract-ocr/*/tessdata"], check=True,
            stdout=subprocess.PIPE, text=True).stdout.strip()
        for name in ("nor", "eng", "osd", "frk"):
            shutil.copy(os.path.join(folder, name + ".traineddata"), models)
        h = house.House(start=False, target="webhook", ocr=True)
        self.addCleanup(h.close)
        self.house = h
        h.start(env={"TESSDATA_PREFIX": models})
        first = self.changed(1)
        self.assertEqual({n for n in first if n.startswith("models/")},
                         {"models/%s.traineddata" % n
                          for n in ("nor", "eng", "osd", "frk")})
        h.stop()
        path = os.path.join(models, "frk.traineddata")
        with open(path, "ab") as file:
            file.write(b"\0")
        h.start(env={"TESSDATA_PREFIX": models})
        rows = self.changed(2)
        self.assertEqual(list(rows), ["models/frk.traineddata"])
        self.assertEqual(rows["models/frk.traineddata"]["new"], digest(path))

    def started(self, count):
        self.house.wait_for(
            lambda: len(self.events("program_started")) >= count, 20, "start")
        rows = self.events("program_started")
        self.assertEqual(len(rows), count)
        return rows[-1]["payload"]

    def slused(self, **more):
        self.house.start(wait=False, **more)

    def test_starts_and_stops(self):
        h = self.house
        self.slused()
        self.assertNotIn("away_ms", self.started(1))
        h.wait_for(lambda: h.looked_through(1), 60, "looked through")
        h.stop()
        stop, = self.events("program_stopped")
        self.assertEqual(stop["payload"]["signal"], "SIGTERM")
        with open(os.path.join(h.root, "log"), errors="replace") as file:
            self.assertIn('stops signal="SIGTERM"', file.read())
        head, = h.query("SELECT max(size) FROM checkpoint")
        leaves, = h.query("SELECT count(*) FROM leaf")
        self.assertEqual(head, leaves)  # the last word is signed too
        house.time.sleep(AWAY_S)
        self.slused()
        told = self.started(2)
        self.assertEqual(told["ended"], "in_order")
        self.assertGreater(told["away_ms"], AWAY_S * 1000 - 100)
        self.assertLess(told["away_ms"], (AWAY_S + 30) * 1000)
        h.kill("slused")
        self.assertEqual(self.started(3)["ended"], "broken_off")
        h.stop()
        self.assertEqual(len(self.events("program_stopped")), 2)

    def boot(self):
        """As after a start of the machine."""
        db = sqlite3.connect(os.path.join(self.house.root, "db", "sluse.db"))
        with db:
            done = db.execute("UPDATE meta SET value = 'another 1' "
                              "WHERE key = 'clock'")
            self.assertEqual(done.rowcount, 1)
        db.close()

    def test_clock_put_back(self):
        h = self.house
        clock = os.path.join(h.root, "clock")

        def put(seconds):
            with open(clock, "w", encoding="ascii") as file:
                file.write("%d\n" % seconds)

        put(YEAR_S)
        env = {"SLUSE_TEST_CLOCK": clock}
        self.slused(env=env)
        self.started(1)
        h.stop()
        self.boot()
        put(0)
        self.slused(env=env)
        self.assertNotIn("away_ms", self.started(2))
        row, = self.events("clock_stepped")
        self.assertTrue(row["payload"]["at_least"])
        self.assertAlmostEqual(row["payload"]["step_ms"], -YEAR_S * 1000,
                               delta=30000)
        h.stop()
        self.boot()
        self.slused(env=env)
        self.assertEqual(self.started(3)["ended"], "in_order")
        self.assertEqual(len(self.events("clock_stepped")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
