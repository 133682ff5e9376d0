#include "caseindex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../base/file.h"
#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"

#define MAGIC "SLCASES\n"
#define VERSION 1u
#define CLOSED 1u
#define TEXTS 6

/* As on disk; both have no padding. */
struct header {
	char magic[8];
	uint32_t version, count;
	uint64_t size; /* of the file */
	uint64_t zero;
	uint8_t
	    sha256[SL_SHA256_LEN]; /* of all that stands before and after it */
};
struct extent {
	uint32_t at, n; /* from the start of the strings */
};
struct record {
	uint32_t year, seq;
	struct extent text[TEXTS]; /* number title status unit klass key */
	uint32_t flags, zero;
};
_Static_assert(sizeof(struct header) == 64, "header of the case index");
_Static_assert(sizeof(struct record) == 64, "record of the case index");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little endian");

static const uint32_t text_max[TEXTS] = {
    SL_CASE_NUMBER_MAX, 1024, 32, 128, 128, 256};

struct sl_caseindex {
	void *map;
	size_t size;
	const struct record *rec;
	const char *text;
	uint64_t text_n;
	uint32_t count;
};

static bool
digits(const char *s, size_t n, size_t max, uint32_t *ret)
{
	uint32_t v = 0;
	size_t i;

	if (n == 0 || n > max)
		return false;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s[i] - '0');
	}
	*ret = v;
	return true;
}

bool
sl_case_number_parse(
    const char *s, size_t n, uint32_t *ret_year, uint32_t *ret_seq)
{
	uint32_t year, seq, post;
	size_t y = 0, q;

	while (n > 0 && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '.'))
		n--;
	while (y < n && s[y] >= '0' && s[y] <= '9')
		y++;
	if (y == n) {
		if (n != 9 || !digits(s, 4, 4, &year) ||
		    !digits(s + 4, 5, 5, &seq))
			return false;
	} else {
		if ((y != 2 && y != 4) || !digits(s, y, 4, &year) ||
		    (s[y] != '/' && (s[y] != '-' || y != 4)))
			return false;
		for (q = y + 1; q < n && s[q] != '-'; q++)
			continue;
		if (!digits(s + y + 1, q - y - 1, 7, &seq) ||
		    (q < n && !digits(s + q + 1, n - q - 1, 5, &post)))
			return false;
		if (y == 2)
			year += year < 70 ? 2000 : 1900;
	}
	if (year < 1900 || year > 2099 || seq == 0)
		return false;
	*ret_year = year;
	*ret_seq = seq;
	return true;
}

bool
sl_case_status_is_closed(const char *status)
{
	static const char *const closed[] = {"avsluttet", "utgår", "utgått",
	    "a", "u", "closed", "ferdig", "avslutta"};
	SL_BUF struct sl_buf b = {0};
	size_t i;

	sl_text_lower(&b, status, strlen(status));
	for (i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		if (strcmp(sl_buf_str(&b), closed[i]) == 0)
			return true;
	}
	return false;
}

static const char *
row_text(const struct sl_case_row *r, int i)
{
	const char *const t[TEXTS] = {
	    r->number, r->title, r->status, r->unit, r->klass, r->target_key};

	return t[i] != NULL ? t[i] : "";
}

/* By year, sequence, and the text of the number for all others. */
static int
compare(uint32_t year, uint32_t seq, const char *number, size_t n,
    const struct record *r, const char *text)
{
	size_t m = r->text[0].n;
	int c;

	if (year != r->year)
		return year < r->year ? -1 : 1;
	if (seq != r->seq)
		return seq < r->seq ? -1 : 1;
	if (year != 0)
		return 0;
	c = memcmp(number, text + r->text[0].at, n < m ? n : m);
	return c != 0 ? c : (n > m) - (n < m);
}

struct sorted {
	uint32_t year, seq;
	size_t at; /* keeps equal ones in the order they came */
	const char *number;
};

static int
compare_sorted(const void *x, const void *y)
{
	const struct sorted *a = x, *b = y;
	int c;

	if (a->year != b->year)
		return a->year < b->year ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	c = a->year != 0 ? 0 : strcmp(a->number, b->number);
	return c != 0 ? c : (a->at > b->at) - (a->at < b->at);
}

static size_t
cut(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((uint8_t)s[n] & 0xC0) == 0x80; n--)
		continue;
	return n;
}

