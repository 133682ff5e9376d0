#!/usr/bin/python3
"""Make the demo post in spool/demo/.

The files are committed; this is needed only to change them.  Debian 12:
    apt install python3-reportlab python3-pil fonts-dejavu-core qpdf img2pdf
    python3 tests/demo/make_demo.py            write spool/demo/
    python3 tests/demo/make_demo.py --check    make again, compare, write nothing

Two runs with the same package versions give the same bytes: no clock, no
unseeded chance.  Other versions of libjpeg or zlib may give other bytes, which
is why --check is not part of the tests.
"""

import argparse
import base64
import csv
import filecmp
import hashlib
import io
import json
import pathlib
import quopri
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from email.header import Header

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

import items
import letters as L

HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "spool" / "demo"
DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVu"
A4 = (595.28, 841.89)
MARGIN = 68

# Family -> regular and bold.  The PDF standard fonts are for born-digital
# letters only: they have no file that a picture could be drawn with.
FONTS = {
    "Sans": ("Sans", "Sans-Bold"),
    "Serif": ("Serif", "Serif-Bold"),
    "Mono": ("SansMono", "SansMono-Bold"),
    "Helvetica": ("Helvetica", "Helvetica-Bold"),
    "Times": ("Times-Roman", "Times-Bold"),
}

rl_config.useA85 = 0
rl_config.invariant = 1
for _family in ("Sans", "Serif", "Mono"):
    for _face in FONTS[_family]:
        pdfmetrics.registerFont(TTFont(_face, f"{DEJAVU}{_face}.ttf"))


# ---- layout: a letter becomes pages of drawing operations --------------

class Layout:
    """Sets one letter; an operation is a tuple whose first item names it."""

    def __init__(self, letter, seed):
        self.letter = letter
        self.regular, self.bold = FONTS[letter.font]
        self.size = letter.size
        self.rng = random.Random(seed)
        self.pages = []
        self.new_page()

    def new_page(self):
        self.ops = []
        self.pages.append(self.ops)
        self.y = A4[1] - 62

    def down(self, points):
        self.y -= points
        if self.y < 80:
            self.new_page()

    def text(self, x, text, font=None, size=None):
        self.ops.append(("text", x, self.y, font or self.regular,
                         size or self.size, text))

    def wrap(self, text, font, size, width):
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and pdfmetrics.stringWidth(longer, font, size) > width:
                yield line
                longer = word
            line = longer
        yield line

    def paragraph(self, text, font=None, size=None, after=7):
        font, size = font or self.regular, size or self.size
        for line in self.wrap(text, font, size, A4[0] - 2 * MARGIN):
            self.text(MARGIN, line, font, size)
            self.down(size * 1.38)
        self.down(after)

    def signature(self):
        """A pen stroke that no reader may take for letters."""
        x, y = MARGIN + 4, self.y - 14
        points = [(x, y)]
        for i in range(26):
            x += self.rng.uniform(2, 8)
            swing = 13 if i < 4 else 7
            points.append((x, y + self.rng.uniform(-swing, swing)))
        self.ops.append(("ink", points, 1.3))
        self.down(40)

    def head(self):
        letter = self.letter
        self.text(MARGIN, letter.sender[0], self.bold, self.size + 5)
        self.down(self.size + 5)
        for line in letter.sender[1:]:
            self.text(MARGIN, line, size=self.size - 1.5)
            self.down(self.size + 1.5)
        self.ops.append(("line", MARGIN, self.y + 3, A4[0] - MARGIN,
                         self.y + 3, 0.8))
        self.down(24)
        top = self.y
        for line in letter.to:
            self.text(MARGIN, line)
            self.down(self.size * 1.3)
        bottom, self.y = self.y, top
        rows = [f"{label} {value}" for label, value in letter.refs]
        if letter.date:
            rows.append(f"Dato: {letter.date}")
        for row in rows:
            self.text(360, row)
            self.down(self.size * 1.45)
        self.y = min(bottom, self.y)
        self.down(22)

    def run(self):
        letter = self.letter
        self.head()
        self.paragraph(letter.subject, self.bold, self.size + 1.5, 9)
        for text in letter.body:
            if text.startswith("# "):
                self.paragraph(text[2:], self.bold, after=2)
            else:
                self.paragraph(text)
        self.down(10)
        if letter.closing:
            self.text(MARGIN, letter.closing)
            self.down(self.size * 1.4)
        if letter.ink:
            self.signature()
        else:
            self.down(14)
        for line in letter.signer:
            self.text(MARGIN, line)
            self.down(self.size * 1.35)
        if letter.enclosures:
            self.down(16)
            self.text(MARGIN, "Vedlegg:", self.bold)
            self.down(self.size * 1.4)
            for line in letter.enclosures:
                self.text(MARGIN + 10, line)
                self.down(self.size * 1.35)
        return self.pages


