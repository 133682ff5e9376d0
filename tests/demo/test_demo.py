"""Checks of the committed demo post.  Python standard library only.

    python3 -m unittest discover -s tests/demo
"""

import csv
import email
import email.policy
import hashlib
import importlib.util
import io
import json
import pathlib
import re
import struct
import unittest
import zipfile
import zlib

DEMO = pathlib.Path(__file__).resolve().parents[2] / "spool" / "demo"
ALL_MAX = 4 << 20
FILE_MAX = 600 << 10
UNPACKED_MAX = 1 << 20
DISPOSITIONS = {"done", "held", "quarantined", "broken"}
SLUG = re.compile(r"[a-z]+(_[a-z]+)*\Z")


def load():
    return json.loads((DEMO / "MANIFEST.json").read_text("utf-8"))


def files_on_disk():
    return {p.relative_to(DEMO).as_posix()
            for p in DEMO.rglob("*") if p.is_file()}


def is_fnr(digits):
    """Passes both check digits of a fødselsnummer (the rule until 2032)."""
    d = [int(c) for c in digits]
    k1 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
    k2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    return (sum(map(int.__mul__, d, k1)) % 11 == 0
            and sum(map(int.__mul__, d, k2)) % 11 == 0)


def real_looking(text):
    """Eleven digits that could be someone's: valid date, valid checks."""
    found = []
    for match in re.finditer(r"(?<!\d)(\d{6})[ .]?(\d{5})(?!\d)", text):
        digits = match[1] + match[2]
        day, month = int(digits[:2]), int(digits[2:4])
        if day > 40:
            day -= 40           # D-nummer
        if 40 < month <= 52:
            month -= 40         # H-nummer
        if 1 <= day <= 31 and 1 <= month <= 12 and is_fnr(digits):
            found.append(digits)
    return found


def zip_members(data):
    """What the headers say, byte for byte: zipfile would decode names."""
    end = data.rindex(b"PK\5\6")
    count, _, at = struct.unpack_from("<HII", data, end + 10)
    for _ in range(count):
        if data[at:at + 4] != b"PK\1\2":
            raise ValueError("no central header")
        host, flags, packed, size, n, e, c = struct.unpack_from(
            "<xBxxH10xIIHHH", data, at + 4)
        offset, = struct.unpack_from("<I", data, at + 42)
        raw = data[at + 46:at + 46 + n]
        extra = data[at + 46 + n:at + 46 + n + e]
        ln, le = struct.unpack_from("<HH", data, offset + 26)
        if data[offset + 30:offset + 30 + ln] != raw:
            raise ValueError("local name differs")
        start = offset + 30 + ln + le
        yield {"raw": raw, "host": host, "flags": flags, "extra": extra,
               "size": size, "packed": data[start:start + packed]}
        at += 46 + n + e + c


def inflate(packed, limit=UNPACKED_MAX):
    return zlib.decompressobj(-15).decompress(packed, limit)


def readable(name, data):
    """All text that can be had of a file without a PDF library or OCR."""
    if data.startswith(b"%PDF"):
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S):
            try:
                body = zlib.decompressobj().decompress(stream, UNPACKED_MAX)
            except zlib.error:
                continue
            yield "".join(re.findall(r"\((.*?)\) Tj", body.decode("latin-1")))
    elif data.startswith(b"PK\3\4"):
        for member in zip_members(data):
            if member["size"] < UNPACKED_MAX:
                yield from readable("", inflate(member["packed"]))
    elif name.endswith(".eml"):
        message = email.message_from_bytes(data, policy=email.policy.default)
        yield str(message["Subject"])
        for part in message.walk():
            if not part.is_multipart():
                body = part.get_payload(decode=True)
                yield from readable("", body)
    else:
        yield data.decode("cp865", "replace")


