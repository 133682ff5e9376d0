# How the tests are built and run; included by the Makefile above.

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
unit_srcs_test_reader_pdf := tests/unit/reader_harness.c
unit_libs_test_reader_pdf := -llept
unit_deps_test_reader_pdf := $(B)/plugins/readers/pdf.so
unit_srcs_test_reader_image := tests/unit/reader_harness.c
unit_libs_test_reader_image := -llept -ltiff -ljpeg -lz
unit_deps_test_reader_image := $(B)/plugins/readers/image.so

define UNIT
$(B)/test/$(1): tests/unit/$(1).c $$(unit_srcs_$(1)) tests/unit/test.h \
    $$(wildcard tests/unit/*.h) | $$(unit_deps_$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS_ALL) $$(filter-out -MMD -MP,$$(CFLAGS_ALL)) \
	    -DREADERS='"$(B)/plugins/readers/"' $$(LDFLAGS_ALL) -o $$@ \
	    $$(filter %.c,$$^) $$(unit_libs_$(1)) -ldl
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call UNIT,$(t))))

.PHONY: check-unit
check-unit: $(UNIT_TESTS:%=$(B)/test/%)  ## run the unit tests
	@set -e; for t in $^; do echo "== $$t"; $$t; done
