/*
 * How many small posts a second one sluse-push delivers to a quick webhook:
 * bench_push [POSTS]. This program is slused and keeps 32 deliveries queued.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/text.h"
#include "../e2e/push_world.h"

#define QUEUE 32

int
main(int argc, char **argv)
{
	static struct world w;
	uint64_t want = 20000, sent = 0, done = 0;
	struct parcel p;
	struct sl_msg m;
	int64_t began;
	double s;
	int port;
	pid_t sink;

	if (argc > 1 && !sl_parse_u64(argv[1], 1, 10000000, &want))
		return 2;
	sink = sink_start(&port);
	world_new(&w);
	world_config(&w,
	    "[target hook]\nconnector = webhook\n"
	    "base_url = http://127.0.0.1:%d/\nallow_loopback = yes\n",
	    port);
	parcel_new(&p, "bench-key", "2026/211", 0);
	if (!world_start(&w, "hook"))
		return 1;
	began = sl_clock_boot_ms();
	while (done < want) {
		while (sent < want && sent - done < QUEUE) {
			p.attempt = 0;
			if (!parcel_send(&w, &p, ++sent))
				return 1;
		}
		if (!world_recv(&w, &m) || m.type != SL_MSG_DELIVERED ||
		    m.delivered.verdict != SL_VERDICT_DELIVERED)
			return 1;
		done++;
	}
	s = (double)(sl_clock_boot_ms() - began) / 1000;
	(void)printf("%llu posts with 3 files in %.2f s: %.0f posts/s\n",
	    (unsigned long long)want, s, (double)want / s);
	(void)kill(sink, SIGKILL);
	(void)waitpid(sink, NULL, 0);
	parcel_free(&p);
	world_free(&w);
	return 0;
}
