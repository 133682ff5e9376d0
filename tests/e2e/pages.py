#!/usr/bin/env python3
"""Documents of many pages: read in ranges by several children, also inside a
zip, where each range writes a file of its own. Each page must hold its own text.
"""
import io
import unittest
import zipfile

from house import House


def pdf(pages):
    """A PDF of text pages, one line each, made by hand."""
    out, at = bytearray(b"%PDF-1.4\n"), [0]

    def add(body):
        at.append(len(out))
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (len(at) - 1, body))

    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(len(pages)))
    add(b"<</Type/Catalog/Pages 2 0 R>>")
    add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids))
    add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for text in pages:
        add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font"
            b"<</F 3 0 R>>>>/Contents %d 0 R>>" % (len(at) + 1))
        stream = b"BT /F 12 Tf 72 770 Td (%s) Tj ET" % text.encode("latin-1")
        add(b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream))
    start = len(out)
    out.extend(b"xref\n0 %d\n0000000000 65535 f \n" % len(at))
    for offset in at[1:]:
        out.extend(b"%010d 00000 n \n" % offset)
    out.extend(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(at), start))
    return bytes(out)


class Pages(unittest.TestCase):
    def setUp(self):
        self.house = House()
        self.addCleanup(self.house.close)

    def texts(self, part):
        return [row[0] for row in self.house.query(
            "SELECT g.text FROM page g JOIN part p ON p.id = g.part"
            " WHERE p.number = ? ORDER BY g.number", part)]

    def test_a_long_document(self):
        self.house.drop_bytes(pdf(["Side nummer %d av brevet" % i
                                   for i in range(150)]), "lang.pdf")
        self.house.wait_quiet(60, 1)
        texts = self.texts(0)
        self.assertEqual(len(texts), 150)
        for i, text in enumerate(texts):
            self.assertIn("Side nummer %d av" % i, text)

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
            self.assertEqual(len(texts), 70)
            for i, text in enumerate(texts):
                self.assertIn("Dokument %s side %d" % (name, i), text)


if __name__ == "__main__":
    unittest.main()
