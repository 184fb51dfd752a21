# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build/directord and build/directorctl
# make demo       a running pair in a lab of network namespaces, from a fresh machine
# make test       unit and lab tests, from a fresh machine
# make deps       installs Debian's packages for building and testing
# make lab        an interactive lab
# make unit       the unit tests alone
# make fuzz       the fuzz targets, FUZZ_SECONDS each
# make bench      the benchmarks: tables on standard output, JSON in build/bench
# make lint       clang-format, clang-tidy, cppcheck, the floor plan
# make install    honours DESTDIR and PREFIX
#
# B=DIR builds elsewhere, SAN=1 with sanitizers, CC=clang with clang, V=1 shows the commands.

# Tests run on their own build, with sanitizers.
ifneq ($(filter test unit,$(MAKECMDGOALS)),)
SAN ?= 1
endif
ifeq ($(SAN),1)
B   ?= build/san
endif
B            ?= build
FUZZ_SECONDS ?= 60

PREFIX  ?= /usr/local
VERSION := 0.1.0

CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror -Wshadow -Wconversion -Wswitch-enum -Wstrict-prototypes \
           -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla
HARDEN  := -fstack-protector-strong -fPIE
ifeq ($(SAN),1)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
HARDEN  += -D_FORTIFY_SOURCE=2
endif
PKGS    := libmnl libnftnl libsodium libprotobuf-c libuv libconfuse jansson libmicrohttpd libcurl libsystemd

DEPS_BUILD := gcc libc6-dev make pkg-config libmnl-dev libnftnl-dev libsodium-dev libprotobuf-c-dev \
              protobuf-c-compiler libuv1-dev libconfuse-dev libjansson-dev libmicrohttpd-dev \
              libcurl4-openssl-dev libsystemd-dev
DEPS_TEST  := libcunit1-dev nftables netbase iproute2 procps nginx-light curl tcpdump tshark keepalived \
              python3 prometheus libssl-dev openssl systemd zsh fish chromium mandoc groff-base \
              ethtool jq
DEPS_LINT  := clang clang-format clang-tidy cppcheck libclang-rt-14-dev

# Asked at the first compilation, once: `make test` installs what is missing before that.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) $(SANITIZE) -D_GNU_SOURCE \
             -DDIRECTOR_VERSION='"$(VERSION)"' -I. -I$(B) $(PKG_CFLAGS)
# Of the libraries each program loads those that it uses: directorctl needs no HTTP.
ALL_LDFLAGS = $(LDFLAGS) $(SANITIZE) -pie -Wl,-z,relro,-z,now -Wl,--as-needed

# --- what is built from what ---------------------------------------------------------------------

MAINS     := director/main.c director/ctl/main.c
LIB_SRC   := $(filter-out $(MAINS),$(wildcard include/*.c proto/*.c ha/*.c director/*.c director/*/*.c))
PROTO_SRC := $(wildcard proto/*.proto)
PB_H      := $(PROTO_SRC:%.proto=$(B)/%.pb-c.h)
LIB_OBJ   := $(LIB_SRC:%.c=$(B)/%.o) $(PROTO_SRC:%.proto=$(B)/%.pb-c.o)
UNIT_SRC  := tests/run.c $(wildcard tests/unit/*.c) tests/flowcheck/flow.c tests/flowcheck/report.c \
             tests/flowcheck/judge.c
UNIT_LIST := $(B)/tests/suites.h
UNIT_OBJ  := $(UNIT_SRC:%.c=$(B)/%.o)
BENCHES   := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/bench_*.c))
BENCH_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out tests/bench/bench_%,$(wildcard tests/bench/*.c)))
CHECK_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/flowcheck/*.c))
FOE_OBJ   := $(patsubst %.c,$(B)/%.o,$(wildcard tests/foe/*.c))
MUTANTS   := $(wildcard tests/lab/mutants/*.c)
OUR_C     := $(wildcard include/*.[ch] proto/*.[ch] ha/*.[ch] director/*.[ch] director/*/*.[ch] \
             tests/*.[ch] tests/*/*.[ch]) $(MUTANTS)