def lay_out(letter, seed=1):
    return Layout(letter, seed).run()


def one_page(letter, seed=1):
    pages = lay_out(letter, seed)
    assert len(pages) == 1, f"{letter.subject}: {len(pages)} pages"
    return pages[0]


# ---- drawing the operations into a PDF or into a picture ---------------

def draw_pdf_page(c, ops):
    for op in ops:
        if op[0] == "text":
            _, x, y, font, size, text = op
            c.setFont(font, size)
            c.drawString(x, y, text)
        elif op[0] == "line":
            c.setLineWidth(op[5])
            c.line(*op[1:5])
        elif op[0] == "rect":
            c.setLineWidth(op[5])
            c.rect(*op[1:5])
        elif op[0] == "ink":
            c.setLineWidth(op[2])
            for (x1, y1), (x2, y2) in zip(op[1], op[1][1:]):
                c.line(x1, y1, x2, y2)
    c.showPage()


def pdf(pages, title=None):
    """Pages are lists of operations, or (jpeg bytes) for a scanned one."""
    out = io.BytesIO()
    c = canvas.Canvas(out, pagesize=A4, pageCompression=1, invariant=1)
    if title:
        c.setTitle(title)
    for page in pages:
        if isinstance(page, bytes):
            c.drawImage(ImageReader(io.BytesIO(page)), 0, 0, *A4)
            c.showPage()
        else:
            draw_pdf_page(c, page)
    c.save()
    return out.getvalue()


def picture(ops, dpi, paper=255, ink=0):
    k = dpi / 72
    image = Image.new("L", (round(A4[0] * k), round(A4[1] * k)), paper)
    pen = ImageDraw.Draw(image)

    def at(x, y):
        return x * k, (A4[1] - y) * k

    for op in ops:
        if op[0] == "text":
            _, x, y, font, size, text = op
            face = ImageFont.truetype(f"{DEJAVU}{font}.ttf", round(size * k))
            pen.text(at(x, y), text, fill=ink, font=face, anchor="ls")
        elif op[0] == "line":
            pen.line([at(*op[1:3]), at(*op[3:5])], fill=ink,
                     width=max(1, round(op[5] * k)))
        elif op[0] == "rect":
            x, y, w, h = op[1:5]
            pen.rectangle([at(x, y + h), at(x + w, y)], outline=ink,
                          width=max(1, round(op[5] * k)))
        elif op[0] == "ink":
            pen.line([at(*p) for p in op[1]], fill=ink,
                     width=round(op[2] * k), joint="curve")
    return image


def noise(size, seed, strength):
    """Grain around 128: one random tile, laid edge to edge."""
    side = 512
    raw = random.Random(seed).randbytes(side * side)
    tile = Image.frombytes("L", (side, side), raw)
    tile = tile.filter(ImageFilter.GaussianBlur(0.7))
    tile = tile.point([round(128 + (v - 128) * strength / 64)
                       for v in range(256)])
    sheet = Image.new("L", size)
    for x in range(0, size[0], side):
        for y in range(0, size[1], side):
            sheet.paste(tile, (x, y))
    return sheet


def jpeg(image, dpi, quality, **more):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(dpi, dpi), optimize=True,
               **more)
    return out.getvalue()


