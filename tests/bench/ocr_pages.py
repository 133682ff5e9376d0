#!/usr/bin/python3
"""Page images with known text for the OCR benches: drawn here, or real ones
from the shared samples, and what a bad scanner, a fax or a careless hand makes
of them. The same pixels come out every time. Needs python3-pil and
fonts-dejavu-core.
"""
import csv
import io
import math
import os
import random
import re
import textwrap

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

import make_scans

WIDTH, HEIGHT, DPI = make_scans.WIDTH, make_scans.HEIGHT, make_scans.DPI
FONTS = make_scans.FONTS


class Page:
    """An image (L or 1), what stands on it, and the dpi its header claims (0 =
    none). half: "tune" or "hold" out."""

    def __init__(self, name, image, truth, dpi, half):
        self.name, self.image, self.truth = name, image, truth
        self.dpi, self.half = dpi, half


# -- drawn ---------------------------------------------------------------------

def font_of(name, size):
    return ImageFont.truetype(FONTS + name + ".ttf", size)


class Sheet:
    """A white page; what is written on it is its truth, in that order."""

    def __init__(self):
        self.image = Image.new("L", (WIDTH, HEIGHT), 250)
        self.pen = ImageDraw.Draw(self.image)
        self.lines = []

    def line(self, x, y, text, font, fill=25):
        self.pen.text((x, y), text, font=font, fill=fill)
        self.lines.append(text)

    def block(self, box, text, font):
        """Text wrapped into box = x, y, width; the y below it."""
        x, y, width = box
        words, line = text.split(), ""
        for word in words:
            longer = (line + " " + word).strip()
            if line and font.getlength(longer) > width:
                self.line(x, y, line, font)
                y += int(font.size * 1.35)
                longer = word
            line = longer
        self.line(x, y, line, font)
        return y + int(font.size * 1.35)

    def page(self, name, half):
        return Page(name, self.image, "\n".join(self.lines), DPI, half)


def letter(r, name, half):
    sheet, y = Sheet(), 260
    font = font_of(r.choice(["DejaVuSans", "DejaVuSerif", "DejaVuSansMono"]),
                   r.choice([40, 44, 46]))
    for paragraph in make_scans.letter(r, r.randrange(5)):
        for line in paragraph.split("\n"):
            y = sheet.block((270, y, 1960), line, font)
        y += int(font.size * 0.8)
        if y > HEIGHT - 900:
            break
    return sheet.page(name, half)


def columns(r, name, half):
    """A newsletter: a head over two columns."""
    sheet, font = Sheet(), font_of("DejaVuSerif", 38)
    sheet.line(220, 200, "Informasjon til innbyggerne", font_of(
        "DejaVuSans-Bold", 80))
    for x in (220, 1300):
        y = 420
        while y < HEIGHT - 900:
            text = " ".join(make_scans.sentence(r, s) for s in
                            r.sample(make_scans.SENTENCES, 4))
            y = sheet.block((x, y, 960), text, font) + 40
    return sheet.page(name, half)


def table(r, name, half):
    """A ruled list of cases under a head."""
    sheet, font = Sheet(), font_of("DejaVuSans", 36)
    sheet.line(200, 200, "Oversikt over saker til behandling",
               font_of("DejaVuSans-Bold", 60))
    xs, y = (200, 560, 1500, 1860, 2280), 400
    rows = [("Saksnr", "Gjelder", "Frist", "Beløp")]
    for _ in range(r.randint(22, 28)):
        rows.append((f"2026/{r.randint(100, 9900)}",
                     r.choice(make_scans.SUBJECTS)[:38],
                     f"{r.randint(1, 28):02d}.{r.randint(1, 12):02d}.2026",
                     f"{r.randint(100, 99999)},00"))
    for cells in rows:
        for x, text in zip(xs, cells):
            sheet.line(x + 16, y + 14, text, font)
        sheet.pen.line((xs[0], y, xs[-1], y), fill=40, width=3)
        y += 76
    sheet.pen.line((xs[0], y, xs[-1], y), fill=40, width=3)
    for x in xs:
        sheet.pen.line((x, 400, x, y), fill=40, width=3)
    return sheet.page(name, half)


def drawn():
    """Six pages; the first two of each half are those to be degraded."""
    out = []
    for half, kinds in (("tune", (letter, columns, table)),
                        ("hold", (table, letter, columns))):
        for kind in kinds:
            name = f"{kind.__name__}-{half}"
            out.append(kind(random.Random("sluse " + name), name, half))
    return out


# -- underlined ----------------------------------------------------------------

