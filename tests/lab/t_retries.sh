#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients that repeat their SYNs: a backend whose answers do not reach them is named, and gets no new
# connections where the farm asks for that; one that has died is found before its next check. A farm that is
# sound, and a flood of SYNs, show nothing.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

CLIENTS=(--rate 30 --timeout 5)

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"'
	LAB_FARM_KEYS='syn-retries = "inhibit"' lab_conf_farm turns round-robin '"8080"'
	LAB_FARM_CHECKS='check "path" { type = "dsr" interval = "5m" fast-interval = "500ms" timeout = "400ms" fall = 2 }' \
		lab_conf_farm seldom maglev '"8081"'
}

# shows FARM/BACKEND KEY
shows() {
	lab_ctl a -j backend show "$1" | "$LAB_TOOLS/lib/json_get.py" "$2"
}

retries_of_all() {
	local farm web n=0

	for farm in www turns seldom; do
		for web in web1 web2 web3; do
			n=$((n + $(shows $farm/$web syn_retries)))
		done
	done
	echo $n
}

begin() {
	start_twins
	expect_soon "all are up" "all_up a && all_up b" 15
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 5
}

flood() {
	local spent

	spent=$(lab_exec client "$LAB_TOOLS/flood.py" eth0 "$(lab_mac a)" $LAB_VIP "$1" "$2" "$3" "$4")
	echo "$2: $spent"
	FLOOD=${spent% *}
}

# The second: the ports of one client, again and again.
sound_farm_shows_nothing() {
	local port answers

	for port in 80 8080; do
		answers=$(lab_load --rate 200 --count 1000 --timeout 3 --port $port)
		expect "answers at port $port" "$(json_value ok <<<"$answers")" 1000
		flood $port reuse 200 4
	done
	lab_exec a nft list set netdev director tried | grep -q counter || fail "nothing was looked at"
	expect "SYNs sent again" "$(retries_of_all)" 0
	! lab_logged a "repeat their SYNs" || fail "it says so"
}

flood_is_no_evidence() {
	local port held

	for port in 80 8080; do
		flood $port syn 50000 4
		[ "$FLOOD" -ge 60000 ] || fail "only $FLOOD were sent in 4 s"
		held=$(lab_exec a nft list set netdev director asked | grep -o expires | wc -l)
		[ "$held" -ge 400 ] && [ "$held" -le 2600 ] || fail "$held of them are remembered"
	done
	expect "SYNs sent again" "$(retries_of_all)" 0
	! lab_logged a "repeat their SYNs" || fail "it says so"
	all_up a || fail "$(lab_ctl a backend list)"
}

# lose WEB, mend WEB: the way from it to the client.
lose() {
	ip -n "$(lab_ns "$1")" route add blackhole "$(lab_address client)/32"
}

mend() {
	ip -n "$(lab_ns "$1")" route del blackhole "$(lab_address client)/32"
}

# looked_after WEB PORT: milliseconds from the first SYN of the client that was repeated to the next check.
looked_after() {
	lab_captured "$1" "dst port $2" | awk -v client="$(lab_address client)." -v director="$(lab_address a)." '
		{ match($0, /10\.77\.0\.[0-9]+\.[0-9]+ >/); from = substr($0, RSTART, RLENGTH - 2)
		  match($0, /seq [0-9]+/); key = from " " substr($0, RSTART, RLENGTH) }
		index(from, client) == 1 && key in seen && !first { first = $1 }
		{ seen[key] = 1 }
		first && index(from, director) == 1 { printf "%d\n", ($1 - first) * 1000; exit }'
}

captured_look() {
	AFTER=$(looked_after "$1" "$2")
	[ -n "$AFTER" ]
}

# Of a farm whose next check is minutes away.
looked_at_at_once() {
	lab_capture web2 "tcp port 8081 and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn"
	lab_load_start "${CLIENTS[@]}" --port 8081
	lose web2
	expect_soon "it is looked at" "captured_look web2 8081" 6 || fail "it is not looked at"
	expect_soon "it is said" 'lab_logged a "clients of backend \"web2\" repeat their SYNs"' 3
	echo "looked at $AFTER ms after the first SYN that was repeated"
	[ "$AFTER" -le 2000 ] || fail "$AFTER ms"
	sleep 3
	expect "state of seldom/web2" "$(shows seldom/web2 state)" up
	doctor_names_it seldom
	mend web2
	lab_load_end >/dev/null
	lab_capture_stop web2
	expect_soon "it is over" 'lab_logged a "clients of backend \"web2\" have not repeated a SYN"' 15
}

