#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients keep their backend: by persistence, over time, ports and protocols, while backends come and
# go; and by pins of the configuration. The client has many addresses, 10.80.NETWORK.HOST.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

ECHO_PORT=7000
# Enough for each backend to have some by any hash; the last one is pinned over IPv6.
NETWORKS="1 2 3 4 5 7 8 9 10 11 12 6"
N_NETWORKS=12

# conf SCHEDULER [KEY …]
conf() {
	local scheduler=$1

	shift
	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_KEYS=$(printf '%s\n' "$@") lab_conf_farm www "$scheduler" "\"80\", \"8080\", \"$ECHO_PORT\""
}

# serve SCHEDULER [KEY …]: as that says; nothing is remembered of a case before.
serve() {
	conf "$@" >"$LAB/director.conf"
	if lab_alive a; then
		lab_stop_director a
	fi
	lab_directord a --clean -c "$LAB/director.conf" >/dev/null 2>&1 || fail "it cannot be cleaned"
	lab_start_director a
	expect_soon "all backends are up" "all_up" 20
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
}

# reload SCHEDULER [KEY …]
reload() {
	conf "$@" >"$LAB/director.conf"
	lab_ctl a config reload || fail "it is refused"
}

all_up() {
	lab_ctl a backend list | awk '$2 != "up" { bad = 1 } END { exit bad || !NR }'
}

PERSISTS='persistence = "source-address"'

# --- who answers ----------------------------------------------------------------------------------

# tcp CLIENT [PORT]
tcp() {
	lab_curl --interface "$1" "http://$LAB_VIP:${2:-80}/"
}

# ask tcp|udp CLIENT VIP [TIMES]: who answers, over one connection or flow each; datagrams one after the
# other from the same port.
ask() {
	lab_exec client timeout 5 python3 - "$1" "$2" "$3" $ECHO_PORT "${4:-1}" <<-'EOT'
		import socket, sys
		protocol, client, vip, port, times = sys.argv[1:]
		family = socket.AF_INET6 if ":" in vip else socket.AF_INET
		tcp = protocol == "tcp"
		s = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
		s.bind((client, 0))
		s.settimeout(2)
		s.connect((vip, int(port)))
		for _ in range(int(times)):
		    s.send(b"up\n")
		    if tcp:
		        s.shutdown(socket.SHUT_WR)
		    print(s.recv(100).split()[0].decode())
	EOT
}

# udp CLIENT [DATAGRAMS]: of one flow; who answered each.
udp() {
	ask udp "$1" "$LAB_VIP" "${2:-1}"
}

# expect_always BACKEND CLIENT: in new connections to two ports, and in datagrams.
expect_always() {
	local port

	for port in 80 8080 80; do
		expect "who answers $2 at $port" "$(tcp "$2" $port)" "$1"
	done
}

# choices: a line "CLIENT BACKEND" for one client of each network, by a request.
choices() {
	local n

	for n in $NETWORKS; do
		echo "10.80.$n.1 $(tcp "10.80.$n.1")"
	done
}

expect_same_choices() {
	local client backend

	while read -r client backend; do
		expect_always "$backend" "$client"
	done <"$LAB/choices"
}

client_of() {
	awk -v backend="$1" '$2 == backend { print $1; exit }' "$LAB/choices"
}

pins() {
	lab_status a farms.www.pins
}

# --- the lab --------------------------------------------------------------------------------------

begin() {
	local n h web

	for n in $NETWORKS; do
		for h in 1 2 3; do
			ip -n "$(lab_ns client)" address add "10.80.$n.$h/32" dev lo
		done
	done
	for web in $LAB_WEBS; do
		ip -n "$(lab_ns "$web")" route add 10.80.0.0/16 via "$(lab_address client)"
		lab_spawn "echo-$web" "$web" "$LAB_TOOLS/echo.py" serve "$web" $ECHO_PORT
		lab_wait_until "grep -q ready '$LAB/echo-$web/log'" 10 || fail "no echo on $web"
	done
	conf maglev >"$LAB/director.conf"
	lab_start_director a
}

