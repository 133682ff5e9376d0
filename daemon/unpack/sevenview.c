/*
 * INVARIANTS: pieces lie one behind the other from SL_SEVEN_START on and have
 * no gap; each lies inside the file, which the header's reading has checked.
 *
 * SECURITY: keys are lent by keys.h, which wipes them; what was decrypted lies
 * only in the block that libarchive reads from.
 */
#include "sevenview.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"

#define AES_BLOCK 16u
/* So many bytes of zeros where they must be say as much as a checksum. */
#define TAIL_PROVES 4u
#define READ_MAX ((size_t)1 << 30) /* at a time */

/* One packed stream as it is shown. */
struct sl_seven_piece {
	uint64_t at, size; /* in what is shown */
	uint64_t from, packed; /* in the file */
	const uint8_t *key; /* NULL: as it stands */
	uint8_t iv[AES_BLOCK];
};

/* -- showing -------------------------------------------------------------- */

static ssize_t
copy_from(const uint8_t *p, uint64_t size, void *to, size_t n, uint64_t at)
{
	if (n > size - at)
		n = (size_t)(size - at);
	memcpy(to, p + at, n);
	return (ssize_t)n;
}

/* Decrypts whole blocks in place; iv: the block before the first. */
static bool
decrypt(const uint8_t *key, const uint8_t *iv, uint8_t *p, size_t n)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int got = 0;
	bool ok;

	ok = c != NULL &&
	     EVP_DecryptInit_ex(c, EVP_aes_256_cbc(), NULL, key, iv) == 1 &&
	     EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
	     EVP_DecryptUpdate(c, p, &got, p, (int)n) == 1 && (size_t)got == n;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* Up to n bytes of a piece from `at`, which lie within it: fewer where the
 * buffer ends in the middle of a block, never none. -1: the file cannot be
 * read. */
static ssize_t
read_blocks(const struct sl_seven_view *v, const struct sl_seven_piece *k,
    uint8_t *p, size_t n, uint64_t at)
{
	uint64_t block = at - at % AES_BLOCK;
	size_t skip = (size_t)(at - block), whole = n - n % AES_BLOCK;
	uint8_t iv[AES_BLOCK], one[AES_BLOCK], *to = p;
	ssize_t got = -1;

	if (block == 0)
		memcpy(iv, k->iv, AES_BLOCK);
	else if (sl_extent_read(&v->x, iv, AES_BLOCK,
		     k->from + block - AES_BLOCK) != AES_BLOCK)
		return -1;
	/* The block that the asked for bytes begin or end in. */
	if (skip > 0 || whole == 0) {
		to = one;
		whole = AES_BLOCK;
	}
	if (sl_extent_read(&v->x, to, whole, k->from + block) ==
		(ssize_t)whole &&
	    decrypt(k->key, iv, to, whole))
		got = to == p ? (ssize_t)whole
			      : copy_from(one, AES_BLOCK, p, n, skip);
	explicit_bzero(one, sizeof(one));
	return got;
}

/* The same, all n of them. */
static ssize_t
read_piece(const struct sl_seven_view *v, const struct sl_seven_piece *k,
    uint8_t *p, size_t n, uint64_t at)
{
	size_t done = 0;
	ssize_t r;

	if (k->key == NULL)
		return sl_extent_read(&v->x, p, n, k->from + at);
	for (; done < n; done += (size_t)r)
		if ((r = read_blocks(v, k, p + done, n - done, at + done)) < 0)
			return -1;
	return (ssize_t)n;
}

static const struct sl_seven_piece *
find_piece(const struct sl_seven_view *v, uint64_t at)
{
	size_t lo = 0, hi = v->pieces_n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v->pieces[mid].at + v->pieces[mid].size <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	assert(lo < v->pieces_n);
	return &v->pieces[lo];
}

uint64_t
sl_seven_view_size(const struct sl_seven_view *v)
{
	return v->head_at + v->head.n;
}

ssize_t
sl_seven_view_read(const void *of, void *p, size_t n, uint64_t at)
{
	const struct sl_seven_view *v = of;
	uint64_t end = sl_seven_view_size(v);
	const struct sl_seven_piece *k;

	if (at >= end || n == 0)
		return 0;
	if (n > READ_MAX)
		n = READ_MAX;
	if (at < SL_SEVEN_START)
		return copy_from(v->start, SL_SEVEN_START, p, n, at);
	if (at >= v->head_at)
		return copy_from((const uint8_t *)v->head.p, v->head.n, p, n,
		    at - v->head_at);
	k = find_piece(v, at);
	at -= k->at;
	if (n > k->size - at)
		n = (size_t)(k->size - at);
	return read_piece(v, k, p, n, at);
}

