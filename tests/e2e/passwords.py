#!/usr/bin/env python3
"""Encrypted post and the tenant's list of passwords: held without it, read with
it, and the password nowhere but in its file."""
import io
import json
import os
import sqlite3
import struct
import sys
import time
import unittest
import zipfile

from house import House

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "fuzz"))
import make_seven

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
SECRET = "sluse-2026"


class Passwords(unittest.TestCase):
    def setUp(self):
        self.house = House()
        self.addCleanup(self.house.close)

    def drop(self, *names):
        for name in names:
            with open(os.path.join(DATA, name), "rb") as file:
                self.house.drop_bytes(file.read(), name)

    def list_of_passwords(self, text, mode=0o600):
        path = os.path.join(self.house.root, "secrets", "passwords")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)

    def test_office(self):
        """A Word, an old Excel and a Writer file that are closed with a word of
        the list; one that asks for more work than is done says so."""
        corpus = os.path.join(os.path.dirname(DATA), "fuzz", "corpus", "office")
        self.list_of_passwords("feil\npåskeegg\n")
        for seed, name in (("agil-sha512.docx", "agil-sha512.docx"),
                           ("laast.xls", "laast.xls"),
                           ("odt-laast", "laast.odt"),
                           ("odt-laast-runder", "runder.odt")):
            with open(os.path.join(corpus, "seed-" + seed), "rb") as file:
                self.house.drop_bytes(file.read(), name)
        self.house.wait_quiet(60, 4)
        self.assertEqual(self.states(), {
            "agil-sha512.docx": ("held", "no_evidence"),
            "laast.xls": ("held", "no_evidence"),
            "laast.odt": ("held", "no_evidence"),
            "runder.odt": ("quarantined", "limit_document")})
        for name in ("agil-sha512.docx", "laast.odt", "laast.xls"):
            self.assertIn("skoleplass", self.house.query(
                "SELECT g.text FROM page g JOIN part p ON p.id = g.part "
                "JOIN source o ON o.id = p.source WHERE o.name = ?", name)[0][0])
        self.assertEqual([("password_used", "2")] * 3, self.house.query(
            "SELECT slug, detail FROM note WHERE slug = 'password_used'"))

    def states(self):
        """The last of each name."""
        rows = sorted(self.house.rows("list"), key=lambda r: r["reception"])
        return {row["name"]: (row["disposition"], row["reason"])
                for row in rows}

    def read_again(self, files):
        """What came first, by a person's word: another post replaces it."""
        h = self.house
        first = {}
        for row in sorted(h.rows("list"), key=lambda r: r["reception"]):
            first.setdefault(row["name"], row["id"])
        for name in files:
            self.assertTrue(first[name].endswith(".1"))
            h.wait_for(lambda: h.sluse(
                "retry", first[name][:-2], "--why", "passordet er kommet",
                check=False).returncode == 0, 10, "slused")
            if name == files[0]:  # it resumes where it was
                h.kill("slused")
        h.wait_quiet(30, 10)
        for name in files:
            old = h.rows("show", first[name])[0]
            self.assertEqual((old["disposition"], old["outcome"]),
                             ("done", "replaced"))
            self.assertEqual(old["documents"], [])
            self.assertEqual(old["replaced_by"], first[name][:-1] + "2")
            self.assertIn("replaced by  " + old["replaced_by"],
                          h.sluse("show", first[name]).stdout)
            new = h.rows("show", old["replaced_by"])[0]
            self.assertIsNone(new["replaced_by"])
            self.assertNotEqual(new["reason"], "encrypted")
            self.assertGreater(len(new["documents"]), 0)
            # without ".n": the one that stands
            h.sluse("hold", first[name][:-2], "--why", "ses på")
            names = [e["event"] for e in h.rows("journal", "list",
                                                first[name][:-2])]
            self.assertEqual(names.count("entry_born"), 2)
            self.assertIn("read_again", names)
            h.sluse("reject", first[name][:-2], "--why", "prøvd")

    def test_held_then_read(self):
        h = self.house
        files = ["zip-aes256.zip", "zip-zipcrypto.zip",
                 "pdf-encrypted-user.pdf", "7z-encrypted.7z",
                 "7z-encrypted-names.7z"]
        held = {name: ("held", "encrypted") for name in files}
        self.drop(*files)
        h.wait_quiet(30, 5)
        self.assertEqual(self.states(), held)

        # open to others: not used
        self.list_of_passwords("%s\n" % SECRET, 0o644)
        time.sleep(1.1)
        self.drop(*files)
        h.wait_quiet(30, 10)
        self.assertEqual(self.states(), held)

        # it is looked at again without a restart
        self.list_of_passwords("feil\n%s\nbrukerpassord\n" % SECRET)
        time.sleep(1.1)
        self.read_again(files)
        self.drop(*files)
        h.wait_quiet(30, 15)
        after = self.states()
        for name in files:
            self.assertNotEqual(after[name][1], "encrypted", name)
        texts = "".join(row[0] or "" for row in h.query("SELECT text FROM page"))
        self.assertEqual(texts.count("et hemmelig brev"), 8)
        notes = h.query("SELECT slug, detail FROM note WHERE slug ="
                        " 'password_used' ORDER BY detail")
        self.assertEqual([row[1] for row in notes], ["2"] * 8 + ["3"] * 2)

        h.stop()
        found = []
        for folder, _, files in os.walk(h.root):
            for name in files:
                path = os.path.join(folder, name)
                if (path.endswith("secrets/passwords")
                        or not os.path.isfile(path)):
                    continue
                with open(path, "rb") as file:
                    if SECRET.encode() in file.read():
                        found.append(path)
        self.assertEqual(found, [])

    def bundle(self):
        """Two archives in one, of which only the second can be opened."""
        plain, outer = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(plain, "w") as z:
            z.writestr("apent.txt", "Testvik kommune\n\nIngen hemmelighet.\n")
        with zipfile.ZipFile(outer, "w") as z:
            z.write(os.path.join(DATA, "zip-aes256.zip"), "a.zip")
            z.writestr("b.zip", plain.getvalue())
        return outer.getvalue()

    def test_what_stands(self):
        """Who is read again leaves nothing behind, mixes up no text, and is
        still the one that another post belongs to."""
        h = self.house
        h.drop_bytes(self.bundle(), "to.zip")
        h.drop_bytes(b"Testvik kommune\n\nNoe annet.\n", "annet.txt")
        h.wait_quiet(30, 2)
        ident = {row["name"]: row["id"] for row in h.rows("list")}
        first, other = ident["to.zip"], ident["annet.txt"]
        settle = os.path.join(h.root, "spool", h.queues[0], "Må avklares")
        h.wait_for(lambda: any(
            name.startswith("dokument-") for _, _, names in os.walk(
                os.path.join(settle, first)) for name in names), 10, "copies")
        h.sluse("assign", other, "--with", first)
        self.list_of_passwords("%s\n" % SECRET)
        time.sleep(1.1)
        h.sluse("retry", first[:-2], "--why", "passordet er kommet")
        h.wait_quiet(30, 2)
        second = first[:-1] + "2"
        h.wait_for(lambda: os.path.isdir(os.path.join(settle, second)), 10,
                   second)
        h.wait_for(lambda: not os.path.isdir(os.path.join(settle, first)), 10,
                   "no folder of what was replaced")
        self.assertEqual(os.listdir(os.path.join(
            h.root, "spool", h.queues[0], "Stoppet")), [])
        # it is counted once
        self.assertEqual(sorted(row["id"] for row in h.rows("list")),
                         sorted([second, other]))
        texts = dict(h.query("SELECT p.name, g.text FROM page g"
                             " JOIN part p ON p.id = g.part"
                             " WHERE g.text <> ''"))
        secret = [n for n, text in texts.items() if "hemmelig brev" in text]
        self.assertEqual((len(texts), len(secret)), (4, 1), texts)
        self.assertNotIn("apent.txt", secret)
        self.assertEqual(h.rows("show", other)[0]["reason"], "waits_for_other")
        h.wait_for(lambda: h.query("SELECT 1 FROM case_file WHERE number ="
                                   " '2026/211'"), 20, "known cases")
        h.sluse("assign", second, "--case", "2026/211")
        h.wait_for(lambda: {row["disposition"] for row in h.rows("list")}
                   == {"done"}, 20, "both on the case")
        h.check_whole(self)

    def sent(self, ident):
        """The files of a post as the target has them: name and size."""
        post = [p for p in self.house.posts()["journalposts"]
                if p["metadata"]["vnd-sluse-v1:mottaksnummer"] == ident][0]
        return [d["title"] for d in post["documents"]]

    def test_delivered_closed(self):
        """What stayed closed is delivered as it came: alone, beside others, in
        another archive, and behind what of it did open; nothing is empty."""
        h = self.house
        nested, half = io.BytesIO(), io.BytesIO()
        with open(os.path.join(DATA, "zip-aes256.zip"), "rb") as file:
            closed = file.read().replace(b"brev.txt", b"navn.txt")
        self.list_of_passwords("feil\n")
        with zipfile.ZipFile(nested, "w") as z:
            z.writestr("a.zip", closed)
            z.writestr("brev.txt", "Testvik kommune\n\nEt brev.\n")
        with zipfile.ZipFile(half, "w") as z:
            z.writestr("brev.txt", "Testvik kommune\n\nEt annet brev.\n")
            z.writestr("tom.txt", "")
        h.drop_bytes(closed, "a.zip")
        h.drop_bytes(nested.getvalue(), "nest.zip")
        h.drop_bytes(half.getvalue(), "tom.zip")
        h.wait_quiet(30, 3)
        self.list_of_passwords("%s\n" % SECRET)
        time.sleep(1.1)
        with open(os.path.join(DATA, "7z", "two-passwords.7z"), "rb") as file:
            h.drop_bytes(file.read(), "to.7z")
        h.wait_quiet(30, 4)
        ident = {row["name"]: row["id"] for row in h.rows("list")}
        self.assertEqual(self.states()["to.7z"], ("held", "encrypted"))
        page = os.path.join(h.root, "spool", h.queues[0], "Må avklares")
        h.wait_for(lambda: len(os.listdir(page)) == 4, 10, "folders")
        for folder, _, names in os.walk(page):
            for name in names:
                self.assertGreater(os.path.getsize(
                    os.path.join(folder, name)), 0, name)
        h.wait_for(lambda: h.query("SELECT 1 FROM case_file WHERE number ="
                                   " '2026/211'"), 20, "known cases")
        for name in ident:
            h.sluse("assign", ident[name], "--case", "2026/211")
        h.wait_for(lambda: {row["disposition"] for row in h.rows("list")}
                   == {"done"}, 20, "all on the case")
        self.assertEqual(len(self.sent(ident["a.zip"])), 1)
        self.assertEqual(len(self.sent(ident["nest.zip"])), 2)
        self.assertEqual(self.sent(ident["tom.zip"])[1:], ["tom (original)"])
        self.assertEqual(self.sent(ident["to.7z"])[2:], ["to (original)"])
        h.check_whole(self)

    def test_nothing_is_sent(self):
        """A document without content, of an earlier reading: held, unsent."""
        h = self.house
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as z:
            z.writestr("a.txt", "Testvik kommune\n\nEt brev.\n")
            z.writestr("b.txt", "Testvik kommune\n\nEt vedlegg.\n")
        h.drop_bytes(outer.getvalue(), "brev.zip")
        h.wait_quiet(30, 1)
        ident = h.rows("list")[0]["id"]
        h.wait_for(lambda: h.query("SELECT 1 FROM case_file WHERE number ="
                                   " '2026/211'"), 20, "known cases")
        h.stop()
        db = sqlite3.connect(os.path.join(h.root, "db", "sluse.db"))
        db.execute("UPDATE part SET size = 0 WHERE name = 'b.txt'")
        db.commit()
        db.close()
        h.start()
        h.sluse("assign", ident, "--case", "2026/211")
        h.wait_for(lambda: h.rows("list")[0]["reason"] == "document_empty", 10,
                   "held")
        self.assertEqual(h.posts()["journalposts"], [])
        page = os.path.join(h.root, "spool", h.queues[0], "Må avklares", ident,
                            "Forslag.html")

        def told():
            with open(page, encoding="utf-8") as file:
                return "en person" in file.read()
        h.wait_for(told, 10, "the page")
        with open(page, encoding="utf-8") as file:
            self.assertNotIn("«»", file.read())

    def test_try(self):
        h = self.house
        self.list_of_passwords("brukerpassord\n")
        path = os.path.join(DATA, "pdf-encrypted-user.pdf")
        parts = json.loads(h.sluse("try", "--json", path).stdout)["parts"]
        self.assertEqual([p["reason"] for p in parts], [None])
        self.list_of_passwords("feil\n")
        done = h.sluse("try", "--json", path, check=False)
        self.assertEqual([p["reason"] for p in json.loads(done.stdout)["parts"]],
                         ["encrypted"])
        self.assertEqual(done.returncode, 1)

    def tried(self, name):
        """What `sluse try` says of each part of a 7z."""
        path = os.path.join(DATA, "7z", name)
        parts = json.loads(self.house.sluse(
            "try", "--json", path, check=False).stdout)["parts"]
        return [(p["name"], p["reason"]) for p in parts]

    def test_try_7z(self):
        """Members and their names, with the passwords that fit; without one
        what is closed is told as such, and the rest comes."""
        self.list_of_passwords("feil\npåskeegg-🐣\n")
        self.assertEqual([name for name, reason in self.tried("names.7z")
                          if reason is None],
                         ["names.7z", "Byggesak Åse/", "tomt/",
                          "Byggesak Åse/søknad på ærlig vis.txt", "ppmd.txt"])
        self.list_of_passwords("feil\n")
        self.assertEqual(self.tried("names.7z"), [("names.7z", "encrypted")])
        self.list_of_passwords("%s\nannet-2026\n" % SECRET)
        self.assertEqual(self.tried("two-passwords.7z"), [
            ("two-passwords.7z", None), ("en.txt", None), ("to.txt", None),
            ("tre.txt", None)])
        self.list_of_passwords("%s\n" % SECRET)
        self.assertEqual(self.tried("two-passwords.7z"), [
            ("two-passwords.7z", "encrypted"), ("en.txt", None),
            ("to.txt", "encrypted"), ("tre.txt", None)])
        self.assertEqual([name for name, reason in self.tried("methods.7z")
                          if name.endswith(".txt") and reason is not None],
                         ["deflate64.txt"])

    def test_not_all_tried(self):
        """Forty packs with a salt each, and a list of 32: it is said that
        trying was given up."""
        n = 40
        folders = [b"\x01" + make_seven.aes(0, struct.pack("<I", i))
                   for i in range(n)]
        many = make_seven.archive(bytes(16 * n), make_seven.plain_head(
            [16] * n, folders, [13] * n, [1] * n,
            names=["%d.txt" % i for i in range(n)]))
        self.list_of_passwords("feil\n")
        self.house.drop_bytes(many, "mange.7z")
        self.house.wait_quiet(30, 1)
        notes = "SELECT 1 FROM note WHERE slug = 'passwords_untried'"
        self.assertEqual(self.house.query(notes), [])
        self.list_of_passwords("".join("feil-%d\n" % i for i in range(32)))
        time.sleep(1.1)
        self.house.drop_bytes(many, "mange-flere.7z")
        self.house.wait_quiet(30, 2)
        self.assertEqual(len(self.house.query(notes)), 1)
        self.assertEqual(set(self.states().values()), {("held", "encrypted")})


if __name__ == "__main__":
    unittest.main()
