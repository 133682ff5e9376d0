"""The texts of the demo post.

All of it is written for Sluse.  Elvestrand kommune, its streets, firms and
persons do not exist; post code 9999 and the domain .example are nobody's.
Identity numbers are computed by synthetic_fnr() and synthetic_orgnr(), which
can only make numbers from the ranges kept for test data.
"""

from dataclasses import dataclass, field

TOWN = "9999 ELVESTRAND"
MUNICIPALITY = ["Elvestrand kommune", "Dokumentsenteret", "Rådhusplassen 1",
                TOWN]

CASES = [
    ("2026/1", "Fordelingssak postmottak 2026", "Under behandling",
     "Dokumentsenteret", "042"),
    ("2026/12", "Kommunalt næringsfond 2026", "Under behandling",
     "Næring og utvikling", "U01"),
    ("2026/52", "Renovasjonsgebyr - klager og fritak", "Under behandling",
     "Teknisk drift", "M50"),
    ("2026/87", "Nabovarsel Storgata 5", "Under behandling",
     "Plan og byggesak", "L42"),
    ("2026/98", "Tilskot til grendehus", "Under behandling",
     "Kultur og fritid", "D10"),
    ("2026/119", "Søknad om omsorgsstønad", "Under behandling",
     "Helse og mestring", "F27"),
    ("2026/144", "Parkeringstillatelse for forflytningshemmede",
     "Under behandling", "Servicetorget", "Q50"),
    ("2026/158", "Trafikksikring Skoleveien", "Under behandling",
     "Teknisk drift", "Q81"),
    ("2026/176", "Reguleringsplan Nordre Brygge", "Under behandling",
     "Plan og byggesak", "L12"),
    ("2026/190", "Tilsyn Solbakken barnehage", "Under behandling",
     "Oppvekst", "A10"),
    ("2026/211", "Søknad om ledsagerbevis", "Under behandling",
     "Servicetorget", "F08"),
    ("2026/233", "Byggesøknad garasje Åsveien 14", "Under behandling",
     "Plan og byggesak", "L42"),
    ("2026/267", "Dispensasjon brygge Sandøya", "Under behandling",
     "Plan og byggesak", "L42"),
    ("2026/305", "Klage på eiendomsskatt", "Under behandling",
     "Økonomi", "232"),
    ("2025/1432", "Skjenkebevilling Kafe Kroken", "Under behandling",
     "Servicetorget", "U63"),
    ("2024/876", "Rehabilitering av Elvebrua", "Avsluttet",
     "Teknisk drift", "Q20"),
]


def synthetic_fnr(day, month, year, individual):
    """A valid fødselsnummer of the Tenor kind: month + 80."""
    while True:
        head = f"{day:02}{month + 80:02}{year % 100:02}{individual:03}"
        digits = [int(c) for c in head]
        for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2),
                        (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)):
            digits.append(-sum(map(int.__mul__, digits, weights)) % 11)
        if max(digits[9:]) < 10:
            return "".join(map(str, digits))
        individual += 2


def synthetic_orgnr(serial):
    """A valid organisasjonsnummer of the test range that starts with 3."""
    while True:
        digits = [int(c) for c in f"3{serial:07}"]
        check = -sum(map(int.__mul__, digits, (3, 2, 7, 6, 5, 4, 3, 2))) % 11
        if check < 10:
            s = "".join(map(str, digits)) + str(check)
            return f"{s[:3]} {s[3:6]} {s[6:]}"
        serial += 1


FNR_SON = synthetic_fnr(14, 5, 2009, 612)
FNR_PARKING = synthetic_fnr(27, 9, 1951, 934)
FNR_CARE = synthetic_fnr(3, 11, 1978, 921)
ORG_ARCHITECT = synthetic_orgnr(1204410)
ORG_CAFE = synthetic_orgnr(2093377)
ORG_KINDERGARTEN = synthetic_orgnr(1550732)
ORG_SHOP = synthetic_orgnr(3160418)
ORG_COUNTY = synthetic_orgnr(4471190)