FUZZ_SRC  := $(filter-out %_uv.c director/flow/flow_book.c,$(wildcard include/*.c proto/*.c ha/*.c \
             director/config/*.c director/control/*.c director/flow/*.c director/health/*.c \
             director/netlink/*.c director/backend/admin*.c director/audit/journal*.c \
             director/audit/prospect_read.c director/audit/forecast.c director/monitor/metrics_path.c \
             director/drill/drill.c director/drill/drill_rest.c director/drill/drill_probe.c \
             director/doctor/host_saved.c director/ruleset/nft_watch.c))
FUZZERS   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

ifeq ($(V),1)
Q   :=
say  =
else
Q   := @
say  = @printf '  %-4s %s\n' $(1) $(2)
endif

.PHONY: all
all: $(B)/directord $(B)/directorctl

$(B)/directord: $(B)/director/main.o $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# A director with a mistake, for lab tests that must notice it.
$(B)/directord-no-transitions: $(B)/director/main.o $(B)/tests/lab/mutants/no_transitions.o \
                               $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--wrap=transition_step -o $@ $^ $(PKG_LIBS)

$(B)/directorctl: $(B)/director/ctl/main.o $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/libdirector.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/run-tests: $(UNIT_OBJ) $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcunit -lssl -lcrypto

# With a server of the tests, which speaks TLS.
WEB_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/web_*.c))
$(B)/bench_check_http: $(B)/tests/bench/bench_check_http.o $(WEB_OBJ) $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lssl -lcrypto

$(B)/bench_%: $(B)/tests/bench/bench_%.o $(BENCH_OBJ) $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/flowcheck: $(CHECK_OBJ) $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

# A director with the key that means no good.
$(B)/foe: $(FOE_OBJ) $(B)/libdirector.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/%.o: %.c | $(B)/packages $(PB_H)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# It holds the pages themselves.
$(B)/director/monitor/page.o: director/monitor/status.html director/monitor/drill.html

# One suite per tests/unit/t_<noun>.c; a new file is a new suite, none can be forgotten.
$(B)/tests/run.o: $(UNIT_LIST)
$(UNIT_LIST): tests/unit
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(patsubst tests/unit/t_%.c,%,$(wildcard tests/unit/t_*.c)) >$@

# A fuzz target is built from source with clang, so that the decoders themselves are instrumented.
$(B)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_SRC) $(PB_H) $(wildcard tests/fuzz/*.h) | $(B)/packages
	$(call say,FUZZ,$@)
	$(Q)clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
		-DDIRECTOR_VERSION='"$(VERSION)"' -I. -I$(B) $(PKG_CFLAGS) -o $@ $< $(FUZZ_SRC) \
		$(PROTO_SRC:%.proto=$(B)/%.pb-c.c) $(PKG_LIBS)

# protoc-c writes the code: its warnings are not ours.
$(B)/%.pb-c.o: $(B)/%.pb-c.c
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) $(HARDEN) $(SANITIZE) -I$(B) $(PKG_CFLAGS) -c -o $@ $<

$(B)/%.pb-c.c $(B)/%.pb-c.h &: %.proto | $(B)/packages
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)protoc-c --c_out=$(B) $<

.SECONDARY:
-include $(patsubst %.o,%.d,$(LIB_OBJ) $(UNIT_OBJ) $(BENCH_OBJ) $(CHECK_OBJ) $(FOE_OBJ) \
           $(MAINS:%.c=$(B)/%.o) $(MUTANTS:%.c=$(B)/%.o)) \
         $(BENCHES:%=$(B)/tests/bench/%.d)

# --- packages ------------------------------------------------------------------------------------

# A plain `make` says what is missing; demo and test install it (AUTO_DEPS).
$(B)/packages: deploy/deps.sh Makefile
	@deploy/deps.sh $(if $(AUTO_DEPS),install,check) $(DEPS_BUILD)
	@mkdir -p $(@D) && touch $@

$(B)/packages-test: $(B)/packages
	@deploy/deps.sh $(if $(AUTO_DEPS),install,check) $(DEPS_TEST)
	@touch $@

.PHONY: deps deps-lint
deps:
	@deploy/deps.sh install $(DEPS_BUILD) $(DEPS_TEST)
deps-lint:
	@deploy/deps.sh install $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_LINT)

# --- running and testing -------------------------------------------------------------------------

demo test bench: AUTO_DEPS := 1

.PHONY: demo lab test unit bench fuzz lint
demo: $(B)/packages-test all
	@B=$(B) tests/lab/demo.sh

# An interactive lab: a shell inside, everything gone when it is left.
lab: $(B)/packages-test all
	@B=$(B) tests/lab/interactive.sh

# Unit tests, then the lab tests, on binaries with sanitizers. ONLY=PATTERN runs some lab tests.
test: $(B)/packages-test all $(B)/run-tests $(B)/flowcheck $(B)/foe \
      $(B)/directord-no-transitions $(B)/bench_clients
	@B=$(B) tests/run.sh

unit: $(B)/run-tests
	@$(B)/run-tests

# As root, in network namespaces of their own; 40 minutes. BENCH_PACKET="--only maglev*",
# BENCH_LOAD=--quick, BENCH_DAEMON=--quick, BENCH_STATUS=--quick, BENCH_CHECKS=--quick, BENCH_TRANSITIONS="--count 100", BENCH_TWIN=--quick,
# BENCH_TAKEOVER="--only heal --runs 3", BENCH_TWIN_FAILOVER="--rounds 4" and
# BENCH_TWIN_CHURN="--seconds 60" are examples of their options.
bench: $(B)/packages-test all $(BENCHES:%=$(B)/%)
	@mkdir -p $(B)/bench; status=0; \
	$(B)/bench_packet --json $(B)/bench/packet.json $(BENCH_PACKET) || status=1; echo; \
	$(B)/bench_load --json $(B)/bench/load.json $(BENCH_LOAD) || status=1; echo; \
	$(B)/bench_transitions $(BENCH_TRANSITIONS) || status=1; echo; \
	$(B)/bench_transitions --mutant --count 20 || status=1; echo; \
	$(B)/bench_flood $(BENCH_FLOOD) || status=1; echo; \
	$(B)/bench_lists $(BENCH_LISTS) || status=1; \
	$(B)/bench_lists --mutant --count 20 || status=1; echo; \
	mkdir -p $(B)/bench/index && $(B)/bench_flow_index $(B)/bench/index || status=1; echo; \
	$(B)/bench_flow_write $(BENCH_FLOW_WRITE) || status=1; echo; \
	B=$(B) tests/bench/daemon.sh $(BENCH_DAEMON) || status=1; echo; \
	$(B)/bench_names || status=1; \
	B=$(B) tests/bench/status.sh $(BENCH_STATUS) || status=1; echo; \
	$(B)/bench_check_http $(BENCH_CHECK_HTTP) || status=1; echo; \
	B=$(B) tests/bench/checks.sh $(BENCH_CHECKS) || status=1; echo; \
	B=$(B) tests/bench/twin.sh $(BENCH_TWIN) || status=1; echo; \
	B=$(B) tests/bench/takeover.sh --json $(B)/bench/takeover.json $(BENCH_TAKEOVER) || \
		status=1; echo; \
	B=$(B) tests/bench/twin_failover.sh $(BENCH_TWIN_FAILOVER) || status=1; echo; \
	B=$(B) tests/bench/twin_churn.sh $(BENCH_TWIN_CHURN) || status=1; exit $$status

fuzz: $(FUZZERS:%=$(B)/%)
	@set -e; for f in $(FUZZERS); do \
		echo "$$f"; mkdir -p $(B)/corpus/$$f; \
		$(B)/$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=0 -verbosity=0 \
			$(B)/corpus/$$f tests/fuzz/corpus/$$f; \
	done

lint: $(PB_H)
	clang-format --dry-run -Werror $(OUR_C)
	tests/architecture.sh
	tests/manuals.sh
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability -I. -I$(B) $(filter %.c,$(OUR_C))
	clang-tidy --quiet $(LIB_SRC) $(MAINS) -- $(filter-out -W% -f%,$(ALL_CFLAGS))

# --- installing ----------------------------------------------------------------------------------

.PHONY: install clean help
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)/etc/director \
		$(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7 \
		$(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/doc/director/examples $(DESTDIR)/lib/systemd/system \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d \
		$(DESTDIR)$(PREFIX)/share/doc/director/prometheus \
		$(DESTDIR)$(PREFIX)/share/doc/director/grafana
	install -m 755 $(B)/directord $(DESTDIR)$(PREFIX)/sbin/directord
	install -m 755 $(B)/directorctl $(DESTDIR)$(PREFIX)/bin/directorctl
	install -m 644 conf/*.conf $(DESTDIR)$(PREFIX)/share/doc/director/examples
	install -m 644 deploy/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 deploy/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 deploy/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 deploy/prometheus/*.yml $(DESTDIR)$(PREFIX)/share/doc/director/prometheus
	install -m 644 deploy/grafana/*.json $(DESTDIR)$(PREFIX)/share/doc/director/grafana
	install -m 644 deploy/directorctl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/directorctl
	install -m 644 deploy/_directorctl $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_directorctl
	install -m 644 deploy/directorctl.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/directorctl.fish
	sed 's|@sbindir@|$(PREFIX)/sbin|' deploy/directord.service \
		>$(DESTDIR)/lib/systemd/system/directord.service

clean:
	rm -rf build

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
