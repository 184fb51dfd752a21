#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every example of the manuals, of README.md and of directorctl's help, found by lib/examples.py, run on a
# pair whose configuration is that of README.md: it ends and prints as it should. Between two of them the
# pair is put back: a is master, b backup, no orders.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

LAB_WEB_PORTS="80 8080 443"
EXAMPLES=
CONF=etc/director/director.conf

# The files of a node: those of this machine, with the configuration and the key.
make_home() {
	local node=$1

	mkdir -p "$LAB/$node/var-run/director" "$LAB/$node/work"
	cp -a /etc "$LAB/$node/etc"
	rm -rf "$LAB/$node/etc/director"
	mkdir "$LAB/$node/etc/director"
	ln -sfn var-run/director "$LAB/$node/run"
}

# conf_of WHAT: the text of the example that is a configuration and was found there.
conf_of() {
	local file

	file=$(awk -v what="$1" '$2 == "conf" && $6 ~ what { print $1; exit }' "$EXAMPLES/list")
	cat "$EXAMPLES/$file"
}

# README's configuration, with a key: without one there is no channel between the two; and each takes what the other
# one pushes.
conf() {
	conf_of '^README.md:[0-9]+$' | sed 's|^cluster .*{|&\n    key-file = "/etc/director/cluster.key"|'
	printf 'control {\n    push-by-peer = true\n}\n'
}

put_files() {
	local node

	for node in a b; do
		conf >"$LAB/$node/$CONF"
		conf >"$LAB/$node/work/pair.conf"
		conf | sed 's|"10.77.0.21"|& weight = 2|' >"$LAB/$node/work/new.conf"
		cmp -s "$LAB/cluster.key" "$LAB/$node/etc/director/cluster.key" ||
			cp -p "$LAB/cluster.key" "$LAB/$node/etc/director/cluster.key"
	done
}

stand_ins() {
	local name

	mkdir -p "$LAB/bin"
	for name in systemctl ssh make; do
		ln -s "$LAB_TOOLS/lib/stand_in.sh" "$LAB/bin/$name"
	done
	ln -s "$LAB_BUILD/directord" "$LAB_BUILD/directorctl" "$LAB/bin"
	export LAB LAB_TOOLS B="$LAB_BUILD"
}

at_home() {
	local host=$1

	shift
	[ -d "$LAB/$host/etc" ] || make_home "$host"
	lab_exec "$host" "$LAB_TOOLS/lib/home.sh" "$LAB/$host" env -C "$LAB/$host/work" \
		PATH="$LAB/bin:$PATH" NO_COLOR=1 "$@"
}

start() {
	lab_spawn "$1" "$1" "$LAB_TOOLS/lib/home.sh" "$LAB/$1" "$LAB_BUILD/directord"
	lab_wait_until "lab_answers_ctl $1" 10 || fail "director $1 does not answer: $(tail -n 3 "$LAB/$1/log")"
}

as_it_stands() {
	local node

	for node in a b; do
		conf_of '^README.md:[0-9]+$' >"$LAB/$node/$CONF"
		start $node
	done
	expect_master a 15
	expect_soon "b is backup" "lab_is b backup" 10
	for node in a b; do
		expect_soon "the backends of $node are up" "all_up $node" 10
	done
	expect "what web servers answer" "$(lab_curl "http://$LAB_VIP/" | tr -d 123)" web
	expect "and at the other port" "$(lab_curl "http://$LAB_VIP:443/" | tr -d 123)" web
}

all_up() {
	[ "$(lab_ctl "$1" -j backend list | jq -r '[.[].state] | unique | join(" ")')" = up ]
}

with_a_key() {
	put_files
	for node in a b; do
		lab_stop_director $node
		start $node
	done
	settle
}

in_order() {
	lab_is a master && lab_is b backup && all_up a && all_up b &&
		[ "$(lab_status a peers.0.sync) $(lab_status b peers.0.sync)" = "in-sync in-sync" ] &&
		[ "$(lab_status a alarms) $(lab_status b alarms)" = "[] []" ]
}

# settle: whatever an example has changed is as before.
settle() {
	local node

	put_files
	for node in a b; do
		lab_alive $node || start $node
		! lab_is $node maintenance || lab_ctl $node cluster maintenance off
		lab_ctl $node backend enable www/web1
		lab_ctl $node backend weight www/web1 1
	done >/dev/null
	lab_wait_until in_order 2 && return 0
	lab_wait_until "lab_is a backup || lab_is a master" 10 || fail "a is $(lab_status a vrrp.0.state)"
	! lab_is b master || ! lab_is a backup || lab_ctl b cluster failover >/dev/null 2>&1 || true
	expect_soon "the pair is as before" in_order 25
}

