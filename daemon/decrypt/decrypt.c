/*
 * SECURITY: who sends envelopes may try to learn from our answers (RFC 3218;
 * OpenSSL's CMS_decrypt(3)). A recipient is chosen by its public name alone.
 * From then on a content key that cannot be had is replaced by a random one
 * inside OpenSSL, so that a wrong padding of the key, of the content and a
 * wrong tag all end in the same word.
 *
 * With CBC nothing says that the clear text is what was sent: whoever may write
 * to the envelope may change it. That holds for all post that is not signed.
 */
#include "decrypt.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "envelope.h"

#define PIECE_BYTES 65536

static BIO_METHOD *source_method;
static const struct sl_keys *keys;

/* -- the encrypted content as a BIO --------------------------------------- */

struct source {
	struct sl_ber_pieces pieces;
	bool failed; /* the end that was told was none */
	struct sl_err err;
};

static int
source_read(BIO *b, char *p, int n)
{
	struct source *s = BIO_get_data(b);
	struct sl_ber_pieces *pc = &s->pieces;
	uint64_t want = n > 0 ? (uint64_t)n : 0;
	enum sl_rc rc;
	ssize_t got;

	BIO_clear_retry_flags(b);
	if (s->failed || want == 0)
		return 0;
	rc = sl_ber_pieces_next(pc, &s->err);
	if (rc != SL_OK) {
		s->failed = rc != SL_SKIP;
		return 0;
	}
	if (want > pc->left)
		want = pc->left;
	got = sl_ber_read(pc->b, p, (size_t)want, pc->piece);
	if (got <= 0) {
		s->failed = true;
		(void)sl_err_set(
		    &s->err, SL_BROKEN, 0, "damaged", "it is cut off");
		return 0;
	}
	pc->piece += (uint64_t)got;
	pc->left -= (uint64_t)got;
	return (int)got;
}

static long
source_ctrl(BIO *b, int cmd, long number, void *p)
{
	(void)b;
	(void)number;
	(void)p;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO *
source_new(struct source *s)
{
	BIO *b;

	if (source_method == NULL) {
		source_method = BIO_meth_new(
		    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "content");
		if (source_method == NULL ||
		    !BIO_meth_set_read(source_method, source_read) ||
		    !BIO_meth_set_ctrl(source_method, source_ctrl))
			return NULL;
	}
	b = BIO_new(source_method);
	if (b != NULL) {
		BIO_set_data(b, s);
		BIO_set_init(b, 1);
	}
	return b;
}

/* -- one envelope ---------------------------------------------------------- */

static enum sl_rc
damaged(struct sl_err *err)
{
	return sl_err_set(err, SL_BROKEN, 0, "damaged",
	    "what the envelope holds cannot be opened");
}

static enum sl_rc
put(int out, uint64_t at, const char *p, size_t n, struct sl_err *err)
{
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done, at += (uint64_t)done) {
		done = pwrite(out, p, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0 && errno == EFBIG)
			return sl_err_set(err, SL_REJECT, 0, "limit_bytes",
			    "the clear text is over the limit");
		else if (done < 0)
			return sl_disk_failed(
			    err, "the clear text cannot be written");
	}
	return SL_OK;
}

/* What is covered by the tag but is not content. */
static bool
add_aad(BIO *chain, const struct sl_buf *aad)
{
	BIO *cipher = BIO_find_type(chain, BIO_TYPE_CIPHER);
	EVP_CIPHER_CTX *ctx = NULL;
	int n;

	if (aad->n == 0)
		return true;
	if (cipher == NULL || BIO_get_cipher_ctx(cipher, &ctx) <= 0 ||
	    (EVP_CIPHER_flags(EVP_CIPHER_CTX_get0_cipher(ctx)) &
		EVP_CIPH_FLAG_AEAD_CIPHER) == 0)
		return false;
	return EVP_DecryptUpdate(
		   ctx, NULL, &n, (const uint8_t *)aad->p, (int)aad->n) == 1;
}

