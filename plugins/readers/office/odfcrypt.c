/*
 * OpenDocument that is closed with a password (ODF 1.2, part 3, section 4):
 * each member for itself, by AES in CBC mode with a key that PBKDF2 makes of
 * the password's digest. Opened, it is written anew as a package of stored
 * members in memory, which is read like any other.
 *
 * Blowfish (OpenOffice.org until 2011) is in OpenSSL's legacy provider, which
 * would be loaded for the whole program, and Argon2id (LibreOffice since 24.8)
 * is not in OpenSSL 3.0: neither is opened.
 *
 * SECURITY: the clear package lies in memory only. Nothing of a member is
 * believed before its checksum fits. The file says how often a key is spun: at
 * most SPINS_MAX times for one key and SPINS_ALL_MAX for all keys of a file.
 */
#include "odfcrypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "crypt.h"

#define CLEAR_MAX ((size_t)128 << 20)
#define MEMBERS_MAX 10000u
#define SPINS_MAX 1000000u
#define SPINS_ALL_MAX 10000000u
#define CHECKED 1024u /* bytes that a checksum is of */
#define BLOCK 16u

/* A member as the manifest tells of it. */
struct lock {
	char *path;
	uint64_t size; /* UINT64_MAX: not told */
	bool closed, alien; /* alien: by a way that is not known */
	const EVP_MD *check_md, *word_md;
	struct blob checksum, iv, salt;
	uint32_t spins, key_bytes;
};

/* The package that is being made. */
struct made {
	uint8_t *p;
	size_t n, cap, max;
	struct row {
		size_t at;
		const char *name; /* the zip's */
		uint32_t crc, size;
	} * row;
	size_t rows;
	bool full;
};

struct work {
	struct sluse_doc *d;
	EVP_CIPHER_CTX *ctx;
	struct lock *lock; /* sorted by path */
	size_t n;
	uint64_t spun;
	const char *word;
	/* The last key that was made, and of which lock. */
	const struct lock *key_of;
	uint8_t key[32];
	struct made out;
};

/* -- the manifest ------------------------------------------------------------
 */

static bool
attr_ends(struct xml *x, const char *name, const char *const *list)
{
	char *s = xml_attr(x, name);
	size_t n = s ? strlen(s) : 0, k;
	bool yes = false;

	for (; s && !yes && *list; list++) {
		k = strlen(*list);
		yes = n >= k && !strcmp(s + n - k, *list);
	}
	xmlFree(s);
	return yes;
}

static uint64_t
attr_number(struct xml *x, const char *name)
{
	char *s = xml_attr(x, name);
	uint64_t v =
	    s && *s && strlen(s) < 12 ? strtoull(s, NULL, 10) : UINT64_MAX;

	xmlFree(s);
	return v;
}

static void
attr_blob(struct xml *x, const char *name, struct blob *ret)
{
	char *s = xml_attr(x, name);

	if (!s || !crypt_base64(s, ret))
		ret->n = 0;
	xmlFree(s);
}

#define ANY_OF(...)                                                            \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static void
take_checksum(struct xml *x, struct lock *l)
{
	l->closed = true;
	if (attr_ends(x, "checksum-type", ANY_OF("#sha256-1k")))
		l->check_md = EVP_sha256();
	else if (attr_ends(x, "checksum-type", ANY_OF("SHA1/1K", "#sha1-1k")))
		l->check_md = EVP_sha1();
	attr_blob(x, "checksum", &l->checksum);
}

