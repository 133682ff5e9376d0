#!/usr/bin/env python3
"""What no reader reads, and a converter: read as the PDF that it makes, beside
the original; without one, or where it fails, it stays unread."""
import os
import unittest

from house import DEMO, FAST, House

OFFICE = "/usr/lib/libreoffice/program/soffice.bin"
# Not one of the formats is read otherwise.
DRAWING = b"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200" version="1.1">
<text x="20" y="40" font-family="DejaVu Sans" font-size="16">Tegning fra
nabo</text>
<text x="20" y="80" font-family="DejaVu Sans" font-size="16">Saksnr. 2026/211</text>
</svg>
"""
# A converter of one file: it has no shell and no other program.
FAKE = """#!/usr/bin/python3
import os, sys
place = sys.argv[sys.argv.index("--outdir") + 1]
os.mkdir(place)
with open(sys.argv[-1], "rb") as file:
    assert b"<svg" in file.read()
if %r:
    data = open(os.path.join(os.path.dirname(sys.argv[0]), "made.pdf"), "rb").read()
    with open(place + "/in.pdf", "wb") as file:
        file.write(data)
"""


class Convert(unittest.TestCase):
    def house(self, converter, works=True):
        h = House(start=False, instance=FAST)
        self.addCleanup(h.close)
        if converter == "fake":
            folder = os.path.join(h.root, "converter")
            os.mkdir(folder)
            converter = os.path.join(folder, "convert")
            with open(converter, "w") as file:
                file.write(FAKE % works)
            os.chmod(converter, 0o755)
            with open(os.path.join(DEMO, "03-skjenkebevilling.pdf"),
                      "rb") as pdf, open(os.path.join(folder, "made.pdf"),
                                         "wb") as file:
                file.write(pdf.read())
        path = os.path.join(h.root, "sluse.conf")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("[limits]", (
                "converter = %s\n[limits]" % converter) if converter
                else "[limits]", 1))
        h.start()
        h.drop_bytes(DRAWING, "tegning.svg")
        h.wait_quiet(90, 1)
        return h

    def parts(self, h):
        return h.query("SELECT p.number, p.parent, p.role, p.name, p.mime, "
                       "ifnull(p.reason, ''), p.pages FROM part p "
                       "ORDER BY p.number")

    def check_read(self, h):
        parts = self.parts(h)
        self.assertEqual([row[:6] for row in parts], [
            (0, 0, 1, "tegning.svg", "image/svg+xml", ""),
            (1, 0, 7, "tegning.svg.pdf", "application/pdf", "")])
        self.assertGreater(parts[1][6], 0)
        row = h.rows("list")[0]
        self.assertEqual(row["disposition"], "done", row)
        shown = h.rows("show", row["id"])[0]
        # The original is the only document.
        self.assertEqual([d["name"] for d in shown["documents"]],
                         ["tegning.svg"])
        event = [e for e in h.rows("journal", "list")
                 if e["event"] == "converted"]
        self.assertEqual(len(event), 1)
        h.check_whole(self)

    def test_fake(self):
        self.check_read(self.house("fake"))

    @unittest.skipUnless(os.path.exists(OFFICE), "LibreOffice is not installed")
    def test_office(self):
        self.check_read(self.house(OFFICE))

    def test_fails(self):
        h = self.house("fake", works=False)
        row = h.rows("list")[0]
        self.assertEqual((row["disposition"], row["reason"]),
                         ("held", "unsupported"))
        self.assertEqual(h.query("SELECT slug FROM note WHERE slug = "
                                 "'not_converted'"), [("not_converted",)])

    def test_none(self):
        h = self.house("")
        row = h.rows("list")[0]
        self.assertEqual((row["disposition"], row["reason"]),
                         ("held", "unsupported"))
        self.assertEqual(h.pids("sluse-convert"), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
