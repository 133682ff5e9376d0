#!/usr/bin/python3
"""The seeds of the fuzz targets: corpus/TARGET/seed-*. All made here.

What is not called seed-* was found by a fuzzer and is kept because it once
broke something.
"""
import gzip
import hashlib
import io
import json
import os
import re
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))
import harvests
import make_outlook
import make_office
import make_pdf
import make_seven

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def put(target, name, data):
    if isinstance(data, str):
        data = data.encode("utf-8")
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed-" + name), "wb") as file:
        file.write(data)


# -- wire: one packet of every few messages, and its lies ---------------------
def fields(text, name):
    body = re.search(r"#define SL_MSG_%s_FIELDS\(F\)(.*?)(?=\n#define|\n/\*|\n$)"
                     % name, text, re.S).group(1)
    return re.findall(r"F\((\w+),", body)


def protocol():
    with open(os.path.join(TOP, "daemon/wire/wire.h")) as file:
        return int(re.search(r"#define SL_WIRE_PROTO (\d+)",
                             file.read()).group(1))


def packet(number, kinds, fill):
    out = struct.pack("<HH", number, protocol())
    sizes = {"U8": 1, "U16": 2, "U32": 4, "U64": 8, "I64": 8, "DIGEST": 32}
    for kind in kinds:
        if kind in sizes:
            out += bytes([1] + [0] * (sizes[kind] - 1))
        else:
            out += struct.pack("<I", len(fill)) + fill
    return out


def wire():
    with open(os.path.join(TOP, "daemon/wire/messages.def")) as file:
        text = file.read()
    rows = re.findall(r"M\((\d+), (\w+), \w+\)", text)
    wanted = {"HELLO", "TASK", "TASK_ENDED", "R_PART", "R_PAGE", "R_END",
              "R_FIELD", "R_NAMED", "POST", "STEP", "CHECKPOINT", "COMMAND",
              "PLACE", "WORDS", "DELIVERY", "RESULT"}
    for number, name in rows:
        if name in wanted:
            kinds = fields(text, name)
            put("wire", name.lower(), packet(int(number), kinds, b"x"))
    hello = packet(1, fields(text, "HELLO"), "blå".encode())
    put("wire", "cut", hello[:-1])
    put("wire", "longer", hello + b"\0")
    put("wire", "other-protocol", b"\1\0\1\0" + hello[4:])
    put("wire", "not-utf8", packet(1, fields(text, "HELLO"), b"\xff"))
    put("wire", "nul", packet(1, fields(text, "HELLO"), b"a\0b"))
    put("wire", "huge-length", hello[:6] + b"\xff\xff\xff\xff")
    put("wire", "unknown", struct.pack("<HH", 0xffff, protocol()))


# -- results: what a child tells, packet by packet ------------------------------
def record(message, /, **values):
    """A record of messages.def; what is not said is 0 or empty."""
    with open(os.path.join(TOP, "daemon/wire/messages.def")) as file:
        text = file.read()
    number = re.search(r"M\((\d+), %s, " % message, text).group(1)
    body = re.search(r"#define SL_MSG_%s_FIELDS\(F\)(.*?)(?=\n#define|\n/\*|\n$)"
                     % message, text, re.S).group(1)
    out = struct.pack("<HH", int(number), protocol())
    for kind, field in re.findall(r"F\((\w+), (\w+),", body):
        value = values.pop(field, None)
        if kind == "DIGEST":
            out += value or bytes(32)
        elif kind in ("STR", "RAW"):
            value = (value or "").encode()
            out += struct.pack("<I", len(value)) + value
        else:
            out += struct.pack("<" + {"U8": "B", "U16": "H", "U32": "I",
                                      "U64": "Q", "I64": "q"}[kind], value or 0)
    assert not values, values
    return out


OPEN, PAGES, OCR, DECRYPT, CONVERT, FRESH, COPY = 0, 1, 2, 3, 4, 8, 16


def results():
    def stream(name, flags, *packets):
        put("results", name, bytes([flags]) + b"".join(
            struct.pack("<H", len(p)) + p for p in packets))

    def part(number, **more):
        return record("R_PART", **dict({"part": number, "role": 1, "size": 3,
                                        "mime": "text/plain"}, **more))
    text = record("R_TEXT", text="Testvik kommune")
    field = record("R_FIELD", field=1, value="2026/87", source=1)
    page = record("R_PAGE", source=1, confidence=900)
    end = record("R_END")
    stream("letter", OPEN, part(0), text, record("R_BOXES", boxes="1234"),
           field, page, end)
    stream("original", OPEN | FRESH, record("R_ORIGINAL", size=3), part(0), end)
    stream("original-twice", OPEN | FRESH, record("R_ORIGINAL", size=3),
           record("R_ORIGINAL", size=3))
    stream("original-longer", OPEN | FRESH, record("R_ORIGINAL", size=4))
    stream("copy-only", OPEN | FRESH | COPY, record("R_ORIGINAL", size=3), end)
    stream("copy-and-part", OPEN | COPY, part(0), end)
    stream("zip", OPEN, part(0, role=2), part(1, depth=1, offset=0),
           part(2, depth=1, offset=3, reason="damaged"), end)
    stream("part-again", OPEN, part(0), part(0))
    stream("part-of-later", OPEN, part(0), part(1, parent=1))
    stream("too-large", OPEN, part(0), part(1, size=1 << 19),
           part(2, size=1 << 19), part(3))
    stream("no-slug", OPEN, part(0, reason="Kari Nordmann"))
    stream("waits-by-itself", OPEN, part(0, reason="disk_full"))
    stream("no-part", OPEN, text, page)
    stream("page-unclosed", OPEN, part(0), text, field,
           record("R_TEXT", page=1, text="to"), page, end)
    stream("many-pages", OPEN, part(0), *[page] * 300)
    stream("far-page", OPEN, part(0), record("R_PAGE", page=500, source=1))
    stream("image", OPEN, part(0), text, record(
        "R_PAGE", source=3, image_format=1, image_size=3, base_size=15), end)
    stream("package", OPEN, part(0, describes="fiks-arkiv"),
           record("R_FIELD", field=1, value="2026/87", source=8, post=64),
           record("R_NAMED", post=1, file="brev.pdf"), end)
    stream("post-65", OPEN, part(0, describes="fiks-arkiv"),
           record("R_NAMED", post=65, file="brev.pdf"))
    stream("note", OPEN, part(0), record("R_NOTE", slug="limit_members",
                                         detail="1"), end)
    stream("note-quote", OPEN, part(0), record("R_NOTE", slug='limit_"'))
    stream("shut", OPEN, part(0, mime="application/pkcs7-mime",
                              reason="encrypted"), end)
    stream("after-end", OPEN, part(0), end, page)
    stream("end-alone", OPEN, end)
    stream("two-in-one", OPEN, part(0) + end)
    stream("other-message", OPEN, part(0), record("HELLO", name="x"))
    stream("cut", OPEN, part(0)[:-1])
    stream("pages", PAGES, text, record("R_PAGE", page=2, source=1), end)
    stream("page-of-others", PAGES, record("R_PAGE", page=1, source=1))
    stream("page-behind", PAGES, record("R_PAGE", page=5, source=1))
    stream("another-part", PAGES, record("R_TEXT", part=1, page=2, text="x"))
    stream("ocr", OCR, record("R_PAGE", page=2, source=2), end)
    stream("ocr-wants-ocr", OCR, record("R_PAGE", page=2, source=3))
    stream("ocr-gives-up", OCR, record("R_PAGE", page=2, reason="limit_time"))
    stream("clear", DECRYPT, record("R_CLEAR"), end)
    stream("clear-twice", DECRYPT, record("R_CLEAR"), record("R_CLEAR"))
    stream("clear-longer", DECRYPT, record("R_CLEAR", size=1))
    stream("clear-of-none", OPEN, part(0), record("R_CLEAR"))
    stream("pdf", CONVERT, record("R_CLEAR"), end)
    stream("convert-parts", CONVERT, part(0))