# ran STATUS: whether that is right for the example, and what it said.
ran() {
	cat "$LAB/said"
	[ "$1" = "$wanted" ] || fail "exit status $1, not $wanted: $(tail -n 3 "$LAB/said.err" "$LAB/said")"
	[ "$quiet" = quiet ] || [ -s "$LAB/said" ] || fail "it prints nothing"
}

# What takes minutes takes some seconds here.
script_of() {
	head -n "${1:--0}" "$EXAMPLES/$number" |
		sed 's/--duration 30s/--duration 4s/; s/--deadline 20m --wait/--deadline 4s --wait/'
}

run_example() {
	local code=0

	at_home "$host" timeout -k 2 60 bash -e -o pipefail -c "$(script_of)" \
		>"$LAB/said" 2>"$LAB/said.err" </dev/null || code=$?
	ran "$code"
}

json_example() {
	local code=0

	at_home "$host" timeout -k 2 60 bash -e -o pipefail -c "$(script_of 1)" \
		>"$LAB/said" 2>"$LAB/said.err" </dev/null || code=$?
	ran "$code"
	"$LAB_TOOLS/lib/examples.py" keys "$EXAMPLES/$number" <"$LAB/said" >"$LAB/why" ||
		fail "not what the manual shows: $(cat "$LAB/why")"
}

# Ended in a good way by SIGTERM, after it has begun its work. The output of directord is its log.
endless_example() {
	local code=0

	at_home "$host" timeout --preserve-status -s TERM -k 20 4 bash -c "exec $(script_of)" \
		>"$LAB/said" 2>&1 </dev/null || code=$?
	: >"$LAB/said.err"
	[ "$code" != 143 ] || code=0
	ran "$code"
}

# A part stands in the configuration of README.md, in place of the section of its kind.
conf_example() {
	local file="$LAB/a/work/example.conf" kind

	kind=$(awk '{ print $1; exit }' "$EXAMPLES/$number")
	if [ "$kind" = cluster ]; then
		script_of >"$file"
	else
		conf | awk -v kind="$kind" '$1 == kind { skip = 1 } !skip; /^}/ { skip = 0 }' >"$file"
		script_of >>"$file"
	fi
	at_home a directord -t -c example.conf >"$LAB/said" 2>&1 || fail "directord -t: $(cat "$LAB/said")"
	at_home a directorctl config check example.conf >"$LAB/said" 2>&1 ||
		fail "directorctl config check: $(cat "$LAB/said")"
}

# Before some of them.
prepare() {
	case $(script_of) in
	*"key generate"*) rm "$LAB/a/etc/director/cluster.key" ;;
	*"ip address add"*) ip -n "$(lab_ns web1)" address del "$LAB_VIP/32" dev lo ;;
	"directord -v "*) lab_stop_director a ;;
	*"config push"*) lab_ctl a config confirm >/dev/null 2>&1 || true ;; # of an example before
	*'"unresolved"'*)
		lab_switch_port_down web3
		# It is not complete while the daemon asks for those that are gone.
		ip -n "$(lab_ns a)" neighbour flush dev eth0 || true
		expect_soon "web3 is not there" '! all_up a' 10
		;;
	esac
}

repair() {
	lab_switch_port_up web3
	settle
}

example() {
	prepare
	"${kind}_example"
	repair
}

each_has_its_rule() {
	EXAMPLES=$LAB/examples
	"$LAB_TOOLS/lib/examples.py" list "$LAB_ROOT" "$LAB_BUILD/directorctl" "$EXAMPLES" >"$LAB/wrong" ||
		fail "$(cat "$LAB/wrong")"
	[ "$(wc -l <"$EXAMPLES/list")" -gt 60 ] || fail "there are few examples: $(wc -l <"$EXAMPLES/list")"
}

command -v jq >/dev/null || skip_all "jq is not installed"
lab_up
EXAMPLES=$LAB/examples
mkdir "$EXAMPLES"
stand_ins
for node in a b; do
	make_home $node
done
run_case "each example is found, and has a rule" each_has_its_rule
run_case "README's configuration as it stands" as_it_stands
run_case "the same with a key" with_a_key
while read -r number kind host wanted quiet where <&3; do
	[ "$host" != spare ] || host=a
	[ -z "${LAB_ONLY:-}" ] || [[ $number =~ $LAB_ONLY ]] || continue
	run_case "$(head -n 1 "$EXAMPLES/$number") ($where)" example
done 3<"$EXAMPLES/list"
finish
