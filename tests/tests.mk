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
# The openssl command line makes what it opens.
rooms_test_decrypt := decrypt worker sandbox wire base
libs_test_decrypt := -lseccomp -lcrypto
extra_test_decrypt := tests/unit/parent.c tests/unit/envelopes.c
rooms_test_convert := convert worker sandbox wire base
libs_test_convert := -lseccomp -lcrypto
extra_test_convert := tests/unit/parent.c
rooms_test_cli := cli query store journal prepare place registry config pronom options wire base
libs_test_cli := -lsqlite3 -ljansson -lxml2 -lcrypto
rooms_test_status := $(filter-out cli,$(rooms_test_cli))
libs_test_status := $(libs_test_cli)
# Readers are tested as sluse-work loads them.
extra_test_reader_pdf := tests/unit/reader_harness.c tests/unit/make_pdf.c
libs_test_reader_pdf := -llept
deps_test_reader_pdf := $(B)/plugins/readers/pdf.so
extra_read_pdf := tests/unit/reader_harness.c
deps_read_pdf := $(B)/plugins/readers/pdf.so
extra_test_reader_pdf_pages := $(extra_test_reader_pdf)
libs_test_reader_pdf_pages := -llept
deps_test_reader_pdf_pages := $(B)/plugins/readers/pdf.so
extra_test_reader_image := tests/unit/reader_harness.c
libs_test_reader_image := -llept -ltiff -ljpeg -lz
deps_test_reader_text := $(B)/plugins/readers/text.so
deps_test_reader_mail := $(B)/plugins/readers/mail.so
deps_test_reader_package := $(B)/plugins/readers/package.so
rooms_test_reader_package := read wire base
libs_test_reader_package = $(libs_iconv) -lcrypto
deps_test_reader_office := $(B)/plugins/readers/office.so
rooms_test_reader_mail := read wire base
libs_test_reader_mail = $(libs_iconv) -lcrypto \
	-Wl,--export-dynamic-symbol=g_mime_iconv_open
deps_test_reader_outlook := $(B)/plugins/readers/outlook.so \
	$(B)/plugins/readers/mbox.so
rooms_test_reader_outlook := read wire base
libs_test_reader_outlook = $(libs_iconv) -lcrypto
deps_test_reader_image := $(B)/plugins/readers/image.so
extra_test_reader_kinds := tests/unit/reader_harness.c
libs_test_reader_kinds := -llept -ltiff
deps_test_reader_kinds := $(B)/plugins/readers/image.so
rooms_bench_open := read unpack identify pronom wire base
libs_bench_open := -larchive -lz -lmagic -licuuc -ljansson -lcrypto
rooms_bench_append := store journal registry wire base
libs_bench_append := -lsqlite3 -lcrypto
rooms_bench_work := wire base
libs_bench_work := -lcrypto
rooms_bench_fork := sandbox base
libs_bench_fork := -lseccomp -lcrypto

rooms_test_access := access config base
libs_test_access := -ljansson -lcrypto
rooms_test_report := report lists form query store journal registry config options wire base
libs_test_report = $(libs_sluse-report)
rooms_fuzz_control := report lists form query store journal registry config options wire base
libs_fuzz_control = $(libs_sluse-report)
rooms_fuzz_targetlog := report lists form query store journal registry config options wire base
libs_fuzz_targetlog = $(libs_sluse-report)

rooms_test_depot := depot dias xsd report lists form query pronom store journal registry config options wire base
libs_test_depot = $(libs_sluse-depot)
rooms_fuzz_harvest := depot dias xsd report lists form query pronom store journal registry config options wire base
libs_fuzz_harvest = $(libs_sluse-depot)
rooms_fuzz_n5check := depot dias xsd report lists form query pronom store journal registry config options wire base
libs_fuzz_n5check = $(libs_sluse-depot)
rooms_test_dias := dias xsd store journal registry config wire base
libs_test_dias = $(call pc,libs,libarchive libxml-2.0) \
	-lsqlite3 -ljansson -lcrypto
rooms_fuzz_dias := dias xsd store journal registry config wire base
libs_fuzz_dias = $(call pc,libs,libarchive libxml-2.0) \
	-lsqlite3 -ljansson -lcrypto

