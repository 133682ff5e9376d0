"""What may stand in a Noark 5 object: fields, types, code lists, rules.

Source: Noark 5 tjenestegrensesnitt 1.1, chapter 7 (attribute tables and
code lists) and Noark 5 v5.5.  Where the text leaves a field open for input
([0..1] before, [1..1] after) the server gives it, and a client that sends it
is refused, except for the fields a mail room must know better than the core.
"""

import datetime
import re
import uuid

from fakelib import Refused

REL = "https://rel.arkivverket.no/noark5/v5/api/"
JSON_TYPE = "application/vnd.noark5+json"
PATCH_TYPE = "application/merge-patch+json"

CODES = {
    "arkivstatus": {"O": "Opprettet", "A": "Avsluttet"},
    "arkivdelstatus": {"A": "Aktiv periode", "O": "Overlappingsperiode",
                       "P": "Avsluttet periode", "U": "Uaktuelle mapper"},
    "saksstatus": {"B": "Under behandling", "A": "Avsluttet", "U": "Utgår",
                   "R": "Opprettet av saksbehandler",
                   "S": "Avsluttet av saksbehandler",
                   "P": "Unntatt prosesstyring",
                   "F": "Ferdig fra saksbehandler"},
    "journalstatus": {"J": "Journalført",
                      "F": "Ferdigstilt fra saksbehandler",
                      "G": "Godkjent av leder", "E": "Ekspedert",
                      "A": "Arkivert", "U": "Utgår",
                      "M": "Midlertidig registrering av innkommet dokument",
                      "S": "Saksbehandler har registrert innkommet dokument",
                      "R": "Reservert dokument"},
    "journalposttype": {"I": "Inngående dokument", "U": "Utgående dokument",
                        "N": "Organinternt dokument for oppfølging",
                        "X": "Organinternt dokument uten oppfølging",
                        "S": "Saksframlegg"},
    "dokumenttype": {"B": "Brev", "R": "Rundskriv", "F": "Faktura",
                     "O": "Ordrebekreftelse"},
    "dokumentstatus": {"B": "Dokumentet er under redigering",
                       "F": "Dokumentet er ferdigstilt"},
    "tilknyttetregistreringsom": {"H": "Hoveddokument", "V": "Vedlegg"},
    "dokumentmedium": {"F": "Fysisk medium", "E": "Elektronisk arkiv",
                       "B": "Blandet fysisk og elektronisk arkiv"},
    "variantformat": {"P": "Produksjonsformat", "A": "Arkivformat",
                      "O": "Dokument hvor deler av innholdet er skjermet"},
    "format": {"av/0": "Ukjent format", "x-fmt/111": "Ren tekst",
               "fmt/353": "TIFF versjon 6",
               "fmt/95": "PDF/A 1a - ISO 19005-1:2005",
               "fmt/354": "PDF/A 1b - ISO 19005-1:2005",
               "fmt/101": "XML", "fmt/42": "JPEG", "fmt/11": "PNG"},
    "korrespondanseparttype": {"EA": "Avsender", "EM": "Mottaker",
                               "EK": "Kopimottaker", "GM": "Gruppemottaker",
                               "IA": "Intern avsender",
                               "IM": "Intern mottaker",
                               "IK": "Intern kopimottaker",
                               "IS": "Medavsender"},
    "merknadstype": {"MS": "Merknad fra saksbehandler",
                     "ML": "Merknad fra leder",
                     "MA": "Merknad fra arkivansvarlig"},
    "graderingskode": {"SH": "Strengt hemmelig (sikkerhetsgrad)",
                       "H": "Hemmelig (sikkerhetsgrad)",
                       "K": "Konfidensielt (sikkerhetsgrad)",
                       "B": "Begrenset (sikkerhetsgrad)",
                       "F": "Fortrolig (beskyttelsesgrad)",
                       "SF": "Strengt fortrolig (beskyttelsesgrad)"},
    "tilgangsrestriksjon": {
        "B": "Begrenset etter sikkerhetsinstruksen",
        "K": "Konfidensielt etter sikkerhetsinstruksen",
        "H": "Hemmelig etter sikkerhetsinstruksen",
        "F": "Fortrolig etter beskyttelsesinstruksen",
        "SF": "Strengt fortrolig etter beskyttelsesinstruksen",
        "5": "Unntatt etter offentlighetsloven § 5",
        "5a": "Unntatt etter offentlighetsloven § 5a",
        "6": "Unntatt etter offentlighetsloven § 6",
        "11": "Unntatt etter offentlighetsloven § 11",
        "XX": "Midlertidig sperret", "P": "Personalsaker",
        "KL": "Klientsaker"},
    "skjermingmetadata": {
        "KID": "Skjerming klasseID", "TKL": "Skjerming tittel klasse",
        "TM1": "Skjerming tittel mappe - unntatt første linje",
        "TMO": "Skjerming tittel mappe - utvalgte ord",
        "NPS": "Skjerming navn part i sak",
        "TR1": "Skjerming tittel registrering - unntatt første linje",
        "TRO": "Skjerming tittel registrering - utvalgte ord",
        "NA": "Skjerming navn avsender", "NM": "Skjerming navn mottaker",
        "TD": "Skjerming tittel dokumentbeskrivelse",
        "MT": "Skjerming merknadstekst", "M": "Midlertidig skjerming"},
    "skjermingdokument": {"H": "Skjerming av hele dokumentet",
                          "D": "Skjerming av deler av dokumentet"},
}

