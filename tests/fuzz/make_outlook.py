"""Small files as Outlook writes them: OLE2, .msg, compressed RTF, TNEF.

Used by make_corpus.py; what it makes is also what test_reader_outlook reads.
"""
import struct
import uuid

END, FREE = 0xFFFFFFFE, 0xFFFFFFFF
MSG = uuid.UUID("00020D0B-0000-0000-C000-000000000046").bytes_le


# -- OLE2 -----------------------------------------------------------------------
def ole2(tree, clsid=MSG):
    """A compound file of {name: bytes or another tree}."""
    entries = [["Root Entry", 5, FREE, b"", clsid]]
    right = {}

    def add(folder, at):
        last = None
        for name in sorted(folder, key=lambda n: (len(n), n.upper())):
            me = len(entries)
            is_folder = isinstance(folder[name], dict)
            entries.append([name, 1 if is_folder else 2, FREE,
                            b"" if is_folder else folder[name], bytes(16)])
            if last is None:
                entries[at][2] = me
            else:
                right[last] = me
            last = me
            if is_folder:
                add(folder[name], me)

    add(tree, 0)
    small, mini, places, big = b"", [], {}, []
    for i, (_, kind, _, data, _) in enumerate(entries):
        if kind != 2 or not data:
            continue
        if len(data) >= 4096:
            big.append(i)
            continue
        places[i] = len(mini)
        n = (len(data) + 63) // 64
        mini += [len(mini) + k + 1 for k in range(n - 1)] + [END]
        small += data.ljust(n * 64, b"\0")
    sectors, fat = [], []

    def put(data):
        """Appends a chain; its first sector."""
        n = (len(data) + 511) // 512
        first = len(sectors)
        for k in range(n):
            sectors.append(data[k * 512:k * 512 + 512].ljust(512, b"\0"))
            fat.append(first + k + 1 if k < n - 1 else END)
        return first if n else END

    small_at = put(small)
    mini_data = b"".join(struct.pack("<I", m) for m in mini)
    mini_at = put(mini_data.ljust((len(mini_data) + 511) // 512 * 512,
                                  b"\xff"))
    for i in big:
        places[i] = put(entries[i][3])
    directory = b""
    for i, (name, kind, child, data, cls) in enumerate(entries):
        raw = name.encode("utf-16-le")
        size = len(small) if i == 0 else len(data)
        start = small_at if i == 0 else places.get(i, END)
        directory += (raw.ljust(64, b"\0") + struct.pack(
            "<HBBIII", len(raw) + 2, kind, 1, FREE, right.get(i, FREE), child)
            + cls + bytes(20) + struct.pack("<III", start if kind != 1 else 0,
                                            size, 0))
    directory_at = put(directory.ljust((len(directory) + 511) // 512 * 512,
                                       b"\0"))
    n = 1
    while (len(fat) + n + 127) // 128 > n:
        n += 1
    fat_at = len(sectors)
    fat += [0xFFFFFFFD] * n
    fat += [FREE] * (-len(fat) % 128)
    sectors += [struct.pack("<128I", *fat[k:k + 128])
                for k in range(0, len(fat), 128)]
    head = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, n, directory_at, 0,
        4096, mini_at, (len(mini) + 127) // 128, END, 0))
    head += struct.pack("<109I", *[fat_at + k if k < n else FREE
                                   for k in range(109)])
    return head + b"".join(sectors)


# -- properties -----------------------------------------------------------------
def filetime(unix):
    return (unix + 11644473600) * 10000000


def bag(props, head, ansi=None):
    """The storage of {0xIIIITTTT: value}; text as Unicode or by a code page."""
    out, rows = {}, b""
    for tag, value in props.items():
        kind = tag & 0xFFFF
        if kind == 0x001F:
            data = value.encode("utf-16-le")
            if ansi:
                tag, data = (tag & ~0xFFFF) | 0x1E, value.encode(ansi)
        elif kind in (0x0102, 0x000D):
            data = value
        else:
            rows += struct.pack("<IIQ", tag, 6, value)
            continue
        out["__substg1.0_%08X" % tag] = data
        rows += struct.pack("<IIII", tag, 6, len(data), 0)
    out["__properties_version1.0"] = bytes(head) + rows
    return out


def message(props, people=(), files=(), ansi=None, head=32):
    tree = bag(props, head, ansi)
    for i, person in enumerate(people):
        tree["__recip_version1.0_#%08X" % i] = bag(person, 8, ansi)
    for i, file in enumerate(files):
        tree["__attach_version1.0_#%08X" % i] = bag(file, 8, ansi)
    if head == 32:
        tree["__nameid_version1.0"] = {
            "__substg1.0_00020102": bytes(16), "__substg1.0_00030102": b"",
            "__substg1.0_00040102": b""}
    return tree


def person(kind, name, address):
    return {0x0C150003: kind, 0x3001001F: name, 0x3002001F: "SMTP",
            0x3003001F: address}


def file(name, data, **more):
    out = {0x37050003: 1, 0x3707001F: name, 0x37010102: data}
    for key, value in more.items():
        out[{"cid": 0x3712001F, "mime": 0x370E001F, "hidden": 0x7FFE000B,
             "method": 0x37050003}[key]] = value
    return out


