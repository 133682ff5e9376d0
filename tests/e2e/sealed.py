#!/usr/bin/env python3
"""Encrypted packages (CMS) and the tenant's keys: opened by sluse-decrypt and
delivered; held without the key, and opened once it is there."""
import email.message
import io
import os
import signal
import subprocess
import tempfile
import unittest
import zipfile

from house import DEMO, FAST, House

PDF = os.path.join(DEMO, "03-skjenkebevilling.pdf")
TEXT = os.path.join(DEMO, "06-handikap-cp865.txt")


class Keys:
    """Keys of a tenant in a folder, and envelopes for them."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", self.path(name + ".key"), "-out",
             self.path(name + ".crt"), "-subj", "/CN=%s" % name, "-days", "900"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fingerprint(self, name):
        der = subprocess.run(
            ["openssl", "pkey", "-in", self.path(name + ".key"), "-pubout",
             "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout
        return subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der,
                              check=True, stdout=subprocess.PIPE
                              ).stdout.decode().split()[0]

    def close(self, data, *names, form="DER", stream=False):
        """As KS and Digdir do: AES-256-CBC, RSA-OAEP with SHA-256."""
        recipients = []
        for name in names:
            recipients += ["-recip", self.path(name + ".crt")]
            for option in ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256",
                           "rsa_mgf1_md:sha256"):
                recipients += ["-keyopt", option]
        return subprocess.run(
            ["openssl", "cms", "-encrypt", "-binary", "-aes-256-cbc",
             "-outform", form] + (["-stream"] if stream else []) + recipients,
            input=data, check=True, stdout=subprocess.PIPE).stdout

    def install(self, house, name, secret):
        text = b""
        for ending in (".key", ".crt"):
            with open(self.path(name + ending), "rb") as file:
                text += file.read()
        path = os.path.join(house.root, "secrets", secret)
        with open(path, "wb") as file:
            file.write(text)
        os.chmod(path, 0o600)


def package(*paths):
    """Like SvarInn's: a zip of letters."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for path in paths:
            z.write(path, os.path.basename(path))
    return out.getvalue()


