#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Requests through the VIP: spread over the backends, answered by them directly.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# conf WEIGHT2: a Maglev farm on two ports and a round-robin farm on a third.
conf() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80", "8080"' 1 "$1" 1
	lab_conf_farm turns round-robin '"8081"'
}

spreads_equally() {
	local load

	lab_capture client tcp and src host "$LAB_VIP"
	load=$(lab_load --count 600 --rate 300 --source-port 20000)
	lab_capture_stop client
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
}

# Of the capture made above.
answered_by_backends_only() {
	local macs web expected=

	macs=$(lab_captured client | awk '{ print $2 }' | sort -u | tr '\n' ' ')
	for web in $LAB_WEBS; do
		expected="$expected$(lab_mac "$web") "
	done
	expect "who sent the answers" "$macs" "$expected"
}

frames_change_macs_only() {
	local syn

	lab_capture web1 tcp dst port 80 and host "$LAB_VIP"
	lab_load --count 20 --source-port 21000 >/dev/null
	lab_capture_stop web1
	expect_sender a web1 dst host "$LAB_VIP"
	syn=$(lab_captured web1 -v 'tcp[tcpflags] == tcp-syn' | head -n 2)
	[[ $syn == *"ttl 64,"* ]] || fail "the TTL was changed: $syn"
	[[ $syn == *"10.77.0.10.21"* ]] || fail "the source was changed: $syn"
}

second_port_works() {
	local load

	load=$(lab_load --count 60 --port 8080 --source-port 22000)
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
}

other_ports_are_not_touched() {
	local error

	error=$(lab_curl "http://$LAB_VIP:81/" 2>&1) && fail "port 81 answers"
	[[ $error == *refused* || $error == *"Couldn't connect"* ]] || fail "port 81: $error"
}

keep_alive_stays() {
	local load

	load=$(lab_load --port "$1" --count 15 --requests 5 --pause 0.05 --rate 50)
	expect_no_loss "$load"
	expect "connections that moved" "$(json_value moved <<<"$load")" 0
	expect "answers" "$(json_value ok <<<"$load")" 75
}

round_robin_is_exact() {
	local load web

	load=$(lab_load --port 8081 --count 60 --rate 100)
	expect_no_loss "$load"
	for web in $LAB_WEBS; do
		expect "requests to $web" "$(json_value "backends.$web" <<<"$load")" 20
	done
}

# The client is made to send to the standby: the same client ports get the same backends.
standby_chooses_alike() {
	local through

	for through in a b; do
		ip -n "$(lab_ns client)" neighbour replace "$LAB_VIP" lladdr "$(lab_mac $through)" \
			nud permanent dev eth0
		expect_no_loss "$(lab_load --count 100 --source-port 23000 --log "$LAB/$through.log")"
		awk '{ print $5, $4 }' "$LAB/$through.log" | sort >"$LAB/$through.choices"
	done
	ip -n "$(lab_ns client)" neighbour delete "$LAB_VIP" dev eth0
	diff "$LAB/a.choices" "$LAB/b.choices" || fail "the directors choose differently"
}

spreads_by_weight() {
	local load

	conf 2 >"$LAB/director.conf"
	lab_ctl a config reload
	lab_ctl b config reload
	load=$(lab_load --count 800 --rate 300 --source-port 24000)
	expect_no_loss "$load"
	expect_spread "$load" 1 2 1
}

lab_up
conf 1 >"$LAB/director.conf"
run_case "a pair elects its master" lab_start_pair
run_case "600 requests spread equally" spreads_equally
run_case "answers come straight from the backends" answered_by_backends_only
run_case "only the MAC addresses of a frame change" frames_change_macs_only
run_case "a second port of the farm works" second_port_works
run_case "a port that is no farm's is left alone" other_ports_are_not_touched
run_case "a kept connection stays on its backend (maglev)" keep_alive_stays 80
run_case "a kept connection stays on its backend (round-robin)" keep_alive_stays 8081
run_case "round-robin takes turns exactly" round_robin_is_exact
run_case "the standby forwards too, and chooses alike" standby_chooses_alike
run_case "requests follow the weights 1:2:1" spreads_by_weight
finish
