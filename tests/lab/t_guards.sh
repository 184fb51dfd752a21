#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What stands before a farm: lists of clients, rates of new connections, TCP flags; what an empty
# farm answers; backups.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/flows.sh"

# How often a list changes while every packet is accounted for, of so many a second.
RELOADS=${RELOADS:-20}
LAB_FLOWS_RATE=${GUARDS_FLOWS_RATE:-20000}

# shellcheck disable=SC2034 # of the web servers
LAB_WEB_PORTS="80 8080 8081 8082 8083 8084"

# More addresses of the client.
DENIED=10.77.0.13
OUTSIDER=10.77.0.200
OTHER=10.77.0.14

farm() {
	LAB_FARM_KEYS=$4 lab_conf_farm "$1" "$2" "\"$3\""
}

# The web servers but web3 are the backends, web3 is their backup.
farm_with_backup() {
	farm "$@" | sed '/"web3"/s/}/ backup = true }/'
}

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	farm lists maglev 80 "allow = { \"10.77.0.0/26\", \"100.64.0.0/10\" } deny = \"@$LAB/denied\""
	farm source maglev 8080 "max-rate-per-source = 20"
	farm rate round-robin 8081 "max-rate = 20"
	farm empty maglev 8082 'when-empty = "reject" protocol = "tcp+udp"'
	farm turns round-robin 8083 'when-empty = "reject" protocol = "tcp+udp"'
	farm udp round-robin 8085 'max-rate-per-source = 20 protocol = "udp"'
	farm_with_backup spare maglev 8084 "minimum-backends = 2"
}

# denied PREFIX …: the file of the denied, with thousands of others in it.
denied() {
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "172.%d.%d.%d/31\n", 16 + i / 4096,
		i / 16 % 256, i % 16 * 16 }' >"$LAB/denied.new"
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
	lab_curl --interface "$1" "${@:3}" "http://$LAB_VIP:$2/"
}

begin() {
	local address

	for address in $DENIED $OUTSIDER $OTHER; do
		ip -n "$(lab_ns client)" address add "$address/24" dev eth0
	done
	denied $DENIED
	conf >"$LAB/director.conf"
	lab_start_director a
	lab_wait_master a
}

only_the_allowed_are_served() {
	local client

	from "$(lab_address client)" 80 >/dev/null || fail "an allowed client is not served"
	for client in $DENIED $OUTSIDER; do
		! from "$client" 80 --max-time 0.5 2>/dev/null || fail "$client is served"
	done
	[ "$(dropped lists denied)" -ge 1 ] || fail "nobody was counted as denied"
	[ "$(dropped lists "not allowed")" -ge 1 ] || fail "nobody was counted as not allowed"
	from $DENIED 8080 >/dev/null || fail "the list of one farm holds for another"
}

# A list of thousands that changes ten times under load: nobody else notices, one element changes.
list_changes_without_a_gap() {
	local i load

	lab_load_start --rate 300 --source-port 20000
	for i in 1 2 3 4 5 6 7 8 9 10; do
		reload_denied $DENIED $((i % 2 ? 1 : 0)).2.3.0/24
		sleep 0.2
		[ "$(from $DENIED 80 --max-time 0.2 2>/dev/null)" = "" ] || fail "the denied is served"
	done
	load=$(lab_load_end)
	expect_no_loss "$load"
	lab_logged a 'ruleset applied: 1 elements added, 1 elements deleted \(set lists-deny\)' ||
		fail "a reload did more than it had to: $(grep applied "$LAB/a/log" | tail -n 1)"
}

# The same of every packet: clients in a range that stays, and new connections of theirs. When this
# machine is too slow for the instrument, once more at half the rate.
no_packet_is_lost_to_a_reload() {
	local i status

	for _ in 1 2 3; do
		lab_flows_start "$LAB_VIP:80" --flows 1000 --churn 1000 --churn-alive 500 --duration 110
		for i in $(seq "$RELOADS"); do
			reload_denied $DENIED "$((i % 2)).2.3.0/24" "100.63.0.0/$((i % 2 + 16))"
		done
		sleep 0.5
		lab_flows_end
		status=0
		lab_flows_judge || status=$?
		[ "$status" = 5 ] || break
		LAB_FLOWS_RATE=$((LAB_FLOWS_RATE / 2))
	done
	cat "$LAB/verdict"
	expect "exit status of the judge" "$status" 0
	reload_denied $DENIED
}

