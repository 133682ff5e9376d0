#!/usr/bin/env python3
"""What a mean person drops: each thing ends with a verdict, and nothing else is
disturbed."""
import encodings.aliases
import hashlib
import io
import os
import random
import shutil
import signal
import socket
import stat
import struct
import sys
import threading
import time
import unittest
import zipfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
from trial import Trial, letter, is_calm, run_all  # noqa: E402

NAMES = (b"linje\nskift.txt", b"esc\x1b[31mrod.txt", b"x" * 251 + b".txt",
         b"ugyldig\xff\xfe.txt", b"-rf.txt", b"--help",
         "brev\u202etxt.exe".encode(), b" foran", b"bak ", b"bak.txt.",
         b";id`id`$(id).txt", b"%s%n%d.txt", b"'; DROP TABLE entry; --",
         b"CON", b"NUL.txt", b"a\tb.txt", b"\x01\x02.txt", b'hermetegn".txt',
         b"omvendt\\skra.txt", b"<script>alert(1).txt",
         "a\u030angstro\u0308m.txt".encode(), "\u200b\u200b.txt".encode(),
         "=1+1.csv.txt".encode(), b"uten-endelse", b"\xe6\xf8\xe5.txt",
         b"to..prikker.txt", b"*?[a].txt",
         "\U0001f4a9.txt".encode(), b"M26-000001-3.txt")
FLOOD = int(os.environ.get("SLUSE_TEST_FLOOD", "1000"))
ENDS = ("done", "held", "quarantined", "broken")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


class Mean(Trial):
    def begin(self, **how):
        how.setdefault("target", "webhook")
        how.setdefault("queues", ("Skannet post",))
        self.h = h = self.house(**how)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        self.pid = self.slused(h)
        self.box = os.fsencode(h.inbox())
        self.lasts = 0
        return h

    def last_letter(self, seconds=5):
        """A good letter right behind goes through, and fast."""
        self.lasts += 1
        name = "sist-%d.txt" % self.lasts
        began = time.monotonic()
        self.h.drop_bytes(letter(9000 + self.lasts), name)
        self.until(self.h, name, seconds, disposition="done")
        self.assertEqual(self.slused(self.h), self.pid, "slused lives")
        return time.monotonic() - began

    def over(self, left=()):
        """Nothing unexplained is left, and all is whole."""
        h = self.h
        self.assertEqual(self.slused(h), self.pid, "slused lives")
        done = h.sluse("journal", "verify", check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sorted(os.listdir(self.box)), sorted(left))
        self.assertEqual(h.fake.control("GET", "violations"), [])
        self.assertEqual(h.claims(), 0)

    def verdict(self, name, seconds=20):
        def look():
            rows = self.by_name(self.h, name)
            return rows and rows[0]["disposition"] in ENDS and rows[0]
        row = self.h.wait_for(look, seconds, "a verdict on " + name)
        if row["disposition"] != "done":
            self.assertTrue(row["reason"] and row["owner"], row)
        return row

    def refusals(self):
        return sorted(e["payload"]["reason"] for e in
                      self.h.rows("journal", "list")
                      if e["event"] == "refused_at_door")

    def stopped(self):
        return os.path.join(self.h.root, "spool", "Skannet post", "Stoppet")


class Names(Mean):
    def test_names(self):
        h = self.begin()
        want = {}
        for n, name in enumerate(NAMES):
            data = letter(n)
            want[digest(data)] = name
            tmp = self.box + b"/../.drop"
            put(tmp, data)
            os.rename(tmp, self.box + b"/" + name)
        h.wait_quiet(30, len(NAMES))
        rows = h.rows("list")
        self.assertEqual({row["sha256"] for row in rows}, set(want))
        for row in rows:
            self.assertEqual((row["disposition"], row["outcome"]),
                             ("done", "in_journal"), row)
            for char in row["name"]:
                self.assertTrue(char.isprintable() or char == " ", row)
                self.assertNotIn(char, "\u202e\u200b")
        plain = h.sluse("list", text=False).stdout
        self.assertNotIn(b"\x1b[31m", plain)
        with open(os.path.join(h.root, "log"), "rb") as file:
            log = file.read()
        self.assertNotIn(b"\x1b", log)
        self.assertNotIn(b"DROP TABLE", log, "names are not for logs")
        self.assertEqual(len(h.keys_there()), len(NAMES))
        # Sources end in Ferdig, byte for byte under what fits of their name.
        found = {}
        for folder, _, files in os.walk(os.path.join(
                os.fsencode(h.root), b"spool", b"Skannet post", b"Ferdig")):
            for name in files:
                with open(folder + b"/" + name, "rb") as file:
                    found[digest(file.read())] = name
        for key, name in want.items():
            self.assertIn(key, found, name)
            if len(name) < 200:
                self.assertTrue(found[key].endswith(b" " + name), found[key])
        self.last_letter()
        self.over()

    def test_ignored(self):
        h = self.begin()
        stay = [b"halv.part", b"~$brev.docx", b"Thumbs.db", b".DS_Store",
                b"desktop.ini", b"a.TMP", b".skjult", b".~lock.brev.odt#"]
        for n, name in enumerate(stay):
            put(self.box + b"/" + name, letter(n))
        self.last_letter()
        time.sleep(2.5)  # a sweep and more
        self.assertEqual(len(h.rows("list")), 1)
        self.assertEqual(self.refusals(), [])
        os.rename(self.box + b"/halv.part", self.box + b"/hel.txt")
        self.until(h, "hel.txt", 5, disposition="done")
        self.over(stay[1:])


class Things(Mean):
    def test_refused(self):
        h = self.begin()
        secret = b"hemmeligheten\n"
        outside = os.path.join(h.root, "utenfor.txt")
        put(outside, secret)
        made = {}

        def thing(name, reason, make):
            path = os.fsdecode(self.box) + "/" + name
            make(path)
            made[name] = reason

        def bound(path):
            # A socket's path is short; its folder is not.
            here = os.getcwd()
            os.chdir(os.path.dirname(path))
            try:
                s = socket.socket(socket.AF_UNIX)
                self.addCleanup(s.close)
                s.bind(os.path.basename(path))
            finally:
                os.chdir(here)
        thing("passwd.txt", "refused_link",
              lambda p: os.symlink("/etc/passwd", p))
        thing("utenfor.txt", "refused_link",
              lambda p: os.symlink(outside, p))
        thing("ingensteds.txt", "refused_link",
              lambda p: os.symlink("/nonexistent/x", p))
        thing("mappe", "refused_link", lambda p: os.symlink("/etc", p))
        thing("seg-selv", "refused_link",
              lambda p: os.symlink("seg-selv", p))
        thing("rør.txt", "refused_special", os.mkfifo)
        thing("sokkel", "refused_special", bound)
        if os.getuid() == 0:
            try:
                for name, kind, dev in (("enhet", stat.S_IFCHR, (1, 5)),
                                        ("disk", stat.S_IFBLK, (7, 99))):
                    thing(name, "refused_special", lambda p: os.mknod(
                        p, kind | 0o666, os.makedev(*dev)))
            except PermissionError:
                print("no devices can be made here", flush=True)
        thing("hard.txt", "refused_hardlink",
              lambda p: os.link(outside, p))
        self.last_letter()
        h.wait_for(lambda: len(self.refusals()) == len(made), 15,
                   "all are refused")
        self.assertEqual(self.refusals(), sorted(made.values()))
        there = set(os.listdir(self.stopped()))
        for name in made:
            self.assertIn(name, there)
        self.assertTrue(os.path.islink(self.stopped() + "/passwd.txt"))
        # Again under the same name: it finds room, and nothing is lost.
        os.symlink("/etc/passwd", os.fsdecode(self.box) + "/passwd.txt")
        h.wait_for(lambda: len(self.refusals()) == len(made) + 1, 5, "again")
        h.wait_for(lambda: len([n for n in os.listdir(self.stopped()) if
                                os.path.islink(self.stopped() + "/" + n)])
                   == 6, 5, "both lie in Stoppet")
        self.not_copied(secret)
        self.assertEqual(len(h.rows("list")), 1)
        self.last_letter()
        self.over()

    def not_copied(self, secret):
        for folder, _, files in os.walk(os.path.join(self.h.root, "store")):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                self.assertNotIn(b"root:x:0:0", data)
                self.assertNotIn(secret, data)

    def test_link_and_unlink(self):
        """Droppers that link, then unlink, have two names for a moment."""
        h = self.begin()
        for n in range(20):
            tmp = os.path.join(h.root, "t%d" % n)
            put(tmp, letter(n))
            os.link(tmp, os.fsdecode(self.box) + "/brev-%d.txt" % n)
            os.unlink(tmp)
        h.wait_quiet(20, 20)
        self.assertEqual(self.refusals(), [])
        self.assertEqual({r["disposition"] for r in h.rows("list")}, {"done"})
        self.over()

    @unittest.skipIf(os.getuid() != 0, "needs root to become nobody")
    def test_mode_000(self):
        h = self.begin(user=65534)
        path = os.fsdecode(self.box) + "/stengt.txt"
        put(h.root + "/t", letter(1))
        os.chmod(h.root + "/t", 0)
        os.rename(h.root + "/t", path)
        os.mkdir(h.root + "/m")
        put(h.root + "/m/brev.txt", letter(2))
        os.chmod(h.root + "/m", 0)
        os.rename(h.root + "/m", os.fsdecode(self.box) + "/stengt mappe")
        h.wait_for(lambda: self.refusals() == ["file_unreadable"] * 2, 10,
                   "both are told")
        self.last_letter()
        time.sleep(2.5)
        self.assertEqual(self.refusals(), ["file_unreadable"] * 2, "once")
        self.assertEqual(len(h.rows("list")), 1)
        os.chmod(path, 0o644)
        self.until(h, "stengt.txt", 6, disposition="done")
        shut = os.fsdecode(self.box) + "/stengt mappe"
        os.chown(shut, 65534, 65534)
        os.chmod(shut, 0o755)
        row = self.verdict("stengt mappe", 8)
        self.assertEqual(row["disposition"], "done")
        # A folder that opens, with a file inside that does not.
        os.mkdir(h.root + "/m")
        put(h.root + "/m/brev.txt", letter(3))
        os.chmod(h.root + "/m/brev.txt", 0)
        os.chown(h.root + "/m", 65534, 65534)
        os.rename(h.root + "/m", os.fsdecode(self.box) + "/halvstengt")
        self.last_letter()
        h.wait_for(lambda: "file_unreadable" in self.refusals()[2:] or
                   self.by_name(h, "halvstengt"), 10, "told or listed")
        self.assertTrue(is_calm(self.slused(h), 0.2, 1000),
                        "it is not tried for ever at once")
        self.assertEqual(self.slused(h), self.pid)

    def text(self, name):
        try:
            with open(os.path.join(self.stopped(), name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def shut(self, name, mode=0, within=("",)):
        """Drops a file, or a folder of files, that slused cannot open."""
        put(self.h.root + "/t", letter(1))
        os.chmod(self.h.root + "/t", mode)
        if within == ("",):
            os.rename(self.h.root + "/t", self.h.inbox() + "/" + name)
            return
        os.mkdir(self.h.root + "/m")
        for n, part in enumerate(within):
            put(self.h.root + "/m/" + part, letter(10 + n))
            os.chmod(self.h.root + "/m/" + part, 0)
        os.chown(self.h.root + "/m", 65534, 65534)
        os.rename(self.h.root + "/m", self.h.inbox() + "/" + name)

    @unittest.skipIf(os.getuid() != 0, "needs root to become nobody")
    def test_closed_text_goes(self):
        """It lies as long as the thing cannot be opened, and no longer."""
        h = self.begin(user=65534)
        box = h.inbox() + "/"
        for name in ("åpnes.txt", "skrevet.txt", "borte.txt", "venter.txt"):
            self.shut(name)
        self.shut("mappe", within=("a.txt", "b.txt"))
        h.wait_for(lambda: len(self.refusals()) == 5, 10, "all are told")
        h.wait_for(lambda: self.text("mappe.txt"), 5, "a text")
        self.assertIn("tas av seg selv", self.text("åpnes.txt.txt"))
        # The one that is named is mended: then it is the other's turn.
        said = {name for name in ("a.txt", "b.txt") if
                "i mappen: %s\n" % name in self.text("mappe.txt")}
        self.assertEqual(len(said), 1, self.text("mappe.txt"))
        one, other = said.pop(), None
        other = "b.txt" if one == "a.txt" else "a.txt"
        os.chmod(box + "mappe/" + one, 0o644)
        h.wait_for(lambda: "i mappen: %s\n" % other in self.text("mappe.txt"),
                   10, "the other is named")
        with open(self.stopped() + "/skrevet.txt.txt", "a") as file:
            file.write("Ring Kari.")
        os.chmod(box + "åpnes.txt", 0o644)
        os.chmod(box + "skrevet.txt", 0o644)
        os.unlink(box + "borte.txt")
        os.chmod(box + "mappe/" + other, 0o644)
        self.until(h, "åpnes.txt", 6, disposition="done")
        self.until(h, "skrevet.txt", 6, disposition="done")
        self.verdict("mappe")
        h.wait_for(lambda: set(os.listdir(self.stopped())) ==
                   {"skrevet.txt.txt", "venter.txt.txt"}, 8,
                   "only what is true or a person's stays")
        # Another run knows it by what stands in it.
        h.stop()
        os.chmod(box + "venter.txt", 0o644)
        h.start()
        self.until(h, "venter.txt", 6, disposition="done")
        h.wait_for(lambda: os.listdir(self.stopped()) == ["skrevet.txt.txt"],
                   8, "that goes too")
        self.assertIn("Ring Kari.", self.text("skrevet.txt.txt"))

    @unittest.skipIf(os.getuid() != 0, "needs root to become nobody")
    def test_closed_text_is_one(self):
        """Also of an odd name, and over a restart."""
        h = self.begin(user=65534)
        for name in ("venter.txt", "rar\u202e.txt"):
            self.shut(name)
        h.wait_for(lambda: len(self.refusals()) == 2, 10, "both are told")
        there = h.wait_for(lambda: len(os.listdir(self.stopped())) == 2 and
                           sorted(os.listdir(self.stopped())), 5, "two texts")
        h.stop()
        h.start()
        h.wait_for(lambda: len(self.refusals()) == 4, 10, "told again")
        time.sleep(3)  # a look and more
        self.assertEqual(sorted(os.listdir(self.stopped())), there)
        self.assertEqual(len(os.listdir(h.inbox())), 2)


class Folders(Mean):
    def drop_folder(self, name, files, links=()):
        tmp = os.path.join(self.h.root, "mappe")
        os.mkdir(tmp)
        for path, data in files.items():
            full = os.path.join(tmp, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            put(full, data)
        for path, make in links:
            make(os.path.join(tmp, path))
        os.rename(tmp, os.path.join(self.h.inbox(), name))

    def test_folders(self):
        h = self.begin()
        deep = "/".join("d%d" % n for n in range(40)) + "/brev.txt"
        self.drop_folder("dyp", {deep: letter(1)})
        self.drop_folder("mange", {"%04d.txt" % n: letter(n)
                                   for n in range(1500)})
        self.drop_folder("tom", {})
        self.drop_folder("bare tomme", {"a/b/.skjult": b"x"})
        self.drop_folder("ødelagt", {"brev.txt": letter(2),
                                     "sluse.json": b'{"sak": '})
        self.drop_folder("blandet", {"brev.txt": letter(3)}, [
            ("passwd", lambda p: os.symlink("/etc/passwd", p)),
            ("opp", lambda p: os.symlink("..", p)),
            ("rør", os.mkfifo)])
        self.drop_folder("god", {"brev.txt": letter(4),
                                 "vedlegg/kart.txt": b"Et kart.\n",
                                 "rar\nfil\xff".encode("latin-1")
                                 .decode("utf-8", "surrogateescape"):
                                 b"Tekst.\n"})
        self.last_letter(8)
        got = {name: (row["disposition"], row["reason"]) for name, row in (
            (name, self.verdict(name)) for name in (
                "dyp", "mange", "tom", "bare tomme", "ødelagt", "blandet",
                "god"))}
        self.assertEqual(got, {
            "dyp": ("quarantined", "limit_depth"),
            "mange": ("quarantined", "limit_files"),
            "tom": ("broken", "empty"),
            "bare tomme": ("broken", "empty"),
            "ødelagt": ("held", "sidecar_invalid"),
            "blandet": ("done", None),
            "god": ("done", None)})
        self.assertEqual(len(self.one(h, "god")["documents"]), 3)
        sent = [d for d in h.posts()["deliveries"]]
        self.assertEqual(len(sent), 3)
        for row in sent:
            self.assertNotIn("passwd", str(row))
        self.last_letter()
        self.over()

    def test_inlet_comes_and_goes(self):
        h = self.begin()
        self.last_letter()
        queue = os.path.dirname(h.inbox())
        shutil.rmtree(h.inbox())
        h.wait_for(lambda: os.path.isdir(h.inbox()), 5, "made again")
        self.last_letter()
        shutil.rmtree(h.inbox())
        os.makedirs(h.inbox(), exist_ok=True)  # by somebody else, at once
        time.sleep(0.2)
        self.last_letter()
        os.rename(h.inbox(), h.inbox() + ".gammel")
        h.wait_for(lambda: os.path.isdir(h.inbox()), 5, "made again")
        self.last_letter()
        self.remove(queue)
        h.wait_for(lambda: os.path.isdir(h.inbox()), 5, "made again")
        self.last_letter()
        os.rename(queue, queue + " gammel")
        shutil.copytree(queue + " gammel", queue, dirs_exist_ok=True)
        time.sleep(0.2)
        self.last_letter()
        h.wait_for(lambda: h.rows("status")[0]["slused"]["inlets"][0]["mode"]
                   == "inotify", 5, "it is watched")
        self.over()

    @staticmethod
    def remove(folder):
        """Against slused, which makes folders again as soon as they go."""
        for _ in range(1000):
            try:
                shutil.rmtree(folder)
                return
            except OSError:
                pass
        shutil.rmtree(folder)


class Moving(Mean):
    """Files that do not lie still."""

    def test_cut_off(self):
        """Half a zip, written in place: it is tried again, but less and less
        often, and taken when the rest has come."""
        h = self.begin()
        path = os.path.join(h.inbox(), "halv.zip")
        whole = zipped([("brev.txt", letter(7) * 40)])
        with open(path, "wb") as file:
            file.write(whole[:len(whole) // 2])
        time.sleep(7)

        def tries():
            with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
                return file.read().count('put back reason="incomplete"')
        print("%d tries in 7 s" % tries(), flush=True)
        self.assertLess(tries(), 9)
        h.wait_for(lambda: tries() > 1, 10, "it is tried again")
        self.assertEqual(self.by_name(h, "halv.zip"), [])
        with open(path, "ab") as file:
            file.write(whole[len(whole) // 2:])
        self.until(h, "halv.zip", 15, disposition="done")
        self.over()

    def test_growing(self):
        # Long enough that a writer who is kept waiting has not ended.
        h = self.begin(instance=house.FAST.replace("settle = 300ms",
                                                   "settle = 3s"))
        path = os.path.join(h.inbox(), "vokser.txt")
        parts, stop = [letter(1)], threading.Event()

        def write():
            with open(path, "wb", buffering=0) as file:
                file.write(parts[0])
                while not stop.wait(0.1):
                    parts.append(b"Linje %d til.\n" % len(parts))
                    file.write(parts[-1])
        writer = threading.Thread(target=write)
        writer.start()
        try:
            end = time.monotonic() + 5  # more than `settle`
            while time.monotonic() < end:
                self.last_letter()
                self.assertEqual(self.by_name(h, "vokser.txt"), [])
                time.sleep(0.5)
        finally:
            stop.set()
            writer.join()
        whole = b"".join(parts)
        self.until(h, "vokser.txt", 10, disposition="done")
        self.assertEqual(self.one(h, "vokser.txt")["sha256"], digest(whole))
        self.over()

    def test_written_after_all(self):
        """A dropper who pauses longer than `settle`: what he writes later is
        post of its own, whether the first was filed away or is still here."""
        h = self.begin()
        done, held = b"Deres ref: 2026/87\nKort.\n", b"Ingen ledetr\xc3\xa5d.\n"
        with open(os.path.join(h.inbox(), "sen.txt"), "wb") as one, \
                open(os.path.join(h.inbox(), "holdt.txt"), "wb") as two:
            one.write(done)
            one.flush()
            two.write(held)
            two.flush()
            self.until(h, "sen.txt", 10, disposition="done")
            first = self.until(h, "holdt.txt", 10, disposition="held")["id"]
            h.wait_for(lambda: h.query(
                "SELECT count(*) FROM consignment WHERE source_place = 'done'"
                )[0][0] == 1, 10, "filed away")
            one.write(done * 30)
            two.write(held + done)
        h.sluse("assign", first, "--case", "2026/87")
        h.wait_for(lambda: len(self.by_name(h, "sen.txt")) == 2 and
                   len(self.by_name(h, "holdt.txt")) == 2, 30, "again")
        h.wait_quiet(20, 4)
        digests = {row["sha256"] for row in h.rows("list")}
        for whole in (done, done * 31, held, held * 2 + done):
            self.assertIn(digest(whole), digests)
        events = [e["event"] for e in h.rows("journal", "list")]
        self.assertEqual(events.count("source_changed"), 2)
        self.over()

    def test_changed_while_copied(self):
        h = self.begin()
        size = 24 << 20
        stop = threading.Event()
        made = os.path.join(h.root, "stor")
        put(made, os.urandom(size))
        file = open(made, "r+b", buffering=0)
        self.addCleanup(file.close)

        def scribble():
            while not stop.is_set():
                file.seek(random.randrange(size - 16))
                file.write(os.urandom(16))
                time.sleep(0.002)
        writer = threading.Thread(target=scribble)
        writer.start()
        try:
            os.rename(made, os.path.join(h.inbox(), "stor.bin"))
            time.sleep(2.5)
            h.wait_for(lambda: self.changing(h), 10, "it is seen to change")
            self.assertEqual(self.by_name(h, "stor.bin"), [],
                             "not while it changes")
            self.last_letter()
        finally:
            stop.set()
            writer.join()
        row = self.verdict("stor.bin", 15)
        file.seek(0)
        self.assertEqual(row["sha256"], digest(file.read()))
        again = self.changing(h)
        print("copied again %d times" % again, flush=True)
        self.assertLess(again, 30, "it waits between tries")
        self.over()

    @staticmethod
    def changing(h):
        with open(os.path.join(h.root, "log"), errors="replace") as log:
            return sum("file_changing" in line for line in log)

    def test_removed_mid_claim(self):
        h = self.begin()
        going, n = 0, -1
        # On until both have won, the longer the wait the slower the machine.
        while n < 399 or (n < 4000 and going in (0, n + 1)):
            n += 1
            path = os.path.join(h.inbox(), "r%03d.txt" % n)
            put(h.root + "/t", letter(n))
            os.rename(h.root + "/t", path)
            if n % 3:
                time.sleep(random.random() * 0.003 * (1 + n // 400))
            try:
                os.unlink(path)
                going += 1
            except FileNotFoundError:
                pass
        h.wait_quiet(20)
        rows = h.rows("list")
        print("of %d the hand took %d, the claim %d" % (
            n + 1, going, len(rows)), flush=True)
        self.assertGreater(going, 0)
        self.assertGreater(len(rows), 0)
        self.assertEqual(len(rows), n + 1 - going)
        self.assertEqual({r["disposition"] for r in rows}, {"done"})
        self.last_letter()
        self.over()

    def test_name_taken_meanwhile(self):
        """What cannot go back under its name is not lost from sight."""
        h = self.begin()
        size = 100 << 20
        stop = threading.Event()
        made = os.path.join(h.root, "stor")
        file = open(made, "w+b", buffering=0)
        file.truncate(size)
        self.addCleanup(file.close)

        def scribble():
            while not stop.is_set():
                file.seek(random.randrange(size - 16))
                file.write(os.urandom(16))
                time.sleep(0.001)
        writer = threading.Thread(target=scribble)
        writer.start()
        try:
            path = os.path.join(h.inbox(), "stor.txt")
            os.rename(made, path)
            self.take_place(path, letter(1))
            time.sleep(0.5)
        finally:
            stop.set()
            writer.join()
        file.seek(0)
        want = digest(file.read(size))
        h.wait_for(lambda: any(r["sha256"] == want for r in h.rows("list")),
                   15, "the big one is received")
        h.wait_for(lambda: any(r["sha256"] == digest(letter(1)) for r in
                               h.rows("list")), 15, "and the small one")
        h.wait_quiet(15)
        self.assertEqual(len(h.rows("list")), 2)
        self.last_letter()
        self.over()

    def take_place(self, path, data):
        """Puts data there as soon as what is there has been claimed."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            except FileExistsError:
                continue
            os.write(fd, data)
            os.close(fd)
            return
        self.fail("never claimed")

    def test_restart(self):
        """What was given up at the door is not taken again at the next
        start."""
        h = self.begin(limits="input_max = 1K\nfolder_files_max = 5\n")
        h.drop_bytes(bytes(5000), "stor.bin")
        os.mkdir(h.root + "/m")
        for n in range(9):
            put(h.root + "/m/%d.txt" % n, letter(n))
        os.rename(h.root + "/m", os.path.join(h.inbox(), "mange"))
        os.mkdir(os.path.join(h.inbox(), "tom"))
        for name in ("stor.bin", "mange", "tom"):
            self.verdict(name)
        before = h.rows("list")
        h.stop()
        h.start()
        self.pid = self.slused(h)
        self.last_letter()
        time.sleep(2.5)
        self.assertEqual(h.rows("list")[:3], before)
        self.assertEqual(len(h.rows("list")), 4)
        for row in before:
            h.sluse("reject", row["id"], "--why", "vekk")
        done = os.path.join(h.root, "spool", "Skannet post", "Ferdig")
        h.wait_for(lambda: len([n for _, ds, fs in os.walk(done) for n in
                                ds + fs if n.endswith(("stor.bin", "mange",
                                                       " tom"))]) == 3, 5,
                   "the sources lie in Ferdig")
        self.over()

    def test_same_name_again(self):
        """A new file under the name of one that has just been claimed."""
        h = self.begin()
        for n in range(50):
            put(h.root + "/t", letter(n))
            os.rename(h.root + "/t", os.path.join(h.inbox(), "brev.txt"))
            h.wait_for(lambda: not os.listdir(h.inbox()), 5, "claimed")
        h.wait_quiet(15, 50)
        self.assertEqual(len({r["sha256"] for r in h.rows("list")}), 50)
        self.over()


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + \
            struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * min((width + 1) * height, 4 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + \
        chunk(b"IDAT", body) + chunk(b"IEND", b"")


def zipped(files, level=9):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED,
                         compresslevel=level) as z:
        for name, data in files:
            z.writestr(name, data)
    return out.getvalue()


def nested(depth):
    data = zipped([("brev.txt", letter(1))])
    for n in range(depth):
        data = zipped([("%d.zip" % n, data)])
    return data


def many_parts(n):
    out = [b"From: a@example.no\r\nTo: b@example.no\r\nSubject: mange\r\n"
           b"Message-ID: <mange@example.no>\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"]
    for i in range(n):
        out.append(b"--x\r\nContent-Type: text/plain; name=d%d.txt\r\n"
                   b"Content-Disposition: attachment; filename=d%d.txt\r\n"
                   b"\r\ndel %d\r\n" % (i, i, i))
    return b"".join(out) + b"--x--\r\n"


CHARSETS = ("us-ascii utf-8 utf-16 utf-32 iso-8859-1 iso-8859-2 iso-8859-4"
            " iso-8859-5 iso-8859-10 iso-8859-15 windows-1250 windows-1251"
            " windows-1252 windows-1257 koi8-r koi8-u cp437 cp850 cp865"
            " macintosh big5 gb2312 gbk gb18030 euc-jp shift_jis iso-2022-jp"
            " euc-kr utf-7 x-unknown none").split()
PY = {"macintosh": "mac_roman", "x-unknown": "latin-1", "none": "latin-1"}


def mail(charset):
    text = "Så: Deres ref: 2026/87. Hilsen %s" % charset
    body = text.encode(PY.get(charset, charset), "replace")
    return (b"From: a@example.no\r\nTo: b@example.no\r\nSubject: %s\r\n"
            b"Message-ID: <%s@example.no>\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=\"%s\"\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" %
            ((charset.encode(),) * 3)) + __import__(
                "base64").encodebytes(body)


class Content(Mean):
    ocr = True

    def test_bombs(self):
        h = self.begin(limits="input_max = 100M\n")
        zeros = bytes(8 << 20)
        drops = {
            "bred.png": (png(1000000, 40), {"quarantined"},
                         {"limit_pixels"}),
            "svær.png": (png(0x7fffffff, 0x7fffffff), {"quarantined",
                                                       "broken"},
                         {"limit_pixels", "damaged"}),
            "bombe.zip": (zipped([("n%d" % n, zeros) for n in range(16)]),
                          {"quarantined"}, {"limit_ratio", "limit_bytes"}),
            "dyp.zip": (nested(16), {"quarantined"}, {"limit_depth"}),
            "mange.zip": (zipped([("%d" % n, b"") for n in range(10500)], 0),
                          {"quarantined"}, {"limit_members"}),
            "mange.eml": (many_parts(10001), {"quarantined"},
                          {"limit_members"}),
            "dype deler.eml": (
                b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n"
                         b"\r\n--b%d\r\n" % (n, n) for n in range(300)),
                set(ENDS), None),
            "halv.png": (png(100, 100)[:60], set(ENDS), None),
            "halv.zip": (zipped([("a.txt", os.urandom(9000))])[:4000],
                         set(ENDS), None),
            "støy.pdf": (b"%PDF-1.7\n" + os.urandom(20000), {"broken"},
                         {"damaged"}),
            "støy.jpg": (b"\xff\xd8\xff\xe0" + os.urandom(20000),
                         set(ENDS), None),
            "null.txt": (bytes(100000), set(ENDS), None),
            "én linje.txt": (b"A" * (20 << 20), set(ENDS), None),
        }
        for name, (data, _, _) in drops.items():
            h.drop_bytes(data, name)
        os.mkdir(h.root + "/hull")
        with open(h.root + "/hull/x", "wb") as file:
            file.truncate(210 << 20)
        os.rename(h.root + "/hull/x", os.path.join(h.inbox(), "hull.bin"))
        took = self.last_letter(20)
        wrong = []
        for name, (_, ends, reasons) in drops.items():
            row = self.verdict(name, 40)
            print("%-16s %s %s" % (name, row["disposition"], row["reason"]),
                  flush=True)
            if row["disposition"] not in ends or (
                    reasons and row["reason"] not in reasons):
                wrong.append((name, row["disposition"], row["reason"],
                              row["detail"]))
        row = self.verdict("hull.bin")
        self.assertEqual((row["disposition"], row["reason"]),
                         ("quarantined", "limit_input"))
        print("the letter behind: %.2f s" % took, flush=True)
        self.last_letter()
        self.assertEqual(wrong, [])
        self.over()

    def test_charsets(self):
        """Every name of a charset that Python knows, too."""
        h = self.begin()
        names = {}
        for charset in sorted(set(CHARSETS) | set(encodings.aliases.aliases)):
            try:
                names[charset] = mail(charset)
            except (LookupError, UnicodeError):
                pass  # rot13, base64 and the like
        self.assertGreater(len(names), 200)
        for charset, data in names.items():
            h.drop_bytes(data, charset + ".eml")
        h.wait_quiet(50, len(names))
        unread = []
        for row in h.rows("list"):
            self.assertIn(row["disposition"], ENDS)
            self.assertTrue(row["disposition"] == "done" or row["reason"])
            if row["case"] != "2026/87":
                unread.append(row["name"][:-4])
        print("%d names of charsets, not read: %s" % (
            len(names), " ".join(sorted(unread))), flush=True)
        self.assertEqual(set(unread) & set(CHARSETS), set())
        self.last_letter()
        self.over()


class Flood(Mean):
    def test_many_at_once(self):
        h = self.begin()
        half = FLOOD // 2
        store = os.path.join(h.root, "hög")
        os.mkdir(store)
        for n in range(half):
            put("%s/a%04d.txt" % (store, n), letter(n))
        began = time.monotonic()
        for n in range(half):
            os.rename("%s/a%04d.txt" % (store, n),
                      os.path.join(h.inbox(), "a%04d.txt" % n))
        for n in range(half):
            put(os.path.join(h.inbox(), "b%04d.txt" % n), letter(half + n))
        took = self.last_letter(10)
        h.wait_quiet(60, 2 * half + 1)
        every = time.monotonic() - began
        print("%d files in %.1f s, a letter behind them in %.2f s" % (
            2 * half, every, took), flush=True)
        self.assertLess(took, max(5, every / 2), "it need not wait for all")
        done = h.query("SELECT count(*) FROM entry WHERE disposition = 60")
        self.assertEqual(done[0][0], 2 * half + 1)
        self.assertEqual(len(set(h.keys_there())), 2 * half + 1)
        self.over()

    def test_queue_overflow(self):
        """The kernel's list of hints runs over; no sweep comes to help."""
        h = self.begin(instance=house.FAST.replace("sweep = 2s",
                                                   "sweep = 1h"))
        with open("/proc/sys/fs/inotify/max_queued_events",
                  encoding="ascii") as file:
            room = int(file.read())
        if room > 100000:
            self.skipTest("the kernel's list is too long to fill")
        os.kill(self.pid, signal.SIGSTOP)
        try:
            path = os.path.join(h.inbox(), ".støy")
            for _ in range(room // 2 + 200):
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                os.unlink(path)
            for n in range(20):
                put(h.root + "/t", letter(n))
                os.rename(h.root + "/t",
                          os.path.join(h.inbox(), "b%d.txt" % n))
        finally:
            os.kill(self.pid, signal.SIGCONT)
        h.wait_quiet(8, 20)
        self.assertEqual(len(h.keys_there()), 20)
        self.last_letter()
        self.over()


if __name__ == "__main__":
    run_all()