# -- package: the samples of the unit test, and what is wrong with them ---------
def package():
    folder = os.path.join(TOP, "tests", "data", "packages")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            put("package", name, file.read())
    put("package", "xxe", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">'
        ']><arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/'
        'arkivmelding"><meldingId>&x;</meldingId></arkivmelding>')
    put("package", "bom", '\ufeff{"standardBusinessDocumentHeader":{}}')
    with open(os.path.join(folder, "putmessage.xml"), "rb") as file:
        put("package", "cut", file.read()[:1500])


# -- config -------------------------------------------------------------------
CONF = """# en fil
[instance]
name = Testvik kommune
language = nn
settle = 300ms
held_limit = next-working-day 16:00
[limits]
input_max = 2G
[ocr]
languages = nor+eng
[queue Skannet post]
kind = incoming
[target arkiv]
connector = noark5
base_url = https://arkiv.example.no/api
user = sluse
"""


def config():
    put("config", "whole", CONF.replace("nn", "nb"))
    put("config", "language", CONF)
    put("config", "doubled", "[instance]\nname = a\nname = b\n")
    put("config", "unknown", "[instance]\nnavn = a\n")
    put("config", "section", "[noe]\n")
    put("config", "unended", "[queue Post")
    put("config", "range", "[limits]\nmembers_max = 99999999999999999999\n")
    put("config", "negative", "[limits]\nmembers_max = -1\n")
    put("config", "nul", b"[instance]\nname = a\0b\n")
    put("config", "latin1", b"[instance]\nname = Bod\xf8\n")
    put("config", "bom-crlf", "\ufeff[instance]\r\nname = A\r\n")
    put("config", "long-line", "[instance]\nname = " + "a" * 5000)
    put("config", "durations", "[instance]\nsweep = 1d\npoll = 1000ms\n"
        "held_limit = 3d\nretention = 36500d\n")
    put("config", "never", "[instance]\nheld_limit = never\n"
        "ignore = *.a *[b-c] ~$*\n")
    put("config", "url", "[target a]\nconnector = webhook\n"
        "base_url = http://[::1]:99999/\n")
    put("config", "free-keys", CONF.replace("nn", "nb") + "arkivdel = 2026 # x\n"
        "hode = \"verdi med = og [\"\n")


# -- leaf ---------------------------------------------------------------------
def leaf(seq="0", ms="1790000000000", event="10", subject="M26-000001",
         actor="slused", origin="testvik.example/sluse", end="-\n"):
    return "sluse/leaf/v1\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s" % (
        origin, seq, ms, event, subject, actor, "ab" * 32, end)


def leaves():
    put("leaf", "whole", leaf())
    put("leaf", "large", leaf(seq="9223372036854775807", ms="-1"))
    put("leaf", "too-large", leaf(seq="9223372036854775808"))
    put("leaf", "sign", leaf(seq="+1"))
    put("leaf", "zero", leaf(seq="01"))
    put("leaf", "minus-zero", leaf(ms="-0"))
    put("leaf", "space", leaf(event=" 1"))
    put("leaf", "empty-line", leaf(subject=""))
    put("leaf", "cr", leaf(end="-\r\n"))
    put("leaf", "ten-lines", leaf(end="-\n-\n"))
    put("leaf", "no-end", leaf(end="-"))
    put("leaf", "control", leaf(actor="uid:\x1b[2J"))
    put("leaf", "nul", leaf(actor="uid\0"))
    put("leaf", "aeoeaa", leaf(origin="Bodø kommune"))
    put("leaf", "upper-hex", leaf().replace("ab", "AB"))
    put("leaf", "long", leaf(subject="x" * 66000)[:65535])


# -- case index ---------------------------------------------------------------
def index(rows, count=None, change=None):
    strings, recs = b"", b""
    for number, year, seq, title in rows:
        rec = struct.pack("<II", year, seq)
        for text in (number, title, "B", "Helse", "F01", "k1"):
            raw = text.encode()
            rec += struct.pack("<II", len(strings), len(raw))
            strings += raw
        recs += rec + struct.pack("<II", 0, 0)
    body = bytearray(recs + strings)
    if change:
        change(body)
    head = b"SLCASES\n" + struct.pack(
        "<IIQQ", 1, len(rows) if count is None else count, 64 + len(body), 0)
    return head + hashlib.sha256(head + body).digest() + bytes(body)


def caseindex():
    rows = [("2024/876", 2024, 876, "Elvebrua"),
            ("2026/211", 2026, 211, "Ledsagerbevis"),
            ("2026/500", 2026, 500, "Den ene"),
            ("2026/500", 2026, 500, "Den andre")]
    other = [("PM-7", 0, 0, "Personalmappe")]
    put("caseindex", "empty", index([]))
    put("caseindex", "one", index(rows[:1]))
    put("caseindex", "some", index(other + rows))
    put("caseindex", "unsorted", index(rows[::-1]))
    put("caseindex", "count-more", index(rows, count=5))
    put("caseindex", "count-huge", index(rows, count=0xffffffff))
    put("caseindex", "cut", index(rows)[:-3])
    put("caseindex", "head-only", index([])[:63])

    def far(body):
        body[8:16] = struct.pack("<II", 0xfffffff0, 0x20)
    put("caseindex", "extent-wraps", index(rows, change=far))

    def wrong(body):
        body[-1] = 0xff
    put("caseindex", "not-utf8", index(rows, change=wrong))


