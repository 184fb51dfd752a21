#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes through the VIP besides plain TCP over IPv4, and what must not: protocols, ports, path-MTU
# discovery, fragments; ARP, echo and the VIP's other ports; clients in odd places.
#
# Each case is written in full. Those that this list names are run, the others need what the directors
# cannot do yet: when they can, the case's name is added here. ENABLED=all runs every one.
ENABLED=${ENABLED:-"
	arp_is_the_masters echo_is_the_masters other_ports_are_the_masters
	the_director_itself the_standby_itself client_on_a_backend backend_to_another_vip
	port_list_and_range path_mtu_up path_mtu_down path_mtu_down_remembered path_mtu_down_ipv6
	errors_by_kind fragmented_udp fragmented_tcp fragments_without_the_first
	odd_forms odd_forms_remembered odd_forms_ipv6
	udp tcp_and_udp_on_one_port http_over_ipv6 udp_over_ipv6
"}
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

SECOND_VIP=10.77.0.101
ECHO_PORT=7000
MIB=1048576

# --- what the cases are made of -------------------------------------------------------------------

# serve TEXT: both directors serve what TEXT, farms and vrrp sections, says; the backends are up.
serve() {
	{
		lab_conf_cluster
		echo "$1"
	} >"$LAB/director.conf"
	lab_ctl a config reload || fail "a refuses it"
	lab_ctl b config reload || fail "b refuses it"
	expect_soon "the backends of a are up" "all_up a" 10
	expect_soon "the backends of b are up" "all_up b" 10
	expect_soon "a is the master" "lab_is a master && lab_has_vip a" 10
}

all_up() {
	lab_ctl "$1" backend list | awk '$2 != "up" { bad = 1 } END { exit bad || !NR }'
}

vrrp() {
	printf 'vrrp "web" {\ninterface = "eth0"\nvirtual-router-id = 51\nadvertise-interval = "200ms"\n'
	printf 'addresses = { "%s/24"%s }\n}\n' "$LAB_VIP" "${1:-}"
}

# farm NAME PROTOCOL PORTS [LINE …]: of all backends.
farm() {
	local name=$1 protocol=$2 ports=$3 web

	shift 3
	printf 'farm "%s" {\naddress = "%s"\ninterface = "eth0"\nports = { %s }\n' "$name" \
		"${FARM_ADDRESS:-$LAB_VIP}" "$ports"
	[ "$protocol" = tcp ] || printf 'protocol = "%s"\n' "$protocol"
	printf '%s\n' "$@"
	for web in ${FARM_WEBS:-$LAB_WEBS}; do
		printf 'backend "%s" { address = "%s" }\n' "$web" "$(backend_address "$web")"
	done
	echo "}"
}

backend_address() {
	case ${FARM_ADDRESS:-} in
	*:*) lab_address6 "$1" ;;
	*) lab_address "$1" ;;
	esac
}

# echo_from HOST tcp|tcp-down|udp ADDRESS BYTES [PORT]: who answered, and how much it got or sent.
echo_from() {
	lab_exec "$1" timeout -k 2 20 "$LAB_TOOLS/echo.py" "$2" "$3" "${5:-$ECHO_PORT}" "$4"
}

# ping_from HOST ADDRESS
ping_from() {
	lab_exec "$1" timeout -k 2 10 "$LAB_TOOLS/echo.py" ping "$2" >/dev/null
}

# expect_echo HOST tcp|tcp-down|udp ADDRESS BYTES [PORT]: some backend got all of it; its name is in WHO.
expect_echo() {
	local answer

	answer=$(echo_from "$@") || fail "no answer to $2 of $4 octets from $3"
	WHO=${answer% *}
	[[ " $LAB_WEBS " == *" $WHO "* ]] || fail "$WHO is no backend"
	expect "octets at $WHO" "${answer#* }" "$4"
}

# expect_everybody HOST tcp|udp ADDRESS [PORT]: thirty tries reach every backend.
expect_everybody() {
	local seen='' web

	for _ in $(seq 30); do
		expect_echo "$1" "$2" "$3" 100 ${4:+"$4"}
		seen="$seen $WHO"
	done
	for web in $LAB_WEBS; do
		[[ "$seen " == *" $web "* ]] || fail "$web got nothing of 30: $seen"
	done
}

start_echo() {
	local web

	for web in $LAB_WEBS; do
		lab_spawn "echo-$web" "$web" "$LAB_TOOLS/echo.py" serve "$web" $ECHO_PORT
		lab_wait_until "grep -q ready '$LAB/echo-$web/log'" 10 || fail "no echo on $web"
	done
}

# begin: the pair, and echo servers beside the web servers.
begin() {
	start_echo
	{
		lab_conf_cluster
		plain
	} >"$LAB/director.conf"
	lab_start_pair
}

# The configuration of the cases that need nothing special.
plain() {
	vrrp
	farm www tcp '"80", "7000"'
}

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