# --- cases ----------------------------------------------------------------------------------------

without() {
	local seen='' web

	serve round-robin
	for _ in 1 2 3 4 5 6; do
		seen="$seen $(tcp 10.80.1.1)"
	done
	for web in $LAB_WEBS; do
		[[ "$seen " == *" $web "* ]] || fail "$web has no request of $seen"
	done
}

same_backend() {
	serve "$1" "$PERSISTS" 'protocol = "tcp+udp"'
	choices >"$LAB/choices"
	expect_same_choices
	[ "$(awk '{ print $2 }' "$LAB/choices" | sort -u | wc -l)" -gt 1 ] || fail "all on one backend"
	expect "pins" "$(pins)" $((N_NETWORKS + 1)) # and the client's own address
}

udp_too() {
	local client backend

	serve round-robin "$PERSISTS" 'protocol = "tcp+udp"'
	choices >"$LAB/choices"
	while read -r client backend; do
		expect "who answers datagrams of $client" "$(udp "$client" 3 | sort -u)" "$backend"
	done <"$LAB/choices"
	backend=$(udp 10.80.1.2 3 | sort -u)
	expect_always "$backend" 10.80.1.2
}

# Six connections at once, of a client that nobody knows: before any of them is complete.
at_once() {
	local n got

	serve round-robin "$PERSISTS"
	for n in $NETWORKS; do
		got=$(lab_curl -Z --interface "10.80.$n.1" "http://$LAB_VIP/?[1-6]" | tr -d '\n' | sed 's/web/ web/g' |
			tr ' ' '\n' | sort -u | grep -c .)
		expect "backends of 10.80.$n.1" "$got" 1
	done
}

a_network_is_a_client() {
	local n first

	serve round-robin "$PERSISTS" 'persistence-prefix = 24'
	for n in $NETWORKS; do
		first=$(tcp "10.80.$n.1")
		expect_always "$first" "10.80.$n.2"
		expect_always "$first" "10.80.$n.3"
	done
	expect "pins" "$(pins)" $((N_NETWORKS + 1))
}

# listed OPTION…: what `persistence` says of clients, "CLIENT BACKEND".
listed() {
	lab_ctl a -j persistence "$@" | python3 -c '
import json, sys
for row in json.load(sys.stdin):
    assert row["farm"] == "www" and 0 < row["expires_ms"] <= 900000, row
    print(row["client"] + "/" + str(row["prefix"]), row["backend"])'
}

# Whom the kernel keeps is told, and no one else.
they_are_listed() {
	local n

	for n in $NETWORKS; do
		echo "10.80.$n.0/24 $(tcp "10.80.$n.1")"
	done | sort >"$LAB/answers"
	listed >"$LAB/listed"
	grep '^10\.80\.' "$LAB/listed" | sort | diff "$LAB/answers" - || fail "others answer than are listed"
	expect "listed" "$(wc -l <"$LAB/listed")" "$(pins)"
	expect "counted" "$(lab_ctl a persistence --count)" "$(pins)"
	expect "one client" "$(listed --client 10.80.3.200)" "$(grep '^10\.80\.3\.' "$LAB/answers")"
	expect "nobody" "$(listed --client 10.81.3.200)" ""
	expect "of web1" "$(listed --farm www --backend web1 | wc -l)" "$(grep -c ' web1$' "$LAB/listed")"
	lab_ctl a persistence --client 10.80.3.1 >"$LAB/line"
	grep -qE '^10\.80\.3\.0/24 +www/web[0-9], .* left$' "$LAB/line" || fail "$(cat "$LAB/line")"
	expect "connections" "$(lab_ctl a -j connections | grep -c prefix || true)" 0
}