# -- sidecar ------------------------------------------------------------------
def sidecar():
    put("sidecar", "case", '{"case": "2026/211", "title": "Søknad", '
        '"date": "2026-02-28", "sender": {"name": "Kari", "orgnr": '
        '"974760673"}}')
    put("sidecar", "unknown", '{"sak": "2026/211"}')
    put("sidecar", "twice", '{"case": "2026/1", "case": "2026/2"}')
    put("sidecar", "list", '[]')
    put("sidecar", "number", '{"case": 2026}')
    put("sidecar", "null", '{"case": null}')
    put("sidecar", "nul", '{"title": "a\\u0000b"}')
    put("sidecar", "surrogate", '{"title": "\\ud800"}')
    put("sidecar", "control", '{"title": "a\\u001b\\u202eb"}')
    put("sidecar", "deep", "[" * 5000)
    put("sidecar", "deep-sender", '{"sender":' * 500)
    put("sidecar", "bad-day", '{"date": "2025-02-29"}')
    put("sidecar", "bom", '\ufeff{"case": "2026/211"}')
    put("sidecar", "trailing", '{"case": "2026/211"} x')
    put("sidecar", "latin1", b'{"title": "S\xf8knad"}')
    put("sidecar", "long", '{"title": "%s"}' % ("x" * 5000))
    put("sidecar", "empty", b"")


# -- CSV ----------------------------------------------------------------------
def csv():
    put("csv", "plain", "saksnummer;tittel;saksstatus;enhet;klasse\n"
        "2026/211;Søknad;B;Helse;F01\n2026/212;\"a;\"\"b\"\"\n\";A;;\n")
    put("csv", "comma", "tittel,saksnummer\nx,2026/1\n")
    put("csv", "bom-crlf", "\ufeffsaksnummer;tittel\r\n2026/1;a\r\n")
    put("csv", "latin1", b"saksnummer;tittel\n2026/1;S\xf8knad\n")
    put("csv", "no-header", "2026/1;a\n")
    put("csv", "unended-quote", "saksnummer\n\"2026/1\n2026/2")
    put("csv", "quote-inside", "saksnummer;tittel\n2026/1;a\"b\"c\n")
    put("csv", "too-many", "saksnummer\n2026/1;" + ";" * 500 + "\n")
    put("csv", "empty-number", "saksnummer;tittel\n;x\n")
    put("csv", "nul", b"saksnummer;tittel\n2026/1;a\0b\n")
    put("csv", "lone-cr", "saksnummer;tittel\r2026/1;a\r")
    put("csv", "formula", "saksnummer;tittel\n2026/1;=cmd|'/c calc'!A1\n")
    put("csv", "double-column", "saksnummer;saksnummer\n2026/1;2026/2\n")
    put("csv", "empty", b"")


# -- Avklar.txt ---------------------------------------------------------------
def settle():
    text = "Sak: %s\r\nNy sak: %s\r\nIkke verdig journalføring: %s\r\n" \
        "Hører til: %s\r\n"
    put("settle", "case", "\ufeff" + text % ("2026/211", "", "", ""))
    put("settle", "case-odd", text % ("sak 26-00211", "", "", ""))
    put("settle", "several", text % ("2026/1", "ja", "", ""))
    put("settle", "belongs", text % ("", "", "", "M26-004711-3.1"))
    put("settle", "nothing", text % ("", "", "", ""))
    put("settle", "number-only", "2026/211\n")
    put("settle", "english", "Case: 2026/211\nNew case:\n")
    put("settle", "utf16", "\ufeffSak: 2026/211\r\n".encode("utf-16-le"))
    put("settle", "utf16-be", "\ufeffSak: 2026/211".encode("utf-16-be"))
    put("settle", "utf16-odd", "\ufeffSak: 2026".encode("utf-16-le") + b"\0")
    put("settle", "latin1", "Hører til: Bodø".encode("latin-1"))
    put("settle", "long", "Sak: " + "x" * 3000)
    put("settle", "twice", "Sak: 2026/1\nSak: 2026/2\n")
    put("settle", "spaces", "  SAK  :\t 2026 / 211 \u00a0\n")
    put("settle", "folder", "M26-004711-3.1 2026-211 (2)")
    put("settle", "nul", b"Sak: 2026\0/211\n")
    put("settle", "marker", "Sak: 2026/1 --- ===\n----\nSak: 2026/2\n")


# -- text with fields, text reader --------------------------------------------
LETTER = """Testvik kommune
Deres ref: 2026/211-3   Vår ref.: 26/4711
Oslo, 14. mars 2026

Søknad om ledsagerbevis for Kari Nordmann, f. 01.02.1950
Gnr/bnr 12/345. Org.nr 974 760 673. Vedtak datert 1.2.2026.
Fødselsnummer: 010250 12345. E-post: kari@example.no
Vi viser til deres brev av 3/3-26 og klager på vedtaket i saksnr. 2025/17.
"""


def texts():
    seeds = {"letter": LETTER.encode(), "cp865": LETTER.encode("cp865"),
             "latin1": LETTER.encode("latin-1"),
             "utf16": LETTER.encode("utf-16"),
             "mac": LETTER.encode("mac-roman"),
             "numbers": b"Saksnr: 2026/" + b"9" * 300,
             "slashes": b"1/2/3/4/5/6/7/8/9" * 20,
             "labels": b"Deres ref: Deres ref: Ref: : : :\n" * 10,
             "cut-utf8": "Saksnr 2026/211 ø".encode()[:-1],
             "bad-utf8": b"Saksnr\xc3\xc3 2026/\xf0\x9f211\xff",
             "bidi": "Deres ref: \u202e112/6202\u202c\u200b".encode(),
             "nul": b"Sak\0snr: 2026/211\0",
             "spaces": b"Saksnr:" + b" " * 2000 + b"2026/211",
             "dates": b"31.02.2026 2026-13-01 1. januar 0000 99/99-99",
             "ff": b"side 1\f" * 40, "empty": b"",
             "nynorsk": "Eg søkjer om løyve til å byggje, ikkje hjå dykk. "
                        "Sakshandsamar: Ola".encode(),
             "samisk": "Ohcan čiekčanbálljčallima várás. Áššenummar 2026/3"
                       .encode(),
             "html": b"<html><style>a</style><p>S&oslash;knad &#x1f4a9;"
                     b"&#99999999; 2026/211<script>",
             "rtf": rb"{\rtf1\ansi S\'f8knad \u248? 2026/211}",
             "escape": b"\x1b[2JSaksnr 2026/211\x1b]0;x\x07"}
    for name, data in seeds.items():
        put("fields", name, data)
        put("text", name, data)