@dataclass
class Letter:
    """One letter; a paragraph that starts with '# ' is a heading."""

    sender: list
    subject: str
    body: list
    signer: list
    date: str
    refs: list = field(default_factory=list)
    to: list = field(default_factory=lambda: list(MUNICIPALITY))
    closing: str = "Med vennlig hilsen"
    enclosures: list = field(default_factory=list)
    font: str = "Sans"
    size: float = 10.5
    ink: bool = False           # a pen stroke over the signature


LEDSAGER = Letter(
    sender=["Tordis Myrvang", "Granliveien 7", TOWN],
    refs=[("Deres ref:", "2026/211")],
    date="3. mars 2026",
    subject="Søknad om ledsagerbevis for Eirik Myrvang",
    body=[
        "Jeg viser til brevet fra Servicetorget av 19. februar, der dere ber "
        "om flere opplysninger før søknaden om ledsagerbevis kan behandles.",
        f"Søknaden gjelder min sønn Eirik Myrvang, fødselsnummer {FNR_SON}. "
        "Han har en medfødt hjerneskade og bruker rullestol utendørs. Han "
        "kan ikke reise alene med buss eller ferge, og han trenger hjelp til "
        "å orientere seg, til å betale og til måltider.",
        "Eirik går i tiende klasse ved Elvestrand ungdomsskole. Han er glad "
        "i å svømme og å gå på kino, men vi må i dag betale full pris for den "
        "som følger ham. Det gjør at han ofte blir hjemme når de andre "
        "elevene drar på tur. Et ledsagerbevis vil bety mye for ham.",
        "Behovet er varig. Vi ber derfor om at beviset får så lang "
        "gyldighetstid som retningslinjene åpner for.",
        "Legg merke til at vi har flyttet siden vi søkte første gang. Den "
        "nye adressen står øverst i brevet.",
        "Uttalelse fra fysioterapeuten følger på neste side.",
    ],
    closing="Med vennlig hilsen",
    signer=["Tordis Myrvang"],
    enclosures=["Uttalelse fra fysioterapeut (1 side)",
                "Passfoto (leveres i Servicetorget)"],
    ink=True, font="Serif", size=11,
)

LEDSAGER_PAGE_2 = Letter(
    sender=["Brattli fysioterapi", "Torgveien 3", TOWN],
    to=["Til den det gjelder"],
    date="26. februar 2026",
    subject="Uttalelse om behov for ledsager",
    body=[
        "Eirik Myrvang har fått behandling her to ganger i uken siden 2017. "
        "Han har nedsatt kraft og styring i begge bein og i høyre arm, og "
        "han har vansker med å oppfatte avstand og fart.",
        "Innendørs klarer han korte avstander med krykker. Utendørs er han "
        "avhengig av rullestol, og i bakker og på ujevnt underlag må en annen "
        "person skyve stolen. Ved på- og avstigning på buss, tog og ferge må "
        "det alltid være en voksen til stede.",
        "Treningen gir god fremgang i utholdenhet, men det er ikke ventet at "
        "hjelpebehovet blir mindre. Etter min vurdering fyller han vilkårene "
        "for ledsagerbevis, og behovet er varig.",
        "Foresatte har samtykket i at uttalelsen sendes kommunen.",
    ],
    signer=["Jorunn Brattli", "fysioterapeut"],
    ink=True, font="Sans", size=10.5,
)