PARTS = ("korrespondansepartperson", "korrespondansepartenhet",
         "korrespondansepartintern")
OWN_KEY = "vnd-sluse-v1:noekkel"
VSM = {OWN_KEY: "string", "vnd-sluse-v1:mottaksnummer": "string"}

DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?"
                      r"(Z|[+-]\d\d:\d\d)")
DATE = re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)")
ELEVEN = re.compile(r"(?<!\d)(\d{6})[ .\u00a0-]?(\d{5})(?!\d)")
SHA256 = re.compile(r"[0-9a-f]{64}")
FORMAT = re.compile(r"(x-)?fmt/[1-9]\d*|av/\d+|vnd/[a-z0-9][a-z0-9./-]*")
MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


def now():
    return datetime.datetime.now().astimezone().isoformat("T", "milliseconds")


def birth_number(digits):
    """True for 11 digits that are a fødselsnummer or D-number, synthetic
    ones (month + 40, + 65 or + 80) among them."""
    d = [int(c) for c in digits]
    day, month = int(digits[:2]), int(digits[2:4])
    day -= 40 if day > 40 else 0
    for offset in (80, 65, 40):
        if month > offset:
            month -= offset
            break
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return False
    k1 = sum(a * b for a, b in zip(d, (3, 7, 6, 1, 8, 9, 4, 5, 2))) % 11
    k2 = sum(a * b for a, b in zip(d, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))) % 11
    return (11 - k1) % 11 == d[9] and (11 - k2) % 11 == d[10]


def organisation_number(digits):
    d = [int(c) for c in digits]
    rest = sum(a * b for a, b in zip(d, (3, 2, 7, 6, 5, 4, 3, 2))) % 11
    return (11 - rest) % 11 == d[8]


def bad(field, why):
    return Refused(400, "%s: %s" % (field, why))


def text(field, value):
    if not isinstance(value, str):
        raise bad(field, "text wanted")
    if not any(ch.isprintable() and not ch.isspace() for ch in value):
        raise bad(field, "empty text is no value")
    return value


def title(field, value):
    text(field, value)
    if len(value) > 1000 or any(ord(ch) < 32 or 127 <= ord(ch) < 160
                                for ch in value):
        raise bad(field, "control characters or above 1000 characters")
    for found in ELEVEN.finditer(value):
        if birth_number(found.group(1) + found.group(2)):
            raise bad(field, "holds a fødselsnummer")
    return value


def file_name(field, value):
    title(field, value)
    if "/" in value or "\\" in value or value in (".", ".."):
        raise bad(field, "a path, not a name")
    return value


