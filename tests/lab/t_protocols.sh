#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes through a VIP and what does not: protocols, IPv6, clients in odd places, ARP, echo.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/protocol.sh"

# --- what is not a farm's -------------------------------------------------------------------------

arp_is_the_masters() {
	serve "$(plain)"
	ip -n "$(lab_ns client)" neighbour flush dev eth0
	lab_capture client arp
	lab_answers "http://$LAB_VIP/" || fail "no answer"
	ping_from client "$(lab_address web1)" || fail "web1 is not there"
	lab_capture_stop client
	expect_sender a client "arp[6:2] == 2 and arp[14:4] == 0x0a4d0064"
	expect_sender web1 client "arp[6:2] == 2 and arp[14:4] == 0x0a4d0015"
}

echo_is_the_masters() {
	serve "$(plain)"
	lab_capture client "icmp[icmptype] == icmp-echoreply"
	ping_from client "$LAB_VIP" || fail "no answer to echo"
	lab_capture_stop client
	expect_sender a client
}

other_ports_are_the_masters() {
	serve "$(plain)"
	lab_capture client "tcp[tcpflags] & tcp-rst != 0"
	! lab_answers "http://$LAB_VIP:8080/" || fail "port 8080 answers; the farm does not have it"
	lab_capture_stop client
	expect_sender a client "src port 8080"
}

# --- clients in odd places ------------------------------------------------------------------------

# What the master sends to its own VIP does not leave it: refused at once, and nothing loops.
the_director_itself() {
	local began status=0

	serve "$(plain)"
	began=$(now_ms)
	lab_exec a curl -s --noproxy '*' -o /dev/null --max-time 3 "http://$LAB_VIP/" || status=$?
	expect "exit status of curl (7: refused)" $status 7
	[ $(($(now_ms) - began)) -lt 2000 ] || fail "it took $(($(now_ms) - began)) ms"
}

the_standby_itself() {
	serve "$(plain)"
	expect_echo b tcp "$LAB_VIP" 1000
}

# The VIP is the backend's own: it serves itself.
client_on_a_backend() {
	serve "$(plain)"
	expect_echo web2 tcp "$LAB_VIP" 1000
	expect "who answers web2" "$WHO" web2
}

# A backend of one farm is a client of another.
backend_to_another_vip() {
	local web

	for web in web2 web3; do
		ip -n "$(lab_ns $web)" address replace $SECOND_VIP/32 dev lo
	done
	serve "$(vrrp ", \"$SECOND_VIP/24\"")
		$(farm www tcp '"80"')
		$(FARM_ADDRESS=$SECOND_VIP FARM_WEBS='web2 web3' farm app tcp '"7000"')"
	for _ in 1 2 3 4 5; do
		expect_echo web1 tcp $SECOND_VIP 1000
		[ "$WHO" != web1 ] || fail "web1 does not serve that"
	done
}

# --- ports and protocols --------------------------------------------------------------------------

port_list_and_range() {
	local port

	serve "$(vrrp)
		$(farm www tcp '"80", "8079-8081", "7000"')"
	for port in 80 8080 8081; do
		lab_answers "http://$LAB_VIP:$port/" || fail "port $port does not answer"
	done
	expect_everybody client tcp "$LAB_VIP"
}

udp() {
	serve "$(vrrp)
		$(farm dns udp '"7000"')"
	expect_everybody client udp "$LAB_VIP"
	! echo_from client tcp "$LAB_VIP" 10 2>/dev/null || fail "TCP is answered, too"
}

# Two farms of one address and port, one for each protocol; then one farm for both.
tcp_and_udp_on_one_port() {
	serve "$(vrrp)
		$(FARM_WEBS='web1 web2' farm one tcp '"7000"')
		$(FARM_WEBS='web3' farm two udp '"7000"')"
	expect_echo client udp "$LAB_VIP" 100
	expect "who has UDP" "$WHO" web3
	expect_echo client tcp "$LAB_VIP" 100
	[ "$WHO" != web3 ] || fail "web3 has TCP, too"
	serve "$(vrrp)
		$(farm both tcp+udp '"7000"')"
	expect_everybody client udp "$LAB_VIP"
	expect_everybody client tcp "$LAB_VIP"
}

# The backends are found by neighbour discovery, the VIP by the client likewise.
http_over_ipv6() {
	local load=''

	give_ipv6
	hold_vip6
	serve "$(vrrp)
		$(farm www tcp '"80"')
		$(FARM_ADDRESS=$LAB_VIP6 farm six tcp '"80", "7000"')"
	expect_soon "the VIP answers" "lab_answers 'http://[$LAB_VIP6]/'" 5
	for _ in $(seq 30); do
		load="$load $(lab_curl "http://[$LAB_VIP6]/")"
	done
	for web in $LAB_WEBS; do
		[[ "$load " == *" $web "* ]] || fail "$web got nothing of 30: $load"
	done
	expect_everybody client tcp "$LAB_VIP6"
	ping_from client "$LAB_VIP6" || fail "no answer to echo"
}

udp_over_ipv6() {
	give_ipv6
	hold_vip6
	serve "$(vrrp)
		$(FARM_ADDRESS=$LAB_VIP6 farm six udp '"7000"')"
	expect_everybody client udp "$LAB_VIP6"
}

# --- path-MTU discovery of an upload ---------------------------------------------------------------

# The router tells the client.
path_mtu_up() {
	far_up
	serve "$(plain)"
	forget_mtu
	expect_echo far tcp "$LAB_VIP" $((4 * MIB))
}

lab_up
run_case "the pair and the servers start" begin
run_case "ARP for the VIP is the master's, ARP for a backend the backend's" arp_is_the_masters
run_case "echo to the VIP is answered by the master" echo_is_the_masters
run_case "other ports of the VIP are the master's" other_ports_are_the_masters
run_case "the master talks to its own VIP" the_director_itself
run_case "the standby talks to the VIP" the_standby_itself
run_case "a client on a backend" client_on_a_backend
run_case "a backend talks to the VIP of another farm" backend_to_another_vip
run_case "lists and ranges of ports" port_list_and_range
run_case "UDP" udp
run_case "TCP and UDP on one port" tcp_and_udp_on_one_port
run_case "HTTP over IPv6" http_over_ipv6
run_case "UDP over IPv6" udp_over_ipv6
run_case "path-MTU discovery of an upload" path_mtu_up
finish
