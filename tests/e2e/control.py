#!/usr/bin/env python3
"""The control socket: who says nothing, who comes too often, no descriptors left
to take anybody with, and who gives no reason, by a client that asks for none."""
import datetime
import json
import os
import resource
import socket
import struct
import subprocess
import time
import unittest

from house import BIN, House


def processor_time(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client(unittest.TestCase):
    def connect(self):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(line.close)
        line.connect(os.path.join(self.house.root, "run", "slused.sock"))
        line.settimeout(60)  # HELLO_MS is 10 s
        return line

    def hello(self):
        """What sluse of this build says first: to us, in slused's place."""
        path = os.path.join(self.house.root, "run", "slused.sock")
        os.rename(path, path + ".real")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(path)
            door.listen(1)
            door.settimeout(20)
            asks = subprocess.Popen(
                [os.path.join(BIN, "sluse"), "--root", self.house.root,
                 "retry", "M26-000001-3", "--why", "fordi"],
                stderr=subprocess.DEVNULL)
            line, _ = door.accept()
            said = line.recv(65536)
            line.close()
            asks.wait()
        os.rename(path + ".real", path)
        return said

    def open(self):
        """A line that has said hello."""
        said = self.hello()
        self.protocol, = struct.unpack_from("<H", said, 2)
        line = self.connect()
        line.send(said)
        self.assertEqual(line.recv(65536)[0], 2)
        return line

    def ask(self, line, verb, **args):
        """Whether it was done, and what was said."""
        out = struct.pack("<HH", 80, self.protocol)
        for text in (verb, json.dumps(args)):
            data = text.encode()
            out += struct.pack("<I", len(data)) + data
        line.send(out)
        answer = line.recv(65536)
        self.assertEqual(answer[0], 81)
        at, texts = 5, []
        for _ in range(2):
            n, = struct.unpack_from("<I", answer, at)
            texts.append(answer[at + 4:at + 4 + n].decode())
            at += 4 + n
        return answer[4] == 0, texts[1]


class Control(Client):
    def setUp(self):
        self.house = House(extra="[journal]\ncheckpoint_after = 5s\n")
        self.addCleanup(self.house.close)
        self.pid = self.house.pids("slused")[0][1]

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def test_the_silent_and_the_many(self):
        before = self.files()
        lines = [self.connect() for _ in range(100)]
        time.sleep(0.5)
        self.assertLess(self.files(), before + 40)
        self.assertEqual(len(self.house.pids("slused")), 1)
        # Whoever does not say hello goes, and there is room again.
        for line in lines:
            self.assertEqual(line.recv(10), b"")
        self.assertTrue(self.house.complete())
        self.house.drop_bytes(b"Deres ref: 2026/211\n", "brev.txt")
        self.house.wait_quiet(20, 1)

    def test_many_in_a_packet(self):
        """All of them are answered, though they are more than a turn takes."""
        line = self.open()
        line.settimeout(5)
        ask = struct.pack("<HHI4sI2s", 80, self.protocol, 4, b"none", 2, b"{}")
        line.send(ask * 1000)
        for i in range(1000):
            try:
                self.assertEqual(line.recv(65536)[0], 81)
            except TimeoutError:
                self.fail("%d answers" % i)

    def test_no_descriptors(self):
        most = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE,
                         (self.files(), most[1]))
        line = self.connect()
        time.sleep(0.2)
        before = processor_time(self.pid)
        # Longer than until the first head is due: it is late, no more.
        time.sleep(7)
        self.assertLess(processor_time(self.pid) - before, 1.5)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, most)
        line.close()
        self.assertTrue(self.house.complete())
        self.house.wait_for(lambda: os.path.exists(os.path.join(
            self.house.root, "journal", "checkpoint")), 20, "a signed head")
        self.assertEqual([self.pid], [p for _, p in self.house.pids("slused")])


class Strict(House):
    access = "mass_max = 1"


class Reasons(Client):
    """slused itself wants a reason, whatever client asks."""
    def setUp(self):
        self.house = Strict(queues=("Skannet post",),
                            extra="paper = yes")
        self.addCleanup(self.house.close)
        for n in range(2):
            self.house.drop_bytes(b"Et brev uten holdepunkt.\n", "%d.txt" % n)
        self.house.wait_quiet(20, 2)
        self.held = [row["id"] for row in self.house.rows("list")]
        self.line = self.open()

    def refused(self, verb, args, *whys):
        for why in whys:
            more = {} if why is None else {"why": why}
            with self.subTest("%s %r" % (verb, why)):
                done, said = self.ask(self.line, verb, **args, **more)
                self.assertFalse(done)
                self.assertRegex(said, "takes|say what was looked at")

    def test_reasons(self):
        h, one = self.house, {"ids": self.held[:1]}
        before = len(h.rows("journal", "list"))
        for verb in ("hold", "release", "retry", "reject", "journal-erase",
                     "journal-key"):
            self.refused(verb, one, None, "", "ja")
        for verb, args in (("assign", dict(one, case="2026/211")),
                           ("stop-in", {}), ("stop-out", {})):
            self.refused(verb, args, "", "ja")
        self.refused("deviation", {"id": self.held[0], "kind": "wrong_case"},
                     None, "", "ja")
        today = datetime.date.today()
        self.refused("scan-sign", {
            "queue": "Skannet post", "from": (today - datetime.timedelta(9))
            .isoformat()}, None, "", "ja")
        # Several at once want a second person, and he a reason.
        self.refused("assign", {"ids": self.held, "case": "2026/211"}, None)
        self.assertEqual(h.rows("approve", "--list"), [])
        self.assertEqual(len(h.rows("journal", "list")), before)
        # The same with one.
        self.assertEqual(self.ask(self.line, "deviation", id=self.held[0],
                                  kind="wrong_case", why="fordi")[0], True)
        self.assertEqual(self.ask(self.line, "assign", ids=self.held,
                                  case="2026/211", why="hører dit")[0], True)
        self.assertEqual(len(h.rows("approve", "--list")), 1)
        self.assertTrue(self.ask(self.line, "hold", why="fordi", **one)[0])

    def test_too_many_wait(self):
        """What one person may ask a second for at a time has an end."""
        args = {"ids": self.held, "case": "2026/211", "why": "hører dit"}
        for n in range(50):
            self.assertTrue(self.ask(self.line, "assign", **args)[0], n)
        done, said = self.ask(self.line, "assign", **args)
        self.assertFalse(done)
        self.assertIn("too many requests wait", said)
        waiting = self.house.rows("approve", "--list")
        self.assertEqual(len(waiting), 50)
        self.assertTrue(self.ask(self.line, "approve", deny=True,
                                 id=waiting[0]["request"])[0])
        self.assertTrue(self.ask(self.line, "assign", **args)[0])


if __name__ == "__main__":
    unittest.main()
