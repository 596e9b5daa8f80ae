# SPDX-License-Identifier: Apache-2.0
# make            build signet into build/
# make demo       the main job, end to end, on loopback
# make test       every test, plain and under sanitizers; the last line is "N passed, N failed"
# make lint       formatting, the warnings of cppcheck, the arrows between the rooms, docs/probe.md,
#                 explain.md and emulator.md, room for the SQL statements
# make fuzz       builds the fuzz targets into build-fuzz/ and runs each for FUZZ_SECONDS=30
# make timing     measures whether failures to open an envelope differ in time
# make install    PREFIX=/usr/local DESTDIR=
# Variables: SAN=address,undefined or SAN=thread builds with sanitizers; CC=clang; V=1 shows commands.

PREFIX  ?= /usr/local
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN     ?=
TEST    ?=
BUILD   ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(TEST),-test)
V       ?=
Q       := $(if $(V),,@)
comma   := ,

ROOMS   ?= $(notdir $(patsubst %/,%,$(wildcard src/*/)))
SOURCES := $(filter-out src/cmd/main.c,$(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
# What TEST=1 links into signet: faults that the environment switches on (tests/support).
SUPPORT := $(if $(TEST),$(wildcard tests/support/*.c))
WRAP    := $(if $(TEST),-Wl$(comma)--wrap=store_write$(comma)--wrap=store_submit)
UNITS   ?= $(basename $(notdir $(wildcard tests/unit/*_test.c)))

PACKAGES := libssl libcrypto libevent_core libcurl expat jansson sqlite3
# Cryptoki's header only: the module of a token is loaded when a key asks for it.
HEADERS  := p11-kit-1

VERSION  := 0.1.0
CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef
HARDEN   := -fstack-protector-strong $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fPIE
SIGNET_CFLAGS = -std=c17 -D_GNU_SOURCE -DSIGNET_VERSION='"$(VERSION)"' $(if $(TEST),-DSIGNET_TEST) \
            -Isrc -pthread $(WARNINGS) $(HARDEN) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
            $(shell pkg-config --cflags $(PACKAGES) $(HEADERS))
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -lm
LINK      = $(CC) $(CFLAGS) -pie -pthread -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN))

all: $(BUILD)/signet

# Debian packages that are missing are installed; nothing happens when all are there.
deps:
	@./tests/install-deps

$(BUILD)/signet: $(BUILD)/src/cmd/main.o $(SUPPORT:%.c=$(BUILD)/%.o) $(BUILD)/libsignet.a
	@echo "  LINK  $@"
	$(Q)$(LINK) $(WRAP) -o $@ $^ $(LIBS)

$(BUILD)/libsignet.a: $(OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $(OBJECTS)

$(BUILD)/%.o: %.c Makefile
	@echo "  CC    $<"
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(SIGNET_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%_test: $(BUILD)/tests/unit/%_test.o $(BUILD)/libsignet.a
	@mkdir -p $(dir $@)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

-include $(OBJECTS:.o=.d) $(BUILD)/src/cmd/main.d $(wildcard $(BUILD)/tests/unit/*.d)

# The unit tests' programs; tests/run starts them.
# Compiles everything, links nothing: for a second compiler.
objects: $(OBJECTS) $(BUILD)/src/cmd/main.o

units: $(UNITS:%_test=$(BUILD)/tests/%_test)

# ---- what people call ----

demo: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@./build/signet demo

test: deps
	@./tests/all

lint:
	@./tests/install-deps lint
	clang-format --dry-run --Werror $$(git ls-files '*.c' '*.h')
	./tests/lint-arrows
	./tests/lint-probe
	./tests/lint-explain
	./tests/lint-emulator
	./tests/lint-statements
	cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=varFuncNullUB --suppress=preprocessorErrorDirective:src/csp/table.c \
	    '-Djson_array_foreach(a,b,c)=while((b)=0,(c)=json_array_get((a),(b)))' --error-exitcode=1 -Isrc src tests/support

FUZZERS := $(basename $(notdir $(wildcard fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 30
fuzz: $(FUZZERS:%=build-fuzz/%)
	fuzz/run $(FUZZ_SECONDS)
fuzz-library:
	@$(MAKE) --no-print-directory CC=clang BUILD=build-fuzz \
	    SAN=fuzzer-no-link,address,undefined build-fuzz/libsignet.a
build-fuzz/%: fuzz/%.c $(wildcard fuzz/*.h) $(SOURCES) | fuzz-library
	clang -g -O1 -std=c17 -D_GNU_SOURCE -Isrc -fsanitize=fuzzer,address,undefined -o $@ $< \
	    build-fuzz/libsignet.a $(LIBS)

# Whether the time of an answer tells why an envelope did not open.
$(BUILD)/tests/timing/timing: $(BUILD)/tests/timing/timing.o $(BUILD)/libsignet.a
	@mkdir -p $(dir $@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
timing: $(BUILD)/tests/timing/timing
	./$(BUILD)/tests/timing/timing

install: all
	install -D -m 755 build/signet $(DESTDIR)$(PREFIX)/bin/signet
	install -D -m 644 man/signet.1 $(DESTDIR)$(PREFIX)/share/man/man1/signet.1

clean:
	rm -rf build build-*

.PHONY: all deps objects units demo test lint fuzz fuzz-library timing install clean
.SECONDARY:
