"""The rest of an archive, which a post room never makes: series, classes,
plain folders and notes, parties, write-offs, logs.  All of it comes from a
seed file; a client can read it and nothing more.

A seed is a JSON list of nodes, each {"type", "id", "fields", "below", ...}.
`id` is a short name; the systemID is made from it, the same every time.  A
text "@name" anywhere in fields is the systemID of that node.  A code may be
written as its code alone.  What every Noark object has (opprettetDato and so
on) is inherited from the node above.  A dokumentobjekt has "file": {"text"}
or {"bytes": N}; length and checksum follow from it unless fields says
otherwise, which makes a file that is not what its object says; "gone": true
keeps the file out.  "secondary" names classes; "also" further parents: series
of a class system, registrations of a document; "series" the arkivdel of a
folder whose class serves several.
"""

import hashlib
import json
import uuid

import n5_model as model
from n5_model import (ARKIVENHET, CODES, COMMON, PARTS, REL, code_field,
                      given)

SAK, STRUCT, LOG = (REL + "sakarkiv/", REL + "arkivstruktur/",
                    REL + "loggingogsporing/")

CODES.update({
    "avskrivningsmaate": {"BU": "Besvart med brev", "BE": "Besvart med e-post",
                          "TLF": "Besvart på telefon",
                          "TE": "Tatt til etterretning",
                          "TO": "Tatt til orientering"},
    "klassifikasjonstype": {"EH": "Emne, hovedgruppering",
                            "GBN": "Gårds- og bruksnummer"},
    "partrolle": {"KLI": "Klient", "PÅ": "Pårørende", "FORM": "Formynder"},
    "flytstatus": {"G": "Godkjent", "I": "Ikke godkjent",
                   "S": "Sendt tilbake til saksbehandler med kommentarer"},
    "presedensstatus": {"G": "Gjeldende", "F": "Foreldet"},
    "hendelsetype": {"C": "Opprettet", "R": "Lest", "U": "Endret",
                     "D": "Slettet"},
    "kassasjonsvedtak": {"B": "Bevares", "K": "Kasseres",
                         "G": "Vurderes senere"},
})
ENDED = {"avsluttetDato": given("date"), "avsluttetAv": given(),
         "referanseAvsluttetAv": given()}
KEPT = {"kassasjon": given(None), "utfoertKassasjon": given(None),
        "sletting": given(None)}
NOTE_DATES = {name: given("date") for name in (
    "dokumentetsDato", "mottattDato", "sendtDato", "forfallsdato",
    "offentlighetsvurdertDato", "utlaantDato")}
ARCHIVED = {"arkivertDato": given("date"), "arkivertAv": given(),
            "registreringsID": given(), "referanseArkivdel": given(),
            "forfatter": given(None)}
PERSON = {name: given(None) for name in (
    "personidentifikator", "postadresse", "bostedsadresse",
    "kontaktinformasjon")}
UNIT = {name: given(None) for name in (
    "enhetsidentifikator", "forretningsadresse", "postadresse",
    "kontaktinformasjon")}
CHANGE = {"systemID": given(), "referanseArkivenhet": given(),
          "referanseMetadata": given(), "endretDato": given("date"),
          "endretAv": given(), "referanseEndretAv": given(),
          "tidligereVerdi": given(), "nyVerdi": given()}


def mute(fields):
    """The same fields, none of them for a client to send."""
    return {name: given(field.type) for name, field in fields.items()}


model.TYPES["arkiv"].update(
    ENDED, beskrivelse=given(), dokumentmedium=code_field("dokumentmedium"))
model.TYPES["arkivdel"].update(
    ENDED, beskrivelse=given(), dokumentmedium=code_field("dokumentmedium"),
    arkivperiodeStartDato=given("date"), arkivperiodeSluttDato=given("date"),
    **KEPT)
model.TYPES["saksmappe"].update(referanseAvsluttetAv=given(), **KEPT)
model.TYPES["journalpost"].update(
    referanseArkivertAv=given(), utlaantDato=given("date"),
    utlaantTil=given(), elektroniskSignatur=given(None), **KEPT)
model.TYPES["dokumentbeskrivelse"].update(elektroniskSignatur=given(None),
                                          **KEPT)