rooms_test_registry := registry wire base
libs_test_registry := -lcrypto
rooms_test_journal := journal base
libs_test_journal := -lcrypto
rooms_test_given := query wire base
libs_test_given := -lcrypto
rooms_test_parcel := wire base
libs_test_parcel := -lcrypto
rooms_test_marks := store journal registry wire base
libs_test_marks := -lsqlite3 -lcrypto
rooms_test_cosign := journal base
libs_test_cosign := -lcrypto
rooms_test_note := journal base
libs_test_note := -ljansson -lcrypto
rooms_test_wire := wire base
libs_test_wire := -lcrypto
rooms_test_base := base
libs_test_base := -lcrypto
rooms_test_store := store journal registry wire base
libs_test_store := -lsqlite3 -lcrypto
rooms_test_db := store journal registry wire base
libs_test_db := -lsqlite3 -lcrypto

rooms_test_config := config base
libs_test_config := -ljansson -lcrypto
rooms_test_caseindex := place wire base
libs_test_caseindex := -lcrypto
rooms_test_decide := place wire base
libs_test_decide := -ljansson -lcrypto
rooms_test_place := place sandbox wire base
libs_test_place := -lseccomp -ljansson -lcrypto
rooms_test_package := prepare registry config wire base
libs_test_package := -ljansson -lcrypto
rooms_test_prepare := prepare registry config wire base
libs_test_prepare := -ljansson -lcrypto

rooms_test_unpack := unpack base
libs_test_unpack := -larchive -lcrypto -lz
extra_test_unpack := tests/unit/make_archive.c
rooms_test_seven := unpack base
libs_test_seven := -larchive -lcrypto -lz
extra_test_seven := tests/unit/make_archive.c
rooms_test_sevenhead := unpack base
libs_test_sevenhead := -lz
rooms_test_identify := identify pronom unpack base
libs_test_identify := -lmagic -larchive -lcrypto -lz
extra_test_identify := tests/unit/make_archive.c
rooms_test_task := read unpack identify pronom wire base
libs_test_task := -larchive -lmagic -licuuc -ljansson -lcrypto -lz
extra_test_task := tests/unit/make_archive.c
# By hand over a corpus.
rooms_sweep_open := read unpack identify pronom sandbox wire base
libs_sweep_open := -larchive -lz -lmagic -licuuc -ljansson -lseccomp -lcrypto
rooms_pronom_tree := identify pronom unpack base
libs_pronom_tree := -larchive -lmagic -lz -lcrypto
rooms_test_pronom := pronom unpack base
libs_test_pronom := -lz -lcrypto
extra_test_pronom := tests/unit/make_archive.c
rooms_fuzz_pronom := pronom unpack base
libs_fuzz_pronom := -lz

rooms_test_faces := faces intake store journal registry config wire base
libs_test_faces := -lsqlite3 -ljansson -lcrypto -Wl,--wrap=renameat
rooms_test_claims := intake config wire base
libs_test_claims := -ljansson -lcrypto -Wl,--wrap=readdir \
    -Wl,--wrap=fstatat -Wl,--wrap=sl_clock_boot_ms
rooms_test_converters := read wire base
libs_test_converters := -licuuc -lcrypto
rooms_test_fields := read wire base
libs_test_fields := -lcrypto

$(O)/tests/fuzz/fuzz_harvest.o $(O)/tests/fuzz/fuzz_n5check.o \
    $(O)/tests/unit/test_depot.o $(O)/tests/unit/test_dias.o: \
    CPPFLAGS += $(CFLAGS_depot)
$(O)/tests/%.o: CPPFLAGS += -DSLUSE_BUILD='"$(B)"' \
	-DREADERS='"$(B)/plugins/readers/"'

rooms_test_ocr := ocr read sandbox wire base
libs_test_ocr := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_bad := ocr read sandbox wire base
libs_test_ocr_bad := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_beside := ocr read sandbox wire base
libs_test_ocr_beside := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_address := ocr read sandbox wire base
libs_test_ocr_address := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_sami := ocr read sandbox wire base
libs_test_ocr_sami := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_reread := ocr read sandbox wire base
libs_test_ocr_reread := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_ruled := ocr read sandbox wire base
libs_test_ocr_ruled := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_test_ocr_words := ocr read sandbox wire base
libs_test_ocr_words := -ltesseract -llept -lseccomp -lcrypto -lm
rooms_ocr_floor := base
libs_ocr_floor := -ltesseract -llept
rooms_ocr_child := ocr read sandbox wire base
libs_ocr_child := -ltesseract -llept -lseccomp -lcrypto -lm