SENT = filetime(1773305100)  # 2026-03-12 08:45 UTC
HEADERS = ("Received: from x\r\nMessage-ID: <a.b@x.example>\r\n"
           "References: <0@s.example>\r\n <1@s.example>\r\n")
WHO = {0x0042001F: "Kåre Ødegård", 0x0064001F: "SMTP",
       0x0065001F: "kare@x.example"}
TO = [person(1, "Postmottak", "post@strand.example"),
      person(2, "Ola Åsen", "ola@y.example")]


PREBUF = (b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil "
          b"\\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
          b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
          b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx")


def lzfu(rtf):
    """Compressed RTF, for texts that fit the window."""
    seen, tokens, k = PREBUF, [], 0
    while k < len(rtf):
        n = min(17, len(rtf) - k)
        while n > 1 and rtf[k:k + n] not in seen:
            n -= 1
        if n > 1:
            tokens.append(struct.pack(
                ">H", seen.find(rtf[k:k + n]) << 4 | (n - 2)))
        else:
            n = 1
            tokens.append(rtf[k:k + 1])
        seen += rtf[k:k + n]
        k += n
    tokens.append(struct.pack(">H", len(seen) << 4))
    out = b""
    for k in range(0, len(tokens), 8):
        out += bytes([sum(1 << i for i, t in enumerate(tokens[k:k + 8])
                          if len(t) == 2)]) + b"".join(tokens[k:k + 8])
    return struct.pack("<IIII", len(out) + 12, len(rtf), 0x75465A4C, 0) + out


def mela(rtf):
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


RTF = (rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Arial;}"
       rb"{\f1\fcharset204 Arial;}}{\colortbl;\red0\green0\blue0;}"
       rb"{\*\generator Riched20;}{\info{\title Skjult}}\pard S\'f8knad om "
       rb"b\'e5tplass\par{\f1 \'cc\'ee\'f1\'ea\'e2\'e0} \u8364?\emdash\~"
       rb"{\pict\bin4 }}}}}slutt\par}")
FROM_HTML = (rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}"
             rb"{\*\htmltag19 <html>}{\*\htmltag34 <body>}{\*\htmltag64 <p>}"
             rb"\htmlrtf {\htmlrtf0 Bl\'e5b\'e6r {\*\htmltag84 &amp;}\htmlrtf "
             rb"&\htmlrtf0  mer{\*\htmltag0 <img src=\'22cid:b@x\'22>}"
             rb"\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}{\*\shpinst Skjult}"
             rb"{\*\mhtmltag0 no}{\*\htmltag27 </html>}}")
FROM_TEXT = (rb"{\rtf1\ansi\ansicpg1252\fromtext \deff0{\fonttbl{\f0 Arial;}}"
             rb"\pard linje \'e9n\par linje to\par}")


# -- TNEF -----------------------------------------------------------------------
def attribute(level, tag, data):
    return (struct.pack("<BII", level, tag, len(data)) + data
            + struct.pack("<H", sum(data) & 0xFFFF))


def values(props):
    out = struct.pack("<I", len(props))
    for tag, value in props:
        kind = tag & 0xFFFF
        out += struct.pack("<HH", kind, tag >> 16)
        if tag >> 16 >= 0x8000:
            out += bytes(16) + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0"
        if kind in (0x1E, 0x1F, 0x102, 0xD):
            data = value if isinstance(value, bytes) else (
                value.encode("cp1252") + b"\0" if kind == 0x1E
                else value.encode("utf-16-le") + b"\0\0")
            out += struct.pack("<II", 1, len(data))
            out += data + bytes(-len(data) % 4)
        else:
            out += struct.pack("<Q" if kind == 0x40 else "<I", value)
    return out


def tnef(*attributes):
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(
        [attribute(1, 0x00089006, struct.pack("<I", 0x10000)),
         attribute(1, 0x00069007, struct.pack("<II", 1252, 0))]
        + list(attributes))