NABOVARSEL = Letter(
    sender=["Bratthammer Arkitekter AS", "Kaigata 11", TOWN,
            f"Org.nr. {ORG_ARCHITECT}"],
    refs=[("Vår ref.", "P-4471/SB"), ("Deres ref.", "2026/87")],
    date="9. februar 2026",
    subject="Nabovarsel for Storgata 5, påbygg og ny balkong",
    body=[
        "På vegne av eier Fredrik Haukås sender vi kopi av nabovarsel med "
        "kvittering for Storgata 5. Varselet ble sendt til seks naboer og "
        "gjenboere den 2. februar, og fristen for merknader er 16. februar.",
        "Tiltaket omfatter påbygg av en halv etasje mot bakgården, ny balkong "
        "i tredje etasje og utskifting av vinduer. Byggets høyde mot gata "
        "endres ikke. Fasaden mot Storgata beholder panel, listverk og farge.",
        "Det søkes om dispensasjon fra byggegrensen mot nabo i øst, der "
        "avstanden blir 3,2 meter. Eieren i Storgata 7 har samtykket "
        "skriftlig, og erklæringen ettersendes når den er tinglyst.",
        "Vi ber om at varselet legges til saken. Byggesøknaden sendes når "
        "fristen for merknader er ute.",
    ],
    signer=["Siri Bratthammer", "sivilarkitekt"],
    enclosures=["Beskrivelse av tiltaket", "Situasjonsskisse"],
    ink=True,
)

NABOVARSEL_PAGE_2 = Letter(
    sender=["Bratthammer Arkitekter AS"], to=[], date="",
    subject="Vedlegg 1: Beskrivelse av tiltaket",
    body=[
        "# Eksisterende forhold",
        "Storgata 5 er en bygård i tre etasjer fra 1911 med saltak tekket "
        "med skifer. Første etasje er butikk, de to øverste er boliger. "
        "Bakgården brukes til søppelskur og sykkelparkering.",
        "# Påbygg",
        "Takflaten mot bakgården løftes 1,4 meter over en bredde på 8,5 "
        "meter. Mønehøyden er uendret. Nytt bruksareal er 38 kvadratmeter, "
        "fordelt på soverom, bad og trapp. Kledningen blir stående panel i "
        "samme profil som i dag.",
        "# Balkong",
        "Balkongen blir 2,0 meter dyp og 4,6 meter bred, med rekkverk av "
        "stål. Den henges i stag, slik at det ikke kommer søyler i gården.",
        "# Sol og innsyn",
        "Skyggevirkningen er tegnet for 21. mars og 21. juni klokka 15. "
        "Gården i Storgata 7 får inntil tjue minutter mindre sol på "
        "ettermiddagen i mars, og ingen endring om sommeren.",
        "# Anleggsperioden",
        "Arbeidet er planlagt fra mai til oktober. Stillas settes opp i "
        "bakgården, og fortauet i Storgata holdes åpent hele tiden.",
    ],
    closing="", signer=[],
)

SKJENKING = Letter(
    sender=["Kafe Kroken AS", "Brugata 2", TOWN, f"Org.nr. {ORG_CAFE}"],
    refs=[("Vår ref:", "KK-17"), ("Deres ref:", "25/1432")],
    date="11. februar 2026",
    subject="Skjenkebevilling: ny styrer og utvidet areal",
    body=[
        "Vi viser til skjenkebevillingen som ble gitt Kafe Kroken AS i fjor "
        "høst, og melder med dette to endringer.",
        "Fra 1. mars overtar Ragnhild Soltvedt som styrer. Hun har bestått "
        "kunnskapsprøven i alkoholloven, og beviset ligger ved. Stedfortreder "
        "er fortsatt Amir Nordgård.",
        "Vi søker også om å utvide skjenkearealet til bakgården i sommer"
        "halvåret, fra 1. mai til 15. september. Arealet er 64 kvadratmeter "
        "og skal gjerdes inn med plantekasser. Skjenketiden ute blir kortere "
        "enn inne, og serveringen avsluttes klokka 22.",
        "Gårdeieren har samtykket, og naboene er varslet. Branntilsynet har "
        "vært på befaring og hadde ingen merknader til rømningsveiene.",
        "Ta gjerne kontakt dersom dere trenger flere opplysninger.",
    ],
    signer=["Ragnhild Soltvedt", "påtroppende styrer"],
    enclosures=["Bevis for kunnskapsprøven", "Skisse over uteareal"],
)

