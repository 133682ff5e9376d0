/*
 * What is found in lines of letters. A case's expectation lists the candidates
 * of the fields its table looks at, in order: "case 2026/211 900".
 */
#include <stdio.h>
#include <string.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/read/fields.h"
#include "test.h"

struct row {
	const char *text, *want;
};
struct seen {
	unsigned fields; /* bits of enum sl_field */
	struct sl_buf out;
	const char *text;
	size_t n;
};

static const char *
short_name(enum sl_field f)
{
	return f == SL_FIELD_case_number	   ? "case"
	       : f == SL_FIELD_our_ref_of_sender   ? "sender"
	       : f == SL_FIELD_document_date	   ? "date"
	       : f == SL_FIELD_title		   ? "title"
	       : f == SL_FIELD_correspondent_orgnr ? "orgnr"
	       : f == SL_FIELD_correspondent	   ? "person"
						   : "?";
}

static void
see(void *arg, const struct sl_found *f)
{
	struct seen *s = arg;

	CHECK(f->at + f->length <= s->n && f->length > 0);
	CHECK(f->confidence <= 1000 && f->label && *f->value);
	if (!(s->fields & 1u << f->field))
		return;
	sl_buf_printf(&s->out, "%s%s %s %u", s->out.n ? "; " : "",
	    short_name(f->field), f->value, f->confidence);
}

static void
run_rows(const struct row *rows, size_t count, unsigned fields)
{
	for (size_t i = 0; i < count; i++) {
		struct seen s = {.fields = fields,
		    .text = rows[i].text,
		    .n = strlen(rows[i].text)};
		unsigned before = test_bad;

		sl_fields_scan(s.text, s.n, see, &s);
		CHECK_STR(sl_buf_str(&s.out), rows[i].want);
		if (test_bad != before)
			printf("# in: %s\n", rows[i].text);
		sl_buf_free(&s.out);
	}
}
#define RUN(rows, fields) run_rows(rows, sizeof(rows) / sizeof(rows[0]), fields)
#define REFS (1u << SL_FIELD_case_number | 1u << SL_FIELD_our_ref_of_sender)

static void
labelled(void)
{
	static const struct row rows[] = {
	    {"Deres ref.: 2026/211", "case 2026/211 900"},
	    {"Deres ref: 26/211", "case 2026/211 900"},
	    {"Deres ref 26/211", "case 2026/211 900"},
	    {"DERES REF.: 2026/211-8", "case 2026/211 900"},
	    {"Deres referanse: 2026/00211", "case 2026/211 900"},
	    {"Dykkar ref.: 26/211-3", "case 2026/211 900"},
	    {"Dykkar referanse 2026/211", "case 2026/211 900"},
	    {"Din ref.: 2026/211", "case 2026/211 900"},
	    {"Din referanse: 26/211", "case 2026/211 900"},
	    {"Your ref.: 2026/211", "case 2026/211 900"},
	    {"Your reference: 2026/211", "case 2026/211 900"},
	    {"Saksnr: 2026/211", "case 2026/211 900"},
	    {"Saksnr. 26/211", "case 2026/211 900"},
	    {"Saksnummer: 2004/04600", "case 2004/4600 900"},
	    {"Saks nr. 2026/211", "case 2026/211 900"},
	    {"Sak nr 26/211", "case 2026/211 900"},
	    {"Saksnr. 201000727 EO KRY/OKL", "case 2010/727 900"},
	    {"Saksnr: 202600211-12", "case 2026/211 900"},
	    {"Saksnr.: 2026-211", "case 2026/211 900"},
	    {"Arkivsaksnr.: 09/810", "case 2009/810 700"},
	    {"Arkiv: 033 &17 Arkivsaksnr.: 09/810", "case 2009/810 700"},
	    {"Arkiv FE-400, FA-H12 ArkivsakID 18/1407", "case 2018/1407 700"},
	    {"Arkivsak-dok. 18/1407-4", "case 2018/1407 700"},
	    {"Arkivsak: 18/00168", "case 2018/168 700"},
	    {"Arkivref: 2026/211", "case 2026/211 700"},
	    {"Referanse: 2026/211", "case 2026/211 700"},
	    {"Ref.: 26/211", "case 2026/211 700"},
	    {"Ref. nr.: 2026/211", "case 2026/211 700"},
	    {"Sak: 2026/211", "case 2026/211 850"},
	    {"Jeg viser til sak 26/305 om gjerdet.", "case 2026/305 850"},
	    {"vedr. sak 26/305", "case 2026/305 900"},
	    {"Vedrørende sak 2026/305: støy", "case 2026/305 900"},
	    {"Søknad om dispensasjon - arkivsaksnr: 13/3627",
		"case 2013/3627 700"},
	    {"Emne: SV: [2026/211] Svar", "case 2026/211 850"},
	    {"Emne: VS: [26/211] Svar", "case 2026/211 600"},
	    {"Klage på vedtak 2026/211", "case 2026/211 500"},
	    {"(2026/211)", "case 2026/211 500"},
	    {"Saksnr: 2026/211, 2026/212 og 2026/213",
		"case 2026/211 900; case 2026/212 900; case 2026/213 900"},
	    {"Saksnr: 98/1234", "case 1998/1234 900"},
	    {"Deres ref.: 2026 / 211", "case 2026/211 900"},
	    {"Deres ref.: Kari N, 2026/211", "case 2026/211 900"},
	    {"Saksnr\xC2\xA0"
	     "26/211",
		"case 2026/211 900"},
	    {"Deres\tref.:\t26/211", "case 2026/211 900"},
	    {"Your ref: 2026/211 / our ref: 55-81",
		"case 2026/211 900; sender 55-81 800"},
	};
	RUN(rows, REFS);
}

