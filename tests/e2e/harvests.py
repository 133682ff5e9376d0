"""Small harvests, as sluse-push writes them: what tests of sluse-depot read.

A Harvest is a list of units that a test may change before it is written.
"""
import copy
import hashlib
import json
import os
import uuid

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://example.no/sluse/harvest/")
PDF = b"%%PDF-1.4\n%% %d\n1 0 obj\n<</Type/Catalog>>\nendobj\n%%%%EOF\n"


def uid(name):
    return str(uuid.uuid5(SPACE, name))


def code(kode, navn=None):
    return {"kode": kode, "kodenavn": navn} if navn else {"kode": kode}


def born(when="2025-01-02T08:00:00+01:00", who="Arkivar Eksempel"):
    return {"opprettetDato": when, "opprettetAv": who,
            "referanseOpprettetAv": uid("arkivar")}


def ended(when="2025-12-31T23:00:00+01:00"):
    return {"avsluttetDato": when, "avsluttetAv": "Arkivar Eksempel"}


def person(navn, kode="EA"):
    return {"systemID": uid("p" + navn), "navn": navn,
            "korrespondanseparttype": code(kode),
            "postadresse": {"adresselinje1": "Prøveveien 1",
                            "postnr": {"kode": "1234"}, "poststed": "Prøve",
                            "landkode": {"kode": "NO"}}}


def office(navn, kode="EA"):
    return {"systemID": uid("o" + navn), "navn": navn,
            "korrespondanseparttype": code(kode),
            "enhetsidentifikator": {"organisasjonsnummer": "999999999"}}


def handler(unit, who, kode="IM"):
    return {"systemID": uid("h" + who), "korrespondanseparttype": code(kode),
            "administrativEnhet": unit, "saksbehandler": who}


class Harvest:
    """units: what stands in units.jsonl; blobs: sha256 -> bytes."""

    def __init__(self):
        self.units, self.blobs = [], {}

    def add(self, kind, name, parent, fields, **more):
        ident = uid(name) if name else None
        if name and kind not in ("endring", "arkivskaper"):
            fields = dict({"systemID": ident}, **fields)
        unit = {"kind": kind, "id": ident,
                "parent": uid(parent) if parent else None, "fields": fields}
        unit.update(more)
        self.units.append(unit)
        return unit

    def find(self, name):
        return next(u for u in self.units if u["id"] == uid(name))

    def document(self, post, n, title, data, som="V", **fields):
        name = "%s-d%d" % (post, n)
        self.add("dokumentbeskrivelse", name, post, dict(
            born(), tittel=title, dokumenttype=code("B", "Brev"),
            dokumentstatus=code("F", "Dokumentet er ferdigstilt"),
            tilknyttetRegistreringSom=code(som), dokumentnummer=n,
            tilknyttetDato="2025-01-07T08:20:00+01:00",
            tilknyttetAv="Arkivar Eksempel", **fields))
        self.object(name, data)

    def object(self, name, data, ending="pdf", puid="fmt/18", variant="A",
               versjon=1):
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        self.add("dokumentobjekt", "%s-o%d%s" % (name, versjon, variant), name,
                 dict(born(), versjonsnummer=versjon,
                      variantformat=code(variant), format=code(puid),
                      filnavn="dokument." + ending,
                      mimeType="application/pdf", sjekksum=digest,
                      sjekksumAlgoritme="SHA-256", filstoerrelse=len(data)),
                 file="files/%s/%s" % (digest[:2], digest), sha256=digest,
                 size=len(data))

    def case(self, name, parent, number, title, **fields):
        year, seq = number.split("/")
        self.add("mappe", name, parent, dict(
            born(), mappeID=number, tittel=title, saksaar=int(year),
            sakssekvensnummer=int(seq), saksdato=year + "-01-07+01:00",
            administrativEnhet="Byggesak",
            saksansvarlig="Saksbehandler Eksempel",
            saksstatus=code("A"), **dict(ended(), **fields)),
            type="saksmappe")

    def post(self, name, case, case_number, n, seq, title, kind="I",
             day="2025-01-07", **fields):
        given = dict(
            born(day + "T08:20:00+01:00"), tittel=title,
            registreringsID="%s-%d" % (case_number, n), journalaar=2025,
            journalsekvensnummer=seq, journalpostnummer=n,
            journalposttype=code(kind), journalstatus=code("A", "Arkivert"),
            journaldato=day + "+01:00", dokumentetsDato=day + "+01:00",
            arkivertDato="2025-12-01T12:00:00+01:00",
            arkivertAv="Arkivar Eksempel")
        if kind == "I":
            given["mottattDato"] = day + "T08:15:00+01:00"
        given.update(fields)
        self.add("registrering", name, case, given, type="journalpost")

    def copy(self):
        return copy.deepcopy(self)

    def write(self, folder, **about):
        os.makedirs(folder)
        for digest, data in self.blobs.items():
            where = os.path.join(folder, "files", digest[:2])
            os.makedirs(where, exist_ok=True)
            with open(os.path.join(where, digest), "wb") as file:
                file.write(data)
        with open(os.path.join(folder, "units.jsonl"), "w",
                  encoding="utf-8") as file:
            for unit in self.units:
                json.dump(unit, file, ensure_ascii=False)
                file.write("\n")
        head = {"format": 1, "target": "arkiv", "connector": "noark5",
                "made": "2026-01-15T10:00:00Z", "units": len(self.units),
                "files": len(self.blobs),
                "bytes": sum(map(len, self.blobs.values())), "complete": True}
        head.update(about)
        with open(os.path.join(folder, "harvest.json"), "w") as file:
            json.dump(head, file)
        return folder