def scan(ops, dpi, seed, angle):
    """A page as a flat-bed scanner sees it."""
    image = picture(ops, dpi, paper=238, ink=42)
    image = image.rotate(angle, Image.BICUBIC, fillcolor=232)
    image = image.filter(ImageFilter.GaussianBlur(0.6))
    image = ImageChops.add(image, noise(image.size, seed, 2.5), 1, -128)
    return jpeg(image, dpi, 50)


def scan_bilevel(ops, dpi, seed, angle):
    image = picture(ops, dpi)
    image = image.rotate(angle, Image.BICUBIC, fillcolor=255)
    image = image.point([0 if v < 140 else 255 for v in range(256)])
    rng = random.Random(seed)
    for _ in range(220):
        x, y = rng.randrange(image.width - 3), rng.randrange(image.height - 3)
        image.paste(0, (x, y, x + rng.randint(1, 2), y + rng.randint(1, 3)))
    return image.convert("1", dither=Image.NONE)


# ---- the items that are pictures ---------------------------------------

def scanned_letter():
    pages = [scan(one_page(L.LEDSAGER, 11), 300, 111, 0.5),
             scan(one_page(L.LEDSAGER_PAGE_2, 12), 300, 112, -0.35)]
    return images_to_pdf(pages)


def images_to_pdf(pages):
    with tempfile.TemporaryDirectory() as tmp:
        names = []
        for n, page in enumerate(pages):
            names.append(f"{tmp}/{n}.jpg")
            pathlib.Path(names[-1]).write_bytes(page)
        return subprocess.run(
            ["img2pdf", "--engine", "internal", "--nodate", "--pagesize",
             "A4", *names], check=True, stdout=subprocess.PIPE).stdout


def site_sketch(title):
    """A plan with few words, as architects enclose."""
    S, B = FONTS["Sans"]
    return [
        ("text", 68, 780, B, 14, title),
        ("text", 68, 758, S, 10, "Målestokk 1:200"),
        ("rect", 90, 330, 180, 280, 1.5),
        ("rect", 300, 330, 200, 280, 1.5),
        ("rect", 90, 620, 180, 34, 2.5),
        ("text", 128, 460, B, 13, "Storgata 5"),
        ("text", 352, 460, B, 13, "Storgata 7"),
        ("text", 100, 632, S, 11, "Balkong mot bakgården"),
        ("line", 60, 290, 540, 290, 1),
        ("text", 240, 300, S, 12, "Fortau"),
        ("line", 60, 230, 540, 230, 1),
        ("text", 240, 250, B, 14, "Storgata"),
        ("line", 270, 690, 300, 690, 1),
        ("text", 310, 686, S, 10, "3,2 meter til grensen"),
        ("text", 68, 150, S, 10, "Tegnet av Siri Bratthammer, februar 2026"),
    ]


def nabovarsel_tiff():
    pages = [one_page(L.NABOVARSEL, 21), one_page(L.NABOVARSEL_PAGE_2, 22),
             site_sketch("Vedlegg 2: Situasjonsskisse")]
    images = [scan_bilevel(ops, 300, 210 + n, angle)
              for n, (ops, angle) in enumerate(zip(pages, (0.3, -0.2, 0.4)))]
    out = io.BytesIO()
    images[0].save(out, "TIFF", compression="group4", save_all=True,
                   append_images=images[1:], dpi=(300, 300))
    return out.getvalue()


def mixed_pdf():
    return pdf([one_page(L.UTTALELSE, 41),
                scan(one_page(L.UTTALELSE_PAGE_2, 42), 200, 142, -0.4),
                scan(one_page(L.UTTALELSE_PAGE_3, 43), 200, 143, 0.3)],
               "Uttalelse")


