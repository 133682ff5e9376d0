/*
 * Claims: where what was dropped lies until it is filed away, and what becomes
 * of the folders it lay in.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/intake/inlet_p.h"
#include "test.h"

struct place {
	char root[32];
	int top;
	struct sl_loop *loop;
	struct sl_watcher *watcher;
	struct sl_config *cfg;
	struct sl_inlet *in;
	struct sl_err err;
};

static const struct sl_space any = {UINT64_MAX, UINT64_MAX, false};

static void
on_wake(void *arg)
{
	(void)arg;
}

static bool
place_open(struct place *p)
{
	static const char conf[] =
	    "[instance]\nsettle = 0\n[queue Post]\npath = spool\n";

	*p = (struct place){.root = "/tmp/sluse-claims-XXXXXX", .top = -1};
	if (mkdtemp(p->root) == NULL ||
	    sl_config_parse("test", conf, strlen(conf), &p->cfg, &p->err) !=
		SL_OK)
		return false;
	p->top = sl_open_dir(AT_FDCWD, p->root);
	p->loop = sl_loop_new();
	p->watcher = sl_watcher_new(p->loop, on_wake, NULL);
	return sl_inlet_open(p->watcher, p->root, p->cfg, &p->cfg->queue[0],
		   &p->in, &p->err) == SL_OK;
}

static void
place_close(struct place *p)
{
	sl_inlet_close(p->in);
	sl_watcher_free(p->watcher);
	sl_loop_free(p->loop);
	sl_config_free(p->cfg);
	sl_cleanup_close(&p->top);
	(void)sl_remove_tree(AT_FDCWD, p->root);
}

/* A letter dropped whole and claimed. */
static bool
claim(struct place *p, const char *name, struct sl_claim *ret)
{
	SL_FREE char *path = sl_asprintf("spool/Inn/%s", name);
	SL_CLOSE int fd =
	    openat(p->top, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int i;

	if (fd < 0 || sl_write_full(fd, name, strlen(name)) != 0)
		return false;
	(void)sl_inlet_rescan(p->in);
	for (i = 0; i < 100; i++)
		if (sl_inlet_next(p->in, &any, ret, &p->err) == SL_OK)
			return strcmp(ret->name, name) == 0;
	return false;
}

static bool
file_away(struct place *p, const struct sl_claim *c)
{
	return sl_claim_file_done(p->in, c->ulid, "M26-000001-1",
		   sl_clock_utc_ms(), &p->err) == SL_OK;
}

/* The inode of a claim's folder; 0: there is none. */
static ino_t
folder(struct place *p, const struct sl_claim *c)
{
	SL_FREE char *path = sl_asprintf("spool/.sluse/%s", c->ulid);
	struct stat st;

	return fstatat(p->top, path, &st, 0) == 0 ? st.st_ino : 0;
}

static void
serves_again(void)
{
	struct sl_claim a, b;
	struct place p;
	ino_t was;

	CHECK(place_open(&p));
	CHECK(claim(&p, "a.txt", &a));
	was = folder(&p, &a);
	CHECK(was != 0 && file_away(&p, &a));
	/* It is no claim that somebody left behind. */
	CHECK(sl_inlet_list_claims(p.in));
	CHECK(sl_inlet_old_claim(p.in, 0, &b, &p.err) == SL_SKIP);
	CHECK(claim(&p, "b.txt", &b));
	CHECK(folder(&p, &a) == 0 && folder(&p, &b) == was);
	CHECK(file_away(&p, &b));
	sl_inlet_rest(p.in);
	CHECK(folder(&p, &b) == 0);
	place_close(&p);
}

/* All that lies in it is filed away, and the next claim holds its own alone. */
static void
not_empty(void)
{
	struct sl_claim a, b;
	struct place p;

	CHECK(place_open(&p));
	CHECK(claim(&p, "a.txt", &a));
	{
		SL_FREE char *path = sl_asprintf("spool/.sluse/%s/...", a.ulid);

		CHECK(mkdirat(p.top, path, 0700) == 0);
	}
	CHECK(file_away(&p, &a));
	CHECK(claim(&p, "b.txt", &b));
	CHECK(sl_claim_find(p.in, b.ulid, &a, &p.err) == SL_OK);
	CHECK_STR(a.name, "b.txt");
	place_close(&p);
}

/* The linker sends the rooms' readdir here: it does not tell of that name so
 * many times, as of a file that comes while a folder is read. */
static const char *untold;
static int untold_n;

struct dirent *__real_readdir(DIR *d);
struct dirent *__wrap_readdir(DIR *d);
struct dirent *
__wrap_readdir(DIR *d)
{
	struct dirent *e = __real_readdir(d);

	if (e == NULL || untold_n == 0 || strcmp(e->d_name, untold) != 0)
		return e;
	untold_n--;
	return __real_readdir(d);
}

/* What is left in a folder keeps it a claim, and no other one's. */
static void
left_over(void)
{
	struct sl_claim a, b, c;
	struct place p;

	CHECK(place_open(&p));
	CHECK(claim(&p, "a.txt", &a));
	{
		SL_FREE char *path = sl_asprintf("spool/.sluse/%s/b", a.ulid);

		CHECK(mkdirat(p.top, path, 0700) == 0);
	}
	untold = "b";
	untold_n = 1;
	CHECK(!file_away(&p, &a) && untold_n == 0);
	CHECK_STR(p.err.reason, "disk_error");
	CHECK(sl_claim_find(p.in, a.ulid, &b, &p.err) == SL_OK);
	CHECK_STR(b.name, "b");
	CHECK(claim(&p, "c.txt", &c) && folder(&p, &a) != folder(&p, &c));
	CHECK(file_away(&p, &a) && file_away(&p, &c));
	place_close(&p);
}

/* A folder made ready for the next claim is gone, by whatever hand. */
static void
spare_lost(void)
{
	struct sl_claim a, b;
	struct place p;

	CHECK(place_open(&p));
	CHECK(claim(&p, "a.txt", &a) && file_away(&p, &a));
	{
		SL_FREE char *path = sl_asprintf("spool/.sluse/%s", a.ulid);

		CHECK(unlinkat(p.top, path, AT_REMOVEDIR) == 0);
	}
	CHECK(claim(&p, "b.txt", &b) && folder(&p, &b) != 0);
	CHECK(file_away(&p, &b));
	place_close(&p);
}

/* As many descriptors as are open, and one more for the sweep. */
static struct rlimit
no_descriptors(void)
{
	struct rlimit was, now;
	int next = dup(STDERR_FILENO);

	CHECK(next >= 0 && close(next) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
	now = was;
	now.rlim_cur = (rlim_t)next + 1;
	CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
	return was;
}

/* What the machine fails waits for the next rescan, and does not count as
 * nothing there then, wherever the sweep stood. */
static void
machine_fails(void)
{
	struct sl_claim c;
	struct rlimit was;
	struct place p;
	int i;

	CHECK(place_open(&p));
	CHECK(claim(&p, "a.txt", &c) && file_away(&p, &c));
	sl_inlet_rest(p.in);
	{
		SL_CLOSE int fd = openat(p.top, "spool/Inn/b.txt",
		    O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		CHECK(fd >= 0 && sl_write_full(fd, "b", 1) == 0);
	}
	was = no_descriptors();
	for (i = 0; i < 3; i++) {
		(void)sl_inlet_rescan(p.in);
		CHECK(sl_inlet_next(p.in, &any, &c, &p.err) == SL_RETRY);
		CHECK(sl_inlet_next(p.in, &any, &c, &p.err) == SL_SKIP);
		CHECK(sl_inlet_settles_in(p.in) == -1);
	}
	CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
	CHECK(sl_inlet_next(p.in, &any, &c, &p.err) == SL_SKIP);
	(void)sl_inlet_rescan(p.in);
	CHECK(sl_inlet_next(p.in, &any, &c, &p.err) == SL_OK);
	CHECK_STR(c.name, "b.txt");
	place_close(&p);
}

/* A file of so many zeros, made by a rename. */
static bool
drop(struct place *p, const char *name, off_t size)
{
	SL_FREE char *path = sl_asprintf("spool/Inn/%s", name);
	SL_CLOSE int fd =
	    openat(p->top, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd >= 0 && ftruncate(fd, size) == 0 &&
	       renameat(p->top, "new", p->top, path) == 0;
}

static enum sl_rc
next(struct place *p, uint64_t room, struct sl_claim *ret)
{
	const struct sl_space one = {room, room, true};

	return sl_inlet_next(p->in, &one, ret, &p->err);
}

/* The same, as soon as what was put back has lain still. */
static bool
comes(struct place *p, uint64_t room, struct sl_claim *ret)
{
	int i;

	for (i = 0; i < 1000; i++) {
		(void)sl_inlet_rescan(p->in);
		if (next(p, room, ret) == SL_OK)
			return true;
		(void)usleep(10000);
	}
	return false;
}

#define LEAST ((uint64_t)256 << 10) /* slused(8) */

static void
no_room(void)
{
	struct sl_claim c;
	struct place p;
	struct stat st;

	CHECK(place_open(&p));
	CHECK(drop(&p, "stor", 40960) && drop(&p, "liten", 1));
	(void)sl_inlet_rescan(p.in);
	/* Whatever the order: the small one passes. */
	CHECK(next(&p, LEAST + 3 * 40960 - 1, &c) == SL_OK);
	CHECK_STR(c.name, "liten");
	CHECK(c.need.copy == 4096 && c.need.made == LEAST + 2 * 4096);
	CHECK(!c.tried);
	CHECK(next(&p, LEAST + 3 * 40960 - 1, &c) == SL_SKIP);
	CHECK(sl_inlet_no_room(p.in).n == 1);
	CHECK(sl_inlet_no_room(p.in).need.copy == 40960);
	CHECK(!sl_inlet_no_room(p.in).tried);
	CHECK(fstatat(p.top, "spool/Inn/stor", &st, 0) == 0);
	/* As soon as there is room, with no sweep. */
	CHECK(next(&p, LEAST + 3 * 40960, &c) == SL_OK);
	CHECK_STR(c.name, "stor");
	CHECK(sl_inlet_no_room(p.in).n == 0);
	place_close(&p);
}

/* It was more than its size told: it waits for that, until it is another. */
static void
no_room_twice(void)
{
	const struct sl_need more = {9 << 20, 0}, most = {99 << 20, 0};
	struct sl_claim c;
	struct place p;

	CHECK(place_open(&p));
	CHECK(drop(&p, "a.zip", 1));
	(void)sl_inlet_rescan(p.in);
	CHECK(next(&p, UINT64_MAX, &c) == SL_OK);
	CHECK(sl_claim_put_back(p.in, c.ulid, c.name, &more, &p.err) == SL_OK);
	CHECK(sl_inlet_incomplete(p.in) == 0);
	CHECK(sl_inlet_no_room(p.in).n == 1 && sl_inlet_no_room(p.in).tried);
	(void)sl_inlet_rescan(p.in);
	CHECK(next(&p, (9 << 20) - 1, &c) == SL_SKIP);
	CHECK(comes(&p, 9 << 20, &c));
	CHECK(c.tried && c.need.copy == 9 << 20);
	CHECK(sl_claim_put_back(p.in, c.ulid, c.name, &most, &p.err) == SL_OK);
	CHECK(drop(&p, "a.zip", 2)); /* over it */
	CHECK(comes(&p, 9 << 20, &c));
	CHECK(!c.tried && c.need.copy == 4096);
	CHECK(sl_inlet_no_room(p.in).n == 0);
	place_close(&p);
}

/* The linker sends the rooms' looks at the clock here. */
static int64_t later_ms;

int64_t __real_sl_clock_boot_ms(void);
int64_t __wrap_sl_clock_boot_ms(void);
int64_t
__wrap_sl_clock_boot_ms(void)
{
	return __real_sl_clock_boot_ms() + later_ms;
}

/* What it needs is a guess, and is tried once after an hour, and once after the
 * next: also where there was no room for as much as its size by then. */
static void
no_room_for_hours(void)
{
	/* Its time lies ahead: put back it need not lie still first. */
	const struct timespec ahead[2] = {
	    {INT64_C(4102444800), 0}, {INT64_C(4102444800), 0}};
	const struct sl_need more = {9 << 20, 0};
	struct sl_claim c;
	struct place p;
	int hour;

	CHECK(place_open(&p));
	CHECK(drop(&p, "a.zip", 40960));
	CHECK(utimensat(p.top, "spool/Inn/a.zip", ahead, 0) == 0);
	(void)sl_inlet_rescan(p.in);
	CHECK(next(&p, UINT64_MAX, &c) == SL_OK);
	for (hour = 0; hour < 2; hour++) {
		CHECK(sl_claim_put_back(p.in, c.ulid, c.name, &more, &p.err) ==
		      SL_OK);
		later_ms += SL_NO_ROOM_MS - 60000;
		CHECK(next(&p, 8 << 20, &c) == SL_SKIP);
		later_ms += 60000;
		CHECK(next(&p, 8 << 20, &c) == SL_OK);
		CHECK(c.tried && c.need.copy == 40960);
	}
	CHECK(sl_claim_put_back(p.in, c.ulid, c.name, &more, &p.err) == SL_OK);
	for (hour = 0; hour < 3; hour++) {
		later_ms += SL_NO_ROOM_MS;
		p.in->waits_at = 0;
		CHECK_STR(sl_waits_next(p.in), "a.zip");
		CHECK(next(&p, 4096, &c) == SL_SKIP);
		CHECK(sl_inlet_no_room(p.in).tried);
		CHECK(sl_inlet_no_room(p.in).need.copy == 40960);
		CHECK(sl_waits_next(p.in) == NULL);
	}
	later_ms = 0;
	place_close(&p);
}

/* The linker sends the rooms' looks at files here: those of that name are of as
 * many bytes as a file can have holes, which not every disk allows. */
int __real_fstatat(int dir, const char *name, struct stat *ret, int flags);
int __wrap_fstatat(int dir, const char *name, struct stat *ret, int flags);
int
__wrap_fstatat(int dir, const char *name, struct stat *ret, int flags)
{
	int rc = __real_fstatat(dir, name, ret, flags);

	if (rc == 0 && strncmp(name, "hole", 4) == 0)
		ret->st_size = INT64_MAX;
	return rc;
}

/* Two are all that 64 bits count, and with the third it is not one small file.
 * What is over the limit needs no room but for its number. */
static void
room_for_holes(void)
{
	struct sl_claim c;
	struct place p;

	CHECK(place_open(&p));
	CHECK(mkdirat(p.top, "spool/Inn/mappe", 0700) == 0);
	CHECK(drop(&p, "mappe/hole-1", 1) && drop(&p, "mappe/hole-2", 1) &&
	      drop(&p, "mappe/tekst", 1));
	CHECK(comes(&p, UINT64_MAX, &c));
	CHECK(c.is_folder && c.need.copy == 0 && c.need.made == LEAST);
	place_close(&p);
}

static void
no_room_and_gone(void)
{
	struct sl_claim c;
	struct place p;

	CHECK(place_open(&p));
	CHECK(drop(&p, "stor", 40960));
	(void)sl_inlet_rescan(p.in);
	CHECK(next(&p, 1, &c) == SL_SKIP && sl_inlet_no_room(p.in).n == 1);
	CHECK(unlinkat(p.top, "spool/Inn/stor", 0) == 0);
	CHECK(next(&p, UINT64_MAX, &c) == SL_SKIP);
	(void)sl_inlet_rescan(p.in);
	CHECK(sl_inlet_no_room(p.in).n == 0);
	place_close(&p);
}

/* Of two disks each has what comes to it. */
static void
fits(void)
{
	static const struct {
		struct sl_need need;
		struct sl_space room;
		bool fits;
	} rows[] = {{{10, 20}, {30, 30, true}, true},
	    {{10, 20}, {30, 29, true}, false},
	    {{10, 20}, {29, 30, true}, false},
	    {{UINT64_MAX, 20}, {30, 30, true}, false},
	    {{10, UINT64_MAX}, {30, 30, true}, false},
	    {{10, 20}, {10, 20, false}, true},
	    {{10, 20}, {9, 99, false}, false},
	    {{10, 20}, {99, 19, false}, false}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(
		    sl_need_fits(&rows[i].need, &rows[i].room) == rows[i].fits);
}

TEST_MAIN({"an emptied folder serves the next claim", serves_again},
    {"a folder is given on empty", not_empty},
    {"what is left keeps a folder", left_over},
    {"a spare folder that is gone is made", spare_lost},
    {"what the machine fails waits for a rescan", machine_fails},
    {"one disk, or two", fits},
    {"what there is no room for waits, and nothing behind it", no_room},
    {"what needs more than its size waits for that", no_room_twice},
    {"what needs more than its size is tried each hour", no_room_for_hours},
    {"files of holes are more than there is", room_for_holes},
    {"what was taken away waits no more", no_room_and_gone})
