/*
 * SECURITY: tokens are foreign DER. They are parsed by OpenSSL in sluse-push,
 * which received them behind its walls, and by whoever verifies a journal;
 * slused keeps the bytes and never looks into them.
 */
#include "stamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <time.h>

#define CERTS_MAX 64

bool
sl_stamp_is_policy(const char *s)
{
	ASN1_OBJECT *o;
	bool ok;
	size_t n = strlen(s);

	if (n == 0 || n > 128 || strspn(s, "0123456789.") != n || *s == '.' ||
	    s[n - 1] == '.' || strstr(s, "..") != NULL)
		return false;
	o = OBJ_txt2obj(s, 1);
	ok = o != NULL;
	ASN1_OBJECT_free(o);
	ERR_clear_error();
	return ok;
}

/* Adds every certificate; 0 if something else stands among them. */
static int
load_trust(X509_STORE *store, struct sl_slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	unsigned long last;
	X509 *x = NULL;
	int n = 0;

	while (bio != NULL && n < CERTS_MAX &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (store != NULL)
			(void)X509_STORE_add_cert(store, x);
		X509_free(x);
		n++;
	}
	last = ERR_peek_last_error();
	(void)BIO_free(bio);
	ERR_clear_error();
	/* The end, and nothing else, has no line that begins one. */
	return x == NULL && ERR_GET_REASON(last) == PEM_R_NO_START_LINE ? n : 0;
}

bool
sl_stamp_is_trust(struct sl_slice pem)
{
	return pem.n > 0 && load_trust(NULL, pem) > 0;
}

static bool
set_imprint(TS_REQ *q, const struct sl_digest *of)
{
	TS_MSG_IMPRINT *i = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	unsigned char d[SL_SHA256_LEN];
	bool ok;

	memcpy(d, of->b, sizeof(d));
	ok = i != NULL && alg != NULL &&
	     X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) ==
		 1 &&
	     TS_MSG_IMPRINT_set_algo(i, alg) == 1 &&
	     TS_MSG_IMPRINT_set_msg(i, d, sizeof(d)) == 1 &&
	     TS_REQ_set_msg_imprint(q, i) == 1;
	X509_ALGOR_free(alg);
	TS_MSG_IMPRINT_free(i);
	return ok;
}

static bool
set_nonce(TS_REQ *q, const uint8_t *nonce)
{
	BIGNUM *b = BN_bin2bn(nonce, SL_STAMP_NONCE_LEN, NULL);
	ASN1_INTEGER *i = b != NULL ? BN_to_ASN1_INTEGER(b, NULL) : NULL;
	bool ok = i != NULL && TS_REQ_set_nonce(q, i) == 1;

	ASN1_INTEGER_free(i);
	BN_free(b);
	return ok;
}

static bool
set_policy(TS_REQ *q, const char *policy)
{
	ASN1_OBJECT *o = OBJ_txt2obj(policy, 1);
	bool ok = o != NULL && TS_REQ_set_policy_id(q, o) == 1;

	ASN1_OBJECT_free(o);
	return ok;
}

/* NULL if OpenSSL does not work, or the policy is none. */
static TS_REQ *
make_query(const struct sl_stamp_ask *ask)
{
	TS_REQ *q = TS_REQ_new();
	bool policy = ask->policy != NULL && *ask->policy != '\0';

	if (q != NULL && TS_REQ_set_version(q, 1) == 1 &&
	    set_imprint(q, &ask->of) && TS_REQ_set_cert_req(q, 1) == 1 &&
	    (ask->nonce == NULL || set_nonce(q, ask->nonce)) &&
	    (!policy || set_policy(q, ask->policy)))
		return q;
	TS_REQ_free(q);
	ERR_clear_error();
	return NULL;
}

enum sl_rc
sl_stamp_query(
    const struct sl_stamp_ask *ask, struct sl_buf *der, struct sl_err *err)
{
	TS_REQ *q = make_query(ask);
	unsigned char *p = NULL;
	int n = q != NULL ? i2d_TS_REQ(q, &p) : -1;

	TS_REQ_free(q);
	if (n <= 0)
		return sl_err_set(err, SL_FATAL, 0, "own_bug",
		    "cannot make a question for a token");
	sl_buf_add(der, p, (size_t)n);
	OPENSSL_free(p);
	return SL_OK;
}

static bool
token_time(TS_RESP *r, int64_t *ret)
{
	TS_TST_INFO *info = TS_RESP_get_tst_info(r);
	struct tm tm;

	if (info == NULL ||
	    ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) != 1)
		return false;
	*ret = (int64_t)timegm(&tm);
	return *ret > 0;
}

static bool
is_granted(TS_RESP *r)
{
	long status = ASN1_INTEGER_get(
	    TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(r)));

	return status == TS_STATUS_GRANTED ||
	       status == TS_STATUS_GRANTED_WITH_MODS;
}

/* Certificates count as they were when the token was made. */
static enum sl_rc
verify(TS_RESP *r, const struct sl_stamp_ask *ask, int64_t at_s,
    struct sl_err *err)
{
	TS_VERIFY_CTX *ctx = NULL;
	X509_STORE *store = X509_STORE_new();
	TS_REQ *q = make_query(ask);
	enum sl_rc rc = SL_OK;
	unsigned long why;

	if (store == NULL || load_trust(store, ask->pem) == 0) {
		X509_STORE_free(store);
		TS_REQ_free(q);
		return sl_err_set(err, SL_REJECT, 0, "bad_trust",
		    "not a file of PEM certificates");
	}
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), at_s);
	if (q != NULL)
		ctx = TS_REQ_to_TS_VERIFY_CTX(q, NULL);
	if (ctx != NULL) {
		(void)TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
		(void)TS_VERIFY_CTX_set_store(ctx, store); /* is its now */
	} else {
		X509_STORE_free(store);
	}
	if (ctx == NULL || TS_RESP_verify_response(ctx, r) != 1) {
		why = ERR_peek_error();
		rc = sl_err_set(err, SL_REJECT, 0, "bad_signature",
		    "the token does not hold: %.100s",
		    ERR_reason_error_string(why) != NULL
			? ERR_reason_error_string(why)
			: "no reason given");
	}
	TS_VERIFY_CTX_free(ctx);
	TS_REQ_free(q);
	ERR_clear_error();
	return rc;
}

enum sl_rc
sl_stamp_verify(struct sl_slice token, const struct sl_stamp_ask *ask,
    int64_t *ret_s, struct sl_err *err)
{
	const unsigned char *p = (const unsigned char *)token.p;
	TS_RESP *r = token.n > 0 && token.n <= SL_STAMP_MAX
			 ? d2i_TS_RESP(NULL, &p, (long)token.n)
			 : NULL;
	enum sl_rc rc = SL_OK;

	*ret_s = 0;
	if (r == NULL || (const char *)p != token.p + token.n)
		rc = sl_err_set(err, SL_REJECT, 0, "bad_token",
		    "not an answer of a time-stamp authority");
	else if (!is_granted(r))
		rc = sl_err_set(
		    err, SL_SKIP, 0, "refused", "the authority gives no token");
	else if (!token_time(r, ret_s))
		rc = sl_err_set(
		    err, SL_REJECT, 0, "bad_token", "the token has no time");
	else
		rc = verify(r, ask, *ret_s, err);
	TS_RESP_free(r);
	ERR_clear_error();
	return rc;
}