static enum sl_rc
check_row(const struct sl_case_row *r, struct sl_err *err)
{
	size_t n = strlen(row_text(r, 0));
	const char *t;
	int i;

	if (n == 0 || n > SL_CASE_NUMBER_MAX)
		return sl_err_set(err, SL_REJECT, 0, "case_index",
		    "a case's number is empty or too long");
	for (i = 0; i < TEXTS; i++) {
		t = row_text(r, i);
		if (!sl_utf8_valid(t, strlen(t)))
			return sl_err_set(err, SL_REJECT, 0, "case_index",
			    "a case's text is not UTF-8");
	}
	return SL_OK;
}

static enum sl_rc
sort_rows(const struct sl_case_row *rows, size_t n, struct sorted *s,
    struct sl_err *err)
{
	enum sl_rc rc;
	size_t i;

	for (i = 0; i < n; i++) {
		rc = check_row(&rows[i], err);
		if (rc != SL_OK)
			return rc;
		s[i].at = i;
		s[i].number = rows[i].number;
		if (!sl_case_number_parse(rows[i].number,
			strlen(rows[i].number), &s[i].year, &s[i].seq))
			s[i].year = s[i].seq = 0;
	}
	if (n > 0)
		qsort(s, n, sizeof(*s), compare_sorted);
	return SL_OK;
}

static void
add_record(struct record *r, const struct sl_case_row *row,
    const struct sorted *s, struct sl_buf *text)
{
	const char *t;
	int i;

	memset(r, 0, sizeof(*r));
	r->year = s->year;
	r->seq = s->seq;
	r->flags = sl_case_status_is_closed(row_text(row, 2)) ? CLOSED : 0;
	for (i = 0; i < TEXTS; i++) {
		t = row_text(row, i);
		r->text[i].at = (uint32_t)text->n;
		r->text[i].n = (uint32_t)cut(t, text_max[i]);
		sl_buf_add(text, t, r->text[i].n);
	}
}

enum sl_rc
sl_caseindex_write(
    int fd, const struct sl_case_row *rows, size_t n, struct sl_err *err)
{
	SL_BUF struct sl_buf text = {.max = SL_CASEINDEX_BYTES_MAX};
	SL_FREE struct sorted *s = NULL;
	SL_FREE struct record *rec = NULL;
	struct header h = {.version = VERSION};
	struct sl_sha256 *hash;
	struct sl_digest d;
	enum sl_rc rc;
	size_t i;

	if (n > SL_CASEINDEX_ROWS_MAX)
		return sl_err_set(err, SL_REJECT, 0, "case_index",
		    "more than %u cases", SL_CASEINDEX_ROWS_MAX);
	s = sl_alloc((n + 1) * sizeof(*s));
	rec = sl_alloc((n + 1) * sizeof(*rec));
	rc = sort_rows(rows, n, s, err);
	if (rc != SL_OK)
		return rc;
	for (i = 0; i < n; i++)
		add_record(&rec[i], &rows[s[i].at], &s[i], &text);
	h.size = sizeof(h) + n * sizeof(*rec) + text.n;
	if (text.full || h.size > SL_CASEINDEX_BYTES_MAX)
		return sl_err_set(err, SL_REJECT, 0, "case_index",
		    "the cases' texts are too large");
	memcpy(h.magic, MAGIC, sizeof(h.magic));
	h.count = (uint32_t)n;
	hash = sl_sha256_new();
	sl_sha256_add(hash, &h, offsetof(struct header, sha256));
	sl_sha256_add(hash, rec, n * sizeof(*rec));
	sl_sha256_add(hash, sl_buf_str(&text), text.n);
	sl_sha256_end(hash, &d);
	memcpy(h.sha256, d.b, sizeof(h.sha256));
	if (sl_write_full(fd, &h, sizeof(h)) != 0 ||
	    sl_write_full(fd, rec, n * sizeof(*rec)) != 0 ||
	    sl_write_full(fd, sl_buf_str(&text), text.n) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write the case index");
	return SL_OK;
}

static enum sl_rc
refuse(struct sl_err *err, const char *what)
{
	return sl_err_set(err, SL_REJECT, 0, "case_index",
	    "the case index is not usable: %s", what);
}

/* Every extent inside, every text UTF-8, every record in its place. */
static enum sl_rc
check_records(const struct sl_caseindex *x, struct sl_err *err)
{
	const struct record *r, *before = NULL;
	uint32_t i;
	int k;

	for (i = 0; i < x->count; i++) {
		r = &x->rec[i];
		for (k = 0; k < TEXTS; k++) {
			if (r->text[k].n > text_max[k] ||
			    (uint64_t)r->text[k].at + r->text[k].n > x->text_n)
				return refuse(err, "text outside of it");
			if (!sl_utf8_valid(
				x->text + r->text[k].at, r->text[k].n))
				return refuse(err, "not UTF-8");
		}
		if (before != NULL && compare(before->year, before->seq,
					  x->text + before->text[0].at,
					  before->text[0].n, r, x->text) > 0)
			return refuse(err, "not sorted");
		before = r;
	}
	return SL_OK;
}

static enum sl_rc
check_map(struct sl_caseindex *x, struct sl_err *err)
{
	const struct header *h = x->map;
	const char *body = (const char *)x->map + sizeof(*h);
	struct sl_sha256 *hash;
	struct sl_digest d;

	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 ||
	    h->version != VERSION || h->zero != 0)
		return refuse(err, "another format");
	if (h->size != x->size || h->count > SL_CASEINDEX_ROWS_MAX ||
	    h->count > (x->size - sizeof(*h)) / sizeof(struct record))
		return refuse(err, "wrong size");
	hash = sl_sha256_new();
	sl_sha256_add(hash, h, offsetof(struct header, sha256));
	sl_sha256_add(hash, body, x->size - sizeof(*h));
	sl_sha256_end(hash, &d);
	if (memcmp(d.b, h->sha256, sizeof(d.b)) != 0)
		return refuse(err, "wrong digest");
	x->count = h->count;
	x->rec = (const struct record *)(const void *)body;
	x->text = body + x->count * sizeof(struct record);
	x->text_n = x->size - sizeof(*h) - x->count * sizeof(struct record);
	return check_records(x, err);
}