static enum sl_rc
pump(BIO *chain, struct source *s, int out, uint64_t *ret_size,
    struct sl_err *err)
{
	BIO *cipher = BIO_find_type(chain, BIO_TYPE_CIPHER);
	static char b[PIECE_BYTES];
	enum sl_rc rc = SL_OK;
	int n;

	*ret_size = 0;
	while (rc == SL_OK && (n = BIO_read(chain, b, sizeof(b))) > 0) {
		rc = put(out, *ret_size, b, (size_t)n, err);
		*ret_size += (uint64_t)n;
	}
	OPENSSL_cleanse(b, sizeof(b));
	if (rc != SL_OK)
		return rc;
	if (s->failed) {
		*err = s->err;
		return err->rc;
	}
	if (cipher == NULL || BIO_get_cipher_status(cipher) <= 0)
		return damaged(err);
	return SL_OK;
}

static enum sl_rc
open_content(CMS_ContentInfo *cms, struct sl_ber *b,
    const struct sl_envelope *e, int out, uint64_t *ret_size,
    struct sl_err *err)
{
	struct source s = {.failed = false};
	BIO *end, *chain;
	enum sl_rc rc;

	if (e->has_content)
		sl_ber_pieces_init(&s.pieces, b, &e->content, e->limit);
	end = source_new(&s);
	chain = end != NULL ? CMS_dataInit(cms, end) : NULL;
	if (chain == NULL) {
		BIO_free(end);
		return sl_err_set(err, SL_HOLD, 0, "unsupported",
		    "encrypted by an algorithm that is not known");
	}
	rc = add_aad(chain, &e->aad) ? pump(chain, &s, out, ret_size, err)
				     : damaged(err);
	BIO_free_all(chain);
	return rc;
}

static enum sl_rc
open_envelope(const struct sl_keys *k, struct sl_ber *b,
    const struct sl_envelope *e, int out, uint64_t *ret_size,
    struct sl_digest *ret_key, struct sl_err *err)
{
	const unsigned char *p = (const unsigned char *)e->head.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)e->head.n);
	const struct sl_key *key;
	X509 *cert = NULL;
	enum sl_rc rc;

	if (cms == NULL)
		return damaged(err);
	key = sl_keys_find(k, cms, &cert);
	if (key == NULL)
		rc = sl_err_set(err, SL_HOLD, 0, "key_missing",
		    "it is for none of the %zu keys; %zu cannot be used", k->n,
		    k->left_n);
	else if (!CMS_decrypt_set1_pkey(cms, key->pkey, cert))
		rc = damaged(err);
	else
		rc = open_content(cms, b, e, out, ret_size, err);
	if (rc == SL_OK)
		*ret_key = key->fingerprint;
	CMS_ContentInfo_free(cms);
	return rc;
}

enum sl_rc
sl_decrypt(const struct sl_keys *k, const struct sl_extent *x, int out,
    uint64_t *ret_size, struct sl_digest *ret_key, struct sl_err *err)
{
	struct sl_envelope e;
	struct sl_ber b;
	enum sl_rc rc;

	sl_ber_init(&b, x);
	rc = sl_envelope_find(&b, &e, err);
	if (rc == SL_OK)
		rc = open_envelope(k, &b, &e, out, ret_size, ret_key, err);
	sl_envelope_free(&e);
	ERR_clear_error();
	if (b.unreadable)
		rc = sl_err_set(err, SL_RETRY, EIO, "disk_error",
		    "the envelope cannot be read");
	/* Nothing of a text whose tag was wrong goes any further. */
	if (rc != SL_OK && ftruncate(out, 0) != 0 && rc != SL_FATAL)
		rc = sl_disk_failed(err, "a clear text cannot be dropped");
	return rc;
}

/* -- the worker --------------------------------------------------------------
 */