class Manifest(unittest.TestCase):
    def setUp(self):
        self.manifest = load()
        self.items = self.manifest["items"]

    def test_files_are_all_listed_with_size_and_digest(self):
        listed = self.manifest["files"]
        self.assertEqual(files_on_disk() - {"MANIFEST.json", "README.md"},
                         set(listed))
        for name, said in listed.items():
            data = (DEMO / name).read_bytes()
            self.assertEqual(len(data), said["bytes"], name)
            self.assertEqual(hashlib.sha256(data).hexdigest(),
                             said["sha256"], name)

    def test_sizes_are_bounded(self):
        sizes = {n: (DEMO / n).stat().st_size for n in files_on_disk()}
        self.assertLess(max(sizes.values()), FILE_MAX)
        self.assertLess(sum(sizes.values()), ALL_MAX)

    def test_every_file_belongs_to_an_item(self):
        used = {item["name"] for item in self.items}
        for name in self.manifest["files"]:
            if name != self.manifest["cases"]:
                self.assertIn(name.split("/")[0], used)
        for name in used:
            self.assertTrue((DEMO / name).exists(), name)

    def test_drops_are_distinct_and_known(self):
        queues = {q["name"] for q in self.manifest["queues"]}
        seen = {}
        for item in self.items:
            self.assertIn(item["queue"], queues)
            self.assertNotIn("/", item["drop_as"])
            self.assertNotIn((item["queue"], item["drop_as"]), seen.values())
            self.assertNotIn(item["id"], seen)
            if "after" in item:
                self.assertIn(item["after"], seen)
            seen[item["id"]] = item["queue"], item["drop_as"]

    def test_expectations_are_complete(self):
        for item in self.items:
            with self.subTest(item["id"]):
                entries = item["expect"]["entries"]
                self.assertTrue(item["note"])
                self.assertEqual(not entries, "same_as" in item)
                for entry in entries:
                    self.check_entry(entry)

    def check_entry(self, entry):
        self.assertIn(entry["disposition"], DISPOSITIONS)
        self.assertGreaterEqual(entry["documents"], 1)
        self.assertLessEqual(set(entry["flags"]), {"possible_duplicate"})
        if entry["disposition"] == "done":
            self.assertTrue(entry["outcome"])
            self.assertTrue(entry["title_contains"])
            self.assertTrue(entry["text_contains"])
            self.assertIn(entry["case"], self.open_cases())
            self.assertNotIn("reason", entry)
        else:
            self.assertRegex(entry["reason"], SLUG)
            self.assertTrue(entry["owner"])
            self.assertIsNone(entry["case"])

    def open_cases(self):
        return {row["saksnummer"] for row in self.cases()
                if row["saksstatus"] == "Under behandling"}

    def cases(self):
        text = (DEMO / self.manifest["cases"]).read_text("utf-8")
        rows = csv.DictReader(io.StringIO(text))
        self.assertEqual(rows.fieldnames, ["saksnummer", "tittel",
                                           "saksstatus", "enhet", "klasse"])
        return list(rows)

    def test_what_came_twice_is_not_told_as_transferred(self):
        rows = [{"disposition": "done", "outcome": "in_journal"}] * 15 + [
            {"disposition": "done", "outcome": "duplicate"},
            {"disposition": "held", "outcome": None},
            {"disposition": "ready", "outcome": None}]
        spec = importlib.util.spec_from_file_location(
            "demo_run", pathlib.Path(__file__).with_name("run.py"))
        run = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(run)
        self.assertEqual(
            run.progress(rows, 1), "  received 18 · on the road 1 · transferred "
            "15 · received again 1 · waiting for a person 1")

    def test_case_register(self):
        rows = self.cases()
        numbers = [row["saksnummer"] for row in rows]
        self.assertEqual(len(numbers), len(set(numbers)))
        for row in rows:
            self.assertRegex(row["saksnummer"], r"\A20\d\d/\d{1,6}\Z")
            self.assertTrue(all(row.values()), row)
        closed = [r for r in rows if r["saksstatus"] == "Avsluttet"]
        self.assertEqual(["2024/876"], [r["saksnummer"] for r in closed])
        self.assertIn(self.manifest["distribution_case"], numbers)
        self.assertNotIn("2026/9999", numbers)
        self.assertIn("2026/12", numbers)       # the trap of item 15

    def test_provenance(self):
        self.assertIn("EUPL-1.2", self.manifest["provenance"])


