#!/usr/bin/env python3
"""What is several things at once: an envelope around an ASiC around a
description, a signed PDF in a zip in an envelope, a signed mail that holds
somebody's package, EncryptedData that no key opens."""
import base64
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import unittest

import house
from packs import arkivmelding, sample, svarinn, zipped
from sealed import Keys
from trial import Trial, run_all

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "unit"))
import make_signed  # noqa: E402

LETTER = ("Til Testvik kommune\n\nDeres ref: 2026/190\n\nVi viser til "
          "samtalen.\n").encode()
REPORT = b"Tegning nummer 1\n"


class Interplay(Trial):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sluse-inter-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.keys = Keys(cls.folder.name)
        for name in ("ny", "annen"):
            cls.keys.make(name)
        cls.maker = make_signed.Maker(os.path.join(cls.folder.name, "signed"))

    def begin(self, *installed, target="webhook"):
        h = house.House(start=False, target=target, queues=("Digital post",),
                        instance=house.FAST +
                        "decrypt_keys = %s\ntrust = %s\n" % (
                            " ".join("noekkel-" + n for n in installed),
                            self.maker.path("ca.pem")))
        self.addCleanup(self.end, h)
        for name in installed:
            self.keys.install(h, name, "noekkel-" + name)
        h.start()
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        return h

    def asice(self):
        files = [("arkivmelding.xml", arkivmelding()),
                 ("rapport.docx", b"no such document\n"),
                 ("rapport.txt", REPORT), ("brev.txt", LETTER)]
        listed = make_signed.manifest(files)
        return make_signed.container(files + [
            ("META-INF/asicmanifest.xml", listed),
            ("META-INF/signature.p7s", self.maker.cms(listed))])

    def folder_of(self, h, name, files):
        top = os.path.join(h.root, "make-" + name)
        os.makedirs(top)
        for file, data in files:
            with open(os.path.join(top, file), "wb") as out:
                out.write(data)
        h.drop(top, name)

    def titles(self, h, name):
        return h.query(
            "SELECT d.role, d.title, p.name FROM document d JOIN entry n "
            "ON n.id = d.entry JOIN consignment c ON c.id = n.consignment "
            "JOIN part p ON p.id = d.part WHERE c.name = ? AND "
            "ifnull(n.outcome, 0) <> 60 ORDER BY n.number, d.number", name)

    def add_key(self, h, name):
        self.keys.install(h, name, "noekkel-" + name)
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("decrypt_keys =",
                                    "decrypt_keys = noekkel-" + name))

    def test_envelope_around_asic(self):
        """As eFormidling sends it, alone and beside its SBD; the key late."""
        h = self.begin("ny")
        docs = [("H", "Følgebrev", "brev.txt"), ("V", "Rapport", "rapport.txt"),
                ("V", "Rapport (Produksjonsformat)", "rapport.docx"),
                ("V", "asic (original)", "asic.zip")]
        sbd = sample("sbd.json")
        h.drop_bytes(self.keys.close(self.asice(), "ny"), "asic.p7m")
        self.folder_of(h, "efm", [
            ("sbd.json", sbd),
            ("asic.zip", self.keys.close(self.asice(), "ny", stream=True))])
        # the same once more, and another, for a key that is not there yet
        shut = self.keys.close(self.asice(), "annen")
        for name, said in (("igjen", sbd), ("senere", sbd.replace(
                b"ff88849c-e281-4809", b"11188849c-e281-4809"))):
            self.folder_of(h, name, [("sbd.json", said), ("asic.zip", shut)])
        h.wait_quiet(60, 4)
        for name in ("asic.p7m", "efm"):
            self.assertEqual(self.one(h, name)["disposition"], "done")
            self.assertEqual([row[:2] for row in self.titles(h, name)],
                             [row[:2] for row in docs], name)
        rows = [self.one(h, name) for name in ("igjen", "senere")]
        for row in rows:
            self.assertEqual(row["reason"], "key_missing", row)
        h.stop()
        self.add_key(h, "annen")
        h.start()
        for row in rows:
            h.sluse("retry", row["id"], "--why", "nøkkelen kom")
        h.wait_quiet(60, 4)
        self.assertEqual(self.by_name(h, "igjen")[0]["outcome"], "duplicate")
        self.assertEqual(self.titles(h, "senere"), docs)
        self.assertEqual(
            h.query("SELECT DISTINCT slug FROM note WHERE slug LIKE 'signed%'"),
            [("signed_trusted",)])
        self.assertEqual(len(h.posts()["deliveries"]), 3)
        h.check_whole(self)

    def sent(self, h):
        """What the target got: the files of each post in their order, with
        title, variant and bytes."""
        return [[(r["filnavn"], d["tittel"], r["variant"],
                  base64.b64decode(r["content"]))
                 for d in row["json"]["dokumenter"] for r in d["renditions"]]
                for row in h.posts()["deliveries"]]

    def test_signed_original_goes_along(self):
        h = self.begin("ny")
        asice = make_signed.container(
            [("brev.txt", LETTER), ("tegning.txt", REPORT)] +
            [("META-INF/asicmanifest.xml", make_signed.manifest(
                [("brev.txt", LETTER), ("tegning.txt", REPORT)]))])
        signed = self.maker.cms(LETTER, extra=["-nodetach"])
        mail = (b"From: Kari <kari@example.no>\r\nSubject: Signert sak\r\n"
                b"Message-ID: <so@example.no>\r\nMIME-Version: 1.0\r\n"
                b"Content-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\n"
                b"Content-Type: text/plain\r\n\r\n" +
                LETTER.decode().encode("ascii", "ignore") + b"\r\n--xx\r\n"
                b"Content-Type: application/octet-stream\r\n"
                b"Content-Disposition: attachment; filename=ved.asice\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n" +
                base64.encodebytes(asice) + b"\r\n--xx--\r\n")
        h.drop_bytes(asice, "pakke.asice")
        h.drop_bytes(signed, "notat.txt.p7m")
        h.drop_bytes(mail, "med.eml")
        h.drop_bytes(zipped([("ut.asice", asice)]), "zip.zip")
        h.wait_quiet(60, 4)
        for name in ("pakke.asice", "notat.txt.p7m", "med.eml", "zip.zip"):
            self.assertEqual(self.one(h, name)["disposition"], "done",
                             self.one(h, name))
        got = [[f[:3] for f in files] for files in self.sent(h)]
        sent = {f[0]: f for files in self.sent(h) for f in files}
        self.assertIn([("brev.txt", "brev", "P"),
                       ("tegning.txt", "tegning", "P"),
                       ("pakke.asice", "pakke (original)", "P")], got)
        self.assertEqual(sent["pakke.asice"][3], asice)
        self.assertEqual(sent["notat.txt.p7m"][3], signed)
        self.assertEqual(sent["notat.txt.p7m"][1], "notat.txt (original)")
        self.assertEqual(sent["notat.txt"][3], LETTER)
        self.assertEqual(sent["ved.asice"][3], asice)
        self.assertEqual(sent["ut.asice"][3], asice)
        # In the balance it counts by what lies in it, as any archive.
        files, = [row for row in h.rows("report", "mottaksbalanse")
                  if row.get("unit") == "files"]
        self.assertEqual(files["transferred"], 2 + 1 + 3 + 2)
        h.check_whole(self)

    def test_signed_original_in_noark5(self):
        """A document of its own, in production format, with its digest."""
        h = self.begin(target="noark5")
        asice = self.asice()
        h.drop_bytes(asice, "asic.asice")
        h.wait_quiet(60, 1)
        self.assertEqual(self.one(h, "asic.asice")["disposition"], "done")
        post, = h.posts()["journalposts"]
        self.assertEqual(post["problems"], [])
        last = post["documents"][-1]
        self.assertEqual((last["role"], last["title"]),
                         ("V", "asic (original)"))
        file, = last["files"]
        self.assertEqual((file["variant"], file["name"], file["format"]),
                         ("P", "asic.asice", "fmt/1564"))
        self.assertEqual(file["sha256"], hashlib.sha256(asice).hexdigest())
        h.check_whole(self)

    def test_original_and_what_is_screened(self):
        """Two posts in one container: it goes with both; if its sender screens
        one of them, with that alone."""
        h = self.begin()
        said = arkivmelding("arkivmelding-two.xml")
        shut = said.replace(
            b"<tittel>Andre brev</tittel>",
            b"<tittel>Andre brev</tittel><skjerming><tilgangsrestriksjon>13"
            b"</tilgangsrestriksjon><skjermingshjemmel>offl. 13"
            b"</skjermingshjemmel></skjerming>")
        self.assertNotEqual(said, shut)
        for name, melding in (("begge.asice", said), (
                "skjermet.asice", shut.replace(b"11110000-", b"11110001-"))):
            h.drop_bytes(make_signed.container(
                [("arkivmelding.xml", melding), ("en.txt", LETTER),
                 ("to.txt", LETTER), ("to-vedlegg.txt", REPORT),
                 ("META-INF/asicmanifest.xml", b"<x/>")]), name)
        h.wait_quiet(60, 2)
        rows = h.query(
            "SELECT c.name, n.number, p.name FROM document d JOIN entry n "
            "ON n.id = d.entry JOIN consignment c ON c.id = n.consignment "
            "JOIN part p ON p.id = d.part ORDER BY c.name, n.number, d.number")
        of = {}
        for name, number, part in rows:
            of.setdefault((name, number), []).append(part)
        self.assertEqual(of, {
            ("begge.asice", 1): ["en.txt", "begge.asice"],
            ("begge.asice", 2): ["to.txt", "to-vedlegg.txt", "begge.asice"],
            ("skjermet.asice", 1): ["en.txt"],
            ("skjermet.asice", 2): ["to.txt", "to-vedlegg.txt",
                                    "skjermet.asice"]})
        h.check_whole(self)

    def test_what_lies_in_it(self):
        """A signed PDF; somebody's package, which is not the mail's; and what is
        closed by a word, which no key opens and nobody has damaged."""
        h = self.begin("ny")
        pdf = dict((name, data) for name, data, _ in
                   make_signed.pdfs(self.maker))["good.pdf"]
        h.drop_bytes(self.keys.close(zipped([("vedtak.pdf", pdf)]), "ny"),
                     "vedtak.p7m")
        docs = [("brev.txt", LETTER)]
        inner = (b"Content-Type: application/zip; name=pakke.zip\r\n"
                 b"Content-Transfer-Encoding: base64\r\n"
                 b"Content-Disposition: attachment; filename=pakke.zip\r\n\r\n"
                 + base64.encodebytes(zipped(
                     [("forsendelse.json", svarinn(docs))] + docs)))
        h.drop_bytes(
            b"From: Kari <kari@example.no>\r\nTo: post@testvik.example\r\n"
            b"Subject: Sak 2026/87\r\nMessage-ID: <sm@example.no>\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
            b"smime-type=signed-data; name=smime.p7m\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(self.maker.cms(inner, extra=["-nodetach"])),
            "signert.eml")
        h.drop_bytes(subprocess.run(
            ["openssl", "cms", "-EncryptedData_encrypt", "-binary",
             "-aes-256-cbc", "-secretkey", "00" * 32, "-outform", "DER"],
            input=LETTER, check=True, stdout=subprocess.PIPE).stdout,
            "passord.p7m")
        h.wait_quiet(60, 3)
        self.assertEqual(self.titles(h, "vedtak.p7m"),
                         [("H", "vedtak", "vedtak.pdf")])
        self.assertEqual(self.titles(h, "signert.eml"), [
            ("H", "signert", "signert.eml"),
            ("V", "forsendelse", "forsendelse.json"), ("V", "brev", "brev.txt")])
        notes = h.query("SELECT p.name, slug FROM note n JOIN part p "
                        "ON p.id = n.part")
        for note in (("vedtak.pdf", "signed_trusted"),
                     ("signert.eml", "signed_trusted"),
                     ("forsendelse.json", "description_elsewhere")):
            self.assertIn(note, notes)
        self.assertEqual(h.query("SELECT count(*) FROM found WHERE source = 8"),
                         [(0,)])
        row = self.one(h, "passord.p7m")
        self.assertEqual((row["disposition"], row["reason"]),
                         ("held", "encrypted"))
        h.check_whole(self)

    def test_store_is_full_while_it_is_opened(self):
        """That is no verdict on the file: it waits, and nothing is lost."""
        h = house.House(start=False, target="webhook",
                        queues=("Digital post",))
        store = os.path.join(h.root, "store")
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", store]
        if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
            h.close()
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", store])
        self.addCleanup(self.end, h)
        h.start()
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        pick = random.Random(1)
        big = "".join(pick.choice(["kart\n", "tegning ", "sak "]) * 3
                      for _ in range(100000)).encode()
        h.drop_bytes(zipped([("brev.txt", LETTER), ("stor.txt", big)]), "p.zip")
        row = self.until(h, "p.zip", disposition="deferred", reason="disk_full",
                         seconds=40)
        subprocess.run(["mount", "-o", "remount,size=64m", store], check=True)
        h.sluse("retry", row["id"], "--why", "det er plass nå")
        h.wait_for(lambda: [name for _, _, name in self.titles(h, "p.zip")] ==
                   ["brev.txt", "stor.txt"], 40, "all of it")


if __name__ == "__main__":
    run_all()
