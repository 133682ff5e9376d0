#!/usr/bin/env python3
"""The folders people see, with the whole road behind them: what is held is
settled by renaming and by file, what is stopped is explained, and the day's
list balances."""
import csv
import glob
import os
import shutil
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from house import DEMO, House, QUEUES  # noqa: E402

QUEUE = QUEUES[0]


class Faces(unittest.TestCase):
    def setUp(self):
        self.house = House()
        self.addCleanup(self.house.close)
        self.wait = self.house.wait_for
        self.wait(lambda: self.house.query("SELECT count(*) FROM case_file")[0][0]
                  >= 5, 20, "known cases")

    def path(self, *parts):
        return os.path.join(self.house.root, "spool", QUEUE, *parts)

    def drop(self, name, as_name=None):
        self.house.drop(os.path.join(DEMO, name), name=as_name)

    def folders(self):
        return sorted(os.listdir(self.path("Må avklares")))

    def held(self, count):
        self.wait(lambda: len(self.folders()) == count and all(
            os.path.exists(self.path("Må avklares", f, "Avklar.txt"))
            for f in self.folders()), 60, "%d held" % count)
        return self.folders()

    def text(self, *parts):
        with open(self.path(*parts), encoding="utf-8-sig",
                  errors="replace") as file:
            return file.read()

    def rows(self):
        out = []
        for name in glob.glob(self.path("Kvitteringer", "*.csv")):
            with open(name, encoding="utf-8-sig", newline="") as file:
                out += list(csv.DictReader(file, delimiter=";"))
        return out

    def test_settled_by_renaming(self):
        self.drop("10-uten-holdepunkt.pdf", "Brev fra Kari Nordmann.pdf")
        number, = self.held(1)
        folder = self.path("Må avklares", number)
        self.wait(lambda: sorted(os.listdir(folder)) == [
            "Avklar.txt", "Forslag.html", "dokument-1.pdf"], 20, "its files")
        with open(os.path.join(folder, "dokument-1.pdf"), "rb") as copy, \
                open(os.path.join(DEMO, "10-uten-holdepunkt.pdf"), "rb") as was:
            self.assertEqual(copy.read(), was.read())
        with open(os.path.join(folder, "Notat.txt"), "w",
                  encoding="utf-8") as file:
            file.write("ring henne")
        os.rename(folder, self.path("Må avklares", "2026-211"))
        self.wait(lambda: self.folders() == [], 30, "folder cleared")
        self.house.wait_quiet()
        post, = self.house.posts()["journalposts"]
        self.assertIn("2026/211", str(post))
        self.assertEqual(self.text("Stoppet", number + " Notat.txt"),
                         "ring henne")
        self.wait(lambda: [r["Status"] for r in self.rows()] ==
                  ["overført til arkivet"], 20, "receipt")
        row, = self.rows()
        self.assertEqual(row["Mottaksnummer"], number)
        self.assertEqual(row["Sak"], "2026/211")
        self.assertTrue(row["Nummer i sak-/arkivsystemet"])
        self.house.check_whole(self)

    def test_empty_is_no_duplicate(self):
        """Two files without bytes say nothing of each other."""
        for name in ("en.txt", "to.txt"):
            self.house.drop_bytes(b"", name)
        self.wait(lambda: [r["Mulig duplikat"] for r in self.rows()] ==
                  ["", ""], 30, "two rows, no duplicate")
        self.assertEqual([r["Status"] for r in self.rows()],
                         ["kan ikke leses"] * 2)

    def test_empty_of_paper(self):
        """Nobody sends it again: who scanned it must scan again, says each
        place. A link was put there by no sender either."""
        self.house.close()
        self.house = h = House(queues=(QUEUE,), extra="paper = yes")
        self.addCleanup(h.close)
        self.wait = h.wait_for
        h.drop_bytes(b"", "skann0007.pdf")
        os.symlink("/etc/passwd", os.path.join(h.inbox(), "lenke"))
        self.wait(lambda: [r["Hvem"] for r in self.rows()] ==
                  ["dokumentsenteret"], 8, "a row")
        row, = h.rows("list")
        self.assertEqual((row["reason"], row["owner"], row["disposition"]),
                         ("empty_scan", "records centre", "broken"))
        text = self.text("Stoppet", row["id"] + ".txt")
        self.assertIn("Hvem: dokumentsenteret", text)
        self.assertIn("Skann papiret på nytt", text)
        self.assertNotIn("avsenderen", text)
        self.wait(lambda: os.path.exists(self.path("Stoppet", "lenke.txt")), 8,
                  "a text on the link")
        self.assertIn("Hvem: dokumentsenteret", self.text("Stoppet", "lenke.txt"))
        said = h.sluse("report", "liggetid", "--format", "csv").stdout
        self.assertIn("records centre", said)
        self.assertNotIn("sender", said)

    def test_original_gone(self):
        """The page tells of the copy that lies there, else that there is none."""
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        copy = self.path("Må avklares", number, "dokument-1.pdf")
        size = (os.path.getsize(copy) + 1023) // 1024
        (digest,), = self.house.query("SELECT lower(hex(sha256)) FROM blob")
        path = os.path.join(self.house.root, "store", "sha256", digest[:2], digest)
        page = ("Må avklares", number, "Forslag.html")
        os.rename(path, path + ".away")
        self.house.sluse("hold", number, "--why", "se én gang til")
        self.wait(lambda: "én gang til" in self.text(*page), 5, "a new page")
        self.assertIn(">%d kB</td>" % size, self.text(*page))
        self.assertIn('<a href="dokument-1.pdf">', self.text(*page))
        with open(copy, "r+b") as file:  # now it is somebody's own
            file.write(b"X")
        self.house.sluse("hold", number, "--why", "se enda en gang")
        self.wait(lambda: "enda en gang" in self.text(*page), 5, "a new page")
        self.assertIn("originalen er borte fra lageret", self.text(*page))
        self.assertNotIn("kB</td>", self.text(*page))
        self.assertNotIn("tatt vare på", self.text(*page))
        os.rename(path + ".away", path)

    def test_description_alone(self):
        """It is not empty, and the sender has nothing to send again."""
        self.house.drop_bytes(b'{"version": 1, "title": "Brev"}', "sluse.json")
        self.wait(lambda: [r["Hvem"] for r in self.rows()] ==
                  ["dokumentsenteret"], 8, "a row")
        row, = self.rows()
        self.assertIn("beskrivelse uten dokumenter", row["Årsak"])
        text = self.text("Stoppet", row["Mottaksnummer"] + ".txt")
        self.assertIn("hele mappen i Inn", text)
        self.assertNotIn("avsenderen", text)

    def test_duplicate_of_which(self):
        """Page and list name the post that has the same bytes."""
        self.drop("10-uten-holdepunkt.pdf", "en.pdf")
        first, = self.held(1)
        self.drop("10-uten-holdepunkt.pdf", "to.pdf")
        second, = set(self.held(2)) - {first}
        self.assertIn("mottatt før, i %s." % first,
                      self.text("Må avklares", second, "Forslag.html"))
        self.assertNotIn("uplikat",
                         self.text("Må avklares", first, "Forslag.html"))
        self.wait(lambda: {(r["Mottaksnummer"], r["Mulig duplikat"])
                           for r in self.rows()} ==
                  {(first, ""), (second, first)}, 10, "receipt")
        page, = glob.glob(self.path("Kvitteringer", "*.html"))
        with open(page, encoding="utf-8") as file:
            self.assertIn("mulig duplikat av %s<" % first, file.read())

    def test_settled_by_file(self):
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        note = self.path("Må avklares", number, "Avklar.txt")
        with open(note, "w", encoding="utf-16") as file:
            file.write("Sak: 2026/99999\r\n")
        self.wait(lambda: "er ikke kjent" in self.text(
            "Må avklares", number, "Avklar.txt"), 30, "answer")
        self.assertIn("Sak: 2026/99999", self.text(
            "Må avklares", number, "Avklar.txt"))
        with open(note, "w", encoding="latin-1") as file:
            file.write("Hører til:\r\nIkke arkivverdig: reklame\r\n")
        self.wait(lambda: self.folders() == [], 30, "folder cleared")
        self.wait(lambda: [r["Status"] for r in self.rows()] ==
                  ["ikke arkivverdig"], 20, "receipt")
        self.assertEqual(self.house.posts()["journalposts"], [])
        self.house.check_whole(self)

    def test_another_reason(self):
        """The note says why the post waits now, and keeps what was written."""
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        name = ("Må avklares", number, "Avklar.txt")
        self.assertNotIn("venter på svar", self.text(*name))
        self.house.sluse("hold", number, "--why", "venter på svar")
        self.wait(lambda: "venter på svar" in self.text(*name), 5, "reason")
        self.assertIn("Ikke arkivverdig:", self.text(*name))
        text = self.text(*name)
        with open(self.path(*name), "w", encoding="utf-8") as file:
            file.write(text.replace("\nSak:", "\nRing Kari først\nSak:"))
        self.hold_read(number, "venter på Kari")
        self.assertIn("Ring Kari først", self.text(*name))
        # Below the lines it gets an answer, which repeats it.
        with open(self.path(*name), "a", encoding="utf-8") as file:
            file.write("Hun vet det\n")
        self.hold_read(number, "venter ennå")
        self.assertIn("Hun vet det", self.text(*name))

    def test_written_elsewhere(self):
        """What decides nothing is answered: words in the explanation, and an
        empty file."""
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        name = ("Må avklares", number, "Avklar.txt")
        fresh = self.text(*name)
        with open(self.path(*name), "w", encoding="utf-8-sig",
                  newline="") as file:
            file.write(fresh.replace("for eksempel 2026/211",
                                     "for eksempel 2026/211 2026/87", 1))
        self.wait(lambda: "Skriv det på linjen over som begynner med Sak:\n"
                  "Det som sto der: 2026/87" in self.text(*name), 30, "answer")
        self.assertTrue(self.text(*name).startswith(fresh))
        with open(self.path(*name), "w", encoding="utf-8"):
            pass
        self.wait(lambda: "Filen var tom" in self.text(*name), 30, "answer")
        self.assertTrue(self.text(*name).startswith(fresh))
        self.assertEqual(self.folders(), [number])
        self.house.check_whole(self)

    def again(self, number):
        """What the sporingslogg says of folders that came in by the door."""
        row, = self.house.rows("explain", number)
        return [e["payload"] for e in row["events"]
                if e["event"] == "received_again"]

    def known(self):
        return [row["id"] for row in self.house.rows("list")]

    def test_dragged_to_the_door(self):
        """The folder of what waits is no new post: it goes back."""
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        folder = self.path("Må avklares", number)
        name = ("Må avklares", number, "Avklar.txt")
        self.wait(lambda: len(os.listdir(folder)) == 3, 20, "its files")
        os.rename(folder, self.path("Inn", "Nytt brev"))
        self.wait(lambda: os.path.exists(self.path(*name)) and
                  "var flyttet til Inn" in self.text(*name), 30, "answer")
        self.assertEqual(sorted(os.listdir(folder)), [
            "Avklar.txt", "Forslag.html", "dokument-1.pdf"])
        self.assertEqual(self.again(number), [{"folder": "put_back"}])
        # A copy of it is not received either, whatever its name; and without
        # the note it is known by the page.
        shutil.copytree(folder, self.path("Stoppet", "kopi"))
        os.rename(self.path("Stoppet", "kopi"), self.path("Inn", "kopi"))
        self.wait(lambda: len(self.again(number)) == 2, 30, "second")
        os.unlink(self.path(*name))
        os.rename(folder, self.path("Inn", "uten notat"))
        self.wait(lambda: len(self.again(number)) == 3, 30, "third")
        self.wait(lambda: os.path.exists(self.path(*name)), 30, "note")
        self.assertEqual(self.known(), [number])
        # Where somebody has written in the one that stands there, it stays.
        shutil.copytree(folder, self.path("Stoppet", "kopi"))
        with open(self.path(*name), "w", encoding="utf-8") as file:
            file.write("Sak: 2026/99999\n")
        self.wait(lambda: "er ikke kjent" in self.text(*name), 30, "answer")
        os.rename(self.path("Stoppet", "kopi"), self.path("Inn", "kopi"))
        self.wait(lambda: os.path.exists(self.path("Stoppet", "kopi.txt")), 30,
                  "text")
        self.assertIn("Dette er mappen til en post som er mottatt fra før",
                      self.text("Stoppet", "kopi.txt"))
        self.assertIn("Nærmere: %s" % number, self.text("Stoppet", "kopi.txt"))
        self.assertIn("Sak: 2026/99999", self.text(*name))
        self.assertEqual(self.again(number)[3:], [{"folder": "stopped"}])
        # What is written in a folder that comes in by the door decides
        # nothing, for anybody may have sent it; nor is its copy believed.
        shutil.rmtree(self.path("Stoppet", "kopi"))
        shutil.copytree(folder, self.path("Stoppet", "kopi"))
        with open(self.path("Stoppet", "kopi", "Avklar.txt"), "w",
                  encoding="utf-8") as file:
            file.write("Mottaksnummer: %s\nIkke arkivverdig: reklame\n"
                       % number)
        os.rename(self.path("Stoppet", "kopi"), self.path("Inn", "skrevet"))
        self.wait(lambda: os.path.exists(self.path("Stoppet", "skrevet.txt")),
                  30, "text")
        with open(self.path("Må avklares", number, "dokument-1.pdf"),
                  "r+b") as file:
            file.write(b"%pdf")
        os.unlink(self.path(*name))
        os.rename(folder, self.path("Inn", "endret"))
        self.wait(lambda: os.path.exists(self.path("Stoppet", "endret.txt")),
                  30, "text")
        self.wait(lambda: os.path.exists(self.path(*name)), 30, "made again")
        with open(self.path("Må avklares", number, "dokument-1.pdf"),
                  "rb") as copy, open(os.path.join(
                      DEMO, "10-uten-holdepunkt.pdf"), "rb") as was:
            self.assertEqual(copy.read(), was.read())
        self.assertEqual(self.again(number)[4:], [{"folder": "stopped"}] * 2)
        self.assertEqual(self.known(), [number])
        # Somebody else's folder is never put there: he could read in it what
        # Sluse shows of the post, and decide.
        if os.getuid() == 0:
            shutil.copytree(folder, self.path("Stoppet", "fremmed"))
            os.chown(self.path("Stoppet", "fremmed"), 1500, 1500)
            os.rename(self.path("Stoppet", "fremmed"),
                      self.path("Inn", "fremmed"))
            self.wait(lambda: os.path.exists(self.path(
                "Stoppet", "fremmed.txt")), 30, "a stranger's folder")
            self.assertEqual(os.stat(folder).st_uid, 0)
        # And what is decided already waits for nobody.
        with open(self.path(*name), "w", encoding="utf-8") as file:
            file.write("Ikke arkivverdig: reklame\n")
        self.wait(lambda: self.house.rows("list")[0]["disposition"] == "done",
                  30, "decided")
        self.wait(lambda: self.folders() == [], 30, "folder cleared")
        os.rename(self.path("Stoppet", "skrevet"), self.path("Inn", number))
        self.wait(lambda: os.path.exists(self.path(
            "Stoppet", number + ".txt")), 30, "text of what is decided")
        self.assertEqual(self.known(), [number])
        self.house.check_whole(self)

    def test_a_number_is_no_folder(self):
        """Other post in a folder of that name is post."""
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        os.makedirs(self.path("Stoppet", "x"))
        shutil.copyfile(os.path.join(DEMO, "10-uten-holdepunkt.pdf"),
                        self.path("Stoppet", "x", "brev.pdf"))
        os.rename(self.path("Stoppet", "x"), self.path("Inn", number))
        self.held(2)
        self.assertEqual(len(self.known()), 2)

    def hold_read(self, number, why):
        """Held for another reason, once slused has read what was written."""
        time.sleep(6)
        self.house.sluse("hold", number, "--why", why)
        self.wait(lambda: why in self.text(
            "Må avklares", number, "Forslag.html"), 10, "the page")

    def test_made_again_at_start(self):
        self.drop("10-uten-holdepunkt.pdf")
        number, = self.held(1)
        self.house.stop()
        for name in ("Må avklares", "Kvitteringer", "Stoppet"):
            shutil.rmtree(self.path(name))
        self.house.start()
        self.assertEqual(self.held(1), [number])
        self.wait(self.rows, 20, "receipt")

    def test_stopped(self):
        self.drop("13-avbrutt.pdf")
        self.drop("13-bombe.zip")
        os.symlink("/etc/passwd", self.path("Inn", "lenke.pdf"))
        self.wait(lambda: len(self.house.query(
            "SELECT 1 FROM consignment WHERE disposition IN (40, 50) UNION ALL"
            " SELECT 1 FROM entry WHERE disposition IN (40, 50)")) == 2, 60,
            "two stopped")
        self.wait(lambda: os.path.exists(self.path("Stoppet", "lenke.pdf.txt")),
                  30, "refused link explained")
        self.wait(lambda: len(glob.glob(self.path("Stoppet", "M*.txt"))) == 2,
                  30, "two texts")
        texts = " ".join(self.text("Stoppet", os.path.basename(t))
                         for t in glob.glob(self.path("Stoppet", "M*.txt")))
        self.assertIn("skadet", texts)  # the PDF that was cut off
        self.assertIn("bombe", texts)
        self.wait(lambda: [os.path.splitext(t)[1] for t in glob.glob(
            self.path("Stoppet", "M*original*"))] == [".pdf"], 20, "originals")
        self.wait(lambda: sorted(r["Status"] for r in self.rows()) ==
                  ["i karantene", "kan ikke leses"], 20, "receipt")


if __name__ == "__main__":
    unittest.main()
