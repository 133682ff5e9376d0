"""Small PDFs for fuzz_pdf: one for each thing the reader looks at."""
import zlib

FONT = (b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
        b"/Encoding/WinAnsiEncoding>>")
CMAP = (b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange "
        b"1 beginbfrange <20> <7e> <e020> endbfrange endcmap")
LINES = (b"Vi viser til brevet som ble sendt", b"og ber om at saken ikke blir",
         b"avgjort f\xf8r alle har f\xe5tt svar", b"til neste m\xf8te i mai")


def stream(data, more=b""):
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), more, data)


def image(bits, extra=b""):
    return stream(bits, b"/Type/XObject/Subtype/Image/Width 64/Height 64"
                  b"/BitsPerComponent 1/ColorSpace/DeviceGray" + extra)


def bars():
    """A scan of 400 x 400 with ink where the lines of text() are."""
    rows = [b"\xff" * 50] * 400
    for line in range(len(LINES)):
        for y in range(26 + 24 * line, 40 + 24 * line):
            rows[y] = b"\xff" * 3 + b"\0" * 36 + b"\xff" * 11
    return stream(zlib.compress(b"".join(rows)), b"/Type/XObject/Subtype/Image"
                  b"/Width 400/Height 400/BitsPerComponent 1"
                  b"/ColorSpace/DeviceGray/Filter/FlateDecode")


def text(mode=b"", lines=LINES, font=b"F"):
    return b"BT %s /%s 9 Tf 12 TL 10 180 Td %s ET " % (
        mode, font, b" ".join(b"(%s) Tj T*" % line for line in lines))


def file(content, page=b"", catalog=b"", trailer=b"", more=()):
    """Objects 1 catalog, 2 pages, 3 page, 4 content, 5 font, 6.. more."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R/G 7 0 R>>/XObject<</I 6 0 R>>"
        b"/Properties<</L 8 0 R>>>>%s>>" % page,
        content if content.startswith(b"<<") else stream(content), FONT,
        *more]
    out, at = b"%PDF-1.7\n", []
    for i, body in enumerate(objects):
        at.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (i + 1, body)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Root 1 0 R" \
        b"/Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (
            len(at) + 1, b"".join(b"%010d 00000 n \n" % a for a in at),
            len(at) + 1, trailer, len(out))


def compressed():
    """The catalog, pages and page in an object stream, a cross-reference
    stream in place of the table."""
    inner = [b"<</Type/Catalog/Pages 2 0 R>>",
             b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
             b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
             b"/Resources<</Font<</F 5 0 R>>>>>>"]
    heads, body = b"", b""
    for i, data in enumerate(inner):
        heads += b"%d %d " % (i + 1, len(body))
        body += data + b" "
    out, at = b"%PDF-1.7\n", {}
    for number, data in (
            (4, stream(zlib.compress(text()), b"/Filter/FlateDecode")),
            (5, FONT),
            (6, stream(zlib.compress(heads + body), b"/Type/ObjStm/N 3/First "
                       b"%d/Filter/FlateDecode" % len(heads)))):
        at[number] = len(out)
        out += b"%d 0 obj%s endobj\n" % (number, data)
    rows = b"\0\0\0\0" + b"".join(b"\2\0\6%c" % i for i in range(3))
    rows += b"".join(b"\1%c%c\0" % divmod(at[n], 256) for n in (4, 5, 6))
    rows += b"\1%c%c\0" % divmod(len(out), 256)
    return out + b"7 0 obj%s endobj\nstartxref\n%d\n%%%%EOF\n" % (
        stream(rows, b"/Type/XRef/Size 8/W[1 2 1]/Root 1 0 R"), len(out))


def seeds():
    scan = b"q 200 0 0 200 0 0 cm /I Do Q "
    bits = (b"\xff" * 24 + b"\x0f\x00\x00\x00\x00\x00\x00\xff" * 2) * 12 + \
        b"\xff" * 128
    picture = image(bits[:512])
    mute = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 8 0 R>>"
    field = b"<</Subtype/Widget/Rect[9 9 90 20]/T(navn)/FT/Tx/V(Kari)>>"
    yield "text", file(text())
    yield "scan", file(scan, more=[picture])
    yield "layer", file(scan + text(b"3 Tr"), more=[bars()])
    yield "beside", file(text() + b"q 90 0 0 90 9 9 cm /I Do Q",
                         more=[picture])
    yield "mute", file(text(font=b"G"), more=[b"null", mute, stream(CMAP)])
    yield "jpeg", file(scan, more=[stream(
        b"\xff\xd8\xff\xdb\0\x04\0\1\xff\xd9",
        b"/Subtype/Image/Width 8/Height 8/BitsPerComponent 8"
        b"/ColorSpace/DeviceRGB/Filter/DCTDecode")])
    yield "fax", file(scan, more=[image(
        b"\x26\xa0\x00\x10\x01", b"/Filter/CCITTFaxDecode"
        b"/DecodeParms<</K -1/Columns 64/Rows 64>>")])
    yield "mask", file(scan, more=[stream(
        b"\x55" * 8, b"/Subtype/Image/Width 8/Height 8/BitsPerComponent 1"
        b"/ImageMask true")])
    yield "annots", file(
        text(), b"/Annots[<</Subtype/Text/Rect[1 1 9 9]/Contents(Se her)>>"
        b"<</Subtype/Stamp/Rect[1 1 9 9]/Contents<FEFF004D>>>"
        b"<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(x)/Next<</S/Launch>>>>>>"
        b"<</Subtype/FileAttachment/Rect[0 0 1 1]/FS<</F(a)/EF<</F 4 0 R>>>>>>"
        b"]")
    yield "form", file(
        b" ", b"/Annots[6 0 R 7 0 R<</Subtype/Widget/FT/Btn/T(x)/AS/Ja>>]",
        b"/AcroForm<</Fields[6 0 R]/NeedAppearances true>>",
        more=[field, b"<</Subtype/Widget/T(k)/Parent 6 0 R/FT/Ch/V[(a)(b)]>>"])
    yield "shell", file(text(lines=[b"Please wait..."]), catalog=b"/AcroForm"
                        b"<</XFA[(a)6 0 R]>>/NeedsRendering true",
                        more=[stream(b"<xdp/>")])
    yield "portfolio", file(
        text(), catalog=b"/Collection<<>>/Names<</EmbeddedFiles<</Names"
        b"[(a)6 0 R]>>/JavaScript<<>>>>/AF[6 0 R]", more=[
            b"<</Type/Filespec/UF(a.csv)/EF<</F 7 0 R>>>>",
            stream(zlib.compress(b"a;b"), b"/Type/EmbeddedFile"
                   b"/Subtype/text#2Fcsv/Filter/FlateDecode")])
    yield "layers", file(
        b"/OC /L BDC " + text() + b"EMC q .5 g 9 9 90 90 re f Q",
        catalog=b"/OCProperties<</OCGs[8 0 R]/D<</OFF[8 0 R]>>>>",
        more=[b"null", b"null", b"<</Type/OCG/Name(L)>>"])
    yield "boxes", file(text(), b"/CropBox[900 900 910 910]/Rotate 450"
                        b"/UserUnit 2.5")
    yield "objstm", compressed()
    yield "encrypted", file(
        text(), trailer=b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 2/R 3"
        b"/Length 128/P -4/O<%s>/U<%s>>>" % (b"00" * 32, b"00" * 32))
    yield "cut", file(text())[:600]