# doctor_names_it FARM
doctor_names_it() {
	lab_ctl a -c "$LAB/a.conf" -j doctor "$1" >"$LAB/doctor.json" || true
	grep -q '"answers-lost"' "$LAB/doctor.json" || fail "$(cat "$LAB/doctor.json")"
	lab_ctl a -c "$LAB/a.conf" doctor "$1" | grep -q 'ip route get' || fail "no cure"
}

# No new ones; and it comes back.
inhibited() {
	local from

	lab_load_start "${CLIENTS[@]}" --port 8080
	lose web2
	expect_soon "it is down" '[ "$(shows turns/web2 state)" = down ]' 9
	from=$(date +%s.%N)
	shows turns/web2 reason | grep -qE '^clients repeat their SYNs \([0-9]+ of [0-9]+ within 10 s\): its answers' ||
		fail "reason: $(shows turns/web2 reason)"
	[ "$(shows turns/web2 inhibited_ms)" != null ] || fail "for how long is not told"
	lab_ctl a backend show turns/web2 | grep -q 'up -> down: clients repeat' || fail "no history"
	expect_soon "so it is in the kernel" '! lab_exec a nft list map netdev director turns-slots | grep -q "$(slot_of web2)"' 5
	expect "web2 of www, which does not ask for it" "$(shows www/web2 state)" up
	sleep 4
	mend web2
	expect_soon "it is tried again" '[ "$(shows turns/web2 state)" = up ]' 10
	lab_ctl a backend show turns/web2 | grep -q 'down -> up: it is tried again' || fail "no history"
	lab_holds_for '[ "$(shows turns/web2 state)" = up ]' 6 || fail "$(shows turns/web2 reason)"
	lab_load_end >/dev/null
	# What began while it was inhibited: at once, and with the others.
	awk -v from="$from" '$1 > from + 1 && $1 < from + 5 { n++; bad += $3 != "ok"; own += $4 == "web2" }
		END { printf "%d requests, %d failed, %d at web2\n", n, bad, own; exit n < 60 || bad || own }' "$LAB/load.log" ||
		fail "new connections still go there"
	expect_soon "connections at web2 again" 'tail -n 60 "$LAB/load.log" | grep -q "ok web2"' 5
}

# The number that stands for a backend in the map of slots.
slot_of() {
	lab_exec a nft list map netdev director turns-backends | grep -oE "0x[0-9a-f]{8} [^,]*comment \"$1\"" | cut -c 1-10
}

# Of a service that is not there any more, whose next check is minutes away.
dead_one_is_found_early() {
	local began took

	lab_load_start "${CLIENTS[@]}" --port 8081
	lab_exec web3 nft -f - <<-EOT
		table inet gone { chain in { type filter hook input priority 0; tcp dport 8081 drop; }; }
	EOT
	began=$(date +%s%3N)
	expect_soon "it is down" '[ "$(shows seldom/web3 state)" = down ]' 20
	took=$(($(date +%s%3N) - began))
	echo "found dead after $took ms"
	[ "$took" -le 6500 ] || fail "$took ms"
	lab_logged a 'clients of backend "web3" repeat their SYNs' || fail "not by its clients"
	lab_load_end >/dev/null
	lab_exec web3 nft delete table inet gone
}

table_is_as_planned() {
	lab_ctl a ruleset verify | grep -q exactly || fail "the table of a differs"
	lab_ctl a ruleset export >"$LAB/export.nft"
	lab_exec a nft -c -f "$LAB/export.nft" || fail "nft does not take the export"
}

# No object of it is left.
off_is_off() {
	conf | sed 's/scheduler = /syn-retries = "off"\n&/; /syn-retries = "inhibit"/d' >"$LAB/a.conf"
	lab_ctl a config reload || fail "a refuses it"
	expect_soon "the sets are gone" '! lab_exec a nft list table netdev director | grep -qE "set (asked|again|tried|retried) |chain (re)?syn-"' 3
	expect "syn_retries" "$(shows www/web1 syn_retries)" null
	lab_answers "http://$LAB_VIP/" || fail "nobody answers"
}

lab_up
for node in a b; do
	conf >"$LAB/$node.conf"
done
run_case "two directors" begin
run_case "a sound farm shows nothing" sound_farm_shows_nothing
run_case "a flood is no evidence" flood_is_no_evidence
run_case "a backend whose answers are lost is looked at at once" looked_at_at_once
run_case "it gets no new connections, and comes back" inhibited
run_case "one that is dead is found before its check is due" dead_one_is_found_early
run_case "the table is as planned" table_is_as_planned
run_case "off is no rule at all" off_is_off
finish
