# How the tests are built and run; included by the Makefile above.
#
# tests/unit/NAME.c becomes build/test/NAME, linked with the rooms it names in
# rooms_NAME (default: all that have an archive it needs: base).

UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
rooms_test_fields := read wire base
libs_test_fields := -lcrypto

$(O)/tests/unit/test_reader_%.o: CPPFLAGS_ALL += -DSLUSE_BUILD='"$(B)"'

define UNIT_TEST
$(B)/test/$(1): $(O)/tests/unit/$(1).o $$(foreach r,$$(or $$(rooms_$(1)),base),$(B)/lib/$$(r).a)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(libs_$(1)) -ldl
endef
$(foreach t,$(UNIT),$(eval $(call UNIT_TEST,$(t))))

.PHONY: check-unit
check-unit: $(UNIT:%=$(B)/test/%) | $(PLUGINS)  ## run the unit tests
	@rc=0; for t in $^; do echo "# $$t"; $$t || rc=1; done; exit $$rc