model.TYPES.update({
    "arkivskaper": dict(ARKIVENHET, arkivskaperID=given(),
                        arkivskaperNavn=given(), beskrivelse=given()),
    "klassifikasjonssystem": dict(
        ARKIVENHET, **ENDED, tittel=given(), beskrivelse=given(),
        klassifikasjonstype=code_field("klassifikasjonstype")),
    "klasse": dict(ARKIVENHET, **ENDED, klasseID=given(), tittel=given(),
                   beskrivelse=given(), noekkelord=given(None),
                   skjerming=given(None), gradering=given(None), **KEPT),
    "mappe": dict(ARKIVENHET, **ENDED, **KEPT, **mute(COMMON), mappeID=given(),
                  referanseForelderMappe=given()),
    "registrering": dict(ARKIVENHET, **KEPT, **mute(COMMON), **ARCHIVED),
    "arkivnotat": dict(ARKIVENHET, **KEPT, **mute(COMMON), **ARCHIVED,
                       **NOTE_DATES, antallVedlegg=given("integer"),
                       utlaantTil=given()),
    "partperson": dict(PERSON, systemID=given(), navn=given(),
                       partRolle=code_field("partrolle")),
    "partenhet": dict(UNIT, systemID=given(), navn=given(),
                      kontaktperson=given(),
                      partRolle=code_field("partrolle")),
    "kryssreferanse": {"referanseTilMappe": given(),
                       "referanseTilKlasse": given(),
                       "referanseTilRegistrering": given()},
    "bygning": {"systemID": given(), "byggidentifikator": given(None)},
    "plan": {"systemID": given(), "planidentifikator": given(None)},
    "avskrivning": {
        "systemID": given(), "avskrivningsdato": given("date"),
        "avskrevetAv": given(), "referanseAvskrevetAv": given(),
        "avskrivningsmaate": code_field("avskrivningsmaate"),
        "referanseAvskrivesAvJournalpost": given(),
        "referanseAvskrivesAvKorrespondansepart": given()},
    "dokumentflyt": {
        "systemID": given(), "flytTil": given(), "referanseFlytTil": given(),
        "flytFra": given(), "referanseFlytFra": given(),
        "flytMottattDato": given("date"), "flytSendtDato": given("date"),
        "flytStatus": code_field("flytstatus"), "flytMerknad": given()},
    "presedens": dict(
        ENDED, systemID=given(), presedensDato=given("date"),
        opprettetDato=given("date"), opprettetAv=given(),
        referanseOpprettetAv=given(), tittel=given(), beskrivelse=given(),
        presedensHjemmel=given(), rettskildefaktor=given(),
        presedensGodkjentDato=given("date"), presedensGodkjentAv=given(),
        presedensStatus=code_field("presedensstatus")),
    "konvertering": {
        "systemID": given(), "konvertertDato": given("date"),
        "konvertertAv": given(),
        "konvertertFraFormat": code_field("format"),
        "konvertertTilFormat": code_field("format"),
        "konverteringsverktoey": given(), "konverteringskommentar": given()},
    "endringslogg": CHANGE,
    "hendelseslogg": dict(CHANGE, hendelsetype=code_field("hendelsetype"),
                          beskrivelse=given(), hendelseDato=given("date")),
})
WHOLE = {kind for kind, fields in model.TYPES.items()
         if "opprettetAv" in fields and kind != "presedens"}
READ_ONLY = set(model.TYPES) - {
    "saksmappe", "journalpost", "merknad", "dokumentbeskrivelse",
    "dokumentobjekt", *PARTS}
FOLDERS = ("mappe", "saksmappe")
POSTS = ("registrering", "journalpost", "arkivnotat")
LOGS = ("endringslogg", "hendelseslogg")
PARTIES = ("partperson", "partenhet")
# Lists: name in the relation -> types of object it holds.
LISTS = {"arkiv": ("arkiv",), "underarkiv": ("arkiv",),
         "arkivskaper": ("arkivskaper",), "arkivdel": ("arkivdel",),
         "klassifikasjonssystem": ("klassifikasjonssystem",),
         "klasse": ("klasse",), "underklasse": ("klasse",),
         "sekundaerklassifikasjon": ("klasse",),
         "mappe": FOLDERS, "undermappe": FOLDERS,
         "saksmappe": ("saksmappe",), "registrering": POSTS,
         "journalpost": ("journalpost",), "korrespondansepart": PARTS,
         "part": PARTIES, "kryssreferanse": ("kryssreferanse",),
         "nasjonalidentifikator": ("bygning", "plan"),
         "merknad": ("merknad",), "avskrivning": ("avskrivning",),
         "dokumentflyt": ("dokumentflyt",), "presedens": ("presedens",),
         "dokumentbeskrivelse": ("dokumentbeskrivelse",),
         "dokumentobjekt": ("dokumentobjekt",),
         "konvertering": ("konvertering",),
         "endringslogg": LOGS, "hendelseslogg": ("hendelseslogg",)}
