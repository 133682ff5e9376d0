"""The tests N5.01 to N5.64 of a Noark 5 extraction a second time, in Python's
standard library and xmllint: what sluse-depot check is held against.

Written from the list of what each test looks at, not from the program.
"""
import collections
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

FOLDERS = ("dokumenter", "DOKUMENTER", "dokument", "DOKUMENT")
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
SCHEMAS = {"arkivuttrekk": "addml", "arkivstruktur": "arkivstruktur",
           "endringslogg": "endringslogg",
           "loependeJournal": "loependeJournal",
           "offentligJournal": "offentligJournal"}
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def local(node):
    return node.tag.rsplit("}", 1)[-1]


def strip(root):
    for node in root.iter():
        node.tag = local(node)
    return root


def value(node, *path):
    for name in path:
        node = next((p for p in node.findall("properties/property")
                     if p.get("name") == name), None)
        if node is None:
            return None
    return node.findtext("value")


class Oracle:
    def __init__(self, folder, extensions=None, schemas=None):
        """extensions: PUID -> endings; without it every format is one."""
        self.folder, self.extensions = folder, extensions or {}
        self.schemas = schemas or folder
        self.errors, self.count = collections.Counter(), {}
        self.trees = {}
        for name in SCHEMAS:
            path = os.path.join(folder, name + ".xml")
            if os.path.exists(path):
                try:
                    self.trees[name] = strip(ET.parse(path).getroot())
                except ET.ParseError:
                    self.errors[3] += 1
        self.archive = self.trees.get("arkivstruktur", ET.Element("arkiv"))
        self.parent = {child: node for node in self.archive.iter()
                       for child in node}
        self.said = self.trees.get("arkivuttrekk")
        self.files()
        self.validity()
        self.documents()
        self.structure()
        self.journals()

    def info(self, *path):
        if self.said is None:
            return None
        for node in self.said.iter("property"):
            if node.get("name") == "additionalInfo":
                return value(node, *path)
        return None

    def files(self):
        if self.said is None:
            self.errors[1] += 1
            return
        named = {}
        for node in self.said.iter("property"):
            if node.get("name") != "file":
                continue
            sums = named.setdefault(value(node, "name"), [])
            if value(node, "checksum", "value"):
                sums.append((value(node, "checksum", "algorithm"),
                             value(node, "checksum", "value")))
        for name, sums in named.items():
            path = os.path.join(self.folder, name)
            if not os.path.exists(path):
                self.errors[1] += 1
            elif not sums or sums[0][0] not in ("SHA-256", "SHA256") or \
                    sums[0][1].lower() != sha256(path):
                self.errors[2] += 1

    def validity(self):
        for name, tree in self.trees.items():
            schema = os.path.join(self.schemas, SCHEMAS[name] + ".xsd")
            if shutil.which("xmllint") and os.path.exists(schema):
                done = subprocess.run(
                    ["xmllint", "--noout", "--nonet", "--schema", schema,
                     os.path.join(self.folder, name + ".xml")],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.errors[3] += done.returncode != 0
            for node in tree.iter():
                if len(node) == 0 and not (node.text or "").strip():
                    self.errors[63] += 1

    def documents(self):
        self.found = set()
        top = next((f for f in FOLDERS
                    if os.path.isdir(os.path.join(self.folder, f))), None)
        for where, _, names in os.walk(os.path.join(self.folder, top or "-")):
            for name in names:
                self.found.add(os.path.relpath(os.path.join(where, name),
                                               self.folder))
        said = self.info("antallDokumentfiler")
        self.count[28] = len(self.found)
        if said is not None and int(said) != len(self.found):
            self.errors[28] += 1
        used = collections.Counter()
        empty = 0
        for node in self.archive.iter("dokumentobjekt"):
            path = (node.findtext("referanseDokumentfil") or "").replace(
                "\\", "/")
            kind = (node.findtext("format") or "").lower()
            ending = os.path.splitext(path)[1][1:].lower()
            fits = self.extensions.get(kind, {kind})
            if kind and fits and ending not in fits:
                self.errors[29] += 1
            used[path] += 1
            if path not in self.found:
                self.errors[32] += 1
                self.errors[30] += 1
                continue
            full = os.path.join(self.folder, path)
            empty += os.path.getsize(full) == 0
            if sha256(full) != (node.findtext("sjekksum") or "").lower():
                self.errors[30] += 1
        self.errors[33] += len(self.found - set(used))
        self.count[34] = sum(n > 1 for p, n in used.items() if p in self.found)
        self.count[64] = empty

    def occurrences(self, what):
        if self.said is None:
            return None
        for node in self.said.iter("property"):
            if node.get("name") == "numberOfOccurrences" and \
                    node.findtext("value") == what:
                return int(value(node, "value"))
        return None

    def flag(self, number, name, n):
        self.count[number] = n
        said = self.info(name)
        if said is not None and (said == "true") != (n > 0):
            self.errors[number] += 1

    def structure(self):
        top = self.archive
        for number, name in ((5, "arkivdel"), (7, "klassifikasjonssystem"),
                             (8, "klasse"), (10, "mappe"),
                             (16, "registrering"),
                             (23, "dokumentbeskrivelse"),
                             (26, "dokumentobjekt"), (35, "part"),
                             (36, "merknad"), (38, "presedens"),
                             (39, "korrespondansepart"), (40, "avskrivning"),
                             (41, "dokumentflyt"), (43, "gradering"),
                             (46, "konvertering"), (47, "systemID")):
            self.count[number] = sum(1 for _ in top.iter(name))
        for number, name in ((10, "mappe"), (16, "registrering")):
            said = self.occurrences(name)
            if said is not None and said != self.count[number]:
                self.errors[number] += 1
        self.count[37] = sum(len(k) for k in top.iter("kryssreferanse"))
        for node in top.iter("klasse"):
            below = {local(child) for child in node}
            self.errors[12] += {"klasse", "mappe"} <= below
            self.errors[19] += {"klasse", "registrering"} <= below
        for node in top.iter("mappe"):
            status = node.findtext("saksstatus")
            self.errors[15] += status not in (None, "Avsluttet", "Utgår")
        self.count[14] = sum(
            node.find("mappe") is None and node.find("registrering") is None
            for node in top.iter("mappe"))
        self.posts = [n for n in top.iter("registrering")
                      if (n.get(TYPE) or "").endswith("journalpost")]
        for node in self.posts:
            kind, status = (node.find("journalposttype"),
                            node.findtext("journalstatus"))
            self.errors[17] += kind is not None and not kind.text
            self.errors[22] += status not in (None, "Arkivert", "Utgår")
        self.count[21] = sum(n.find("dokumentbeskrivelse") is None
                             for n in top.iter("registrering"))
        self.count[24] = sum(n.find("dokumentobjekt") is None
                             for n in top.iter("dokumentbeskrivelse"))
        for node in top.iter("registrering"):
            try:
                datetime.datetime.fromisoformat(
                    re.sub("Z$", "+00:00", node.findtext("opprettetDato", "")))
            except ValueError:
                self.errors[27] += node.find("opprettetDato") is not None
        for node in top.iter("dokumentbeskrivelse"):
            self.errors[25] += node.findtext("dokumentstatus") not in (
                None, "Dokumentet er ferdigstilt")
        self.flag(42, "inneholderSkjermetInformasjon",
                  sum(1 for _ in top.iter("skjerming")))
        self.flag(44, "inneholderDokumenterSomSkalKasseres",
                  sum(1 for _ in top.iter("kassasjon")))
        self.flag(45, "omfatterDokumenterSomErKassert",
                  sum(1 for n in top.iter("utfoertKassasjon")
                      if local(self.parent[n]) in ("arkivdel",
                                                   "dokumentbeskrivelse")))
        self.references()

    def references(self):
        top = self.archive
        kinds = {}
        seen = collections.Counter()
        for node in top.iter("systemID"):
            if UUID.fullmatch(node.text or ""):
                seen[node.text.lower()] += 1
                kinds.setdefault(node.text.lower(), local(self.parent[node]))
        self.errors[47] += sum(n - 1 for n in seen.values())
        for number, name, kind in (
                (48, "referanseArkivdel", "arkivdel"),
                (51, "referanseSekundaerKlassifikasjon", "klasse")):
            for node in top.iter(name):
                if kinds.get((node.text or "").lower()) != kind:
                    self.errors[number] += 1
        log = self.trees.get("endringslogg")
        if log is not None:
            self.count[61] = sum(1 for _ in log.iter("endring"))
            for node in log.iter("referanseArkivenhet"):
                self.errors[62] += (node.text or "").lower() not in kinds

    def journals(self):
        heads = [self.trees.get(n) for n in
                 ("loependeJournal", "offentligJournal")]
        if any(h is None for h in heads):
            if self.posts or any(h is not None for h in heads):
                self.errors[59] += 1
                self.errors[60] += 1
            return
        sharp = self.info("periode", "inngaaendeSkille") == "skarpt" and \
            self.info("periode", "utgaaendeSkille") == "skarpt"
        posts = {h.findtext("journalhode/antallJournalposter") for h in heads}
        dates = {(h.findtext("journalhode/journalStartDato"),
                  h.findtext("journalhode/journalSluttDato")) for h in heads}
        self.errors[59] += len(posts) > 1
        self.errors[60] += len(dates) > 1
        days = sorted(n.text[:10] for p in self.posts
                      for n in p.findall("journaldato"))
        if not days:
            self.errors[60] += 1
        elif sharp:
            self.errors[59] += posts != {str(len(self.posts))}
            self.errors[60] += dates != {(days[0], days[-1])}

    def red(self):
        return sorted(n for n, k in self.errors.items() if k)