# All clients in turn take some seconds on a busy machine: none must be silent for so long by that.
forgotten_in_time() {
	serve round-robin "$PERSISTS" 'persistence-timeout = "8s"' 'tcp-timeout = "2s"' \
		'tcp-close-timeout = "1s"'
	choices >"$LAB/choices"
	for _ in 1 2 3; do
		sleep 2.5
		expect_same_choices
	done
	expect_soon "the clients are forgotten" "[ \"\$(pins)\" = 0 ]" 20
}

# A connection that lives longer than the timeout keeps its client.
kept_by_a_connection() {
	local backend

	serve round-robin "$PERSISTS" 'persistence-timeout = "2s"' 'tcp-timeout = "2s"'
	backend=$(tcp 10.80.1.1)
	lab_spawn kept client curl -s --noproxy '*' -o /dev/null -w '%{http_code} %{size_download}' \
		--interface 10.80.1.1 "http://$LAB_VIP/big?rate=2000k"
	sleep 6
	expect_always "$backend" 10.80.1.1
	lab_wait_until "! lab_alive kept" 20 || fail "the download does not end"
	expect "the download" "$(cat "$LAB/kept/log")" "200 16777216"
}

dead_is_chosen_anew() {
	local client backend now

	serve round-robin "$PERSISTS"
	choices >"$LAB/choices"
	client=$(client_of web1)
	[ -n "$client" ] || fail "nobody on web1"
	lab_ctl a backend disable www/web1
	now=$(tcp "$client") || fail "no answer to the first request"
	[ "$now" != web1 ] || fail "web1 is disabled and answers"
	expect_always "$now" "$client"
	while read -r other backend; do
		[ "$backend" = web1 ] || expect_always "$backend" "$other"
	done <"$LAB/choices"
	lab_ctl a backend enable www/web1
	expect_soon "all backends are up" "all_up" 20
	expect_always "$now" "$client"
}

# New connections leave at once and stay together; those that are there are not touched.
drained() {
	local client now

	serve "$1" "$PERSISTS"
	choices >"$LAB/choices"
	client=$(client_of web1)
	[ -n "$client" ] || fail "nobody on web1"
	lab_spawn "slow-$1" client curl -s --noproxy '*' -o /dev/null -w '%{http_code} %{size_download}' \
		--interface "$client" "http://$LAB_VIP/big?rate=3000k"
	sleep 1
	lab_ctl a backend drain www/web1
	sleep 0.3
	now=$(tcp "$client")
	[ "$now" != web1 ] || fail "a new connection went to web1"
	expect_always "$now" "$client"
	lab_ctl a backend enable www/web1
	expect_always "$now" "$client"
	lab_wait_until "! lab_alive slow-$1" 20 || fail "the download does not end"
	expect "the download" "$(cat "$LAB/slow-$1/log")" "200 16777216"
	expect "where it went" "$(grep -c "^$client .*big" "$LAB/web1/access.log")" 1
	: >"$LAB/web1/access.log"
}

kept_by_the_kernel() {
	serve round-robin "$PERSISTS" 'persistence-prefix = 24'
	choices >"$LAB/choices"
	lab_stop_director a
	expect_same_choices
	lab_start_director a
	expect_same_choices
	lab_kill_director a || true
	lab_start_director a
	expect_same_choices
	lab_ctl a ruleset verify || fail "the ruleset differs"
}

# Two places for seven clients.
table_is_full() {
	local n h

	serve round-robin "$PERSISTS" 'max-connections = 2'
	for h in 1 2 3; do
		for n in $NETWORKS; do
			tcp "10.80.$n.$h" >/dev/null || fail "10.80.$n.$h is not served"
		done
	done
	expect "pins" "$(pins)" 2
}

