#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# directorctl backend-setup: what it prints makes a bare machine a backend, and takes that back.
# Each web server is told by another form of the command.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
ECHO_PORT=7000

# The web servers are as they come: no address, no settings.
lab_web_prepare() {
	:
}

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www round-robin '"80"'
	lab_conf_farm six round-robin "\"$ECHO_PORT\"" |
		sed "s/$LAB_VIP/$LAB_VIP6/; s/10\.77\.0\./fd77::/"
}

own_addresses6() {
	local host

	for host in $LAB_HOSTS; do
		ip -n "$(lab_ns "$host")" address replace "$(lab_address6 "$host")/64" dev eth0 nodad
	done
}

# setup ARGUMENT …: as JSON; without a daemon.
setup() {
	"$LAB_BUILD/directorctl" -j -c "$LAB/director.conf" backend-setup "$@"
}

# arguments_for WEB FARM: one backend, one with the interface's name, and what is for all of them.
arguments_for() {
	case $1 in
	web1) echo "$2/web1" ;;
	web2) echo "$2/web2 --interface eth0" ;;
	web3) echo "$2" ;;
	esac
}

# commands KIND: of the JSON document, those that need no more than iproute2 and procps.
commands() {
	python3 -c '
import json, sys
for step in json.load(sys.stdin)["steps"]:
    if step["kind"] == sys.argv[1] and step["system"].split(",")[0] in ("iproute2", "procps"):
        print("\n".join(step["commands"]))' "$1"
}

# carry_out KIND WEB: on that web server, for both farms; the machine's own files stay as they are.
carry_out() {
	local farm arguments

	for farm in www six; do
		arguments=$(arguments_for "$2" $farm)
		# shellcheck disable=SC2086
		setup $arguments | commands "$1" >"$LAB/commands"
		[ -s "$LAB/commands" ] || fail "no commands of kind $1 for $arguments"
		lab_exec "$2" sh -c "mount -t tmpfs none /etc/sysctl.d && exec sh -e '$LAB/commands'"
	done
}

# state WEB: its addresses and settings.
state() {
	ip -n "$(lab_ns "$1")" address show
	lab_exec "$1" sysctl -a -r '^net\.ipv[46]\.conf\.'
}

# who_has ADDRESS [MAC]: the Ethernet addresses that answer the client, in one line.
who_has() {
	local own

	own=$(lab_address client)
	[[ $1 != *:* ]] || own=$(lab_address6 client)
	lab_exec client "$LAB_TOOLS/lib/who_has.py" "$own" "$@" | paste -sd ' '
}

# Else the cases below could not fail.
a_bare_machine_speaks() {
	ip -n "$(lab_ns web1)" address add "$LAB_VIP/32" dev lo
	expect "who has the VIP" "$(who_has "$LAB_VIP")" "$(lab_mac web1)"
	ip -n "$(lab_ns web1)" address delete "$LAB_VIP/32" dev lo
	expect "who has the VIP" "$(who_has "$LAB_VIP")" ""
	expect "who has web1's" "$(who_has "$(lab_address6 web1)")" "$(lab_mac web1)"
	expect "who has web1's, asked alone" \
		"$(who_has "$(lab_address6 web1)" "$(lab_mac web1)")" "$(lab_mac web1)"
}

machines_become_backends() {
	local web

	# Answers leave by the interface at which requests arrive: strict filtering may stay.
	lab_exec web1 sysctl -qw net.ipv4.conf.all.rp_filter=1
	for web in $LAB_WEBS; do
		state "$web" >"$LAB/$web.before"
		carry_out running "$web"
		state "$web" >"$LAB/$web.after"
		! cmp -s "$LAB/$web.before" "$LAB/$web.after" || fail "$web is as it was"
		lab_has_address "$web" "$LAB_VIP" lo || fail "$web has no VIP"
		lab_has_address "$web" "$LAB_VIP6" lo || fail "$web has no IPv6 VIP"
	done
}

nobody_speaks() {
	local web

	expect "who has the VIP" "$(who_has "$LAB_VIP")" ""
	expect "who has the IPv6 VIP" "$(who_has "$LAB_VIP6")" ""
	for web in $LAB_WEBS; do
		expect "$web asked alone" "$(who_has "$LAB_VIP" "$(lab_mac "$web")")" ""
		expect "$web asked alone" "$(who_has "$LAB_VIP6" "$(lab_mac "$web")")" ""
	done
}

# They have to ask for the client, and must not do so as the VIP.
requests_are_answered() {
	local web load

	lab_start_pair
	expect_soon "the backends are up" "all_up" 10
	for web in $LAB_WEBS; do
		ip -n "$(lab_ns "$web")" neighbour flush dev eth0
	done
	lab_capture client arp or icmp6
	load=$(lab_load --count 60 --rate 100)
	expect_no_loss "$load"
	for web in $LAB_WEBS; do
		expect "requests to $web" "$(json_value "backends.$web" <<<"$load")" 20
		expect "an IPv6 request" "$(ask6)" "three are asked in turns"
	done
	lab_capture_stop client
	for web in $LAB_WEBS; do
		[ "$(lab_captured_count client ether src "$(lab_mac "$web")")" -gt 0 ] ||
			fail "$web asked nobody"
		expect "questions of $web as the VIP" "$(lab_captured client ether src \
			"$(lab_mac "$web")" and "(arp src host $LAB_VIP or ip6 src host $LAB_VIP6)")" ""
	done
	expect "who has the VIP" "$(who_has "$LAB_VIP")" "$(lab_mac a)"
	expect "who has the IPv6 VIP" "$(who_has "$LAB_VIP6")" "$(lab_mac a)"
}

