#!/usr/bin/python3
"""Make a pile of scans for the OCR bench: make_scans.py [OUTDIR]

37 pages A4 at 300 dpi, grey JPEG, invented Norwegian letters, a little askew
and noisy like a scanner's. Written as scan-NN.jpg, as one image-only PDF
(scans.pdf, the same JPEG bytes) and with their words in scans.txt. The same
bytes come out every time. Needs python3-pil and fonts-dejavu-core.
"""

import io
import os
import random
import sys
import textwrap

from PIL import Image, ImageDraw, ImageFont

PAGES = 37
WIDTH, HEIGHT, DPI = 2480, 3508, 300
FONTS = "/usr/share/fonts/truetype/dejavu/"

OPENINGS = [
    "Vi viser til brev av {d} og vil med dette komme med merknader til saken.",
    "Jeg søker herved om {t} for eiendommen {g} og legger ved kart og tegning.",
    "Kommunen ba {d} om flere opplysninger, og disse følger nedenfor.",
    "Etter befaringen {d} har naboene samlet seg om en felles uttalelse.",
]
SENTENCES = [
    "Bygningen ble oppført i {y} og har siden vært brukt som naust og lager.",
    "Avkjørselen ligger i en uoversiktlig sving, og om vinteren er den glatt.",
    "Vi ber om at fristen forlenges, siden tegningene ennå ikke er ferdige.",
    "Takhøyden i første etasje er {n} centimeter målt fra overkant av gulv.",
    "Barna går langs veien til skolen hver dag, og det mangler gatelys der.",
    "Gebyret på {n} kroner er betalt, og kvittering følger som vedlegg {k}.",
    "Det er avtalt med grunneieren at grøfta legges om før teleløsningen.",
    "Støyen fra anlegget er målt til {k} desibel ved nærmeste soveromsvindu.",
    "Søkeren opplyser at bruksendringen ikke medfører økt trafikk i området.",
    "Vannledningen går over nabotomta, og en ny erklæring må tinglyses først.",
    "Arbeidet tar til når tillatelsen foreligger, og varer i om lag {k} uker.",
    "Etter plan- og bygningsloven skal berørte parter varsles på forhånd.",
    "Ættleggen har holdt til på garden sidan {y}, og skogen er godt skjøtta.",
    "Vedtaket kan påklages innen tre uker etter at det er kommet fram.",
    "Ei eventuell flytting av gjerdet må gjerast i samråd med vegvesenet.",
    "Tilsynet fant ingen avvik, men påpekte at rømningsveien må merkes bedre.",
]
SUBJECTS = ["dispensasjon fra reguleringsplanen", "bruksendring av kjeller",
            "utvidet åpningstid", "støtte til aktivitetstilbud",
            "fradeling av parsell", "fornyelse av parkeringstillatelse"]
PLACES = ["Sjøbakken", "Nordre Kvennvegen", "Fjellbakk", "Øvre Hamnegate",
          "Ærfuglveien", "Åsgrenda"]


def sentence(r, text):
    return text.format(
        d=f"{r.randint(1, 28)}.{r.randint(1, 12):02d}.{r.randint(2023, 2026)}",
        t=r.choice(SUBJECTS), g=f"gnr. {r.randint(1, 180)} bnr. "
        f"{r.randint(1, 90)}", y=r.randint(1890, 2015),
        n=r.randint(180, 9800), k=r.randint(2, 60))


def letter(r, page):
    """One page as paragraphs, the words of which are the truth."""
    place = r.choice(PLACES)
    out = [f"Sluseby kommune\nServicetorget\n{r.randint(1000, 9990)} Sluseby",
           f"{place} {r.randint(1, 99)}, {r.randint(1, 28)}. mars 2026",
           f"Deres ref: 2026/{r.randint(10, 980)}    Side {page + 1}",
           f"Angående {r.choice(SUBJECTS)} – {place}",
           sentence(r, r.choice(OPENINGS))]
    for _ in range(r.randint(5, 8)):
        body = r.sample(SENTENCES, r.randint(3, 5))
        out.append(" ".join(sentence(r, s) for s in body))
    out.append("Med vennlig hilsen\n" + r.choice(
        ["Ødegård Velforening", "Åse Bjørnstad", "Håkon Sæther",
         "Nordre Brygge Sameie"]))
    return out


