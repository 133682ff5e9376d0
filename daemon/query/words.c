/*
 * Rows in words, for people at a terminal.
 *
 * SECURITY: every text that came with the post goes through sl_text_display: a
 * file name cannot move the cursor or turn the line around.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../base/text.h"
#include "query_p.h"

#define BEFORE_NAME 72 /* columns of a line of list */
#define NAME_MIN 12

void
sl_query_show_text(FILE *f, const char *s)
{
	SL_BUF struct sl_buf b = {0};

	sl_text_display(&b, s, strlen(s));
	(void)fputs(sl_buf_str(&b), f);
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static void
line(FILE *f, const char *label, const char *s)
{
	if (*s == '\0')
		return;
	(void)fprintf(f, "  %-12s ", label);
	sl_query_show_text(f, s);
	(void)fputc('\n', f);
}

void
sl_query_print_head(FILE *f)
{
	(void)fprintf(f, "%-16s %-10s %-11s %-10s %-20s %s\n", "id", "stage",
	    "disposition", "case", "reason, outcome", "name");
}

/* What is left of the line on a terminal; 0: it is none. */
static size_t
room_for_name(FILE *f)
{
	struct winsize w = {0};

	if (ioctl(fileno(f), TIOCGWINSZ, &w) != 0 || w.ws_col == 0)
		return 0;
	return w.ws_col > BEFORE_NAME + NAME_MIN ? w.ws_col - BEFORE_NAME
						 : NAME_MIN;
}

static void
show_name(FILE *f, const char *name)
{
	SL_BUF struct sl_buf shown = {0};
	size_t room = room_for_name(f), at = 0, cut = 0, n = 0;

	sl_text_display(&shown, name, strlen(name));
	(void)sl_buf_str(&shown);
	while (room > 0 && at < shown.n && n <= room) {
		if (++n == room)
			cut = at;
		(void)sl_utf8_next((const char *)shown.p, shown.n, &at);
	}
	if (room == 0 || n <= room)
		cut = shown.n;
	(void)fwrite(shown.p, 1, cut, f);
	if (cut < shown.n)
		(void)fputs("…", f);
}

void
sl_query_print_line(FILE *f, const json_t *row)
{
	const char *reason = text(row, "reason");

	if (*reason == '\0')
		reason = text(row, "outcome");
	(void)fprintf(f, "%-16s %-10s %-11s %-10s %-20s ", text(row, "id"),
	    text(row, "stage"), text(row, "disposition"), text(row, "case"),
	    reason);
	show_name(f, text(row, "name"));
	(void)fputc('\n', f);
}

/* {"source","file","page","label","value","box","rule","score","runnerUp"} as
 * sluse-place makes it; any other member is left out. */
static void
clue_words(struct sl_buf *out, const json_t *clue)
{
	const json_t *page = json_object_get(clue, "page"),
		     *box = json_object_get(clue, "box"),
		     *score = json_object_get(clue, "score"),
		     *next = json_object_get(clue, "runnerUp");
	const char *label = text(clue, "label"), *file = text(clue, "file");
	size_t i;

	if (*label != '\0')
		sl_buf_printf(out, "\"%s\" ", label);
	if (*text(clue, "value") != '\0')
		sl_buf_printf(out, "\"%s\" ", text(clue, "value"));
	if (strcmp(text(clue, "source"), "unknown") == 0) {
		sl_buf_printf(out, "from the %s", text(clue, "rule"));
		return;
	}
	sl_buf_printf(out, "in %s", text(clue, "source"));
	if (*file != '\0')
		sl_buf_printf(out, " of %s", file);
	/* The description of a package has none. */
	if (json_is_integer(page) &&
	    strcmp(text(clue, "source"), "package") != 0)
		sl_buf_printf(out, ", page %" JSON_INTEGER_FORMAT,
		    json_integer_value(page) + 1);
	if (json_array_size(box) == 4) {
		sl_buf_add_str(out, " at");
		for (i = 0; i < 4; i++)
			sl_buf_printf(out, "%s%d%%", i == 0 ? " " : ",",
			    (int)(json_integer_value(json_array_get(box, i)) *
				  100 / 65535));
	}
	if (*text(clue, "rule") != '\0')
		sl_buf_printf(out, "; rule %s", text(clue, "rule"));
	if (json_is_integer(score))
		sl_buf_printf(out, ", score %.2f",
		    (double)json_integer_value(score) / 1000);
	if (json_is_integer(next) && json_integer_value(next) > 0)
		sl_buf_printf(out, " against %.2f",
		    (double)json_integer_value(next) / 1000);
}

void
sl_query_evidence(struct sl_buf *out, const json_t *evidence)
{
	SL_BUF struct sl_buf one = {0};
	json_t *clue;
	size_t i;

	json_array_foreach(evidence, i, clue)
	{
		sl_buf_reset(&one);
		if (json_is_string(clue))
			sl_buf_add_str(&one, json_string_value(clue));
		else
			clue_words(&one, clue);
		sl_text_display(out, sl_buf_str(&one), one.n);
		sl_buf_add_char(out, '\n');
	}
}

void
sl_query_print_field(
    FILE *f, const char *name, const json_t *candidate, int rank)
{
	SL_BUF struct sl_buf b = {0};
	const char *p, *nl;

	sl_query_evidence(&b, json_object_get(candidate, "evidence"));
	(void)fprintf(f, "  %-22s ", rank == 0 ? name : "");
	sl_query_show_text(f, text(candidate, "value"));
	(void)fprintf(f, "  (%.2f, %s)\n",
	    json_number_value(json_object_get(candidate, "confidence")),
	    json_is_true(json_object_get(candidate, "accepted"))
		? "accepted"
		: "not accepted");
	for (p = sl_buf_str(&b); (nl = strchr(p, '\n')) != NULL; p = nl + 1)
		(void)fprintf(f, "  %-22s   %.*s\n", "", (int)(nl - p), p);
}

/* The lists that take its format, where that was looked up. */
static void
print_accepted(FILE *f, const json_t *lists)
{
	json_t *list;
	size_t i;

	if (!json_is_array(lists))
		return;
	(void)fputs(json_array_size(lists) > 0 ? ", accepted by"
					       : ", on no list of formats",
	    f);
	json_array_foreach(lists, i, list)(void)
	    fprintf(f, " %s", json_string_value(list));
}

static void
print_documents(FILE *f, const json_t *row)
{
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(row, "documents"), i, d)
	{
		(void)fprintf(f, "  %-12s %" JSON_INTEGER_FORMAT " %s ",
		    i == 0 ? "documents" : "",
		    json_integer_value(json_object_get(d, "number")),
		    text(d, "role"));
		sl_query_show_text(f, *text(d, "title") != '\0'
					  ? text(d, "title")
					  : text(d, "name"));
		(void)fprintf(f, " (%s, %" JSON_INTEGER_FORMAT " bytes",
		    text(d, "mime"),
		    json_integer_value(json_object_get(d, "size")));
		if (json_integer_value(json_object_get(d, "pages")) > 0)
			(void)fprintf(f, ", %" JSON_INTEGER_FORMAT " page%s",
			    json_integer_value(json_object_get(d, "pages")),
			    json_integer_value(json_object_get(d, "pages")) == 1
				? ""
				: "s");
		if (json_integer_value(json_object_get(d, "pages_unsure")) > 0)
			(void)fprintf(f,
			    ", %" JSON_INTEGER_FORMAT " hard to read",
			    json_integer_value(
				json_object_get(d, "pages_unsure")));
		print_accepted(f, json_object_get(d, "accepted"));
		(void)fputs(")\n", f);
	}
}

