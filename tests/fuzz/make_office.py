"""Small office files of every kind; also the samples of test_reader_office."""
import base64
import hashlib
import hmac
import io
import struct
import subprocess
import zipfile
import zlib

from make_outlook import ole2

OD = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PKG = "http://schemas.openxmlformats.org/package/2006/relationships"
REL = '<Relationship Id="%s" Type="' + OD + '/%s" Target="%s"%s/>'
W = 'xmlns:w="w" xmlns:r="' + OD + '" xmlns:mc="mc" xmlns:a="a"'
TEXT = "Søknad om skoleplass på Ås"


def package(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data)
    return out.getvalue()


def rels(*rows):
    return '<Relationships xmlns="%s">%s</Relationships>' % (
        PKG, "".join(REL % (r + ("",) if len(r) == 3 else r) for r in rows))


def ooxml(main, members):
    return package({
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": rels(("a", "officeDocument", main),
                            ("b", "core-properties", "docProps/core.xml"),
                            ("c", "extended-properties", "docProps/app.xml")),
        "docProps/core.xml":
            '<cp:p xmlns:cp="c" xmlns:dc="d"><dc:title>Søknad</dc:title>'
            "<dc:creator>Kari</dc:creator><dc:subject>Emne</dc:subject>"
            "<cp:created>2026-01-02T03:04:05Z</cp:created></cp:p>",
        "docProps/app.xml": "<p><Company>Testvik</Company></p>", **members})


def docx(body, extra=None):
    out = ' TargetMode="External"'
    return ooxml("/word/document2.xml", {
        "word/document2.xml": "<w:document %s><w:body>%s</w:body></w:document>"
                              % (W, body),
        "word/_rels/document2.xml.rels": rels(
            ("h", "header", "header1.xml"), ("i", "header", "header2.xml"),
            ("n", "footnotes", "footnotes.xml"),
            ("t", "attachedTemplate", "http://a.example/t.dotm", out),
            ("l", "hyperlink", "http://b.example/", out)),
        "word/header1.xml": "<w:hdr %s><w:p><w:t>Hode</w:t></w:p></w:hdr>" % W,
        "word/header2.xml": "<w:hdr %s><w:p><w:t>Hode</w:t></w:p></w:hdr>" % W,
        "word/footnotes.xml": "<w:n %s><w:p><w:t>Note</w:t></w:p></w:n>" % W,
        **(extra or {})})


def p(text):
    return '<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r>' \
           '<w:t xml:space="preserve">%s</w:t></w:r></w:p>' % text


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width,
                                              height) + bytes(9)