# -- mail ---------------------------------------------------------------------
HEAD = ("From: =?utf-8?q?K=C3=A5re?= <k@example.no>\r\n"
        "To: post@testvik.example\r\nSubject: %s\r\n"
        "Message-ID: <1@example.no>\r\nDate: Sat, 14 Mar 2026 10:00:00 +0100"
        "\r\nMIME-Version: 1.0\r\n")


def multipart(kind, parts, end=True):
    body = "Content-Type: multipart/%s; boundary=\"b\"\r\n\r\n" % kind
    for part in parts:
        body += "--b\r\n" + part + "\r\n"
    return body + ("--b--\r\n" if end else "")


def mail():
    head = HEAD % "Klage p=?iso-8859-1?Q?=E5?= sak 2026/211"
    pdf = ("Content-Type: application/pdf; name=\"=?cp865?B?5Q==?=.pdf\"\r\n"
           "Content-Disposition: attachment; filename*=UTF-8''%C3%B8.pdf\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n")
    plain = "Content-Type: text/plain; charset=%s\r\n\r\nHei %s\r\n"
    inner = "Content-Type: message/rfc822\r\n\r\n"
    seeds = {
        "plain": head + plain % ("utf-8", "på deg"),
        "mixed": head + multipart("mixed", [plain % ("utf-8", "å"), pdf]),
        "alternative": head + multipart("alternative", [
            plain % ("iso-8859-1", "a"), "Content-Type: text/html\r\n\r\n<b>a"]),
        "no-end": head + multipart("mixed", [plain % ("utf-8", "a"), pdf], False),
        "rfc822": head + inner + head + plain % ("utf-8", "indre"),
        "nested": head + (inner + head) * 12 + plain % ("utf-8", "innerst"),
        "same-boundary": head + multipart("mixed", [multipart("mixed", [pdf])]),
        "bad-charset": head + plain % ("x-unknown-\x80", "a"),
        "utf7": head + plain % ("utf-7", "+AOU-"),
        "bad-base64": head + "Content-Transfer-Encoding: base64\r\n\r\n====!!AA",
        "bad-qp": head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                  "a=G=\r\n=ZZ=E",
        "uu": head + "Content-Transfer-Encoding: x-uuencode\r\n\r\n"
              "begin 644 ../../etc/x\n#86)C\n`\nend\n",
        "path-name": head + multipart("mixed", [pdf.replace(
            "%C3%B8.pdf", "..%2F..%2Fetc%2Fpasswd%00.pdf")]),
        "rfc2231": head + "Content-Type: text/plain; name*0*=utf-8''%C3;\r\n"
                   " name*1*=%B8; name*3=x\r\n\r\na",
        "encoded-word": HEAD % "=?utf-8?B?w6U=?= =?utf-8?Q?=C3?= =?x?y?z?= =?"
                        + "\r\na",
        "folded": "Subject:\r\n\t\r\n \r\n x\r\nFrom:a\r\nTo:b\r\n\r\n",
        "no-body": head,
        "head-only": "From: a",
        "mbox": "From a@b Sat Mar 14 10:00:00 2026\n" + head + "\r\na",
        "signed": head + multipart("signed; protocol=\"application/"
                                   "pkcs7-signature\"", [plain % ("utf-8", "a")]),
        "encrypted": head + "Content-Type: application/pkcs7-mime; "
                     "smime-type=enveloped-data\r\n\r\nMIAG",
        "report": head + multipart("report; report-type=delivery-status", [
            "Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n"]),
        "partial": head + "Content-Type: message/partial; id=x; number=1; "
                   "total=2\r\n\r\na",
        "external": head + "Content-Type: message/external-body; "
                    "access-type=local-file; name=\"/etc/passwd\"\r\n\r\n",
        "groups": "From: A:;, B: <b@c>, ;\r\nTo: \"\\\"\" <@a,@b:c@d>\r\n"
                  "Subject: x\r\n\r\n",
        "words": "From: =?us-ascii?Q?K=E5re?= <k@x.no>\nSubject: "
                 "=?utf-8?B?QmzlYg==?= =?x-ukjent*no?Q?=E6r_=3?=\n"
                 " =?utf-8?Q?=E5\n\nx\n"}
    seeds["uuencoded"] = "From: a@b.no\nSubject: x\n\nHei\nbegin 644 a.txt\n" \
        "#2&5I\n`\nend\nbegin 644 b\n#2&5I\n"
    for name, data in seeds.items():
        put("mail", name, data.encode("latin-1", "replace")
            if name == "bad-charset" else data)


# -- archives -----------------------------------------------------------------
def archive(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name, (2026, 3, 14, 10, 0, 0)), data,
                          method)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, kind, data in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd" if kind in b"12" else ""
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + bytes(1024)


def open_():
    plain = archive([("brev.txt", b"Sak 2026/211"), ("mappe/", b"")])
    put("open", "zip", plain)
    put("open", "zip-nested", archive([("a.zip", plain)]))
    put("open", "zip-ratio", archive([("null", bytes(3 << 20))]))
    put("open", "zip-names", archive([
        ("../../etc/x", b"a"), ("C:\\x", b"b"), ("CON", b"c"), ("a\nb", b"d"),
        ("\u202egpj.exe", b"e"), ("\u00e5", b"f"), ("/abs", b"g")]))
    put("open", "zip-equal-names", plain[:30] + plain)
    put("open", "zip-cut", plain[:-30])
    put("open", "zip-prefixed", b"MZ junk " * 9 + plain)
    flags = bytearray(plain)
    at = plain.rindex(b"PK\1\2")
    for head, off in ((0, 6), (plain.index(b"PK\1\2"), 8)):
        flags[head + off] |= 1
    put("open", "zip-encrypted", bytes(flags))
    size = bytearray(plain)
    size[plain.index(b"PK\1\2") + 24:][:4] = b""
    size[plain.index(b"PK\1\2") + 24:plain.index(b"PK\1\2") + 28] = b"\xff" * 4
    put("open", "zip-claims-4g", bytes(size))
    end = bytearray(plain)
    end[-12:-4] = struct.pack("<HHI", 0xffff, 0xffff, 0xffffffff)[:8]
    put("open", "zip-end-lies", bytes(end))
    overlap = bytearray(plain)
    overlap[at + 42:at + 46] = b"\0\0\0\0"
    put("open", "zip-one-local", bytes(overlap))
    put("open", "tar", tarred([("a.txt", b"0", b"abc"), ("l", b"2", b""),
                               ("h", b"1", b""), ("d", b"5", b""),
                               ("f", b"6", b""), ("c", b"3", b"")]))
    huge = bytearray(tarred([("a", b"0", b"abc")]))
    huge[124:136] = b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7
    huge[148:156] = b" " * 8
    huge[148:156] = b"%06o\0 " % sum(huge[:512])
    put("open", "tar-8-exabytes", bytes(huge))
    put("open", "tar-cut", bytes(tarred([("a", b"0", b"abc" * 300)])[:700]))
    put("open", "gz", gzip.compress(b"Sak 2026/211", mtime=0))
    put("open", "gz-tar", gzip.compress(tarred([("a", b"0", b"x")]), mtime=0))
    put("open", "gz-ratio", gzip.compress(bytes(2 << 20), mtime=0))
    put("open", "gz-cut", gzip.compress(b"Sak 2026/211 " * 20, mtime=0)[:-9])
    put("open", "gz-named", b"\x1f\x8b\x08\x08" + bytes(6) + b"../\xe5\n\0"
        + zlib.compress(b"a")[2:-4] + struct.pack("<II", zlib.crc32(b"a"), 1))
    put("open", "pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF")
    put("open", "mail", (HEAD % "a") + "\r\nHei\r\n")
    put("open", "png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff"
        b"\xff\xff\1\0\0\0\0\0\0\0\0")
    put("open", "tiff-loop", b"II*\0\x08\0\0\0\0\0\x08\0\0\0")
    put("open", "jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0")
    put("open", "empty", b"")