void
sl_seven_view_free(struct sl_seven_view *v)
{
	free(v->pieces);
	sl_buf_free(&v->head);
}

/* -- making what is shown ------------------------------------------------- */

/* What the properties of an AES coder say; false: not what we know. */
static bool
aes_props(const struct sl_seven_coder *c, unsigned *ret_power,
    const uint8_t **ret_salt, size_t *ret_salt_n, uint8_t iv[AES_BLOCK])
{
	const uint8_t *p = c->props;
	size_t salt_n = 0, iv_n = 0, at = 1;

	if (c->props_n < 1)
		return false;
	if ((p[0] & 0xC0) != 0) {
		if (c->props_n < 2)
			return false;
		at = 2;
		salt_n = (p[0] >> 7 & 1) + (size_t)(p[1] >> 4);
		iv_n = (p[0] >> 6 & 1) + (size_t)(p[1] & 0x0F);
	}
	if (c->props_n < at + salt_n + iv_n)
		return false;
	*ret_power = p[0] & 0x3F;
	*ret_salt = p + at;
	*ret_salt_n = salt_n;
	memset(iv, 0, AES_BLOCK);
	memcpy(iv, p + at + salt_n, iv_n);
	return *ret_power <= SL_KEY_POWER_MAX ||
	       *ret_power == SL_KEY_POWER_NONE;
}

/* A head that is being put together, folder by folder. */
struct making {
	struct sl_keys *keys;
	const struct sl_seven_head *from;
	struct sl_seven_view *v;
	struct sl_seven_head head; /* its arrays are as large as from's */
	struct sl_buf coders;
	uint64_t at; /* where the next piece comes */
	uint32_t waiting; /* files without a folder yet */
};

static struct sl_seven_piece *
add_piece(struct making *m, uint64_t size, uint64_t from, uint64_t packed)
{
	struct sl_seven_piece *k = &m->v->pieces[m->v->pieces_n++];

	*k = (struct sl_seven_piece){
	    .at = m->at, .size = size, .from = from, .packed = packed};
	m->head.packs[m->head.packs_n++].size = size;
	m->at += size;
	return k;
}

static void
add_outs(struct making *m, const uint64_t *outs, size_t n)
{
	memcpy(m->head.outs + m->head.outs_n, outs, n * sizeof(*outs));
	m->head.outs_n += n;
}

/* Its files, behind those that waited for a folder. */
static void
add_streams(struct making *m, const struct sl_seven_folder *f)
{
	struct sl_seven_folder *to = &m->head.folders[m->head.folders_n++];

	*to = *f;
	to->first_stream = m->head.streams_n;
	to->streams = f->streams + m->waiting;
	if (f->streams > 0)
		memcpy(m->head.streams + m->head.streams_n + m->waiting,
		    m->from->streams + f->first_stream,
		    f->streams * sizeof(*m->head.streams));
	m->head.streams_n += to->streams;
	m->waiting = 0;
}

static void
add_plain(struct making *m, const struct sl_seven_folder *f)
{
	const struct sl_seven_pack *p;
	uint32_t i;

	for (i = 0; i < f->packs; i++) {
		p = &m->from->packs[f->first_pack + i];
		(void)add_piece(m, p->size, p->at, p->size);
	}
	sl_buf_add(&m->coders, f->raw, f->raw_n);
	add_outs(m, m->from->outs + f->first_out, f->outs);
	add_streams(m, f);
}

/* Its files become empty ones of the folder before, or of the next one:
 * libarchive goes from folder to folder and could not pass this one by. */
static void
add_closed(struct making *m, const struct sl_seven_folder *f)
{
	if (m->head.folders_n == 0) {
		m->waiting += f->streams;
		return;
	}
	m->head.folders[m->head.folders_n - 1].streams += f->streams;
	m->head.streams_n += f->streams;
}

/* A folder for files that found none. */
static void
add_nothing(struct making *m)
{
	static const struct sl_seven_coders stored = {
	    .n = 1, .ins = 1, .packs = 1, .coder = {{.ins = 1}}};
	static const struct sl_seven_folder folder = {.outs = 1, .packs = 1};
	static const uint64_t none = 0;

	(void)add_piece(m, 0, 0, 0);
	sl_seven_add_coders(&m->coders, &stored);
	add_outs(m, &none, 1);
	add_streams(m, &folder);
}