static void
print_deliveries(FILE *f, const json_t *row)
{
	json_t *d, *step;
	size_t i, k;

	json_array_foreach(json_object_get(row, "deliveries"), i, d)
	{
		(void)fprintf(f,
		    "  %-12s %s: %s, %" JSON_INTEGER_FORMAT " tries",
		    i == 0 ? "deliveries" : "", text(d, "target"),
		    text(d, "state"),
		    json_integer_value(json_object_get(d, "attempts")));
		if (*text(d, "next") != '\0')
			(void)fprintf(f, ", next %s", text(d, "next"));
		(void)fputc('\n', f);
		line(f, "", text(d, "reason_text"));
		line(f, "", text(d, "detail"));
		json_array_foreach(json_object_get(d, "steps"), k, step)
		{
			(void)fprintf(
			    f, "  %-12s %s: ", "", text(step, "step"));
			sl_query_show_text(f, text(step, "key"));
			(void)fputc('\n', f);
		}
	}
}

static void
print_in_target(FILE *f, const json_t *row)
{
	const json_t *o = json_object_get(row, "in_target");

	if (!json_is_object(o))
		return;
	(void)fprintf(f, "  %-12s %s: ", "in target", text(o, "target"));
	sl_query_show_text(f, text(o, "number"));
	(void)fprintf(
	    f, ", status %s (seen %s)\n", text(o, "status"), text(o, "seen"));
}

