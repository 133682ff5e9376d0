/*
 * Bokmål, nynorsk, English, Northern Sámi or Danish, by counting small words.
 * Danish shares most of them with bokmål: it is told by those that only it
 * writes, against those that it never does.
 */
#include <string.h>

#include "fields.h"
#include "scan.h"

enum tongue { BOTH, NB, NN, EN, SE, DA, TONGUES };
#define NOT_DA 16u

struct small_word {
	const char *word;
	unsigned tongue; /* enum tongue, and NOT_DA */
};
/* BOTH = either form of Norwegian. */
static const struct small_word words[] = {
    {"af", DA},
    {"ahte", SE},
    {"and", EN},
    {"anna", NN},
    {"are", EN},
    {"av", BOTH | NOT_DA},
    {"bare", NB},
    {"be", EN},
    {"berre", NN},
    {"bestemmelser", NB},
    {"ble", NB | NOT_DA},
    {"blev", DA},
    {"blitt", NB},
    {"bliver", DA},
    {"dahje", SE},
    {"dat", SE},
    {"dei", NN},
    {"den", BOTH},
    {"dere", NB | NOT_DA},
    {"deres", NB},
    {"desse", NN},
    {"det", BOTH},
    {"difor", NN},
    {"dig", DA},
    {"dykk", NN},
    {"dykkar", NN},
    {"efter", DA},
    {"eg", NN},
    {"eiendom", NB},
    {"eiendommen", NB},
    {"eigedom", NN},
    {"eigedomen", NN},
    {"ein", NN},
    {"eit", NN},
    {"eller", BOTH},
    {"en", NB},
    {"endra", NN},
    {"endret", NB},
    {"er", BOTH},
    {"et", NB},
    {"etter", BOTH | NOT_DA},
    {"fik", DA},
    {"fra", NB},
    {"frå", NN},
    {"følgjer", NN},
    {"føresegner", NN},
    {"galgá", SE},
    {"gjeld", NN},
    {"gjelder", NB},
    {"gjer", NN},
    {"gjere", NN},
    {"gjør", NB | NOT_DA},
    {"gjøre", NB | NOT_DA},
    {"go", SE},
    {"gos", SE},
    {"gør", DA},
    {"har", BOTH},
    {"has", EN},
    {"have", EN},
    {"heile", NN},
    {"heim", NN},
    {"heimel", NN},
    {"hele", NB},
    {"helsing", NN},
    {"hilsen", NB},
    {"hjem", NB},
    {"ho", NN},
    {"hun", NB},
    {"hva", NB | NOT_DA},
    {"hvad", DA},
    {"hvem", NB},
    {"hvis", NB},
    {"hvor", NB},
    {"hvordan", NB},
    {"hálidit", SE},
    {"høve", NN},
    {"ikke", NB},
    {"ikkje", NN},
    {"is", EN},
    {"jeg", NB},
    {"juos", SE},
    {"kan", BOTH},
    {"kjem", NN},
    {"kome", NN},
    {"kommer", NB},
    {"kommet", NB},
    {"kommunar", NN},
    {"korleis", NN},
    {"kva", NN},
    {"kvar", NN},
    {"kven", NN},
    {"lea", SE},
    {"leat", SE},
    {"lei", SE},
    {"leiš", SE},
    {"lova", NN},
    {"loven", NB},
    {"maid", SE},
    {"med", BOTH},
    {"meir", NN},
    {"mer", NB | NOT_DA},
    {"mig", DA},
    {"mii", SE},
    {"mottatt", NB},
    {"motteke", NN},
    {"mye", NB},
    {"mykje", NN},
    {"naudsynt", NN},
    {"noe", NB | NOT_DA},
    {"noen", NB | NOT_DA},
    {"nogen", DA},
    {"noget", DA},
    {"nogle", DA},
    {"noko", NN},
    {"nokon", NN},
    {"nokre", NN},
    {"not", EN},
    {"nødvendig", NB},
    {"of", EN},
    {"og", BOTH},
    {"også", NB},
    {"ogå", NN},
    {"om", BOTH},
    {"op", DA},
    {"opplysningar", NN},
    {"opplysninger", NB},
    {"our", EN},
    {"på", BOTH},
    {"reglane", NN},
    {"reglene", NB},
    {"saman", NN},
    {"sammen", NB},
    {"seg", BOTH | NOT_DA},
    {"seinare", NN},
    {"selv", NB},
    {"selve", NB},
    {"sender", NB},
    {"sig", DA},
    {"sjølv", NN},
    {"skal", BOTH},
    {"skolen", NB},
    {"skulen", NN},
    {"som", BOTH},
    {"sáhttá", SE},
    {"sámi", SE},
    {"søker", NB},
    {"søkjer", NN},
    {"that", EN},
    {"the", EN},
    {"this", EN},
    {"tidlegare", NN},
    {"tidligere", NB},
    {"til", BOTH},
    {"tilføyd", NB},
    {"to", EN},
    {"ud", DA},
    {"uden", DA},
    {"utan", NN},
    {"uten", NB},
    {"vai", SE},
    {"vart", NN},
    {"ved", BOTH},
    {"venleg", NN},
    {"vennlig", NB},
    {"vere", NN},
    {"vert", NN},
    {"vi", BOTH},
    {"vilkåra", NN},
    {"vore", NN},
    {"være", NB},
    {"vært", NB},
    {"we", EN},
    {"were", EN},
    {"with", EN},
    {"you", EN},
    {"your", EN},
    {"å", BOTH | NOT_DA},
};
#define WORDS (sizeof(words) / sizeof(words[0]))
#define WORD_MAX 12u /* bytes of the longest: bestemmelser */

