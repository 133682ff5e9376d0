#!/usr/bin/env python3
"""Documents of many pages: read in ranges by several children, also inside a
zip, where each range writes a file of its own. Each page must hold its own text.
"""
import base64
import io
import math
import struct
import unittest
import zipfile
import zlib

from house import DEMO, House, os

# A line and the ten digits in DejaVu Sans, 38 pixels high: 48 rows of 82 bytes,
# then of 3 bytes for each digit; one bit a pixel, 1 is white.
ROWS, LINE, DIGIT = 48, 82, 3
GLYPHS = zlib.decompress(base64.b64decode(
    "eNrtl7FuIzcQhilsQRcH8NK5CELcG1x5hSEGSJHXyGO4UEQFKtQcoNdJl1U2gMt7hV2oSHkU"
    "3DAIwck/w9XuSjZwF8mpYmKwkGnyW+7M8OeQ6LW9tv9PS95SchdN3RM18iMo/+JEO/LcRcTu"
    "nKhfmkhTItHFRBqJ6xcnNv8BMbranxJnRLusKZsgeDwxosWgaI6dFQWJaW2ZuELXuqHWCTH+"
    "5JTd0AZRWkhk2qR8o+6rfFvVFgNCbUnZjme1pZPozYxqnW30Sq8qysrss2poZQrx+ztlHibE"
    "XVTud/V+lt/OVoaJK5OU6TjP6tJJdKNoNQNxKUT8e5/UD5kTh4n6V6sb2g7EdVjYevGuzVVn"
    "NBONjla33wG0Lp1EKvjtjon2Tya6T/s4r5JZS6wj1r5pyAz5qEM2dcZTB7dhottgROtB3IQl"
    "d8KN0f8WQFw4jkz0tA++Sq6RfIwOs/YjcQ5fGwQmcgwemOgbPFv4hUxccieRRgDjKRFr8x3v"
    "GRPdgZpOoizEO9fRZieTo7BAPByJac6dzxEPIJIQ8c0H2nd5IH7ADPYCfNQTqeERIGaLLxCi"
    "YeJySuwQETqUNWKt+zAS35MQ2euRemI3JdKEuNRMTEaIQYjs41ZVIbsjcfYMESOeEINiomLf"
    "JVWIalayh4kxDcTqK4k1E73iPZOVmxC7Qlz8a+JKiK3pZC+eEtm39/5IfPesH+kJUUvosmZi"
    "MsWPNBLTSHz/lcSSDLQW7dFPiR/oLHu+RJzbQmyEuDkl4hdWRnmS4WfEUIgFdEY8FCJnuJ8Q"
    "89uBKLtwIEZaT4mlsxCDhw3EMBB30Uf/mL8ZiM5AKUairyTDHoUIpRiJ0I72ZyH+zURWir/6"
    "DI+2YdmGl4S4gZqNxLkQbSNEqNkY69rregGlQqYsTVEz2dc6+qQqIfb62EBxByKENPBT8pEV"
    "dyCqG7+6WSgTKorKFsWd9fuaoL0VXNATOz4VjkSIPZ9FSgsRp8KY4be+vl1AaZjoyqlQMdGB"
    "WDs5ZOtCDMRbuydSJcTaCTGakdjee5jymc8ZVAB8ctnX2vG1vbaXbL9gd0FFXLyzAcUJwTbd"
    "aA97Lm6a5mjlT/QPYwKbwVwQwAENzGtanlEoJofKNRYhkWJXLUbh1HdttPtsP6POO7MMg6xZ"
    "VOiEk0QOGZYwyBkX5+N/WiimMsUuvzrKeiCrj+DmYRl42VbM9K9UjhTxMw0DTgwf0iWsxLbK"
    "x9l1KcSfJ4abBaT+D0cfHb1x9K3Ldw5ne1o4VGEhuQMfJ65J7oGLrKoYSYF2blc01Lu98an7"
    "xAYHxsGBmydmPmfTRctxv9I/8MnK4KKUzCf4Kfp+GX2G1tTxK2w7N63XqOhb3lPN1GR/4U6i"
    "4xy3J4uKlFZXhatVuthJAksp3xtWOSx0WOtOsrqZOklmy9TLmyIWHwTrjsWnPREffPgWnYOw"
    "4PNFo/RUmooWtaRZguDnkvkXtxnW41HCoDTD9QZFZEfbPReno8nbK1w3wwLa8mNSD1QNTtn2"
    "Tkn2ETdDzjRKX5KffwDCwp0W"))