UTTALELSE = Letter(
    sender=["Nordre Brygge velforening", "v/ Håkon Sæterdal",
            "Bryggeveien 21", TOWN],
    refs=[("Saksnummer:", "2026/176")],
    date="20. februar 2026",
    subject="Uttalelse til reguleringsplan for Nordre Brygge",
    body=[
        "Velforeningen takker for anledningen til å uttale seg om forslaget "
        "til reguleringsplan. Saken ble drøftet på medlemsmøtet 12. februar, "
        "der 43 medlemmer møtte.",
        "Vi støtter at sjøbodene får vernestatus og at det blir en "
        "sammenhengende gangvei langs vannet. Vi er derimot uenige i at "
        "byggehøyden på felt B3 økes fra tre til fem etasjer. Det vil ta "
        "utsikten fra rekkehusene i Bryggeveien og skygge for badeplassen.",
        "Vi ber om at trafikken til båthavna utredes på nytt. Tellingen i "
        "planen er gjort i november, da det knapt er båter på vannet.",
        "Møteprotokollen og underskriftslisten er skannet og følger som side "
        "2 og 3 i denne filen.",
    ],
    signer=["Håkon Sæterdal", "leder"],
    enclosures=["Utskrift av møteprotokoll", "Underskriftsliste"],
    font="Helvetica",
)

UTTALELSE_PAGE_2 = Letter(
    sender=["Nordre Brygge velforening"], to=[], date="12. februar 2026",
    subject="Protokoll fra medlemsmøtet",
    body=[
        "Til stede: 43 medlemmer. Møteleder: Håkon Sæterdal. Referent: "
        "Liv Kvernmo.",
        "# Sak 1. Godkjenning av innkalling",
        "Innkallingen ble godkjent uten merknader.",
        "# Sak 2. Reguleringsplanen",
        "Lederen gikk gjennom planforslaget. Flere pekte på at sjøbodene "
        "har ligget ubrukt i årevis, og at vern må følges av vedlikehold. "
        "Båtforeningen ønsket kran og spyleplass ved den ytre moloen.",
        "Vedtak: Styret sender uttalelse. Vedtatt med 39 mot 4 stemmer.",
        "# Sak 3. Dugnad",
        "Vårdugnaden holdes lørdag 25. april. Søppelcontainer bestilles av "
        "kassereren.",
    ],
    closing="", signer=["Liv Kvernmo", "referent"], ink=True,
    font="Mono", size=9.5,
)

UTTALELSE_PAGE_3 = Letter(
    sender=["Underskrifter"], to=[], date="",
    subject="Vi ønsker ikke høyere bygg på felt B3",
    body=[
        "Navn og adresse:",
        "Liv Kvernmo, Bryggeveien 4",
        "Olav Tangen Rustøy, Bryggeveien 9",
        "Synnøve Fjellbakk, Bryggeveien 12",
        "Tarjei Holmefjord, Naustbakken 1",
        "Astrid Kjølseth, Naustbakken 6",
        "Kåre Blåmyr, Naustbakken 8",
        "Underskriftene er samlet inn mellom 13. og 19. februar.",
    ],
    closing="", signer=[], font="Serif", size=12,
)

KLAGE = Letter(
    sender=["Per Inge Lauvrak", "Utsiktsveien 30", TOWN],
    refs=[("Saksnr.", "2026/305")],
    date="17. mars 2026",
    subject="Klage på eiendomsskatt for 2026",
    body=[
        "Jeg klager på taksten som ligger til grunn for eiendomsskatten på "
        "boligen min i Utsiktsveien 30.",
        "Takstmannen har regnet kjelleren som boligareal. Kjelleren har jord"
        "gulv og en takhøyde på 1,85 meter, og den kan ikke brukes til annet "
        "enn ved og poteter. Arealet skal derfor være 96 og ikke 148 "
        "kvadratmeter.",
        "Garasjen som er ført opp i skattelisten, ble revet høsten 2023 "
        "etter skade av snø. Melding om rivingen ble sendt kommunen samme "
        "år.",
        "Jeg ber om at taksten rettes, og at jeg får tilbake det jeg har "
        "betalt for mye. Dere må gjerne komme på befaring.",
    ],
    signer=["Per Inge Lauvrak"], ink=True, font="Serif", size=13,
)

