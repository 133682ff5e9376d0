#!/usr/bin/env python3
"""The units: their exposure, that they fit the programs, and the road with
every program started as its unit says, behind the unit's walls."""
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import unit_walls  # noqa: E402
from house import BIN, DEMO, TOP, House  # noqa: E402

UNITS = os.path.join(TOP, "systemd")
# Tenths, as systemd-analyze counts them. slused sees whose the files are
# (PrivateUsers=no), which costs it two.
EXPOSURE = {"slused": 3, "sluse-work": 2, "sluse-ocr": 2, "sluse-place": 2,
             "sluse-decrypt": 2, "sluse-convert": 2, "sluse-report": 2,
             "sluse-push": 10, "sluse-witness": 10}
# Units of a program that has one of its own name too.
ALSO = {"sluse-witness": "sluse-push"}
BY_HAND = {"sluse", "sluse-depot"}  # what a person starts
# An absent systemd-analyze is no reason to call this passed: skipped, and said.
HAVE = shutil.which("systemd-analyze") is not None
BEAT_S = 10  # slused's, daemon/engine/engine.c


def path_of(name):
    return os.path.join(UNITS, name + "@.service")


def makefile_programs():
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as file:
        return re.search(r"^PROGRAMS := (.*)$", file.read(), re.M)[1].split()


class Units(unittest.TestCase):
    @unittest.skipUnless(HAVE, "systemd-analyze is not installed")
    def test_exposure(self):
        for name, most in EXPOSURE.items():
            with self.subTest(name):
                done = subprocess.run(
                    ["systemd-analyze", "security", "--offline=true",
                     "--no-pager", "--threshold=%d" % most, path_of(name)],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.assertEqual(done.returncode, 0, done.stdout[-2000:])
                self.assertIn("Overall exposure", done.stdout)

    @unittest.skipUnless(HAVE, "systemd-analyze is not installed")
    def test_no_unknown_lines(self):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no",
             os.path.join(UNITS, "sluse@.target")] +
            [path_of(name) for name in EXPOSURE],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        left = [line for line in done.stdout.splitlines()
                if ("sluse" in line) and "is not executable" not in line]
        self.assertEqual(left, [])

    def test_every_program_has_one(self):
        self.assertEqual(sorted(set(EXPOSURE) - set(ALSO)),
                         sorted(set(makefile_programs()) - BY_HAND))
        for name in EXPOSURE:
            service = unit_walls.read(path_of(name))["Service"]
            words = shlex.split(service["ExecStart"][0])
            program = ALSO.get(name, name)
            self.assertEqual(words[0], "/usr/lib/sluse/" + program)
            usage = subprocess.run(
                [os.path.join(BIN, program), "--help"], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, timeout=20).stdout
            for word in words[1:]:
                if word.startswith("--"):
                    self.assertRegex(usage, re.escape(word) + r"\b")

    def test_limits(self):
        for name in EXPOSURE:
            service = unit_walls.read(path_of(name))["Service"]
            with self.subTest(name):
                self.assertEqual(service["Type"], ["notify"])
                self.assertEqual(service["LimitCORE"], ["0"])
                # A stop is for the parent: a child that ends by it would
                # count as a crash, and three of those stop a document.
                self.assertEqual(service["KillMode"], ["mixed"])
                self.assertEqual(service["Restart"], ["always"])
                self.assertGreaterEqual(
                    int(service["WatchdogSec"][0]), 3 * BEAT_S)
                for key in ("MemoryMax", "TasksMax", "OOMPolicy"):
                    self.assertIn(key, service)
        with open(os.path.join(TOP, "daemon", "engine", "slused.8"),
                  encoding="utf-8") as file:
            manual = file.read()
        for program in ("sluse-push", "sluse-decrypt"):
            service = unit_walls.read(path_of(program))["Service"]
            self.assertTrue(service["LoadCredential"])
            for value in service["LoadCredential"]:
                # Of the store, where one may be missing; of a path it may not.
                name, source = value.split(":")
                self.assertEqual(source, "sluse.%i." + name)
                self.assertIn(source.replace("%i", "kommune"), manual)