def scan(number):
    """The image of "Brev til kommunen om naust side <number>": its width and
    height in pixels (300 to the inch), and its bits."""
    at = ROWS * LINE
    cells = [(GLYPHS[:at], LINE)] + [
        (GLYPHS[at + ROWS * DIGIT * int(c):at + ROWS * DIGIT * (int(c) + 1)],
         DIGIT) for c in str(number)]
    rows = [b"\xff" * 5 + b"".join(
        bits[y * width:(y + 1) * width] for bits, width in cells) + b"\xff" * 5
        for y in range(ROWS)]
    blank = [b"\xff" * len(rows[0])] * 30
    bits = b"".join(blank + rows + blank)
    return len(rows[0]) * 8, ROWS + 60, bits



def coarse(bits, width, step=6):
    """The same with so few dots that it reads badly."""
    row, out = width // 8, bytearray(b"\xff" * len(bits))
    height = len(bits) // row

    def dots(y, x):
        return ((at, left) for at in range(y, min(y + step, height))
                for left in range(x, min(x + step, width)))
    for y in range(0, height, step):
        for x in range(0, width, step):
            black = [not bits[at * row + left // 8] >> (7 - left % 8) & 1
                     for at, left in dots(y, x)]
            if sum(black) * 2 < len(black):
                continue
            for at, left in dots(y, x):
                out[at * row + left // 8] &= ~(0x80 >> left % 8)
    return bytes(out)


def drawing(width, height):
    """A PNG of a wave, and not a word."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + \
            struct.pack(">I", zlib.crc32(kind + data))
    rows = [bytearray(b"\0" + b"\xff" * width) for _ in range(height)]
    for x in range(width // 4, width // 2):
        y = height // 2 + int(40 * math.sin(x / 14))
        for row in rows[y:y + 3]:
            row[x:x + 3] = b"\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + b"".join((
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        chunk(b"pHYs", struct.pack(">IIB", 5906, 5906, 1)),
        chunk(b"IDAT", zlib.compress(b"".join(rows))), chunk(b"IEND", b"")))


def pdf(pages):
    """A PDF made by hand; a page is a line of text, or the number of a scan
    (below 0: a bad one), or both: the scan then stands below the text."""
    out, at = bytearray(b"%PDF-1.4\n"), [0]

    def add(body):
        at.append(len(out))
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (len(at) - 1, body))

    def text_page(text):
        add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font"
            b"<</F 3 0 R>>>>/Contents %d 0 R>>" % (len(at) + 1))
        stream = b"BT /F 12 Tf 72 770 Td (%s) Tj ET" % text.encode("latin-1")
        add(b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream))
        add(b"null")

    def scan_page(number, text=""):
        width, height, bits = scan(abs(number))
        if number < 0:
            bits = coarse(bits, width)
        points = (width * 0.24, height * 0.24)
        sheet = (points[0], points[1] + (80 if text else 0))
        add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Resources<<"
            b"/Font<</F 3 0 R>>/XObject<</I %d 0 R>>>>/Contents %d 0 R>>" % (
                *sheet, len(at) + 2, len(at) + 1))
        stream = b"q %.2f 0 0 %.2f 0 0 cm /I Do Q" % points
        if text:
            stream += b" BT /F 9 Tf 5 %.2f Td (%s) Tj ET" % (
                points[1] + 40, text.encode("latin-1"))
        add(b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream))
        add(b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace"
            b"/DeviceGray/BitsPerComponent 1/Length %d>>\nstream\n%s\nendstream"
            % (width, height, len(bits), bits))

    kids = b" ".join(b"%d 0 R" % (4 + 3 * i) for i in range(len(pages)))
    add(b"<</Type/Catalog/Pages 2 0 R>>")
    add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids))
    add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for page in pages:
        if isinstance(page, tuple):
            scan_page(page[1], page[0])
        else:
            (text_page if isinstance(page, str) else scan_page)(page)
    start = len(out)
    out.extend(b"xref\n0 %d\n0000000000 65535 f \n" % len(at))
    for offset in at[1:]:
        out.extend(b"%010d 00000 n \n" % offset)
    out.extend(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(at), start))
    return bytes(out)


class Pages(unittest.TestCase):
    def setUp(self):
        self.house = House(ocr=True)
        self.addCleanup(self.house.close)

    def texts(self, part):
        return [row[0] for row in self.house.query(
            "SELECT g.text FROM page g JOIN part p ON p.id = g.part"
            " WHERE p.number = ? ORDER BY g.number", part)]

    def test_wordless(self):
        """What is on a page in which no word was found is not known, and that
        is said: in explain, to who settles it, and in the reports."""
        h = House(ocr=True)
        self.addCleanup(h.close)
        h.drop_bytes(drawing(1240, 1754), "strek.png")
        h.wait_quiet(60, 1)
        row, = h.rows("list")
        told, = h.rows("explain", row["id"])
        self.assertIn(("page_wordless", "1"), [
            (n["note"], n["detail"]) for n in told["notes"]])
        self.assertEqual(row["disposition"], "held")
        held = os.path.join(os.path.dirname(h.inbox()), "Må avklares",
                            row["reception"] + ".1", "Forslag.html")
        h.wait_for(lambda: os.path.exists(held), 20, "the page")
        with open(held, encoding="utf-8") as file:
            self.assertIn("strek.png: side 1 har noe på seg, men ingen ord ble "
                          "lest", file.read())
        total = [r for r in h.rows("report", "lesekvalitet")
                 if r.get("pages") == 1][0]
        self.assertEqual((total["ocr"], total["unread"], total["blank"]),
                         (0, 1, 0))
        h.check_whole(self)

    def test_hard_to_read(self):
        """A page that was read, but badly, is told to who settles it."""
        h = self.house
        h.drop_bytes(pdf([12, -13]), "utydelig.pdf")
        h.wait_quiet(60, 1)
        row, = h.rows("list")
        self.assertEqual(row["documents"][0]["pages_unsure"], 1)
        self.assertIn("2 pages, 1 hard to read",
                      h.sluse("show", row["id"]).stdout)
        told, = h.rows("explain", row["id"])
        sure, = h.query("SELECT confidence FROM page WHERE number = 1")[0]
        self.assertLess(sure, 700)
        note, = [n for n in told["notes"] if n["note"] == "page_unsure"]
        self.assertEqual((note["file"], note["detail"], note["confidence"]),
                         ("utydelig.pdf", "2: %.2f" % (sure / 1000),
                          sure / 1000))
        self.assertIn("page_unsure  2: %.2f  hard to read: check it against "
                      "the picture\n" % (sure / 1000),
                      h.sluse("explain", row["id"]).stdout)
        held = os.path.join(os.path.dirname(h.inbox()), "Må avklares",
                            row["reception"] + ".1", "Forslag.html")
        h.wait_for(lambda: os.path.exists(held), 20, "the page")
        with open(held, encoding="utf-8") as file:
            self.assertIn("<h2>Vanskelig å lese</h2>\n", file.read())
        low = [(r["low"], r["ocr"]) for r in h.rows("report", "lesekvalitet")
               if r.get("pages") == 2]
        self.assertEqual(low[0], (1, 2))

    def test_no_ocr(self):
        """None is wanted: no model is loaded, and what is a picture waits for
        a person."""
        h = House(ocr=False)
        self.addCleanup(h.close)
        h.drop(os.path.join(DEMO, "02-nabovarsel.tif"))
        h.drop_bytes(pdf(["Deres ref: 2026/87", ""]), "tekst.pdf")
        h.wait_quiet(60, 2)
        rows = {row["name"]: row for row in h.rows("list")}
        self.assertEqual(rows["02-nabovarsel.tif"]["disposition"], "held")
        self.assertEqual({row[0] for row in h.query(
            "SELECT g.reason FROM page g JOIN part p ON p.id = g.part WHERE "
            "p.mime LIKE 'image/%'")}, {"limit_pages"})
        self.assertEqual(rows["tekst.pdf"]["disposition"], "done")
        # People see which pages nobody read, and why.
        for name, remark in (
                ("02-nabovarsel.tif", ("page_unread", "1: limit_pages")),
                ("tekst.pdf", ("page_blank", "2"))):
            told, = h.rows("explain", rows[name]["id"])
            self.assertIn(remark, [
                (n["note"], n["detail"]) for n in told["notes"]])
            self.assertIn("%s  %s\n" % remark,
                          h.sluse("explain", rows[name]["id"]).stdout)
        held = os.path.join(os.path.dirname(h.inbox()), "Må avklares",
                            rows["02-nabovarsel.tif"]["reception"] + ".1",
                            "Forslag.html")
        h.wait_for(lambda: os.path.exists(held), 20, "the page")
        with open(held, encoding="utf-8") as file:
            self.assertIn("02-nabovarsel.tif: sidene 1–3 er ikke lest: Dokumentet "
                          "har flere sider enn det leses", file.read())
        pid = h.pids("sluse-ocr")[0][1]
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            size, = [int(line.split()[1]) for line in file
                     if line.startswith("RssAnon:")]
        self.assertLess(size, 12 << 10, "kB without models")
        h.check_whole(self)

    def test_a_long_document(self):
        self.house.drop_bytes(pdf(["Side nummer %d av brevet" % i
                                   for i in range(150)]), "lang.pdf")
        self.house.wait_quiet(60, 1)
        texts = self.texts(0)
        self.assertEqual(len(texts), 150)
        for i, text in enumerate(texts):
            self.assertIn("Side nummer %d av" % i, text)

    def test_a_scan_beside_text(self):
        """Both are read, in the order text, then scan."""
        self.house.drop_bytes(pdf([("Vedlagt ligger brevet", 471), 12,
                                   ("Og her er enda ett", 83)]), "begge.pdf")
        self.house.wait_quiet(60, 1)
        texts = self.texts(0)
        self.assertRegex(texts[0], r"(?s)^Vedlagt ligger brevet\n.*side 471")
        self.assertIn("side 12", texts[1])
        self.assertRegex(texts[2], r"(?s)^Og her er enda ett\n.*side 83")
        self.assertEqual(self.house.query(
            "SELECT source, flags & 8 FROM page ORDER BY number"),
            [(2, 8), (2, 0), (2, 8)])

    def test_long_documents_in_a_zip(self):
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as file:
            for name in ("a", "b", "c"):
                file.writestr(name + ".pdf", pdf(
                    ["Dokument %s side %d" % (name, i) for i in range(70)]))
        self.house.drop_bytes(box.getvalue(), "pakke.zip")
        self.house.wait_quiet(60, 1)
        for part, name in enumerate("abc", 1):
            texts = self.texts(part)
            self.assertEqual(len(texts), 70, self.house.rows("list"))
            for i, text in enumerate(texts):
                self.assertIn("Dokument %s side %d" % (name, i), text)

    def test_scans_in_a_zip(self):
        """Each range writes the pictures of its pages to a file of its own."""
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as file:
            for name, first, n in (("a", 100, 70), ("b", 300, 40)):
                file.writestr(name + ".pdf", pdf(range(first, first + n)))
        self.house.drop_bytes(box.getvalue(), "skannet.zip")
        self.house.wait_quiet(80, 1)
        for part, first, n in ((1, 100, 70), (2, 300, 40)):
            texts = self.texts(part)
            self.assertEqual(len(texts), n)
            for i, text in enumerate(texts):
                self.assertIn("side %d" % (first + i), text)


if __name__ == "__main__":
    unittest.main()