def headings(r, name, half):
    """Short paragraphs, each under a heading with one or two rules below it:
    from the baseline to clear of the descenders, thin and thick."""
    sheet, y = Sheet(), 220
    while y < HEIGHT - 500:
        font = font_of(r.choice(["DejaVuSans", "DejaVuSerif",
                                 "DejaVuSansMono"]), r.choice([40, 44, 52]))
        text = r.choice(["Gjelder ", "Angående ", "Spørsmål om "]) + r.choice(
            make_scans.SUBJECTS) + ", " + r.choice(make_scans.PLACES)
        sheet.line(270, y, text, font)
        base = y + font.getmetrics()[0] + r.choice((1, 3, 6, 9, 14))
        thick = r.randint(1, 5)
        for _ in range(r.choice((1, 1, 2))):
            sheet.pen.rectangle((270, base, 270 + font.getlength(text),
                                 base + thick - 1), fill=25)
            base += thick + r.randint(4, 8)
        y += int(font.size * 1.8)
        body = " ".join(make_scans.sentence(r, s) for s in
                        r.sample(make_scans.SENTENCES, 2))
        y = sheet.block((270, y, 1960), body, font_of("DejaVuSans", 40)) + 50
    return sheet.page(name, half)


def typed(r, name, half):
    """A letter of one width of letters, its heading and every third line
    underlined with underscores, as a typewriter does it; laid in askew."""
    sheet, y, n = Sheet(), 260, 0
    font = font_of("DejaVuSansMono", 42)
    for paragraph in make_scans.letter(r, r.randrange(5)):
        for text in paragraph.split("\n"):
            for line in textwrap.wrap(text, 74):
                sheet.line(270, y, line, font)
                if n % 3 == 0:
                    sheet.pen.text((270, y - 6), "_" * len(line), font=font,
                                   fill=25)
                y, n = y + 64, n + 1
        y += 40
        if y > HEIGHT - 700:
            break
    page = sheet.page(name, half)
    page.image = page.image.rotate(r.choice((-1, 1)) * r.uniform(0.3, 1.0),
                                   resample=Image.BICUBIC, fillcolor=250)
    return page


def stroke(r, pen, x0, x1, y):
    """A pencil's, that waves a bit and is of no even strength."""
    rise = r.uniform(-0.004, 0.004)
    swing, phase = r.uniform(1, 4), r.uniform(0, 6)
    for x in range(int(x0), int(x1)):
        at = y + rise * (x - x0) + swing * math.sin(phase + x / 190)
        thick = r.choice((4, 5, 5, 6))
        for k in range(thick):
            pen.point((x, int(at) + k), fill=r.randint(90, 150))


def pencilled(r, name, half):
    """A letter of which somebody found much worth remembering."""
    sheet, y = Sheet(), 260
    font = font_of(r.choice(["DejaVuSerif", "DejaVuSans"]), 42)
    for paragraph in make_scans.letter(r, r.randrange(5)):
        for text in paragraph.split("\n"):
            for line in textwrap.wrap(text, 78):
                sheet.line(270, y, line, font, 60)
                if r.random() < 0.4:
                    wide = font.getlength(line)
                    x0 = 270 + r.uniform(0, 0.4) * wide
                    stroke(r, sheet.pen, x0, x0 + r.uniform(0.3, 0.6) * wide,
                           y + font.getmetrics()[0] + r.randint(0, 12))
                y += 60
        y += 40
        if y > HEIGHT - 700:
            break
    return sheet.page(name, half)


def ruled(r, name, half):
    """A form filled in on rules and on dots, and a list with a rule close
    below each row."""
    sheet, y = Sheet(), 240
    font, small = font_of("DejaVuSans", 40), font_of("DejaVuSans", 34)
    sheet.line(220, y, "Melding om tiltak", font_of("DejaVuSans-Bold", 60))
    y += 160
    for label in ("Navn", "Adresse", "Eiendom", "Tiltak", "Telefon", "Dato"):
        sheet.pen.text((220, y), label, font=small, fill=25)
        value = r.choice(make_scans.PLACES + make_scans.SUBJECTS)
        sheet.pen.text((520, y - 4), value, font=font, fill=25)
        sheet.lines.append(label + " " + value)
        base = y + font.getmetrics()[0] + r.randint(0, 8)
        if r.random() < 0.5:
            sheet.pen.line((500, base, 1800, base), fill=25, width=3)
        else:
            for x in range(500, 1800, 14):
                sheet.pen.rectangle((x, base, x + 3, base + 3), fill=25)
        y += 110
    y += 60
    for _ in range(24):
        sheet.line(220, y, f"{r.randint(100, 9900)}  "
                   f"{r.choice(make_scans.SUBJECTS)}, "
                   f"{r.choice(make_scans.PLACES)}", font)
        y += font.getmetrics()[0] + 12
        sheet.pen.line((200, y, 2280, y), fill=40, width=2)
        y += 16
    return sheet.page(name, half)