static void
take_element(struct xml *x, struct lock *l)
{
	uint64_t n;

	if (xml_is(x, "encryption-data")) {
		take_checksum(x, l);
	} else if (xml_is(x, "algorithm")) {
		l->key_bytes =
		    attr_ends(x, "algorithm-name", ANY_OF("#aes256-cbc"))   ? 32
		    : attr_ends(x, "algorithm-name", ANY_OF("#aes192-cbc")) ? 24
		    : attr_ends(x, "algorithm-name", ANY_OF("#aes128-cbc")) ? 16
									    : 0;
		attr_blob(x, "initialisation-vector", &l->iv);
	} else if (xml_is(x, "key-derivation")) {
		l->alien |= !attr_ends(
		    x, "key-derivation-name", ANY_OF("PBKDF2", "#pbkdf2"));
		attr_blob(x, "salt", &l->salt);
		n = attr_number(x, "iteration-count");
		l->spins = n <= UINT32_MAX ? (uint32_t)n : UINT32_MAX;
		n = attr_number(x, "key-size");
		l->alien |= n != UINT64_MAX && n != l->key_bytes;
	} else if (xml_is(x, "start-key-generation")) {
		l->word_md = attr_ends(x, "start-key-generation-name",
				 ANY_OF("SHA1", "#sha1"))
				 ? EVP_sha1()
			     : attr_ends(x, "start-key-generation-name",
				   ANY_OF("SHA256", "#sha256"))
				 ? EVP_sha256()
				 : NULL;
	}
}

static bool
is_alien(const struct lock *l)
{
	return l->alien || !l->check_md || !l->word_md || l->key_bytes == 0 ||
	       l->spins == 0 || l->salt.n == 0 || l->iv.n != BLOCK ||
	       l->checksum.n != (uint32_t)EVP_MD_get_size(l->check_md);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct lock *)a)->path, ((const struct lock *)b)->path);
}

static struct lock *
add_lock(struct work *w, size_t *cap, char *path, uint64_t size)
{
	struct lock *l;

	if (w->n == *cap) {
		size_t more = *cap ? *cap * 2 : 32;

		l = realloc(w->lock, more * sizeof(*l));
		if (!l)
			return NULL;
		w->lock = l;
		*cap = more;
	}
	l = &w->lock[w->n++];
	/* Without the element it is SHA-1 (section 4.8.4). */
	*l = (struct lock){.path = path, .size = size, .word_md = EVP_sha1()};
	return l;
}

/* SLUSE_READ_ENCRYPTED: closed by another way. */
static int
read_manifest(struct work *w)
{
	struct xml *x = xml_open(w->d, "META-INF/manifest.xml");
	struct lock *l = NULL;
	size_t cap = 0, i;
	int rc = SLUSE_READ_OK;

	while (x && rc == SLUSE_READ_OK && xml_read(x)) {
		char *path;

		if (xml_type(x) != XML_READER_TYPE_ELEMENT)
			continue;
		if (!xml_is(x, "file-entry")) {
			if (l)
				take_element(x, l);
			continue;
		}
		path = xml_attr(x, "full-path");
		l = path && w->n < MEMBERS_MAX
			? add_lock(w, &cap, path, attr_number(x, "size"))
			: NULL;
		if (path && !l) {
			xmlFree(path);
			rc = SLUSE_READ_LIMIT;
		}
	}
	xml_close(x);
	for (i = 0; rc == SLUSE_READ_OK && i < w->n; i++)
		if (w->lock[i].closed && is_alien(&w->lock[i]))
			rc = SLUSE_READ_ENCRYPTED;
	if (w->n > 0)
		qsort(w->lock, w->n, sizeof(*w->lock), by_path);
	return rc;
}

static const struct lock *
lock_of(const struct work *w, const char *name)
{
	struct lock key = {0};
	const struct lock *l;
	char *path = strdup(name);

	key.path = path;
	l = path && w->n > 0
		? bsearch(&key, w->lock, w->n, sizeof(key), by_path)
		: NULL;
	free(path);
	return l && l->closed ? l : NULL;
}

/* -- keys --------------------------------------------------------------------
 */

static bool
same_key(const struct lock *a, const struct lock *b)
{
	return a && a->spins == b->spins && a->key_bytes == b->key_bytes &&
	       a->word_md == b->word_md && a->salt.n == b->salt.n &&
	       !memcmp(a->salt.b, b->salt.b, a->salt.n);
}