class UnitHouse(House):
    """Every program as its unit says, instead of `sluse run`."""

    def start(self, wait=True, env=None):
        self.start_some(EXPOSURE)
        for name in EXPOSURE:
            self.wait_said(name, "READY=1")

    def start_some(self, names):
        self.log = open(os.path.join(self.root, "log"), "ab")
        self.children, self.heard = {}, {}
        for name in names:
            self.begin(name)
            if name == "slused":
                self.wait_said("slused", "READY=1")

    def logged(self):
        with open(os.path.join(self.root, "log"), errors="replace") as log:
            return log.read()

    def begin(self, name):
        unit = unit_walls.read(path_of(name))
        service = unit["Service"]
        place = os.path.join(self.root, "notify-" + name)
        if os.path.exists(place):
            os.unlink(place)
        hear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        hear.bind(place)
        hear.setblocking(False)
        env = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": place,
               "WATCHDOG_USEC": "2000000",
               "SLUSE_PLUGINS": os.path.join(os.path.dirname(BIN), "plugins"),
               "CREDENTIALS_DIRECTORY": os.path.join(self.root, "secrets")}
        for value in service.get("Environment", []):
            key, text = value.split("=", 1)
            env[key] = text
        line = service["ExecStart"][0].replace("/var/lib/sluse/%i", self.root)
        line = line.replace("/usr/lib/sluse", BIN)
        words = [re.sub(r"\$\{(\w+)\}", lambda m: env[m[1]], word)
                 for word in shlex.split(line)]
        walls = unit_walls.Walls(unit)
        self.children[name] = subprocess.Popen(
            words, env=env, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, preexec_fn=walls.enter, start_new_session=True)
        self.heard[name] = [hear, []]

    def said(self, name):
        hear, texts = self.heard[name]
        while True:
            try:
                texts.append(hear.recv(4096).decode())
            except BlockingIOError:
                return texts

    def wait_said(self, name, text):
        self.wait_for(lambda: text in self.said(name), 30,
                      "%s from %s" % (text, name))

    def stop(self):
        for name in reversed(list(getattr(self, "children", {}))):
            child = self.children[name]
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for hear, _ in self.heard.values():
            hear.close()
        self.children, self.heard = {}, {}
        if not self.log.closed:
            self.log.close()


@unittest.skipUnless(HAVE, "systemd-analyze is not installed")
class Walls(unittest.TestCase):
    def test_the_walls_hold(self):
        """That the walls of this test are there: a call that the unit denies."""
        walls = unit_walls.Walls(unit_walls.read(path_of("sluse-work")))
        done = subprocess.run(
            [sys.executable, "-c",
             "import os, socket\n"
             "try: socket.socket(socket.AF_INET)\n"
             "except PermissionError: print('no inet')\n"
             "try: os.chown('/tmp', -1, -1)\n"
             "except PermissionError: print('no chown')\n"
             "print(socket.socket(socket.AF_UNIX).family.name)"],
            stdout=subprocess.PIPE, text=True, timeout=30,
            preexec_fn=walls.enter)
        self.assertEqual(done.stdout.split("\n")[:3],
                         ["no inet", "no chown", "AF_UNIX"])

    @unittest.skipIf(os.environ.get("SLUSE_SANITIZED"),
                     "sanitizers need calls that the units deny")
    def test_the_road(self):
        with UnitHouse(instance="settle = 300ms\nsweep = 2s\n"
                       "free_space_min = 1M\nheld_limit = never\n",
                       ocr=True) as house:
            house.drop(os.path.join(DEMO, "06-handikap-cp865.txt"))
            house.drop(os.path.join(DEMO, "02-nabovarsel.tif"))
            house.drop(os.path.join(DEMO, "03-skjenkebevilling.pdf"))
            house.wait_quiet(90, count=3)
            house.check_whole(self)
            rows = [row for row in house.rows("list")
                    if row["disposition"] == "done"]
            self.assertEqual(len(rows), 3)
            # The units deny what a program could make itself nice with.
            nice = {name: os.getpriority(os.PRIO_PROCESS, child.pid)
                    - os.getpriority(os.PRIO_PROCESS, 0)
                    for name, child in house.children.items()}
            self.assertEqual({n for n in nice if nice[n] != 0}, {
                "sluse-work", "sluse-ocr", "sluse-decrypt", "sluse-convert",
                "sluse-report"})
            self.assertEqual(set(nice.values()), {0, 5})
            for name in EXPOSURE:
                house.wait_said(name, "WATCHDOG=1")
            self.assertNotIn("forbidden system call", house.logged())

    def test_told_by_slused(self):
        """Who may not read the configuration is told what it says."""
        with UnitHouse(instance="work_slots = 3\nocr_slots = 1\n",
                       ocr=True) as house:
            house.wait_for(
                lambda: {'role="1" slots="3"', 'role="2" slots="1"'} <= set(
                    re.sub(' pid="[0-9]+"', "", found) for found in re.findall(
                        'connected (role=.*slots="[0-9]+")', house.logged())),
                10, "slots as configured")
            house.wait_for(
                lambda: house.logged().count("connected role=") >=
                len(EXPOSURE) - 1, 20, "all of them")
            self.assertEqual(house.logged().count("connected role="),
                             len(EXPOSURE) - 1)
            house.stop()
            with open(os.path.join(house.root, "sluse.conf"), "a") as file:
                file.write("[ocr]\nlanguages = eng+xyz\n")
            house.start_some(["slused", "sluse-ocr"])
            house.wait_for(lambda: 'no model for "xyz"' in house.logged(),
                           20, "languages as configured")

    def test_slused_fails_at_first(self):
        """The others wait for it: a unit that it takes down stays down."""
        with UnitHouse(instance="settle = 300ms\nsweep = 2s\n") as house:
            house.stop()
            others = sorted(set(EXPOSURE) - {"slused"})
            house.start_some(others)
            for name in others:
                house.wait_said(name, "READY=1")
            house.begin("slused")
            house.wait_for(lambda: house.logged().count("connected role=") ==
                           2 * len(others), 20, "those that waited")
        for name in set(EXPOSURE) - {"slused"}:
            unit = unit_walls.read(path_of(name))["Unit"]
            self.assertNotIn("Requires", unit)
            self.assertIn("slused@%i.service", unit["After"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
