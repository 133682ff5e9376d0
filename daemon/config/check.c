/*
 * What is wrong with a configuration: one fault by one, and the checks that
 * need more than one value.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"

enum sl_rc
sl_fault_add(struct sl_faults *f, const struct sl_section *section,
    const struct sl_row *row, unsigned line, char *text)
{
	SL_FREE char *own = text;
	SL_FREE char *told = line > 0
				 ? sl_asprintf("%s:%u: %s", f->where, line, own)
				 : sl_asprintf("%s: %s", f->where, own);

	if (f->n == SL_CONFIG_FAULTS_MAX)
		return SL_FATAL;
	f->at[f->n].section = section;
	f->at[f->n].row = row;
	if (f->n++ == 0)
		(void)sl_err_set(
		    f->err, SL_FATAL, 0, "config_invalid", "%s", told);
	if (f->tell != NULL)
		f->tell(f->arg, told);
	return SL_FATAL;
}

bool
sl_fault_is_in(const struct sl_faults *f, const struct sl_section *section,
    const struct sl_row *row)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->at[i].section == section &&
		    (row == NULL || f->at[i].row == row))
			return true;
	return false;
}

struct checker {
	struct sl_config *c;
	struct sl_faults *faults;
};

#define FAULT(k, s, ...)                                                       \
	(void)sl_fault_add(                                                    \
	    (k)->faults, &(s), NULL, (s).line, sl_asprintf(__VA_ARGS__))

static bool
is_sound(const struct checker *k, const struct sl_section *s)
{
	return !sl_fault_is_in(k->faults, s, NULL);
}

static bool
is_loopback_url(const char *url)
{
	static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};
	const char *h = strstr(url, "://");
	size_t i, n;

	if (h == NULL)
		return false;
	h += 3;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		n = strlen(hosts[i]);
		if (strncmp(h, hosts[i], n) == 0 &&
		    (h[n] == '\0' || h[n] == ':' || h[n] == '/'))
			return true;
	}
	return false;
}

static void
check_target(const struct checker *k, const struct sl_target_config *t)
{
	bool loopback = is_loopback_url(t->base_url);

	if (loopback && !t->allow_loopback)
		FAULT(k, t->head,
		    "[target %s]: this machine as target needs "
		    "allow_loopback = yes",
		    t->name);
	if (!loopback && strncmp(t->base_url, "http://", 7) == 0)
		FAULT(k, t->head,
		    "[target %s]: base_url must begin with https://", t->name);
	if (t->retry_first_ms > t->retry_max_ms)
		FAULT(k, t->head, "[target %s]: retry_first is over retry_max",
		    t->name);
	if (t->breaker_first_ms > t->breaker_max_ms)
		FAULT(k, t->head,
		    "[target %s]: breaker_first is over breaker_max", t->name);
}

/* Whoever tells the log's head may not be somebody on the way. */
static void
check_witness(const struct checker *k, const struct sl_witness_config *w)
{
	bool loopback = is_loopback_url(w->url);

	if (loopback && !w->allow_loopback)
		FAULT(k, w->head,
		    "[witness %s]: this machine as witness needs "
		    "allow_loopback = yes",
		    w->head.title);
	if (!loopback && strncmp(w->url, "http://", 7) == 0)
		FAULT(k, w->head, "[witness %s]: url must begin with https://",
		    w->head.title);
}

static const char *
near_target(const struct sl_config *c, const char *name)
{
	unsigned best = 1000, v;
	const char *ret = NULL;
	size_t i;

	for (i = 0; i < c->target_n; i++) {
		v = sl_config_distance(name, c->target[i].name);
		if (v < best) {
			best = v;
			ret = c->target[i].name;
		}
	}
	return ret;
}

/* Does path lie in the folder dir, by their names? */
static bool
lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 &&
	       (path[n] == '/' || (n == 1 && *dir == '/'));
}

static void
complete_queue(struct sl_config *c, struct sl_queue_config *q)
{
	const char **item;

	if (*q->path == '\0') {
		SL_BUF struct sl_buf b = {0};

		sl_buf_printf(
		    &b, "%s/%s", q->closed ? "closed" : "spool", q->name);
		q->path = sl_arena_strndup(c->arena, sl_buf_str(&b), b.n);
	}
	if (q->closed && *q->access == '\0')
		q->access = "XX";
	if (q->target.n == 0 && c->target_n == 1) {
		item = sl_arena_alloc(c->arena, sizeof(*item));
		*item = c->target[0].name;
		q->target = (struct sl_list){item, 1};
	}
}