PARKING_TEXT = f"""\
Magnhild Østerås
Kirkebakken 2
{TOWN}

                                                  Elvestrand, 24. februar 2026

Elvestrand kommune
Servicetorget
Rådhusplassen 1
{TOWN}

Saksnummer: 2026/144


SØKNAD OM FORNYET HANDIKAP-KORT FOR MAGNHILD ØSTERÅS, F.NR. {FNR_PARKING}

Parkeringstillatelsen min går ut 31. mars, og jeg søker om å få den fornyet.

Jeg har slitasjegikt i begge hofter og kan ikke gå lenger enn rundt femti
meter uten å hvile. Jeg kjører selv. Uten handikap-kortet når jeg verken
frem til legesenteret, butikken på Øvre torg eller kirken.

Legen min har sendt ny erklæring til dere i egen konvolutt. Fødselsnummeret
mitt er {FNR_PARKING}, og det gamle kortet har nummer 0457.

Jeg er takknemlig for et raskt svar, slik at jeg ikke blir stående uten kort
over påske.


Vennlig hilsen

Magnhild Østerås
"""

GARAGE_TEXT = f"""\
Bjørn Ærlig Nygård
Åsveien 14
{TOWN}

Elvestrand kommune
Plan og byggesak
                                                       Dato: 5. mars 2026
Deres ref.: 2026/233

Byggesøknad garasje Åsveien 14: tegninger og nabosamtykke

Som avtalt på telefon sender jeg tegningene som manglet i søknaden om å føre
opp garasje i Åsveien 14. Garasjen blir 36 kvadratmeter og ligger 2 meter fra
grensen mot nummer 16.

Situasjonsplanen er rettet slik at avløpsledningen vises. På snittet er
mønehøyden målsatt fra gjennomsnittlig planert terreng. Nabosamtykkene ligger
i en egen pakke inne i denne.

Jeg håper søknaden nå er fullstendig, og at støpingen kan starte i mai.

Vennlig hilsen
Bjørn Ærlig Nygård
"""

NEIGHBOUR_TEXT = """\
Erklæring fra nabo

Jeg eier Åsveien 16 og har sett tegningene av garasjen i Åsveien 14. Jeg har
ingen merknader til at den plasseres 2 meter fra felles grense.

Elvestrand, 1. mars 2026
Gunnhild Sørløkk
"""

PHOTO_LIST_TEXT = """\
Bildeliste

1. Tomta sett fra veien
2. Grensen mot Åsveien 16, med høydepinner
3. Innkjørselen, der grøfta må legges i rør
"""

GARAGE_PLAN = Letter(
    sender=["Bjørn Ærlig Nygård"], to=[], date="5. mars 2026",
    subject="Situasjonsplan for garasje i Åsveien 14",
    body=["Målestokk 1:500. Garasjen er skravert. Avløpsledningen ligger "
          "1,6 meter under terreng og går vest for garasjen."],
    closing="", signer=[], font="Helvetica",
)

GARAGE_SECTION = Letter(
    sender=["Bjørn Ærlig Nygård"], to=[], date="5. mars 2026",
    subject="Målsatt snitt og fasade",
    body=["Gesimshøyde 2,6 meter. Mønehøyde 4,3 meter. Takvinkel 27 grader. "
          "Fasaden kles med liggende panel, og porten males grå."],
    closing="", signer=[], font="Helvetica",
)

DISPENSATION_SUBJECT = "Dispensasjon for brygge på Sandøya – nye opplysninger"
DISPENSATION_PLAIN = """\
Hei,

Deres ref: 2026/267

Vi viser til e-posten fra byggesak av 26. februar om bryggen på Sandøya.
Vedlagt følger redegjørelsen dere ba om, og et bilde av den gamle bryggen.

Bryggen ble ødelagt i stormen i november. Vi ønsker å bygge den opp igjen på
samme sted, men med flytende ytterdel, slik at beboerne på øya kan legge til
også ved fjære sjø. Bredden blir uendret. Fiskerlaget har ingen innvendinger.

Vi håper saken kan avgjøres før sesongen starter.

Vennlig hilsen
Øystein Hågård
for Sandøya hytteforening
"""