def underlined():
    """Eight pages with rules close below their lines."""
    return [kind(random.Random("sluse %s-%s" % (kind.__name__, half)),
                 f"{kind.__name__}-{half}", half)
            for half in ("tune", "hold")
            for kind in (headings, typed, pencilled, ruled)]


# -- real ----------------------------------------------------------------------

def first_jpeg(path):
    """The picture in a PDF of one scan."""
    with open(path, "rb") as file:
        data = file.read()
    found = re.search(rb"/DCTDecode.*?stream\r?\n", data, re.S)
    return Image.open(io.BytesIO(data[found.end():]))


def read(path, encoding="utf-8"):
    with open(path, encoding=encoding) as file:
        return file.read()


def header_dpi(image):
    dpi = round(float(image.info.get("dpi", (0, 0))[0]))
    return dpi if dpi > 1 else 0


def real_page(path, truth, half, turn=0):
    image = first_jpeg(path) if path.endswith(".pdf") else Image.open(path)
    dpi = header_dpi(image)
    if "A" in image.mode or image.mode == "P":
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    if image.mode != "1":
        image = image.convert("L")
    if turn:
        image = image.rotate(turn, expand=True)
        dpi = 300
    name = os.path.splitext(os.path.basename(path))[0]
    return Page(name, image, truth, dpi, half)


def receipt(path, half):
    with open(path[:-4] + ".box.csv", encoding="utf-8") as file:
        lines = [",".join(row[8:]) for row in csv.reader(
            file, quoting=csv.QUOTE_NONE) if len(row) > 8]
    return real_page(path, "\n".join(lines), half)


def halves(paths):
    return [(p, "tune" if i % 2 == 0 else "hold")
            for i, p in enumerate(sorted(paths))]


def real(shared):
    """set -> pages, of those that are there."""
    top = os.path.join(shared, "corpus", "ocr")
    if not os.path.isdir(top):
        return {}
    arkiv = os.path.join(top, "norsk-arkiv-1940-50", "db60044923000")
    skjema = os.path.join(top, "norsk-skjema-scan", "tfk-")
    test = os.path.join(top, "tesseract-test")
    photo = read(os.path.join(test, "phototest.gold.txt"))
    linn = os.path.join(top, "ocrmypdf", "linn")
    storting = os.path.join(top, "norsk-nynorsk-storting")
    nb = os.path.join(top, "norsk-nb-1846-lines")
    brev = os.path.join(top, "docspell", "letter-en")
    receipts = os.path.join(top, "sroie-receipts")
    out = {
        "arkiv": [real_page(arkiv + n + ".jpg", read(arkiv + n + ".gt.txt"), h)
                  for n, h in (("301", "tune"), ("106", "hold"),
                               ("391", "hold"))],
        "skjema": [real_page(skjema + n + ".pdf", read(skjema + n + ".gt.txt"),
                             h, 90)
                   for n, h in (("04-laerekandidat", "tune"),
                                ("07a-bli-laerebedrift", "hold"),
                                ("09-kurs-faglige-ledere", "hold"))],
        "storting": [real_page(os.path.join(storting, "pdfEx.png"),
                               read(os.path.join(storting, "gt.txt")), "hold")],
        "bok1846": [real_page(os.path.join(nb, "image.png"),
                              read(os.path.join(nb, "reference.txt")), "hold")],
        "engelsk": [real_page(linn + ".png", read(linn + ".txt"), "hold"),
                    real_page(os.path.join(test, "phototest.tif"), photo,
                              "tune"),
                    real_page(os.path.join(test, "eurotext.tif"), read(
                        os.path.join(test, "eurotext.txt")), "hold")],
        "vendt": [real_page(os.path.join(test, "phototest-rotated-%s.png" % n),
                            photo, h)
                  for n, h in (("180", "hold"), ("L", "tune"), ("R", "hold"))],
        "kvittering": [receipt(p, h) for p, h in halves(
            os.path.join(receipts, n) for n in os.listdir(receipts)
            if n.endswith(".jpg"))],
    }
    return out


# -- degraded ------------------------------------------------------------------

def grain(r, size, sigma):
    """Noise around 128, near enough Gaussian."""
    tile = Image.frombytes("L", (512, 512), r.randbytes(512 * 512))
    for n in (2, 3):
        other = Image.frombytes("L", (512, 512), r.randbytes(512 * 512))
        tile = Image.blend(tile, other, 1 / n)
    gain = sigma / 42.0
    tile = tile.point(lambda v: 128 + (v - 128) * gain)
    out = Image.new("L", size)
    for y in range(0, size[1], 512):
        for x in range(0, size[0], 512):
            out.paste(tile.rotate(r.choice((0, 90, 180, 270))), (x, y))
    return out


def gray(image):
    return image.convert("L")


def paper(image):
    """The commonest bright value: the ground."""
    hist = gray(image).histogram()
    return max(range(128, 256), key=lambda v: hist[v])


