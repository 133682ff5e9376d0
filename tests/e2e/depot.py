#!/usr/bin/env python3
"""sluse-depot: harvests become extractions and journals; extractions are
tested. What it makes is held against xmllint and a second implementation of
the tests (n5oracle.py)."""
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ET

import harvests
from harvests import PDF, code, uid
from house import under_strace
from n5oracle import Oracle, sha256

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("SLUSE_BUILD", "build"))
SHARED = os.environ.get("SLUSE_SHARED", os.path.join(TOP, "..", "shared"))
XSD = os.path.join(TOP, "schemas", "noark5")
ENDINGS = {"fmt/18": {"pdf"}}
PERIOD = ("--from", "2025-01-01", "--to", "2025-12-31")
SYSTEM = ("--system", "Prøvekjernen 2.1")
FNR, DNR, FNR2032 = "02013299997", "42013299980", "30108299939"


class Depot(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="sluse-depot-")
        self.addCleanup(shutil.rmtree, self.top)

    def path(self, *names):
        return os.path.join(self.top, *names)

    def run_it(self, *line, status=0, under=()):
        done = subprocess.run(
            [*under, os.path.join(BUILD, "bin", "sluse-depot"), *line],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, status,
                         done.stdout.decode() + done.stderr.decode())
        self.said = done.stderr.decode()
        return done.stdout.decode()

    def harvest(self, h, name="h", **about):
        return h.write(self.path(name), **about)

    def extract(self, h, *more, status=0, name="h", out="ut"):
        told = self.run_it("noark5", self.harvest(h, name), self.path(out),
                           *PERIOD, *SYSTEM, "--json", *more, status=status)
        self.result = [json.loads(line) for line in told.splitlines()]
        return self.path(out, "avleveringspakke")

    def deviations(self, out="ut", name="avvik.csv"):
        with open(self.path(out, name), encoding="utf-8-sig",
                  newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def rules(self, weight="avvik"):
        return {row["Regel"] for row in self.deviations()
                if row["Vekt"] == weight}

    def check(self, folder, *more, status=None):
        """{number: result}."""
        done = subprocess.run(
            [os.path.join(BUILD, "bin", "sluse-depot"), "check", folder,
             "--json", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", timeout=120)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        rows = {int(r["test"][3:]): r
                for r in map(json.loads, done.stdout.splitlines())}
        red = sorted(n for n, r in rows.items() if r["errors"])
        self.assertEqual(done.returncode, int(bool(red)))
        return rows, red

    def tree(self, folder, name):
        root = ET.parse(os.path.join(folder, name)).getroot()
        for node in root.iter():
            node.tag = node.tag.rsplit("}", 1)[-1]
        return root


class Extraction(Depot):
    def test_whole(self):
        folder = self.extract(harvests.small())
        self.assertEqual(self.result, [{
            "deliverable": True, "avvik": 0, "merknader": 0, "documents": 6,
            "journalposter": 5}])
        self.assertEqual(self.deviations(), [])
        rows, red = self.check(folder)
        self.assertEqual((len(rows), red), (54, []))
        self.assertEqual([n for n, r in rows.items() if r["state"] != "ok"],
                         [])
        oracle = Oracle(folder, ENDINGS)
        self.assertEqual(oracle.red(), [])
        for number, n in oracle.count.items():
            self.assertEqual(rows[number]["count"], n, number)
        self.assertEqual(rows[15]["values"], {"Avsluttet": 2})
        self.assertEqual(rows[29]["values"], {"fmt/18": 6})
        self.assertFalse(os.path.exists(self.path("ut.part")))

    def test_schemas_are_unaltered(self):
        folder = self.extract(harvests.small())
        with open(os.path.join(XSD, "README.md"), encoding="utf-8") as file:
            told = dict(re.findall(r"`(\w+\.xsd)` \|.*`([0-9a-f]{64})`",
                                   file.read()))
        self.assertEqual(len(told), 6)
        for name, digest in told.items():
            self.assertEqual(sha256(os.path.join(XSD, name)), digest, name)
            self.assertEqual(sha256(os.path.join(folder, name)), digest, name)

    def test_without_a_creator(self):
        """What is missing is told; what is written stays valid."""
        h = harvests.small()
        h.units.remove(h.find("skaper"))
        folder = self.extract(h, status=1)
        self.assertNotEqual(self.rules(), set())
        done = subprocess.run(
            ["xmllint", "--noout", "--nonet", "--schema",
             os.path.join(XSD, "addml.xsd"),
             os.path.join(folder, "arkivuttrekk.xml")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_values(self):
        root = self.tree(self.extract(harvests.small()), "arkivstruktur.xml")
        case = root.find(".//mappe")
        self.assertEqual(case.findtext("saksdato"), "2025-01-07")
        self.assertEqual(case.findtext("part/partRolle"), "Klient")
        self.assertIsNone(case.find("virksomhetsspesifikkeMetadata"))
        post = case.find("registrering")
        got = {name: post.findtext(name) for name in (
            "journalposttype", "journalstatus", "journaldato", "mottattDato",
            "korrespondansepart/korrespondanseparttype",
            "korrespondansepart/postadresse", "korrespondansepart/postnummer",
            "korrespondansepart/land", "avskrivning/avskrivningsmaate",
            "merknad/merknadstype", "dokumentbeskrivelse/dokumenttype",
            "dokumentbeskrivelse/dokumentobjekt/variantformat",
            "dokumentbeskrivelse/dokumentobjekt/format",
            "dokumentbeskrivelse/dokumentobjekt/sjekksum")}
        self.assertEqual(got, {
            "journalposttype": "Inngående dokument",
            "journalstatus": "Arkivert", "journaldato": "2025-01-07",
            "mottattDato": "2025-01-07T08:15:00+01:00",
            "korrespondansepart/korrespondanseparttype": "Avsender",
            "korrespondansepart/postadresse": "Prøveveien 1",
            "korrespondansepart/postnummer": "1234",
            "korrespondansepart/land": "NO",
            "avskrivning/avskrivningsmaate": "Besvart med brev",
            "merknad/merknadstype": "Merknad fra saksbehandler",
            "dokumentbeskrivelse/dokumenttype": "Brev",
            "dokumentbeskrivelse/dokumentobjekt/variantformat": "Arkivformat",
            "dokumentbeskrivelse/dokumentobjekt/format": "fmt/18",
            "dokumentbeskrivelse/dokumentobjekt/sjekksum":
                hashlib.sha256(PDF % 1).hexdigest()})
        names = [p.findtext("korrespondansepartNavn")
                 for p in post.findall("korrespondansepart")]
        self.assertEqual(names, ["Ola Testesen", "Berit Behandler"])

    def test_order_of_the_schema(self):
        """elements.def has every element of the schemas, in their order."""
        xs = "{http://www.w3.org/2001/XMLSchema}"
        with open(os.path.join(TOP, "daemon/depot/elements.def"),
                  encoding="utf-8") as file:
            rows = re.findall(
                r'^SL_EL\((\w+), (\w+), "[^"]*", (\w+), (\w+), ([\w |]+)\)',
                file.read(), re.M)
        n = 0
        for schema, groups in (
                ("arkivstruktur", None),
                ("endringslogg", {"endring": "endring"})):
            root = ET.parse(os.path.join(XSD, schema + ".xsd")).getroot()
            for kind in root.iter(xs + "complexType"):
                name = kind.get("name")
                if groups is not None and name not in groups:
                    continue
                want = [(e.get("name"), e.get("minOccurs") != "0",
                         e.get("maxOccurs") == "unbounded")
                        for e in kind.iter(xs + "element")
                        if e.get("name") != "virksomhetsspesifikkeMetadata"]
                choice = kind.find(".//" + xs + "choice")
                below = {e.get("name") for e in choice.iter(xs + "element")
                         } if choice is not None else set()
                got, seen = [], set()
                for group, element, typ, _, flags in rows:
                    if group != name:
                        continue
                    if typ == "KIDS":
                        got += [row for row in want if row[0] in below or
                                row[0] in ("klasse", "dokumentbeskrivelse",
                                           "dokumentobjekt")
                                and row[0] == element]
                    elif element not in seen:
                        many = "M" in flags or sum(
                            r[0] == group and r[1] == element
                            for r in rows) > 1
                        got.append((element, "O" in flags, many))
                    seen.add(element)
                self.assertEqual(got, want, name)
                n += 1
        self.assertGreater(n, 25)

    def test_left_out_is_told(self):
        h = harvests.small()
        h.find("sak17")["fields"]["bygning"] = [{"byggidentifikator": "1"}]
        h.find("p2")["fields"]["skjerming"] = dict(
            harvests.SCREENED, egetFelt="x")
        self.extract(h)
        left = {(r["Enhet"], r["Felt"]): int(r["Antall"])
                for r in self.deviations(name="utelatt.csv")}
        self.assertEqual(left[("saksmappe", "bygning")], 1)
        self.assertEqual(left[("skjerming", "egetFelt")], 1)
        self.assertEqual(
            left[("saksmappe", "virksomhetsspesifikkeMetadata")], 1)
        self.assertEqual(left[("dokumentobjekt", "mimeType")], 6)
        self.assertNotIn(("journalpost", "tittel"), left)

    def test_what_a_crawl_adds(self):
        """again, differs, missing; hendelseslogg; secondary classes as
        objects; the digest of units.jsonl."""
        h = harvests.small()
        fields = h.find("sak17")["fields"]
        fields["sekundaerklassifikasjon"] = [
            {"systemID": fields.pop("referanseSekundaerKlassifikasjon")[0],
             "klasseID": "000", "tittel": "Diverse"}]
        fields["part"] = fields.pop("partperson")
        h.find("p1-d1-o1A")["differs"] = "checksum"
        h.add("endring", "hendelse", "p1", {"beskrivelse": "x"},
              type="hendelseslogg")
        at = h.units.index(h.find("p4-d1"))
        h.units.insert(at, dict(h.find("p1-d2"), parent=uid("p4"), again=True))
        lines = "".join(json.dumps(u, ensure_ascii=False) + "\n"
                        for u in h.units)
        digest = hashlib.sha256(lines.encode()).hexdigest()
        self.harvest(h, units_sha256=digest)
        self.run_it("noark5", self.path("h"), self.path("ut"), *PERIOD,
                    *SYSTEM, status=1)
        self.assertEqual([r["Regel"] for r in self.deviations()], ["dobbel"])
        root = self.tree(self.path("ut", "avleveringspakke"),
                         "arkivstruktur.xml")
        self.assertEqual(
            root.findtext(".//referanseSekundaerKlassifikasjon"), uid("000"))
        self.assertIn({"Enhet": "hendelseslogg", "Felt": "(hele enheten)",
                       "Antall": "1"}, self.deviations(name="utelatt.csv"))
        _, red = self.check(self.path("ut"))
        self.assertEqual(red, [47])
        self.harvest(h, "h2", units_sha256=digest[:-1] + "x")
        self.harvest(h, "h3", units_sha256="0" * 64)
        for name in ("h2", "h3"):
            self.run_it("noark5", self.path(name), self.path("nei"), *PERIOD,
                        *SYSTEM, status=5)
        self.assertFalse(os.path.exists(self.path("nei")))

    DEVIATIONS = (
        ("mangler", "p1", "arkivertDato", None),
        ("mangler", "sak17", "avsluttetDato", None),
        ("mangler", "arkiv", "avsluttetAv", "  "),
        ("ugyldig", "p1", "mottattDato", "2025-01-07"),
        ("ugyldig", "p1", "journaldato", "2025-02-30"),
        ("ugyldig", "p1", "journalaar", "i fjor"),
        ("tegn", "p1", "tittel", "Brev\x01"),
        ("arkivdel", "del", "arkivdelstatus", code("A")),
        ("saksstatus", "sak17", "saksstatus", code("B")),
        ("journalstatus", "p1", "journalstatus", code("J")),
        ("dokumentstatus", "p1-d1", "dokumentstatus", code("B")),
        ("midlertidig", "p1", "skjerming", {
            "tilgangsrestriksjon": code("XX", "Midlertidig sperret"),
            "skjermingshjemmel": "Ikke vurdert",
            "skjermingMetadata": [code("M")]}),
        ("gradert", "p1", "gradering", {
            "graderingskode": code("K"), "gradertAv": "NN",
            "graderingsdato": "2025-01-07T08:00:00+01:00"}),
        ("sjekksum", "p1-d1-o1A", "sjekksum", "0" * 64),
        ("sjekksum", "p1-d1-o1A", "filstoerrelse", 3),
        ("format", "p1-d1-o1A", "format", code("av/0", "Ukjent format")),
        ("referanse", "sak17", "referanseArkivdel", uid("nei")),
        ("referanse", "sak17", "referanseSekundaerKlassifikasjon",
         [uid("sak18")]),
        ("referanse", "p1", "kryssreferanse",
         [{"referanseTilMappe": uid("nei")}]),
        ("utenfor", "p5", "journaldato", "2026-01-02"),
        ("dobbel", "p4", "systemID", uid("p5")),
    )

    def test_deviations(self):
        """Each is told with its number, and the package is there."""
        for i, (rule, unit, field, value) in enumerate(self.DEVIATIONS):
            with self.subTest(rule, field=field):
                h = harvests.small()
                fields = h.find(unit)["fields"]
                if value is None:
                    del fields[field]
                else:
                    fields[field] = value
                name = "ut%d" % i
                self.extract(h, status=1, name="h%d" % i, out=name)
                rows = [r for r in self.deviations(name)
                        if r["Vekt"] == "avvik"]
                self.assertIn(rule, {r["Regel"] for r in rows}, rows)
                row = next(r for r in rows if r["Regel"] == rule)
                line = h.units.index(h.find(unit)) + 1
                self.assertEqual(int(row["Linje"]), line)
                if unit in ("p1", "p5", "sak17"):
                    self.assertTrue(row["Nummer"].startswith("2025/"))
                self.assertTrue(os.path.exists(self.path(
                    name, "avleveringspakke", "arkivuttrekk.xml")))
                self.assertFalse(self.result[-1]["deliverable"])
                self.assertEqual(self.result[-1]["avvik"], len(rows))

    def test_strict(self):
        h = harvests.small()
        h.find("p1")["fields"]["journalstatus"] = code("J")
        self.extract(h, "--strict", status=1)
        self.assertEqual(os.listdir(self.top), ["h"])

    def test_files(self):
        """Missing, changed and never fetched."""
        h = harvests.small()
        del h.find("p2-d1-o1A")["file"], h.find("p2-d1-o1A")["sha256"], \
            h.find("p2-d1-o1A")["size"]
        folder = self.harvest(h)
        with open(os.path.join(folder, h.find("p1-d1-o1A")["file"]),
                  "r+b") as file:
            file.write(b"X")
        os.unlink(os.path.join(folder, h.find("p1-d2-o1A")["file"]))
        link = os.path.join(folder, h.find("p4-d1-o1A")["file"])
        os.rename(link, link + "x")
        os.symlink(link + "x", link)
        self.run_it("noark5", folder, self.path("ut"), *PERIOD, *SYSTEM,
                    status=1)
        told = [(r["Regel"], r["Nummer"]) for r in self.deviations()
                if r["Vekt"] == "avvik"]
        self.assertEqual(sorted(told), [
            ("fil_mangler", "2025/17-1"), ("fil_mangler", "2025/17-2"),
            ("fil_mangler", "2025/18-1"), ("fil_sum", "2025/17-1")])
        rows, red = self.check(self.path("ut"))
        self.assertEqual((red, rows[28]["count"]), ([], 2))

    def test_dead_links(self):
        """What could not be asked for is told, and keeps nothing back."""
        h = harvests.small()
        h.find("sak17")["lacks"] = ["sekundaerklassifikasjon"]
        folder = self.harvest(h, lacks={"sekundaerklassifikasjon": 1})
        self.run_it("noark5", folder, self.path("ut"), *PERIOD, *SYSTEM)
        self.assertIn(("merknad", "lenke", "sekundaerklassifikasjon"), [
            (r["Vekt"], r["Regel"], r["Element"])
            for r in self.deviations()])

    def test_screening_not_answered(self):
        """Not known is not open: a deviation, and closed in public."""
        h = harvests.small()
        h.find("sak17")["lacks"] = ["kassasjon", "skjerming"]
        h.find("L42")["lacks"] = ["skjerming"]
        h.find("sak18")["lacks"] = ["gradering"]
        folder = self.extract(h, status=1)
        told = {(r["Vekt"], r["Regel"], r["Element"], r["Enhet"])
                for r in self.deviations()}
        self.assertEqual({t[:3] for t in told}, {
            ("avvik", "ubesvart", "skjerming"),
            ("avvik", "ubesvart", "gradering")})
        self.assertEqual(len(self.deviations()), 3)
        public = self.tree(folder, "offentligJournal.xml")
        said = ET.tostring(public, encoding="unicode")
        for word in ("Ola", "Kari", "garasje", "Byggesak (", "Velforeningen"):
            self.assertNotIn(word, said)
        self.assertEqual(len(public.findall(".//journalpost")), 3)
        running = ET.tostring(self.tree(folder, "loependeJournal.xml"),
                              encoding="unicode")
        self.assertIn("Ola Testesen", running)
        self.assertNotIn("ukjent", running)

    def test_lacks_are_names(self):
        names = ["navn" + chr(97 + n // 26) + chr(97 + n % 26) +
                 "x" * 34 for n in range(64)]
        h = harvests.small()
        h.find("sak17")["lacks"] = names
        folder = self.harvest(h, lacks={n: 1 for n in names})
        self.run_it("noark5", folder, self.path("ut"), *PERIOD, *SYSTEM)
        self.assertEqual(sum(r["Regel"] == "lenke"
                             for r in self.deviations()), 64)
        for n, bad in enumerate(("skjerming", {"skjerming": 1}, [1], ["a b"],
                                 ["x" * 41], [""])):
            h.find("sak17")["lacks"] = bad
            folder = self.harvest(h, "h%d" % n)
            self.run_it("journal", folder, status=5)
            self.assertIn("lacks", self.said)

    def test_units_out_of_place(self):
        h = harvests.small()
        h.add("dokumentobjekt", "løs", "p4", {})
        h.add("mappe", "under", "L42", dict(
            harvests.born(), **harvests.ended(), tittel="Plan", mappeID="9"),
            type="ukjentmappe")
        h.units.insert(-2, h.units.pop())  # back below an open parent
        h.units.remove(h.find("under"))
        at = h.units.index(h.find("000"))
        h.units.insert(at, {
            "kind": "klasse", "id": uid("under"), "parent": uid("L42"),
            "fields": dict(harvests.born(), systemID=uid("under"),
                           klasseID="L42.1", tittel="Garasje")})
        h.units.insert(at + 1, {
            "kind": "mappe", "type": "ukjent", "id": uid("x"),
            "parent": uid("under"), "fields": dict(
                harvests.born(), **harvests.ended(), systemID=uid("x"),
                tittel="Plan", mappeID="9")})
        h.units.append(h.units.pop(h.units.index(h.find("e1"))))
        self.extract(h, status=1)
        self.assertEqual(self.rules(), {"plass", "type", "blandet"})
        _, red = self.check(self.path("ut"))
        self.assertEqual(red, [3, 12])

    def test_one_way_soft(self):
        """A post outside the period is told, and only in the structure."""
        h = harvests.small()
        h.find("p5")["fields"]["journaldato"] = "2026-01-02"
        folder = self.extract(h, "--utgaaende", "mykt")
        self.assertEqual(self.rules("merknad"), {"utenfor_mykt"})
        rows, red = self.check(folder)
        self.assertEqual(red, [])
        head = self.tree(folder, "loependeJournal.xml").find("journalhode")
        self.assertEqual([n.text for n in head][:3],
                         ["2025-01-01", "2025-12-31", "4"])

    def test_nothing_is_changed_that_was_there(self):
        self.extract(harvests.small())
        self.run_it("noark5", self.path("h"), self.path("ut"), *PERIOD,
                    *SYSTEM, status=5)
        os.mkdir(self.path("ny.part"))
        with open(self.path("ny.part/notat"), "w"):
            pass
        self.run_it("noark5", self.path("h"), self.path("ny"), *PERIOD,
                    *SYSTEM, status=5)
        self.assertEqual(os.listdir(self.path("ny.part")), ["notat"])
        self.run_it("noark5", self.path("h"), self.path("nei/ny"),
                    *PERIOD, *SYSTEM, status=5)
        self.assertIn("is to lie in is not there", self.said)
        os.unlink(self.path("ny.part/notat"))
        # What a killed run left is no more than that.
        for name, text in (("avvik.csv", "halv"),
                           (".sluse-part", "sluse noark5\n")):
            with open(os.path.join(self.path("ny.part"), name), "w") as file:
                file.write(text)
        self.run_it("noark5", self.path("h"), self.path("ny"), *PERIOD,
                    *SYSTEM)
        self.assertFalse(os.path.exists(self.path("ny.part")))
        self.assertNotIn(".sluse-part", os.listdir(self.path("ny")))

    def test_killed_at_the_sync(self):
        """The long step at the end: the mark is still there."""
        folder = self.harvest(harvests.small())
        line = ("noark5", folder, self.path("ny"), *PERIOD, *SYSTEM)
        # strace ends as what it ran did.
        self.run_it(*line, status=-9, under=under_strace(
            self, "syncfs:signal=SIGKILL:when=1"))
        self.assertIn(".sluse-part", os.listdir(self.path("ny.part")))
        self.run_it(*line)
        self.assertFalse(os.path.exists(self.path("ny.part")))
        self.assertNotIn(".sluse-part", os.listdir(self.path("ny")))

    def test_input_is_only_read(self):
        folder = self.harvest(harvests.small())

        def state():
            return {p: os.stat(os.path.join(w, p)).st_mtime_ns
                    for w, d, n in os.walk(folder) for p in d + n}
        before = state()
        self.run_it("noark5", folder, self.path("ut"), *PERIOD, *SYSTEM)
        self.run_it("journal", folder)
        self.assertEqual(state(), before)

    def test_hostile(self):
        def lines(change):
            def make(folder):
                path = os.path.join(folder, "units.jsonl")
                with open(path, encoding="utf-8") as file:
                    rows = file.read().splitlines()
                rows = change(rows)
                with open(path, "w", encoding="utf-8") as file:
                    file.write("\n".join(rows) + "\n")
                about(units=len(rows))(folder)
            return make

        def more(text):
            return lines(lambda rows: rows + [text])

        def about(**change):
            def make(folder):
                path = os.path.join(folder, "harvest.json")
                with open(path) as file:
                    head = json.load(file)
                head.update(change)
                with open(path, "w") as file:
                    json.dump(head, file)
            return make

        def unit(**change):
            return json.dumps(dict({
                "kind": "arkivdel", "id": uid("z"), "parent": uid("arkiv"),
                "fields": {}}, **change))

        def latin(folder):
            with open(os.path.join(folder, "units.jsonl"), "ab") as file:
                file.write(b'{"kind":"\xe5"}\n')

        def below(depth):
            def change(rows):
                parents = ["arkiv"] + ["m%d" % n for n in range(depth)]
                return rows[:1] + [unit(kind="mappe", id=uid(me),
                                        parent=uid(up))
                                   for up, me in zip(parents, parents[1:])]
            return lines(change)

        cases = {
            "no head": (lambda f: os.unlink(os.path.join(f, "harvest.json")),
                        "no harvest.json"),
            "unfinished": (about(complete=False), "not finished"),
            "format": (about(format=2), "format 1"),
            "counts": (about(units=3), "harvest.json says 3"),
            "negative": (about(units=-1), "a member"),
            "text": (about(units="31"), "a member"),
            "no JSON": (more("{"), "no JSON"),
            "list": (more("[]"), "no unit"), "empty": (more(""), "no JSON"),
            "twice": (more('{"kind":"endring","kind":"endring","fields":{}}'),
                      "no JSON"),
            "kind": (more(unit(kind="arkivx")), "no kind"),
            "member": (more(unit(ekstra=1)), "member that none has"),
            "fields": (more(unit(fields=[])), "fields is no object"),
            "parent": (more(unit(parent=uid("p1"))), "parent is not open"),
            "root": (more(unit(parent=None)), "no parent"),
            "second": (more(unit(kind="arkiv", parent=None)), "second arkiv"),
            "long id": (more(unit(id="x" * 200)), "no short text"),
            "escape": (more(unit(file="files/../../etc/passwd",
                                 sha256="0" * 64, size=1)), "go together"),
            "other path": (more(unit(file="files/00/" + "1" * 64,
                                     sha256="0" * 64, size=1)),
                           "go together"),
            "no size": (more(unit(file="files/00/" + "0" * 64,
                                  sha256="0" * 64)), "go together"),
            "deep": (more('{"kind":"endring","fields":' + "[" * 70 + "]" * 70
                          + "}"), "nested too deep"),
            "deep units": (below(70), "in one another"),
            "latin-1": (latin, "no JSON"),
            "no end": (lambda f: os.truncate(
                os.path.join(f, "units.jsonl"), 500), "does not end"),
            "long line": (more('{"kind":"endring","fields":{"a":"%s"}}'
                               % ("x" * (5 << 20))), "4 MiB"),
        }
        for i, (name, (make, why)) in enumerate(cases.items()):
            with self.subTest(name):
                folder = self.harvest(harvests.small(), "h%d" % i)
                make(folder)
                self.run_it("noark5", folder, self.path("ut"), *PERIOD,
                            *SYSTEM, status=5)
                self.assertIn(why, self.said)
                self.assertNotIn("Testesen", self.said)
                self.assertEqual([n for n in os.listdir(self.top)
                                  if n.startswith("ut")], [])

    def test_no_changes_no_log(self):
        h = harvests.small()
        h.units.pop()
        folder = self.extract(h)
        self.assertEqual(self.rules("merknad"), {"endringslogg"})
        self.assertFalse(os.path.exists(
            os.path.join(folder, "endringslogg.xml")))
        rows, red = self.check(folder)
        self.assertEqual((red, rows[61]["state"]), ([], "untested"))

    def test_no_package(self):
        """What is not there is not tested, and not ok."""
        folder = self.path("nothing")
        os.mkdir(folder)
        rows, red = self.check(folder)
        self.assertEqual(red, [1])
        self.assertEqual({n for n, row in rows.items()
                          if row["state"] == "ok"}, {33})

    def test_extension_as_format(self):
        folder = self.extract(harvests.small(), "--format", "extension")
        _, red = self.check(folder, "--arkade")
        self.assertEqual(red, [])
        folder = self.extract(harvests.small(), name="h2", out="ut2")
        _, red = self.check(folder, "--arkade")
        self.assertEqual(red, [29])

    def test_harvests_of_a_core(self):
        """What sluse-push harvested of a core of another make."""
        for name, want, red in (
                ("storvik-2019", {"mangler", "ugyldig", "blandet"}, [3]),
                ("storvik", {"mangler", "ugyldig", "blandet", "arkivdel",
                             "saksstatus", "journalstatus", "dokumentstatus",
                             "fil_mangler", "sjekksum"},
                 [3, 15, 22, 25, 59, 60])):
            folder = os.path.join(TOP, "tests/data/harvest", name)
            self.run_it("noark5", folder, self.path(name) + "/", "--from",
                        "2019-01-01", "--to", "2026-12-31", *SYSTEM, status=1)
            self.assertEqual({r["Regel"] for r in self.deviations(name)
                              if r["Vekt"] == "avvik"}, want)
            package = self.path(name, "avleveringspakke")
            _, found = self.check(package)
            self.assertEqual(found, red)
            self.assertEqual(Oracle(
                package, {"x-fmt/111": {"txt"}, "fmt/18": {"pdf"}}).red(), red)
            for line in (("journal",), ("journal", "--public"),
                         ("restanser",)):
                self.run_it(line[0], folder, *line[1:])

    def test_lines(self):
        for line in ((), ("noark5", "a"), ("noark5", "a", "b"),
                     ("noark5", "a", "b", "--from", "2025-13-01", "--to",
                      "2025-12-31"), ("noark5", "--x"), ("check",),
                     ("journal",), ("journal", "h", "--format", "doc"),
                     ("restanser", "h", "--public"), ("nei",)):
            self.run_it(*line, status=2)
        folder = os.path.join(TOP, "tests/data/harvest", "storvik")
        backwards = ("--from", "2025-12-31", "--to", "2025-01-01")
        for line in (("journal", folder), ("journal", folder, "--public"),
                     ("restanser", folder),
                     ("noark5", folder, self.path("back"))):
            self.run_it(*line, *backwards, status=2)
            self.assertIn("is later than --to", self.said)
        self.run_it("journal", self.path("nei"), status=5)
        self.assertEqual(self.said.count("No such file"), 1)
        self.run_it("check", self.path("nei"), status=5)
        self.assertIn("noark5", self.run_it("--help"))


# -- broken packages -----------------------------------------------------------
def edit(name, *changes):
    def make(folder):
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            changed = re.sub(old, new, text, count=1, flags=re.S)
            if changed == text:
                raise AssertionError("nothing to change: " + old)
            text = changed
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return make


def structure(*changes):
    return edit("arkivstruktur.xml", *changes)


def addml(*changes):
    return edit("arkivuttrekk.xml", *changes)


def resum(folder):
    """The checksums of arkivuttrekk.xml as the files are now."""
    path = os.path.join(folder, "arkivuttrekk.xml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name in os.listdir(folder):
        if name.endswith((".xml", ".xsd")) and name != "arkivuttrekk.xml":
            text = re.sub(
                r"(<value>%s</value>(?:(?!name=\"file\").)*?"
                r"name=\"value\">\s*<value>)[0-9a-f]{64}" % re.escape(name),
                lambda m: m[1] + sha256(os.path.join(folder, name)), text,
                flags=re.S)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def remove(name):
    return lambda folder: os.unlink(os.path.join(folder, name))


def write(name, data):
    def make(folder):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return make


DOC = "dokumenter/0000/0000001.pdf"
CLASS = ("<klasse><systemID>%s</systemID><klasseID>1</klasseID>"
         "<tittel>x</tittel><opprettetDato>2025-01-01T00:00:00Z"
         "</opprettetDato><opprettetAv>x</opprettetAv></klasse>" % uid("ny"))
POST = ("<registrering><systemID>%s</systemID><opprettetDato>"
        "2025-01-01T00:00:00Z</opprettetDato><opprettetAv>x</opprettetAv>"
        "<arkivertDato>2025-01-01T00:00:00Z</arkivertDato><arkivertAv>x"
        "</arkivertAv><tittel>x</tittel></registrering>" % uid("nypost"))
ONE_MORE = addml((r"(//registrering</value>.*?<value>)5", r"\g<1>6"))
# What is broken -> the tests that must be red, and no others.
BROKEN = {
    "a file is missing": (remove("endringslogg.xsd"), [1]),
    "checksum": (addml((r"(name=\"value\">\s*<value>)[0-9a-f]{4}",
                        r"\g<1>0000")), [2]),
    "algorithm": (addml(("SHA-256", "MD5")), [2]),
    "not the schema's": (structure(("<tittel>Sakarkiv", "<x>1</x>\\g<0>")),
                         [3]),
    "schema altered": (edit("metadatakatalog.xsd", ("M001", "M002")), [3]),
    "count of mapper": (addml((r"(//mappe</value>.*?<value>)2",
                               r"\g<1>3")), [10]),
    "case in a class with classes": (structure(
        ("(Diverse.*?)<mappe", r"\1%s<mappe" % CLASS)), [3, 12]),
    "case not closed": (structure(
        ("<saksstatus>Avsluttet", "<saksstatus>Under behandling")), [15]),
    "count of posts": (addml((r"(//registrering</value>.*?<value>)5",
                              r"\g<1>9")), [16]),
    "no post type": (structure(
        ("<journalposttype>Inngående dokument", "<journalposttype>")),
        [3, 17, 63]),
    "post in a class with classes": (lambda folder: (structure(
        ("(klassifikasjonstype>.*?Diverse</tittel>.*?opprettetAv>\n)<mappe",
         r"\1%s%s<mappe" % (CLASS, POST)))(folder), ONE_MORE(folder)),
        [3, 12, 19]),
    "post not archived": (structure(
        ("<journalstatus>Arkivert", "<journalstatus>Journalført")), [22]),
    "document not finished": (structure(
        ("Dokumentet er ferdigstilt", "Dokumentet er under redigering")),
        [25]),
    "no date": (structure(
        ("(<registrering xsi:type.*?<opprettetDato>)2025-01-07T",
         r"\g<1>2025-13-07T")), [3, 27]),
    "count of files": (addml((r"(antallDokumentfiler\">\s*<value>)6",
                              r"\g<1>7")), [28]),
    "format": (structure(("fmt/18", "fmt/43")), [29]),
    "document changed": (write(DOC, b"noe annet"), [30]),
    "document gone": (lambda folder: (remove(DOC)(folder), addml(
        (r"(antallDokumentfiler\">\s*<value>)6", r"\g<1>5"))(folder)),
        [30, 32]),
    "nobody's document": (lambda folder: (
        write("dokumenter/ekstra.pdf", PDF % 9)(folder), addml(
            (r"(antallDokumentfiler\">\s*<value>)6", r"\g<1>7"))(folder)),
        [33]),
    "path upwards": (structure(
        ("dokumenter/0000/0000001.pdf",
         "dokumenter/../dokumenter/0000/0000001.pdf")), [30, 32, 33]),
    "screening denied": (addml(
        (r"(inneholderSkjermetInformasjon\">\s*<value>)true",
         r"\1false")), [42]),
    "disposal said": (addml(
        (r"(inneholderDokumenterSomSkalKasseres\">\s*<value>)false",
         r"\1true")), [44]),
    "disposed said": (addml(
        (r"(omfatterDokumenterSomErKassert\">\s*<value>)false",
         r"\1true")), [45]),
    "systemID twice": (structure((uid("p4"), uid("p5"))), [47]),
    "no such arkivdel": (structure(
        ("(<referanseArkivdel>)[^<]*", r"\g<1>" + uid("nei"))), [48]),
    "no such class": (structure(
        ("(<referanseSekundaerKlassifikasjon>)[^<]*",
         r"\g<1>" + uid("p1"))), [51]),
    "journals differ": (edit("offentligJournal.xml", (
        "<antallJournalposter>5", "<antallJournalposter>4")), [59]),
    "dates differ": (edit("offentligJournal.xml", (
        "(<journalStartDato>)2025-01-07", r"\g<1>2025-01-06")), [60]),
    "log refers to nothing": (edit("endringslogg.xml", (
        uid("p1"), uid("nei"))), [62]),
    "empty element": (structure(
        ("<noekkelord>bygg<", "<noekkelord><")), [3, 63]),
    "a journal is missing": (lambda folder: (
        remove("offentligJournal.xml")(folder)), [1, 59, 60]),
    "no arkivuttrekk.xml": (remove("arkivuttrekk.xml"), [1]),
}


class Broken(Depot):
    def test_each(self):
        self.extract(harvests.small())
        for name, (make, want) in BROKEN.items():
            with self.subTest(name):
                shutil.copytree(self.path("ut"), self.path("en"))
                folder = self.path("en", "avleveringspakke")
                make(folder)
                if os.path.exists(os.path.join(folder, "arkivuttrekk.xml")) \
                        and want != [2]:
                    resum(folder)
                rows, red = self.check(self.path("en"))
                self.assertEqual(red, want, [
                    rows[n]["places"] for n in red])
                mine = Oracle(folder, ENDINGS, XSD).red()
                if name == "schema altered":
                    mine = [3]
                self.assertEqual(mine, want)
                shutil.rmtree(self.path("en"))

    def test_every_error_is_broken_once(self):
        """domain: the tests that can find an error."""
        can = {1, 2, 3, 10, 12, 15, 16, 17, 19, 22, 25, 27, 28, 29, 30, 32, 33,
               42, 44, 45, 47, 48, 51, 59, 60, 62, 63}
        self.assertEqual(can - set().union(*(w for _, w in BROKEN.values())),
                         set())

    def test_places(self):
        folder = self.extract(harvests.small())
        BROKEN["case not closed"][0](folder)
        resum(folder)
        rows, _ = self.check(folder)
        place = rows[15]["places"][0]
        with open(os.path.join(folder, "arkivstruktur.xml"),
                  encoding="utf-8") as file:
            line = file.read().splitlines()[place["line"] - 1]
        self.assertIn("Under behandling", line)
        self.assertEqual(place["id"], uid("sak17"))

    def test_document_type(self):
        folder = self.extract(harvests.small())
        structure(("<arkiv ", '<!DOCTYPE a [<!ENTITY b "c">]>\n<arkiv '))(
            folder)
        self.run_it("check", folder, status=5)

    def test_shared_sample(self):
        folder = os.path.join(SHARED, "data/noark5-min-5.5/avleveringspakke")
        if not os.path.isdir(folder):
            self.skipTest("there is no " + folder)
        rows, red = self.check(folder)
        oracle = Oracle(folder, ENDINGS)
        self.assertEqual((red, oracle.red()), ([1], [1]))
        for number, n in oracle.count.items():
            self.assertEqual(rows[number]["count"], n, number)


class Journals(Depot):
    def rows(self, command, h, *more, name="h"):
        if not os.path.exists(self.path(name)):
            self.harvest(h, name)
        out = self.run_it(command, self.path(name), "--json", *more)
        rows = [json.loads(line) for line in out.splitlines()]
        self.facts = rows[-1]
        return rows[:-1]

    def test_order_and_columns(self):
        rows = self.rows("journal", harvests.small())
        self.assertEqual([r["number"] for r in rows],
                         ["%d/2025" % n for n in range(1, 6)])
        self.assertEqual(rows[1]["title"],
                         "Nabomerknad fra Kari Prøve om helsetilstand")
        self.assertEqual(rows[0]["writtenoff"], "2025-02-03 Besvart med brev")
        self.assertEqual(rows[0]["handler2"], "Berit Behandler")
        rows = self.rows("journal", None, "--from", "2025-01-10", "--to",
                         "2025-02-03")
        self.assertEqual([r["number"] for r in rows], ["2/2025", "3/2025"])

    def test_the_law_as_it_held_then(self):
        """Each has a name of its own, and a journal without posts is of its
        days."""
        def told(out):
            def pairs(them):
                self.assertEqual(len(dict(them)), len(them))
                return dict(them)
            facts = json.loads(out.splitlines()[-1], object_pairs_hook=pairs)[
                "facts"]
            return [facts[key] for key in sorted(facts) if
                    re.fullmatch(r"law(_\d+)?", key)]
        folder = self.harvest(harvests.small())
        old, new = "arkivforskrifta (FOR", "arkivforskrift (FOR"
        for days, want in (
                ((), {old}), (("--from", "2019-01-01", "--to", "2019-12-31"),
                              {old}),
                (("--from", "2026-02-01", "--to", "2026-02-28"), {new}),
                (("--to", "2019-12-31"), {old}),
                (("--from", "2026-03-01"), {new}),
                (("--from", "2025-12-31", "--to", "2026-01-01"), {old, new})):
            law = told(self.run_it("journal", folder, "--json", *days))
            self.assertEqual({line.split("-")[0] for line in law}, want, days)
            self.assertEqual(len(law), 2 * len(want), days)

    def test_xml_is_noarks(self):
        folder = self.harvest(harvests.small())
        for public, name in ((), "loependeJournal"), \
                (("--public",), "offentligJournal"):
            out = self.run_it("journal", folder, "--format", "xml", *public)
            path = self.path(name + ".xml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(out)
            if shutil.which("xmllint"):
                subprocess.run(
                    ["xmllint", "--noout", "--schema",
                     os.path.join(XSD, name + ".xsd"), path], check=True,
                    stderr=subprocess.DEVNULL)
        self.assertIsNone(self.tree(self.top, "offentligJournal.xml").find(
            ".//journalpost/tittel"))

    def test_a_systemid_is_no_person(self):
        h = harvests.small()
        ident = "0a020132-9999-4aaa-8aaa-02013299997a"
        was = uid("p3")
        h = json.loads(json.dumps(h.units).replace(was, ident))
        small = harvests.small()
        small.units = h
        folder = self.extract(small)
        self.assertEqual(self.check(folder)[1], [])
        ids = [n.text for n in self.tree(folder, "offentligJournal.xml").iter(
            "systemID")]
        self.assertIn(ident, ids)

    # (skjerming of the post, of the case, title, offentligTittel) -> shown
    TITLES = (
        (None, None, "Brev om tak", None, "Brev om tak"),
        (None, None, "Brev", "Åpent", "Åpent"),
        (["TRO"], None, "Om sykdom", None, "*****"),
        (["TRO"], None, "Om sykdom", "Om *****", "Om *****"),
        (["NA"], None, "Fra Kari Prøve", None, "*****"),
        (["TR1"], None, "Merknad\nom sykdom", None, "Merknad *****"),
        (["TR1"], None, "Merknad om sykdom", None, "*****"),
        (["TR1", "M"], None, "Merknad\nom sykdom", None, "*****"),
        (None, ["TMO"], "Om sykdom", None, "*****"),
        ([], None, "Om sykdom", None, "*****"),
    )

    def test_public_titles(self):
        for i, (post, case, title, public, want) in enumerate(self.TITLES):
            with self.subTest(title, post=post, case=case):
                h = harvests.small()
                for unit, codes in (("p1", post), ("sak17", case)):
                    if codes is not None:
                        h.find(unit)["fields"]["skjerming"] = {
                            "tilgangsrestriksjon": code("P"),
                            "skjermingshjemmel": "Offl. § 13",
                            "skjermingMetadata": [code(c) for c in codes]}
                h.find("p1")["fields"]["tittel"] = title
                if public:
                    h.find("p1")["fields"]["offentligTittel"] = public
                rows = self.rows("journal", h, "--public", name="h%d" % i)
                self.assertEqual(rows[0]["title"], want)

    def test_public_names(self):
        """Screened; temporary; a year; bodies; not known."""
        h = harvests.small()
        h.find("p4")["fields"]["korrespondansepart"] = [
            {"korrespondanseparttype": code("EA"), "navn": "Hvem Vet"}]
        h.find("p3")["fields"]["skjerming"] = {
            "tilgangsrestriksjon": code("XX"), "skjermingshjemmel": "-",
            "skjermingMetadata": [code("TRO")]}
        fresh = {r["number"]: r["parties"] for r in self.rows(
            "journal", h, "--public", "--today", "2026-01-06")}
        self.assertEqual(fresh["1/2025"], "Avsender: Ola Testesen; "
                         "Intern mottaker: Berit Behandler")
        self.assertEqual(fresh["2/2025"], "Avsender: *****")
        self.assertEqual(fresh["3/2025"], "Mottaker: *****")
        year = {r["number"]: r["parties"] for r in self.rows(
            "journal", h, "--public", "--today", "2026-01-07")}
        self.assertEqual(year["1/2025"],
                         "Avsender: *****; Intern mottaker: *****")
        late = {r["number"]: r["parties"] for r in self.rows(
            "journal", h, "--public", "--today", "2027-01-07")}
        self.assertIn("Avsender: Velforeningen", late["5/2025"])
        self.assertIn("Avsender: *****", late["4/2025"])
        self.assertNotIn("Hvem", str(late))

    def test_screened_nobody_knows_what(self):
        """A code that Noark has not, or none at all: kept back. A document
        alone that is screened keeps no name back."""
        clear = ({"skjermingDokument": code("H")},
                 {"skjermingMetadata": [code("TRO")]},
                 {"skjermingMetadata": [code("X", "Skjerming klasseID")]})
        unclear = ({"skjermingMetadata": [code("ALT", "Skjerming av alt")]},
                   {"skjermingMetadata": [code("TR1"), code("na")]},
                   {"skjermingMetadata": "Navn"}, {"skjermingMetadata": []},
                   {})
        for i, said in enumerate(clear + unclear):
            with self.subTest(said):
                h = harvests.small()
                h.find("p1")["fields"].update(
                    tittel="Merknad\nom sykdom", skjerming=dict(
                        tilgangsrestriksjon=code("P"), skjermingshjemmel="-",
                        **said))
                row = self.rows("journal", h, "--public", "--today",
                                "2026-01-06", name="h%d" % i)[0]
                self.assertEqual(row["title"], "*****")
                self.assertEqual("Testesen" in row["parties"], said in clear)

    def test_graded_by_restriction(self):
        """The codes of the two instructions, also without gradering; but not
        an installation's own by the same letters."""
        for i, (given, out) in enumerate((
                (code("H"), True), (code("SF"), True),
                (code("9", "Fortrolig etter beskyttelsesinstruksen"), True),
                (code("K", "Kommunelege"), False), (code("KL"), False))):
            with self.subTest(given):
                h = harvests.small()
                h.find("p1")["fields"]["skjerming"] = {
                    "tilgangsrestriksjon": given, "skjermingshjemmel": "-",
                    "skjermingMetadata": [code("TRO")]}
                rows = self.rows("journal", h, "--public", name="h%d" % i)
                self.assertEqual(len(rows), 4 if out else 5)
                self.assertEqual(
                    "graded" in self.facts["facts"], out)
        self.harvest(h, "x")
        h.find("p1")["fields"]["skjerming"]["tilgangsrestriksjon"] = code("H")
        self.extract(h, status=1, name="y")
        self.assertIn("gradert", self.rules())

    def test_classes_and_grades(self):
        h = harvests.small()
        h.find("L42")["fields"]["skjerming"] = {
            "tilgangsrestriksjon": code("P"), "skjermingshjemmel": "-",
            "skjermingMetadata": [code("KID")]}
        h.find("sak18")["fields"]["gradering"] = {
            "graderingskode": code("B")}
        rows = self.rows("journal", h, "--public")
        self.assertEqual([(r["number"], r["class"]) for r in rows],
                         [("%d/2025" % n, None) for n in (1, 2, 3)])
        self.assertEqual(self.facts["facts"]["graded"], "2")
        self.assertEqual(len(self.rows("journal", None)), 5)

    def test_screening_not_answered(self):
        """A dead link is not "none": treated as screened, as graded."""
        h = harvests.small()
        for unit, name in (("p1", "skjerming"), ("L42", "skjerming"),
                           ("sak18", "skjerming"), ("p4", "gradering")):
            h.find(unit)["lacks"] = [name]
        open_rows = self.rows("journal", h)
        rows = self.rows("journal", None, "--public", "--today", "2026-01-06")
        self.assertEqual([(r["number"], r["title"], r["class"]) for r in rows],
                         [("1/2025", "*****", None),
                          ("2/2025", "Nabomerknad ***** *****", None),
                          ("3/2025", "Tillatelse til tiltak - garasje", None),
                          ("5/2025", "*****", "000 Diverse")])
        self.assertEqual([(r["parties"], r["casetitle"]) for r in rows][::3], [
            ("Avsender: *****; Intern mottaker: *****",
             "Gnr 12 bnr 34 - garasje"),
            ("Avsender: *****; Intern mottaker: *****", "*****")])
        self.assertEqual(self.facts["facts"]["graded"], "1")
        self.assertEqual(len(open_rows), 5)
        self.assertIsNone(open_rows[0].get("restriction"))

    def test_what_is_not_journaled(self):
        h = harvests.small()
        for unit, status in (("p1", "M"), ("p2", "J"), ("p3", "U"),
                             ("p4", "R"), ("p5", "?")):
            h.find(unit)["fields"]["journalstatus"] = code(status)
        for more in ((), ("--public",)):
            rows = self.rows("journal", h, *more)
            self.assertEqual([r["number"] for r in rows], ["2/2025", "3/2025"])
            self.assertEqual(self.facts["facts"]["unjournaled"], "3")
        self.assertEqual(self.rows("restanser", h), [])
        self.run_it("journal", self.path("h"), "--format", "xml")
        self.assertIn("3 posts are not journaled", self.said)

    def test_by_the_day_of_assessment(self):
        """Krav 5.2.8: what was temporarily screened comes into the journal of
        the day it was assessed, whatever the day it was journaled."""
        h = harvests.small()
        for unit, day in (("p1", "2025-06-02"), ("p2", "2025-06-01"),
                          ("p4", "2025-05-31"), ("p5", "2025-06-02")):
            h.find(unit)["fields"]["offentlighetsvurdertDato"] = day
        h.find("p5")["fields"]["journalstatus"] = code("M")
        by = ("--public", "--assessed")
        rows = self.rows("journal", h, *by, "--from", "2025-06-01", "--to",
                         "2025-06-02")
        self.assertEqual([r["number"] for r in rows], ["1/2025", "2/2025"])
        self.assertEqual(self.facts["facts"]["unassessed"], "1")  # p3
        rows = self.rows("journal", None, *by)
        self.assertEqual([r["number"] for r in rows],
                         ["1/2025", "2/2025", "4/2025"])
        rows = self.rows("journal", None, *by, "--to", "2025-05-31")
        self.assertEqual([r["number"] for r in rows], ["4/2025"])
        self.assertEqual(self.rows("journal", None, *by, "--to", "2025-01-31"),
                         [])
        # By journaldato as before, and nothing is said of assessment.
        self.assertEqual(self.rows("journal", None, "--public", "--from",
                                   "2025-05-31", "--to", "2025-06-02"), [])
        self.assertNotIn("unassessed", self.facts["facts"])
        out = self.run_it("journal", self.path("h"), *by, "--format", "xml")
        with open(self.path("offentligJournal.xml"), "w") as file:
            file.write(out)
        head = self.tree(self.top, "offentligJournal.xml").find("journalhode")
        self.assertEqual({n: head.find(n).text for n in (
            "journalStartDato", "journalSluttDato", "seleksjon",
            "antallJournalposter")}, {
                "journalStartDato": "2025-05-31",
                "journalSluttDato": "2025-06-02",
                "seleksjon": "offentlighetsvurdertDato",
                "antallJournalposter": "3"})
        self.assertIn("1 posts are not assessed", self.said)
        if shutil.which("xmllint"):
            subprocess.run(
                ["xmllint", "--noout", "--schema",
                 os.path.join(XSD, "offentligJournal.xsd"),
                 self.path("offentligJournal.xml")], check=True,
                stderr=subprocess.DEVNULL)
        for line in (("journal", "--assessed"), ("restanser", "--assessed")):
            self.run_it(line[0], self.path("h"), *line[1:], status=2)

    def test_national_numbers_nowhere(self):
        h = harvests.small()
        h.find("p1")["fields"].update(
            tittel="Søknad fra %s og %s" % (FNR, DNR),
            offentligTittel="Søknad " + FNR)
        h.find("sak17")["fields"]["tittel"] = "Sak %s %s" % (
            FNR2032[:6], FNR2032[6:])
        h.find("p3")["fields"]["korrespondansepartperson"][0]["navn"] = \
            "Ola " + DNR
        h.find("000")["fields"]["klasseID"] = FNR
        h.find("p4")["fields"]["korrespondansepartintern"][0][
            "saksbehandler"] = FNR
        folder = self.harvest(h)
        numbers = re.compile("|".join(
            (FNR, DNR, FNR2032, FNR2032[:6] + " " + FNR2032[6:])))
        for line in (("journal",), ("journal", "--public"), ("restanser",)):
            for form in ("table", "csv", "json", "html", "xml"):
                if line[0] == "restanser" and form == "xml":
                    continue
                out = self.run_it(line[0], folder, *line[1:], "--format", form,
                                  "--today", "2025-12-20")
                self.assertIsNone(numbers.search(out + self.said),
                                  (line, form))
                self.assertIn("*****", out)
        self.assertIn("masked", self.run_it(
            "journal", folder, "--format", "xml") and self.said)
        rows = self.rows("journal", None)
        self.assertEqual(rows[0]["title"], "Søknad fra ***** og *****")
        self.assertGreater(int(self.facts["facts"]["masked"]), 4)
        self.run_it("noark5", folder, self.path("ut"), *PERIOD, *SYSTEM)
        for name in ("loependeJournal.xml", "offentligJournal.xml"):
            with open(self.path("ut", "avleveringspakke", name),
                      encoding="utf-8") as file:
                self.assertIsNone(numbers.search(file.read()))
        self.assertEqual(self.rules("merknad"), {"fnr"})
        rows, red = self.check(self.path("ut"))
        self.assertEqual((red, rows[13]["values"]),
                         ([], {"L42": 1, "*****": 1}))
        h.find("000")["fields"]["opprettetDato"] = "i fjor"
        self.extract(h, status=1, name="h2", out="ut2")
        self.assertIn(("ugyldig", "*****"),
                      [(r["Regel"], r["Nummer"])
                       for r in self.deviations("ut2")])
        with open(self.path("ut", "avleveringspakke", "arkivstruktur.xml"),
                  encoding="utf-8") as file:
            self.assertIn(FNR, file.read())

    def test_national_numbers_however_parted(self):
        """As word processors and people write them."""
        for i, text in enumerate((
                FNR[:6] + "\u00a0" + FNR[6:], FNR[:6] + " \u2013 " + FNR[6:],
                "02.01.32 99997", "02 01 32 99997", "020132 99 997")):
            h = harvests.small()
            h.find("p1")["fields"]["tittel"] = "Fra %s, om tak" % text
            for more in ((), ("--public",)):
                self.assertEqual(self.rows(
                    "journal", h, *more, name="h%d" % i)[0]["title"],
                    "Fra *****, om tak")

    def test_open_posts(self):
        h = harvests.small()
        h.find("p5")["fields"].pop("korrespondansepartintern")
        rows = self.rows("restanser", h, "--today", "2025-12-29")
        # 3 November to 29 December 2025: 38 working days (25 and 26 off).
        self.assertEqual(
            [(r["unit"], r["handler"], r["registreringsid"], r["age"])
             for r in rows],
            [("Byggesak", "Saksbehandler Eksempel", "2025/18-2", 18),
             ("Kultur", "Kåre Kultur", "2025/18-1", 38)])
        h.find("p4")["fields"]["journalstatus"] = code("U")
        rows = self.rows("restanser", h, "--today", "2025-12-29", name="h2")
        self.assertEqual([r["registreringsid"] for r in rows], ["2025/18-2"])

    def test_forms(self):
        folder = self.harvest(harvests.small())
        out = self.run_it("journal", folder, "--format", "html")
        self.assertTrue(out.startswith("<!DOCTYPE html>"))
        self.assertIn("arkivforskrifta (FOR-2017-12-15-2105) § 9", out)
        self.assertNotIn("FOR-2025-12-17", out)
        self.assertNotIn("Kø", out)
        # People read Norwegian days, programs and spreadsheets ISO's.
        iso = re.compile(r"\b20\d\d-\d\d-\d\d")
        for form in ("html", "table"):
            for line in (("journal",), ("restanser",)):
                out = self.run_it(*line, folder, "--format", form, "--from",
                                  "2025-01-01", "--to", "2025-12-31")
                self.assertEqual([x for x in iso.findall(out.split(
                    "Journalposter")[0]) if x != "2017-12-15"], [], out)
                self.assertRegex(out, r"01\.01\.2025 – 31\.12\.2025")
                self.assertRegex(out, r"\d\d\.\d\d\.20\d\d \d\d:\d\d\b")
        self.assertIn("03.02.2025 Besvart med brev", self.run_it(
            "journal", folder, "--format", "table"))
        row = self.rows("journal", None)[0]
        for name in ("journaldato", "dokumentdato"):
            self.assertRegex(row[name], r"^20\d\d-\d\d-\d\d$")
        out = self.run_it("journal", folder, "--format", "csv")
        head = next(csv.reader(io.StringIO(out.lstrip("\ufeff")),
                               delimiter=";"))
        self.assertEqual(head[0], "Løpenr.")
        done = subprocess.run(
            [os.path.join(BUILD, "bin", "sluse"), "depot", "restanser",
             folder, "--format", "pdf"], stdout=subprocess.PIPE, check=True)
        self.assertTrue(done.stdout.startswith(b"%PDF-"))


if __name__ == "__main__":
    unittest.main()
