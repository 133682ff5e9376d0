#!/usr/bin/env python3
"""Digital signatures: what is found of good ones and bad ones of every kind,
behind the walls; with and without a trust list; and where people see it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import house
from trial import Trial

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "unit"))
import make_signed  # noqa: E402

BUILD = os.environ.get("SLUSE_BUILD", "build")
CASES = os.path.join(house.DEMO, "saker.csv")
SLUSE = os.path.join(BUILD, "bin", "sluse")


def slugs(row):
    """Those of a file, the state first; one of each."""
    found = [s["is"] for s in row["signatures"]]
    return sorted(set(found))


class Signatures(Trial):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sluse-signed-")
        cls.wanted = make_signed.make(cls.folder.name)
        cls.addClassCleanup(cls.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def tried(self, names, root=None):
        args = [SLUSE] + (["--root", root] if root else []) + [
            "--json", "try", "--cases", CASES]
        done = subprocess.run(
            args + [self.path(name) for name in names], stdout=subprocess.PIPE,
            check=False, encoding="utf-8")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(rows), len(names), done.returncode)
        return dict(zip(names, rows))

    def root(self, trust):
        folder = tempfile.mkdtemp(dir=self.folder.name)
        with open(os.path.join(folder, "sluse.conf"), "w",
                  encoding="utf-8") as file:
            file.write("[instance]\nname = Test\ntrust = %s\n"
                       "[queue a]\nkind = incoming\n" % trust)
        return folder

    def test_every_kind(self):
        names = [name for name, _ in self.wanted]
        rows = self.tried(names, self.root(self.path("ca.pem")))
        wrong = {name: (slugs(rows[name]), rows[name]["reason"])
                 for name, want in self.wanted
                 if slugs(rows[name]) != sorted(want)}
        self.assertEqual(wrong, {})
        # What lies in containers is read.
        for name in ("cades.asice", "named.zip", "xades.asice"):
            self.assertEqual(
                [d["name"] for d in rows[name]["documents"]],
                ["brev.txt", "kart og bilde.txt", name], name)
        self.assertEqual([d["name"] for d in rows["around.eml"]["documents"]],
                         ["around.eml", "liste.txt"])
        self.assertEqual([(d["name"], d["title"])
                          for d in rows["brev.txt.p7m"]["documents"]],
                         [("brev.txt", "brev"),
                          ("brev.txt.p7m", "brev.txt (original)")])
        self.assertIn("liste.txt",
                      [d["name"] for d in rows["strom.p7m"]["documents"]])
        # Times: claimed ones say so, a stamp's is another word.
        self.assertIn("time-stamp", rows["stamp.pdf"]["signatures"][0]["detail"])
        self.assertIn("time claimed",
                      rows["good.pdf"]["signatures"][0]["detail"])
        # No personal data in remarks.
        for row in rows.values():
            self.assertNotIn("Nordmann", json.dumps(row["signatures"]))

    def test_without_a_list_nobody_is_trusted(self):
        rows = self.tried(["good.pdf", "other.pdf", "xades.asice", "around.eml",
                           "changed.pdf", "old.pdf"])
        self.assertEqual({name: slugs(row) for name, row in rows.items()}, {
            "good.pdf": ["signed_intact"], "other.pdf": ["signed_intact"],
            "xades.asice": ["signed_intact"], "around.eml": ["signed_intact"],
            "changed.pdf": ["signed_changed"], "old.pdf": ["signed_expired"]})

    def test_encrypted_mail_is_held(self):
        with open(self.path("closed.asc"), "w", encoding="ascii") as file:
            file.write("-----BEGIN PGP MESSAGE-----\n\n"
                       "jA0ECQMCVmFs\n-----END PGP MESSAGE-----\n")
        rows = self.tried(["envelope.eml", "envelope.p7m", "pgp-closed.eml",
                           "closed.asc"])
        for name, row in rows.items():
            self.assertEqual((row["disposition"], row["reason"]),
                             ("held", "encrypted"), name)

    def test_a_list_that_is_none(self):
        for trust in (self.path("gone.pem"), self.path("good.pdf")):
            done = subprocess.run(
                [SLUSE, "--root", self.root(trust), "try", "--cases", CASES,
                 self.path("good.pdf")], stderr=subprocess.PIPE, check=False,
                encoding="utf-8")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("trust list", done.stderr)

    def test_where_people_see_it(self):
        h = self.house(instance="trust = %s\nsettle = 0\nsweep = 1s" %
                       self.path("ca.pem"))
        for name in ("good.pdf", "changed.pdf", "cades-changed.asice"):
            h.drop(self.path(name))
        h.wait_quiet(40, 3)
        pages = {}
        for name in ("good.pdf", "changed.pdf", "cades-changed.asice"):
            row = self.one(h, name)
            told = h.rows("explain", row["id"])[0]
            self.assertEqual(row["disposition"], "held", row)
            pages[name] = told
            found = {f["field"]: f["value"] for f in told["found"]}
            self.assertEqual(found["signer"], "Kari Nordmann")
            self.assertEqual(found["signer_org"], "Strand kommune")
            self.assertEqual(found["signer_id"], "910000001")
            self.assertEqual(found["signer_issuer"], "Testrot")
            self.assertRegex(found["signed_at"], r"^20\d\d-\d\d-\d\dT")
        notes = [n["note"] for n in pages["good.pdf"]["notes"]]
        self.assertIn("signed_trusted", notes)
        # The event of reading holds the state, and nobody's name.
        for name, want in (("good.pdf", "signed_trusted"),
                           ("changed.pdf", "signed_changed"),
                           ("cades-changed.asice", "signed_changed")):
            read = [e for e in pages[name]["events"] if e["event"] == "read"]
            self.assertEqual(len(read), 1)
            text = json.dumps(read[0])
            self.assertIn(want, text)
            self.assertNotIn("Nordmann", text)
        # And the archivist in the folder.
        held = os.path.join(os.path.dirname(h.inbox()), "Må avklares")
        h.wait_for(lambda: len([
            f for f in os.listdir(held) if os.path.exists(
                os.path.join(held, f, "Avklar.txt"))]) == 3, 30, "folders")
        texts = []
        for folder in os.listdir(held):
            with open(os.path.join(held, folder, "Forslag.html"),
                      encoding="utf-8") as page:
                texts.append(page.read())
        self.assertEqual(len(texts), 3)
        for text in texts:
            self.assertIn("sertifikatet i ", text)
            self.assertNotIn("e-postens hode", text)
        self.assertEqual(
            sum("Endret etter at det ble signert" in t for t in texts), 2)
        self.assertEqual(
            sum("sertifikat er på tillitslisten" in t for t in texts), 1)
        h.check_whole(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
