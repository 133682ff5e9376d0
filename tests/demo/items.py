"""What each demo item is and what must become of it: the manifest."""

import letters as L

SIDECAR = {
    "version": 1,
    "case": "2026/190",
    "title": "Svar på tilsynsrapport fra Solbakken barnehage",
    "documentDate": "2026-02-27",
    "type": "I",
    "sender": {"name": "Solbakken barnehage SA",
               "orgnr": L.ORG_KINDERGARTEN.replace(" ", "")},
    "main": "Svar på tilsynsrapport.pdf",
    "externalKey": "tilsyn-svar-2026-0031",
}

SVARINN = {
    "id": "5b1c0f7e-0b7c-4a53-9f0d-0f6f3f1d2a16",
    "avsender": {"navn": "Strandgata Dagligvare AS",
                 "adresselinje1": "Strandgata 11", "postnummer": "4999",
                 "poststed": "Elvestrand"},
    "mottaker": {"navn": "Elvestrand kommune"},
    "svarSendesTil": {"navn": "Strandgata Dagligvare AS",
                      "organisasjonsnummer": L.ORG_SHOP.replace(" ", "")},
    "tittel": "Søknad om fritak fra renovasjonsgebyr",
    "dato": "2026-03-09T13:05:00+01:00",
    "metadataForImport": {
        "mappeId": {"saksaar": 2026, "sakssekvensnummer": 52},
        "dokumentetsDato": "2026-03-08T23:00:00Z"},
    "sikkerhetsniva": "BETYDELIG", "taushetsbelagtPost": False,
    "nedlastingslenke": "https://svarut.example/svarinn/v2/forsendelser/1",
}

SBD = {
    "standardBusinessDocumentHeader": {
        "headerVersion": "1.0",
        "sender": [{"identifier": {
            "authority": "iso6523-actorid-upis",
            "value": "0192:" + L.ORG_COUNTY.replace(" ", "")}}],
        "receiver": [{"identifier": {
            "authority": "iso6523-actorid-upis", "value": "0192:310000019"}}],
        "documentIdentification": {
            "standard": "urn:no:difi:arkivmelding:xsd::arkivmelding",
            "typeVersion": "2.0", "type": "arkivmelding",
            "instanceIdentifier": "c2a6d3a4-58a0-4dd0-8a9b-6f6a1c2b3d17",
            "creationDateAndTime": "2026-03-06T10:00:00+01:00"},
        "businessScope": {"scope": [
            {"type": "ConversationId",
             "instanceIdentifier": "0d7e8f52-16d4-4a55-a1b3-6c8a3a9f0e17",
             "identifier":
                 "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0"},
            {"type": "ReceiverRef", "instanceIdentifier": "2026/158"}]}},
    "arkivmelding": {"sikkerhetsnivaa": 3},
}