SCREENED = {"tilgangsrestriksjon": code("P", "Personalsaker"),
            "skjermingshjemmel": "Offl. § 13 jf. fvl. § 13",
            "skjermingMetadata": [code("TRO"), code("NA")]}


def small():
    """Two classes, two cases, six posts, seven documents, two changes."""
    h = Harvest()
    h.add("arkiv", "arkiv", None, dict(born(), **ended(),
          tittel="Sakarkiv", arkivstatus=code("A", "Avsluttet")))
    h.add("arkivskaper", "skaper", "arkiv", {
        "systemID": uid("skaper"), "arkivskaperID": "999999999",
        "arkivskaperNavn": "Eksempel kommune"})
    h.add("arkivdel", "del", "arkiv", dict(
        born(), **ended(), tittel="Byggesak 2025",
        arkivdelstatus=code("P", "Avsluttet periode"),
        dokumentmedium=code("E"), arkivperiodeStartDato="2025-01-01",
        arkivperiodeSluttDato="2025-12-31"))
    h.add("klassifikasjonssystem", "system", "del", dict(
        born(), tittel="K-koder", klassifikasjonstype=code("KK", "K-koder")))
    h.add("klasse", "L42", "system", dict(
        born(), klasseID="L42", tittel="Byggesak (eksempel)",
        noekkelord=["bygg", "tiltak"]))
    h.case("sak17", "L42", "2025/17", "Gnr 12 bnr 34 - garasje",
           referanseSekundaerKlassifikasjon=[uid("000")],
           referanseArkivdel=uid("del"),
           partperson=[{"systemID": uid("part"), "navn": "Ola Testesen",
                        "partRolle": code("KLI", "Klient")}],
           virksomhetsspesifikkeMetadata={"vnd-sluse-v1:noekkel": "01"})
    h.post("p1", "sak17", "2025/17", 1, 1,
           "Søknad om tillatelse til tiltak - garasje",
           korrespondansepartperson=[person("Ola Testesen")],
           korrespondansepartintern=[handler("Byggesak", "Berit Behandler")],
           merknad=[{"systemID": uid("m"), "merknadstekst": "Hastet.",
                     "merknadstype": code("MS"),
                     "merknadsdato": "2025-01-08T09:00:00+01:00",
                     "merknadRegistrertAv": "Berit Behandler"}],
           avskrivning=[{"systemID": uid("a"),
                         "avskrivningsdato": "2025-02-03+01:00",
                         "avskrevetAv": "Berit Behandler",
                         "avskrivningsmaate": code("BU"),
                         "referanseAvskrivesAvJournalpost": uid("p3")}])
    h.document("p1", 1, "Søknad", PDF % 1, "H")
    h.document("p1", 2, "Situasjonsplan", PDF % 2)
    h.post("p2", "sak17", "2025/17", 2, 2,
           "Nabomerknad fra Kari Prøve om helsetilstand", day="2025-01-16",
           offentligTittel="Nabomerknad ***** *****",
           skjerming=SCREENED, offentlighetsvurdertDato="2025-01-17",
           korrespondansepartperson=[person("Kari Prøve")],
           avskrivning=[{"avskrivningsdato": "2025-02-03",
                         "avskrevetAv": "Berit Behandler",
                         "avskrivningsmaate": code("TO")}])
    h.document("p2", 1, "Nabomerknad", PDF % 3, "H")
    h.post("p3", "sak17", "2025/17", 3, 3,
           "Tillatelse til tiltak - garasje", kind="U", day="2025-02-03",
           sendtDato="2025-02-03T13:00:00+01:00",
           korrespondansepartperson=[person("Ola Testesen", "EM")])
    h.document("p3", 1, "Vedtak", PDF % 4, "H")
    h.add("klasse", "000", "system", dict(
        born(), klasseID="000", tittel="Diverse"))
    h.case("sak18", "000", "2025/18", "Leie av grendehus")
    # Numbers in another order than they lie in.
    h.post("p5", "sak18", "2025/18", 2, 5, "Purring på svar",
           day="2025-12-01", korrespondansepartenhet=[office("Velforeningen")],
           korrespondansepartintern=[handler("Kultur", "Kåre Kultur")])
    h.document("p5", 1, "Purring", PDF % 6, "H")
    h.post("p4", "sak18", "2025/18", 1, 4, "Ønske om leie",
           day="2025-11-03", korrespondansepartenhet=[office("Velforeningen")],
           korrespondansepartintern=[handler("Kultur", "Kåre Kultur")])
    h.document("p4", 1, "Brev", PDF % 5, "H")
    h.add("endring", "e1", None, {
        "referanseArkivenhet": uid("p1"), "referanseMetadata": "mottattDato",
        "endretDato": "2025-01-07T09:00:00+01:00",
        "endretAv": "Berit Behandler",
        "tidligereVerdi": "2025-01-08T08:15:00+01:00",
        "nyVerdi": "2025-01-07T08:15:00+01:00"})
    return h
