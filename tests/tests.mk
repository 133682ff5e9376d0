# How the tests are built and run; included by the Makefile above.

# tests/unit/test_NAME.c becomes build/test/test_NAME, linked with the rooms and
# libraries that rooms_test_NAME and libs_test_NAME name (default: base), and
# the objects of extra_test_NAME (other files of tests/). The same for
# tests/bench/bench_NAME.c.
UNITS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
BENCHES := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/bench_*.c))

rooms_test_sandbox := worker sandbox wire base
libs_test_sandbox := -lseccomp -lcrypto
extra_test_sandbox := tests/unit/parent.c
rooms_test_worker := worker sandbox wire base
libs_test_worker := -lseccomp -lcrypto
extra_test_worker := tests/unit/parent.c
rooms_bench_fork := sandbox base
libs_bench_fork := -lseccomp -lcrypto

rooms_test_http := push config wire base
libs_test_http := -lcurl -ljansson -lseccomp -lssl -lcrypto
rooms_bench_push := wire base
libs_bench_push := -ljansson -lcrypto
extra_bench_push := tests/e2e/push_world.c
rooms_push_driver := wire base
libs_push_driver := -ljansson -lcrypto
extra_push_driver := tests/e2e/push_world.c

define TESTPROGRAM
$(B)/test/$(1): $(O)/tests/$(2)/$(1).o \
    $(patsubst %.c,$(O)/%.o,$(extra_$(1))) \
    $(foreach r,$(or $(rooms_$(1)),base),$(B)/lib/$(r).a)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	    $$(libs_$(1)) -ldl
endef
$(foreach u,$(UNITS),$(eval $(call TESTPROGRAM,$(u),unit)))
$(foreach b,$(BENCHES),$(eval $(call TESTPROGRAM,$(b),bench)))

$(eval $(call TESTPROGRAM,push_driver,e2e))

.PHONY: check-push bench-push
check-push: $(B)/test/push_driver $(B)/bin/sluse-push $(PLUGINS)  ## sluse-push against the fakes
	SLUSE_BUILD=$(B) $<
bench-push: $(B)/test/bench_push $(B)/bin/sluse-push $(PLUGINS)
	SLUSE_BUILD=$(B) $<

.PHONY: check-unit bench-build
check-unit: $(UNITS:%=$(B)/test/%)  ## run the unit tests
	@bad=0; for t in $^; do echo "== $${t##*/}"; $$t || bad=1; done; \
	exit $$bad
bench-build: $(BENCHES:%=$(B)/test/%)