/* A word closed for the key's own certificate, and opened. */
static bool
try_key(const struct sl_keys *k, const struct sl_key *key,
    const EVP_CIPHER *cipher, struct sl_err *err)
{
	STACK_OF(X509) *to = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf("sluse", 5), *der = BIO_new(BIO_s_mem());
	SL_CLOSE int fd = memfd_create("try", MFD_CLOEXEC);
	SL_CLOSE int out = memfd_create("clear", MFD_CLOEXEC);
	struct sl_extent x = {.fd = fd};
	CMS_ContentInfo *cms = NULL;
	struct sl_digest which;
	uint64_t size = 0;
	char *p = NULL;
	long n = 0;
	bool ok;

	ok = to != NULL && sk_X509_push(to, key->cert[0]) > 0 &&
	     (cms = CMS_encrypt(to, in, cipher, CMS_BINARY)) != NULL &&
	     i2d_CMS_bio(der, cms) == 1 &&
	     (n = BIO_get_mem_data(der, &p)) > 0 && fd >= 0 && out >= 0 &&
	     sl_write_full(fd, p, (size_t)n) == 0;
	x.size = ok ? (uint64_t)n : 0;
	ok = ok && sl_decrypt(k, &x, out, &size, &which, err) == SL_OK &&
	     size == 5;
	CMS_ContentInfo_free(cms);
	sk_X509_free(to);
	BIO_free(in);
	BIO_free(der);
	return ok;
}

enum sl_rc
sl_decrypt_warm(struct sl_keys *k, struct sl_err *err)
{
	const EVP_CIPHER *const cipher[] = {EVP_aes_128_cbc(),
	    EVP_aes_192_cbc(), EVP_aes_256_cbc(), EVP_aes_128_gcm(),
	    EVP_aes_192_gcm(), EVP_aes_256_gcm(), EVP_des_ede3_cbc()};
	struct sl_err why = {0};
	size_t i, c;

	for (i = 0; i < k->n; i++) {
		for (c = 0; c < sizeof(cipher) / sizeof(cipher[0]); c++)
			if (!try_key(k, &k->key[i], cipher[c], &why))
				break;
		if (c == sizeof(cipher) / sizeof(cipher[0]))
			continue;
		ERR_clear_error();
		(void)sl_err_set(&why, SL_FATAL, 0, "config_invalid",
		    "key %.100s: it cannot open what its certificate closed",
		    k->key[i].name);
		sl_keys_leave(k, i--, &why);
	}
	return sl_keys_any(k, err);
}

void
sl_decrypt_use(const struct sl_keys *k)
{
	keys = k;
}

int
sl_decrypt_run(const struct sl_msg_task *t, const int *fds)
{
	const struct sl_extent x = {
	    .fd = fds[SL_FD_INPUT], .offset = t->offset, .size = t->size};
	struct sl_msg clear = {.type = SL_MSG_R_CLEAR};
	struct sl_msg end = {.type = SL_MSG_R_END};
	struct sl_err err = {.reason = ""};
	enum sl_rc rc;

	if (t->kind != SL_TASK_DECRYPT || keys == NULL)
		rc = sl_err_set(&err, SL_FATAL, 0, "worker_protocol",
		    "sluse-decrypt has no task of kind %u", t->kind);
	else
		rc = sl_decrypt(keys, &x, fds[SL_FD_OUT], &clear.r_clear.size,
		    &clear.r_clear.key, &err);
	if (rc == SL_OK &&
	    sl_msg_write(fds[SL_FD_RESULT], &clear, NULL) != SL_OK)
		return 1;
	end.r_end.rc = (uint8_t)rc;
	end.r_end.reason = sl_slice_str(err.reason);
	end.r_end.detail = sl_slice_str(err.text);
	return sl_msg_write(fds[SL_FD_RESULT], &end, NULL) == SL_OK ? 0 : 1;
}