class Zip(unittest.TestCase):
    def test_raw_names_are_in_the_stated_encodings(self):
        item, = [i for i in load()["items"] if "zip_names" in i]
        data = (DEMO / item["name"]).read_bytes()
        self.assertIsNone(zipfile.ZipFile(io.BytesIO(data)).testzip())
        seen = set()
        self.check(data, item["zip_names"], seen)
        self.assertEqual({"utf-8-flag", "cp865", "0x7075", "latin-1"}, seen)

    def check(self, data, names, seen):
        members = list(zip_members(data))
        self.assertEqual(len(names), len(members))
        for said, member in zip(names, members):
            self.check_name(said["name"], said["encoding"], member)
            if not said["name"].isascii():
                seen.add(said["encoding"])
            if "members" in said:
                self.check(inflate(member["packed"]), said["members"], seen)

    def check_name(self, name, encoding, member):
        flagged = bool(member["flags"] & 0x800)
        self.assertEqual(encoding == "utf-8-flag", flagged, name)
        if encoding == "utf-8-flag":
            self.assertEqual(name.encode("utf-8"), member["raw"])
        elif encoding == "0x7075":
            kind, size, version, crc = struct.unpack_from(
                "<HHBI", member["extra"])
            self.assertEqual((0x7075, 1), (kind, version))
            self.assertEqual(zlib.crc32(member["raw"]), crc)
            self.assertEqual(name.encode("utf-8"),
                             member["extra"][9:4 + size])
            self.assertNotEqual(name.encode("utf-8"), member["raw"])
        else:
            self.assertEqual(name.encode(encoding), member["raw"])
            self.assertRaises(UnicodeDecodeError, member["raw"].decode)

    def test_bomb_has_the_ratio_and_no_large_member(self):
        data = (DEMO / "13-bombe.zip").read_bytes()
        sizes = [m["size"] for m in zip_members(data)]
        self.assertLessEqual(len(data), 150 << 10)
        self.assertGreater(sum(sizes), 100 << 20)
        self.assertGreater(sum(sizes), 500 * len(data))
        self.assertLess(max(sizes), 100 * 1000 * 1000)


class Mail(unittest.TestCase):
    def read(self, name):
        return email.message_from_bytes((DEMO / name).read_bytes(),
                                        policy=email.policy.default)

    def test_pair_is_one_message_fetched_twice(self):
        pair = ("12-omsorg-hentet-1.eml", "12-omsorg-hentet-2.eml")
        one, two = map(self.read, pair)
        self.assertTrue(one["Message-ID"])
        self.assertEqual(one["Message-ID"], two["Message-ID"])
        self.assertNotEqual(*[(DEMO / n).read_bytes() for n in pair])
        self.assertEqual(*[[p.get_payload(decode=True) for p in m.walk()]
                           for m in (one, two)])

        def kept(message):
            return [(k, str(v)) for k, v in message.items()
                    if k != "Received" and not k.startswith("X-")]
        self.assertEqual(kept(one), kept(two))

    def test_structure_of_the_mail_with_enclosures(self):
        message = self.read("08-dispensasjon.eml")
        self.assertEqual(
            ["multipart/mixed", "multipart/alternative", "text/plain",
             "text/html", "application/pdf", "image/jpeg"],
            [p.get_content_type() for p in message.walk()])
        self.assertIn("Sandøya", str(message["Subject"]))
        self.assertIn("Deres ref: 2026/267",
                      message.get_body(("plain",)).get_content())
        self.assertTrue(message["Message-ID"] and message["Date"])

    def test_lines_are_crlf_ascii_and_short(self):
        for path in sorted(DEMO.glob("*.eml")):
            for line in path.read_bytes().split(b"\r\n"):
                self.assertTrue(line.isascii() and len(line) < 200, path.name)
                self.assertNotIn(b"\n", line, path.name)


