#!/usr/bin/python3
"""Make small letters for the bench: make_small.py [COUNT [OUTDIR]]

Text files (UTF-8, Latin-1, CP865), e-mails (a third of them with a PDF
attached) and born-digital PDFs of 2-50 kB, invented, every one with a case
number that cases.csv beside them knows. The same bytes come out every time.
"""

import base64
import os
import random
import sys

CASES = 200
WORDS = """avkjørsel befaring bekreftelse bruksendring byggesak dispensasjon
eiendom eier erklæring etasje fradeling frist gebyr gjerde grense grunneier
grøft henvendelse høring innsigelse journal kart kjeller klage kommunen krav
kvittering lager ledning merknad møte måling nabo naust opplysning parkering
plan rapport reguleringsplan samråd skole skjøte støy søknad tegning tillatelse
tilsyn tomt trafikk uttalelse vedlegg vedtak vegvesen veien vurdering ønske
ble er har vil skal kan må og men fordi etter før ved til fra på i om med som
det den de en et vi jeg""".split()
NAMES = ["Åse Bjørnstad", "Håkon Sæther", "Kari Nordmann", "Ødegård Velforening",
         "Per Ås", "Nordre Brygge Sameie", "Sissel Kvæven", "Bjørn Løkås"]


def sentence(r):
    words = [r.choice(WORDS) for _ in range(r.randint(6, 16))]
    return " ".join(words).capitalize() + "."


def letter(r, n, size):
    """Lines of about `size` bytes in all."""
    out = ["Sluseby kommune", "Servicetorget", "%d Sluseby" % r.randint(1000, 9999),
           "", "Dato: %d.%02d.2026" % (r.randint(1, 28), r.randint(1, 12)),
           "Deres ref: 2026/%d" % (n % CASES + 1), "Vår ref: %d" % (100000 + n), "",
           "%s - %s %d" % (sentence(r)[:-1], r.choice(WORDS), n), ""]
    have = sum(len(line) + 1 for line in out)
    while have < size:
        line = sentence(r) + " " + sentence(r)
        while len(line) > 78:
            cut = line.rindex(" ", 0, 78)
            out.append(line[:cut])
            line = line[cut + 1:]
        out.append(line)
        have += 160
        if r.random() < 0.2:
            out.append("")
    return out + ["", "Med vennlig hilsen", r.choice(NAMES)]


def escape(line):
    return (line.encode("cp1252", "replace").replace(b"\\", b"\\\\")
            .replace(b"(", b"\\(").replace(b")", b"\\)"))


def pdf(lines):
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []

    def obj(body):
        places.append(len(out))
        out.extend(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

    pages = [lines[i:i + 48] for i in range(0, len(lines), 48)]
    obj(b"<< /Type /Catalog /Pages 2 0 R >>")
    obj(b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(pages), b" ".join(
        b"%d 0 R" % (4 + 2 * i) for i in range(len(pages)))))
    obj(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding /WinAnsiEncoding >>")
    for i, page in enumerate(pages):
        obj(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources "
            b"<< /Font << /F 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * i))
        text = b"BT /F 10 Tf 14 TL 60 770 Td\n" + b"\n".join(
            b"(" + escape(line) + b") '" for line in page) + b"\nET"
        obj(b"<< /Length %d >>\nstream\n" % len(text) + text + b"\nendstream")
    start = len(out)
    out.extend(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    for at in places:
        out.extend(b"%010d 00000 n \n" % at)
    out.extend(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
               % (len(places) + 1, start))
    return bytes(out)


def eml(r, n, size):
    attach = n % 9 == 1
    lines = letter(r, n, size // 3 if attach else size)
    head = ["From: \"Avsender %d\" <post%d@example.org>" % (n, n),
            "To: postmottak@sluseby.example",
            "Subject: =?utf-8?B?%s?=" % base64.b64encode(
                ("Søknad %d" % n).encode()).decode(),
            "Date: %s, %d Nov 2026 10:%02d:%02d +0100" % (
                "Mon", 2 + n % 25, n // 60 % 60, n % 60),
            "Message-ID: <small-%d@example.org>" % n, "MIME-Version: 1.0"]
    body = ["Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit", ""] + lines
    if attach:
        name = "vedlegg-%d.pdf" % n
        data = base64.encodebytes(pdf(letter(r, n, size // 3))).decode()
        body = (["Content-Type: multipart/mixed; boundary=\"=-skille\"", "",
                 "--=-skille"] + body +
                ["--=-skille", "Content-Type: application/pdf; name=\"%s\"" % name,
                 "Content-Transfer-Encoding: base64",
                 "Content-Disposition: attachment; filename=\"%s\"" % name, ""] +
                data.splitlines() + ["--=-skille--"])
    return "\r\n".join(head + body + [""]).encode()


def name_of(n):
    return ("brev-%05d.txt", "epost-%05d.eml", "skjema-%05d.pdf")[n % 3] % n


def one(n):
    """(file name, bytes) of letter n."""
    r = random.Random("sluse small %d" % n)
    size = r.choice([2, 3, 4, 5, 6, 8, 10, 14, 20, 28, 38]) * 1024
    size += r.randint(0, 2000)
    if n % 3 == 0:
        charset = ["utf-8", "iso-8859-1", "cp865"][n // 3 % 3]
        text = "\n".join(letter(r, n, size)) + "\n"
        return name_of(n), text.encode(charset, "replace")
    if n % 3 == 1:
        return name_of(n), eml(r, n, size)
    return name_of(n), pdf(letter(r, n, size))


def cases(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("saksnummer,tittel,saksstatus,enhet,klasse\n")
        for i in range(1, CASES + 1):
            file.write("2026/%d,Sak %d om noe,Under behandling,Sentralen,042\n" % (i, i))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    outdir = sys.argv[2] if len(sys.argv) > 2 else "build/bench/small"
    os.makedirs(outdir, exist_ok=True)
    for n in range(count):
        name, data = one(n)
        with open(os.path.join(outdir, name), "wb") as file:
            file.write(data)
    cases(os.path.join(os.path.dirname(outdir.rstrip("/")), "cases.csv"))


if __name__ == "__main__":
    main()