rooms_test_http := push journal config wire base
libs_test_http := -lcurl -ljansson -lseccomp -lssl -lcrypto
rooms_test_push := push journal config wire base
libs_test_push := -lcurl -ljansson -lseccomp -lcrypto
$(B)/test/test_push: | $(B)/plugins/connectors/webhook.so
rooms_test_harvest := push config wire base
libs_test_harvest := -lcurl -ljansson -lseccomp -lcrypto
$(B)/test/test_harvest: | $(B)/test/connectors/old.so
$(B)/test/push_driver: | $(B)/test/connectors/mute.so
$(B)/test/connectors/%.so: tests/unit/%_connector.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -shared -o $@ $<
	chmod go-w $@
rooms_test_crawl := base
libs_test_crawl := -lcrypto -ldl
$(B)/test/test_crawl: | $(B)/plugins/connectors/noark5.so
rooms_bench_push := wire base
libs_bench_push := -ljansson -lcrypto
extra_bench_push := tests/e2e/push_world.c
rooms_push_driver := wire base
libs_push_driver := -ljansson -lcrypto
extra_push_driver := tests/e2e/push_world.c

define TESTPROGRAM
$(B)/test/$(1): $(O)/tests/$(2)/$(1).o \
    $(patsubst %.c,$(O)/%.o,$(extra_$(1))) \
    $(foreach r,$(or $(rooms_$(1)),base),$(B)/lib/$(r).a) | $(deps_$(1)) $(PRONOM)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	    $$(libs_$(1)) -ldl
endef
$(foreach u,$(UNITS),$(eval $(call TESTPROGRAM,$(u),unit)))
$(foreach b,$(BENCHES),$(eval $(call TESTPROGRAM,$(b),bench)))

$(eval $(call TESTPROGRAM,sweep_open,fuzz))
$(eval $(call TESTPROGRAM,read_pdf,long))
$(eval $(call TESTPROGRAM,pronom_tree,bench))

# Fuzz targets. Everywhere: their corpus is replayed (tests/fuzz/replay.c).
# `make fuzz` builds the tree once more for libFuzzer and runs each target
# FUZZ_TIME seconds; FUZZ_ENGINE is what that second make is told.
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TIME ?= 60
FUZZ_ENGINE ?=
rooms_fuzz_wire := wire base
rooms_fuzz_parcel := wire base
rooms_fuzz_config := config base
rooms_fuzz_results := engine seal faces access intake place prepare store journal registry config wire base
libs_fuzz_results := -lsqlite3 -ljansson
rooms_fuzz_leaf := journal base
rooms_fuzz_note := journal base
rooms_fuzz_tlogproof := journal base
rooms_fuzz_cosign := journal base
rooms_fuzz_caseindex := place wire base
rooms_fuzz_sidecar := read wire base
rooms_fuzz_csv := cli base
rooms_fuzz_settle := faces base
rooms_fuzz_fields := read wire base
rooms_fuzz_decrypt := decrypt wire base
rooms_fuzz_open := unpack identify pronom wire base
rooms_fuzz_seven := unpack base
rooms_fuzz_http := push journal config wire base
rooms_fuzz_text := base
rooms_fuzz_mail := base
rooms_fuzz_outlook := base
rooms_fuzz_mbox := base
rooms_fuzz_office := base
rooms_fuzz_image := base
rooms_fuzz_pdf := base
rooms_fuzz_asic := base
rooms_fuzz_cms := base
rooms_fuzz_byterange := base
rooms_fuzz_package := read wire base
rooms_fuzz_crawl := base
libs_fuzz_crawl := -ljansson
deps_fuzz_crawl := $(B)/plugins/connectors/noark5.so
libs_fuzz_open := -larchive -lmagic -lz
libs_fuzz_seven := -larchive -lz
libs_fuzz_sidecar := -ljansson
libs_fuzz_config := -ljansson
libs_fuzz_http := -lcurl -ljansson -lseccomp
deps_fuzz_text := $(B)/plugins/readers/text.so
deps_fuzz_mail := $(B)/plugins/readers/mail.so
deps_fuzz_outlook := $(B)/plugins/readers/outlook.so
deps_fuzz_mbox := $(B)/plugins/readers/mbox.so
deps_fuzz_office := $(B)/plugins/readers/office.so
deps_fuzz_package := $(B)/plugins/readers/package.so
libs_fuzz_package = $(libs_iconv)
deps_fuzz_image := $(B)/plugins/readers/image.so
deps_fuzz_pdf := $(B)/plugins/readers/pdf.so
libs_fuzz_pdf := -lm
deps_fuzz_asic := $(B)/plugins/readers/asic.so
libs_fuzz_asic := -lz
$(foreach f,$(FUZZ),$(eval libs_$(f) += -lcrypto))
$(foreach f,$(FUZZ),$(eval extra_$(f) := $(if $(FUZZ_ENGINE),,tests/fuzz/replay.c)))
extra_fuzz_cms += plugins/readers/lib/cms.c plugins/readers/lib/cert.c \
	plugins/readers/lib/signed.c