a_denied_client_is_cut_off() {
	lab_spawn cut client curl -sS --noproxy '*' --max-time 6 --interface $OTHER -o /dev/null \
		-w '%{size_download}\n' "http://$LAB_VIP/big?rate=1m"
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

# Three seconds at 100 a second of 20 allowed: the first 20 at once, then 20 in a second.
rate_of_a_source() {
	local load

	load=$(lab_load --port 8080 --rate 100 --count 300 --timeout 0.4 --source-port 30000)
	expect_between "served" "$(json_value ok <<<"$load")" 60 95
	from $OTHER 8080 --max-time 0.5 >/dev/null || fail "another client is not served"
	expect_between "counted" "$(dropped source "source rate")" 200 250
}

rate_of_a_farm() {
	local load

	load=$(lab_load --port 8081 --rate 100 --count 300 --timeout 0.4 --source-port 31000)
	expect_between "served" "$(json_value ok <<<"$load")" 60 95
	expect_between "counted" "$(dropped rate rate)" 200 250
}

# datagrams COUNT SOCKETS: so many in turn from so many ports of the client.
datagrams() {
	lab_exec client timeout 5 python3 -c 'import socket, sys
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(int(sys.argv[3]))]
for i in range(int(sys.argv[2])):
    sockets[i % len(sockets)].sendto(b"x", (sys.argv[1], 8085))' "$LAB_VIP" "$1" "$2"
}

# Of 200 flows at once about 20 come through; 200 datagrams of one flow all do.
rate_of_udp_flows() {
	datagrams 200 200
	expect_between "counted" "$(dropped udp "source rate")" 150 180
	sleep 0.5
	datagrams 200 1
	expect_between "counted" "$(dropped udp "source rate")" 150 180
}

# A download longer than the rate allows packets: packets of a connection are not counted.
rates_are_of_new_connections() {
	expect "octets" "$(lab_curl --max-time 20 -o /dev/null -w "%{size_download}" \
		"http://$LAB_VIP:8080/big?rate=8m")" \
		16777216
}

# SYN and FIN, SYN and RST, FIN and RST, nothing, FIN alone, all three.
invalid_flags_are_dropped() {
	local flags before

	before=$(dropped source "invalid flags")
	lab_capture web1 tcp dst port 8080 and src 10.77.0.99
	lab_capture web2 tcp dst port 8080 and src 10.77.0.99
	for flags in 0x03 0x06 0x05 0x00 0x01 0x17; do
		lab_inject client --dst-mac "$(lab_mac a)" --src-mac "$(lab_mac client)" \
			--src 10.77.0.99 --dst "$LAB_VIP" --sport 4711 --dport 8080 --flags $flags
	done
	expect_soon "six packets are counted" \
		"[ \$(dropped source 'invalid flags') -ge $((before + 6)) ]" 3
	lab_capture_stop web1
	lab_capture_stop web2
	expect "segments at web1" "$(lab_captured_count web1)" 0
	expect "segments at web2" "$(lab_captured_count web2)" 0
}

# udp_refused PORT: a datagram is answered with "port unreachable".
udp_refused() {
	lab_exec client timeout 5 python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((sys.argv[1], int(sys.argv[2])))
s.send(b"x")
try:
    s.recv(1)
except ConnectionRefusedError:
    sys.exit(0)
sys.exit(1)' "$LAB_VIP" "$1"
}

# tcp_refused PORT: within half a second.
tcp_refused() {
	local out

	! out=$(lab_curl --max-time 0.5 "http://$LAB_VIP:$1/" 2>&1) || return 1
	[[ $out == *refused* || $out == *"Couldn't connect"* || $out == *"Failed to connect"* ]]
}

