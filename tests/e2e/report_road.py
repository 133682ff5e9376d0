#!/usr/bin/env python3
"""Reports on post that took the road, by its own words."""
import fcntl
import json
import pty
import re
import struct
import subprocess
import termios
import unittest
from collections import Counter

from house import BIN, FAST, TOP, House, os
from recount import Html, Recount, rows, run


class Road(unittest.TestCase):
    """The same on what the road itself writes."""

    @classmethod
    def setUpClass(cls):
        cls.house = House(
            instance=FAST + "\n[journal]\ncheckpoint_after = 200ms\n",
            extra="[queue Papir]\nkind = incoming\naccess = XX\n")
        cls.addClassCleanup(cls.house.close)
        h = cls.house
        demo = os.path.join(TOP, "spool", "demo")
        with open(os.path.join(demo, "MANIFEST.json")) as file:
            items = json.load(file)["items"]
        n = 0
        for item in items:
            path = os.path.join(demo, item["name"])
            if os.path.isfile(path) and os.path.getsize(path) < 40000:
                h.drop(path, queue=item["queue"])
                n += 1
        h.wait_quiet(60, n)
        cls.count = n

    def test_balance_and_leaves(self):
        h = self.house
        raw = Recount(h.root)
        events = Counter(event for event, *_ in raw.leaves())
        found, last = rows(h.root, "mottaksbalanse")
        self.assertEqual(last["facts"]["remainder"], "0")
        total = {r["unit"]: r for r in found if r["queue"] == "Alle køer"}
        self.assertEqual(total["consignments"]["total"], events[20])
        self.assertEqual(total["entries"]["total"], events[51])
        self.assertEqual(total["entries"]["transferred"], events[81])
        self.assertEqual(total["entries"]["held"], events[102])
        found, last = rows(h.root, "mottaksprotokoll")
        self.assertEqual(int(last["facts"]["entries"]), events[51])
        there = {p["number"] for p in h.posts()["journalposts"]
                 if "number" in p}
        if there:
            self.assertEqual({r["registration"] for r in found
                              if r["registration"]}, there)

    def test_access_codes(self):
        """What the road sent with a code, by the name it has there."""
        h = self.house
        path = os.path.join(h.root, "spool", "Papir", "Inn", "brev.txt")
        with open(path + ".tmp", "w") as file:
            file.write("Saksnr: 2026/87\n\nJeg ber om innsyn i saken min.\n")
        os.rename(path + ".tmp", path)
        h.wait_for(lambda: [
            (r["queue"], r["code"], r["total"])
            for r in rows(h.root, "tilgangskoder")[0]] == [("Papir", "XX", 1)],
            30, "a code")

    def test_held_once_more(self):
        """Whoever holds what is held already has settled nothing."""
        h = self.house

        def sums():
            found = rows(h.root, "avklaringer")[0]
            return {key: sum(r[key] for r in found)
                    for key in ("held", "open", "person", "machine")}
        before = sums()
        row = next(r for r in h.rows("list") if r["disposition"] == "held")
        h.sluse("hold", row["reception"], "--why", "venter på svar")
        want = {**before, "held": before["held"] + 1,
                "machine": before["machine"] + 1}
        self.assertGreater(before["open"], 0)
        self.assertEqual(sums(), want)

    def test_refused_at_the_door(self):
        """A link has no number, and is accounted for all the same."""
        h, queue = self.house, self.house.queues[0]

        def received():
            return [(r["total"], r["stopped"]) for r in rows(
                h.root, "mottaksbalanse", "--queue", queue)[0]
                    if r["unit"] == "received_files"] or [(0, 0)]
        (total, stopped), = received()
        os.symlink("/etc/passwd", os.path.join(h.inbox(), "lenke.pdf"))
        h.wait_for(lambda: received() == [(total + 1, stopped + 1)], 30, "refused")
        for name in ("mottaksbalanse", "mottaksprotokoll"):
            facts = rows(h.root, name)[1]["facts"]
            self.assertEqual(facts["refused_at_door"], "1")
            self.assertIn("lenke", facts["door_refused_link"])
            self.assertNotIn("passwd", str(facts))
        self.assertEqual(rows(h.root, "mottaksbalanse")[1]["facts"]["remainder"],
                         "0")

    def test_what_is_left_out_of_a_folder(self):
        """By its name, or as no file: it goes with the folder, and is told."""
        h, queue = self.house, self.house.queues[0]
        keys = ("total", "transferred", "stopped", "ignored", "remainder")

        def received():
            return [Counter({key: r[key] for key in keys}) for r in rows(
                h.root, "mottaksbalanse", "--queue", queue)[0]
                    if r["unit"] == "received_files"][0]
        before = received()
        said = rows(h.root, "mottaksbalanse")[1]["facts"]
        folder = os.path.join(h.root, "bunke")
        for name in ("brev.txt", "Thumbs.db", ".skjult.pdf", "under/x.PART",
                     ".mappe/inni.txt"):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write("Deres ref 2026/211\n" + name)
        os.symlink("/etc/passwd", os.path.join(folder, "lenke.pdf"))
        os.rename(folder, os.path.join(h.inbox(queue), "bunke"))
        h.wait_for(lambda: received()["transferred"] >
                   before["transferred"], 30, "the folder was not taken")
        self.assertEqual(received() - before, Counter(
            total=6, transferred=1, stopped=1, ignored=4))
        self.assertEqual(received()["remainder"], 0)
        facts = rows(h.root, "mottaksbalanse")[1]["facts"]
        self.assertEqual(facts["remainder"], "0")
        self.assertEqual(facts["left_out_by_name"], "4")
        self.assertEqual(int(facts["refused_at_door"]),
                         int(said.get("refused_at_door", "0")) + 1)
        # Each an event that stays; the names go with the content.
        told = [e["payload"] for e in h.rows(
            "journal", "list", "--kind", "refused_at_door")][-5:]
        self.assertEqual(Counter(p["reason"] for p in told), Counter(
            ignored_name=4, refused_link=1))
        self.assertEqual({tuple(sorted(p)) for p in told}, {("queue", "reason")})
        number, = {e["subject"] for e in h.rows("journal", "list", "--kind",
                                               "received")
                   if "left_out" in e["payload"]}
        came = [e["payload"] for e in h.rows("journal", "list", number)
                if e["event"] == "received"][0]
        self.assertEqual(sorted(came["left_out"]), [
            ".mappe", ".skjult.pdf", "Thumbs.db", "lenke.pdf", "under/x.PART"])
        self.assertEqual(came["files"], 1)
        h.sluse("journal", "verify")

    def read(self, *path):
        with open(os.path.join(*path), "rb") as file:
            return file.read()

    def test_pack(self):
        h = self.house
        folder = os.path.join(h.root, "pack")
        h.wait_for(lambda: h.query("SELECT count(*) FROM checkpoint")[0][0],
                   20, "no head was signed")
        leaves = h.query("SELECT count(*) FROM leaf")[0][0]
        h.sluse("report", "tilsynspakke", folder, "--from", "2026-01-01")
        index = self.read(folder, "index.html").decode()
        there = set(os.listdir(folder))
        self.assertIn("<dd>fra 01.01.2026</dd>", index)
        self.assertRegex(index, r"<dd>\d\d\.\d\d\.20\d\d \d\d:\d\d</dd>")
        self.assertEqual(set(re.findall(r'href="([^"]+)"', index)) |
                         {"index.html"}, there)
        for name in there:
            data = self.read(folder, name)
            self.assertNotIn(b"hemmelig\n", data, name)
            if name.endswith(".html"):
                page = Html(data.decode())
                self.assertEqual((page.lang, page.open), ("nb", []), name)
        made = re.search(r"<dd>(\d\d\.\d\d\.20\d\d \d\d:\d\d)</dd>", index)[1]
        for name, words in (("index", ()), ("systembeskrivelse", (
                "sluse-auditor", "Ingen utenfor Sluse")),
                            ("dokumentasjonsplan", ("180 d", "duplikat",
                                                    "Ingen kø er satt opp for papir")),
                            ("behandlingsprotokoll", ("180 d", "duplikat",
                                                      "tredjeland", "Felles beh",
                                                      "Databehandler"))):
            page = self.read(folder, name + ".html").decode()
            # On paper too it says whose it is, and of when.
            shown = page[page.index("<h1>"):]
            for word in ("<dd>Testvik kommune</dd>", "<dd>%s</dd>" % made,
                         *words):
                self.assertIn(word, shown, name)
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        head = json.loads(self.read(folder, "sporingslogg-hode.json"))
        # The log goes on growing meanwhile.
        self.assertLessEqual(leaves, head["leaves"])
        self.assertLessEqual(head["leaves"],
                             h.query("SELECT count(*) FROM leaf")[0][0])
        # Signed, so that it proves something: of this log, and of no other.
        signed = os.path.join(folder, "sporingslogg-hode.checkpoint")
        lines = self.read(signed).decode().split("\n")
        self.assertEqual(int(lines[1]), head["signed"])
        keys = self.read(folder, "sporingslogg-hode.vkey").decode().split()
        self.assertEqual(keys, [k for k, in h.query(
            "SELECT vkey FROM journal_key ORDER BY number")])
        for line, code in ((lines[2], 0), ("A" * 43 + "=", 1)):
            other = os.path.join(h.root, "head")
            with open(other, "w") as file:
                file.write("\n".join([*lines[:2], line, *lines[3:]]))
            done = h.sluse("journal", "verify", "--against", other,
                           check=False)
            self.assertEqual(done.returncode, code, done.stderr)
        done = h.sluse("report", "tilsynspakke", folder, check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("is not empty", done.stderr)
        above = os.path.join(h.root, "nowhere")
        done = h.sluse("report", "tilsynspakke", os.path.join(above, "pack"),
                       check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("No such file or directory", done.stderr)
        self.assertFalse(os.path.exists(above))
        # One that was cut off is written anew.
        for name, data in ((".sluse-part", "sluse tilsynspakke\n"),
                           ("gammel.html", "<halv")):
            with open(os.path.join(folder, name), "w") as file:
                file.write(data)
        os.unlink(os.path.join(folder, "index.html"))
        h.sluse("report", "tilsynspakke", folder, "--from", "2026-01-01")
        self.assertEqual(set(os.listdir(folder)), there)
        # Each report gets the options it takes.
        drawn = os.path.join(h.root, "drawn")
        h.sluse("report", "tilsynspakke", drawn, "--seed", "7", "--count", "3",
                "--risk", "--days", "9")
        for name, options in (("stikkprove", ("--seed", "7", "--count", "3",
                                              "--risk")),
                              ("liggetid", ())):
            self.assertEqual(
                self.read(drawn, name + ".csv"),
                run(h.root, name, "--format", "csv", *options).stdout)
        done = h.sluse("report", "tilsynspakke", drawn + "2", "--format", "pdf",
                       check=False)
        self.assertEqual((done.returncode, os.path.exists(drawn + "2")),
                         (2, False))
        # What cannot be is refused before anything is made.
        other = os.path.join(h.root, "no-pack")
        for line in (("--from", "1.1.2026"), ("--from", "2026-02-02", "--to",
                     "2026-02-01"), ("--control", folder + "x")):
            done = h.sluse("report", "tilsynspakke", other, *line, check=False)
            self.assertIn(done.returncode, (2, 5), done.stderr)
            self.assertFalse(os.path.exists(other))

    def test_terminal(self):
        """A row is as wide as the terminal, or as $COLUMNS; a pipe's rows are
        one line each, whatever that says."""
        def widest(text):
            return max(len(line) for line in text.splitlines()
                       if not line.startswith(" " * 20))

        def shown(wide, **env):
            end, tty = pty.openpty()
            fcntl.ioctl(tty, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 40, wide, 0, 0))
            child = subprocess.Popen(
                [os.path.join(BIN, "sluse"), "--root", self.house.root,
                 "report", "mottaksprotokoll"], stdout=tty,
                env={**os.environ, **env})
            os.close(tty)
            text = b""
            while True:
                try:
                    part = os.read(end, 65536)
                except OSError:
                    break
                text += part
            self.assertEqual(child.wait(), 0)
            os.close(end)
            return text.decode().replace("\r\n", "\n")
        os.environ.pop("COLUMNS", None)
        piped = self.house.sluse("report", "mottaksprotokoll").stdout
        self.assertRegex(piped, r"(?m)^Laget: \d\d\.\d\d\.20\d\d \d\d:\d\d$")
        self.assertRegex(piped, r" \d\d\.\d\d\.20\d\d \d\d:\d\d ")
        self.assertNotRegex(piped, r"\b20\d\d-\d\d-\d\d\b")
        whole = widest(piped)
        wide = shown(whole + 10)
        self.assertEqual(widest(wide), whole)
        small = shown(whole - 10)
        self.assertLessEqual(widest(small), whole - 10)
        self.assertGreater(small.count("\n"), wide.count("\n"))
        self.assertLessEqual(widest(shown(whole + 10, COLUMNS=str(whole - 10))),
                             whole - 10)

    def test_full_disk(self):
        for line in (("report", "mottaksprotokoll"),
                     ("report", "mottaksprotokoll", "--format", "pdf"),
                     ("report", "--list"),
                     ("depot", "check", self.house.root)):
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [os.path.join(BIN, "sluse"), "--root", self.house.root,
                     *line], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 6, line)
            self.assertIn("cannot write", done.stderr)


if __name__ == "__main__":
    unittest.main()