def skew(r, image):
    angle = r.choice((-1, 1)) * r.uniform(1.2, 3.0)
    return gray(image).rotate(angle, resample=Image.BICUBIC, expand=True,
                              fillcolor=paper(image))


def noise(r, image):
    image = gray(image)
    image = ImageChops.add(image, grain(r, image.size, r.uniform(22, 34)), 1,
                           -128)
    dust = grain(r, image.size, 40)
    return ImageChops.multiply(image, dust.point(
        lambda v: 60 if v < 128 - 105 else 255))


def blur(r, image):
    scale = image.size[0] / 2480
    return gray(image).filter(ImageFilter.GaussianBlur(
        r.uniform(3.2, 4.4) * max(scale, 0.35)))


def fax(r, image):
    """204 x 196 dots an inch of an A4 sheet, black or white."""
    w = 1728
    h = round(image.size[1] * w / image.size[0])
    image = gray(image).resize((w, h), Image.BOX)
    image = ImageChops.add(image, grain(r, image.size, 22), 1, -128)
    return image.point(lambda v: 255 if v > 150 else 0).convert("1")


def pale(r, image):
    """Low contrast: pencil, a worn ribbon, a poor copy."""
    low, high = r.randint(150, 165), r.randint(190, 205)
    image = gray(image).point(lambda v: low + (high - low) * v // 255)
    return ImageChops.add(image, grain(r, image.size, 4), 1, -128)


def small(_, image, dpi=150):
    factor = dpi / (image.size[0] / 8.27)
    return gray(image).resize([round(v * factor) for v in image.size],
                              Image.BICUBIC)


def shadow(r, image):
    """A lamp on one side and the dark fold of a book."""
    w, h = image.size
    line = Image.new("L", (256, 1))
    fold = r.choice((0, 255))
    for x in range(256):
        near = max(0, 1 - abs(x - fold) / 60)
        line.putpixel((x, 0), int(255 * (0.9 - 0.35 * x / 255 - 0.4 * near)))
    line = line.resize((w, h), Image.BICUBIC)
    return ImageChops.multiply(gray(image), line)


def stamp(r, image):
    """Two stamps with a date across the text, and a scribble."""
    image = gray(image)
    w, h = image.size
    k = w / 2480
    for _ in range(2):
        ink = Image.new("L", (round(820 * k), round(420 * k)), 255)
        pen = ImageDraw.Draw(ink)
        pen.rectangle((8, 8, ink.size[0] - 9, ink.size[1] - 9), outline=130,
                      width=max(2, round(10 * k)))
        pen.text((60 * k, 60 * k), "MOTTATT", font=font_of(
            "DejaVuSans-Bold", round(120 * k)), fill=130)
        pen.text((60 * k, 230 * k), "%d MARS 2026" % r.randint(10, 28),
                 font=font_of("DejaVuSans", round(90 * k)), fill=130)
        ink = ink.rotate(r.uniform(-25, 25), expand=True, fillcolor=255)
        at = (r.randrange(max(1, w - ink.size[0])),
              r.randrange(h // 10, max(h // 10 + 1, h * 6 // 10)))
        part = image.crop((*at, at[0] + ink.size[0], at[1] + ink.size[1]))
        image.paste(ImageChops.multiply(part, ink), at)
    return image


def border(r, image):
    """Laid askew on a black glass, with a bright slit at one edge."""
    image = gray(image)
    w, h = image.size
    angle = r.uniform(-1.0, 1.0)
    out = Image.new("L", (w * 112 // 100, h * 108 // 100), 8)
    turned = image.rotate(angle, resample=Image.BICUBIC, expand=True,
                          fillcolor=8)
    out.paste(turned, (r.randint(0, out.size[0] - turned.size[0]),
                       r.randint(0, out.size[1] - turned.size[1])))
    ImageDraw.Draw(out).rectangle((0, 0, w // 100, out.size[1]), fill=230)
    return ImageChops.add(out, grain(r, out.size, 5), 1, -128)


def turn(r, image):
    return gray(image).transpose(r.choice((
        Image.ROTATE_90, Image.ROTATE_180, Image.ROTATE_270)))


def worst(r, image):
    """A bit of everything."""
    image = pale(r, shadow(r, skew(r, image)))
    return ImageChops.add(image, grain(r, image.size, 5), 1, -128)


WAYS = [skew, noise, blur, fax, pale, small, shadow, stamp, border, turn, worst]


def degrade(way, page):
    r = random.Random("sluse %s %s" % (way.__name__, page.name))
    image = way(r, page.image)
    # A pixel of the original may have become more or less than one.
    dpi = page.dpi
    if way is small:
        dpi = 150
    if way is fax:
        dpi = 204
    return Page(page.name, image, page.truth, dpi, page.half)