ARKIVMELDING = """<?xml version="1.0" encoding="UTF-8"?>
<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <system>Fjordvik fylkeskommune</system>
 <meldingId>c2a6d3a4-58a0-4dd0-8a9b-6f6a1c2b3d17</meldingId>
 <tidspunkt>2026-03-06T10:00:00</tidspunkt><antallFiler>2</antallFiler>
 <mappe xsi:type="saksmappe">
  <systemID>7f3f1a52-6f0c-4c0e-9d27-2f1f1b0a0017</systemID>
  <tittel>Uttalelser til kommunale veger</tittel>
  <opprettetDato>2026-03-02T08:00:00</opprettetDato>
  <opprettetAv>Ragna Eikeland</opprettetAv>
  <basisregistrering xsi:type="journalpost">
   <systemID>7f3f1a52-6f0c-4c0e-9d27-2f1f1b0a0117</systemID>
   <opprettetDato>2026-03-06T09:00:00</opprettetDato>
   <opprettetAv>Ragna Eikeland</opprettetAv>
   <arkivertDato>2026-03-06T09:00:00</arkivertDato>
   <arkivertAv>Ragna Eikeland</arkivertAv>
   <referanseForelderMappe>7f3f1a52-6f0c-4c0e-9d27-2f1f1b0a0017</referanseForelderMappe>%s
   <tittel>Uttalelse om fartsdempere i Skoleveien</tittel>
   <journalposttype>Utgående dokument</journalposttype>
   <journalstatus>Ekspedert</journalstatus>
   <journaldato>2026-03-06</journaldato>
   <dokumentetsDato>2026-03-06</dokumentetsDato>
   <korrespondansepart>
    <korrespondanseparttype>Avsender</korrespondanseparttype>
    <korrespondansepartNavn>Fjordvik fylkeskommune</korrespondansepartNavn>
   </korrespondansepart>
  </basisregistrering>
  <saksaar>2026</saksaar><sakssekvensnummer>88</sakssekvensnummer>
  <saksdato>2026-03-02</saksdato>
  <administrativEnhet>Samferdsel</administrativEnhet>
  <saksansvarlig>Ragna Eikeland</saksansvarlig>
  <saksstatus>Under behandling</saksstatus>
 </mappe>
</arkivmelding>
""" % "".join("""
   <dokumentbeskrivelse>
    <systemID>7f3f1a52-6f0c-4c0e-9d27-2f1f1b0a0%d17</systemID>
    <dokumenttype>Brev</dokumenttype>
    <dokumentstatus>Dokumentet er ferdigstilt</dokumentstatus>
    <tittel>%s</tittel>
    <opprettetDato>2026-03-06T09:00:00</opprettetDato>
    <opprettetAv>Ragna Eikeland</opprettetAv>
    <tilknyttetRegistreringSom>%s</tilknyttetRegistreringSom>
    <dokumentnummer>%d</dokumentnummer>
    <tilknyttetDato>2026-03-06T09:00:00</tilknyttetDato>
    <tilknyttetAv>Ragna Eikeland</tilknyttetAv>
    <dokumentobjekt><versjonsnummer>1</versjonsnummer>
     <variantformat>Arkivformat</variantformat>
     <opprettetDato>2026-03-06T09:00:00</opprettetDato>
     <opprettetAv>Ragna Eikeland</opprettetAv>
     <referanseDokumentfil>%s</referanseDokumentfil></dokumentobjekt>
   </dokumentbeskrivelse>""" % row for row in (
       (3, "Skisse av gangfeltet", "Vedlegg", 2, "dok2.txt"),
       (2, "Uttalelse", "Hoveddokument", 1, "dok1.pdf")))

QUEUES = [
    {"name": "Skannet post", "kind": "I"},
    {"name": "E-post", "kind": "I"},
    {"name": "Digital post", "kind": "I"},
]

DONE = {"disposition": "done", "outcome": "in_journal"}


def done(case, title, documents, words, **more):
    return [{**DONE, "case": case, "title_contains": title,
             "documents": documents, "flags": [], "text_contains": words,
             **more}]


def stopped(disposition, reason, owner, words=(), **more):
    entry = {"disposition": disposition, "reason": reason, "owner": owner,
             "case": None, "documents": 1, "flags": []}
    if words:
        entry["text_contains"] = list(words)
    return [{**entry, **more}]


def item(id, name, drop_as, queue, dropped_by, entries, note, **more):
    return {"id": id, "name": name, "drop_as": drop_as, "queue": queue,
            "dropped_by": dropped_by, **more,
            "expect": {"entries": entries}, "note": note}


