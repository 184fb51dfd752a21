#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ICMP errors and fragments: they reach the backend of the flow that they belong to.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/protocol.sh"

# --- path-MTU discovery of an answer ---------------------------------------------------------------

# The router tells the VIP that the answer does not fit: the backend that sent it has to hear that.
path_mtu_down() {
	far_up
	serve "$(plain)"
	for _ in 1 2 3 4 5 6; do
		forget_mtu
		expect_echo far tcp-down "$LAB_VIP" $((1 * MIB))
	done
}

# The same of a farm that remembers its flows: the error finds the backend among all of them.
path_mtu_down_remembered() {
	far_up
	serve "$(vrrp)
		$(farm www tcp '"80", "7000"' 'scheduler = "round-robin"')"
	for _ in 1 2 3 4 5 6; do
		forget_mtu
		expect_echo far tcp-down "$LAB_VIP" $((1 * MIB))
	done
}

# six FARM: serves it and IPv4 beside it; the VIP of IPv6 is given to a by hand.
six() {
	give_ipv6
	ip -n "$(lab_ns a)" address replace "$LAB_VIP6/128" dev eth0 nodad
	serve "$(plain)
		$1"
}

# error TYPE [OPTIONS]: an ICMP error from the client about what the VIP has sent to a port of it.
error() {
	lab_exec client "$LAB_TOOLS/icmp_error.py" "$LAB_VIP" $ECHO_PORT "$(lab_address client)" 40000 "$@"
}

# expect_errors TYPE BACKENDS [OPTIONS]: so many backends get it, each once.
expect_errors() {
	local web n total=0

	for web in $LAB_WEBS; do
		LAB_CAPTURE_OPTIONS=-p lab_capture "$web" "icmp[icmptype] == $1 and dst $LAB_VIP"
	done
	error "$1" ${3:+"$3"}
	ping_from client "$(lab_address web1)"
	for web in $LAB_WEBS; do
		lab_capture_stop "$web"
		n=$(lab_captured_count "$web" "ether dst $(lab_mac "$web")")
		[ "$n" -le 1 ] || fail "$web got $n"
		total=$((total + n))
	done
	expect "backends that got type $1 ${3:-}" $total "$2"
}

# Unreachable, time exceeded, parameter problem are errors; the redirect is the host's own.
errors_by_kind() {
	local scheduler backends=1 type

	for scheduler in maglev round-robin; do
		serve "$(vrrp)
			$(farm dns udp '"7000"' "scheduler = \"$scheduler\"")"
		for type in 3 11 12; do
			expect_errors $type $backends
		done
		expect_errors 5 0
		expect_errors 3 0 options
		backends=3
	done
}

# far6_up: the same way over IPv6.
far6_up() {
	local host

	far_up
	give_ipv6
	for host in r1 r2; do
		lab_exec $host sysctl -qw net.ipv6.conf.all.forwarding=1
	done
	ip -n "$(lab_ns far)" address replace fd79::10/64 dev r1 nodad
	ip -n "$(lab_ns r1)" address replace fd79::1/64 dev far nodad
	ip -n "$(lab_ns r1)" address replace fd79:1::1/64 dev r2 nodad
	ip -n "$(lab_ns r2)" address replace fd79:1::2/64 dev r1 nodad
	ip -n "$(lab_ns r2)" address replace fd77::9/64 dev eth0 nodad
	ip -n "$(lab_ns far)" route replace default via fd79::1
	ip -n "$(lab_ns r1)" route replace fd77::/64 via fd79:1::2
	ip -n "$(lab_ns r2)" route replace fd79::/64 via fd79:1::1
	for host in a b $LAB_WEBS; do
		ip -n "$(lab_ns "$host")" route replace fd79::/64 via fd77::9
		ip -n "$(lab_ns "$host")" route replace fd79:1::/64 via fd77::9
	done
}

forget_mtu6() {
	local host

	for host in far $LAB_WEBS; do
		ip -6 -n "$(lab_ns "$host")" route flush cache
	done
}

path_mtu_down_ipv6() {
	local scheduler

	far6_up
	for scheduler in maglev round-robin; do
		six "$(FARM_ADDRESS=$LAB_VIP6 farm six tcp '"7000"' "scheduler = \"$scheduler\"")"
		for _ in 1 2 3 4 5 6; do
			forget_mtu6
			expect_echo far tcp-down "$LAB_VIP6" $((1 * MIB))
		done
	done
}

# --- fragments ------------------------------------------------------------------------------------

