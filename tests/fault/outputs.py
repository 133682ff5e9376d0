#!/usr/bin/env python3
"""EIO and ENOSPC at the writes of what children make (sluse-work, sluse-decrypt,
sluse-convert) and at the reads of sluse-ocr, as long as the fault lasts: the post
waits with the disk for a reason, never with one of its own; and once the fault is
over it comes through whole, every page of it.  Also a full store, where mounting
is allowed.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "e2e"))
import convert  # noqa: E402
import house  # noqa: E402
import sealed  # noqa: E402

POINTS_MAX = 6  # of one kind of file
LEAST = 12
PDF = os.path.join(house.DEMO, "03-skjenkebevilling.pdf")


class Injected:
    """The children of one program have their n-th call fail. In its place they
    call getpid: the walls would kill them for strace's own invalid number."""

    def __init__(self, h, program, call, error, n):
        pid = h.pids(program)[0][1]
        self.folder = tempfile.mkdtemp(prefix="sluse-strace-")
        self.log = os.path.join(self.folder, "log")
        self.child = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", self.log, "-e", "trace=" + call,
             "-e", "inject=%s:error=%s:syscall=getpid:when=%d" % (
                 call, error, n),
             "-p", str(pid)], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with open("/proc/%d/status" % pid) as file:
                if "TracerPid:\t0\n" not in file.read():
                    return
            time.sleep(0.01)
        raise AssertionError("strace does not attach")

    def hit(self):
        try:
            with open(self.log, errors="replace") as file:
                return "(INJECTED)" in file.read()
        except FileNotFoundError:
            return False

    def close(self):
        self.child.send_signal(signal.SIGINT)
        self.child.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class Outputs(unittest.TestCase):
    total = 0

    @classmethod
    def setUpClass(cls):
        if shutil.which("strace") is None or subprocess.run(
                ["strace", "-qq", "-o", os.devnull, "true"],
                stderr=subprocess.DEVNULL, timeout=10).returncode != 0:
            raise unittest.SkipTest("strace may not trace here")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.keys = sealed.Keys(folder.name)
        cls.keys.make("ny")
        cls.converter = cls.fake_converter(folder.name)

    @staticmethod
    def fake_converter(folder):
        shutil.copyfile(PDF, os.path.join(folder, "made.pdf"))
        path = os.path.join(folder, "convert")
        with open(path, "w") as file:
            file.write(convert.FAKE % True)
        os.chmod(path, 0o755)
        return path

    def house(self, **more):
        h = house.House(
            start=False, ocr=True, limits="attempts_max = 1",
            instance=house.FAST + "decrypt_keys = noekkel\nconverter = %s\n"
            % self.converter, **more)
        self.addCleanup(h.close)
        self.keys.install(h, "ny", "noekkel")
        return h

    def start(self, h):
        h.start()
        h.wait_for(lambda: {"decrypt", "convert"} <= {
            p["role"] for p in h.programs()}, 30, "programs")
        h.wait_for(lambda: h.rows("status")[0]["known_cases"], 30, "cases")

    def item(self, kind, n):
        """(name, bytes), never the same twice."""
        if kind == "zip":
            return "%d.zip" % n, sealed.package(PDF)
        if kind == "envelope":
            return "%d.p7m" % n, self.keys.close(sealed.package(PDF), "ny")
        if kind == "drawing":
            return "%d.svg" % n, convert.DRAWING
        with open(os.path.join(house.DEMO, "02-nabovarsel.tif"), "rb") as file:
            return "%d.tif" % n, file.read()

    def row(self, h, name):
        rows = [r for r in h.rows("list") if r["name"] == name]
        return rows[-1] if rows else None

    def end(self, h, name):
        """Where it stays: put back, deferred, or settled."""
        if os.path.exists(os.path.join(h.inbox(), name)):
            return None
        row = self.row(h, name)
        return row if row and row["disposition"] != "ready" else None

    def life(self, h, program, call, kind, error, n):
        """False: there is no n-th call."""
        Outputs.total += 1
        name, data = self.item(kind, Outputs.total)
        fault = Injected(h, program, call, error, n)
        try:
            h.drop_bytes(data, name)
            h.wait_for(lambda: fault.hit() or self.end(h, name), 60, name)
            if not fault.hit():
                self.assertEqual(self.end(h, name)["disposition"], "done")
                return False
            # It is not received, or it waits for the disk and for nothing else.
            end = time.monotonic() + 20
            row = None
            while time.monotonic() < end and row is None and \
                    not os.path.exists(os.path.join(h.inbox(), name)):
                row = self.end(h, name)
                time.sleep(0.05)
            if row is not None:
                self.assertEqual(
                    (row["disposition"], row["reason"]), ("deferred", {
                        "EIO": "disk_error", "ENOSPC": "disk_full"}[error]),
                    (program, call, kind, error, n))
        finally:
            fault.close()
        if row is not None:
            h.sluse("retry", row["id"], "--why", "disken er bra igjen")
        h.wait_for(lambda: (self.row(h, name) or {}).get("disposition") ==
                   "done", 60, "%s after %s" % (name, (program, error, n)))
        bad = h.query(
            "SELECT g.number, g.reason FROM page g JOIN part p ON p.id = g.part"
            " JOIN source s ON s.id = p.source WHERE s.name = ? AND"
            " g.reason IS NOT NULL AND g.reason <> ''", name)
        self.assertEqual(bad, [])
        return True

    def points(self, h, program, call, kind, errors=("EIO", "ENOSPC")):
        hit = 0
        for error in errors:
            for n in range(1, POINTS_MAX + 1):
                if not self.life(h, program, call, kind, error, n):
                    break
                hit += 1
        print("  %s %s: %d faults" % (program, kind, hit), flush=True)
        self.assertGreater(hit, 0, program)
        return hit

    def test_every_output(self):
        h = self.house()
        self.start(h)
        hits = sum([
            self.points(h, "sluse-work", "pwrite64", "zip"),
            self.points(h, "sluse-work", "pwrite64", "picture", ("ENOSPC",)),
            self.points(h, "sluse-decrypt", "pwrite64", "envelope"),
            self.points(h, "sluse-convert", "pwrite64", "drawing"),
            self.points(h, "sluse-ocr", "pread64", "picture", ("EIO",))])
        self.assertGreaterEqual(hits, LEAST)
        h.check_whole(self)

    def test_full_store(self):
        """An envelope and a drawing come while there is no room for what is in
        them: they wait, and are opened once there is."""
        h = self.house()
        store = os.path.join(h.root, "store")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs",
                           store], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", store])
        self.addCleanup(h.stop)
        self.start(h)
        letter = b"Saksnr. 2026/211\n" + os.urandom(1500 << 10).hex().encode()
        h.drop_bytes(self.keys.close(letter, "ny"), "stor.p7m")
        h.wait_for(lambda: (self.row(h, "stor.p7m") or {}).get("reason") ==
                   "disk_full", 60, "it waits")
        self.assertEqual(self.row(h, "stor.p7m")["disposition"], "deferred")
        subprocess.run(["mount", "-o", "remount,size=64m", store], check=True)
        h.sluse("retry", self.row(h, "stor.p7m")["id"], "--why", "det er plass")
        h.wait_for(lambda: h.query("SELECT count(*) FROM note WHERE slug = "
                                   "'decrypted'") == [(1,)], 60, "opened")
        h.wait_quiet(60, 1)
        h.check_whole(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
