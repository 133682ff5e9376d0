# How the tests are built and run; included by the Makefile above.

# A unit test is tests/unit/test_NAME.c plus the lines that name the rooms and
# libraries it links: unit_rooms_NAME, unit_libs_NAME. So are benches.
UNITS := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
BENCHES := $(patsubst tests/bench/bench_%.c,%,$(wildcard tests/bench/bench_*.c))

unit_rooms_sandbox := worker sandbox wire base
unit_libs_sandbox := -lseccomp -lcrypto
unit_rooms_worker := worker sandbox wire base
unit_libs_worker := -lseccomp -lcrypto
unit_extra_sandbox := tests/unit/parent.c
unit_extra_worker := tests/unit/parent.c
unit_rooms_fork := sandbox base
unit_libs_fork := -lseccomp -lcrypto

define TESTPROGRAM
$(B)/test/$(1)_$(2): $(O)/tests/$(3)/$(1)_$(2).o \
    $(patsubst %.c,$(O)/%.o,$(unit_extra_$(2))) \
    $(foreach r,$(unit_rooms_$(2)),$(B)/lib/$(r).a)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	    $$(unit_libs_$(2)) -ldl
endef
$(foreach u,$(UNITS),$(eval $(call TESTPROGRAM,test,$(u),unit)))
$(foreach b,$(BENCHES),$(eval $(call TESTPROGRAM,bench,$(b),bench)))

.PHONY: check-unit bench-build
check-unit: $(UNITS:%=$(B)/test/test_%)  ## run the unit tests
	@bad=0; for t in $^; do echo "== $${t##*/}"; $$t || bad=1; done; \
	exit $$bad
bench-build: $(BENCHES:%=$(B)/test/bench_%)