static void
print_reason(FILE *f, const json_t *row)
{
	if (*text(row, "reason") == '\0')
		return;
	(void)fprintf(f, "  %-12s %s", "reason", text(row, "reason"));
	if (*text(row, "owner") != '\0')
		(void)fprintf(f, " (for: %s)", text(row, "owner"));
	(void)fputc('\n', f);
	line(f, "", text(row, "reason_text"));
	line(f, "", text(row, "detail"));
}

void
sl_query_print_row(FILE *f, const json_t *row)
{
	(void)fprintf(f, "%s\n", text(row, "id"));
	line(f, "name", text(row, "name"));
	line(f, "queue", text(row, "queue"));
	line(f, "received", text(row, "received"));
	line(f, "sha256", text(row, "sha256"));
	line(f, "stage", text(row, "stage"));
	line(f, "disposition", text(row, "disposition"));
	line(f, "outcome", text(row, "outcome"));
	print_reason(f, row);
	line(f, "retry", text(row, "retry"));
	line(f, "held until", text(row, "held_until"));
	line(f, "case", text(row, "case"));
	line(f, "title", text(row, "title"));
	line(f, "duplicate of", text(row, "duplicate_of"));
	line(f, "replaced by", text(row, "replaced_by"));
	print_documents(f, row);
	print_deliveries(f, row);
	print_in_target(f, row);
}

/* One stands for each file, also of a kind that has none. */
static json_t *
without_empty_puids(const json_t *payload)
{
	json_t *copy = json_deep_copy(payload),
	       *puids = json_object_get(copy, "puid");
	size_t i;

	for (i = json_array_size(puids); i-- > 0;)
		if (json_string_length(json_array_get(puids, i)) == 0)
			(void)json_array_remove(puids, i);
	if (json_is_array(puids) && json_array_size(puids) == 0)
		(void)json_object_del(copy, "puid");
	return copy;
}

void
sl_query_print_event(FILE *f, const json_t *event)
{
	const json_t *payload = json_object_get(event, "payload");
	char *s;

	(void)fprintf(f, "%8" JSON_INTEGER_FORMAT " %-24s %-16s %-16s ",
	    json_integer_value(json_object_get(event, "seq")),
	    text(event, "time"), text(event, "subject"),
	    *text(event, "fault") != '\0' ? text(event, "fault")
					  : text(event, "event"));
	sl_query_show_text(f, text(event, "actor"));
	if (json_object_size(payload) > 0) {
		json_t *shown = without_empty_puids(payload);

		s = json_dumps(shown, JSON_COMPACT);
		json_decref(shown);
		(void)fputs("  ", f);
		sl_query_show_text(f, s != NULL ? s : "");
		free(s);
	}
	(void)fputc('\n', f);
}