/* The key that the word gives; enum sluse_read_rc. */
static int
make_key(struct work *w, const struct lock *l)
{
	uint8_t start[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	bool ok;

	if (same_key(w->key_of, l))
		return SLUSE_READ_OK;
	w->spun += l->spins;
	if (l->spins > SPINS_MAX || w->spun > SPINS_ALL_MAX)
		return SLUSE_READ_LIMIT;
	ok = EVP_Digest(
		 w->word, strlen(w->word), start, &n, l->word_md, NULL) == 1 &&
	     PKCS5_PBKDF2_HMAC((const char *)start, (int)n, l->salt.b,
		 (int)l->salt.n, (int)l->spins, EVP_sha1(), (int)l->key_bytes,
		 w->key) == 1;
	OPENSSL_cleanse(start, sizeof(start));
	w->key_of = ok ? l : NULL;
	return ok ? SLUSE_READ_OK : SLUSE_READ_LIMIT;
}

static const EVP_CIPHER *
aes(uint32_t key_bytes)
{
	return key_bytes == 16	 ? EVP_aes_128_cbc()
	       : key_bytes == 24 ? EVP_aes_192_cbc()
				 : EVP_aes_256_cbc();
}

/* In place. *n without what fills the last block; false: no such member, or
 * not the key. */
static bool
decipher(struct work *w, const struct lock *l, uint8_t *p, size_t *n)
{
	size_t whole = *n, check;
	uint8_t is[EVP_MAX_MD_SIZE];
	int got = 0;

	if (whole == 0 || whole % BLOCK != 0 || whole > INT32_MAX ||
	    EVP_DecryptInit_ex(
		w->ctx, aes(l->key_bytes), NULL, w->key, l->iv.b) != 1 ||
	    EVP_CIPHER_CTX_set_padding(w->ctx, 0) != 1 ||
	    EVP_DecryptUpdate(w->ctx, p, &got, p, (int)whole) != 1 ||
	    (size_t)got != whole)
		return false;
	if (p[whole - 1] == 0 || p[whole - 1] > BLOCK)
		return false;
	*n = whole - p[whole - 1];
	check = *n < CHECKED ? *n : CHECKED;
	return EVP_Digest(p, check, is, NULL, l->check_md, NULL) == 1 &&
	       !CRYPTO_memcmp(is, l->checksum.b, l->checksum.n);
}

/* Does the word open this member? */
static int
try_word(struct work *w, const struct lock *l, const uint8_t *p, size_t n)
{
	uint8_t *copy;
	int rc;

	w->key_of = NULL;
	rc = make_key(w, l);
	if (rc != SLUSE_READ_OK)
		return rc;
	copy = malloc(n + 1);
	if (!copy)
		return SLUSE_READ_LIMIT;
	memcpy(copy, p, n);
	rc = decipher(w, l, copy, &n) ? SLUSE_READ_OK : SLUSE_READ_ENCRYPTED;
	OPENSSL_cleanse(copy, n);
	free(copy);
	return rc;
}

/* All of a member as it lies there; free. */
static int
member_bytes(struct work *w, zip_uint64_t i, uint8_t **ret, size_t *ret_n)
{
	zip_stat_t st;

	if (zip_stat_index(w->d->zip, i, 0, &st) == 0 && st.size > w->out.max)
		return SLUSE_READ_LIMIT;
	*ret = package_bytes(w->d, i, w->out.max, ret_n);
	return *ret ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
}

/* A word of the tenant's that opens the letter itself. */
static int
find_word(struct work *w)
{
	const struct sluse_reader_host *h = w->d->host;
	const struct lock *l = lock_of(w, "content.xml");
	zip_int64_t at = zip_name_locate(w->d->zip, "content.xml", 0);
	uint8_t *p = NULL;
	size_t n;
	int rc;

	if (!l || at < 0 ||
	    h->size < offsetof(struct sluse_reader_host, password) +
			  sizeof(h->password) ||
	    !h->password)
		return SLUSE_READ_ENCRYPTED;
	rc = member_bytes(w, (zip_uint64_t)at, &p, &n);
	if (rc == SLUSE_READ_OK)
		rc = SLUSE_READ_ENCRYPTED;
	for (uint32_t i = 0; rc == SLUSE_READ_ENCRYPTED &&
			     (w->word = h->password(w->d->s, i)) != NULL;
	     i++)
		rc = try_word(w, l, p, n);
	free(p);
	return rc;
}

/* -- the package that is made ------------------------------------------------
 */

static uint8_t *
room(struct made *m, size_t n)
{
	if (m->full || n > m->max - m->n) {
		m->full = true;
		return NULL;
	}
	if (n > m->cap - m->n) {
		size_t cap = (m->n + n) * 2 < m->max ? (m->n + n) * 2 : m->max;
		uint8_t *p = realloc(m->p, cap);

		if (!p) {
			m->full = true;
			return NULL;
		}
		m->p = p;
		m->cap = cap;
	}
	return m->p + m->n;
}

static void
put(struct made *m, const void *p, size_t n)
{
	uint8_t *to = room(m, n);

	if (to && n > 0)
		memcpy(to, p, n);
	m->n += to ? n : 0;
}

static void
put_number(struct made *m, uint32_t v, unsigned bytes)
{
	uint8_t b[4];

	for (unsigned i = 0; i < bytes; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	put(m, b, bytes);
}

/* What the two heads of a stored member have in common. */
static void
put_head(struct made *m, const struct row *r)
{
	put_number(m, 20, 2);
	put_number(m, 0x800, 2); /* the name is UTF-8 */
	put_number(m, 0, 2);
	put_number(m, 0x00210000, 4); /* 1980-01-01 */
	put_number(m, r->crc, 4);
	put_number(m, r->size, 4);
	put_number(m, r->size, 4);
	put_number(m, (uint32_t)strlen(r->name), 2);
	put_number(m, 0, 2);
}

static struct row *
begin_row(struct made *m, const char *name)
{
	struct row *r = &m->row[m->rows];

	*r = (struct row){.at = m->n, .name = name};
	put_number(m, 0x04034b50, 4);
	put_head(m, r);
	put(m, name, strlen(name));
	return r;
}

/* Its bytes lie from `from` to the end. */
static void
end_row(struct made *m, struct row *r, size_t from)
{
	size_t n = m->n;

	if (m->full)
		return;
	r->size = (uint32_t)(n - from);
	r->crc = (uint32_t)crc32_z(0, m->p + from, n - from);
	m->n = r->at + 4;
	put_head(m, r);
	m->n = n;
	m->rows++;
}

static void
put_directory(struct made *m)
{
	size_t at = m->n, i;

	for (i = 0; i < m->rows; i++) {
		put_number(m, 0x02014b50, 4);
		put_number(m, 20, 2);
		put_head(m, &m->row[i]);
		put_number(m, 0, 2); /* comment */
		put_number(m, 0, 4); /* disk, kind */
		put_number(m, 0, 4);
		put_number(m, (uint32_t)m->row[i].at, 4);
		put(m, m->row[i].name, strlen(m->row[i].name));
	}
	put_number(m, 0x06054b50, 4);
	put_number(m, 0, 4);
	put_number(m, (uint32_t)m->rows, 2);
	put_number(m, (uint32_t)m->rows, 2);
	put_number(m, (uint32_t)(m->n - at - 12), 4);
	put_number(m, (uint32_t)at, 4);
	put_number(m, 0, 2);
}

/* False: it is damaged. */
static bool
inflate_into(struct made *m, uint8_t *p, size_t n)
{
	z_stream z = {.next_in = p, .avail_in = (uInt)n};
	int rc = Z_OK;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	while (rc == Z_OK && (z.next_out = room(m, 65536)) != NULL) {
		z.avail_out = 65536;
		rc = inflate(&z, Z_NO_FLUSH);
		m->n += 65536 - z.avail_out;
	}
	(void)inflateEnd(&z);
	return rc == Z_STREAM_END;
}

/* One member into the new package; one that is damaged is left out. */
static int
open_member(struct work *w, zip_uint64_t i)
{
	const char *name = zip_get_name(w->d->zip, i, 0);
	const struct lock *l = name ? lock_of(w, name) : NULL;
	struct made *m = &w->out;
	struct row *r;
	size_t n, from;
	uint8_t *p = NULL;
	bool ok = true;
	int rc = l ? make_key(w, l) : SLUSE_READ_OK;

	/* Without the manifest: it would still say that all is closed. */
	if (rc != SLUSE_READ_OK || !name || strlen(name) > 1000 ||
	    !strcmp(name, "META-INF/manifest.xml"))
		return rc;
	rc = member_bytes(w, i, &p, &n);
	if (rc == SLUSE_READ_DAMAGED) {
		w->d->damaged = true;
		return SLUSE_READ_OK;
	}
	if (rc != SLUSE_READ_OK)
		return rc;
	r = begin_row(m, name);
	from = m->n;
	if (!l)
		put(m, p, n);
	else
		ok = decipher(w, l, p, &n) && inflate_into(m, p, n) &&
		     (l->size == UINT64_MAX || l->size == m->n - from);
	free(p);
	if (m->full)
		return SLUSE_READ_LIMIT;
	if (ok) {
		end_row(m, r, from);
	} else {
		m->n = r->at;
		w->d->damaged = true;
	}
	return SLUSE_READ_OK;
}

static int
open_members(struct work *w)
{
	zip_int64_t count = zip_get_num_entries(w->d->zip, 0), i;
	int rc = SLUSE_READ_OK;

	if (count < 0 || count > (zip_int64_t)MEMBERS_MAX)
		return SLUSE_READ_LIMIT;
	w->out.row = calloc((size_t)count + 1, sizeof(*w->out.row));
	if (!w->out.row)
		return SLUSE_READ_LIMIT;
	for (i = 0; rc == SLUSE_READ_OK && i < count; i++)
		rc = open_member(w, (zip_uint64_t)i);
	if (rc == SLUSE_READ_OK)
		put_directory(&w->out);
	return w->out.full ? SLUSE_READ_LIMIT : rc;
}

int
odf_unlock(struct sluse_doc *d)
{
	struct work w = {
	    .d = d, .ctx = EVP_CIPHER_CTX_new(), .out = {.max = CLEAR_MAX}};
	uint64_t max = d->host->limits ? d->host->limits->bytes_max : 0;
	int rc = SLUSE_READ_LIMIT;

	if (max > 0 && max < w.out.max)
		w.out.max = (size_t)max;
	if (w.ctx)
		rc = read_manifest(&w);
	if (rc == SLUSE_READ_OK)
		rc = find_word(&w);
	if (rc == SLUSE_READ_OK)
		rc = open_members(&w);
	OPENSSL_cleanse(w.key, sizeof(w.key));
	EVP_CIPHER_CTX_free(w.ctx);
	while (w.n > 0)
		xmlFree(w.lock[--w.n].path);
	free(w.lock);
	free(w.out.row);
	if (rc != SLUSE_READ_OK) {
		free(w.out.p);
		return rc;
	}
	zip_discard(d->zip);
	d->zip = NULL;
	crypt_opened(d, w.out.p, w.out.n);
	return package_open(d);
}

bool
odf_unlock_warm(void)
{
	struct lock l = {.salt.n = 1,
	    .spins = 1,
	    .key_bytes = 32,
	    .word_md = EVP_sha256(),
	    .check_md = EVP_sha256()};
	struct work w = {.ctx = EVP_CIPHER_CTX_new(), .word = ""};
	uint8_t b[2 * BLOCK] = {0};
	size_t n = sizeof(b);
	bool ok;

	ok = w.ctx && make_key(&w, &l) == SLUSE_READ_OK;
	if (ok)
		(void)decipher(&w, &l, b, &n);
	EVP_CIPHER_CTX_free(w.ctx);
	return ok;
}