ITEMS = [
    item("01", "01-ledsagerbevis-skannet.pdf", "Skann_20260305_0001.pdf",
         "Skannet post", "skanner",
         done("2026/211", "ledsagerbevis", 1,
              ["Servicetorget", "rullestol", "ungdomsskole", "fysioterapi",
               "krykker", "avstigning", "samtykket"],
              date="2026-03-03", pages=2, title_excludes=[L.FNR_SON]),
         "Scanned letter, image-only PDF, 300 dpi JPEG, a little askew. Our "
         "case number stands in 'Deres ref'; a synthetic fødselsnummer in "
         "the body."),
    item("02", "02-nabovarsel.tif", "nabovarsel storgata 5.tif",
         "Skannet post", "skanner",
         done("2026/87", "Nabovarsel", 1,
              ["gjenboere", "dispensasjon", "listverk", "bakgården",
               "Skyggevirkningen", "Stillas", "Fortau"],
              date="2026-02-09", pages=3),
         "TIFF of three pages, one bit, CCITT G4, 300 dpi; page 3 is a "
         "drawing with few words. The architect's own 'Vår ref.' must not be "
         "taken for a case."),
    item("03", "03-skjenkebevilling.pdf", "Ny styrer Kafe Kroken.pdf",
         "Digital post", "postmottak",
         done("2025/1432", "Skjenkebevilling", 1,
              ["kunnskapsprøven", "Stedfortreder", "plantekasser",
               "rømningsveiene"], date="2026-02-11", pages=1),
         "Born-digital PDF with embedded TrueType. The case number has a "
         "two-digit year: 'Deres ref: 25/1432'."),
    item("04", "04-uttalelse-blandet.pdf", "Uttalelse Nordre Brygge.pdf",
         "Digital post", "postmottak",
         done("2026/176", "reguleringsplan", 1,
              ["Velforeningen", "byggehøyden", "spyleplass", "kassereren",
               "Fjellbakk", "Naustbakken"], date="2026-02-20", pages=3,
              page_sources=["text", "ocr", "ocr"]),
         "Page 1 has text and the case number; pages 2 and 3 are pictures "
         "whose words only OCR can find."),
    item("05", "05-klage-foto.jpg", "IMG_20260317_184205.jpg", "E-post",
         "postmottak",
         done("2026/305", "eiendomsskatt", 1,
              ["taksten", "kjelleren", "Utsiktsveien", "befaring"],
              date="2026-03-17", pages=1),
         "Telephone photo, stored lying on its side with Exif orientation 6, "
         "uneven light, slight perspective. 'Saksnr. 2026/305'."),
    item("06", "06-handikap-cp865.txt", "HANDIKAP.TXT", "Digital post",
         "fagsystem",
         done("2026/144", "HANDIKAP-KORT", 1,
              ["Østerås", "slitasjegikt", "legesenteret", "påske"],
              date="2026-02-24", charset="CP865",
              title_excludes=[L.FNR_PARKING]),
         "Plain text in CP865 with CRLF. The subject line holds a synthetic "
         "fødselsnummer, which must not reach the title."),
    item("07", "07-byggesoknad.zip", "Åsveien 14.zip", "Digital post",
         "fagsystem",
         done("2026/233", "garasje", 5,
              ["nabosamtykke", "avløpsledningen", "Takvinkel", "høydepinner",
               "Sørløkk"], date="2026-03-05",
              document_names=["Følgebrev Åsveien 14.txt",
                              "SITUASJONSPLAN ÅSVEIEN.PDF",
                              "Målsatt snitt æøå.pdf",
                              "Nabosamtykke Gunnhild Sørløkk.txt",
                              "Bildeliste påført høyder.txt"]),
         "Zip with names as UTF-8 (flag), raw CP865 (made on FAT) and "
         "Info-ZIP 0x7075, and a nested zip with raw CP865 and raw Latin-1 "
         "(made on Unix). One letter with four enclosures.",
         zip_names=[
             {"name": "Følgebrev Åsveien 14.txt", "encoding": "utf-8-flag"},
             {"name": "SITUASJONSPLAN ÅSVEIEN.PDF", "encoding": "cp865"},
             {"name": "Målsatt snitt æøå.pdf", "encoding": "0x7075"},
             {"name": "Nabosamtykker.zip", "encoding": "utf-8-flag",
              "members": [
                  {"name": "Nabosamtykke Gunnhild Sørløkk.txt",
                   "encoding": "cp865"},
                  {"name": "Bildeliste påført høyder.txt",
                   "encoding": "latin-1"}]}]),
    item("08", "08-dispensasjon.eml", "Dispensasjon for brygge.eml", "E-post",
         "imap",
         done("2026/267", "Dispensasjon for brygge på Sandøya", 3,
              ["Fiskerlaget", "landingssted", "Ålegressengen"],
              date="2026-03-04",
              document_names=["Redegjørelse brygge.pdf", "Brått vær.jpg"]),
         "E-mail: the message is the main document, a PDF and a picture are "
         "enclosures. Subject in encoded words, plain and HTML alternatives "
         "(one document, not two), names by RFC 2231 and by encoded word."),
    item("09", "09-tilsyn", "Svar fra Solbakken", "Digital post", "fagsystem",
         done("2026/190", "Svar på tilsynsrapport fra Solbakken barnehage", 3,
              ["samarbeidsutvalget", "Huskestativ"], date="2026-02-27",
              main="Svar på tilsynsrapport.pdf",
              sender="Solbakken barnehage SA"),
         "A folder as one consignment. The case number stands in sluse.json "
         "only; the sidecar itself is no document."),
    item("10", "10-uten-holdepunkt.pdf", "brev 2. mars.pdf", "Skannet post",
         "skanner",
         stopped("held", "no_evidence", "records centre",
                 ["bedehuset", "stikkveien"], date="2026-03-02"),
         "A readable letter with no reference at all."),
    item("11a", "11-trafikksikring.pdf", "Brev fra FAU leder.pdf",
         "Digital post", "postmottak",
         done("2026/158", "Trafikksikring", 1, ["fartsdumper", "steinbruddet"],
              date="2026-02-16"),
         "First of two drops of identical bytes."),
    item("11b", "11-trafikksikring.pdf", "FAU nestleder - trafikk.pdf",
         "E-post", "imap",
         done("2026/158", "Trafikksikring", 1, ["fartsdumper", "steinbruddet"],
              date="2026-02-16", flags=["possible_duplicate"]),
         "The same letter from another sender through another door: another "
         "entry, delivered too, flagged.", after="11a"),
    item("12a", "12-omsorg-hentet-1.eml", "4107.eml", "E-post", "imap",
         done("2026/119", "Ettersendt legeerklæring", 2,
              ["Furutun", "institusjon"], date="2026-03-10",
              title_excludes=[L.FNR_CARE]),
         "E-mail whose subject holds a synthetic fødselsnummer."),
    item("12b", "12-omsorg-hentet-2.eml", "19.eml", "E-post", "imap", [],
         "The same e-mail fetched again: same Message-ID, same parts, other "
         "Received and X- lines. No new entry, only an event.",
         after="12a", same_as="12a", event="duplicate_message"),
    item("13a", "13-avbrutt.pdf", "leie av idrettshall.pdf", "Digital post",
         "postmottak", stopped("broken", "damaged", "sender"),
         "PDF that breaks off inside its first picture; nothing to repair "
         "from."),
    item("13b", "13-kryptert.pdf", "Fullmakt.pdf", "E-post", "imap",
         stopped("held", "encrypted", "sender"),
         "PDF that needs a password to open. The case number inside cannot "
         "be read."),
    item("13c", "13-bombe.zip", "tegninger.zip", "E-post", "imap",
         stopped("quarantined", "limit_ratio", "IT operations"),
         "130 kB that unpack to 128 MiB; each member is under 100 MB, so it "
         "is the ratio that must stop it."),
    item("13d", "13-tom.pdf", "skann0007.pdf", "Skannet post", "skanner",
         stopped("broken", "empty_scan", "records centre"),
         "A file of no bytes."),
    item("14a", "14-nynorsk.pdf", "Rekneskap grendehuset.pdf",
         "Digital post", "postmottak",
         done("2026/98", "grendehus", 1,
              ["rekneskapen", "byggjetrinn", "Dugnadsgjengen", "prisane"],
              date="2026-02-23", language="nno"),
         "A letter in nynorsk: 'Dykkar ref.: 2026/98'."),
    item("14b", "14-ukjent-sak.pdf", "Leieavtale Havnes.pdf", "Digital post",
         "postmottak",
         stopped("held", "unknown_case", "records centre", ["leieavtalen"],
                 date="2026-03-10"),
         "Refers to 2026/9999, which is no known case."),
    item("14c", "14-avsluttet-sak.pdf", "Rekkverket Elvebrua.pdf",
         "Digital post", "postmottak",
         stopped("held", "case_closed", "records centre",
                 ["rekkverket", "entreprenøren"], date="2026-03-06",
                 candidates=["2024/876"]),
         "Refers to 2024/876, which is closed (Avsluttet)."),
    item("15", "15-eiendomsnummer.pdf", "grensejustering.pdf", "Digital post",
         "postmottak",
         stopped("held", "no_evidence", "records centre",
                 ["steingjerdet", "Oppmålingen"], date="2026-03-12",
                 not_cases=["2026/12"]),
         "Property numbers 44/690 and 44/12 and the month 12/2026 look like "
         "case numbers. 2026/12 exists, and must not be chosen."),
    item("16a", "16-svarinn.zip", "forsendelse-5b1c0f7e.zip", "Digital post",
         "fagsystem",
         done("2026/52", "Søknad om fritak fra renovasjonsgebyr", 2,
              ["avfallsmottaket", "beholder", "restavfall"],
              date="2026-03-09", main="soknad.pdf",
              sender="Strandgata Dagligvare AS"),
         "A forsendelse of SvarInn with its JSON. The case number stands in "
         "metadataForImport only; the JSON names the main document, which "
         "lies last in the zip."),
    item("16b", "16-eformidling.zip", "asic-c2a6d3a4.zip", "Digital post",
         "fagsystem",
         done("2026/158", "Uttalelse om fartsdempere i Skoleveien", 2,
              ["avrenningen", "kantsteinen"], date="2026-03-06",
              main="dok1.pdf", sender="Fjordvik fylkeskommune"),
         "An eFormidling message: SBD and arkivmelding.xml. The case number "
         "is the receiver's reference; 2026/88, which the arkivmelding "
         "names, is the sender's own case and must not be taken."),
]


def manifest(files):
    return {
        "version": 1,
        "provenance": "Made by the project with tests/demo/make_demo.py; "
                      "EUPL-1.2. All persons, firms and places are "
                      "invented.",
        "cases": "saker.csv",
        "distribution_case": "2026/1",
        "queues": QUEUES,
        "items": ITEMS,
        "files": files,
    }