DISPENSATION_LETTER = Letter(
    sender=["Sandøya hytteforening", "v/ Øystein Hågård", "Sandøya 3", TOWN],
    refs=[("Deres ref:", "2026/267")],
    date="4. mars 2026",
    subject="Redegjørelse for gjenoppbygging av brygge",
    body=[
        "Bryggen på Sandøya er fra 1964 og er eneste landingssted for de "
        "elleve hyttene på østsiden. Under stormen 14. november løsnet de "
        "ytterste fire meterne, og to av pælene knakk.",
        "Vi søker om å gjenoppføre bryggen i samme bredde, 3 meter, og med "
        "samme lengde som før. Ytterdelen blir en flytende betongbrygge som "
        "festes med lodd og kjetting. Det skal ikke sprenges eller mudres.",
        "Ålegressengen nord for bryggen er kartlagt og blir ikke berørt.",
    ],
    signer=["Øystein Hågård", "leder"], font="Helvetica",
)

INSPECTION = Letter(
    sender=["Solbakken barnehage SA", "Solbakken 15", TOWN,
            f"Org.nr. {ORG_KINDERGARTEN}"],
    date="27. februar 2026",
    subject="Svar på tilsynsrapport",
    body=[
        "Vi har gått gjennom rapporten fra tilsynet 3. februar og svarer her "
        "på de to avvikene.",
        "Avvik 1 gjaldt gjerdet mot bekken. Gjerdet er nå reparert, og høyden "
        "er økt til 1,2 meter på hele strekningen. Vaktmesteren kontrollerer "
        "det hver mandag.",
        "Avvik 2 gjaldt planen for sosialt miljø. Planen er skrevet om sammen "
        "med foreldrerådet og ble vedtatt i samarbeidsutvalget 24. februar.",
        "Sjekkliste og bilde av gjerdet ligger ved.",
    ],
    signer=["Hege Marie Lunden", "styrer"],
    enclosures=["Sjekkliste", "Bilde av uteområdet"], font="Times",
    size=11.5,
)

CHECKLIST_TEXT = """\
Sjekkliste for uteområdet, uke 9

Gjerde mot bekken      i orden, 1,2 meter
Port mot parkering     i orden, lås smurt
Sandkasse              ny sand bestilt
Huskestativ            i orden
Førstehjelpskoffert    fylt på

Utført av vaktmester Terje Kårstad
"""

NO_CLUE = Letter(
    sender=["Anne-Grete Hovdenak", "Lyngveien 8", TOWN],
    date="2. mars 2026",
    subject="Spørsmål om brøyting",
    body=[
        "Jeg vil gjerne takke for at det ble strødd så raskt etter isregnet "
        "i januar. Det var til stor hjelp for oss som er litt ustø.",
        "Samtidig lurer jeg på hvem som har ansvaret for stikkveien bak "
        "bedehuset. Der har det ikke vært brøytet i vinter, og postbudet må "
        "gå det siste stykket til fots. Noen sier at veien er privat, andre "
        "at kommunen alltid har tatt den.",
        "Kan dere gi meg et svar på det? Jeg har ikke datamaskin, så et brev "
        "passer best.",
    ],
    signer=["Anne-Grete Hovdenak"], font="Times", size=12,
)

TRAFFIC = Letter(
    sender=["Foreldrerådet ved Elvestrand skole", "Skoleveien 1", TOWN],
    refs=[("Deres ref.:", "2026/158")],
    date="16. februar 2026",
    subject="Trafikksikring i Skoleveien: krav om fartsdumper og lys",
    body=[
        "Foreldrerådet har i tre år bedt om tiltak i Skoleveien. Strekningen "
        "fra butikken til skoleporten har verken fortau eller gatelys, og "
        "det går lastebiler til steinbruddet fra klokka seks om morgenen.",
        "Vi ber kommunen om å sette opp fire fartsdumper, merke gangfelt ved "
        "bussholdeplassen og få på plass gatelys før høsten.",
        "I januar måtte en elev hoppe i grøfta for å unngå en bil som fikk "
        "sladd. Vi vil ikke vente til det går galt.",
        "Brevet er vedtatt av foreldrerådet, og leder og nestleder sender det "
        "hver for seg slik at det ikke skal bli borte denne gangen.",
    ],
    signer=["Marit Oppheim", "leder", "Jonas Vedeld", "nestleder"],
)

CARE_SUBJECT = f"Ettersendt legeerklæring, Solveig Brekkås, {FNR_CARE}"
CARE_PLAIN = """\
Til Helse og mestring

Deres referanse: 2026/119

Her er legeerklæringen som manglet i søknaden om omsorgsstønad. Erklæringen er
fra fastlegen og er datert 6. mars. Jeg gir samtykke til at dere henter flere
opplysninger hos legen ved behov.

Jeg pleier min mor hjemme rundt 35 timer i uken, og jeg har gått ned i halv
stilling. Avlastningen på Furutun dekker bare annenhver helg.

Hilsen
Solveig Brekkås
"""

CARE_LETTER = Letter(
    sender=["Elvestrand legesenter", "Torgveien 5", TOWN],
    date="6. mars 2026",
    subject="Legeerklæring",
    body=[
        "Pasienten har siden 2022 hatt omfattende behov for pleie og tilsyn "
        "hele døgnet. Datteren gir det meste av hjelpen. Pleiebehovet er "
        "varig og ventes å øke.",
        "Uten den private omsorgen ville pasienten ha trengt plass i "
        "institusjon.",
    ],
    signer=["Vegard Ulstein Moen", "lege"], font="Helvetica",
)

ENCRYPTED = Letter(
    sender=["Advokatene Stavnes og Mørkved", "Kaigata 4", TOWN],
    refs=[("Vår ref.:", "8812"), ("Deres ref.:", "2026/305")],
    date="18. mars 2026",
    subject="Fullmakt i klagesak",
    body=[
        "Vi representerer Per Inge Lauvrak i klagen over eiendomsskatt. "
        "Fullmakten følger. Passordet til filen sendes i egen melding.",
    ],
    signer=["Kari Stavnes", "advokat"], font="Helvetica",
)

NYNORSK = Letter(
    sender=["Tverrdalen grendelag", "v/ Oddbjørg Skåra", "Tverrdalsvegen 88",
            TOWN],
    refs=[("Vår ref.:", "GL 3"), ("Dykkar ref.:", "2026/98")],
    to=["Elvestrand kommune", "Kultur og fritid", "Rådhusplassen 1", TOWN],
    date="23. februar 2026",
    subject="Tilskot til grendehus: rekneskap og søknad om ny utbetaling",
    body=[
        "Vi viser til vedtaket om tilskot til grendehuset i Tverrdalen og "
        "sender med dette rekneskapen for fyrste byggjetrinn.",
        "Taket er no lagt om, og kjøkenet er ferdig. Dugnadsgjengen har lagt "
        "ned meir enn 900 timar. Vi har brukt noko mindre enn det som stod i "
        "kostnadsoverslaget, fordi vi fekk materialar frå den gamle skulen.",
        "Til sommaren vil vi byggje rampe og toalett som er tilgjengelege "
        "for alle. Vi ber difor om at den andre halvdelen av tilskotet vert "
        "utbetalt no, slik at vi kan tinge materialar før prisane stig.",
        "Ikkje nøl med å ta kontakt dersom de vil sjå huset. Kaffien er "
        "alltid varm.",
    ],
    closing="Venleg helsing",
    signer=["Oddbjørg Skåra", "leiar"],
    enclosures=["Rekneskap", "Bilete av det nye taket"],
)