# -- office -------------------------------------------------------------------
def office():
    for name, data in make_office.seeds():
        put("office", name, data)


# -- PRONOM: files against the target's own table, tables, patterns -----------
def ole2():
    """Storage A with stream B in the mini stream, stream C of 4 500 bytes."""
    none, end = 0xffffffff, 0xfffffffe
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[30], head[32] = 9, 6
    struct.pack_into("<II", head, 44, 1, 1)
    struct.pack_into("<IIIII", head, 56, 4096, 3, 1, end, 0)
    head[76:] = struct.pack("<109I", 0, *[none] * 108)
    fat = [none, 2, end, end, end, 6, 7, 8, 9, 10, 11, 12, 13, end]
    fat += [none] * (128 - len(fat))

    def entry(name, kind, left, right, child, start, size):
        raw = name.encode("utf-16le")
        return (raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw) + 2,
                kind, 0, left, right, child) + bytes(36)
                + struct.pack("<III", start, size, 0))
    folder = (entry("Root Entry", 5, none, none, 1, 4, 128)
              + entry("A", 1, none, 2, 3, 0, 0)
              + entry("\1C", 2, none, none, none, 5, 4500)
              + entry("B", 2, none, none, none, 1, 8)).ljust(1024, b"\0")
    mini = struct.pack("<128I", none, end, *[none] * 126)
    small = bytes(64) + b"hi there".ljust(448, b"\0")
    return (bytes(head) + struct.pack("<128I", *fat) + folder + mini + small
            + bytes(9 * 512))


def pronom():
    put("pronom", "one", b"ONE...TWO..E")
    put("pronom", "slow", b"..FO" + b"7A" * 120 + b"UR" + b"F" * 400)
    put("pronom", "end", b"O" + b"." * 50 + b"END...")
    put("pronom", "zip", archive([("kind", b"ab12c"), ("other", b"x")]))
    put("pronom", "zip-end", archive([("mimetype", b"x" * 99 + b"yz")]))
    whole = ole2()
    put("pronom", "ole2", whole)
    put("pronom", "ole2-cut", whole[:1500])
    for name, at, value in (("fat-loop", 512 + 24, 5), ("tree-loop", 1480, 1),
                            ("far", 76, 0x7fffffff), ("no-table", 76, 9),
                            ("mini-far", 1024 + 384 + 116, 70000),
                            ("size", 1024 + 256 + 120, 0xffffffff)):
        bad = bytearray(whole)
        struct.pack_into("<I", bad, at, value)
        put("pronom", "ole2-" + name, bytes(bad))
    put("pronom", "table", "tf\tfmt/1\tA\t1\tx/y\ta,b\tfmt/1\n"
        "b\t1\tB0-0:4F{2}[30:39](41|4243)*46\tE0-9:45\tV0:4E\n"
        "z\t2\t@a/b\tB0-0:41\to@c\no\t3\t@x\nnote\tn\n")
    put("pronom", "table-bad", "tf\tfmt/1\n")
    for i, text in enumerate((b"B0-9:41{0-99}42*[!43]([~0F]|4445)??\0" b"xAB-CD",
                              b"E0-9:41*42{1-3}43\0" b"A.B.C", b"B0-0:41{1",
                              b"V3:[&80]{2-*}(41|42|4343)\0....\xff..CC")):
        put("pronom", "pattern-%d" % i, b"p" + text)


# -- http ---------------------------------------------------------------------
def http():
    seeds = ["https://arkiv.example.no/api\n120", "http://127.0.0.1:80/\n0",
             "http://[::1]/\nWed, 21 Oct 2026 07:28:00 GMT",
             "https://user:pw@a/\n-1", "https://a@b\n99999999999999999999",
             "http://a.example/\n 5 ", "ftp://a/\n1e3", "file:///etc/passwd\nx",
             "https://\u00e5.example/\nSunday, 06-Nov-94 08:49:37 GMT",
             "https://a:99999/\nSun Nov  6 08:49:37 1994", "https:///x\n0x10",
             "https://2130706433/\nFri, 31 Dec 9999 23:59:59 GMT",
             "http://localhost./\n1\r", "https://a/../..//%00\n21601",
             "https://a\\@b/\n+3", "\n\n"]
    for i, seed in enumerate(seeds):
        put("http", "%02d" % i, seed)