extra_fuzz_byterange += plugins/readers/pdf/byterange.c
$(foreach f,$(FUZZ),$(eval $(call TESTPROGRAM,$(f),fuzz)))
$(FUZZ:%=$(B)/test/%): LDFLAGS += $(if $(FUZZ_ENGINE),-fsanitize=fuzzer -rdynamic)

.PHONY: fuzz fuzz-replay fuzz-run
fuzz-replay: $(FUZZ:%=$(B)/test/%)  ## every fuzz target over its corpus
	@bad=0; good=0; for t in $(FUZZ:fuzz_%=%); do \
	    printf '%s: ' $$t; \
	    if $(B)/test/fuzz_$$t tests/fuzz/corpus/$$t; \
	    then good=$$((good + 1)); else bad=$$((bad + 1)); fi; done; \
	echo "$$good passed, $$bad failed"; test $$bad = 0
fuzz:  ## each fuzz target under libFuzzer for FUZZ_TIME seconds
	@$(MAKE) --no-print-directory B=build-fuzz CC=$(CLANG) FUZZ_ENGINE=1 \
	    OPT='-O1 -g' fuzz-run \
	    SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined'
# What is found lies in build-fuzz/found.
fuzz-run: $(FUZZ:%=$(B)/test/%)
	@mkdir -p $(B)/found; for t in $(FUZZ:fuzz_%=%); do \
	    mkdir -p $(B)/grown/$$t; echo "== $$t"; \
	    $(B)/test/fuzz_$$t -max_total_time=$(FUZZ_TIME) -timeout=10 \
	    -rss_limit_mb=2048 -max_len=16384 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=$(B)/found/$$t- \
	    $(B)/grown/$$t tests/fuzz/corpus/$$t || exit 1; done

.PHONY: check-unit bench-build
# Some at a time: most of them wait for the disk. What takes long comes first.
# Each says what it has to say in one piece.
LONG_UNITS := test_ocr_bad test_ocr_words test_ocr test_faces test_store test_cli \
	test_fields
