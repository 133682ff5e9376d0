"""Big things for the bench: a PDF of many pages, noise, scans as one PDF."""
import random

PIECE = 1 << 20


def noise(path, size):
    """size bytes that no format knows and no disk compresses."""
    block = bytearray(random.Random("sluse noise").randbytes(PIECE))
    with open(path, "wb") as file:
        for i in range(0, size, PIECE):
            block[0:8] = i.to_bytes(8, "little")
            file.write(block[:min(PIECE, size - i)])


def write_pdf(path, objects):
    """objects: bytes of object 1, 2, ..."""
    with open(path, "wb") as file:
        file.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for body in objects:
            places.append(file.tell())
            file.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")
        start = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
        for at in places:
            file.write(b"%010d 00000 n \n" % at)
        file.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n"
                   b"%%%%EOF\n" % (len(places) + 1, start))


def stream(head, data):
    return b"<< %s/Length %d >>\nstream\n" % (head, len(data)) + data + \
        b"\nendstream"


def pages(path, count):
    """A born-digital PDF of `count` pages with forty lines each."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(count))
    out = [b"<< /Type /Catalog /Pages 2 0 R >>",
           b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (count, kids),
           b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
           b"/Encoding /WinAnsiEncoding >>"]
    for i in range(count):
        r = random.Random("sluse page %d" % i)
        lines = [b"Side %d. Deres ref: 2026/%d" % (i + 1, 1 + i % 5)]
        lines += [("Linje %d om en sak med %d ord og noen tall til." % (
            n, r.randint(5, 9999))).encode() for n in range(40)]
        text = b"BT /F 10 Tf 14 TL 60 780 Td\n" + b"\n".join(
            b"(" + line + b") '" for line in lines) + b"\nET"
        out.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                   b"/Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>"
                   % (5 + 2 * i))
        out.append(stream(b"", text))
    write_pdf(path, out)


def jpeg_size(data):
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return (int.from_bytes(data[at + 7:at + 9], "big"),
            int.from_bytes(data[at + 5:at + 7], "big"))


def scans(path, jpegs):
    """Grey JPEG files as one image-only PDF, a page each, at 300 dpi."""
    kids = b" ".join(b"%d 0 R" % (3 + 3 * i) for i in range(len(jpegs)))
    out = [b"<< /Type /Catalog /Pages 2 0 R >>",
           b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(jpegs), kids)]
    for i, name in enumerate(jpegs):
        with open(name, "rb") as file:
            data = file.read()
        width, height = jpeg_size(data)
        box = b"%.2f %.2f" % (width * 0.24, height * 0.24)
        out.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s] "
                   b"/Resources << /XObject << /I %d 0 R >> >> "
                   b"/Contents %d 0 R >>" % (box, 4 + 3 * i, 5 + 3 * i))
        out.append(stream(
            b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace "
            b"/DeviceGray /BitsPerComponent 8 /Filter /DCTDecode " % (
                width, height), data))
        out.append(stream(b"", b"q %.2f 0 0 %.2f 0 0 cm /I Do Q" % (
            width * 0.24, height * 0.24)))
    write_pdf(path, out)