# -- signatures: new keys, so other bytes, each time; only where asked for ------
def signed():
    sys.path.insert(0, os.path.join(TOP, "tests", "unit"))
    import make_signed
    with tempfile.TemporaryDirectory() as folder:
        m = make_signed.Maker(folder)
        text = b"Til kommunen\n"
        files = [("brev.txt", text)]
        good = m.cms(text)
        for name, data in {
                "beside": good, "around": m.cms(text, extra=["-nodetach"]),
                "cades": m.cms(text, "curve", extra=["-cades"]),
                "noattr": m.cms(text, "curve", extra=["-noattr"]),
                "pss": m.cms(text, extra=["-keyopt", "rsa_padding_mode:pss"]),
                "sha1": m.cms(text, "curve", md="sha1"),
                "stamp": m.stamp(text), "cut": good[:500],
                "deep": b"\x30\x80" * 500,
                "long": bytes.fromhex("3084ffffffff06092a864886f70d010702"
                                      "a084fffffff0")}.items():
            put("cms", name, data)
        xades = make_signed.xades(m, files)
        listing = (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
            'opendocument:xmlns:manifest:1.0"><manifest:file-entry '
            'manifest:full-path="/"/><manifest:file-entry '
            'manifest:full-path="brev.txt"/></manifest:manifest>').encode()
        manifest = make_signed.manifest(files)
        for name, data in {
                "xades": b"x" + xades,
                "xades-curve": b"x" + make_signed.xades(m, files, "curve"),
                "xades-cut": b"x" + xades[:900],
                "xades-canonical": b"x" + xades.replace(
                    make_signed.EXC.encode(),
                    b"http://www.w3.org/2006/12/xml-c14n11"),
                "xades-dtd": b"x" + make_signed.xades(
                    m, files, head="<!DOCTYPE a [<!ENTITY b 'c'>]>"),
                "manifest": b"m" + manifest, "cades": b"p" + good,
                "listing": b"l" + listing,
                "whole": b"z" + make_signed.container(files + [
                    ("META-INF/asicmanifest.xml", manifest),
                    ("META-INF/signature.p7s", m.cms(manifest, "curve"))]),
        }.items():
            put("asic", name, data)
        pdf = make_signed.pdf(lambda b: m.cms(b, "curve"), room=3000)
        a, b, c, d = [int(n) for n in re.search(
            rb"ByteRange \[(\d+) (\d+) (\d+) (\d+)", pdf).groups()]
        for name, data, numbers in (
                ("good", pdf, (a, b, c, d)),
                ("brackets", pdf, (a, b + 1, c - 1, d + 1)),
                ("added", make_signed.added(pdf), (a, b, c, d)),
                ("far", pdf, (a, b, c, 2 ** 62)),
                ("below", pdf, (a, b, c, -1)),
                ("turned", pdf, (a, c, b, d)),
                ("gap", pdf, (a, b - 9, c, d))):
            put("byterange", name, struct.pack("<4q", *numbers) + data)


# -- the target's journal -----------------------------------------------------
def targetlog():
    post = ("<journalregistrering><saksmappe><mappeID>2026/17</mappeID><tittel>Sak"
            "</tittel></saksmappe><journalpost><registreringsID>2026/17-1"
            "</registreringsID><journalaar>2026</journalaar><journalsekvensnummer>5"
            "</journalsekvensnummer><tittel>S&#xF8;knad &amp; svar</tittel>"
            "<offentligTittel>S *****</offentligTittel><journaldato>2026-01-07"
            "</journaldato><dokumentetsDato>2026-01-06</dokumentetsDato>"
            "<antallVedlegg>1</antallVedlegg><korrespondansepart>"
            "<korrespondanseparttype>Avsender</korrespondanseparttype>"
            "<korrespondansepartNavn>Ola</korrespondansepartNavn>"
            "</korrespondansepart></journalpost></journalregistrering>")
    for name in ("loependeJournal", "offentligJournal"):
        put("targetlog", name, '<?xml version="1.0" encoding="UTF-8"?>\n<%s xmlns='
            '"http://www.arkivverket.no/standarder/noark5/%s"><journalhode>'
            "<journalStartDato>2026-01-01</journalStartDato></journalhode>%s</%s>"
            % (name, name, post, name))
    put("targetlog", "csv", "registreringsID;saksnummer;tittel;journaldato;type;"
        'status\r\n2026/9-1;2026/9;"A; b";2026-01-02;I;M\r\n')
    put("targetlog", "dtd", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        "<loependeJournal>&x;</loependeJournal>")
    put("targetlog", "receipt",
        '{"id":"\\u00e5","number":"2026/1-1","documents":[{"number":2}]}')


# -- files over a channel -----------------------------------------------------
def parcel():
    def file(name, data, size=None):
        name = name.encode()
        return struct.pack("<HQ", len(name), len(data) if size is None else size
                           ) + name + data
    put("parcel", "two", file("index.html", b"<p>") + file("tile/0/x001/234", b""))
    put("parcel", "up", file("../passwd", b"x") + file("a/../b", b"x"))
    put("parcel", "hidden", file("a/.b", b"x"))
    put("parcel", "much", file("a", b"x" * 9, 1 << 62))
    put("parcel", "cut", file("a", b"x" * 9, 99))
    put("parcel", "nul", file("a\0b", b"x"))


# -- control totals ----------------------------------------------------------
def control():
    put("control", "sheet", "k\u00f8;dato;forsendelser;sider;signert;av\r\nPost;"
        '2026-11-02;12;;03.11.2026;"KN; avd. 2"\r\n')
    put("control", "mailbox-csv", "message-id,uid,uidvalidity,dato,ko\n"
        "x <a@b> <c@d>,17,3,2026-11-02,A\n<a@b>,4294967295,,2.11.2026,A\n"
        '"bar""e@b (c)",17,3,2026-11-02,B\n')
    put("control", "mailbox-tab", "uid\tdate.received\thdr.message-id\n"
        '1\t2026-11-02 10:00:00\t"<q\tr@b>\n2\t2026-11-02 10:00:00\t\n')
    put("control", "mailbox-json", '[{"uid":"7","date.received":"2026-11-02 10:00:00"'
        ',"hdr.message-id":"\\n <a}\\"\\n b@c>\\n<d@e>"},{"uid":8,"queue":"A",'
        '"uidvalidity":"3","date.received":"2026-11-02","hdr.message-id":""}]')
    put("control", "delivery-csv", "forsendelse;dato\r\nD1-a;2026-11-02\r\nd1-A;1\r\n")
    put("control", "delivery-json", '[{"id":"D1-a","avsender":{"navn":"}"},"date":'
        '1772524800000,"filer":[{"id":"x"}]},{"id":"d2","dato":"2026-03-04T10:00Z"}]')


