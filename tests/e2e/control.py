#!/usr/bin/env python3
"""The control socket: who says nothing, who comes too often, and no descriptors
left to take anybody with."""
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


class Control(unittest.TestCase):
    def setUp(self):
        self.house = House(ocr=False, extra="[journal]\ncheckpoint_after = 5s\n")
        self.addCleanup(self.house.close)
        self.pid = self.house.pids("slused")[0][1]

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
        ask = struct.pack("<HHI4sI2s", 80, 4, 4, b"none", 2, b"{}")
        said = self.hello()
        line = self.connect()
        line.settimeout(5)
        line.send(said)
        self.assertEqual(line.recv(65536)[0], 2)
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


if __name__ == "__main__":
    unittest.main()
