/*
 * The words and the one table of legal changes, said a second time here.
 */
#include "../../daemon/registry/registry.h"

#include <string.h>

#include "test.h"

/* Rows: from; columns: changes in enum order; the first letter of the new
 * disposition, '.' = illegal. h = held, q = quarantined, b = broken, d =
 * deferred, r = ready, x = done. */
static const struct {
	int from;
	const char *to;
} table[] = {
    {SL_DISPO_ready, "rd.h....qbxx."},
    {SL_DISPO_deferred, ".drh.r.....x."},
    {SL_DISPO_held, "...hrrrr...xx"},
    {SL_DISPO_quarantined, "....rr.....x."},
    {SL_DISPO_broken, ".....rr....xx"},
    {SL_DISPO_done, "............."},
};

static int
by_letter(char c)
{
	switch (c) {
	case 'r':
		return SL_DISPO_ready;
	case 'd':
		return SL_DISPO_deferred;
	case 'h':
		return SL_DISPO_held;
	case 'q':
		return SL_DISPO_quarantined;
	case 'b':
		return SL_DISPO_broken;
	case 'x':
		return SL_DISPO_done;
	default:
		return 0;
	}
}

static void
transitions(void)
{
	enum sl_dispo to;
	struct sl_err err;
	size_t i;
	int c, want;
	enum sl_rc rc;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		CHECK(strlen(table[i].to) == SL_CHANGE_COUNT);
		for (c = 0; c < SL_CHANGE_COUNT; c++) {
			want = by_letter(table[i].to[c]);
			rc = sl_change_apply((enum sl_dispo)table[i].from,
			    (enum sl_change)c, &to, &err);
			CHECK_MSG(rc == (want != 0 ? SL_OK : SL_FATAL), "%s %s",
			    sl_dispo_name(table[i].from),
			    sl_change_name((enum sl_change)c));
			if (rc == SL_OK)
				CHECK_MSG((int)to == want, "%s %s",
				    sl_dispo_name(table[i].from),
				    sl_change_name((enum sl_change)c));
			else
				CHECK_MSG(
				    strstr(err.text,
					sl_dispo_name(table[i].from)) != NULL,
				    "%s", err.text);
		}
	}
}

static void
stages(void)
{
	static const int order[] = {SL_STAGE_claimed, SL_STAGE_received,
	    SL_STAGE_unpacked, SL_STAGE_identified, SL_STAGE_read,
	    SL_STAGE_placed, SL_STAGE_prepared, SL_STAGE_delivered, 0};
	size_t i;

	for (i = 0; order[i] != 0; i++) {
		CHECK(sl_stage_next(order[i]) == order[i + 1]);
		CHECK(sl_stage_before(order[i]) == (i > 0 ? order[i - 1] : 0));
		CHECK(sl_stage_by_name(sl_stage_name(order[i])) == order[i]);
		CHECK(sl_stage_nb(order[i]) != NULL);
	}
	CHECK(i == 8);
	CHECK(sl_stage_name(55) == NULL);
	CHECK(sl_stage_by_name("nowhere") == 0);
	/* Numbers stand in databases and leaves for ever. */
	CHECK(SL_STAGE_received == 20 && SL_STAGE_read == 50 &&
	      SL_STAGE_delivered == 80);
	CHECK(SL_DISPO_ready == 10 && SL_DISPO_done == 60);
	CHECK(SL_EVENT_received == 20 && SL_EVENT_delivered == 81);
}

/* Every event has a word in Norwegian, and no two the same. */
static void
events(void)
{
	int i, k;

	for (i = 1; i < 1000; i++) {
		if (sl_event_name(i) == NULL)
			continue;
		CHECK_MSG(sl_event_nb(i)[0] != '\0' &&
			      strchr(sl_event_nb(i), '_') == NULL,
		    "%s", sl_event_name(i));
		for (k = 1; k < i; k++)
			CHECK_MSG(
			    sl_event_name(k) == NULL ||
				strcmp(sl_event_nb(k), sl_event_nb(i)) != 0,
			    "%s", sl_event_name(i));
	}
}

/* What happened, without what to do. */
static void
short_reasons(void)
{
	const struct sl_reason *r;
	SL_BUF struct sl_buf b = {0};

	sl_reason_short(sl_reason_find("volumes_missing"), true, &b);
	CHECK_MSG(strcmp(sl_buf_str(&b),
		      "Zip-filen er ett av flere bind (.z01, .z02 ..)") == 0,
	    "%s", sl_buf_str(&b));
	for (r = sl_reason_all(); r->slug != NULL; r++) {
		sl_buf_reset(&b);
		sl_reason_short(r, true, &b);
		CHECK_MSG(
		    b.n >= 10 && b.n <= 90, "%s: %s", r->slug, sl_buf_str(&b));
	}
}