# A datagram of three fragments, of which the first alone says its port.
fragmented_udp() {
	serve "$(vrrp)
		$(farm dns udp '"7000"' 'fragments = "spray"')"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		expect_echo client udp "$LAB_VIP" 4000
	done
}

# A router makes fragments of an upload, of segments that do not forbid it.
fragmented_tcp() {
	local scheduler

	far_up
	lab_exec far sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	for scheduler in maglev round-robin; do
		serve "$(vrrp)
			$(farm www tcp '"7000"' "scheduler = \"$scheduler\"")"
		for _ in 1 2 3; do
			forget_mtu
			lab_capture a "ip[6:2] & 0x1fff != 0 and ether dst $(lab_mac a)"
			expect_echo far tcp "$LAB_VIP" $((1 * MIB))
			lab_capture_stop a
			[ "$(lab_captured_count a)" -gt 100 ] || fail "there were no fragments"
		done
	done
	lab_exec far sysctl -qw net.ipv4.ip_no_pmtu_disc=0
}

# odd FORM …: who answers datagrams of one flow from the client, in these forms.
odd() {
	lab_exec client timeout -k 2 20 "$LAB_TOOLS/odd.py" "${ODD_VIP:-$LAB_VIP}" $ECHO_PORT "$@"
}

# expect_one_backend FORM …: ten flows; each has one backend, and not all have the same.
expect_one_backend() {
	local all='' names

	for _ in 1 2 3 4 5 6 7 8 9 10; do
		names=$(odd "$@")
		WHO=${names%% *}
		[[ " $LAB_WEBS " == *" $WHO "* ]] || fail "$WHO is no backend"
		[ -z "$(echo "$names" | tr -d ' ' | sed "s/$WHO//g")" ] || fail "$*: $names"
		all="$all $WHO"
	done
	[ "$(echo "$all" | tr ' ' '\n' | sort -u | wc -l)" -gt 2 ] || fail "one has it all: $all"
}

fragments_without_the_first() {
	serve "$(vrrp)
		$(farm dns udp '"7000"' 'fragments = "drop"')"
	expect "the last fragment first, dropped" "$(odd reversed)" -
	serve "$(vrrp)
		$(farm dns udp '"7000"' 'fragments = "spray"')"
	expect_one_backend reversed plain fragments
}

# Two flows of a client use one identification within two seconds; hosts draw it by chance. Each
# datagram follows its own first fragment.
identification_used_again() {
	local scheduler

	for scheduler in maglev round-robin; do
		serve "$(vrrp)
			$(farm dns udp '"7000"' "scheduler = \"$scheduler\"")"
		expect_one_backend plain collision plain
		expect_one_backend collision collision
	done
}

odd_forms() {
	serve "$(vrrp)
		$(farm dns udp '"7000"')"
	expect_one_backend plain options fragments plain
	expect_one_backend fragments plain options fragments
}

odd_forms_remembered() {
	serve "$(vrrp)
		$(farm dns udp '"7000"' 'scheduler = "round-robin"')"
	expect_one_backend plain options fragments plain
	expect_one_backend fragments fragments plain options
}

odd_forms_ipv6() {
	local scheduler

	for scheduler in maglev round-robin; do
		six "$(FARM_ADDRESS=$LAB_VIP6 farm six udp '"7000"' "scheduler = \"$scheduler\"")"
		ODD_VIP=$LAB_VIP6 expect_one_backend plain options plain
		expect "fragments, dropped" "$(ODD_VIP=$LAB_VIP6 odd fragments)" -
		six "$(FARM_ADDRESS=$LAB_VIP6 farm six udp '"7000"' "scheduler = \"$scheduler\"" \
			'fragments = "spray"')"
		ODD_VIP=$LAB_VIP6 expect_one_backend fragments plain options fragments
	done
}

lab_up
run_case "the pair and the servers start" begin
run_case "path-MTU discovery of an answer" path_mtu_down
run_case "path-MTU discovery of an answer of a farm with flow tables" path_mtu_down_remembered
run_case "ICMP errors by kind" errors_by_kind
run_case "path-MTU discovery of an answer over IPv6" path_mtu_down_ipv6
run_case "a fragmented datagram" fragmented_udp
run_case "an upload that a router makes fragments of" fragmented_tcp
run_case "fragments that come before their first one" fragments_without_the_first
run_case "an identification that is used again" identification_used_again
run_case "one flow in odd forms has one backend" odd_forms
run_case "the same of a farm with flow tables" odd_forms_remembered
run_case "the same over IPv6" odd_forms_ipv6
finish