class Formats(unittest.TestCase):
    def data(self, name):
        return (DEMO / name).read_bytes()

    def test_text_is_cp865_and_nothing_else(self):
        data = self.data("06-handikap-cp865.txt")
        self.assertRaises(UnicodeDecodeError, data.decode, "utf-8")
        text = data.decode("cp865")
        self.assertIn("Saksnummer: 2026/144\r\n", text)
        self.assertTrue(set(text) <= set(map(chr, range(32, 127)))
                        | set("æøåÆØÅ\r\n"))

    def test_tiff_has_three_g4_pages(self):
        data = self.data("02-nabovarsel.tif")
        self.assertEqual(b"II*\0", data[:4])
        pages, at = [], struct.unpack_from("<I", data, 4)[0]
        while at and len(pages) < 10:
            n, = struct.unpack_from("<H", data, at)
            rows = [struct.unpack_from("<HHIHH", data, at + 2 + 12 * i)
                    for i in range(n)]
            pages.append({tag: value for tag, _, _, value, _ in rows})
            at, = struct.unpack_from("<I", data, at + 2 + 12 * n)
        self.assertEqual([4, 4, 4], [p[259] for p in pages])

    def test_photo_must_be_turned(self):
        data = self.data("05-klage-foto.jpg")
        at = data.index(b"Exif\0\0") + 6
        order = {b"II": "<", b"MM": ">"}[data[at:at + 2]]
        ifd = at + struct.unpack_from(order + "I", data, at + 4)[0]
        n, = struct.unpack_from(order + "H", data, ifd)
        tags = {}
        for i in range(n):
            tag, _, _, value = struct.unpack_from(order + "HHIHxx", data,
                                                  ifd + 2 + 12 * i)
            tags[tag] = value
        self.assertEqual(6, tags[0x0112])
        sof = re.search(rb"\xff[\xc0\xc2]..\x08(..)(..)", data, re.S)
        height, width = (int.from_bytes(g, "big") for g in sof.groups())
        self.assertGreater(width, height)       # an upright page, lying

    def test_scanned_pdf_has_no_text_and_mixed_one_has_both(self):
        self.assertNotIn(b"/Font", self.data("01-ledsagerbevis-skannet.pdf"))
        mixed = self.data("04-uttalelse-blandet.pdf")
        self.assertEqual(2, mixed.count(b"/DCTDecode"))
        self.assertIn("2026/176", "".join(readable("", mixed)))
        self.assertNotIn("Naustbakken", "".join(readable("", mixed)))

    def test_faulty_ones_are_faulty(self):
        broken = self.data("13-avbrutt.pdf")
        self.assertTrue(broken.startswith(b"%PDF-"))
        for word in (b"endstream", b"/Catalog", b"/Page", b"%%EOF", b"xref"):
            self.assertNotIn(word, broken)
        self.assertIn(b"/Encrypt", self.data("13-kryptert.pdf"))
        self.assertEqual(b"", self.data("13-tom.pdf"))

    def test_sidecar_names_a_file_beside_it(self):
        folder = DEMO / "09-tilsyn"
        sidecar = json.loads((folder / "sluse.json").read_text("utf-8"))
        self.assertEqual({"version", "case", "title", "documentDate", "type",
                          "sender", "main", "externalKey"}, set(sidecar))
        self.assertTrue((folder / sidecar["main"]).is_file())
        for path in folder.iterdir():           # the number is nowhere else
            if path.name != "sluse.json":
                text = "".join(readable(path.name, path.read_bytes()))
                self.assertNotIn(sidecar["case"], text)


class Identity(unittest.TestCase):
    def test_the_check_itself_finds_a_number(self):
        head = "010170"
        made = [n for n in (f"{head}{i:05}" for i in range(2000)) if is_fnr(n)]
        self.assertTrue(made)
        self.assertEqual([made[0]], real_looking(f"f. {made[0]}."))
        spaced = f"{head} {made[0][6:]}"
        self.assertEqual([made[0]], real_looking(spaced))

    def test_no_number_could_be_a_persons(self):
        synthetic = 0
        for name in sorted(files_on_disk()):
            for text in readable(name, (DEMO / name).read_bytes()):
                self.assertEqual([], real_looking(text), name)
                synthetic += sum(
                    81 <= int(n[2:4]) <= 92 and is_fnr(n)
                    for n in re.findall(r"(?<!\d)\d{11}(?!\d)", text))
        self.assertGreaterEqual(synthetic, 4)
        for path in pathlib.Path(__file__).parent.glob("*.py"):
            self.assertEqual([], real_looking(path.read_text("utf-8")))

    def test_titles_to_screen_are_there(self):
        screened = [e for i in load()["items"] for e in i["expect"]["entries"]
                    if e.get("title_excludes")]
        self.assertGreaterEqual(len(screened), 2)
        for entry in screened:
            for number in entry["title_excludes"]:
                self.assertTrue(is_fnr(number) and int(number[2:4]) > 80)


if __name__ == "__main__":
    unittest.main()