/* SL_HOLD: no password opens it here. Else as sl_keys_find(). */
static enum sl_rc
add_opened(struct making *m, const struct sl_seven_folder *f, size_t which)
{
	const struct sl_seven_coder *aes[SL_SEVEN_INS];
	struct sl_seven_coders all, left;
	uint64_t outs[SL_SEVEN_CODERS], sizes[SL_SEVEN_INS];
	const struct sl_seven_pack *p;
	const uint8_t *salt, *key = NULL;
	struct sl_seven_piece *piece;
	unsigned power;
	size_t salt_n;
	uint8_t iv[AES_BLOCK];
	enum sl_rc rc;
	uint32_t i;

	sl_seven_coders_read(f, &all);
	memcpy(outs, m->from->outs + f->first_out, f->outs * sizeof(*outs));
	if (!sl_seven_coders_strip(&all, outs, sizes, aes, &left))
		return SL_HOLD;
	for (i = 0; i < f->packs; i++) {
		p = &m->from->packs[f->first_pack + i];
		if (aes[i] == NULL) {
			(void)add_piece(m, p->size, p->at, p->size);
			continue;
		}
		if (sizes[i] > p->size - p->size % AES_BLOCK ||
		    !aes_props(aes[i], &power, &salt, &salt_n, iv))
			return SL_HOLD;
		rc = sl_keys_find(m->keys, which, power, salt, salt_n, &key);
		if (rc != SL_OK)
			return rc;
		piece = add_piece(m, sizes[i], p->at, p->size);
		piece->key = key;
		memcpy(piece->iv, iv, AES_BLOCK);
	}
	m->v->beside += sl_seven_coders_beside(&left, outs);
	sl_seven_add_coders(&m->coders, &left);
	add_outs(m, outs, left.n);
	add_streams(m, f);
	return SL_OK;
}

static enum sl_rc
add_folder(struct making *m, const struct sl_seven_folder *f, int as)
{
	if (as >= 0)
		return add_opened(m, f, (size_t)as);
	if (as == SL_SEVEN_PLAIN)
		add_plain(m, f);
	else
		add_closed(m, f);
	return SL_OK;
}

enum sl_rc
sl_seven_view_make(const struct sl_extent *x, struct sl_keys *keys,
    const struct sl_seven_head *h, const int *as, struct sl_seven_view *v)
{
	struct making m = {
	    .keys = keys, .from = h, .v = v, .at = SL_SEVEN_START};
	enum sl_rc rc = SL_OK;
	size_t i;

	*v = (struct sl_seven_view){.x = *x};
	v->pieces = sl_alloc((h->packs_n + 1) * sizeof(*v->pieces));
	m.head.packs = sl_alloc((h->packs_n + 1) * sizeof(*h->packs));
	m.head.outs = sl_alloc((h->outs_n + 1) * sizeof(*h->outs));
	m.head.folders = sl_alloc((h->folders_n + 1) * sizeof(*h->folders));
	m.head.streams = sl_alloc((h->streams_n + 1) * sizeof(*h->streams));
	m.head.files = h->files;
	m.head.files_n = h->files_n;
	for (i = 0; i < h->folders_n && rc == SL_OK; i++)
		rc = add_folder(&m, &h->folders[i], as[i]);
	if (m.head.folders_n == 0)
		add_nothing(&m);
	v->head_at = m.at;
	sl_seven_add_head(&v->head, &m.head, &m.coders);
	sl_seven_start_write(v->start, m.at - SL_SEVEN_START, &v->head);
	if (rc == SL_OK && (v->head.full || m.coders.full))
		rc = SL_HOLD;
	sl_buf_free(&m.coders);
	sl_seven_head_free(&m.head);
	return rc;
}

bool
sl_seven_view_tail_fits(const struct sl_seven_view *v)
{
	uint8_t iv[AES_BLOCK], last[AES_BLOCK];
	const struct sl_seven_piece *k = v->pieces;
	uint64_t at;
	bool zero;
	size_t i;

	while (k < v->pieces + v->pieces_n && k->key == NULL)
		k++;
	if (k == v->pieces + v->pieces_n || k->packed % AES_BLOCK != 0 ||
	    k->packed - k->size >= AES_BLOCK ||
	    k->packed - k->size < TAIL_PROVES)
		return false;
	at = k->packed - AES_BLOCK; /* of which there is one at least */
	memcpy(iv, k->iv, AES_BLOCK);
	if (at > 0 && sl_extent_read(&v->x, iv, AES_BLOCK,
			  k->from + at - AES_BLOCK) != AES_BLOCK)
		return false;
	zero =
	    sl_extent_read(&v->x, last, AES_BLOCK, k->from + at) == AES_BLOCK &&
	    decrypt(k->key, iv, last, AES_BLOCK);
	for (i = (size_t)(k->size - at); i < AES_BLOCK && zero; i++)
		zero = last[i] == 0;
	explicit_bzero(last, sizeof(last));
	return zero;
}
