#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What stands before a farm, for clients of IPv6: lists, rates of new connections, TCP flags, and what
# an empty farm answers. t_guards.sh has the same for IPv4, and what does not depend on the version.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/protocol.sh"

# shellcheck disable=SC2034 # of the web servers
LAB_WEB_PORTS="80 8080 8081 8082"

# More addresses of the client.
DENIED=fd77::13
OUTSIDER=fd77::1:200
OTHER=fd77::14
# One in the range fd77::20/126, which is denied, the one before it and the one behind it.
BEFORE=fd77::1f
INSIDE=fd77::20
BEHIND=fd77::24

farm6() {
	local scheduler=$2

	FARM_ADDRESS=$LAB_VIP6 farm "$1" "$3" "\"$4\"" "scheduler = \"$scheduler\"" "${@:5}"
}

conf() {
	lab_conf_cluster
	vrrp
	farm6 lists maglev tcp 80 'allow = { "fd77::/112", "10.0.0.0/8" }' "deny = \"@$LAB/denied\""
	farm6 source maglev tcp 8080 'max-rate-per-source = 20'
	farm6 rate round-robin tcp 8081 'max-rate = 20'
	farm6 empty round-robin tcp+udp 8082 'when-empty = "reject"'
	farm6 udp round-robin udp 8085 'max-rate-per-source = 20'
}

# denied PREFIX …: the file of the denied, with thousands of others in it.
denied() {
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "2001:db8:%x:%x::/65\n", i / 256, i % 256 }' \
		>"$LAB/denied.new"
	printf '%s\n' "$@" >>"$LAB/denied.new"
	mv "$LAB/denied.new" "$LAB/denied"
}

# reload_denied PREFIX …
reload_denied() {
	denied "$@"
	lab_ctl a config reload >/dev/null || fail "the reload was refused"
}

# dropped FARM REASON: how many packets.
dropped() {
	lab_ctl a -j farm show "$1" |
		python3 -c 'import json, sys
farm = json.load(sys.stdin)
farm = farm.get("farms", [farm])[0]
print(sum(d["packets"] for d in farm["drops"] if d["reason"] == sys.argv[1]))' "$2"
}

# from ADDRESS PORT [CURL ARGUMENT …]: a request of that client; who answers.
from() {
	lab_curl --interface "$1" "${@:3}" "http://[$LAB_VIP6]:$2/"
}

begin() {
	local address

	give_ipv6
	for address in $DENIED $OTHER $BEFORE $INSIDE $BEHIND; do
		ip -n "$(lab_ns client)" address add "$address/64" dev eth0 nodad
	done
	ip -n "$(lab_ns client)" address add "$OUTSIDER/64" dev eth0 nodad
	denied $DENIED $INSIDE/126
	conf >"$LAB/director.conf"
	lab_start_director a
	expect_soon "the backends are up" "all_up a" 10
	hold_vip6
	expect_soon "the VIP answers" "from $(lab_address6 client) 8080 >/dev/null" 5
}

only_the_allowed_are_served() {
	local client

	for client in "$(lab_address6 client)" $OTHER $BEFORE $BEHIND; do
		from "$client" 80 >/dev/null || fail "$client is not served"
	done
	for client in $DENIED $INSIDE $OUTSIDER; do
		! from "$client" 80 --max-time 0.5 2>/dev/null || fail "$client is served"
	done
	[ "$(dropped lists denied)" -ge 2 ] || fail "nobody was counted as denied"
	[ "$(dropped lists "not allowed")" -ge 1 ] || fail "nobody was counted as not allowed"
	from $DENIED 8080 >/dev/null || fail "the list of one farm holds for another"
}

list_changes_without_a_gap() {
	local i

	load6 80 100 1000 >"$LAB/load6" &
	for i in 1 2 3 4 5 6 7 8 9 10; do
		reload_denied $DENIED $INSIDE/126 "2001:db8:ffff:$((i % 2))::/64"
		sleep 0.5
		! from $DENIED 80 --max-time 0.2 2>/dev/null || fail "the denied is served"
	done
	wait
	expect "served" "$(cat "$LAB/load6")" 1000
	lab_logged a 'ruleset applied: 1 elements added, 1 elements deleted \(set lists-deny6\)' ||
		fail "a reload did more than it had to: $(grep applied "$LAB/a/log" | tail -n 1)"
}

a_denied_client_is_cut_off() {
	lab_spawn cut client curl -sS --noproxy '*' --max-time 6 --interface $OTHER -o /dev/null \
		-w '%{size_download}\n' "http://[$LAB_VIP6]/big?rate=1m"
	sleep 1
	reload_denied $DENIED $OTHER
	lab_wait_until "! lab_alive cut" 10
	[ "$(tail -n 1 "$LAB/cut/log")" -lt 16777216 ] || fail "the download went on"
	reload_denied $DENIED
	from $OTHER 80 >/dev/null || fail "a client that is denied no more is not served"
}

# expect_between WHAT NUMBER LOW HIGH
expect_between() {
	(($2 >= $3 && $2 <= $4)) || fail "$1: $2, not $3 to $4"
}