# order_all VERB FARM
order_all() {
	local web

	for web in $LAB_WEBS; do
		lab_ctl a backend "$1" "$2/$web" >/dev/null
	done
}

# rejects FARM PORT: while all drain, the old connection goes on and a new one is refused.
rejects() {
	lab_spawn "old-$1" client curl -sS --noproxy '*' --max-time 30 -o /dev/null \
		-w '%{size_download}\n' "http://$LAB_VIP:$2/big?rate=4m"
	sleep 0.5
	order_all drain "$1"
	sleep 0.3
	tcp_refused "$2" || fail "TCP is not refused while all drain"
	# A Maglev farm learns first whose UDP flows are there.
	[ "$1" = empty ] || udp_refused "$2" || fail "UDP is not refused while all drain"
	lab_download_complete "old-$1" || fail "the old connection broke: $(cat "$LAB/old-$1/log")"
	order_all disable "$1"
	tcp_refused "$2" || fail "TCP is not refused"
	udp_refused "$2" || fail "UDP is not refused"
	[ "$(dropped "$1" "no backend")" -ge 3 ] || fail "they are not counted"
	expect "state" "$(lab_status a "farms.$1.state")" down
	order_all enable "$1"
	lab_curl "http://$LAB_VIP:$2/" >/dev/null || fail "nobody serves any more"
}

# who_serves PORT: the backends that answer thirty requests.
who_serves() {
	for _ in $(seq 30); do
		lab_curl "http://$LAB_VIP:$1/"
	done | sort -u | paste -sd " "
}

a_backup_takes_over_and_gives_back() {
	expect "who serves" "$(who_serves 8084)" "web1 web2"
	expect "state" "$(lab_status a farms.spare.state)" up
	lab_ctl a backend disable spare/web1
	expect "who serves without web1" "$(who_serves 8084)" "web2 web3"
	expect "state" "$(lab_status a farms.spare.state)" up
	lab_ctl a backend disable spare/web2
	expect "who serves without web1 and web2" "$(who_serves 8084)" "web3"
	expect "state" "$(lab_status a farms.spare.state)" down
	expect "reason" "$(lab_status a farms.spare.reason)" \
		"1 of at least 2 backends take new connections"
	lab_ctl a backend enable spare/web2
	lab_ctl a backend enable spare/web1
	expect "who serves in the end" "$(who_serves 8084)" "web1 web2"
}

# The counts outlive rules that are made anew, and people can read them.
drops_are_shown() {
	local before

	before=$(dropped source "source rate")
	sed -i 's/max-rate-per-source = 20/max-rate-per-source = 21/' "$LAB/director.conf"
	lab_ctl a config reload >/dev/null
	expect "counted, after the rules are others" "$(dropped source "source rate")" "$before"
	lab_ctl a farm show source | grep -qE "dropped +$before packets: source rate" ||
		fail "farm show: $(lab_ctl a farm show source)"
}

lab_up
lab_flows_prepare
run_case "a director with guarded farms starts" begin
run_case "only the allowed who are not denied are served" only_the_allowed_are_served
run_case "a list of thousands changes under load without a gap" list_changes_without_a_gap
run_case "no packet is lost to a reload" no_packet_is_lost_to_a_reload
run_case "who becomes denied is cut off" a_denied_client_is_cut_off
run_case "the rate of each source is limited" rate_of_a_source
run_case "the rate of a farm is limited" rate_of_a_farm
run_case "the rate of new UDP flows is limited" rate_of_udp_flows
run_case "only new connections count" rates_are_of_new_connections
run_case "invalid TCP flags are dropped" invalid_flags_are_dropped
run_case "an empty farm refuses at once (maglev)" rejects empty 8082
run_case "an empty farm refuses at once (round-robin)" rejects turns 8083
run_case "a backup takes over and gives back" a_backup_takes_over_and_gives_back
run_case "what was dropped is shown, also after a change of rules" drops_are_shown
finish
