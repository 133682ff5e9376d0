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
	-DSLUSE_LIBDIR='"$(PREFIX)/lib/sluse"' $(TEST) $(CPPFLAGS)
CFLAGS_ALL = -std=c17 $(OPT) $(WARN) $(WERROR) $(if $(SAN),,$(HARDEN)) $(SAN) \
	-fvisibility=hidden -fno-common -MMD -MP $(CFLAGS)
LDFLAGS_ALL = $(SAN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

pc = $(shell pkg-config --$(1) $(2) 2>/dev/null)

include tests/tests.mk

# -- rooms ------------------------------------------------------------------
ROOMS := base wire config registry store journal intake unpack identify read \
	ocr sandbox worker place prepare push report engine cli
room_objs = $(patsubst %.c,$(O)/%.o,$(wildcard daemon/$(1)/*.c))
define ROOM
$(B)/lib/$(1).a: $(call room_objs,$(1))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM,$(r))))

CFLAGS_read := $(call pc,cflags,jansson)
CFLAGS_ocr := $(call pc,cflags,tesseract lept)
CFLAGS_unpack := $(call pc,cflags,libarchive)
CFLAGS_push := $(call pc,cflags,libcurl jansson)
room_cflags = $(CFLAGS_$(word 2,$(subst /, ,$(1))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(call room_cflags,$<) -c -o $@ $<

# -- programs: which rooms and libraries each may see -------------------------
PROGRAMS := slused sluse sluse-work sluse-ocr sluse-place sluse-push
rooms_slused := engine intake place prepare store journal registry config wire base
libs_slused := -lsqlite3 -ljansson -lcrypto
rooms_sluse := cli report store journal prepare place registry config wire base
libs_sluse := -lsqlite3 -ljansson -lcrypto
rooms_sluse-work := worker read unpack identify sandbox wire base
libs_sluse-work := -larchive -lmagic -lseccomp -ljansson -lcrypto
rooms_sluse-ocr := ocr worker read sandbox wire base
libs_sluse-ocr := -ltesseract -llept -lseccomp -ljansson -lcrypto -lm
rooms_sluse-place := place sandbox wire base
libs_sluse-place := -lseccomp -ljansson -lcrypto
rooms_sluse-push := push config wire base
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
plugin_libs_mail := $(call pc,libs,gmime-3.0)
plugin_cflags_image := $(call pc,cflags,lept)
plugin_libs_image := -llept -ltiff -ljpeg -lpng -lz -lm
# MuPDF's .pc names another version and its static link is incomplete on
# Debian 12: named here, and linked into this one plugin only.
plugin_libs_pdf := -Wl,--exclude-libs,ALL,--wrap=jpeg_std_error -lmupdf \
	-lmupdf-third -lfreetype -lharfbuzz -ljpeg -lopenjp2 -ljbig2dec -lgumbo -lmujs -lz -lm
plugin_cflags_noark5 := $(call pc,cflags,jansson)
plugin_libs_noark5 := -ljansson
plugin_cflags_webhook := $(call pc,cflags,jansson)
plugin_libs_webhook := -ljansson

# Sources of their own that several readers are compiled with.
TEXT_LIB := plugins/readers/lib/charset.c plugins/readers/lib/html.c
plugin_srcs_text := $(TEXT_LIB)
plugin_srcs_mail := $(TEXT_LIB) plugins/readers/lib/mailhead.c \
	plugins/readers/lib/mailinner.c plugins/readers/lib/mailstream.c

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
all: $(PROGRAMS:%=$(B)/bin/%) $(PLUGINS)  ## build programs and plugins
.DEFAULT_GOAL := all

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# -- the demo -----------------------------------------------------------------
.PHONY: run
run: deps  ## the demo post through a whole Sluse under ./run (ONCE=1: then exit)
	@$(MAKE) --no-print-directory all
	@python3 tests/demo/run.py --root run --build $(B) $(if $(ONCE),--once)