UNKNOWN_CASE = Letter(
    sender=["Havnes Lagerdrift AS", "Kaigata 20", TOWN],
    refs=[("Vår ref.:", "HE/22"), ("Deres ref.:", "2026/9999")],
    date="10. mars 2026",
    subject="Forlenget leieavtale for lager på Havnes",
    body=[
        "Vi viser til samtalen i forrige uke og bekrefter at vi ønsker å "
        "forlenge leieavtalen for lageret på Havnes med to år.",
        "Leien kan indeksreguleres som før. Vi ber om at porten mot sør "
        "skiftes i avtaleperioden, siden den ikke lenger lar seg låse.",
    ],
    signer=["Trond Havnes", "daglig leder"], font="Helvetica",
)

CLOSED_CASE = Letter(
    sender=["Brubyggerlaget Elvestrand", "Elvegata 14", TOWN],
    refs=[("Deres ref.:", "2024/876")],
    date="6. mars 2026",
    subject="Rekkverket på Elvebrua har løsnet",
    body=[
        "Elvebrua ble satt i stand i fjor, og vi er glade for resultatet. "
        "Nå har likevel to av stolpene i rekkverket på nordsiden løsnet.",
        "Vi antar at dette hører under garantien fra entreprenøren, og ber "
        "kommunen om å melde feilen videre. Området bør sperres av så lenge.",
    ],
    signer=["Einar Gjerdeløkken", "formann"], font="Times", size=11.5,
)

PROPERTY_NUMBER = Letter(
    sender=["Kristoffer Aasebø", "Myrveien 41", TOWN],
    date="12. mars 2026",
    subject="Grensejustering for eiendommen 44/690",
    body=[
        "Jeg eier eiendommen gnr. 44 bnr. 690, i matrikkelen skrevet 44/690, "
        "og vil gjerne ha justert grensen mot naboeiendommen 44/12.",
        "Vi er enige om den nye grensen, som følger steingjerdet fra 1930. "
        "Oppmålingen bør være ferdig innen 12/2026, for da skal nabotomta "
        "selges. Gebyret kan deles likt mellom oss.",
        "Send gjerne skjemaet vi trenger å fylle ut.",
    ],
    signer=["Kristoffer Aasebø"], font="Helvetica",
)

WASTE_FEE = Letter(
    sender=["Strandgata Dagligvare AS", "Strandgata 11", TOWN,
            f"Org.nr. {ORG_SHOP}"],
    date="9. mars 2026",
    subject="Søknad om fritak fra renovasjonsgebyr",
    body=[
        "Butikken leverer alt avfall til et godkjent mottak og har ikke brukt "
        "den kommunale ordningen siden nyttår. Vi søker om fritak fra gebyret "
        "for beholder nummer to og tre.",
        "Kvitteringer fra avfallsmottaket følger i en egen oversikt.",
    ],
    signer=["Asbjørn Tveitane"],
)

WASTE_RECEIPTS_TEXT = """\
Oversikt over leveringer til avfallsmottaket

Januar    papp 410 kg, restavfall 95 kg
Februar   papp 388 kg, restavfall 102 kg
"""

ROAD_STATEMENT = Letter(
    sender=["Fjordvik fylkeskommune", "Samferdsel", "Fylkesvegen 1",
            f"Org.nr. {ORG_COUNTY}"],
    date="6. mars 2026",
    subject="Uttalelse om fartsdempere",
    body=[
        "Fylkeskommunen har ingen merknader til fartsdempere på den kommunale "
        "vegen, så lenge avrenningen mot fylkesvegen ikke øker.",
        "Vi ber om at gangfeltet ved krysset flyttes tre meter mot nord, slik "
        "det er vist på skissen.",
    ],
    signer=["Ragna Eikeland"],
)

ROAD_SKETCH_TEXT = """\
Skisse: gangfeltet flyttes tre meter mot nord, målt fra kantsteinen.
"""

DAMAGED = Letter(
    sender=["Vestre Elvestrand idrettslag", "Idrettsveien 2", TOWN],
    date="13. mars 2026",
    subject="Leie av idrettshallen",
    body=["Vi ønsker å leie idrettshallen tre kvelder i uken."],
    signer=["Nils Amundrød"], ink=True,
)