check-unit: $(UNITS:%=$(B)/test/%)  ## run the unit tests
	@rm -rf $(B)/test/said; mkdir -p $(B)/test/said; bad=0; \
	printf '%s\n' $(LONG_UNITS) $(filter-out $(LONG_UNITS),$(^F)) | xargs -P 3 -I T sh -c \
	    '{ echo "== T"; $(B)/test/T; } > $(B)/test/said/T 2>&1' || bad=1; \
	cat $(B)/test/said/*; exit $$bad
bench-build: $(BENCHES:%=$(B)/test/%)

.PHONY: check-schemas
# What the programs make against what we say they make.
check-schemas: $(B)/test/test_config $(B)/test/test_prepare
	@rm -rf $(B)/test/schemas; mkdir -p $(B)/test/schemas
	@SLUSE_TEST_OUT=$(B)/test/schemas $(B)/test/test_config >/dev/null
	@SLUSE_TEST_OUT=$(B)/test/schemas $(B)/test/test_prepare >/dev/null
	@python3 tests/unit/check_schema.py schemas/post.schema.json \
	    $(B)/test/schemas/post-*.json
	@python3 tests/unit/check_schema.py schemas/config.schema.json \
	    $(B)/test/schemas/config.json

# The OCR bench: the same scans through libtesseract alone and through our own
# engine; pages per second must not fall under 0.95 of the floor.
$(foreach b,ocr_floor ocr_child,$(eval $(call TESTPROGRAM,$(b),bench)))
$(B)/bench/scans.pdf: tests/bench/make_scans.py
	/usr/bin/python3 $< $(@D)
.PHONY: bench-ocr
bench-ocr: $(B)/test/ocr_floor $(B)/test/ocr_child $(B)/bench/scans.pdf  ## compare OCR with bare Tesseract
	$(B)/test/ocr_floor $(B)/bench/scan-*.jpg
	$(B)/test/ocr_child $(B)/bench/scan-*.jpg

# Errors and cost, page by page, beside OCRmyPDF and bare Tesseract: an hour.
.PHONY: bench-reading
bench-reading: $(B)/test/ocr_floor $(B)/test/ocr_child  ## how well bad pages are read
	SLUSE_BUILD=$(B) /usr/bin/python3 tests/bench/ocr_quality.py

# What small letters cost the libraries, the disk and the target alone.
rooms_floor_small := base
libs_floor_small = $(call pc,libs,gmime-3.0) $(filter-out \
	-Wl%,$(plugin_libs_pdf)) -lmagic -lsqlite3 -lcurl -lcrypto
$(O)/tests/bench/floor_small.o: CPPFLAGS += $(call pc,cflags,gmime-3.0)
$(eval $(call TESTPROGRAM,floor_small,bench))

rooms_floor_tree := journal base
libs_floor_tree := -lcrypto
$(eval $(call TESTPROGRAM,floor_tree,bench))

# Every number of the house in one table; PARTS="small idle" runs some.
.PHONY: bench
bench: all $(B)/test/floor_tree $(B)/test/bench_append $(B)/test/ocr_floor $(B)/test/ocr_child $(B)/test/floor_small $(B)/bench/scans.pdf  ## measure against the floors, print one table
	SLUSE_BUILD=$(B) /usr/bin/python3 tests/bench/bench.py $(PARTS)

# sluse-push and the connectors against the fakes, with every fault.
$(eval $(call TESTPROGRAM,push_driver,e2e))
.PHONY: check-push bench-push
check-push: $(B)/test/push_driver $(B)/bin/sluse-push $(PLUGINS)  ## sluse-push against the fakes
	SLUSE_BUILD=$(B) $<
bench-push: $(B)/test/bench_push $(B)/bin/sluse-push $(PLUGINS)
	SLUSE_BUILD=$(B) $<

.PHONY: check-cli
check-cli: $(B)/bin/sluse $(B)/test/test_cli  ## init, run and the command line
	$(B)/test/test_cli
	tests/e2e/010-cli-run.sh $(B)/bin
.PHONY: check-try
check-try: all  ## the demo post as a dry run, against its manifest
	tests/e2e/011-cli-try.py $(B)/bin

.PHONY: check-e2e
check-e2e: all  ## a whole house: targets that fail, mean drops, all commands
	@for t in commands targets mean; do \
	    SLUSE_BUILD=$(B) timeout -k 5 300 tests/e2e/$$t.py || exit 1; done

# Kills, failing calls, full disks, a stepping clock, an upgrade. strace is the
# Debian package; what the machine does not allow is skipped with a message.
FAULTS := kill_storm kill_points inject clock upgrade
.PHONY: check-fault check-fault-all $(FAULTS:%=check-fault-%)
$(FAULTS:%=check-fault-%): check-fault-%: all
	SLUSE_BUILD=$(B) timeout -k 10 900 python3 tests/fault/$*.py
check-fault: $(FAULTS:%=check-fault-%)  ## kills, failing calls, full disks, upgrade
# Every write of the database too: ten minutes.
check-fault-all: export SLUSE_FAULT_ALL := 1
check-fault-all: check-fault

# Not in check: a quarter of an hour, and samples that are not in this tree.
.PHONY: check-long
check-long: all $(B)/test/read_pdf $(B)/test/floor_tree  ## every file of ../shared (SLUSE_SHARED) through the road
	SLUSE_BUILD=$(B) python3 tests/long/formats.py
	SLUSE_BUILD=$(B) python3 tests/long/pdf.py
	SLUSE_BUILD=$(B) python3 tests/long/corpus.py
	SLUSE_BUILD=$(B) python3 tests/long/journal.py
	SLUSE_BUILD=$(B) python3 tests/long/tables.py
	SLUSE_BUILD=$(B) python3 tests/long/takehome.py
	SLUSE_BUILD=$(B) SLUSE_TAMPERS=10000 python3 tests/e2e/tamper.py