# -- a package for a depot ----------------------------------------------------
def dias():
    uuid = "01234567-89ab-4def-8123-456789abcdef"
    premis_ns = "http://arkivverket.no/standarder/PREMIS"
    content = {"content/a.txt": b"hei\n", "content/addml.xml": b"<addml/>"}

    def premis(rows):
        objects = "".join(
            '<object xsi:type="file"><objectIdentifier><objectIdentifierType>NO/RA'
            "</objectIdentifierType><objectIdentifierValue>%s/%s"
            "</objectIdentifierValue></objectIdentifier><objectCharacteristics>"
            "<compositionLevel>0</compositionLevel><fixity><messageDigestAlgorithm>"
            "SHA-256</messageDigestAlgorithm><messageDigest>%s</messageDigest>"
            "</fixity><format><formatDesignation><formatName>x</formatName>"
            "</formatDesignation></format></objectCharacteristics></object>"
            % (uuid, path, hashlib.sha256(data).hexdigest())
            for path, data in rows.items())
        return ('<premis xmlns="%s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-'
                'instance" version="2.0">%s</premis>' % (premis_ns, objects)).encode()

    def mets(rows):
        agent = ('<agent ROLE="CREATOR" TYPE="ORGANIZATION"><name>A</name></agent>')
        return ('<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink='
                '"http://www.w3.org/1999/xlink" OBJID="UUID:%s" TYPE="SIP" PROFILE='
                '"p"><metsHdr CREATEDATE="2026-01-01T00:00:00Z">%s<altRecordID/>'
                "<altRecordID/><altRecordID/></metsHdr><fileSec><fileGrp>%s</fileGrp>"
                "</fileSec><structMap><div/></structMap></mets>" % (
                    uuid, agent * 3, "".join(
                        '<file ID="f%d" MIMETYPE="a/b" SIZE="%d" CREATED='
                        '"2026-01-01T00:00:00Z" CHECKSUM="%s" CHECKSUMTYPE="SHA-256"'
                        ' USE="Datafile"><FLocat LOCTYPE="URL" xlink:href="file:%s"/>'
                        "</file>" % (i, len(data), hashlib.sha256(data).hexdigest(),
                                     path)
                        for i, (path, data) in enumerate(rows.items())))).encode()

    def seed(name, files, prefix=uuid + "/", kind=tarfile.REGTYPE):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, data in files.items():
                member = tarfile.TarInfo(prefix + path)
                member.size, member.type = len(data), kind
                member.linkname = "x" if kind != tarfile.REGTYPE else ""
                tar.addfile(member, io.BytesIO(data))
        put("dias", name, out.getvalue())

    meta = {"administrative_metadata/dias-premis.xml": premis(content),
            "log.xml": premis({"content/a.txt": b"hei\n"})}
    whole = {**content, **meta}
    seed("whole", {**whole, "dias-mets.xml": mets(whole)})
    seed("cut", {**whole, "dias-mets.xml": mets(whole)[:-8]})
    seed("strange", {**whole, "dias-mets.xml": mets({**whole, "b%2": b""}),
                     "content/\u202e%20": b""})
    seed("outside", {"a": b""}, "../")
    seed("link", {"a": b""}, kind=tarfile.SYMTYPE)
    seed("entity", {**whole, "log.xml": b'<!DOCTYPE premis [<!ENTITY x SYSTEM '
                    b'"file:///etc/passwd">]><premis>&x;</premis>'})