# -- the seeds --------------------------------------------------------------------
def outlook(put):
    def save(name, props, *args, **more):
        put("outlook", name, ole2(message(props, *args, **more)))

    inner = message({0x001A001F: "IPM.Note", 0x0037001F: "Indre",
                     0x1000001F: "indre tekst", 0x0C1A001F: "Inger",
                     0x00390040: SENT}, TO[:1],
                    [file("dypt.txt", b"dypt")], head=24)
    embedded = {0x37050003: 5, 0x3001001F: "Indre: sak 1/2",
                0x3701000D: inner}
    drawing = {0x37050003: 6, 0x3001001F: "Tegning", 0x3701000D: {
        "CONTENTS": b"tegning" * 700, "\1Ole": b"o" * 20}}
    save("mail", dict(WHO | {
        0x001A001F: "IPM.Note", 0x0037001F: "SV: Klage på vedtak 2026/211",
        0x00390040: SENT, 0x007D001F: HEADERS, 0x1000001F: "Hei på deg\r\n",
        0x10130102: b'<p>Hei <img src="cid:b@x">', 0x3FDE0003: 65001}), TO, [
            file("brev.pdf", b"%PDF-1.4 \xe5" * 500, mime="application/pdf"),
            file("logo.png", b"PNG", cid="b@x", mime="image/png"),
            file("skjult.png", b"PNG2", cid="c@x", hidden=1),
            file("kart.png", b"PNG3", cid="d@x"), embedded, drawing,
            {0x37050003: 7, 0x3707001F: "https://sky.example/stor.zip"},
            file("", "navnløs".encode())])
    save("ansi", dict(WHO | {
        0x0037001F: "Søknad om båtplass", 0x0E060040: SENT,
        0x3FFD0003: 1252, 0x10090102: lzfu(FROM_HTML)}), TO,
         [file("b.png", b"PNG", cid="b@x")], ansi="cp1252")
    save("locale", {0x0037001F: "Москва", 0x3FF10003: 0x419}, ansi="cp1251")
    save("html-page", {0x0037001F: "Brev", 0x3FDE0003: 20866,
                       0x10130102: "<p>шостий".encode("koi8-r")})
    save("rtf", {0x0037001F: "Rikt", 0x10090102: mela(RTF)})
    save("rtf-text", {0x0037001F: "Rikt", 0x10090102: lzfu(FROM_TEXT)})
    save("exchange", {
        0x0042001F: "Kari", 0x0064001F: "EX", 0x0065001F: "/O=K/CN=KARI@x",
        0x007D001F: "From: =?utf-8?Q?Kari?=\r\n <kari@x.example>\r\n",
        0x0E04001F: "Ola; Per"})
    save("threaded", WHO | {
        0x0037001F: "Brev", 0x00390040: SENT, 0x007D001F: HEADERS,
        0x1000001F: "Deres ref: 2026/87\r\n"}, TO)
    save("draft", {0x0037001F: "Kladd", 0x0E060040: SENT, 0x0E070003: 8})
    save("meeting", {0x001A001F: "IPM.Appointment", 0x0037001F: "Møte"})
    save("pgp", {0x1000001F: "Hei\r\n-----BEGIN PGP MESSAGE-----\r\n"})
    for name, oid in (("signed", 2), ("encrypted", 3)):
        save(name, {0x001A001F: "IPM.Note.SMIME", 0x0037001F: "x"}, (), [
            file("smime.p7m", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                 b"\x07" + bytes([oid]) + b"\xa0\x80")])
    save("signed-clear", {
        0x001A001F: "IPM.Note.SMIME.MultipartSigned", 0x0037001F: "x"}, (), [
            file("smime.p7m", b"Content-Type: multipart/signed\r\n\r\nx",
                 mime="multipart/signed")])
    put("outlook", "office", ole2({"WordDocument": b"w" * 5000}, bytes(16)))
    put("outlook", "tnef-mail", tnef(
        attribute(1, 0x00018004, b"M\xf8te i morgen\0"),
        attribute(1, 0x00069003, values([
            (0x0042001F, "Kåre"), (0x0065001F, "kare@x.example"),
            (0x0064001E, "SMTP"), (0x80010003, 7), (0x00390040, SENT),
            (0x1035001F, "<t@x.example>"), (0x10090102, lzfu(RTF))])),
        attribute(1, 0x00069004, struct.pack("<I", 1) + values([
            (0x0C150003, 1), (0x3001001E, "Ola"),
            (0x39FE001E, "ola@y.example")]))))
    part = attribute(2, 0x00069002, bytes(14))
    put("outlook", "tnef-files", tnef(
        attribute(1, 0x0002800C, "blå\0".encode("cp1252")), part,
        attribute(2, 0x00018010, b"BL\xc5.TXT\0"),
        attribute(2, 0x0006800F, b"innhold"),
        attribute(2, 0x00069005, values([(0x3707001F, "blå bær.txt")])), part,
        attribute(2, 0x00069005, values([
            (0x37050003, 5), (0x3001001E, "Indre"),
            (0x3701000D, bytes(16) + tnef(
                attribute(1, 0x00018004, b"Indre\0")))]))) + b"junk")
    put("outlook", "tnef-cut", tnef(
        part, attribute(2, 0x0006800F, b"innhold"))[:-5])


def mbox(put):
    two = ("From a@b.example Sat Mar 14 10:00:00 2026\nFrom: Kari <a@b.example>"
           "\nTo: p@k.example\nSubject: En\nMessage-ID: <1@b.example>\n\nHei\n"
           "From x Sat Mar 14 10:00:00 2026\nSubject: nei\n"
           ">From skolen\n>>From to\n> From her\n\nFrom nå av\n"
           "\nFrom her Mar 14 10:00 er det\nslutt\n\n"
           "From c@d.example Sun Mar  5 09:00:01 2026\nFrom: Ola\n"
           "Subject: To\n\nSlutt\n\n\n")
    put("mbox", "two", two)
    put("mbox", "crlf", two.replace("\n", "\r\n"))
    put("mbox", "no-end", two[:-3])
    put("mbox", "long", two + "x" * 5000 + "\n\n" + two)
