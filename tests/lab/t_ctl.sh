#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# directorctl with a pair of daemons: shortened words, what waits and what does not, colours at a terminal,
# a daemon that hangs.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

# ctl STATUS ARGUMENT …: on a; its words in $LAB/said, its mistakes in $LAB/told.
ctl() {
	local wanted=$1 status=0

	shift
	lab_ctl a "$@" >"$LAB/said" 2>"$LAB/told" || status=$?
	cat "$LAB/said" "$LAB/told"
	expect "exit status of $*" "$status" "$wanted"
}

says() {
	grep -qE "$1" "$LAB/said" || fail "it does not say $1"
}

tells() {
	grep -qE "$1" "$LAB/told" || fail "it does not tell $1"
}

begin() {
	start_twins
	expect_in_sync 5
	expect_master_soon a 10
	expect_soon "the backends of a are up" "all_up a" 15
	expect_soon "the backends of b are up" "all_up b" 15
}

words_may_be_shortened() {
	ctl 0 -j cl st
	says '"node"'
	ctl 2 back en www/web1 --help
	tells "\"back\" may be one of"
	ctl 2 backend d www/web1
	tells '"d" may be one of `backend drain`, `backend disable`'
	expect "the state of web1" "$(lab_status a farms.www.backends.web1.admin_state)" enabled
	ctl 0 backend dr www/web1
	expect "the state of web1" "$(lab_status a farms.www.backends.web1.admin_state)" draining
	ctl 0 backend en www/web1
	ctl 2 cluster
	tells '`cluster` is not all: there are `cluster status`'
}

orders_need_not_be_waited_for() {
	ctl 0 backend drain www/web1 --no-wait --deadline 10m
	says 'disabled in 10m'
	expect_soon "the kernel has it" "lab_ctl a ruleset verify" 5
	expect "the state of web1" "$(lab_status a farms.www.backends.web1.admin_state)" draining
	ctl 0 backend enable www/web1 --no-wait
	expect_soon "the kernel has it" "lab_ctl a ruleset verify" 5
	ctl 2 ruleset verify --no-wait
	tells 'no-wait is for `backend enable`, .*, `config reload` and `config push` alone'
}

# last_change_is REGEX: as the journal has it.
last_change_is() {
	lab_ctl a ruleset history | tail -n 1 | grep -q "$1"
}

a_reload_need_not_be_waited_for() {
	ctl 0 -j config reload
	expect "what is printed" "$(cat "$LAB/said")" '{"reloaded": true}'
	ctl 0 -j config reload --no-wait
	expect "what is printed" "$(cat "$LAB/said")" '{"accepted": true}'
	cp "$LAB/a.conf" "$LAB/kept.conf"
	echo 'nonsense' >>"$LAB/a.conf"
	ctl 0 config reload --no-wait
	says 'the reload goes on'
	expect_soon "the journal tells that it was refused" "last_change_is 'reload by .*: refused'" 5
	ctl 1 config reload
	tells 'unknown key "nonsense"'
	cp "$LAB/kept.conf" "$LAB/a.conf"
	ctl 0 config reload --no-wait
	says 'the reload goes on' # the last one was refused, which is not said of this one
	ctl 0 config reload
}

a_failover_need_not_be_waited_for() {
	ctl 0 cluster failover --no-wait
	says 'this node lets go'
	expect_master_soon b 10
	lab_ctl b cluster failover # waits
	lab_is a master || fail "a is not master"
	lab_ctl b -j cluster failover --no-wait && fail "b is not the master" || true
}

a_drill_need_not_be_waited_for() {
	expect_soon "b is backup" "lab_is b backup" 5
	expect_in_sync 10
	expect_soon "b says that a is master" \
		"[ \"\$(lab_status b peers.0.vrrp.0.state)\" = master ]" 5
	expect_soon "a says that b is backup" \
		"[ \"\$(lab_status a peers.0.vrrp.0.state)\" = backup ]" 5
	ctl 0 -j cluster drill graceful --no-wait
	expect "what is printed" "$(cat "$LAB/said")" '{"accepted": true}'
	expect_master_soon b 10
	lab_wait_until "lab_is a backup" 5
	lab_ctl b cluster failover
	expect_master_soon a 10
}

# at_terminal ENVIRONMENT …: what `status` of a prints there.
at_terminal() {
	env "$@" script -qec "ip netns exec $(lab_ns a) '$LAB_BUILD/directorctl' -s '$LAB/a/run/director.sock' status" \
		/dev/null </dev/null >"$LAB/terminal"
}

colours_are_for_terminals() {
	local red=$'\033[31m' green=$'\033[32m'

	lab_ctl a backend disable www/web1
	at_terminal -u NO_COLOR TERM=xterm
	grep -qF "${green}master" "$LAB/terminal" || fail "master is not green"
	grep -qF "web2         ${green}up" "$LAB/terminal" || fail "up is not green"
	! grep -qF "$red" "$LAB/terminal" || fail "something is red"
	at_terminal NO_COLOR=1 TERM=xterm
	! grep -q $'\033' "$LAB/terminal" || fail "in colour in spite of NO_COLOR"
	ctl 0 status
	! grep -q $'\033' "$LAB/said" || fail "in colour in a file"
	lab_ctl a backend enable www/web1
}

# full_disk ARGUMENT …: what it prints cannot be written.
full_disk() {
	local status=0

	lab_ctl a "$@" >/dev/full 2>"$LAB/told" || status=$?
	expect "exit status of $*" "$status" 1
	expect "what it tells of $*" "$(cat "$LAB/told")" \
		"directorctl: standard output: No space left on device"
}

a_full_disk_is_a_failure() {
	local command

	for command in status "cluster status" "farm list" "farm show www" "backend list" \
		"backend show www/web1" "ruleset verify" "ruleset history" "config diff" \
		"cluster drill history" connections "status --watch --count 1"; do
		full_disk $command
		full_disk -j $command
	done
	full_disk connections --count
	full_disk metrics
	full_disk ruleset export
	full_disk -j ruleset export
	full_disk backend weight www/web1 1
	full_disk -j backend weight www/web1 1
}

a_daemon_that_hangs() {
	local began=$SECONDS

	lab_signal a STOP
	ctl 3 status
	lab_signal a CONT
	tells 'gave no answer within 10 s: it hangs or has too much to do; `journalctl -u directord` tells more'
	[ $((SECONDS - began)) -le 12 ] || fail "it took $((SECONDS - began)) s"
}

lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "words may be shortened" words_may_be_shortened
run_case "orders need not be waited for" orders_need_not_be_waited_for
run_case "a reload need not be waited for" a_reload_need_not_be_waited_for
run_case "a failover need not be waited for" a_failover_need_not_be_waited_for
run_case "a drill need not be waited for" a_drill_need_not_be_waited_for
run_case "colours are for terminals" colours_are_for_terminals
run_case "a full disk is a failure" a_full_disk_is_a_failure
run_case "a daemon that hangs" a_daemon_that_hangs
finish