class Sealed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.keys = Keys(cls.folder.name)
        for name in ("gammel", "ny", "fremmed"):
            cls.keys.make(name)

    def house(self, *installed, configured=None):
        names = configured if configured is not None else installed
        house = House(start=False, instance=FAST + (
            "decrypt_keys = %s\n" % " ".join("noekkel-" + n for n in names)
            if names else ""))
        self.addCleanup(house.close)
        for name in installed:
            self.keys.install(house, name, "noekkel-" + name)
        house.start()
        return house

    def states(self, house):
        rows = sorted(house.rows("list"), key=lambda r: r["reception"])
        return {row["name"]: (row["disposition"], row["reason"] or "")
                for row in rows}

    def parts(self, house, name):
        return house.query(
            "SELECT p.number, p.parent, p.name, p.mime, ifnull(p.reason, '') "
            "FROM part p JOIN source s ON s.id = p.source JOIN consignment c "
            "ON c.id = s.consignment WHERE s.name = ? "
            "ORDER BY s.id, p.number", name)

    def kill_at_work(self, house):
        """It has tasks and is gone: they are handed out once more. Then slused
        goes, and takes it all from the last gate."""
        house.wait_for(
            lambda: any(p["running"] > 0 for p in house.programs()
                        if p["role"] == "decrypt"), 30, "a task")
        house.kill("sluse-decrypt")
        house.wait_for(
            lambda: any(p["role"] == "decrypt" for p in house.programs()), 30,
            "another")
        house.kill("slused")

    def test_opened(self):
        """One for each key, one in a mail, one in one; kills on the way."""
        keys = self.keys
        h = self.house("ny", "gammel")
        mail = email.message.EmailMessage()
        mail["Subject"] = "Kryptert"
        mail["From"], mail["To"] = "a@example.org", "post@example.org"
        mail["Message-ID"] = "<kryptert@example.org>"
        inner = email.message.EmailMessage()
        inner.set_content("Gjelder sak 2026/211, se vedlegg.\n")
        with open(PDF, "rb") as file:
            inner.add_attachment(file.read(), "application", "pdf",
                                 filename="vedtak.pdf")
        mail.set_content(
            keys.close(inner.as_bytes(), "fremmed", "ny", stream=True),
            "application", "pkcs7-mime", filename="smime.p7m",
            params={"smime-type": "enveloped-data"})
        twice = keys.close(package(PDF), "gammel")
        with zipfile.ZipFile(os.path.join(h.root, "outer.zip"), "w") as z:
            z.writestr("indre.zip.p7m", twice)
            z.write(TEXT, "brev.txt")
        with open(os.path.join(h.root, "outer.zip"), "rb") as file:
            nested = keys.close(file.read(), "ny")
        h.kill("sluse-decrypt", signal.SIGSTOP)
        h.drop_bytes(keys.close(package(PDF), "ny"), "forsendelse.zip")
        h.drop_bytes(keys.close(package(PDF, TEXT), "gammel"), "gammel.p7m")
        self.kill_at_work(h)
        h.drop_bytes(mail.as_bytes(), "kryptert.eml")
        h.drop_bytes(nested, "to-lag.p7m")
        h.wait_quiet(60, 4)
        h.check_whole(self)
        for name, state in self.states(h).items():
            self.assertIn(state[0], ("done", "held"), name)
            self.assertNotIn(state[1], ("encrypted", "key_missing"), name)
        self.assertEqual(
            [row[1:] for row in self.parts(h, "forsendelse.zip")],
            [(0, "forsendelse.zip", "application/pkcs7-mime", ""),
             (0, "forsendelse.zip", "application/zip", ""),
             (1, "03-skjenkebevilling.pdf", "application/pdf", "")])
        self.assertEqual(
            [row[3] for row in self.parts(h, "kryptert.eml")],
            ["message/rfc822", "application/pkcs7-mime", "message/rfc822",
             "text/plain", "application/pdf"])
        self.assertEqual(
            [(row[1], row[3]) for row in self.parts(h, "to-lag.p7m")],
            [(0, "application/pkcs7-mime"), (0, "application/zip"),
             (1, "application/pkcs7-mime"), (1, "text/plain"),
             (2, "application/zip"), (4, "application/pdf")])
        self.assertEqual(self.states(h)["forsendelse.zip"][0], "done")
        used = [event["payload"] for event in h.rows("journal", "list")
                if event["event"] == "decrypted"]
        self.assertEqual(len(used), 5)
        for name, times in (("ny", 3), ("gammel", 2)):
            self.assertEqual(
                sum("sha256:" + keys.fingerprint(name) in str(payload)
                    for payload in used), times, used)

    def test_key_comes_later(self):
        h = self.house("ny")
        envelope = self.keys.close(package(PDF), "gammel")
        h.drop_bytes(envelope, "gammel.p7m")
        h.drop_bytes(envelope[:-5], "avkortet.p7m")
        h.drop(PDF, "brev.pdf")
        h.wait_quiet(60, 3)
        states = self.states(h)
        self.assertEqual(states["gammel.p7m"], ("held", "key_missing"))
        self.assertEqual(states["avkortet.p7m"][1], "damaged")
        self.assertEqual(states["brev.pdf"][0], "done")
        h.stop()
        self.keys.install(h, "gammel", "noekkel-gammel")
        path = os.path.join(h.root, "sluse.conf")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("= noekkel-ny", "= noekkel-ny noekkel-gammel"))
        h.start()
        row = [r for r in h.rows("list") if r["name"] == "gammel.p7m"][0]
        h.sluse("retry", row["id"][:-2], "--why", "nøkkelen er kommet")
        h.wait_quiet(60, 3)
        self.assertEqual(self.states(h)["gammel.p7m"][0], "done")
        h.sluse("reject", [r for r in h.rows("list") if r["name"] ==
                           "avkortet.p7m"][0]["id"][:-2], "--why", "prøvd")
        h.check_whole(self)

    def test_no_keys(self):
        """None is configured: shut, held, and no program of its own."""
        h = self.house()
        h.drop_bytes(self.keys.close(package(PDF), "ny"), "kryptert.p7m")
        h.drop(PDF, "brev.pdf")
        h.wait_quiet(60, 2)
        states = self.states(h)
        self.assertEqual(states["kryptert.p7m"], ("held", "encrypted"))
        self.assertEqual(states["brev.pdf"][0], "done")
        self.assertEqual(h.pids("sluse-decrypt"), [])

    def test_key_is_not_there(self):
        """Configured and missing: it says so, and all other post goes on."""
        h = self.house(configured=["ny"])
        h.drop_bytes(self.keys.close(package(PDF), "ny"), "kryptert.p7m")
        h.drop(PDF, "brev.pdf")
        h.wait_for(lambda: self.states(h).get("brev.pdf", "-")[0] == "done", 60,
                   "the letter")
        with open(os.path.join(h.root, "log"), errors="replace") as log:
            self.assertIn("key noekkel-ny: there is no such credential",
                          log.read())
        self.keys.install(h, "ny", "noekkel-ny")
        h.wait_quiet(60, 2)
        self.assertEqual(self.states(h)["kryptert.p7m"][0], "done")


if __name__ == "__main__":
    unittest.main(verbosity=1)