# What is listed below what; in the second row only where there is any.
POST_SHOWS = ("korrespondansepart", "merknad", "part", "dokumentbeskrivelse")
SHOWS = {"arkiv": ("arkivskaper", "arkivdel"),
         "arkivdel": ("mappe", "registrering"),
         "klassifikasjonssystem": ("klasse",),
         "klasse": ("mappe", "registrering"),
         "mappe": ("registrering", "merknad", "part"),
         "saksmappe": ("registrering", "journalpost", "merknad", "part"),
         "registrering": POST_SHOWS, "arkivnotat": POST_SHOWS,
         "journalpost": POST_SHOWS + ("avskrivning",),
         "dokumentbeskrivelse": ("dokumentobjekt", "merknad")}
POST_SHOWS_ANY = ("kryssreferanse", "nasjonalidentifikator", "dokumentflyt")
SHOWS_ANY = {"arkiv": ("underarkiv",), "arkivdel": ("klassifikasjonssystem",),
             "klasse": ("underklasse", "kryssreferanse"),
             "mappe": ("undermappe", "kryssreferanse",
                       "nasjonalidentifikator"),
             "saksmappe": ("undermappe", "kryssreferanse", "presedens",
                           "nasjonalidentifikator",
                           "sekundaerklassifikasjon"),
             "registrering": POST_SHOWS_ANY, "arkivnotat": POST_SHOWS_ANY,
             "journalpost": POST_SHOWS_ANY + ("presedens",),
             "dokumentobjekt": ("konvertering",)}
IN_SAK = {"saksmappe", "journalpost", "arkivnotat", "avskrivning",
          "dokumentflyt", "presedens", "sekundaerklassifikasjon"}
# How the relation to what is above is called, where it is not the type.
OVER = {("arkiv", "arkiv"): ("overarkiv",),
        ("klasse", "klasse"): ("overklasse",),
        ("mappe", "mappe"): ("overmappe",),
        ("mappe", "saksmappe"): ("overmappe",),
        ("registrering", "saksmappe"): ("mappe", "saksmappe"),
        ("dokumentbeskrivelse", "journalpost"): ("registrering",),
        ("dokumentbeskrivelse", "arkivnotat"): ("registrering",)}
PARENTS = {"arkiv", "arkivdel", "arkivskaper", "klassifikasjonssystem",
           "klasse", *FOLDERS, *POSTS, "dokumentbeskrivelse",
           "dokumentobjekt"}
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://example.no/sluse/seed/")


def system_id(name):
    return str(uuid.uuid5(SPACE, name))


def resolve(value):
    if isinstance(value, dict):
        return {k: resolve(v) for k, v in value.items()}
    if isinstance(value, list):
        return [resolve(v) for v in value]
    if isinstance(value, str) and value.startswith("@"):
        return system_id(value[1:])
    return value


def check(kind, fields):
    """Codes made whole; a field that the kind does not have is an error."""
    kept = {}
    for name, value in fields.items():
        field = model.TYPES[kind].get(name)
        if field is None:
            raise SystemExit("seed: %s has no %s" % (kind, name))
        if field.type == "code" and isinstance(value, str):
            value = {"kode": value}
        kept[name] = field.check(name, value) if field.check else value
    return kept