def draw(r, paragraphs):
    name = r.choice(["DejaVuSans.ttf", "DejaVuSerif.ttf",
                     "DejaVuSansMono.ttf"])
    size = r.choice([42, 44, 46])
    font = ImageFont.truetype(FONTS + name, size)
    columns = 62 if "Mono" in name else 78 - (size - 42)
    image = Image.new("L", (WIDTH, HEIGHT), 250)
    pen = ImageDraw.Draw(image)
    y = 260
    for paragraph in paragraphs:
        for line in paragraph.split("\n"):
            for piece in textwrap.wrap(line, columns):
                pen.text((270, y), piece, font=font, fill=25)
                y += int(size * 1.32)
        y += int(size * 0.8)
        if y > HEIGHT - 420:
            break
    return image


def scan(r, image):
    """What a scanner adds: a slight turn, grain, dust."""
    image = image.rotate(r.uniform(-0.6, 0.6), resample=Image.BICUBIC,
                         fillcolor=250)
    grain = Image.frombytes("L", (512, 512), r.randbytes(512 * 512))
    tile = Image.new("L", (WIDTH, HEIGHT))
    for y in range(0, HEIGHT, 512):
        for x in range(0, WIDTH, 512):
            tile.paste(grain, (x, y))
    image = Image.blend(image, tile, 0.05)
    pen = ImageDraw.Draw(image)
    for _ in range(r.randint(5, 25)):
        x, y = r.randrange(WIDTH), r.randrange(HEIGHT)
        pen.ellipse((x, y, x + r.randint(1, 4), y + r.randint(1, 4)), fill=90)
    return image


def pdf(pages):
    """A PDF of nothing but these JPEGs, one to a page."""
    out = io.BytesIO()
    places = []

    def obj(body):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    kids = b" ".join(b"%d 0 R" % (3 + 3 * i) for i in range(len(pages)))
    obj(b"<< /Type /Catalog /Pages 2 0 R >>")
    obj(b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(pages), kids))
    for i, data in enumerate(pages):
        n = 3 + 3 * i
        obj(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.2 841.92] "
            b"/Resources << /XObject << /I %d 0 R >> >> /Contents %d 0 R >>"
            % (n + 1, n + 2))
        obj(b"<< /Type /XObject /Subtype /Image /Width %d /Height %d "
            b"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode "
            b"/Length %d >>\nstream\n" % (WIDTH, HEIGHT, len(data)) + data +
            b"\nendstream")
        draw_it = b"q 595.2 0 0 841.92 0 0 cm /I Do Q"
        obj(b"<< /Length %d >>\nstream\n" % len(draw_it) + draw_it +
            b"\nendstream")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    for at in places:
        out.write(b"%010d 00000 n \n" % at)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
              % (len(places) + 1, start))
    return out.getvalue()


def main():
    outdir = sys.argv[1] if len(sys.argv) > 1 else "build/bench"
    os.makedirs(outdir, exist_ok=True)
    pages, words = [], []
    for i in range(PAGES):
        r = random.Random(f"sluse scan {i}")
        paragraphs = letter(r, i)
        data = io.BytesIO()
        scan(r, draw(r, paragraphs)).save(
            data, "JPEG", quality=80, dpi=(DPI, DPI))
        pages.append(data.getvalue())
        words.append("\n\n".join(paragraphs))
        with open(f"{outdir}/scan-{i + 1:02d}.jpg", "wb") as f:
            f.write(pages[-1])
    with open(f"{outdir}/scans.pdf", "wb") as f:
        f.write(pdf(pages))
    with open(f"{outdir}/scans.txt", "w", encoding="utf-8") as f:
        f.write("\f".join(words))


if __name__ == "__main__":
    main()
