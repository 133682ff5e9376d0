# Sluse. `make help` lists what this file does.
#
# One flat Makefile; everything built lies in build/. Each room of daemon/ is
# compiled once per flavour and archived; programs link the rooms they may see,
# which is how the walls between rooms are kept (see PROGRAMS below).

VERSION   := 0.1.0
CC        ?= gcc
CLANG     ?= clang-14
B         ?= build
O         := $(B)/obj
PREFIX    ?= /usr
SYSCONFDIR ?= /etc
DESTDIR   ?=

WARN := -Wall -Wextra -Wshadow -Wundef -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla \
	-Wswitch-enum -Wimplicit-fallthrough
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -fPIE
OPT     ?= -O2 -g
WERROR  ?=
SAN     ?=
TEST    ?= -DSLUSE_TEST
CPPFLAGS_ALL = -D_GNU_SOURCE -DSLUSE_VERSION='"$(VERSION)"' \
	-DSLUSE_LIBDIR='"$(PREFIX)/lib/sluse"' \
	-DSLUSE_DATADIR='"$(PREFIX)/share/sluse"' $(TEST) $(CPPFLAGS)
CFLAGS_ALL = -std=c17 $(OPT) $(WARN) $(WERROR) $(if $(SAN),,$(HARDEN)) $(SAN) \
	-fvisibility=hidden -fno-common -MMD -MP $(CFLAGS)