def perspective(source, target):
    """Coefficients that Image.transform wants: target point -> source."""
    rows = []
    for (x, y), (u, v) in zip(target, source):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for i in range(8):                          # Gauss-Jordan
        best = max(range(i, 8), key=lambda r: abs(rows[r][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(8):
            if r != i:
                f = rows[r][i]
                rows[r] = [a - f * b for a, b in zip(rows[r], rows[i])]
    return [row[8] for row in rows]


def phone_photo():
    """A letter on a table, lit from one side, telephone held upright."""
    w, h = 2448, 3264
    paper = picture(one_page(L.KLAGE, 51), 280, paper=225, ink=45)
    pw, ph = paper.size
    corners = [(150, 90), (2320, 120), (2365, 3180), (85, 3150)]
    k = perspective([(0, 0), (pw, 0), (pw, ph), (0, ph)], corners)
    sheet = paper.transform((w, h), Image.PERSPECTIVE, k, Image.BICUBIC)
    mask = Image.new("L", paper.size, 255).transform(
        (w, h), Image.PERSPECTIVE, k, Image.BICUBIC)
    photo = Image.new("L", (w, h), 92)
    photo.paste(sheet, (0, 0), mask)
    light = Image.linear_gradient("L").rotate(-35, Image.BICUBIC, fillcolor=150)
    light = light.crop((40, 40, 216, 216)).resize((w, h), Image.BICUBIC)
    light = light.point([round(150 + v * 105 / 255) for v in range(256)])
    photo = ImageChops.multiply(photo, light)
    photo = photo.filter(ImageFilter.GaussianBlur(0.9))
    photo = ImageChops.add(photo, noise((w, h), 151, 6), 1, -128)
    tint = Image.merge("RGB", [
        photo.point([min(255, round(v * f)) for v in range(256)])
        for f in (1.04, 1.0, 0.9)])
    exif = Image.Exif()
    exif[0x0112] = 6            # turn 90 degrees clockwise to look at it
    exif[0x010F] = "Sluse"
    exif[0x0110] = "Demotelefon"
    exif[0x0132] = "2026:03:17 18:42:05"
    return jpeg(tint.rotate(90, expand=True), 72, 55, exif=exif.tobytes())


def landscape(seed, size=(640, 420)):
    """A drawn picture without any word in it."""
    rng = random.Random(seed)
    w, h = size
    image = Image.new("RGB", size, (196, 214, 228))
    pen = ImageDraw.Draw(image)
    for shade, base in ((150, 0.45), (120, 0.55)):
        ridge = [(x, h * base + rng.uniform(-26, 26))
                 for x in range(0, w + 40, 40)]
        pen.polygon([(0, h), *ridge, (w, h)], fill=(shade - 30, shade, 120))
    pen.rectangle([0, h * 0.72, w, h], fill=(88, 122, 150))
    for x in range(120, 420, 34):
        pen.rectangle([x, h * 0.66, x + 9, h * 0.9], fill=(84, 62, 44))
    pen.rectangle([100, h * 0.64, 440, h * 0.69], fill=(126, 96, 66))
    return image


def png(image):
    out = io.BytesIO()
    image.quantize(16).save(out, "PNG", optimize=True)
    return out.getvalue()


# ---- zip, by hand: zipfile cannot write the names we need --------------

DOS_TIME = (10 << 11 | 30 << 5, (2026 - 1980) << 9 | 3 << 5 | 5)
FAT, UNIX = 0, 3
UTF8_FLAG = 0x800


def zip_file(members):
    """Members are (raw name, data, host, flags, extra)."""
    body, directory = io.BytesIO(), io.BytesIO()
    for raw, data, host, flags, extra in members:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = deflate.compress(data) + deflate.flush()
        common = struct.pack("<HHHHHIIIHH", 20, flags, 8, *DOS_TIME,
                             zlib.crc32(data), len(packed), len(data),
                             len(raw), len(extra))
        offset = body.tell()
        body.write(b"PK\3\4" + common + raw + extra + packed)
        attributes = 0o100644 << 16 if host == UNIX else 0x20
        directory.write(b"PK\1\2" + struct.pack("<BB", 20, host) + common
                        + struct.pack("<HHHII", 0, 0, 0, attributes, offset)
                        + raw + extra)
    size, start = directory.tell(), body.tell()
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(members),
                      len(members), size, start, 0)
    return body.getvalue() + directory.getvalue() + end


def named_utf8(name, data):
    return name.encode("utf-8"), data, UNIX, UTF8_FLAG, b""


def named_cp865(name, data):
    return name.encode("cp865"), data, FAT, 0, b""


def named_latin1(name, data):
    return name.encode("latin-1"), data, UNIX, 0, b""


def named_0x7075(name, data):
    """Info-ZIP: an ASCII stand-in for the name, the true one beside it."""
    raw = "".join(c if c.isascii() else f"#U{ord(c):04x}"
                  for c in name).encode()
    field = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode("utf-8")
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    return raw, data, UNIX, 0, extra


def garage_zip():
    inner = zip_file([
        named_cp865("Nabosamtykke Gunnhild Sørløkk.txt",
                    L.NEIGHBOUR_TEXT.encode("cp865")),
        named_latin1("Bildeliste påført høyder.txt",
                     L.PHOTO_LIST_TEXT.encode("latin-1")),
    ])
    return zip_file([
        named_utf8("Følgebrev Åsveien 14.txt", L.GARAGE_TEXT.encode("utf-8")),
        named_cp865("SITUASJONSPLAN ÅSVEIEN.PDF",
                    pdf([one_page(L.GARAGE_PLAN)])),
        named_0x7075("Målsatt snitt æøå.pdf",
                     pdf([one_page(L.GARAGE_SECTION)])),
        named_utf8("Nabosamtykker.zip", inner),
    ])


def bomb_zip():
    """128 MiB of zeros: a thousand times its size, each member < 100 MB."""
    zeros = bytes(64 << 20)
    return zip_file([named_utf8("LESMEG.TXT", b"Tegninger til utskrift\r\n"),
                     named_utf8("tegning-1.bin", zeros),
                     named_utf8("tegning-2.bin", zeros)])


def svarinn_zip():
    """The description first, the main document last."""
    letter = pdf(lay_out(L.WASTE_FEE))
    receipts = L.WASTE_RECEIPTS_TEXT.encode("utf-8")
    files = [("soknad.pdf", "application/pdf", letter),
             ("leveringer.txt", "text/plain", receipts)]
    said = dict(items.SVARINN, filer=[
        {"filnavn": name, "mimeType": kind, "storrelse": len(data),
         "hash": hashlib.sha256(data).hexdigest()}
        for name, kind, data in files])
    said = json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8")
    return zip_file([named_utf8("forsendelse.json", said)] + [
        named_utf8(name, data) for name, _, data in reversed(files)])


def eformidling_zip():
    return zip_file([
        named_utf8("sbd.json", json.dumps(items.SBD, indent=1).encode()),
        named_utf8("arkivmelding.xml", items.ARKIVMELDING.encode("utf-8")),
        named_utf8("dok2.txt", L.ROAD_SKETCH_TEXT.encode("utf-8")),
        named_utf8("dok1.pdf", pdf(lay_out(L.ROAD_STATEMENT))),
    ])


# ---- mail --------------------------------------------------------------

def wrapped_base64(data):
    return base64.encodebytes(data).decode().rstrip("\n")


def quoted(text):
    return quopri.encodestring(text.encode("utf-8")).decode().rstrip("\n")


def attachment(kind, parameters, disposition, data):
    return (f"Content-Type: {kind}; {parameters}\n"
            "Content-Transfer-Encoding: base64\n"
            f"Content-Disposition: attachment; {disposition}\n\n"
            + wrapped_base64(data))


def multipart(boundary, parts):
    return "".join(f"--{boundary}\n{p}\n" for p in parts) \
        + f"--{boundary}--\n"


def crlf(text):
    return text.replace("\n", "\r\n").encode("ascii")


def plain_part(text):
    return ("Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: quoted-printable\n\n" + quoted(text))


def html_part(text):
    paragraphs = "".join(f"<p>{' '.join(p.split())}</p>\n"
                         for p in text.strip().split("\n\n"))
    html = f"<!DOCTYPE html>\n<html><body>\n{paragraphs}</body></html>\n"
    return ("Content-Type: text/html; charset=utf-8\n"
            "Content-Transfer-Encoding: base64\n\n"
            + wrapped_base64(html.encode("utf-8")))


def dispensation_eml():
    alternative = ('Content-Type: multipart/alternative; '
                   'boundary="=_alt_267"\n\n'
                   + multipart("=_alt_267", [plain_part(L.DISPENSATION_PLAIN),
                                             html_part(L.DISPENSATION_PLAIN)]))
    # One name by RFC 2231, one as an encoded word in a quoted string: the
    # second is against the rules and what most programs send.
    parts = [
        alternative.rstrip("\n"),
        attachment("application/pdf", 'name="redegjorelse.pdf"',
                   "filename*=UTF-8''Redegj%C3%B8relse%20brygge.pdf",
                   pdf([one_page(L.DISPENSATION_LETTER)])),
        attachment("image/jpeg", 'name="=?iso-8859-1?Q?Br=E5tt_v=E6r.jpg?="',
                   'filename="=?iso-8859-1?Q?Br=E5tt_v=E6r.jpg?="',
                   jpeg(landscape(81), 96, 60)),
    ]
    subject = Header(L.DISPENSATION_SUBJECT, "utf-8",
                     header_name="Subject").encode()
    sender = Header("Øystein Hågård", "iso-8859-1").encode()
    return crlf(
        "Return-Path: <oystein@sandoya-hytter.example>\n"
        "Received: from mx.sandoya-hytter.example (192.0.2.17)\n"
        "\tby post.elvestrand.example; Wed, 4 Mar 2026 20:14:09 +0100\n"
        "Message-ID: <20260304201352.7f31@sandoya-hytter.example>\n"
        "Date: Wed, 4 Mar 2026 20:13:52 +0100\n"
        f"From: {sender} <oystein@sandoya-hytter.example>\n"
        "To: Postmottak <postmottak@elvestrand.example>\n"
        f"Subject: {subject}\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="=_mix_267"\n\n'
        "Denne meldingen har flere deler.\n"
        + multipart("=_mix_267", parts))


def care_eml(fetch):
    """The same message as two fetches of the same mailbox leave it."""
    trace = (
        "Received: from mx.brevdue.example (198.51.100.9)\n"
        "\tby post.elvestrand.example; Tue, 10 Mar 2026 09:02:41 +0100\n"
        "X-Fetch: mailbox=INBOX; uid=4107\n"
        "X-Spam-Score: 0.3\n",
        "Received: from post.elvestrand.example (192.0.2.80)\n"
        "\tby arkiv.elvestrand.example; Tue, 10 Mar 2026 09:31:18 +0100\n"
        "Received: from mx.brevdue.example (198.51.100.9)\n"
        "\tby post.elvestrand.example; Tue, 10 Mar 2026 09:02:41 +0100\n"
        "X-Fetch: mailbox=Arkiv; uid=19\n"
        "X-Spam-Score: 0.1\n",
    )[fetch]
    subject = Header(L.CARE_SUBJECT, "utf-8", header_name="Subject").encode()
    sender = Header("Solveig Brekkås", "utf-8").encode()
    return crlf(
        trace +
        "Message-ID: <CA+omsorg.119.k8Zt@brevdue.example>\n"
        "Date: Tue, 10 Mar 2026 09:02:38 +0100\n"
        f"From: {sender} <solveig@brevdue.example>\n"
        "To: postmottak@elvestrand.example\n"
        f"Subject: {subject}\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="=_mix_119"\n\n'
        + multipart("=_mix_119", [
            plain_part(L.CARE_PLAIN),
            attachment("application/pdf", 'name="Legeerklaering.pdf"',
                       'filename="Legeerklaering.pdf"',
                       pdf([one_page(L.CARE_LETTER)]))]))


# ---- what is wrong on purpose ------------------------------------------

def damaged_pdf():
    """An upload that broke off inside the first picture.

    The picture stands before catalogue, page and cross references, as some
    scanners write it, so that no repair finds a page.
    """
    image = scan(one_page(L.DAMAGED, 131), 150, 231, 0.4)
    head = (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /XObject"
            b" /Subtype /Image /Width 1240 /Height 1754 /ColorSpace"
            b" /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Length "
            + str(len(image)).encode() + b" >>\nstream\n")
    return head + image[:len(image) // 2]


def encrypted_pdf():
    """AES-128 with a user password; fixed ids so that runs are equal."""
    with tempfile.TemporaryDirectory() as tmp:
        plain, locked = pathlib.Path(tmp, "a.pdf"), pathlib.Path(tmp, "b.pdf")
        plain.write_bytes(pdf([one_page(L.ENCRYPTED)]))
        subprocess.run(
            ["qpdf", "--allow-weak-crypto", "--static-id", "--static-aes-iv",
             "--encrypt", "Kaigata-4-demo", "eier-demo", "128", "--use-aes=y",
             "--", plain, locked], check=True)
        return locked.read_bytes()


# ---- everything together -----------------------------------------------

def born(letter):
    return pdf(lay_out(letter))


def sidecar():
    return (json.dumps(items.SIDECAR, ensure_ascii=False, indent=2)
            + "\n").encode("utf-8")


def case_register():
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["saksnummer", "tittel", "saksstatus", "enhet", "klasse"])
    table.writerows(L.CASES)
    return out.getvalue().encode("utf-8")


def make_files():
    """Every file, by its path under spool/demo/."""
    return {
        "saker.csv": case_register(),
        "01-ledsagerbevis-skannet.pdf": scanned_letter(),
        "02-nabovarsel.tif": nabovarsel_tiff(),
        "03-skjenkebevilling.pdf": born(L.SKJENKING),
        "04-uttalelse-blandet.pdf": mixed_pdf(),
        "05-klage-foto.jpg": phone_photo(),
        "06-handikap-cp865.txt":
            L.PARKING_TEXT.replace("\n", "\r\n").encode("cp865"),
        "07-byggesoknad.zip": garage_zip(),
        "08-dispensasjon.eml": dispensation_eml(),
        "09-tilsyn/sluse.json": sidecar(),
        "09-tilsyn/Svar på tilsynsrapport.pdf": born(L.INSPECTION),
        "09-tilsyn/Sjekkliste uteområde.txt":
            L.CHECKLIST_TEXT.encode("utf-8"),
        "09-tilsyn/Bilde av gjerdet.png": png(landscape(91)),
        "10-uten-holdepunkt.pdf": born(L.NO_CLUE),
        "11-trafikksikring.pdf": born(L.TRAFFIC),
        "12-omsorg-hentet-1.eml": care_eml(0),
        "12-omsorg-hentet-2.eml": care_eml(1),
        "13-avbrutt.pdf": damaged_pdf(),
        "13-kryptert.pdf": encrypted_pdf(),
        "13-bombe.zip": bomb_zip(),
        "13-tom.pdf": b"",
        "14-nynorsk.pdf": born(L.NYNORSK),
        "14-ukjent-sak.pdf": born(L.UNKNOWN_CASE),
        "14-avsluttet-sak.pdf": born(L.CLOSED_CASE),
        "15-eiendomsnummer.pdf": born(L.PROPERTY_NUMBER),
        "16-svarinn.zip": svarinn_zip(),
        "16-eformidling.zip": eformidling_zip(),
    }


def write_all(root):
    files = make_files()
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    manifest = items.manifest(
        {name: {"bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest()}
         for name, data in files.items()})
    (root / "MANIFEST.json").write_text(
        json.dumps(manifest, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8")


def compare(made, kept):
    """Names of files that differ or are missing on either side."""
    names = {p.relative_to(root) for root in (made, kept)
             for p in root.rglob("*") if p.is_file()}
    names.discard(pathlib.Path("README.md"))
    return sorted(str(n) for n in names
                  if not (made / n).is_file() or not (kept / n).is_file()
                  or not filecmp.cmp(made / n, kept / n, shallow=False))


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--check", action="store_true")
    options.add_argument("--out", type=pathlib.Path, default=DEMO)
    args = options.parse_args()
    if not args.check:
        write_all(args.out)
        return 0
    with tempfile.TemporaryDirectory() as tmp:
        write_all(pathlib.Path(tmp))
        different = compare(pathlib.Path(tmp), args.out)
    for name in different:
        print("differs:", name)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