all_up() {
	lab_ctl a backend list | awk '$2 != "up" { bad = 1 } END { exit bad || !NR }'
}

# On either director, over IPv4 and IPv6.
a_doctor_finds_nothing() {
	local node status found

	for node in a b; do
		status=0
		found=$(lab_ctl $node -c "$LAB/director.conf" doctor) || status=$?
		expect "exit status of $node ($found)" $status 0
		expect "what it says" "$found" "nothing is wrong"
	done
}

# Three requests, one to each.
ask6() {
	local i names=

	for i in 1 2 3; do
		names+=" $(lab_exec client "$LAB_TOOLS/echo.py" tcp "$LAB_VIP6" $ECHO_PORT 1000)"
	done
	for i in $LAB_WEBS; do
		[[ $names == *"$i 1000"* ]] || {
			echo "$names"
			return
		}
	done
	echo "three are asked in turns"
}

once_more_changes_nothing() {
	local web

	for web in $LAB_WEBS; do
		carry_out running "$web"
		state "$web" | diff "$LAB/$web.after" - || fail "$web is another"
	done
}

another_machine_is_refused() {
	setup www/web1 | commands running >"$LAB/commands"
	! lab_exec web2 sh -e "$LAB/commands" 2>"$LAB/said" || fail "web2 took the commands of web1"
	expect "what it said" "$(tail -n 1 "$LAB/said")" "this machine does not have 10.77.0.21"
}

# The file of sysctl: the values of the commands, but for those of the interface.
file_has_the_same() {
	setup www --interface eth0 | python3 -c '
import json, sys
for step in json.load(sys.stdin)["steps"]:
    if step["system"] == "sysctl":
        print(step["file"]["content"], end="")' >"$LAB/sysctl.conf"
	lab_exec web1 sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0 \
		net.ipv4.conf.eth0.arp_ignore=0 net.ipv4.conf.eth0.arp_announce=0
	lab_exec web1 sysctl -q -p "$LAB/sysctl.conf"
	state web1 | diff "$LAB/web1.after" - || fail "other values"
}

all_is_taken_back() {
	local web

	for web in $LAB_WEBS; do
		carry_out remove "$web"
		state "$web" | diff "$LAB/$web.before" - || fail "$web is not as it was"
		carry_out remove "$web"
		state "$web" | diff "$LAB/$web.before" - || fail "$web is another, once more"
	done
}

# refused STATUS SENTENCE ARGUMENT …
refused() {
	local status=0 said

	said=$(setup "${@:3}" 2>&1) || status=$?
	expect "exit status of ${*:3}" "$status" "$1"
	expect "what it says to ${*:3}" "$said" "directorctl: $2"
}

wrong_words_are_refused() {
	refused 1 'there is no farm "ww"; did you mean "www"?' ww
	refused 1 'there is no farm "mail"; there are www, six' mail
	refused 1 'there is no backend "www/web9"; did you mean "web1"?' www/web9
	refused 1 'there is no backend "www/mail"; there are web1, web2, web3' www/mail
	refused 2 '"www/" is neither FARM nor FARM/BACKEND' www/
	refused 2 '--os must be linux or windows, not "bsd"' www --os bsd
	refused 2 '"a b" cannot be the name of an interface on linux' www --interface 'a b'
	refused 1 "$LAB/none: cannot be read: No such file or directory" www -c "$LAB/none"
	setup www --interface 'a b' --os windows >/dev/null
}

echo_servers_up() {
	local web

	for web in $LAB_WEBS; do
		lab_spawn "echo-$web" "$web" "$LAB_TOOLS/echo.py" serve "$web" $ECHO_PORT
		lab_wait_until "grep -q ready '$LAB/echo-$web/log'" 5
	done
}

lab_up
conf >"$LAB/director.conf"
own_addresses6
echo_servers_up
run_case "a machine as it comes speaks for the VIP" a_bare_machine_speaks
run_case "the commands make machines backends" machines_become_backends
run_case "none of them speaks for the VIP, over IPv4 and IPv6" nobody_speaks
run_case "requests through the VIP are answered by them" requests_are_answered
run_case "a doctor finds nothing" a_doctor_finds_nothing
run_case "carried out again, the commands change nothing" once_more_changes_nothing
run_case "the commands for one backend are refused by another" another_machine_is_refused
run_case "the file that lasts has the same settings" file_has_the_same
run_case "what takes it back leaves machines as they were" all_is_taken_back
run_case "wrong words are refused, with those that exist" wrong_words_are_refused
finish