/* Chains of words by their length, two bytes and the last; 0 ends one, else the
 * word's number is one less. */
#define SLOTS 1024u
static uint8_t slot[SLOTS], next[WORDS + 1];
_Static_assert(WORDS < 255, "slot");

/* Of a lower-case word: a word of one byte has its second in its NUL. */
static unsigned
slot_of(const char *low, size_t n)
{
	return ((uint8_t)low[0] * 131u + (uint8_t)low[1] * 31u +
		   (uint8_t)low[n - 1] * 7u + (unsigned)n * 61u) %
	       SLOTS;
}

static void
count_word(
    const char *w, size_t n, unsigned count[TONGUES], unsigned *ret_not_danish)
{
	char low[WORD_MAX + 1];
	unsigned k;

	if (n == 0 || n > WORD_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		low[i] = w[i] >= 'A' && w[i] <= 'Z' ? (char)(w[i] + 32) : w[i];
		if (i && (uint8_t)w[i - 1] == 0xC3 && (uint8_t)w[i] < 0x9F)
			low[i] = (char)(w[i] + 0x20); /* Å to å */
	}
	low[n] = 0;
	for (k = slot[slot_of(low, n)]; k != 0; k = next[k]) {
		if (strcmp(low, words[k - 1].word) != 0)
			continue;
		count[words[k - 1].tongue & ~NOT_DA]++;
		*ret_not_danish += (words[k - 1].tongue & NOT_DA) != 0;
		return;
	}
}

void
sl_language_warm(void)
{
	unsigned k, h;

	if (next[0] != 0)
		return;
	for (k = WORDS; k > 0; k--) {
		h = slot_of(words[k - 1].word, strlen(words[k - 1].word));
		next[k] = slot[h];
		slot[h] = (uint8_t)k;
	}
	next[0] = 1; /* no word's: done */
}

const char *
sl_language_guess(const char *text, size_t n)
{
	unsigned c[TONGUES] = {0};
	unsigned no, not_danish = 0;
	size_t i = 0, start = 0;

	sl_language_warm();
	while (i < n) {
		size_t at = i;

		if (((uint8_t)text[i] | 0x20u) - 'a' < 26) {
			i++;
			continue;
		}
		if (!sl_scan_letter(sl_scan_next(text, n, &i))) {
			count_word(text + start, at - start, c, &not_danish);
			start = i;
		}
	}
	count_word(text + start, n - start, c, &not_danish);
	no = c[BOTH] + c[NB] + c[NN];
	if (c[SE] >= 3 && c[SE] * 2 >= no * 3 && c[SE] * 2 >= c[EN] * 3)
		return "se";
	if (c[EN] >= 3 && c[EN] * 2 >= no * 3)
		return "en";
	if (c[DA] >= 2 && c[DA] + no >= 3 && c[DA] * 2 > not_danish)
		return c[DA] > not_danish * 2 ? "da" : "";
	if (no < 3 || no * 2 < c[EN] * 3 || no * 2 < c[SE] * 3)
		return "";
	if (c[NN] * 2 >= c[NB] * 3 && c[NN] >= 2)
		return "nn";
	if (c[NB] * 2 >= c[NN] * 3 && c[NB] >= 1)
		return "nb";
	return "";
}