# -- what witnesses and time-stamp authorities answer ---------------------------
def cosign():
    text = ("example.com/behind-the-sofa\n20852163\n"
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
    log = ("\u2014 example.com/behind-the-sofa +PpSVFNUsAicB1wXCuc36HrmzCfBx1ATQpT"
           "ulWd9U006OEpyCvIVj2pM8CIzKlzXWcwxIO/VAQzkCO8DZUY5tlFX6QQ=\n")
    line = ("\u2014 witness.example.com/w1 fm9KqgAAAABkGFDL+TPmh4BYuAjsYRoqMJCWb/"
            "gWJaeRF/kmm5tlCr9sJ57DLErur7K0yDXc2ArN+TIuotuB/HbuL3AJsp3bv/aNCQ==\n")
    node = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    put("cosign", "answer", "0" + line)
    put("cosign", "answer-two", "0" + log + line + line)
    put("cosign", "answer-time", "0" + line.replace("GFDL", "GFDM"))
    put("cosign", "answer-short", "0" + line[:60] + "=\n")
    put("cosign", "answer-gap", "0" + line + "\n" + line)
    put("cosign", "answer-html", "0<html>\n<body>Not Found</body>\n")
    put("cosign", "question", "1old 20852014\n" + node * 4 + "\n" + text + "\n" + log)
    put("cosign", "question-first", "1old 0\n\n" + text + "\n" + log)
    put("cosign", "question-long", "1old 5\n" + node * 129 + "\n" + text)
    put("cosign", "size", "220852163\n")
    put("cosign", "size-zero", "2007\n")
    put("cosign", "size-large", "29223372036854775808\n")
    put("cosign", "head", "2" + text + "\n" + log + line)
    put("cosign", "head-more", "2" + text + "more\n\n" + log)
    for name in ("r.tsr", "refused.tsr", "q.tsq"):
        with open(os.path.join(TOP, "tests", "data", "stamp", name), "rb") as file:
            put("cosign", "token-" + name[:-4], b"3" + file.read())


# -- harvests, and packages under test ----------------------------------------
def harvest():
    small = harvests.small()
    whole = "".join(json.dumps(unit, ensure_ascii=False) + "\n"
                    for unit in small.units)
    put("harvest", "whole", whole)
    put("harvest", "cut", whole[:-40])
    number = small.copy()
    number.find("p1")["fields"].update(
        tittel="Fra 02013299997\u0001", skjerming={
            "tilgangsrestriksjon": "XX", "skjermingMetadata": "NA"},
        journalaar="x", journaldato="2025-02-30", avskrivning=[1, None, {}],
        korrespondansepart=[1, {"navn": {"kode": "30108299939"}}])
    put("harvest", "odd", "".join(json.dumps(unit) + "\n"
                                  for unit in number.units))
    put("harvest", "orphan", '{"kind":"klasse","parent":"x","fields":{}}\n')
    put("harvest", "deep", '{"kind":"arkiv","fields":{"a":' + "[" * 70 + "\n")
    put("harvest", "empty", "\n")


def n5check():
    ns = "http://www.arkivverket.no/standarder/"
    prop = '<property name="%s"><value>%s</value>%s</property>'
    inner = "<properties>%s</properties>"
    sums = prop % ("algorithm", "SHA-256", "") + prop % ("value", "0" * 64, "")
    file = '<property name="file">' + inner % (
        prop % ("name", "endringslogg.xml", "") +
        '<property name="checksum">' + inner % sums + "</property>"
    ) + "</property>"
    info = '<property name="additionalInfo">' + inner % (
        '<property name="periode">' + inner % (
            prop % ("inngaaendeSkille", "skarpt", "") +
            prop % ("utgaaendeSkille", "skarpt", "")) + "</property>" +
        prop % ("inneholderSkjermetInformasjon", "true", "") +
        prop % ("antallDokumentfiler", "1", "")) + "</property>"
    count = prop % ("numberOfOccurrences", "mappe",
                    inner % (prop % ("value", "2", "")))
    put("n5check", "addml", "\0<?xml version='1.0'?><addml xmlns='%saddml'>"
        "<dataset><dataObjects><dataObject><properties>%s%s%s</properties>"
        "</dataObject></dataObjects></dataset></addml>" % (ns, file, info, count))
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    ident = "<systemID>00000000-0000-0000-0000-00000000000%d</systemID>"
    put("n5check", "structure", (
        "\1<arkiv xmlns='%snoark5/arkivstruktur' xmlns:xsi='%s'>" + ident +
        "<arkivdel>" + ident + "<klassifikasjonssystem><klasse>" + ident +
        "<klasse/><mappe xsi:type='saksmappe'><registrering xsi:type="
        "'a:journalpost'>" + ident + "<opprettetDato>2025-13-01</opprettetDato>"
        "<dokumentbeskrivelse><dokumentobjekt><format>fmt/18</format>"
        "<referanseDokumentfil>dokumenter\\..\\x.pdf</referanseDokumentfil>"
        "</dokumentobjekt></dokumentbeskrivelse><journalstatus>J</journalstatus>"
        "</registrering><saksstatus/></mappe></klasse></klassifikasjonssystem>"
        "</arkivdel></arkiv>") % (ns, xsi, 1, 2, 3, 3))
    put("n5check", "changes", "\2<endringslogg xmlns='%snoark5/endringslogg'>"
        "<endring><referanseArkivenhet>x</referanseArkivenhet></endring>"
        "</endringslogg>" % ns)
    put("n5check", "journal", "\3<loependeJournal xmlns='%snoark5/"
        "loependeJournal'><journalhode><journalStartDato>2025-01-01"
        "</journalStartDato><antallJournalposter>-1</antallJournalposter>"
        "</journalhode></loependeJournal>" % ns)
    # libxml2 cuts what it says of it, within the namespace.
    put("n5check", "namespace", "\1<arkiv xmlns='%s'/>" % ("n" * 70000))
    put("n5check", "dtd", "\1<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/"
        "passwd'>]><arkiv>&b;</arkiv>")


# -- what a Noark 5 core shows: fuzz_crawl ------------------------------------
def crawl():
    rel = "https://rel.arkivverket.no/noark5/v5/api/"

    def links(**more):
        return {(name.replace("__", "/") if name in ("self", "next") else
                 rel + name.replace("__", "/") + "/"): {"href": url}
                for name, url in more.items()}

    def unit(n, fields=None, **more):
        return dict({"systemID": "00000000-0000-4000-8000-%012x" % n},
                    **(fields or {}), _links=links(self="u%x" % n, **{
                        "arkivstruktur__" + k if "__" not in k else k: v
                        for k, v in more.items()}))

    def rows(*units, count=None, **more):
        return {"count": len(units) if count is None else count,
                "results": list(units), "_links": links(**more)}
    made = {"opprettetDato": "2020-05-01T10:00:00+02:00", "tittel": "Sø"}
    pages = {
        "r": {"_links": links(arkivstruktur="as", sakarkiv="sa", metadata="md",
                              loggingogsporing="ls")},
        "as": {"_links": links(arkivstruktur__arkiv="a")}, "sa": {}, "md": {},
        "ls": {"_links": links(loggingogsporing__endringslogg="lo")},
        "a": rows(unit(1, arkivdel="d", arkivskaper="sk")),
        "sk": rows(unit(9)),
        "d": rows(unit(2, klassifikasjonssystem="ks", mappe="m",
                       registrering="re")),
        "ks": rows(unit(3, klasse="k")),
        "k": rows(unit(4, mappe="m", underklasse="uk")),
        "uk": {"count": 0},
        "m": rows(unit(5, made, registrering="p", merknad="me",
                       sakarkiv__saksmappe="u5"), count=2, next="m2"),
        "m2": rows(unit(6, made, undermappe="um"), count=2),
        "um": rows(unit(16, dict(made, opprettetDato="2019"),
                        overmappe="u6")),
        "me": rows({"merknadstekst": "m"}, {"merknadstekst": "n"}),
        "p": rows(unit(7, made, sakarkiv__journalpost="u7", skjerming="s",
                       dokumentbeskrivelse="b")),
        "re": rows(unit(7, made), unit(8, made, dokumentbeskrivelse="b")),
        "s": {"skjermingshjemmel": "Offl. § 13"},
        "b": rows(unit(10, dokumentobjekt="o")),
        "o": rows(unit(11, {"sjekksumAlgoritme": "SHA-256", "sjekksum": "aa",
                            "filstoerrelse": "12"}, fil="f"),
                  unit(12)),
        "f": {}, "lo": rows(unit(13, {
            "referanseArkivenhet": "00000000-0000-4000-8000-%012x" % 7}))}

    def whole(**changed):
        return "".join("%s %s\n" % (url, json.dumps(body, ensure_ascii=False))
                       for url, body in dict(pages, **changed).items())
    for n in range(8):
        put("crawl", "narrow-%d" % n, "%d%s" % (n, whole()))
    below = {"r": {"_links": links(arkivstruktur="as", sakarkiv="sa",
                                   metadata="md")},
             "m": rows(unit(5, made, loggingogsporing__endringslogg="lo"))}
    for name, changed in (
            ("logs-below", below), ("round", {"m2": rows(
                unit(6), count=2, next="m")}),
            ("climbs", {"m": rows({"systemID": "../../x"})}),
            ("in-itself", {"um": rows(unit(6, undermappe="um"))}),
            ("few", {"m2": {"count": 3}}), ("texts", {"k": rows("a", 1)}),
            ("remarks-round", {"me": rows({"a": 1}, count=9, next="me")}),
            ("two", {"s": rows({"a": 1}, {"a": 2})})):
        put("crawl", name, "0" + whole(**changed))
    put("crawl", "nul", "0" + whole() + "m {\"a\\u0000\": \"\\u0000\"}\n")


for make in (wire, results, config, leaves, caseindex, sidecar, csv, settle, texts, mail,
             open_, office, pronom, http, package, parcel, targetlog, control,
             cosign, crawl, harvest, n5check, dias):
    make()
for name, data in make_pdf.seeds():
    put("pdf", name, data)
for name, data in make_seven.seeds(os.path.join(TOP, "tests", "data")):
    put("seven", name, data)
if "signed" in sys.argv[1:]:
    signed()
make_outlook.outlook(put)
make_outlook.mbox(put)
