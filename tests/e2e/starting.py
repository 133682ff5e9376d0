#!/usr/bin/env python3
"""Programs that are configured and cannot start: `sluse status` names them with
what to do, `sluse config check` says it before, and one bad key of several stops
nothing."""
import glob
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

from house import BIN, DEMO, FAST, House, under_strace
from sealed import Keys, package

PDF = os.path.join(DEMO, "03-skjenkebevilling.pdf")


class Starting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.keys = Keys(cls.folder.name)
        for name in ("god", "borte"):
            cls.keys.make(name)

    def house(self, instance="", start=True, **more):
        house = House(start=False, instance=FAST.replace(
            "free_space_min = 1M\n", "") + "free_space_min = 1M\n" *
            ("free_space_min" not in instance) + instance, **more)
        self.addCleanup(house.close)
        self.keys.install(house, "god", "noekkel-god")
        if start:
            house.start()
        return house

    def troubles(self, house):
        rows = house.rows("status")
        return {row["program"]: row
                for row in (rows[0]["slused"] or {"troubles": []})["troubles"]}

    def trouble(self, house, program, seconds=20):
        house.wait_for(lambda: program in self.troubles(house), seconds, program)
        return self.troubles(house)[program]

    def check(self, house, logged=""):
        done = subprocess.run(
            [os.path.join(BIN, "sluse"), "--json", "config", "check",
             os.path.join(house.root, "sluse.conf")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn(logged, done.stderr)
        self.assertEqual(bool(done.stderr), bool(logged))
        answer = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1 if answer["faults"] else 0)
        self.assertEqual(answer["ok"], not answer["faults"])
        return sorted((row["program"], row["text"]) for row in answer["faults"])

    def test_all_well(self):
        house = self.house("decrypt_keys = noekkel-god\n")
        self.assertEqual(self.check(house), [])
        house.wait_for(lambda: any(p["role"] == "decrypt"
                                   for p in house.programs()), 20, "decrypt")
        self.assertEqual(self.troubles(house), {})
        self.assertNotIn("NOT RUNNING", house.sluse("status").stdout)

    def test_no_key_at_all(self):
        house = self.house("decrypt_keys = noekkel-borte\n")
        row = self.trouble(house, "sluse-decrypt")
        self.assertFalse(row["runs"])
        self.assertIn("noekkel-borte", row["text"])
        self.assertIn("decrypt_keys", row["help"])
        text = house.sluse("status").stdout
        self.assertIn("NOT RUNNING  sluse-decrypt: key noekkel-borte", text)
        faults = self.check(house)
        self.assertEqual([f[0] for f in faults], ["sluse-decrypt"])
        self.assertIn("noekkel-borte is not there", faults[0][1])
        # It starts by itself once the key is there.
        self.keys.install(house, "borte", "noekkel-borte")
        house.wait_for(lambda: not self.troubles(house), 30, "it starts")
        self.assertIn("decrypt", {p["role"] for p in house.programs()})

    def test_one_key_of_several(self):
        house = self.house("decrypt_keys = noekkel-borte noekkel-god daarlig\n",
                           start=False)
        path = os.path.join(house.root, "secrets", "daarlig")
        with open(path, "w") as file:
            file.write("-----BEGIN NOTHING-----\n")
        os.chmod(path, 0o600)
        faults = self.check(house)
        self.assertEqual([f[0] for f in faults], ["sluse-decrypt"] * 2)
        self.assertIn("daarlig: no private key", faults[0][1])
        self.assertIn("noekkel-borte is not there", faults[1][1])
        house.start()
        row = self.trouble(house, "sluse-decrypt")
        self.assertTrue(row["runs"])
        self.assertIn("noekkel-borte", row["text"])
        self.assertIn("LACKS  sluse-decrypt", house.sluse("status").stdout)
        clear = package(PDF)
        house.drop_bytes(self.keys.close(clear, "god"), "aapnes.p7m")
        house.drop_bytes(self.keys.close(clear, "borte"), "holdes.p7m")
        house.wait_quiet(60, 2)
        states = {row["name"]: (row["disposition"], row["reason"])
                  for row in house.rows("list")}
        self.assertEqual(states["aapnes.p7m"][0], "done")
        self.assertEqual(states["holdes.p7m"], ("held", "key_missing"))
        house.check_whole(self)

    def test_every_fault(self):
        """All that is wrong with a file is said at once, a line for each."""
        house = self.house(start=False)
        path = os.path.join(house.root, "faulty.conf")
        with open(path, "w") as file:
            file.write("[instance]\nnavn = Lillevik\nsettle = 5\n"
                       "[queue a]\ntarget = t\n")
        done = house.sluse("config", "check", path, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        lines = done.stderr.splitlines()
        self.assertEqual([line.split(path + ":")[1][:24] for line in lines],
                         ['2: unknown key "navn" in', '3: settle: "5": expected',
                          '4: [queue a]: no [target'])

    def test_folders(self):
        house = self.house(start=False)
        done = house.sluse("config", "check")
        self.assertIn("3 queues, 1 target.", done.stdout)
        path = os.path.join(house.root, "sluse.conf")
        with open(path) as file:
            text = file.read()
        away = os.path.join(house.root, "borte")
        with open(path, "w") as file:
            file.write(text + "[queue Fjern]\nkind = incoming\npath = %s/q\n"
                       "[queue Nær]\nkind = incoming\npath = her/q\n"
                       "[journal]\nhead_file = borte/hode\nmail_dir = borte/ut\n"
                       "mail_to = a@example.no\nmail_from = b@example.no\n"
                       % away)
        gone = "No such file or directory"
        self.assertEqual(self.check(house), [
            ("slused", "[journal]: head_file: its folder %s: %s" % (away, gone)),
            ("slused", "[journal]: mail_dir %s/ut: %s" % (away, gone)),
            ("slused", "[queue Fjern]: path %s/q: %s" % (away, gone))])
        for name in ("q", "hode"):
            os.makedirs(os.path.join(away, name))
        with open(os.path.join(away, "ut"), "w"):
            pass
        self.assertEqual(self.check(house), [
            ("slused", "[journal]: head_file %s/hode: is no plain file" % away),
            ("slused", "[journal]: mail_dir %s/ut: Not a directory" % away)])

    def change(self, house, *pairs):
        """sluse.conf with other words, as it was first."""
        path = os.path.join(house.root, "sluse.conf")
        if not hasattr(self, "first"):
            with open(path) as file:
                self.first = file.read()
        text = self.first
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        with open(path, "w") as file:
            file.write(text)

    def test_no_queue(self):
        house = self.house(start=False)
        with open(os.path.join(house.root, "sluse.conf"), "w"):
            pass
        self.assertEqual(self.check(house), [
            ("slused", "there is no [queue]: nothing is taken in")])

    def test_what_is_named(self):
        """Files, groups, models and secrets that the file names, and two queues
        of which one would swallow the other."""
        house = self.house(start=False, target="webhook")
        head = "name = Testvik kommune\n"
        for more, program, says in (
                ("trust = /nonexistent.pem\n", "slused",
                 "[instance]: the trust list /nonexistent.pem cannot be opened: No "
                 "such file or directory"),
                ("passwords = secrets/ordliste\n", "slused",
                 "[instance]: the list of passwords %s/secrets/ordliste is not "
                 "there" % house.root)):
            self.change(house, (head, head + more))
            self.assertEqual(self.check(house), [(program, says)])
        self.change(house, ("second_person = no\n",
                            "second_person = no\narchivist = finnes-ikke\n"))
        self.assertEqual(self.check(house), [
            ("slused", "[access]: archivist = finnes-ikke: there is no such "
             "group")])
        self.change(house, ("pages_max = 0", "languages = nor+klingon"))
        self.assertEqual(self.check(house), [
            ("sluse-ocr", 'tesseract has no model for "klingon"')])
        self.change(house, ("allow_loopback = yes", "allow_loopback = yes\n"
                            "token_name = arkiv-token"))
        self.assertEqual(self.check(house), [
            ("sluse-push/arkiv", "the secret arkiv-token is not there: "
             "%s/secrets/arkiv-token" % house.root)])
        self.change(house, ("allow_loopback = yes", "allow_loopback = yes\n"
                            "token_name = varsel"))
        self.assertEqual(self.check(house), [
            ("sluse-push/arkiv", "token_name = varsel: the secret is not in "
             "credentials of [target arkiv]")])
        os.makedirs(os.path.join(house.root, "spool", "E-post", "mer"))
        self.change(house, ("[queue Skannet post]\nkind = incoming\n",
                            "[queue Skannet post]\nkind = incoming\n"
                            "path = %s/spool/E-post/mer\n" % house.root))
        self.assertEqual(self.check(house), [
            ("slused", "[queue Skannet post]: path %s/spool/E-post/mer lies in "
             "the folder of [queue E-post]" % os.path.realpath(house.root))])

    def test_damaged_model(self):
        """The model that only lying pages ask for is tried beforehand too."""
        models, = glob.glob("/usr/share/tesseract-ocr/*/tessdata")
        with tempfile.TemporaryDirectory() as folder:
            for name in ("nor", "eng", "osd"):
                shutil.copy(os.path.join(models, name + ".traineddata"), folder)
            house = self.house(start=False, ocr=True)
            with mock.patch.dict(os.environ, TESSDATA_PREFIX=folder):
                self.assertEqual(self.check(house), [])
                os.truncate(os.path.join(folder, "osd.traineddata"), 1000000)
                self.assertEqual(self.check(house), [
                    ("sluse-ocr", 'tesseract cannot load "osd"')])

    def test_passwords(self):
        house = self.house()
        self.assertEqual(self.check(house), [])
        self.assertEqual(self.troubles(house), {})
        path = os.path.join(house.root, "secrets", "passwords")
        with open(path, "w") as file:
            file.write("ord\n")
        os.chmod(path, 0o644)
        (program, text), = self.check(house)
        self.assertEqual(program, "slused")
        self.assertIn("open to others (chmod 600)", text)
        row = self.troubles(house)["slused"]
        self.assertIn("open to others", row["text"])
        self.assertIn("LACKS  slused: the list of passwords",
                      house.sluse("status").stdout)
        os.chmod(path, 0o600)
        self.assertEqual(self.check(house), [])
        self.assertEqual(self.troubles(house), {})

    def test_disk(self):
        """Too little room: status says so and what to do, and that it is over."""
        with tempfile.TemporaryDirectory() as folder:
            room = os.statvfs(folder)
            free = room.f_bavail * room.f_frsize
            if free < 4 << 30:
                self.skipTest("too little room to take some away")
            house = self.house(instance="free_space_min = %dM\n" % (
                (free >> 20) - 1024))
            house.wait_for(lambda: house.rows("status")[0]["slused"]["intake"],
                           10, "there is room")
            with open(os.path.join(folder, "stor"), "wb") as file:
                os.posix_fallocate(file.fileno(), 0, 2 << 30)
                row = self.trouble(house, "slused")
                self.assertIn("free_space_min", row["text"])
                self.assertIn("Make room", row["help"])
                now = house.rows("status")[0]["slused"]
                self.assertFalse(now["intake"])
                self.assertRegex(house.sluse("status").stdout,
                                 r"(?m)^  intake +no")
                file.truncate(0)
            house.wait_for(lambda: not self.troubles(house), 20, "room again")
            self.assertTrue(house.rows("status")[0]["slused"]["intake"])
            names = [e["event"] for e in house.rows("journal", "list")]
            self.assertEqual([n for n in names if n.startswith("intake_")],
                             ["intake_stopped", "intake_resumed"])

    def test_no_address(self):
        house = self.house(start=False)
        path = os.path.join(house.root, "sluse.conf")
        with open(path) as file:
            text = file.read()
        for name in ("noark5", "webhook"):
            with open(path, "w") as file:
                file.write(text[:text.index("[target ")] +
                           "[target arkiv]\nconnector = %s\n" % name)
            self.assertEqual(self.check(house), [
                ("sluse-push/arkiv", "[target arkiv]: base_url is missing: "
                 "where does the target answer?")])

    def test_connector(self):
        house = self.house(start=False)
        path = os.path.join(house.root, "sluse.conf")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("connector = noark5", "connector = noark6"))
        os.unlink(os.path.join(house.root, "secrets", "arkiv-client-secret"))
        faults = self.check(house)
        self.assertEqual([f[0] for f in faults], ["sluse-push/arkiv"] * 2)
        self.assertIn("connector noark6: no such plugin", faults[0][1])
        self.assertIn("arkiv-client-secret is not there", faults[1][1])
        house.start(wait=False)
        house.wait_for(lambda: os.path.exists(
            os.path.join(house.root, "run", "slused.sock")), 20, "slused")
        row = self.trouble(house, "sluse-push/arkiv")
        self.assertFalse(row["runs"])
        self.assertEqual(row["reason"], "plugin_invalid")
        self.assertIn("noark6", row["text"])
        # Which does not take the place of one that delivers.
        house.sluse("cases", "import", house.cases)
        house.drop(PDF)
        house.wait_for(lambda: house.query(
            "SELECT count(*) FROM delivery")[0][0] == 1, 30, "a delivery")
        self.assertEqual(house.query("SELECT state, attempts FROM delivery"),
                         [("pending", 0)])

    def test_secret_of_a_target(self):
        house = self.house(start=False)
        path = os.path.join(house.root, "secrets", "arkiv-client-secret")
        said = "the secret arkiv-client-secret is "
        os.chmod(path, 0o644)
        self.assertEqual(self.check(house, "secret_mode"), [
            ("sluse-push/arkiv", said + "open to others (chmod 600)")])
        os.chmod(path, 0o600)
        self.assertEqual(self.check(house), [])
        os.unlink(path)
        self.assertEqual(self.check(house), [
            ("sluse-push/arkiv", said + "not there: " + path)])
        os.mkdir(path, 0o700)
        self.assertEqual(self.check(house, "secret_mode"), [
            ("sluse-push/arkiv", said + "no plain file")])
        os.rmdir(path)
        house.start()
        row = self.trouble(house, "sluse-push/arkiv")
        self.assertTrue(row["runs"])
        self.assertIn("arkiv-client-secret", row["text"])

    def test_converter(self):
        house = self.house("converter = /nowhere/soffice.bin\n")
        row = self.trouble(house, "sluse-convert")
        self.assertFalse(row["runs"])
        self.assertIn("/nowhere/soffice.bin", row["text"])
        self.assertIn("LibreOffice", row["help"])
        self.assertEqual([f[0] for f in self.check(house)], ["sluse-convert"])

    def test_passing(self):
        """2 ends the house and 70 does not: 2 is for what a person must change,
        not for what passes."""
        house = self.house("trust = tillit.pem\n", start=False)
        trust = os.path.join(house.root, "tillit.pem")
        with open(trust, "w") as file:
            file.write("-----BEGIN CERTIFICATE-----\n")
        secrets = os.path.join(house.root, "secrets")

        def ends(path, error, code):
            done = subprocess.run(
                [*under_strace(self, "openat:error=" + error), "-P", path,
                 os.path.join(BIN, "slused"), "--root", house.root],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                timeout=60)
            self.assertEqual(done.returncode, code, (path, error, done.stdout))
        for path in (trust, secrets, os.path.join(house.root, "sluse.conf")):
            for error, code in (("EMFILE", 70), ("EIO", 70), ("EACCES", 2)):
                ends(path, error, code)
        house.start()
        house.stop()
        for error, code in (("EMFILE", 70), ("EIO", 70), ("EACCES", 2),
                            ("EIO:when=2", 70)):
            ends("journal-key", error, code)

    def test_silent(self):
        """A program that says nothing is missed all the same."""
        house = self.house("decrypt_keys = noekkel-god\n", start=False)
        house.start(wait=False, env={"SLUSE_LIBEXEC": self.without("sluse-decrypt")})
        house.wait_for(lambda: house.complete(), 20, "programs")
        self.assertEqual(self.troubles(house), {})  # it may come yet
        row = self.trouble(house, "sluse-decrypt", 30)
        self.assertEqual((row["runs"], row["reason"]), (False, "not_running"))

    def test_no_witness(self):
        """Who is to take heads to witnesses tells what it lacks."""
        house = self.house(extra="[tsa prove]\nurl = http://127.0.0.1:9/\n"
                           "trust = borte.pem\nallow_loopback = yes\n")
        row = self.trouble(house, "sluse-push/witness", 40)
        self.assertEqual((row["runs"], row["reason"]),
                         (True, "config_invalid"))
        self.assertIn("trust", row["text"])

    def test_key_of_a_witness(self):
        """What slused cannot start with is told once, not for ever."""
        house = self.house(start=False, extra="[witness vitne]\n"
                           "url = https://vitne.example.no/\n"
                           "vkey = vitne.example.no+00000000+AAAA\n")
        done = subprocess.run(
            [os.path.join(BIN, "slused"), "--root", house.root],
            stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("[witness vitne]", done.stderr)
        done = subprocess.run(
            [os.path.join(BIN, "sluse"), "run", house.root],
            stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stderr.count("[witness vitne]"), 1, done.stderr)

    def without(self, program):
        """The programs but one."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        bin_folder = os.path.join(folder.name, "bin")
        os.mkdir(bin_folder)
        os.symlink(os.path.join(os.path.dirname(BIN), "plugins"),
                   os.path.join(folder.name, "plugins"))
        for name in os.listdir(BIN):
            if name != program:
                os.symlink(os.path.join(BIN, name),
                           os.path.join(bin_folder, name))
        return bin_folder


if __name__ == "__main__":
    unittest.main()