# give_ipv6: addresses for everybody, and a web server on [::]:80 of each backend.
give_ipv6() {
	local web

	lab_net6_up
	for web in $LAB_WEBS; do
		! lab_alive "six-$web" || continue
		mkdir -p "$LAB/six-$web/tmp"
		ln -sfn "$LAB/$web/root" "$LAB/six-$web/root"
		lab_web_conf "$web" "$LAB/six-$web" |
			sed -E 's/listen ([0-9]+) backlog=[0-9]+;/listen [::]:\1 ipv6only=on;/' \
				>"$LAB/six-$web/nginx.conf"
		lab_spawn "six-$web" "$web" nginx -p "$LAB/six-$web" -e "$LAB/six-$web/error.log" \
			-c "$LAB/six-$web/nginx.conf"
		expect_soon "nginx of $web on IPv6" "lab_answers 'http://[$(lab_address6 "$web")]/'" 5
	done
}

# The election does not carry IPv6 addresses yet: the master gets the VIP by hand.
hold_vip6() {
	ip -n "$(lab_ns a)" address replace "$LAB_VIP6/128" dev eth0 nodad preferred_lft 0
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

# --- path-MTU discovery ---------------------------------------------------------------------------

# far_up: a client "far" behind two routers with an MTU of 1300 between them.
#
#	far 10.79.0.10 -- 10.79.0.1 r1 10.79.1.1 == 1300 == 10.79.1.2 r2 10.77.0.9 -- switch
far_up() {
	local host ns switch

	[ ! -e "/run/netns/$(lab_ns far)" ] || return 0
	switch=$(lab_ns switch)
	for host in far r1 r2; do
		ns=$(lab_ns $host)
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		lab_exec $host sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	cable far 10.79.0.10/24 r1 10.79.0.1/24
	cable r1 10.79.1.1/24 r2 10.79.1.2/24 1300
	ip link add eth0 netns "$(lab_ns r2)" type veth peer name r2 netns "$switch"
	ip -n "$switch" link set dev r2 master switch up
	ip -n "$(lab_ns r2)" address add 10.77.0.9/24 dev eth0
	ip -n "$(lab_ns r2)" link set eth0 up
	ip -n "$(lab_ns far)" route add default via 10.79.0.1
	ip -n "$(lab_ns r1)" route add 10.77.0.0/24 via 10.79.1.2
	ip -n "$(lab_ns r2)" route add 10.79.0.0/24 via 10.79.1.1
	for host in a b $LAB_WEBS; do
		ip -n "$(lab_ns "$host")" route add 10.79.0.0/16 via 10.77.0.9
	done
}

# cable HOST ADDRESS HOST ADDRESS [MTU]: each end is named for the other host.
cable() {
	ip link add "$3" netns "$(lab_ns "$1")" mtu "${5:-1500}" type veth peer name "$1" \
		netns "$(lab_ns "$3")" mtu "${5:-1500}"
	ip -n "$(lab_ns "$1")" address add "$2" dev "$3"
	ip -n "$(lab_ns "$1")" link set "$3" up
	ip -n "$(lab_ns "$3")" address add "$4" dev "$1"
	ip -n "$(lab_ns "$3")" link set "$1" up
}

# forget_mtu: what the hosts have learned of the path.
forget_mtu() {
	local host

	for host in far $LAB_WEBS; do
		ip -n "$(lab_ns "$host")" route flush cache
	done
}

# The router tells the client.
path_mtu_up() {
	far_up
	serve "$(plain)"
	forget_mtu
	expect_echo far tcp "$LAB_VIP" $((4 * MIB))
}

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

# --- the cases ------------------------------------------------------------------------------------

# run FUNCTION NAME
run() {
	case " ${ENABLED//[[:space:]]/ } " in
	*" $1 "* | " all ") run_case "$2" "$1" ;;
	*) run_case "$2" skip "the directors cannot do that yet" ;;
	esac
}

lab_up
run_case "the pair and the servers start" begin
run arp_is_the_masters "ARP for the VIP is the master's, ARP for a backend the backend's"
run echo_is_the_masters "echo to the VIP is answered by the master"
run other_ports_are_the_masters "other ports of the VIP are the master's"
run the_director_itself "the master talks to its own VIP"
run the_standby_itself "the standby talks to the VIP"
run client_on_a_backend "a client on a backend"
run backend_to_another_vip "a backend talks to the VIP of another farm"
run port_list_and_range "lists and ranges of ports"
run udp "UDP"
run tcp_and_udp_on_one_port "TCP and UDP on one port"
run http_over_ipv6 "HTTP over IPv6"
run udp_over_ipv6 "UDP over IPv6"
run path_mtu_up "path-MTU discovery of an upload"
run path_mtu_down "path-MTU discovery of an answer"
run path_mtu_down_remembered "path-MTU discovery of an answer of a farm with flow tables"
run errors_by_kind "ICMP errors by kind"
run path_mtu_down_ipv6 "path-MTU discovery of an answer over IPv6"
run fragmented_udp "a fragmented datagram"
run fragmented_tcp "an upload that a router makes fragments of"
run fragments_without_the_first "fragments that come before their first one"
run odd_forms "one flow in odd forms has one backend"
run odd_forms_remembered "the same of a farm with flow tables"
run odd_forms_ipv6 "the same over IPv6"
finish