static void
print_list(FILE *f, const json_t *row, const char *key, const char *title,
    const char *what, const char *detail)
{
	json_t *o;
	size_t i;

	if (json_array_size(json_object_get(row, key)) > 0)
		(void)fprintf(f, "\n  %s\n", title);
	json_array_foreach(json_object_get(row, key), i, o)
	{
		(void)fputs("    ", f);
		sl_query_show_text(f, text(o, what));
		(void)fputs("  ", f);
		sl_query_show_text(f, text(o, detail));
		if (json_is_integer(json_object_get(o, "page"))) {
			(void)fputs("  ", f);
			sl_query_show_text(f, text(o, "label"));
			(void)fprintf(f,
			    "  %s, page %" JSON_INTEGER_FORMAT " of ",
			    text(o, "source"),
			    json_integer_value(json_object_get(o, "page")));
			sl_query_show_text(f, text(o, "file"));
		} else if (*text(o, "reason_text") != '\0') {
			(void)fprintf(f, "  %s", text(o, "reason_text"));
		} else if (*text(o, "text") != '\0') {
			(void)fprintf(f, "  %s", text(o, "text"));
		}
		(void)fputc('\n', f);
	}
}

void
sl_query_print_explain(FILE *f, const json_t *row)
{
	const char *name;
	json_t *fields = json_object_get(row, "fields"), *list, *o;
	size_t i;

	sl_query_print_row(f, row);
	print_list(f, row, "parts", "Files", "name", "mime");
	print_list(f, row, "found", "Read in the post", "field", "value");
	print_list(f, row, "notes", "Remarks", "note", "detail");
	if (json_object_size(fields) > 0)
		(void)fputs("\n  Where it belongs\n", f);
	json_object_foreach(fields, name, list) json_array_foreach(list, i, o)
	    sl_query_print_field(f, name, o, (int)i);
	(void)fputs("\n  Sporingslogg\n", f);
	json_array_foreach(json_object_get(row, "events"), i, o)
	    sl_query_print_event(f, o);
}

void
sl_query_print_status(FILE *f, const json_t *status)
{
	json_int_t known;
	json_t *o;
	size_t i;

	(void)fprintf(f,
	    "%" JSON_INTEGER_FORMAT " item%s, %" JSON_INTEGER_FORMAT
	    " not done",
	    json_integer_value(json_object_get(status, "items")),
	    json_integer_value(json_object_get(status, "items")) == 1 ? ""
								      : "s",
	    json_integer_value(json_object_get(status, "open")));
	if (*text(status, "oldest") != '\0')
		(void)fprintf(
		    f, ", the oldest from %s", text(status, "oldest"));
	known = json_integer_value(json_object_get(status, "known_cases"));
	(void)fprintf(f, "; %" JSON_INTEGER_FORMAT " known case%s\n", known,
	    known == 1 ? "" : "s");
	json_array_foreach(json_object_get(status, "queues"), i, o)
	{
		(void)fprintf(f, "%7" JSON_INTEGER_FORMAT " %-10s %-11s %-19s",
		    json_integer_value(json_object_get(o, "count")),
		    text(o, "stage"), text(o, "disposition"),
		    text(o, "outcome"));
		sl_query_show_text(f, text(o, "queue"));
		(void)fputc('\n', f);
	}
	sl_query_print_persons(f, status);
	sl_query_print_witnesses(f, status);
}