enum sl_rc
sl_caseindex_open(int fd, struct sl_caseindex **ret, struct sl_err *err)
{
	struct sl_caseindex *x;
	struct stat st;
	enum sl_rc rc;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return refuse(err, "not a plain file");
	if (st.st_size < (off_t)sizeof(struct header) ||
	    st.st_size > (off_t)SL_CASEINDEX_BYTES_MAX)
		return refuse(err, "wrong size");
	x = sl_alloc(sizeof(*x));
	x->size = (size_t)st.st_size;
	x->map = mmap(NULL, x->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (x->map == MAP_FAILED) {
		free(x);
		return sl_err_set(err, SL_FATAL, errno, "case_index",
		    "cannot map the case index");
	}
	rc = check_map(x, err);
	if (rc != SL_OK) {
		sl_caseindex_free(x);
		return rc;
	}
	*ret = x;
	return SL_OK;
}

void
sl_caseindex_free(struct sl_caseindex *x)
{
	if (x == NULL)
		return;
	(void)munmap(x->map, x->size);
	free(x);
}

uint32_t
sl_caseindex_count(const struct sl_caseindex *x)
{
	return x != NULL ? x->count : 0;
}

static bool
same_number(const struct sl_caseindex *x, uint32_t i, uint32_t k)
{
	const struct record *r = &x->rec[i];

	return k < x->count && compare(r->year, r->seq, x->text + r->text[0].at,
				   r->text[0].n, &x->rec[k], x->text) == 0;
}

void
sl_caseindex_at(
    const struct sl_caseindex *x, uint32_t i, struct sl_known_case *ret)
{
	const struct record *r = &x->rec[i];
	struct sl_slice *const t[TEXTS] = {&ret->number, &ret->title,
	    &ret->status, &ret->unit, &ret->klass, &ret->target_key};
	int k;

	ret->year = r->year;
	ret->seq = r->seq;
	ret->closed = (r->flags & CLOSED) != 0;
	ret->doubled =
	    same_number(x, i, i + 1) || (i > 0 && same_number(x, i, i - 1));
	for (k = 0; k < TEXTS; k++)
		*t[k] =
		    (struct sl_slice){x->text + r->text[k].at, r->text[k].n};
}

bool
sl_caseindex_find(const struct sl_caseindex *x, const char *s, size_t n,
    struct sl_known_case *ret)
{
	uint32_t year, seq, lo = 0, hi, mid;
	int c;

	if (x == NULL || n == 0 || n > SL_CASE_NUMBER_MAX)
		return false;
	if (!sl_case_number_parse(s, n, &year, &seq))
		year = seq = 0;
	for (hi = x->count; lo < hi;) {
		mid = lo + (hi - lo) / 2;
		c = compare(year, seq, s, n, &x->rec[mid], x->text);
		if (c > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == x->count ||
	    compare(year, seq, s, n, &x->rec[lo], x->text) != 0)
		return false;
	sl_caseindex_at(x, lo, ret);
	return true;
}