# The VIP of IPv6 is in no vrrp section: the client is told whose it is.
over_ipv6() {
	local n web first

	lab_net6_up
	ip -n "$(lab_ns client)" neighbour replace "$LAB_VIP6" lladdr "$(lab_mac a)" nud permanent dev eth0
	for web in $LAB_WEBS; do
		ip -n "$(lab_ns "$web")" route replace fd80::/16 via "$(lab_address6 client)"
	done
	for n in $NETWORKS; do
		ip -n "$(lab_ns client)" address add "fd80:$n::1/128" dev lo nodad
		ip -n "$(lab_ns client)" address add "fd80:$n::2/128" dev lo nodad
	done
	{
		conf maglev
		LAB_FARM_KEYS="$PERSISTS
			persistence-prefix6 = 64
			protocol = \"tcp+udp\"
			pin { client = \"fd80:6::/32\"  backend = \"web3\" }" \
			lab_conf_farm six round-robin "\"$ECHO_PORT\"" |
			sed "s/$LAB_VIP/$LAB_VIP6/; s/10\.77\.0\./fd77::/"
	} >"$LAB/director.conf"
	lab_ctl a config reload || fail "it is refused"
	expect_soon "all backends are up" "all_up" 20
	for n in $NETWORKS; do
		first=$(ask tcp "fd80:$n::1" "$LAB_VIP6")
		expect "who answers fd80:$n::2" "$(ask tcp "fd80:$n::2" "$LAB_VIP6")" "$first"
		expect "who answers its datagrams" "$(ask udp "fd80:$n::2" "$LAB_VIP6" 3 | sort -u)" "$first"
	done
	expect "who answers the pinned" "$first" web3
	# The pinned one is noted, too: its packets refresh its client like any other's.
	expect "pins" "$(lab_status a farms.six.pins)" $N_NETWORKS
	lab_ctl a ruleset verify || fail "the ruleset differs"
}

# pinned SCHEDULER [KEY …]
pinned() {
	serve "$@" 'pin { client = "10.80.1.0/24"  backend = "web1" }' \
		'pin { client = "10.80.2.0/24"  backend = "web2" }' \
		'pin { client = "10.80.3.1"  backend = "web3" }'
	expect_always web1 10.80.1.1
	expect_always web1 10.80.1.3
	expect_always web2 10.80.2.1
	expect_always web2 10.80.2.2
	expect_always web3 10.80.3.1
	lab_ctl a backend disable www/web2
	[ "$(tcp 10.80.2.1)" != web2 ] || fail "web2 is disabled and answers"
	expect_always web1 10.80.1.1
	lab_ctl a backend enable www/web2
	expect_soon "all backends are up" "all_up" 20
	expect_always web2 10.80.2.1
	lab_ctl a backend drain www/web1
	expect_always web1 10.80.1.1
	[ "$(tcp 10.80.4.1)" != web1 ] || fail "web1 drains and gets a client without a pin"
	lab_ctl a backend enable www/web1
	reload "$@" 'pin { client = "10.80.1.0/25"  backend = "web3" }' \
		'pin { client = "10.80.2.0/24"  backend = "web2" }'
	expect_always web3 10.80.1.1
	expect_always web2 10.80.2.1
	lab_ctl a ruleset verify || fail "the ruleset differs"
}

lab_up
run_case "a director and its servers start" begin
run_case "without persistence a client meets every backend" without
run_case "a client keeps its backend (round-robin)" same_backend round-robin
run_case "a client keeps its backend (random)" same_backend random
run_case "a client keeps its backend (maglev)" same_backend maglev
run_case "over UDP it is the same" udp_too
run_case "connections that begin at once meet one backend" at_once
run_case "a network of clients is one" a_network_is_a_client
run_case "they are listed" they_are_listed
run_case "a silent client is forgotten" forgotten_in_time
run_case "a living connection keeps its client" kept_by_a_connection
run_case "a backend dies: its clients get another one at once" dead_is_chosen_anew
run_case "a drain moves clients, not connections (round-robin)" drained round-robin
run_case "a drain moves clients, not connections (maglev)" drained maglev
run_case "without a daemon, and after it came back" kept_by_the_kernel
run_case "a full table stops nobody" table_is_full
run_case "pins (maglev)" pinned maglev
run_case "pins (round-robin)" pinned round-robin
run_case "pins (random, with persistence)" pinned random "$PERSISTS"
run_case "over IPv6" over_ipv6
finish
