#!/usr/bin/env python3
"""The reader that sluse-reader(7) shows, as somebody else would make it: taken
from the manual, compiled out of the tree against the installed header alone."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

from trial import Trial, run_all
from house import BUILD, TOP

sys.path.insert(0, os.path.join(TOP, "tests", "docs"))
from check_docs import examples  # noqa: E402

INVITATION = (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
              b"SUMMARY:Befaring, Storgata 5\r\nLOCATION:Deres ref: 2026/211\r\n"
              b"END:VEVENT\r\nEND:VCALENDAR\r\n")


class Sample(Trial):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="sluse-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.readers = os.path.join(self.folder, "plugins", "readers")
        os.makedirs(self.readers, mode=0o755)
        os.makedirs(os.path.join(self.folder, "include", "sluse"))
        shutil.copy(os.path.join(TOP, "plugins", "reader.h"),
                    os.path.join(self.folder, "include", "sluse"))
        for path in glob.glob(os.path.join(BUILD, "plugins", "*", "*.so")):
            kind = os.path.basename(os.path.dirname(path))
            os.makedirs(os.path.join(self.folder, "plugins", kind),
                        mode=0o755, exist_ok=True)
            shutil.copy(path, os.path.join(self.folder, "plugins", kind))
        self.env = {"SLUSE_PLUGINS": os.path.join(self.folder, "plugins")}

    def build(self, source):
        path = os.path.join(self.folder, "calendar.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run(
            ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared",
             "-fPIC", "-fvisibility=hidden", "-I", "include", "-o",
             os.path.join(self.readers, "calendar.so"), path],
            check=True, cwd=self.folder, timeout=60)

    def sluse(self, *args):
        done = subprocess.run(
            [os.path.join(BUILD, "bin", "sluse"), "--json", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, **self.env), timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()], done

    def invitation(self):
        path = os.path.join(self.folder, "invitasjon.ics")
        with open(path, "wb") as file:
            file.write(INVITATION)
        return path

    def test_reads(self):
        path = self.invitation()
        (before,), _ = self.sluse("read", path)
        self.assertIn("BEGIN:VCALENDAR", before["pages"][0]["text"])
        self.build(examples("sluse-reader.7"))
        (row,), done = self.sluse("read", path)
        self.assertEqual(row["pages"][0]["text"],
                         "Befaring, Storgata 5\nDeres ref: 2026/211\n",
                         done.stderr)
        (row,), _ = self.sluse("try", path)
        self.assertEqual(row["parts"][0]["reader"], "calendar")
        title = row["placement"]["title"]
        self.assertEqual((title["value"], title["evidence"][0]["label"]),
                         ("Befaring, Storgata 5", "SUMMARY"))
        with open(path, "wb") as file:  # what it does not take costs itself
            file.write(INVITATION.replace(b"SUMMARY", b"X" * (2 << 20)))
        (row,), _ = self.sluse("read", path)
        self.assertEqual(row["error"], "limit_document")

    def test_on_the_road(self):
        self.build(examples("sluse-reader.7"))
        h = self.house(start=False)
        h.start(env=self.env)
        h.wait_for(lambda: h.query("SELECT count(*) FROM case_file")[0][0]
                   >= 5, 20, "known cases")
        h.drop(self.invitation())
        row = self.until(h, "invitasjon.ics", 20, disposition="done")
        self.assertEqual((row["case"], row["title"]),
                         ("2026/211", "Befaring, Storgata 5"))
        self.assertEqual(h.query("SELECT reader FROM part WHERE number = 0"),
                         [("calendar",)])
        h.check_whole(self)

    def test_other_versions(self):
        """Refused, and named: a reader is never half used."""
        for was, becomes in (
                ("ABI_MAJOR", "ABI_MAJOR + 1"),
                ("ABI_MINOR", "ABI_MINOR + 1"),
                (".page = calendar_page,", ""),
                ('"calendar"', '"Calendar"')):
            with self.subTest(was=was):
                text = examples("sluse-reader.7").replace(was, becomes)
                self.assertNotEqual(text, examples("sluse-reader.7"))
                self.build("#pragma GCC diagnostic ignored "
                           '"-Wunused-function"\n' + text)
                rows, done = self.sluse("read", self.invitation())
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual([r for r in rows if r.get("pages")], [])
                self.assertIn("reader ", done.stderr)


if __name__ == "__main__":
    run_all()