static void
reasons(void)
{
	const struct sl_reason *r, *q;

	for (r = sl_reason_all(); r->slug != NULL; r++) {
		CHECK_MSG(sl_reason_find(r->slug) == r, "twice: %s", r->slug);
		CHECK_MSG(
		    strspn(r->slug, "abcdefghijklmnopqrstuvwxyz_0123456789") ==
			strlen(r->slug),
		    "%s", r->slug);
		CHECK_MSG(r->en[0] != '\0' && r->nb[0] != '\0', "%s", r->slug);
		CHECK(sl_owner_name(r->owner) != NULL);
		CHECK(r->dispo != SL_DISPO_ready);
	}
	q = sl_reason_find("damaged");
	CHECK(q != NULL && sl_reason_change(q) == SL_CHANGE_break_);
	CHECK(sl_reason_find("no_such") == NULL);
	CHECK(sl_reason_find(NULL) == NULL);
}

static void
reception(void)
{
	static const struct {
		const char *in, *out;
		int entry;
	} good[] = {
	    {"M26-004711-3", "M26-004711-3", 0},
	    {"M26-004711-3.2", "M26-004711-3", 2},
	    {"M26-004711-3.9999", "M26-004711-3", 9999},
	    {"TESTVIKA27-123456-9", "TESTVIKA27-123456-9", 0},
	};
	static const char *const bad[] = {"", "M", "26-004711-3",
	    "M26-004711-4", "M26-004711", "M26-004711-", "M26-004711-3.",
	    "M26-004711-3.0", "M26-004711-3.10000", "M26-004711-3.1x",
	    "M26-004711-3x", "M26-04711-3", "M2-004711-3", "M226-004711-3",
	    "m26-004711-3", "M26-004717-3", "M26-007411-3", "2026/211",
	    "ABCDEFGHI26-004711-3", "M26-0000000004711-3",
	    "M26-004711-3.99999999999999999999"};
	char out[40], again[40];
	size_t i, k;
	int entry, d;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		entry = -1;
		CHECK_MSG(
		    sl_reception_parse(good[i].in, out, sizeof(out), &entry),
		    "%s", good[i].in);
		CHECK_STR(out, good[i].out);
		CHECK(entry == good[i].entry);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(!sl_reception_parse(bad[i], out, sizeof(out), &entry),
		    "%s", bad[i]);
	CHECK(!sl_reception_parse("M26-004711-3", out, 5, &entry));
	sl_reception_format("M", 2026, 4711, out, sizeof(out));
	CHECK_STR(out, "M26-004711-3");
	sl_reception_format("M", 2026, 1, out, sizeof(out));
	CHECK_STR(out, "M26-000001-3");
	sl_reception_format("M", 2126, 1234567, out, sizeof(out));
	CHECK(strncmp(out, "M26-1234567-", 12) == 0);
	/* Every single wrong digit is found. */
	for (i = 1; i < 12; i++) {
		for (d = 0, k = 0; d < 10; d++) {
			(void)snprintf(out, sizeof(out), "%s", "M26-004711-3");
			if (out[i] == '-')
				continue;
			out[i] = (char)('0' + d);
			k += sl_reception_parse(
			    out, again, sizeof(again), &entry);
		}
		CHECK(out[i] == '-' || k == 1);
	}
}

/* A letter may be in what stayed shut; a bad attachment costs itself. */
static void
stops_all(void)
{
	CHECK(sl_part_stops_all("application/json", "sidecar_invalid"));
	CHECK(sl_part_stops_all(SL_MIME_ENVELOPE, "key_missing"));
	CHECK(sl_part_stops_all(SL_MIME_ENVELOPE, "encrypted"));
	CHECK(sl_part_stops_all(SL_MIME_ENVELOPE, "worker_crash"));
	CHECK(!sl_part_stops_all(SL_MIME_ENVELOPE, ""));
	CHECK(!sl_part_stops_all("application/pdf", "encrypted"));
	CHECK(!sl_part_stops_all("application/pkcs7-signature", "damaged"));
}

TEST_MAIN({"transitions", transitions}, {"stages", stages},
    {"reasons", reasons}, {"reception", reception}, {"stops_all", stops_all},
    {"events", events}, {"short_reasons", short_reasons})