/* What could not be read is not the next line's. */
static void
unread(void)
{
	static const struct row rows[] = {
	    {"Saksnr.:\n2025/33", "case 2025/33 900"},
	    {"Saksnr.:\n" SL_UNREAD "\n2025/33", "case 2025/33 500"},
	    {"Saksnr.:\n" SL_UNREAD "\n25/33", ""},
	    {"Deres ref.:\nVår ref.:\n " SL_UNREAD " \r\n25/33\n25/44", ""},
	    {SL_UNREAD "\nSaksnr.:\n2025/33\n" SL_UNREAD, "case 2025/33 900"},
	};
	RUN(rows, REFS);
}

static void
directions(void)
{
	static const struct row rows[] = {
	    {"Vår ref.: 2025/4411-3",
		"sender 2025/4411-3 900; case 2025/4411 300"},
	    {"Vår referanse: 25/4411",
		"sender 25/4411 900; case 2025/4411 300"},
	    {"Our ref: 2025/4411", "sender 2025/4411 900; case 2025/4411 300"},
	    {"Vår ref.: KRY-1234", "sender KRY-1234 800"},
	    {"Vår ref.: ola", ""},
	    {"Deres ref.: 26/211   Vår ref.: 2025/44",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Vår ref.: 2025/44   Deres ref.: 26/211",
		"sender 2025/44 900; case 2025/44 300; case 2026/211 900"},
	    {"Deres ref.:     Vår ref.: 2025/44",
		"sender 2025/44 900; case 2025/44 300"},
	    {"Din ref. / Vår ref. 2019/3936",
		"case 2019/3936 450; sender 2019/3936 500"},
	    {"Deres ref Vår ref 17/1234",
		"case 2017/1234 450; sender 17/1234 500"},
	    {"Deres ref Vår ref 26/211 2025/44",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Deres ref.   Vår ref.      Dato\n"
	     "26/211       2025/44       12.03.2026",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Deres ref.   Vår ref.      Dato\n"
	     "             2025/44       12.03.2026",
		"sender 2025/44 900; case 2025/44 300"},
	    {"Vår ref.      Deres ref.      Dato\n"
	     "              26/211          12.03.2026",
		"case 2026/211 900"},
	    {"Deres ref. Vår ref. Dato\n26/211 2025/44 12.03.2026",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Deres ref. Vår ref. Dato\n2025/44 12.03.2026",
		"case 2025/44 450; sender 2025/44 500"},
	    {"Deres ref.\nVår ref.\nDato\n26/211\n2025/44\n12.03.2026",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Deres ref.\nVår ref.\nDato\n2025/44\n12.03.2026",
		"case 2025/44 450; sender 2025/44 500"},
	    {"Deres ref.:\n26/211\nVår ref.:\n2025/44",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Saksnummer\n2026/211", "case 2026/211 900"},
	    {"Saksbehandler     Deres ref.     Vår ref.\n"
	     "Kari Nordmann     2026/211       2025/9",
		"case 2026/211 900; sender 2025/9 900; case 2025/9 300"},
	    {"Deres ref.\t\tVår ref.\n26/211\t\t2025/44",
		"case 2026/211 900; sender 2025/44 900; case 2025/44 300"},
	    {"Vår ref.: 2025/44\nDato: 12.03.2026\nDeres ref.: 2026/211",
		"sender 2025/44 900; case 2025/44 300; case 2026/211 900"},
	};
	RUN(rows, REFS);
}

static void
ocr(void)
{
	static const struct row rows[] = {
	    {"Deres ref.: 2O26/211", "case 2026/211 700"},
	    {"Deres ref.: 2026/2ll", "case 2026/211 700"},
	    {"Deres ref.: 26/2l1", "case 2026/211 700"},
	    {"Saksnr.: 2026/S11", "case 2026/511 700"},
	    {"Saksnr.: 2Ø26/211", "case 2026/211 700"},
	    {"Dercs ref.: 2026/211", "case 2026/211 700"},
	    {"Deresref: 2026/211", "case 2026/211 700"},
	    {"Var ref.: 2025/44", "sender 2025/44 700; case 2025/44 300"},
	    {"Dercs ref.: 2O26/2ll", "case 2026/211 600"},
	    {"5aksnummer: 2026/211", "case 2026/211 700"},
	    {"Deres ref.: OSLO/SO", ""},
	    {"Deres ref.: ll/lO", ""},
	    {"klO 2O26/2ll", ""},
	};
	RUN(rows, REFS);
}

static void
traps(void)
{
	static const struct row rows[] = {
	    {"gnr 44 bnr 690", ""},
	    {"44/690", ""},
	    {"GNR. 16/120", ""},
	    {"GN 47/657 - Søknad om garasje", ""},
	    {"31/1/275 - oppføring av hytte", ""},
	    {"47/1,24 fradeling", ""},
	    {"48/84,133,137", ""},
	    {"Saksnr: gnr 16/120", ""},
	    {"Sak: gbnr. 16/120 Strandveien", ""},
	    {"Sak: eiendommen 16/120", ""},
	    {"Deres ref.: gnr/bnr 16/120", ""},
	    {"Gnr. 44, bnr. 690 i Strand", ""},
	    {"16/120 - Søknad om tiltak", ""},
	    {"Sak: Byggesak 16/120", ""},
	    {"12/2026", ""},
	    {"Dato: 12/3-26", ""},
	    {"12/3-2026", ""},
	    {"Deres ref.: 12/3-2026", ""},
	    {"Deres ref.: 12/3-26", "case 2012/3 300"},
	    {"12/03/2026", ""},
	    {"Saksnr.: 12/03/2026", ""},
	    {"2026-03-12", ""},
	    {"Dato: 2026-03-12", ""},
	    {"Deres ref.: 12.03.2026", ""},
	    {"Fakturanr. 2026/2113", ""},
	    {"Faktura 2026/2113", ""},
	    {"Fakturanr./ref.: 26/2113", ""},
	    {"Kunde ref.: 26/2113", ""},
	    {"Kundereferanse: 2026/2113", ""},
	    {"Tlf. 51 74 30 00", ""},
	    {"Telefon: 5174/3000", ""},
	    {"kr 2026/211", ""},
	    {"Konto 3260/2026", ""},
	    {"skoleåret 2025/2026", ""},
	    {"2025/26", ""},
	    {"i perioden 2025/2026 ble det", ""},
	    {"Europaparlamentets forordning (EU) 2016/679", ""},
	    {"direktiv 2014/24/EU", ""},
	    {"forordning 2016/679", ""},
	    {"formannskapet behandlet sak 12/26", ""},
	    {"planutvalget, sak 45/25", ""},
	    {"sak 12/26", "case 2012/26 400"},
	    {"1/2 liter, 24/7, 3/4", ""},
	    {"Org.nr. 914 994 780", ""},
	    {"Org.nr.: 201000727", ""},
	    {"202600211", ""},
	    {"2026/0", ""},
	    {"Saksnr: 2099/12", ""},
	    {"Saksnr: 1899/12", ""},
	    {"Saksnr: 2026/1234567", ""},
	    {"Saksnr: 2026/211/5", ""},
	    {"A2026/211", ""},
	    {"2026/211b", ""},
	    {"FE-2026/211", ""},
	    {"3/2026/211", ""},
	    {"0,2026/211%", ""},
	    {"http://x.no/2026/211/", ""},
	    {"Interessaksnr 26/211", ""},
	    {"saken 26/211", ""},
	    {"Ring oss døgnet rundt 24/7\n", ""},
	    {"Vi viser til lov-2026/211", ""},
	    {"Kommunenr 1130 gnr 44 bnr 690 fnr 0 snr 2", ""},
	    {"12038012345", ""},
	    {"Bankkonto 3260.26.01234", ""},
	    {"Sak", ""},
	    {"Deres ref.:", ""},
	    {"/", ""},
	    {"", ""},
	};
	RUN(rows, REFS);
}

static void
dates(void)
{
	static const struct row rows[] = {
	    {"Dato: 12.03.2026", "date 2026-03-12 900"},
	    {"Dato 12. mars 2026", "date 2026-03-12 900"},
	    {"Vår dato: 12.3.2026", "date 2026-03-12 900"},
	    {"Dato: 2026-03-12", "date 2026-03-12 900"},
	    {"Dato: 12.03.26", "date 2026-03-12 900"},
	    {"Dato: 1.1.1998", "date 1998-01-01 900"},
	    {"Dato: 12/3-2026", "date 2026-03-12 900"},
	    {"Dato: 12/3-26", "date 2026-03-12 900"},
	    {"Dato: 12/3 2026", "date 2026-03-12 900"},
	    {"Dato: 12/03/2026", "date 2026-03-12 900"},
	    {"Date: March 12, 2026", "date 2026-03-12 800"},
	    {"Date: 12 March 2026", "date 2026-03-12 800"},
	    {"Brevdato: 24. desember 2025", "date 2025-12-24 900"},
	    {"Jørpeland, 12. mars 2026", "date 2026-03-12 700"},
	    {"Jørpeland den 12. mai 2026\n", "date 2026-05-12 700"},
	    {"3. juni 2026", "date 2026-06-03 700"},
	    {"7.februar 2026.", "date 2026-02-07 700"},
	    {"1. sept. 2026", "date 2026-09-01 700"},
	    {"Oslo, 1.2.2026\nStavanger, 2.2.2026",
		"date 2026-02-01 700; date 2026-02-02 400"},
	    {"Deres dato: 01.03.2026", ""},
	    {"Mottatt: 14.03.2026", ""},
	    {"Fødselsdato: 12.03.1980", ""},
	    {"Vi viser til brev av 12.03.2026.", "date 2026-03-12 150"},
	    {"Fristen er innen 12.03.2026", "date 2026-03-12 150"},
	    {"Dato: 31.02.2026", ""},
	    {"Dato: 12.13.2026", ""},
	    {"29.02.2025", ""},
	    {"Dato: 29.02.2024", "date 2024-02-29 900"},
	    {"versjon 1.2.3", ""},
	    {"1.12.2026.5", ""},
	    {"Deres dato  Vår dato\n01.03.2026  12.03.2026",
		"date 2026-03-12 900"},
	    {"Deres ref.\nDato\n26/211\n12.03.2026", "date 2026-03-12 900"},
	    {"12. marsipan 2026", ""},
	};
	RUN(rows, 1u << SL_FIELD_document_date);
}

static void
letters(void)
{
	static const struct row rows[] = {
	    {"Strand kommune\n\nVedr. støy fra lekeplass\n\nHei",
		"title støy fra lekeplass 500"},
	    {"Emne: Søknad om båtplass", "title Søknad om båtplass 500"},
	    {"Søknad om  ledsagerbevis\n\nJeg søker.",
		"title Søknad om ledsagerbevis 500"},
	    {"KLAGE PÅ VEDTAK\n", "title KLAGE PÅ VEDTAK 500"},
	    {"Søknad om plass er behandlet i møtet.", ""},
	    {"Kari Nordmann\nStrandgata 1\n4100 Jørpeland\n\n"
	     "Manglende brøyting av Fjellveien\n\nVi bor her.",
		"title Manglende brøyting av Fjellveien 400"},
	    {"Kari Nordmann\nStrandgata 1\n4100 Jørpeland\n\n"
	     "Vi bor i Fjellveien og brøytes ikke\nmer enn en gang.",
		""},
	    {"Org.nr. 914 994 780", "orgnr 914994780 900"},
	    {"Organisasjonsnummer: 991825827", "orgnr 991825827 900"},
	    {"Org.nr.: NO 914.994.780 MVA", "orgnr 914994780 900"},
	    {"Org.nr. 914 994 781", ""},
	    {"Tlf. 914 994 780", ""},
	    {"Med vennlig hilsen\n\nKari Nordmann\nrektor",
		"person Kari Nordmann 400"},
	    {"Med venleg helsing\nOla Ås-Øvrebø", "person Ola Ås-Øvrebø 400"},
	    {"Mvh\nKari", ""},
	    {"Med vennlig hilsen\nStrand kommune", ""},
	    {"Kari Nordmann", ""},
	};
	RUN(rows, 1u << SL_FIELD_title | 1u << SL_FIELD_correspondent |
		      1u << SL_FIELD_correspondent_orgnr);
}

static void
language(void)
{
	static const struct row rows[] = {
	    {"Jeg søker om plass på SFO, og vi har ikke bil.", "nb"},
	    {"Eg søkjer om plass på SFO, og vi har ikkje bil.", "nn"},
	    {"Kva gjer de med vegen? Det er ikkje bra.", "nn"},
	    {"We have received your letter and the map of the road.", "en"},
	    {"Dat lea buorre ahte mii leat dáppe, go juos galgá.", "se"},
	    {"", ""},
	    {"12345 67890 ./-", ""},
	    {"Strand kommune", ""},
	    {"Vi har modtaget dit brev om sagen, og vi har ikke noget at "
	     "tilføje efter mødet. Den blev afgjort af nævnet.",
		"da"},
	    {"Hvad er der sket med det, og hvem er det af jer, der har "
	     "spurgt kommunen?",
		"da"},
	    {"Det blev ikke noe av det. Etter dette har vi ikke hørt fra "
	     "ham, og hva han mener, vet ingen av oss.",
		"nb"},
	    {"Det blev noget av det, og vi har hva vi har etter mig.", ""},
	    {"Endra ved lov 20. mai: gjeld likevel ikkje høve som nemnt.",
		"nn"},
	    {"Bestemmelser som er gitt med hjemmel i loven gjelder.", "nb"},
	    {"Kommunen skal gi melding om vedtaket.", ""},
	    {"DET ER IKKE PÅ HØY TID OG VI VET IKKE", "nb"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(sl_language_guess(rows[i].text, strlen(rows[i].text)),
		    rows[i].want);
}

static void
count_one(void *arg, const struct sl_found *f)
{
	(void)f;
	++*(unsigned *)arg;
}

/* Bad UTF-8, NUL, one endless line, thousands of labels: bounded, no crash. */
static void
hostile(void)
{
	static const char *const units[] = {"Deres ref. ", "2026/1 ", "26/",
	    "\xC3", "\xF0\x9F", "Saksnr: ", "1.1.2026 ", "A", "/", "1", "\t",
	    "Deres ref.\n", "Org.nr. ", "Mvh\n", "12/3-26 ", "l", "\n"};
	static char text[1 << 18];
	unsigned found;

	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		size_t len = strlen(units[u]), n = 0;

		while (n + len <= sizeof(text)) {
			memcpy(text + n, units[u], len);
			n += len;
		}
		found = 0;
		sl_fields_scan(text, n, count_one, &found);
		CHECK(found < 40000);
		(void)sl_language_guess(text, n);
	}
	memset(text, 0, sizeof(text));
	sl_fields_scan(text, sizeof(text), count_one, &found);
	unsigned seed = 7;
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1103515245u + 12345u;
		text[i] = (char)(seed >> 16);
	}
	for (size_t i = 0; i < 2000; i++)
		sl_fields_scan(text + i * 64, i % 97, count_one, &found);
	sl_fields_scan(text, sizeof(text), count_one, &found);
}

TEST_MAIN({"labelled", labelled}, {"unread", unread},
    {"directions", directions}, {"ocr", ocr}, {"traps", traps},
    {"dates", dates}, {"letters", letters}, {"language", language},
    {"hostile", hostile})