static void
check_targets_of(const struct checker *k, const struct sl_queue_config *q)
{
	const char *near;
	size_t i;

	for (i = 0; i < q->target.n; i++) {
		if (sl_config_target(k->c, q->target.item[i]) != NULL)
			continue;
		near = near_target(k->c, q->target.item[i]);
		FAULT(k, q->head, "[queue %s]: no [target %.40s]%s%s%s",
		    q->name, q->target.item[i],
		    near != NULL ? "; nearest is \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"" : "");
	}
}

static void
check_path_of(const struct checker *k, const struct sl_queue_config *q)
{
	const struct sl_queue_config *o;

	for (o = k->c->queue; o != q; o++) {
		if (!is_sound(k, &o->head))
			continue;
		if (strcmp(o->path, q->path) == 0)
			FAULT(k, q->head,
			    "[queue %s] has the same path as [queue %s]",
			    q->name, o->name);
		else if (lies_in(q->path, o->path) || lies_in(o->path, q->path))
			FAULT(k, q->head,
			    "[queue %s]: one path lies in the other's folder: "
			    "[queue %s]",
			    q->name, o->name);
	}
}

/* Systems write them in many ways; none is without a digit. */
static bool
is_case_or_none(const char *number)
{
	return *number == '\0' || strpbrk(number, "0123456789") != NULL;
}

static void
check_queue(const struct checker *k, const struct sl_queue_config *q)
{
	/* Its name may stand in a section line that was not understood. */
	if (!k->faults->lost)
		check_targets_of(k, q);
	check_path_of(k, q);
	/* What it takes from [instance] is told there. */
	if (!is_case_or_none(q->distribution_case) &&
	    strcmp(q->distribution_case, k->c->instance.distribution_case) != 0)
		FAULT(k, q->head,
		    "[queue %s]: distribution_case is no case number, such as "
		    "2026/1",
		    q->name);
}

static void
check_instance(const struct checker *k)
{
	const struct sl_instance_config *in = &k->c->instance;
	size_t i;

	if (!is_case_or_none(in->distribution_case))
		FAULT(k, in->head,
		    "[instance]: distribution_case is no case number, such as "
		    "2026/1");
	if (*in->converter != '\0' && *in->converter != '/')
		FAULT(k, in->head, "[instance]: converter is no absolute path");
	for (i = 0; i < in->decrypt_keys.n; i++)
		if (strlen(in->decrypt_keys.item[i]) > 100 ||
		    !sl_name_is_plain(in->decrypt_keys.item[i])) {
			FAULT(k, in->head,
			    "[instance]: decrypt_keys is a list of names of "
			    "secrets");
			break;
		}
}

static void
check_journal(const struct checker *k)
{
	const struct sl_journal_config *j = &k->c->journal;

	if (strpbrk(j->origin, " +~") != NULL)
		FAULT(
		    k, j->head, "[journal]: origin holds a space, a + or a ~");
	if (*j->mail_dir != '\0' &&
	    (*j->mail_to == '\0' || *j->mail_from == '\0'))
		FAULT(k, j->head,
		    "[journal]: mail_dir needs mail_to and mail_from");
}

static void
check_limits(const struct checker *k)
{
	const struct sl_limits_config *l = &k->c->limits;

	if (l->member_max_bytes > l->unpacked_max_bytes)
		FAULT(k, l->head, "[limits]: member_max is over unpacked_max");
	if (l->output_max_bytes < l->unpacked_max_bytes)
		FAULT(k, l->head, "[limits]: output_max is under unpacked_max");
}

static void
check_push(const struct checker *k)
{
	const struct sl_push_config *p = &k->c->push;

	if (p->retry_first_ms > p->retry_max_ms)
		FAULT(k, p->head, "[push]: retry_first is over retry_max");
	if (p->breaker_first_ms > p->breaker_max_ms)
		FAULT(k, p->head, "[push]: breaker_first is over breaker_max");
}

void
sl_config_check_all(struct sl_config *c, struct sl_faults *f)
{
	const struct checker k = {c, f};
	size_t i;

	if (is_sound(&k, &c->limits.head))
		check_limits(&k);
	if (is_sound(&k, &c->push.head))
		check_push(&k);
	if (is_sound(&k, &c->instance.head))
		check_instance(&k);
	if (is_sound(&k, &c->journal.head))
		check_journal(&k);
	for (i = 0; i < c->target_n; i++)
		if (is_sound(&k, &c->target[i].head))
			check_target(&k, &c->target[i]);
	for (i = 0; i < c->witness_n; i++)
		if (is_sound(&k, &c->witness[i].head))
			check_witness(&k, &c->witness[i]);
	for (i = 0; i < c->queue_n; i++)
		complete_queue(c, &c->queue[i]);
	for (i = 0; i < c->queue_n; i++)
		if (is_sound(&k, &c->queue[i].head))
			check_queue(&k, &c->queue[i]);
}