def letters():
    body = (p(TEXT) + "<w:tbl>" + "".join(
        "<w:tr><w:tc>%s</w:tc><w:tc>%s</w:tc></w:tr>" % (p(a), p(b))
        for a, b in (("Navn", "Ola"), ("", "Sted"))) + "</w:tbl>"
        "<w:p><w:del><w:r><w:t>slettet</w:t></w:r></w:del><w:r>"
        "<w:instrText>HYPERLINK</w:instrText><w:t>1</w:t><w:br/><w:t>2</w:t>"
        "</w:r></w:p><mc:AlternateContent><mc:Choice>%s</mc:Choice>"
        "<mc:Fallback>%s</mc:Fallback></mc:AlternateContent>"
        % (p("boks"), p("boks")))
    native = b"\2\0C:\\mappe\\note.txt\0C:\\note.txt\0\0\0\3\0" + \
        struct.pack("<I", 3) + b"C:\0" + struct.pack("<I", 5) + b"Hallo"
    native = struct.pack("<I", len(native)) + native
    yield "docx", docx(body, {
        "word/vbaProject.bin": b"x", "word/embeddings/ark.xlsx": b"PK..",
        "word/embeddings/oleObject1.bin": ole({"\1Ole10Native": native})})
    yield "docx-picture", docx("", {
        "word/media/image1.png": png(1654, 2339),
        "word/media/image2.png": png(80, 40)})
    yield "docx-bomb", docx(p("a" * 1000) * 6000)
    yield "docx-deep", docx("<w:sdt>" * 5000)
    yield "docx-entities", ooxml("d.xml", {
        "d.xml": '<!DOCTYPE d [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">'
                 '<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                 "<document><p><t>A&b;&x;B</t></p></document>"})
    yield "docx-cut", docx(body)[:-30]
    yield "docx-laughs", ooxml("d.xml", {
        "d.xml": '<!DOCTYPE d [<!ENTITY a0 "lol">' + "".join(
            '<!ENTITY a%d "%s">' % (i, "&a%d;" % (i - 1) * 10)
            for i in range(1, 30)) + ']><document a="&a29;"/>'})


def sheets():
    strings = "<sst><si><t>%s</t></si><si><r><t>rik</t></r><r><t>tekst</t>" \
        "</r><rPh><t>fonetisk</t></rPh></si><si/></sst>" % TEXT
    styles = '<s><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/>' \
        '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></s>'
    cells = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>99' \
        '</v></c></row><row><c s="1"><v>46023.5</v></c><c><f>1+1</f><v>2.5' \
        '</v></c><c t="b"><v>1</v></c><c t="inlineStr"><is><t>inne</t></is>' \
        "</c></row>"
    yield "xlsx", ooxml("xl/workbook.xml", {
        "xl/workbook.xml":
            '<workbook xmlns:r="%s"><sheets><sheet name="Søkere" r:id="s1"/>'
            '<sheet name="Gjemt" state="hidden" r:id="s2"/></sheets></workbook>'
            % OD,
        "xl/_rels/workbook.xml.rels": rels(
            ("s1", "worksheet", "worksheets/sheet1.xml"),
            ("s2", "worksheet", "worksheets/sheet2.xml"),
            ("s3", "sharedStrings", "sharedStrings.xml"),
            ("s4", "styles", "styles.xml"),
            ("s5", "externalLink", "externalLinks/externalLink1.xml")),
        "xl/externalLinks/_rels/externalLink1.xml.rels": rels(
            ("x", "externalLinkPath", "file:///C:/bok.xlsx",
             ' TargetMode="External"')),
        "xl/externalLinks/externalLink1.xml": "<e/>",
        "xl/sharedStrings.xml": strings, "xl/styles.xml": styles,
        "xl/worksheets/sheet1.xml":
            "<worksheet><sheetData>%s</sheetData></worksheet>" % cells,
        "xl/worksheets/sheet2.xml": "<worksheet/>"})


def slides():
    slide = '<sld xmlns:a="a"><a:p><a:r><a:t>%s</a:t></a:r></a:p></sld>'
    yield "pptx", ooxml("ppt/presentation.xml", {
        "ppt/presentation.xml":
            '<presentation xmlns:r="%s"><sldIdLst><sldId id="256" r:id="b"/>'
            '<sldId id="257" r:id="a"/></sldIdLst></presentation>' % OD,
        "ppt/_rels/presentation.xml.rels": rels(
            ("a", "slide", "slides/slide1.xml"),
            ("b", "slide", "slides/slide2.xml")),
        "ppt/slides/slide1.xml": slide % "Andre bilde",
        "ppt/slides/slide2.xml": slide % "Første bilde",
        "ppt/slides/_rels/slide2.xml.rels": rels(
            ("n", "notesSlide", "../notesSlides/notesSlide1.xml")),
        "ppt/notesSlides/notesSlide1.xml": slide % "Notat"})


def odf():
    ns = 'xmlns:o="o" xmlns:t="t"'
    content = "<o:document-content %s><o:automatic-styles><t:p>nei</t:p>" \
        "</o:automatic-styles><o:body>%s</o:body></o:document-content>"
    meta = '<m xmlns:d="d"><d:title>Brev</d:title><d:initial-creator>Kari' \
        "</d:initial-creator></m>"
    manifest = "<manifest>%s</manifest>"
    yield "odt", package({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": content % (ns, "<o:text><t:tracked-changes><t:p>slettet"
            "</t:p></t:tracked-changes><t:p>%s</t:p><t:p>a<t:tab/>b"
            '<t:s t:c="2"/>c</t:p></o:text>' % TEXT),
        "styles.xml": '<doc xmlns:t="t"><header><t:p>Hode</t:p></header></doc>',
        "meta.xml": meta, "META-INF/manifest.xml": manifest % "",
        "Basic/Standard/Module1.xml": "<x/>"})
    yield "odt-comment", package({
        "content.xml": content % (ns, "<o:text><t:p>Viser til brev"
            "<o:annotation><t:creator>Kari</t:creator>"
            "<t:date>2026-01-02T03:04:05</t:date><t:p>hvilket?</t:p>"
            "</o:annotation> av i dag<o:annotation/>.</t:p></o:text>"),
        "META-INF/manifest.xml": manifest % ""})
    cell = "<t:table-cell><t:p>%s</t:p></t:table-cell>"
    yield "ods", package({
        "content.xml": content % (ns, "<o:spreadsheet>" + "".join(
            '<t:table t:name="%s"><t:table-row t:number-rows-repeated='
            '"1048576">%s%s</t:table-row></t:table>'
            % (n, cell % "x", cell % n) for n in ("Ark1", "Ark2"))
            + "</o:spreadsheet>"),
        "META-INF/manifest.xml": manifest % ""})
    yield "odt-encrypted", package({
        "content.xml": "?", "META-INF/manifest.xml":
            manifest % '<e><encryption-data a="b"/></e>'})


def rtf():
    yield "rtf", (
        r"{\rtf1\ansi\ansicpg1252\uc1{\fonttbl{\f0\fcharset0 Arial;}"
        r"{\f1\fcharset204 Arial;}}{\info{\title S\'f8knad}{\author Kari}"
        r"{\creatim\yr2026\mo1\dy2\hr3\min4}}{\*\ukjent skjult}"
        "\r\n"
        r"S\'f8k\u0110?ad {\v gjemt}{\f1\'e0}\par a\cell b\row {\pict 00ff}"
        r"{\object{\*\objdata 01050000 02000000 08000000 5061636b61676500 "
        "00000000 00000000 1d000000"
        " 0200612e74787400 5c612e74787400 00000300 00000000 02000000 4869}}"
        r"\u-10179?\u-8704? slutt{\field{\*\fldinst HYPERLINK x}"
        r"{\fldrslt lenke}}\bin3 }}}}etter").encode()
    yield "rtf-fonts", (
        r"{\rtf1\ansi\deff0{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset128 B;}"
        r"{\f2\fcharset204{\*\falt x} C;}}{\f1\'83\'41}{\f1 T\'f8 }\f2\'e0\plain\'e5"
        r"{\*\shpinst{\*\sp{\sn a}{\sv b}}{\shptxt boks}}\u-10179?x"
        r"\u-8704?{\v{\object{\*\objdata 01050000 02000000 00000000"
        r" 00000000 00000000 02000000 4869}}}}").encode()
    yield "rtf-deep", b"{\\rtf1 " + b"{" * 5000 + b"x"


# -- OLE2: sectors of 512, all streams in big ones -----------------------------
def ole(streams):
    names = list(streams)
    data = [streams[n] + bytes(max(4096, -(-len(streams[n]) // 512) * 512)
                               - len(streams[n])) for n in names]
    fat, body, starts = [0xFFFFFFFD], b"", []
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0)]
    for d in data:
        starts.append(len(fat))
        count = len(d) // 512
        fat += list(range(len(fat) + 1, len(fat) + count)) + [0xFFFFFFFE]
        body += d
    for name, d, start in zip(names, data, starts):
        entries.append((name, 2, start, len(d)))
    directory = b""
    for i, (name, kind, start, size) in enumerate(entries):
        raw = name.encode("utf-16le")
        right = i + 1 if 0 < i < len(entries) - 1 else 0xFFFFFFFF
        child = 1 if i == 0 and names else 0xFFFFFFFF
        directory += raw + bytes(64 - len(raw)) + struct.pack(
            "<HBBIII36xIQ", len(raw) + 2, kind, 1, 0xFFFFFFFF, right, child,
            start, size)
    directory += bytes(-len(directory) % 512)
    at = len(fat)
    count = len(directory) // 512
    fat += list(range(at + 1, at + count)) + [0xFFFFFFFE]
    assert len(fat) <= 128
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, at, 0, 4096,
        0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    head += struct.pack("<I", 0xFFFFFFFF) * 108
    fat += [0xFFFFFFFF] * (128 - len(fat))
    return head[:512] + struct.pack("<128I", *fat) + body + directory


def summary(title):
    raw = title.encode("cp1252") + b"\0"
    section = struct.pack("<IIIIII", 0, 2, 1, 24, 2, 32) + \
        struct.pack("<II", 2, 1252) + struct.pack("<II", 30, len(raw)) + raw
    return b"\xfe\xff\0\0" + bytes(20) + struct.pack("<I", 1) + bytes(16) + \
        struct.pack("<I", 48) + section + bytes(8)


def doc_streams(flags=0x0200):
    one = "Søknad om ".encode("cp1252")
    two = "skoleplass på Ås\r\x13HYPERLINK x\x14lenke\x15\ra\x07b\x07\x07" \
        "Note\r".encode("utf-16le")
    body = bytearray(0x400)
    struct.pack_into("<HH6xH", body, 0, 0xA5EC, 0xC1, flags)
    chars = len(one) + len(two) // 2
    struct.pack_into("<II", body, 0x4C, chars - 5, 5)
    struct.pack_into("<II", body, 0x1A2, 0, 5 + 12 + 16)
    plc = struct.pack("<III", 0, len(one), chars) + struct.pack(
        "<HIHHIH", 0, 0x40000000 | 0x400 * 2, 0, 0, 0x500, 0)
    body += one + bytes(0x100 - len(one)) + two
    return {"WordDocument": bytes(body),
            "1Table": b"\2" + struct.pack("<I", len(plc)) + plc}


def doc(flags=0x0200):
    return ole({**doc_streams(flags),
                "\5SummaryInformation": summary("Søknad")})


def doc_old(text, *sets):
    """Word 95: text as one run of bytes; a font of each character set."""
    body = bytearray(0x300)
    struct.pack_into("<HH4xHH", body, 0, 0xA5DC, 0x65, 0, 0)
    fonts = b"".join(
        struct.pack("<BBHBB", 5 + 6, 0, 400, n, 0) + b"Arial\0"
        for n in sets)
    struct.pack_into("<II", body, 0x18, 0x300, 0x300 + len(text))
    struct.pack_into("<II", body, 0xD0, 0x300 + len(text), 2 + len(fonts))
    return ole({"WordDocument": bytes(body) + text + struct.pack(
        "<H", 2 + len(fonts)) + fonts})


def rec(kind, data=b""):
    return struct.pack("<HH", kind, len(data)) + data


def xls_stream(extra=b""):
    bof = rec(0x809, struct.pack("<HH12x", 0x600, 5))
    string = TEXT.encode("cp1252")
    cut = 8  # of the string in the SST; the rest, wide, is in a CONTINUE
    sst = struct.pack("<II", 2, 2) + struct.pack("<HB", len(string), 0) + \
        string[:cut]
    rest = b"\1" + TEXT[cut:].encode("utf-16le") + struct.pack("<HB", 3, 0) + \
        b"nei"
    head = bof + extra + rec(0x41E, struct.pack("<HHB", 164, 10, 0)
                             + b"dd.mm.yyyy")
    head += rec(0xE0, struct.pack("<HH16x", 0, 0)) + \
        rec(0xE0, struct.pack("<HH16x", 0, 164))
    tail = rec(0xFC, sst) + rec(0x3C, rest) + rec(0x0A)
    name = struct.pack("<BB", 6, 0) + "Søkere".encode("cp1252")
    at = len(head) + 4 + 6 + len(name) + len(tail)
    sheet = bof + rec(0xFD, struct.pack("<HHHI", 0, 0, 0, 0)) + \
        rec(0xFD, struct.pack("<HHHI", 0, 1, 0, 1)) + \
        rec(0x203, struct.pack("<HHHd", 1, 0, 1, 46023.5)) + \
        rec(0x27E, struct.pack("<HHHI", 1, 1, 0, 250 << 2 | 3)) + \
        rec(0x06, struct.pack("<HHHHHHHHI", 1, 2, 0, 0, 0, 0, 0xFFFF, 0, 0)) + \
        rec(0x207, struct.pack("<HB", 3, 0) + b"sum") + rec(0x0A)
    return head + rec(0x85, struct.pack("<IH", at, 0) + name) + tail + sheet


def xls(extra=b""):
    return ole({"Workbook": xls_stream(extra),
                "\5SummaryInformation": summary("Søknad")})


def atom(kind, data, version=0, instance=0):
    return struct.pack("<HHI", version | instance << 4, kind, len(data)) + data


def ppt(token=0xE391C05F):
    chars = "Første bilde".encode("utf-16le")
    slides = atom(0xFF0, atom(0x3F3, struct.pack("<IIIII", 2, 0, 1, 256, 0))
                  + atom(0xFA0, chars), 15)
    document = atom(0x3E8, slides + atom(0x7D0, atom(0x3FF, atom(
        0x400, struct.pack("<III", 3, 1, 2), 2), 15), 15), 15)
    slide = atom(0x3EE, atom(0xF00D, atom(0xF9E, struct.pack("<I", 0)), 15)
                 + atom(0xF00D, atom(0xFA8, b"Boks"), 15), 15)
    table = atom(0x1772, struct.pack("<III", 2 << 20 | 1, 0, len(document)))
    at = len(document) + len(slide)
    edit = atom(0xFF5, struct.pack("<IIIIIIHH", 0, 0, 0, at, 1, 3, 0, 0))
    user = atom(0xFF6, struct.pack("<III", 20, token, at + len(table))
                + bytes(20))
    return ole({"PowerPoint Document": document + slide + table + edit,
                "Current User": user})


def ppt_master(shows=1):
    """A slide, and a master with a box of its own, one that stands for the
    slide's, and the slide's number."""
    def shape(text, *more):
        return atom(0xF004, b"".join(more[:1]) + atom(
            0xF00D, atom(0xFA8, text) + b"".join(more[1:]), 15), 15)

    def listed(at, instance, number):
        return atom(0xFF0, atom(0x3F3, struct.pack(
            "<IIIII", at, 0, 0, number, 0)), 15, instance)
    document = atom(0x3E8, listed(3, 1, 0x80000000) + listed(2, 0, 256), 15)
    slide = atom(0x3EE, atom(0x3EF, bytes(12) + struct.pack(
        "<IIHH", 0x80000000, 0, shows, 0), 2) + shape(b"Bilde"), 15)
    master = atom(0x3F8, shape(b"Strand kommune") + shape(
        b"Click to edit", atom(0xF011, atom(0xBC3, bytes(8)), 15)) + shape(
            b"*", b"", atom(0xFD8, bytes(4))), 15)
    at = len(document)
    table = atom(0x1772, struct.pack("<IIII", 3 << 20 | 1, 0, at,
                                     at + len(slide)))
    at += len(slide) + len(master)
    edit = atom(0xFF5, struct.pack("<IIIIIIHH", 0, 0, 0, at, 1, 4, 0, 0))
    user = atom(0xFF6, struct.pack("<III", 20, 0xE391C05F, at + len(table))
                + bytes(20))
    return ole({"PowerPoint Document": document + slide + master + table
                + edit, "Current User": user})


def binary():
    yield "doc", doc()
    yield "doc-encrypted", doc(0x0300)
    yield "doc-95", doc_old("Blåbær på tun\r".encode("cp1252"), 0, 204)
    yield "doc-95-russisk", doc_old(
        "Четыре балла, № 5 til As\r".encode("cp1251", "replace"), 0, 2, 204)
    yield "xls", xls()
    yield "xls-encrypted", xls(rec(0x2F, bytes(6)))
    yield "ppt", ppt()
    yield "ppt-master", ppt_master()
    yield "ppt-master-off", ppt_master(0)
    yield "ppt-encrypted", ppt(0xF3D1C4DF)
    yield "ooxml-encrypted", ole({"EncryptedPackage": b"x",
                                  "EncryptionInfo": b"y"})
    yield "doc-object", ole2({
        **doc_streams(), "ObjectPool": {"_1": {
            **doc_streams(), "ObjectPool": {"_2": {"Workbook": b"x"}}}}},
        bytes(16))
    loop = bytearray(xls())
    # the second sector of the first stream follows itself
    struct.pack_into("<I", loop, 512 + 4 * 2, 2)
    yield "xls-loop", bytes(loop)


# -- closed with a password (MS-OFFCRYPTO), from the text of the specification;
# -- AES by openssl(1)

def aes(key, data, iv=None):
    mode = "aes-%d-%s" % (len(key) * 8, "ecb" if iv is None else "cbc")
    args = ["openssl", "enc", "-e", "-" + mode, "-nopad", "-K", key.hex()]
    if iv is not None:
        args += ["-iv", iv.hex()]
    return subprocess.run(args, input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def padded(data, block=16):
    return data + bytes(-len(data) % block)


def spun(name, salt, word, spins):
    h = hashlib.new(name, salt + word.encode("utf-16le")).digest()
    for i in range(spins):
        h = hashlib.new(name, struct.pack("<I", i) + h).digest()
    return h


def as_key(digest, n):
    return (digest + b"\x36" * n)[:n]


def made(name, n):
    """Bytes that look like chance and are the same each time."""
    return hashlib.shake_256(name.encode()).digest(n)


def agile(package, word, name="sha512", bits=256, spins=1000, told=None,
          cut=None, hmac_of=lambda stream: stream):
    def H(*parts):
        return hashlib.new(name, b"".join(parts)).digest()
    salt, data_salt = made("salt", 16), made("data", 16)
    key, verifier = made("key", bits // 8), made("verifier", 16)
    h = spun(name, salt, word, spins)

    def closed(block, data):
        return aes(as_key(H(h, bytes.fromhex(block)), bits // 8), padded(data),
                   salt)
    rows = {"encryptedVerifierHashInput": closed("fea7d2763b4b9e79", verifier),
            "encryptedVerifierHashValue": closed("d7aa0f6d3061344e", H(verifier)),
            "encryptedKeyValue": closed("146e0be7abacd0d6", key)}
    common = ('saltSize="16" blockSize="16" keyBits="%d" hashSize="%d" '
              'cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" '
              'hashAlgorithm="%s" saltValue="%s"')

    def text(b):
        return base64.b64encode(b).decode()
    body = b""
    for i in range(0, len(package), 4096):
        iv = as_key(H(data_salt, struct.pack("<I", i // 4096)), 16)
        body += aes(key, padded(package[i:i + 4096]), iv)
    stream = struct.pack("<Q", len(package)) + body[:cut]
    integrity = ""
    if hmac_of:
        hmac_key = made("hmac", len(H(b"")))
        value = hmac.new(hmac_key, hmac_of(stream), name).digest()
        integrity = (
            '<dataIntegrity encryptedHmacKey="%s" encryptedHmacValue="%s"/>'
            % tuple(text(aes(key, padded(data), as_key(
                H(data_salt, bytes.fromhex(block)), 16)))
                for block, data in (("5fb2ad010cb9e1f6", hmac_key),
                                    ("a0677f02b22c8433", value))))
    xml = ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
           '<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption"'
           ' xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
           '<keyData %s/>%s<keyEncryptors><keyEncryptor uri="http://schemas.microsoft'
           '.com/office/2006/keyEncryptor/password"><p:encryptedKey spinCount="%d" '
           '%s %s/></keyEncryptor></keyEncryptors></encryption>' % (
               common % (bits, len(H(b"")), name.upper(), text(data_salt)),
               integrity, told or spins,
               common % (bits, len(H(b"")), name.upper(), text(salt)),
               " ".join('%s="%s"' % (k, text(v)) for k, v in rows.items())))
    return ole({"EncryptionInfo": struct.pack("<HHI", 4, 4, 0x40) + xml.encode(),
                "EncryptedPackage": stream})


def standard(package, word):
    salt, verifier = made("salt", 16), made("verifier", 16)
    h = hashlib.sha1(spun("sha1", salt, word, 50000) + bytes(4)).digest()
    x = [hashlib.sha1(bytes(a ^ b for a, b in zip(
        bytes([fill]) * 64, h + bytes(44)))).digest() for fill in (0x36, 0x5c)]
    key = (x[0] + x[1])[:16]
    csp = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode(
        "utf-16le")
    head = struct.pack("<8I", 0x24, 0, 0x660e, 0x8004, 128, 0x18, 0, 0) + csp
    info = (struct.pack("<HHII", 3, 2, 0x24, len(head)) + head +
            struct.pack("<I", 16) + salt + aes(key, verifier) +
            struct.pack("<I", 20) +
            aes(key, padded(hashlib.sha1(verifier).digest())))
    return ole({"EncryptionInfo": info,
                "EncryptedPackage": struct.pack("<Q", len(package)) +
                aes(key, padded(package))})


def closed():
    package = docx(p(TEXT))
    yield "agil-sha512.docx", agile(package, "påskeegg")
    # Made over the stream once that was filled up.
    yield "agil-sha1.docx", agile(
        package, "påskeegg", "sha1", 128,
        hmac_of=lambda stream: stream + bytes(-len(stream) % 4096))
    yield "agil-endret.docx", agile(package, "påskeegg",
                                    hmac_of=lambda stream: stream + b"x")
    yield "agil-uten.docx", agile(package, "påskeegg", hmac_of=None)
    yield "standard.docx", standard(package, "påskeegg")
    yield "bare-lest.xlsx", agile(package, "VelvetSweatshop", "sha256", 256, 10)
    yield "for-mange-runder.docx", agile(package, "påskeegg", told=1000001)
    # As long as it says, to the end of a sector, and there lacks half a block.
    more = 9 * 512 - 8 - len(package)
    package = package[:-2] + struct.pack("<H", more) + b" " * more
    yield "halv-blokk.docx", agile(package, "påskeegg", cut=len(package))


# RC4, for Excel before 2007.
def rc4(key):
    s, j = list(range(256)), 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) & 255
        s[i], s[j] = s[j], s[i]
    i = j = 0
    while True:
        i = (i + 1) & 255
        j = (j + s[i]) & 255
        s[i], s[j] = s[j], s[i]
        yield s[(s[i] + s[j]) & 255]


def xls_closed(word, bits=0, version=2, verified=True, times=1):
    """bits: of CryptoAPI; 0: the older way, of Excel 97. times: how often the
    record stands there that says so."""
    salt, verifier = made("salt", 16), made("verifier", 16)
    text, name = word.encode("utf-16-le"), "sha1" if bits else "md5"

    def H(data):
        return hashlib.new(name, data).digest()
    if bits:
        base = H(salt + text)
    else:
        base = H((H(text)[:5] + salt) * 16)[:5]

    def block(n):
        key = H(base + struct.pack("<I", n))
        if bits:
            key = key[:bits // 8] + (bytes(11) if bits == 40 else b"")
        return rc4(key)
    stream = block(0)
    shut = [bytes(b ^ next(stream) for b in data)
            for data in (verifier, H(verifier if verified else b""))]
    if bits:
        head = struct.pack("<IIIIIIII", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) \
            + "RC4\0".encode("utf-16-le")
        said = struct.pack("<HHHII", 1, version, 2, 4, len(head)) + head + \
            struct.pack("<I", 16) + salt + shut[0] + struct.pack("<I", 20) + \
            shut[1]
    else:
        said = struct.pack("<HHH", 1, 1, 1) + salt + b"".join(shut)
    # What follows lies beyond the first block.
    data = bytearray(
        xls_stream(rec(0x2F, said) * times + rec(0x1234, bytes(1500))))
    key = [b for n in range(len(data) // 1024 + 1)
           for b, _ in zip(block(n), range(1024))]
    at, begun = 0, False
    while at < len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        at += 4
        keep = length if kind in (0x809, 0x2F) else 4 if kind == 0x85 else 0
        for i in range(at + keep, at + length):
            data[i] ^= key[i] if begun else 0
        begun |= kind == 0x2F
        at += length
    return ole({"Workbook": bytes(data),
                "\5SummaryInformation": summary("Søknad")})


def xls_locked():
    yield "laast.xls", xls_closed("påskeegg")
    yield "laast-40.xls", xls_closed("påskeegg", 40)
    yield "laast-128.xls", xls_closed("påskeegg", 128, 4)
    yield "laast-uenig.xls", xls_closed("påskeegg", verified=False)
    yield "bare-lest.xls", xls_closed("VelvetSweatshop")
    yield "bare-lest-to.xls", xls_closed("VelvetSweatshop", times=2)


URN = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
XENC = "http://www.w3.org/2001/04/xmlenc#"


def odf_closed(members, word, modern=True, spins=1000, told=None, bad=None,
               cipher="aes256-cbc", derive="PBKDF2"):
    """Each member of an OpenDocument package closed, as ODF 1.2 part 3 says:
    modern with SHA-256, as LibreOffice does, else with SHA-1. bad: the member
    one byte of which is changed."""
    name = "sha256" if modern else "sha1"
    start = hashlib.new(name, word.encode()).digest()
    out, rows = {"mimetype": "application/vnd.oasis.opendocument.text"}, ""

    def text(b):
        return base64.b64encode(b).decode()
    for path, data in members.items():
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = data.encode() if isinstance(data, str) else data
        packed = squeeze.compress(data) + squeeze.flush()
        salt, iv = made("salt" + path, 16), made("iv" + path, 16)
        key = hashlib.pbkdf2_hmac("sha1", start, salt, spins, 32)
        fill = 16 - len(packed) % 16
        body = aes(key, packed + bytes([fill]) * fill, iv)
        if path == bad:
            body = body[:40] + bytes([body[40] ^ 1]) + body[41:]
        out[path] = body
        rows += (
            '<m:file-entry m:full-path="%s" m:media-type="text/xml" m:size="%d">'
            '<m:encryption-data m:checksum-type="%s" m:checksum="%s">'
            '<m:algorithm m:algorithm-name="%s%s" m:initialisation-vector="%s"/>'
            '<m:key-derivation m:key-derivation-name="%s" m:key-size="32" '
            'm:iteration-count="%d" m:salt="%s"/>%s</m:encryption-data>'
            "</m:file-entry>" % (
                path, len(data), URN + "#sha256-1k" if modern else "SHA1/1K",
                text(hashlib.new(name, packed[:1024]).digest()),
                "" if " " in cipher else XENC, cipher, text(iv), derive,
                told or spins, text(salt),
                '<m:start-key-generation m:start-key-generation-name='
                '"http://www.w3.org/2000/09/xmldsig#sha256" m:key-size="32"/>'
                if modern else ""))
    out["META-INF/manifest.xml"] = (
        '<m:manifest xmlns:m="%s"><m:file-entry m:full-path="/" '
        'm:media-type="application/vnd.oasis.opendocument.text"/>%s'
        "</m:manifest>" % (URN, rows))
    return package(out)


def odf_locked():
    whole = dict((name, data) for name, data in odf())["odt"]
    with zipfile.ZipFile(io.BytesIO(whole)) as z:
        members = {n: z.read(n) for n in z.namelist()
                   if n not in ("mimetype", "META-INF/manifest.xml")}
    members["Pictures/stoy.bin"] = made("noise", 3000)
    word = "påskeegg"
    yield "odt-laast", odf_closed(members, word)
    yield "odt-laast-sha1", odf_closed(members, word, modern=False)
    yield "odt-laast-endret", odf_closed(members, word, bad="styles.xml")
    yield "odt-laast-innhold", odf_closed(members, word, bad="content.xml")
    yield "odt-laast-runder", odf_closed(members, word, told=1000001)
    yield "odt-laast-blowfish", odf_closed(members, word, modern=False,
                                           cipher="Blowfish CFB")
    yield "odt-laast-argon2", odf_closed(
        members, word, derive="urn:org:documentfoundation:names:experimental:"
        "office:manifest:loext:1.0#argon2id")


def seeds():
    for make in (letters, sheets, slides, odf, rtf, binary, closed,
                 xls_locked, odf_locked):
        yield from make()