LDFLAGS_ALL = $(SAN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

pc = $(shell pkg-config --$(1) $(2) 2>/dev/null)

# What is known of file formats: data, see schemas/pronom/README.md. The build's
# copy is what programs that are not installed use.
PRONOM := $(B)/pronom/table.tsv $(B)/pronom/accepted.tsv
$(B)/pronom/%: schemas/pronom/%
	@mkdir -p $(@D)
	cp $< $@

include tests/tests.mk

# -- rooms ------------------------------------------------------------------
ROOMS := base options wire config registry access store journal intake unpack pronom identify read \
	ocr sandbox worker decrypt convert place prepare push query form lists report xsd dias depot \
	seal faces engine cli
room_objs = $(patsubst %.c,$(O)/%.o,$(wildcard daemon/$(1)/*.c))
define ROOM
$(B)/lib/$(1).a: $(call room_objs,$(1))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM,$(r))))

CFLAGS_read := $(call pc,cflags,jansson)
CFLAGS_ocr := $(call pc,cflags,tesseract lept)
CFLAGS_cli := $(call pc,cflags,libxml-2.0)
CFLAGS_form := $(call pc,cflags,pangocairo cairo-pdf)
CFLAGS_lists := $(call pc,cflags,libxml-2.0)
CFLAGS_xsd := $(call pc,cflags,libxml-2.0)
CFLAGS_dias := $(call pc,cflags,libarchive libxml-2.0 jansson)
CFLAGS_depot := $(call pc,cflags,libxml-2.0 jansson)
CFLAGS_unpack := $(call pc,cflags,libarchive)
CFLAGS_push := $(call pc,cflags,libcurl jansson)
room_cflags = $(CFLAGS_$(word 2,$(subst /, ,$(1))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(call room_cflags,$<) -c -o $@ $<

# Files that are put into programs as they lie there.
$(O)/daemon/store/schema.o: $(wildcard schemas/sql/*.sql)
$(O)/daemon/query/export.o: $(wildcard schemas/export/*)
$(O)/daemon/report/legal.o: schemas/hjemler.tsv
$(O)/daemon/xsd/xsd.o: $(wildcard schemas/noark5/*.xsd schemas/dias/*.xsd)

# -- programs: which rooms and libraries each may see -------------------------
# iconv behind the walls is the program's own: daemon/read/converters.h.
libs_iconv := -licuuc -Wl,--export-dynamic-symbol=iconv \
	-Wl,--export-dynamic-symbol=iconv_open \
	-Wl,--export-dynamic-symbol=iconv_close
PROGRAMS := slused sluse sluse-report sluse-depot sluse-work sluse-ocr sluse-place sluse-push sluse-decrypt sluse-convert
rooms_slused := engine seal faces access intake place prepare store journal registry config wire base
libs_slused := -lsqlite3 -ljansson -lcrypto
rooms_sluse := cli access query store journal prepare place registry config pronom options wire base
libs_sluse := -lsqlite3 -ljansson -lxml2 -lcrypto
rooms_sluse-report := report lists form query store journal registry config options wire base
libs_sluse-report = $(call pc,libs,pangocairo cairo-pdf libxml-2.0) \
	-lsqlite3 -ljansson -lcrypto -lm
rooms_sluse-depot := depot dias xsd report lists form query pronom store journal registry config options wire base
libs_sluse-depot = $(call pc,libs,pangocairo cairo-pdf libxml-2.0 libarchive) \
	-lsqlite3 -ljansson -lcrypto -lm
rooms_sluse-work := worker read unpack identify pronom sandbox wire base
libs_sluse-work := -larchive -lmagic -lz $(libs_iconv) -lseccomp -ljansson -lcrypto
rooms_sluse-ocr := ocr worker read sandbox wire base
libs_sluse-ocr := -ltesseract -llept -lseccomp -ljansson -lcrypto -lm
rooms_sluse-decrypt := decrypt worker sandbox wire base
libs_sluse-decrypt := -lseccomp -lcrypto
rooms_sluse-convert := convert worker sandbox wire base
libs_sluse-convert := -lseccomp -lcrypto
rooms_sluse-place := place sandbox wire base
libs_sluse-place := -lseccomp -ljansson -lcrypto
rooms_sluse-push := push journal config wire base
libs_sluse-push := -lcurl -ljansson -lseccomp -lcrypto

define PROGRAM
$(B)/bin/$(1): $(O)/daemon/programs/$(1).o $$(foreach r,$$(rooms_$(1)),$(B)/lib/$$(r).a)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(libs_$(1)) -ldl
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(p))))

# -- plugins ------------------------------------------------------------------
READERS := $(patsubst plugins/readers/%.c,%,$(wildcard plugins/readers/*.c))
CONNECTORS := $(patsubst plugins/connectors/%.c,%,$(wildcard plugins/connectors/*.c))
plugin_cflags_mail := $(call pc,cflags,gmime-3.0)
plugin_libs_mail := $(call pc,libs,gmime-3.0) -lcrypto
plugin_cflags_outlook := $(call pc,cflags,glib-2.0)
plugin_libs_outlook := $(call pc,libs,glib-2.0)
plugin_cflags_image := $(call pc,cflags,lept libopenjp2)
plugin_libs_image := -llept -ltiff -ljpeg -lopenjp2 -lpng -lwebp -lde265 -lz -lm
# MuPDF's .pc names another version and its static link is incomplete on
# Debian 12: named here, and linked into this one plugin only.
plugin_libs_pdf := -Wl,--exclude-libs,ALL,--wrap=jpeg_std_error -lmupdf \
	-lmupdf-third -lfreetype -lharfbuzz -ljpeg -lopenjp2 -ljbig2dec -lgumbo -lmujs -lz -lm \
	-lcrypto
plugin_cflags_office := $(call pc,cflags,libxml-2.0 libzip zlib)
plugin_libs_office := $(call pc,libs,libxml-2.0 libzip zlib) -lcrypto -lm
plugin_cflags_asic := $(call pc,cflags,libxml-2.0 libzip)
plugin_libs_asic := $(call pc,libs,libxml-2.0 libzip) -lcrypto
plugin_cflags_package := $(call pc,cflags,libxml-2.0 jansson glib-2.0)
plugin_libs_package := $(call pc,libs,libxml-2.0 jansson glib-2.0)
plugin_cflags_noark5 := $(call pc,cflags,jansson)
plugin_libs_noark5 := -ljansson
plugin_cflags_webhook := $(call pc,cflags,jansson)
plugin_libs_webhook := -ljansson

# Sources of their own that several readers are compiled with.
SIGN_LIB := plugins/readers/lib/cms.c plugins/readers/lib/cert.c \
	plugins/readers/lib/signed.c
TEXT_LIB := plugins/readers/lib/charset.c plugins/readers/lib/html.c
plugin_srcs_text := $(TEXT_LIB)
plugin_srcs_mail := $(TEXT_LIB) plugins/readers/lib/mailhead.c \
	plugins/readers/lib/mailinner.c plugins/readers/lib/mailstream.c \
	plugins/readers/lib/mailtext.c plugins/readers/lib/mailword.c \
	$(SIGN_LIB)
OLE2_LIB := plugins/readers/lib/ole2.c plugins/readers/lib/ole2copy.c
RTF_LIB := plugins/readers/lib/rtf.c plugins/readers/lib/codepage.c
plugin_srcs_outlook := $(TEXT_LIB) $(OLE2_LIB) $(RTF_LIB) \
	plugins/readers/lib/mailtext.c

plugin_srcs_office := plugins/readers/lib/charset.c $(OLE2_LIB) $(RTF_LIB) \
	plugins/readers/lib/zipread.c

plugin_srcs_pdf := $(SIGN_LIB)
plugin_srcs_pkcs7 := $(SIGN_LIB)
plugin_libs_pkcs7 := -lcrypto
plugin_srcs_asic := $(SIGN_LIB) plugins/readers/lib/zipread.c
plugin_srcs_package := $(TEXT_LIB) plugins/readers/lib/mailtext.c

# A plugin is plugins/KINDs/NAME.c and, where that is too much for one file, the
# folder plugins/KINDs/NAME/ beside it.
define PLUGIN
$(B)/plugins/$(1)s/$(2).so: plugins/$(1)s/$(2).c $$(wildcard \
    plugins/$(1)s/$(2)/*.c) $$(wildcard plugins/$(1)s/$(2)/*.h) \
    $$(wildcard plugins/$(1)s/*.h) \
    $$(wildcard plugins/$(1)s/lib/*.h) $$(plugin_srcs_$(2)) plugins/$(1).h
	@mkdir -p $$(@D) $(O)/plugins/$(1)s
	$$(CC) $$(CPPFLAGS_ALL) $$(filter-out -fPIE,$$(CFLAGS_ALL)) -fPIC \
	    $$(plugin_cflags_$(2)) -MF $(O)/plugins/$(1)s/$(2).d -MT $$@ -shared \
	    -Wl,-z,relro,-z,now $(if $(SAN),,-Wl$(comma)-z$(comma)defs) \
	    -o $$@ $$(filter %.c,$$^) $$(plugin_libs_$(2))
endef
comma := ,
$(foreach p,$(READERS),$(eval $(call PLUGIN,reader,$(p))))
$(foreach p,$(CONNECTORS),$(eval $(call PLUGIN,connector,$(p))))
PLUGINS := $(READERS:%=$(B)/plugins/readers/%.so) \
	$(CONNECTORS:%=$(B)/plugins/connectors/%.so)

.PHONY: all
all: $(PROGRAMS:%=$(B)/bin/%) $(PLUGINS) $(PRONOM)  ## build programs and plugins
.DEFAULT_GOAL := all

-include $(shell find $(B) -path $(B)/previous -prune -o -name '*.d' \
	-type f -print 2>/dev/null)

# -- what is needed -----------------------------------------------------------
# Debian's names: to build, to run, to test (and to bench: the last line).
PACKAGES := gcc make pkg-config libc6-dev binutils \
	libarchive-dev libcairo2-dev libcurl4-openssl-dev libglib2.0-dev libgmime-3.0-dev libicu-dev libjansson-dev \
	libleptonica-dev libmagic-dev libmupdf-dev libpango1.0-dev libseccomp-dev libsqlite3-dev \
	libssl-dev libtesseract-dev libxml2-dev libzip-dev \
	libfreetype-dev libgumbo-dev libharfbuzz-dev libjbig2dec0-dev \
	libjpeg62-turbo-dev libmujs-dev libopenjp2-7-dev libpng-dev libtiff-dev \
	libde265-dev libwebp-dev zlib1g-dev \
	ca-certificates openssl tesseract-ocr-eng tesseract-ocr-frk tesseract-ocr-nor tesseract-ocr-osd \
	tzdata libxml2-utils \
	clang-14 clang-format-14 git libclang-rt-14-dev mandoc python3 strace systemd \
	dovecot-imapd fonts-dejavu-core poppler-utils python3-pil
.PHONY: deps
deps:  ## install the Debian packages that are missing
	@missing=; for p in $(PACKAGES); do \
	    case "$$(dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null)" \
	    in installed) ;; *) missing="$$missing $$p";; esac; done; \
	test -n "$$missing" || exit 0; \
	echo "Missing Debian packages:$$missing"; \
	sudo=; if test "$$(id -u)" != 0; then sudo=sudo; \
	    command -v sudo >/dev/null || { \
	    echo "There is no sudo here: run 'make deps' as root first."; \
	    exit 1; }; fi; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends $$missing

# -- the demo -----------------------------------------------------------------
.PHONY: run
run: deps  ## the demo post through a whole Sluse under ./run (ONCE=1: then exit)
	@$(MAKE) --no-print-directory all
	@python3 tests/demo/run.py --root run --build $(B) $(if $(ONCE),--once)

# -- checks -------------------------------------------------------------------
.PHONY: all-tests check check-docs check-style check-systemd format
all-tests: all bench-build $(UNITS:%=$(B)/test/%) $(FUZZ:%=$(B)/test/%) \
	$(B)/test/push_driver
check:  ## build with gcc, and with clang and sanitizers; run everything quick
	@python3 tests/run.py $(PARTS)
check-docs: $(B)/bin/sluse $(B)/bin/sluse-report  ## the manual pages against the code
	SLUSE_BUILD=$(B) tests/docs/check_docs.py
check-style:  ## banned calls, and a clean clang-format
	tests/style/banned.py
	tests/style/format.py
check-systemd: all  ## the units' exposure, and the road behind their walls
	SLUSE_BUILD=$(B) tests/e2e/020-systemd.py
format:  ## rewrite every source with clang-format
	@tests/style/format.py --write

# -- installing -----------------------------------------------------------------
# A build of its own: without the hooks of the tests, and for this PREFIX.
R := build-release$(subst /,-,$(PREFIX))
LIBEXEC := $(PREFIX)/lib/sluse
MAN := $(PREFIX)/share/man
PAGES := $(wildcard daemon/*/*.[1-8] plugins/*.[1-8] plugins/*/*.[1-8])
UNITS_SYSTEMD := $(wildcard systemd/*.service systemd/*.target)
I := $(DESTDIR)
.PHONY: install uninstall dist clean help
install:  ## install below DESTDIR and PREFIX (default /usr)
	@$(MAKE) --no-print-directory B=$(R) TEST= all
	install -d $(I)$(LIBEXEC)/plugins/readers $(I)$(LIBEXEC)/plugins/connectors
	install -m 755 $(PROGRAMS:%=$(R)/bin/%) $(I)$(LIBEXEC)
	install -m 644 $(READERS:%=$(R)/plugins/readers/%.so) \
	    $(I)$(LIBEXEC)/plugins/readers
	install -m 644 $(CONNECTORS:%=$(R)/plugins/connectors/%.so) \
	    $(I)$(LIBEXEC)/plugins/connectors
	install -d $(I)$(PREFIX)/bin
	ln -sf ../lib/sluse/sluse $(I)$(PREFIX)/bin/sluse
	install -d $(I)$(PREFIX)/include/sluse
	install -m 644 plugins/reader.h plugins/connector.h \
	    $(I)$(PREFIX)/include/sluse
	for s in 1 5 7 8; do install -d $(I)$(MAN)/man$$s; done
	for p in $(PAGES); do \
	    install -m 644 $$p $(I)$(MAN)/man$${p##*.}; done
	for p in ocr place report; do \
	    ln -sf sluse-work.8 $(I)$(MAN)/man8/sluse-$$p.8; done
	install -d $(I)$(PREFIX)/lib/systemd/system
	for u in $(notdir $(UNITS_SYSTEMD)); do \
	    sed 's|/usr/lib/sluse|$(LIBEXEC)|' systemd/$$u \
	    > $(I)$(PREFIX)/lib/systemd/system/$$u && \
	    chmod 644 $(I)$(PREFIX)/lib/systemd/system/$$u || exit 1; done
	install -d $(I)$(PREFIX)/lib/sysusers.d $(I)$(PREFIX)/lib/tmpfiles.d
	install -m 644 systemd/sysusers.d/sluse.conf $(I)$(PREFIX)/lib/sysusers.d
	install -m 644 systemd/tmpfiles.d/sluse.conf $(I)$(PREFIX)/lib/tmpfiles.d
	install -d $(I)$(PREFIX)/share/sluse/schemas $(I)$(PREFIX)/share/doc/sluse
	install -m 644 schemas/*.json schemas/*.xsd schemas/*.tsv \
	    $(I)$(PREFIX)/share/sluse/schemas
	install -d $(I)$(PREFIX)/share/sluse/schemas/noark5
	install -m 644 schemas/noark5/* $(I)$(PREFIX)/share/sluse/schemas/noark5
	install -d $(I)$(PREFIX)/share/sluse/pronom
	install -m 644 schemas/pronom/* $(I)$(PREFIX)/share/sluse/pronom
	install -m 644 README.md CHANGES.md LICENSE $(I)$(PREFIX)/share/doc/sluse
	@test -n "$(DESTDIR)" || echo "For the systemd units, once:" \
	    "systemd-sysusers; systemd-tmpfiles --create sluse.conf (man slused)"
uninstall:  ## remove what install put there; instances stay
	rm -rf $(I)$(LIBEXEC) $(I)$(PREFIX)/include/sluse \
	    $(I)$(PREFIX)/share/sluse $(I)$(PREFIX)/share/doc/sluse
	rm -f $(I)$(PREFIX)/bin/sluse $(I)$(PREFIX)/lib/sysusers.d/sluse.conf \
	    $(I)$(PREFIX)/lib/tmpfiles.d/sluse.conf \
	    $(foreach u,$(notdir $(UNITS_SYSTEMD)),$(I)$(PREFIX)/lib/systemd/system/$(u)) \
	    $(foreach p,$(PAGES),$(I)$(MAN)/man$(subst .,,$(suffix $(p)))/$(notdir $(p))) \
	    $(foreach p,ocr place report,$(I)$(MAN)/man8/sluse-$(p).8)
dist:  ## build/sluse-VERSION.tar.gz of what is committed
	@mkdir -p $(B)
	git archive --prefix=sluse-$(VERSION)/ HEAD | gzip -9n \
	    > $(B)/sluse-$(VERSION).tar.gz
	@echo $(B)/sluse-$(VERSION).tar.gz
clean:  ## remove everything built; ./run stays
	rm -rf build build-*
help:  ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "%-14s %s\n", $$1, $$2}' \
	    $(MAKEFILE_LIST)
	@echo; echo "Variables: B (build folder), CC, SAN, WERROR, PREFIX, DESTDIR,"
	@echo "ONCE=1 with run, PARTS=\"unit docs\" with check."
