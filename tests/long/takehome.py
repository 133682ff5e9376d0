#!/usr/bin/env python3
"""What goes over the socket to an auditor, of a sporingslogg of SLUSE_LEAVES
events and a database of SLUSE_ENTRIES posts (1 000 000 each): how much memory and
time it takes him and the service. Needs root, to be several users."""
import grp
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("outsider", "e2e", "bench"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), name))
import forge  # noqa: E402
from access import CAN, GROUPS, SERVICE, UIDS, PeopleHouse, have_groups  # noqa: E402

LEAVES = int(os.environ.get("SLUSE_LEAVES", "1000000"))
ENTRIES = int(os.environ.get("SLUSE_ENTRIES", "1000000"))
MIB = 1 << 20
HIS = UIDS["auditor"]


def measured(command, **more):
    """(seconds, bytes of memory at most) of it and what it waited for."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, **more)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        raise AssertionError("%s: %d" % (command, status))
    return time.monotonic() - begin, used.ru_maxrss * 1024


@unittest.skipUnless(CAN, "needs root, to be several users")
@unittest.skipUnless(have_groups(), "needs the base groups of Debian")
class Much(unittest.TestCase):
    """slused of a small house, and the service over another one's database."""

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="sluse-long-",
                                    dir=os.environ.get("TMPDIR"))
        self.addCleanup(shutil.rmtree, self.top)
        os.chmod(self.top, 0o755)
        self.his = os.path.join(self.top, "his")
        os.mkdir(self.his, 0o700)
        os.chown(self.his, HIS, HIS)
        self.house = PeopleHouse(user=SERVICE, queues=("Skannet post",),
                                 start=False)
        self.addCleanup(self.house.close)

    def begin(self, program, *args):
        h = self.house
        child = subprocess.Popen(
            [os.path.join(h.bin(), program), *args], **h.rights(),
            stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        return child

    def asked(self, root, *line):
        """The auditor asks, and another question after it lets the service
        count what it has waited for."""
        h = self.house
        for folder, folders, files in os.walk(root):
            for entry in [folder] + [os.path.join(folder, n)
                                     for n in folders + files]:
                os.chown(entry, SERVICE, SERVICE)
        os.chmod(h.root, 0o711)
        socket = os.path.join(h.root, "run", "slused.sock")
        self.begin("slused", "--root", h.root)
        h.wait_for(lambda: os.path.exists(socket), 30, "slused")
        service = self.begin("sluse-report", "--socket", socket, "--root", root)
        h.wait_for(lambda: h.person("auditor", "age").returncode == 0, 30, "it")
        seconds, mine = measured(
            [os.path.join(h.bin(), "sluse"), "--root", h.root, *line],
            user=HIS, group=HIS,
            extra_groups=[grp.getgrnam(GROUPS["auditor"]).gr_gid])
        time.sleep(1)
        h.person("auditor", "age", code=0)
        service.terminate()
        _, status, used = os.wait4(service.pid, 0)
        service.returncode = status
        its = used.ru_maxrss * 1024
        print("  %s: %.1f s, %.1f MiB here, %.1f MiB in the service" % (
            " ".join(line[:2]), seconds, mine / MIB, its / MIB))
        return mine, its

    def test_export(self):
        root = os.path.join(self.top, "logg")
        forge.make(root, LEAVES, every=10000)
        out = os.path.join(self.his, "ut")
        mine, its = self.asked(root, "journal", "export", "--payloads", out)
        self.assertLess(mine, 64 * MIB)
        self.assertLess(its, 64 * MIB)
        done = self.house.person("auditor", "--json", "journal", "verify",
                                 "--key", forge.KEY, out, code=0)
        self.assertEqual(json.loads(done.stdout)["leaves"], LEAVES)

    def test_supervision_pack(self):
        root = os.path.join(self.top, "base")
        os.mkdir(root)
        subprocess.run([sys.executable, os.path.join(
            os.path.dirname(HERE), "bench", "make_reports.py"), str(ENTRIES),
            root], check=True, stdout=subprocess.DEVNULL)
        out = os.path.join(self.his, "pakke")
        mine, its = self.asked(root, "report", "tilsynspakke", out)
        self.assertLess(mine, 128 * MIB)
        self.assertLess(its, 128 * MIB)
        self.assertIn("index.html", os.listdir(out))
        self.assertNotIn(".sluse-part", os.listdir(out))


if __name__ == "__main__":
    unittest.main(verbosity=2)