def file_bytes(spec):
    if "bytes" in spec:
        return (b"sluse\n" * (spec["bytes"] // 6 + 1))[:spec["bytes"]]
    return spec["text"].encode()


class Loader:
    """Puts a seed into a store; loading it twice changes nothing."""

    def __init__(self, store):
        self.store, self.user_id = store, system_id("arkivar")

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            for node in json.load(file):
                self.node(node, None, {
                    "opprettetDato": "2019-01-02T08:00:00+01:00",
                    "opprettetAv": "arkivar"})

    def node(self, node, parent, above):
        unknown = set(node) - {"type", "id", "fields", "below", "file",
                               "gone", "secondary", "also", "series"}
        if unknown:
            raise SystemExit("seed: %s: %s?" % (node.get("id"), unknown))
        kind, obj_id = node["type"], system_id(node["id"])
        fields = resolve(node.get("fields", {}))
        mine = {k: fields.get(k, v) for k, v in above.items()}
        attrs = {} if kind == "kryssreferanse" else {"systemID": obj_id}
        if kind in WHOLE:
            attrs.update(mine, referanseOpprettetAv=self.user_id)
        data = None
        if "file" in node:
            data = file_bytes(node["file"])
            attrs.update(sjekksum=hashlib.sha256(data).hexdigest(),
                         sjekksumAlgoritme="SHA-256",
                         filstoerrelse=len(data))
        attrs.update(check(kind, fields))
        obj = {"id": obj_id, "type": kind, "parent": parent, "version": 0,
               "attrs": attrs}
        for name in ("secondary", "also"):
            if name in node:
                obj[name] = [system_id(n) for n in node[name]]
        if "series" in node:
            obj["series"] = system_id(node["series"])
        known = self.store.get(obj_id) is not None
        if data is not None and not node.get("gone") and not known:
            with open(self.store.path(obj_id), "wb") as file:
                file.write(data)
            obj["file"] = {"size": len(data),
                           "sha256": hashlib.sha256(data).hexdigest()}
        if not known:
            self.store.put(obj)
        for child in node.get("below", ()):
            self.node(child, obj_id, mine)


def series_of(store, obj):
    """systemID of the arkivdel that an object lies in, or None."""
    while obj and obj["type"] != "arkivdel":
        obj = store.get(obj["parent"])
    return obj and obj["id"]


def open_series(store):
    """Where new cases go."""
    for obj_id in store.by_type["arkivdel"]:
        status = store.get(obj_id)["attrs"].get("arkivdelstatus")
        if status and status["kode"] == "A":
            return obj_id
    return store.by_type["arkivdel"][0]


def rel_of(name):
    bare = name[3:] if name.startswith("ny-") else name
    area = SAK if bare in IN_SAK else LOG if bare in LOGS else STRUCT
    return area + name + "/"


class Endless:
    """An answer of zeros that never takes memory."""

    def __init__(self, size, sized):
        self.status, self.size, self.bare = 200, size, False
        self.headers = [("Content-Type", "text/plain")]
        self.file, self.body, self.sized = None, b"", sized


class Shown:
    """Part of n5_server.N5: who stands below whom, and is shown there."""

    def parents(self, obj):
        """(relation, systemID) of what is above."""
        above = obj["parent"] and self.store.get(obj["parent"])
        if not above or obj["type"] not in PARENTS:
            return []
        kind = "mappe" if obj["type"] in FOLDERS else \
            "registrering" if obj["type"] in POSTS else obj["type"]
        found = [(name, above["id"]) for name in
                 OVER.get((kind, above["type"]), (above["type"],))]
        if obj["type"] in FOLDERS and above["type"] == "klasse":
            found.append(("arkivdel", obj.get("series") or
                          series_of(self.store, obj)))
        return found

    def shows(self, obj):
        names = list(SHOWS.get(obj["type"], ()))
        names += [name for name in SHOWS_ANY.get(obj["type"], ())
                  if self.found(name, LISTS[name], obj["id"], {})]
        return names

    def found(self, name, kinds, parent, equal):
        """The objects of a list. A series lists the folders of its classes
        too, as cores do."""
        store = self.store
        if parent is None:
            return store.candidates(kinds, None, equal)
        obj = store.get(parent)
        if name == "sekundaerklassifikasjon":
            return [store.get(i) for i in obj.get("secondary", ())]
        if name in LOGS:
            return [o for o in store.candidates(kinds, None, equal)
                    if o["attrs"].get("referanseArkivenhet") == parent]
        found = store.candidates(kinds, parent, equal)
        if name in ("dokumentbeskrivelse", "klassifikasjonssystem"):
            found = found + [o for o in map(store.get, store.by_type[name])
                             if parent in o.get("also", ())]
        if obj["type"] == "arkivdel" and name in ("mappe", "registrering"):
            found = found + self.in_classes(obj, kinds)
        return found

    def in_classes(self, series, kinds):
        """Of these kinds, what hangs on a class of the series."""
        store, found = self.store, []
        heads = self.found("klassifikasjonssystem",
                           ("klassifikasjonssystem",), series["id"], {})
        while heads:
            classes = store.below(heads.pop(0)["id"], "klasse")
            heads += classes
            for one in classes:
                found += [o for o in store.below(one["id"], *kinds)
                          if o.get("series", series["id"]) == series["id"]]
        return found