# load6 PORT RATE COUNT: so many connections at that rate a second; how many were there in 0.4 s.
load6() {
	lab_exec client timeout 60 python3 -c 'import select, socket, sys, time
source, host, port, rate, count = *sys.argv[1:3], *map(int, sys.argv[3:])
begin, waiting, served = time.monotonic(), {}, 0
poll = select.poll()
def collect(ms):
    global served
    for fd, event in poll.poll(ms):
        s, _ = waiting.pop(fd)
        poll.unregister(fd)
        served += s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        s.close()
    for fd, (s, until) in list(waiting.items()):
        if time.monotonic() > until:
            poll.unregister(fd)
            waiting.pop(fd)[0].close()
for i in range(count):
    while (left := begin + i / rate - time.monotonic()) > 0:
        collect(max(1, int(left * 1000)))
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    s.setblocking(False)
    s.bind((source, 0))
    s.connect_ex((host, port))
    waiting[s.fileno()] = (s, time.monotonic() + 0.4)
    poll.register(s, select.POLLOUT)
while waiting:
    collect(10)
print(served)' "$(lab_address6 client)" "$LAB_VIP6" "$@"
}

# Three seconds at 100 a second of 20 allowed: the first 20 at once, then 20 in a second.
rate_of_a_source() {
	expect_between "served" "$(load6 8080 100 300)" 60 95
	from $OTHER 8080 --max-time 0.5 >/dev/null || fail "another client is not served"
	expect_between "counted" "$(dropped source "source rate")" 200 250
}

rate_of_a_farm() {
	expect_between "served" "$(load6 8081 100 300)" 60 95
	expect_between "counted" "$(dropped rate rate)" 200 250
}

# datagrams COUNT SOCKETS: so many in turn from so many ports of the client.
datagrams() {
	lab_exec client timeout 5 python3 -c 'import socket, sys
sockets = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(int(sys.argv[3]))]
for i in range(int(sys.argv[2])):
    sockets[i % len(sockets)].sendto(b"x", (sys.argv[1], 8085))' "$LAB_VIP6" "$1" "$2"
}

# Of 200 flows at once about 20 come through; 200 datagrams of one flow all do.
rate_of_udp_flows() {
	datagrams 200 200
	expect_between "counted" "$(dropped udp "source rate")" 150 180
	sleep 0.5
	datagrams 200 1
	expect_between "counted" "$(dropped udp "source rate")" 150 180
}

rates_are_of_new_connections() {
	expect "octets" "$(lab_curl --interface $OTHER --max-time 20 -o /dev/null \
		-w "%{size_download}" "http://[$LAB_VIP6]:8080/big?rate=8m")" 16777216
}

# SYN and FIN, SYN and RST, FIN and RST, nothing, FIN alone, all three.
invalid_flags_are_dropped() {
	local flags before

	before=$(dropped source "invalid flags")
	lab_capture web1 ip6 src fd77::99 and tcp dst port 8080
	lab_capture web2 ip6 src fd77::99 and tcp dst port 8080
	for flags in 0x03 0x06 0x05 0x00 0x01 0x17; do
		lab_inject client --dst-mac "$(lab_mac a)" --src-mac "$(lab_mac client)" \
			--src fd77::99 --dst "$LAB_VIP6" --sport 4711 --dport 8080 --flags $flags
	done
	expect_soon "six packets are counted" \
		"[ \$(dropped source 'invalid flags') -eq $((before + 6)) ]" 3
	# One that is valid comes through, so the others would have been seen.
	lab_capture web3 ip6 src fd77::99 and tcp dst port 8080
	lab_inject client --dst-mac "$(lab_mac a)" --src-mac "$(lab_mac client)" \
		--src fd77::99 --dst "$LAB_VIP6" --sport 4711 --dport 8080 --flags 0x02
	sleep 0.3
	for web in $LAB_WEBS; do
		lab_capture_stop "$web"
	done
	expect "segments at the backends" "$(for web in $LAB_WEBS; do
		lab_captured "$web" "ether dst $(lab_mac "$web")"
	done | wc -l)" 1
}

# refused tcp|udp PORT: within half a second.
refused() {
	lab_exec client timeout 5 python3 -c 'import socket, sys
kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
s = socket.socket(socket.AF_INET6, kind)
s.settimeout(0.5)
try:
    s.connect((sys.argv[2], int(sys.argv[3])))
    s.send(b"x")
    s.recv(1)
except ConnectionRefusedError:
    sys.exit(0)
sys.exit(1)' "$1" "$LAB_VIP6" "$2"
}

an_empty_farm_refuses() {
	local web

	for web in $LAB_WEBS; do
		lab_ctl a backend disable "empty/$web" >/dev/null
	done
	refused tcp 8082 || fail "TCP is not refused"
	refused udp 8082 || fail "UDP is not refused"
	[ "$(dropped empty "no backend")" -ge 2 ] || fail "they are not counted"
	for web in $LAB_WEBS; do
		lab_ctl a backend enable "empty/$web" >/dev/null
	done
	expect_soon "it serves again" "from $OTHER 8082 >/dev/null" 5
}

lab_up
run_case "a director with guarded farms starts" begin
run_case "only the allowed who are not denied are served" only_the_allowed_are_served
run_case "a list of thousands changes under load without a gap" list_changes_without_a_gap
run_case "who becomes denied is cut off" a_denied_client_is_cut_off
run_case "the rate of each source is limited" rate_of_a_source
run_case "the rate of a farm is limited" rate_of_a_farm
run_case "the rate of new UDP flows is limited" rate_of_udp_flows
run_case "only new connections count" rates_are_of_new_connections
run_case "invalid TCP flags are dropped" invalid_flags_are_dropped
run_case "an empty farm refuses at once" an_empty_farm_refuses
finish
