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
rooms_test_cli := cli report store journal prepare place registry config wire base
libs_test_cli := -lsqlite3 -ljansson -lcrypto
rooms_bench_fork := sandbox base
libs_bench_fork := -lseccomp -lcrypto

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

.PHONY: check-unit bench-build
check-unit: $(UNITS:%=$(B)/test/%)  ## run the unit tests
	@bad=0; for t in $^; do echo "== $${t##*/}"; $$t || bad=1; done; \
	exit $$bad
bench-build: $(BENCHES:%=$(B)/test/%)