def integer(field, value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad(field, "JSON number without fraction wanted")
    if value < 0:
        raise bad(field, "negative")
    return value


def positive(field, value):
    if integer(field, value) < 1:
        raise bad(field, "must be above 0")
    return value


def date_time(field, value):
    if not isinstance(value, str) or not DATETIME.fullmatch(value):
        raise bad(field, "dateTime with time zone wanted")
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        raise bad(field, "no such time") from None
    return value


def date(field, value):
    """Chapter 7 says datetime where the schemas say xs:date: both are let
    in, but always with a time zone (chapter 6, Overføringsformat)."""
    if isinstance(value, str) and DATE.fullmatch(value):
        try:
            datetime.date.fromisoformat(value[:10])
            return value
        except ValueError:
            raise bad(field, "no such date") from None
    return date_time(field, value)


def text_list(field, value):
    if not isinstance(value, list) or not value:
        raise bad(field, "list of texts wanted")
    return [text(field, item) for item in value]


def code(name):
    def check(field, value):
        if not isinstance(value, dict) or set(value) - {"kode", "kodenavn"} \
                or not isinstance(value.get("kode"), str):
            raise bad(field, 'an object {"kode": ...} wanted')
        known = CODES[name].get(value["kode"])
        if known is None and not (name == "format" and
                                  FORMAT.fullmatch(value["kode"])):
            raise bad(field, "unknown code %r" % value["kode"])
        if "kodenavn" in value and known and value["kodenavn"] != known:
            raise bad(field, "kodenavn does not belong to the code")
        full = {"kode": value["kode"]}
        if known or value.get("kodenavn"):
            full["kodenavn"] = known or text(field, value["kodenavn"])
        return full
    return check


def free_code(pattern):
    def check(field, value):
        if not isinstance(value, dict) or set(value) - {"kode", "kodenavn"} \
                or not isinstance(value.get("kode"), str) or \
                not re.fullmatch(pattern, value["kode"]):
            raise bad(field, "no such code")
        return value
    return check


def pattern(regex, why):
    def check(field, value):
        if not isinstance(value, str) or not regex.fullmatch(value):
            raise bad(field, why)
        return value
    return check


def exactly(*allowed):
    def check(field, value):
        if value not in allowed:
            raise bad(field, "must be %s" % " or ".join(allowed))
        return value
    return check


def group(fields):
    def check(field, value):
        if not isinstance(value, dict):
            raise bad(field, "object wanted")
        return check_fields(fields, value, field + ".")
    return check


def many(inner):
    def check(field, value):
        if not isinstance(value, list) or not value:
            raise bad(field, "list wanted")
        return [inner(field, item) for item in value]
    return check


def own_metadata(field, value):
    if not isinstance(value, dict) or not value:
        raise bad(field, "object with at least one field wanted")
    for name, item in value.items():
        if name not in VSM:
            raise bad(field, "%r is not in the metadata catalogue" % name)
        if VSM[name] == "string":
            text(name, item)
    return value


def person_id(field, value):
    if not isinstance(value, dict) or len(value) != 1 or \
            set(value) - {"foedselsnummer", "dNummer"}:
        raise bad(field, "one of foedselsnummer, dNummer wanted")
    number = next(iter(value.values()))
    if not isinstance(number, str) or \
            not re.fullmatch("[0-9]{11}", number) or not birth_number(number):
        raise bad(field, "not a valid number")
    return value


def unit_number(field, value):
    if not isinstance(value, str) or not re.fullmatch("[0-9]{9}", value) or \
            not organisation_number(value):
        raise bad(field, "not a valid organisasjonsnummer")
    return value


def system_id(field, value):
    try:
        if isinstance(value, str) and str(uuid.UUID(value)) == value:
            return value
    except ValueError:
        pass
    raise bad(field, "UUID wanted")


class Field:
    """check(field name, value) -> value to keep.  `type` is for $filter:
    string, integer, date, or None if it cannot be filtered on."""

    def __init__(self, check, type="string", need=False, given=False,
                 fixed=False):
        self.check = check
        self.type = type
        self.need = need
        self.given = given
        self.fixed = fixed


def check_fields(fields, value, prefix=""):
    kept = {}
    for name, item in value.items():
        field = fields.get(name)
        if field is None:
            raise bad(prefix + name, "unknown field")
        if field.given:
            raise bad(prefix + name, "is given by the core")
        if item is None:
            raise bad(prefix + name, "null; leave the member out")
        kept[name] = field.check(prefix + name, item)
    for name, field in fields.items():
        if field.need and name not in kept:
            raise bad(prefix + name, "obligatory, missing")
    return kept


def need(check, type="string", **more):
    return Field(check, type, need=True, **more)


def given(type="string"):
    return Field(None, type, given=True)


def code_field(name, need=False, **more):
    return Field(code(name), "code", need=need, **more)


ARKIVENHET = {
    "systemID": given(), "opprettetDato": given("date"),
    "opprettetAv": given(), "referanseOpprettetAv": given(),
    "endretDato": given("date"), "endretAv": given(),
    "referanseEndretAv": given(),
}
ADDRESS = group({
    "adresselinje1": Field(text), "adresselinje2": Field(text),
    "adresselinje3": Field(text),
    "postnr": Field(free_code("[0-9]{4}|[0-9A-Za-z -]{3,10}")),
    "poststed": need(text), "landkode": Field(free_code("[A-Z]{2}")),
})
CONTACT = group({"epostadresse": Field(pattern(
    re.compile(r"[^@\s]+@[^@\s]+"), "not an e-mail address")),
    "mobiltelefon": Field(text), "telefon": Field(text)})
SCREENING = group({
    "tilgangsrestriksjon": need(code("tilgangsrestriksjon")),
    "skjermingshjemmel": need(text),
    "skjermingMetadata": need(many(code("skjermingmetadata"))),
    "skjermingDokument": Field(code("skjermingdokument")),
    "skjermingsvarighet": Field(integer),
    "skjermingOpphoererDato": Field(date_time),
})
GRADING = group({"graderingskode": need(code("graderingskode")),
                 "graderingsdato": Field(date_time),
                 "gradertAv": Field(text)})
COMMON = {
    "tittel": need(title), "offentligTittel": Field(title),
    "beskrivelse": Field(text),
    "noekkelord": Field(text_list, None),
    "dokumentmedium": code_field("dokumentmedium"),
    "oppbevaringssted": Field(text_list, None),
    "skjerming": Field(SCREENING, None), "gradering": Field(GRADING, None),
    "virksomhetsspesifikkeMetadata": Field(own_metadata, None),
}
PART = {"systemID": given(),
        "korrespondanseparttype": code_field("korrespondanseparttype", True),
        "virksomhetsspesifikkeMetadata": Field(own_metadata, None)}

TYPES = {
    "arkiv": dict(ARKIVENHET, tittel=need(title),
                  arkivstatus=code_field("arkivstatus")),
    "arkivdel": dict(ARKIVENHET, tittel=need(title),
                     arkivdelstatus=code_field("arkivdelstatus")),
    "saksmappe": dict(
        ARKIVENHET, **COMMON, mappeID=given(), saksaar=given("integer"),
        sakssekvensnummer=given("integer"), saksdato=given("date"),
        avsluttetDato=given("date"), avsluttetAv=given(),
        administrativEnhet=need(text), saksansvarlig=Field(text),
        journalenhet=Field(text), saksstatus=code_field("saksstatus", True)),
    "journalpost": dict(
        ARKIVENHET, **COMMON, forfatter=Field(text_list, None),
        registreringsID=given(), referanseArkivdel=given(),
        arkivertDato=given("date"), arkivertAv=given(),
        journalaar=given("integer"), journalsekvensnummer=given("integer"),
        journalpostnummer=given("integer"), journaldato=given("date"),
        journalposttype=code_field("journalposttype", True),
        journalstatus=code_field("journalstatus", True),
        mottattDato=need(date_time, "date"),
        dokumentetsDato=Field(date, "date"), sendtDato=Field(date, "date"),
        forfallsdato=Field(date, "date"),
        offentlighetsvurdertDato=Field(date, "date"),
        antallVedlegg=Field(integer, "integer"), journalenhet=Field(text)),
    "korrespondansepartperson": dict(
        PART, navn=need(text), personidentifikator=Field(many(person_id),
                                                         None),
        postadresse=Field(ADDRESS, None), bostedsadresse=Field(ADDRESS, None),
        kontaktinformasjon=Field(CONTACT, None)),
    "korrespondansepartenhet": dict(
        PART, navn=need(text), enhetsidentifikator=Field(
            group({"organisasjonsnummer": need(unit_number)}), None),
        forretningsadresse=Field(ADDRESS, None),
        postadresse=Field(ADDRESS, None),
        kontaktinformasjon=Field(CONTACT, None), kontaktperson=Field(text)),
    "korrespondansepartintern": dict(
        PART, administrativEnhet=Field(text), saksbehandler=Field(text),
        referanseAdministrativEnhet=Field(system_id),
        referanseSaksbehandler=Field(system_id)),
    "merknad": {
        "systemID": given(), "merknadstekst": need(text),
        "merknadstype": code_field("merknadstype"),
        "merknadsdato": given("date"), "merknadRegistrertAv": given(),
        "referanseMerknadRegistrertAv": given()},
    "dokumentbeskrivelse": dict(
        ARKIVENHET, tittel=need(title), beskrivelse=Field(text),
        forfatter=Field(text_list, None),
        dokumenttype=code_field("dokumenttype", True),
        dokumentstatus=code_field("dokumentstatus", True),
        dokumentmedium=code_field("dokumentmedium"),
        oppbevaringssted=Field(text),
        tilknyttetRegistreringSom=code_field("tilknyttetregistreringsom",
                                             True),
        dokumentnummer=need(positive, "integer", fixed=True),
        tilknyttetDato=given("date"), tilknyttetAv=given(),
        referanseTilknyttetAv=given(), eksternReferanse=Field(text),
        skjerming=Field(SCREENING, None), gradering=Field(GRADING, None),
        virksomhetsspesifikkeMetadata=Field(own_metadata, None)),
    "dokumentobjekt": dict(
        ARKIVENHET, versjonsnummer=Field(integer, "integer", fixed=True),
        variantformat=code_field("variantformat", True, fixed=True),
        format=code_field("format", True, fixed=True),
        formatDetaljer=Field(text, fixed=True), filnavn=Field(file_name),
        sjekksum=need(pattern(SHA256, "64 lower-case hex digits wanted"),
                      fixed=True),
        sjekksumAlgoritme=need(exactly("SHA-256"), fixed=True),
        mimeType=need(pattern(MIME, "type/subtype in lower case wanted"),
                      fixed=True),
        filstoerrelse=need(positive, "integer", fixed=True),
        referanseDokumentfil=given()),
}
CODE_ROW = {"kode": "string", "kodenavn": "string"}
VSM_ROW = {"systemID": "string", "navn": "string", "type": "string",
           "beskrivelse": "string"}


def filter_fields(kinds):
    """Names that $filter may use for a list of these types."""
    names = {}
    for kind in kinds:
        for name, field in TYPES[kind].items():
            if field.type == "code":
                names[name + "/kode"] = names[name + "/kodenavn"] = "string"
            elif field.type:
                names[name] = field.type
        if "virksomhetsspesifikkeMetadata" in TYPES[kind]:
            names.update(VSM)
    return names


def value_of(attrs, name):
    """The value a filter field has in an object, or None."""
    if ":" in name:
        return attrs.get("virksomhetsspesifikkeMetadata", {}).get(name)
    first, _, rest = name.partition("/")
    value = attrs.get(first)
    return value.get(rest) if rest and value else value


def check_new(kind, value):
    """The attributes of a new object of this kind, or Refused."""
    if not isinstance(value, dict):
        raise Refused(400, "JSON object wanted")
    attrs = check_fields(TYPES[kind], value)
    check_rules(kind, attrs)
    return attrs


def check_put(kind, value, old):
    """PUT carries every attribute; what the core gives, or what is fixed,
    must come back as it was."""
    fields, rest = TYPES[kind], {}
    for name, item in value.items():
        if name == "_links":
            continue
        field = fields.get(name)
        if field and (field.given or field.fixed):
            if item != old.get(name):
                raise bad(name, "cannot be changed")
            if field.given:
                continue
        rest[name] = item
    for name in old:
        if fields[name].given and name not in value:
            raise bad(name, "missing in PUT")
    attrs = check_fields(fields, rest)
    check_rules(kind, attrs)
    return attrs


def check_rules(kind, attrs):
    """Rules over one object that no single field can state."""
    if kind == "journalpost":
        status = attrs["journalstatus"]["kode"]
        if status != "M":
            raise Refused(403, "journalstatus %s is not for this user: only"
                          " M (midlertidig registrering)" % status)
        if attrs["journalposttype"]["kode"] not in ("I", "X"):
            raise Refused(403, "journalposttype %s is not for this user: only"
                          " I, and X" % attrs["journalposttype"]["kode"])
    if kind == "korrespondansepartintern" and \
            not {"administrativEnhet", "saksbehandler"} & set(attrs):
        raise bad(kind, "administrativEnhet or saksbehandler wanted")
