/*
 * A small world around sluse-push: this program plays slused on a socket, a
 * fake case system or a quick sink plays the target. For tests and bench.
 */
#ifndef TESTS_PUSH_WORLD_H
#define TESTS_PUSH_WORLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../daemon/wire/roles.h"
#include "../../daemon/wire/wire.h"

#define WORLD_STEPS_MAX 64
#define WORLD_FILES_MAX 4

struct world {
	char dir[64], config[96], secrets[96], socket[96];
	int listening;
	pid_t push;
	struct sl_chan *chan;
	const char *target;
	uint32_t line; /* answers that ended the line */
};

struct fake {
	pid_t pid;
	int port, stdin_fd;
};

struct step {
	char step[65], key[1025];
};

/* A delivery as slused keeps it over tries. */
struct parcel {
	char key[64];
	char *post;
	int fd[WORLD_FILES_MAX];
	uint64_t offset[WORLD_FILES_MAX], size[WORLD_FILES_MAX];
	size_t files_n;
	struct step step[WORLD_STEPS_MAX];
	size_t steps_n;
	unsigned attempt;
	bool uncertain;
};

/* What came of one try. */
struct outcome {
	bool died; /* no DELIVERED came */
	unsigned verdict, status, retry_after_s;
	bool uncertain;
	char reason[65], detail[257], receipt[8193];
};

/* When sluse-push is killed: at checkpoint number `at` (from 1; 0 = never). */
enum kill_when { KILL_LOST = 1, KILL_KEPT, KILL_AFTER };
struct kill_plan {
	enum kill_when when;
	unsigned at;
	int after_ms; /* or so long after GO; 0 = not */
};

/* Fresh folder; ends the program if that fails. */
void world_new(struct world *w);
void world_free(struct world *w);
/* Adds text to the configuration; a secret. */
void world_config(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void world_secret(struct world *w, const char *name, const char *value);
/* sluse-push for the target, greeted. False if it does not come. */
bool world_start(struct world *w, const char *target);
/* kill -9, or TERM; exit status as of waitpid. */
int world_stop(struct world *w, int signal);

/* Starts tests/fakes/SCRIPT with arguments (NULL-terminated). */
void fake_start(struct fake *f, const char *dir, const char *script,
    const char *const *args);
void fake_stop(struct fake *f);
/* /_fake/NAME; the caller's. NULL if there was no answer. */
json_t *fake_control(
    struct fake *f, const char *method, const char *name, const char *body);

/* A sink that answers every request 200 {"id":"s-1"} as fast as it can, in a
 * child; *ret_port. delay: the connection number that gets no answer, or 0. */
pid_t sink_start(int *ret_port);

/* A post with two documents (the second with two renditions) in `number`; a
 * big main document if big > 0 bytes. */
void parcel_new(
    struct parcel *p, const char *key, const char *number, uint64_t big);
void parcel_free(struct parcel *p);
/* Sends it without waiting. */
bool parcel_send(struct world *w, struct parcel *p, uint64_t delivery);
/* One try: sends, keeps checkpoints, kills as planned (plan may be NULL). */
void parcel_try(struct world *w, struct parcel *p, const struct kill_plan *plan,
    struct outcome *ret);
/* Receives one message; false if sluse-push is gone. */
bool world_recv(struct world *w, struct sl_msg *m);

#endif