void
sl_query_print_age(FILE *f, const json_t *age)
{
	const char *name;
	json_t *o, *n;
	size_t i;

	if (json_array_size(age) == 0) {
		(void)fputs("Nothing waits.\n", f);
		return;
	}
	(void)fprintf(f, "%-7s %6s %10s", "", "total", "oldest");
	json_object_foreach(json_object_get(json_array_get(age, 0), "buckets"),
	    name, n)(void) fprintf(f, " %6s", name);
	(void)fputs("  name\n", f);
	json_array_foreach(age, i, o)
	{
		(void)fprintf(f,
		    "%-7s %6" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT "s",
		    text(o, "kind"),
		    json_integer_value(json_object_get(o, "total")),
		    json_integer_value(json_object_get(o, "oldest_s")));
		json_object_foreach(json_object_get(o, "buckets"), name, n)(
		    void) fprintf(f, " %6" JSON_INTEGER_FORMAT,
		    json_integer_value(n));
		(void)fputs("  ", f);
		sl_query_show_text(f, text(o, "name"));
		(void)fputc('\n', f);
	}
}

/* -- the store read back --------------------------------------------------- */

static const char *
fault_words(const char *fault)
{
	static const struct {
		const char *name, *words;
	} words[] = {{"gone", "is gone"}, {"no_file", "is no plain file"},
	    {"size", "is of another size"}, {"altered", "was altered"},
	    {"unreadable", "cannot be read"}};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(fault, words[i].name) == 0)
			return words[i].words;
	return "?";
}

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
print_file(FILE *f, const json_t *o)
{
	const json_t *ids = json_object_get(o, "ids"), *id;
	json_int_t more = number(o, "posts") - (json_int_t)json_array_size(ids);
	size_t i;

	sl_query_show_text(f, text(o, "file"));
	(void)fprintf(f, " %s", fault_words(text(o, "fault")));
	if (*text(o, "detail") != '\0' &&
	    strcmp(text(o, "fault"), "gone") != 0) {
		(void)fputs(" (", f);
		sl_query_show_text(f, text(o, "detail"));
		(void)fputc(')', f);
	}
	json_array_foreach(ids, i, id)
	{
		(void)fputs(i == 0 ? ": " : ", ", f);
		sl_query_show_text(
		    f, json_is_string(id) ? json_string_value(id) : "?");
	}
	if (more > 0)
		(void)fprintf(f, " and %" JSON_INTEGER_FORMAT " more", more);
	(void)fputc('\n', f);
}

void
sl_query_print_originals(FILE *f, const json_t *originals)
{
	const json_t *faults = json_object_get(originals, "faults"), *o;
	json_int_t n =
	    number(originals, "gone") + number(originals, "no_file") +
	    number(originals, "size") + number(originals, "altered") +
	    number(originals, "unreadable");
	size_t i;

	if (json_object_get(originals, "fault") != NULL) {
		(void)fputs("The originals were NOT found: ", f);
		sl_query_show_text(f, text(originals, "fault"));
		(void)fputc('\n', f);
		return;
	}
	(void)fprintf(f,
	    "Originals: %" JSON_INTEGER_FORMAT
	    " are whole, %" JSON_INTEGER_FORMAT " bytes; of what was unpacked, "
	    "%" JSON_INTEGER_FORMAT " parts, %" JSON_INTEGER_FORMAT " bytes.\n",
	    number(originals, "files"), number(originals, "bytes"),
	    number(originals, "parts"), number(originals, "part_bytes"));
	if (n > 0)
		(void)fprintf(f,
		    "The store is NOT whole: %" JSON_INTEGER_FORMAT
		    " file%s of it\n",
		    n, n == 1 ? "" : "s");
	json_array_foreach(faults, i, o) print_file(f, o);
	if (n > (json_int_t)i)
		(void)fprintf(f, "and %" JSON_INTEGER_FORMAT " more.\n",
		    n - (json_int_t)i);
	if (number(originals, "unknown") > 0)
		(void)fprintf(f,
		    "%" JSON_INTEGER_FORMAT
		    " files there belong to no post, as a crash leaves them.\n",
		    number(originals, "unknown"));
}
