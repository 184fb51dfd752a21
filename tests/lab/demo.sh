#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair of directors in front of three web servers: requests, a lost master, its return. Exit
# status 0 only if everything went as it should.
. "$(dirname "$0")/lab.sh"

RATE=200

say() {
	printf '\n== %s\n' "$*"
}

die() {
	echo "demo: $*" >&2
	tail -n 8 "$LAB"/[ab]/log >&2 || true
	exit 1
}

show_lab() {
	cat <<-EOT
		   client 10.77.0.10            director a 10.77.0.2 (priority 150)
		         \\                     /
		          +------ switch -----+-- director b 10.77.0.3 (priority 100)
		         /      |      \\           VIP 10.77.0.100, an advert every ${LAB_ADVERTISE_INTERVAL:-200ms}
		      web1    web2    web3   10.77.0.21, .22, .23; nginx each
	EOT
}

# by_backend JSON
by_backend() {
	local web

	for web in $LAB_WEBS; do
		printf '   %-5s %4s\n' "$web" "$(json_value "backends.$web" <<<"$1" || echo 0)"
	done
}

requests_are_spread() {
	local load

	say "600 requests through the VIP, each on a connection of its own"
	lab_capture client src host "$LAB_VIP" and tcp
	load=$(lab_load --count 600 --rate 400)
	lab_capture_stop client
	by_backend "$load"
	[ "$(json_value failed <<<"$load")" = 0 ] || die "requests failed: $load"
}

answers_come_straight() {
	local mac n who

	say "Who sent the answers, by source MAC of the frames that the client received"
	lab_captured client | awk '{ print $2 }' | sort | uniq -c >"$LAB/senders"
	while read -r n mac; do
		who=$(who_has "$mac")
		printf '   %s  %-10s %5s frames\n' "$mac" "$who" "$n"
		[ "${who#web}" != "$who" ] || die "$who sent answers: they should not pass it"
	done <"$LAB/senders"
	echo "   none of them passed a director on its way back"
}

who_has() {
	local host

	for host in $LAB_HOSTS; do
		[ "$(lab_mac "$host")" != "$1" ] || echo "$host"
	done
}

master_is_lost() {
	local killed

	say "$RATE requests a second; then the master's machine is gone: cable pulled, daemon killed (-9)"
	lab_load_start --rate $RATE --timeout 0.3
	lab_capture b arp
	sleep 1
	killed=$EPOCHREALTIME
	lab_switch_port_down a
	lab_kill_director a
	lab_wait_until "lab_is b master && lab_answers http://$LAB_VIP/" 15 || die "b did not take over"
	sleep 1
	lab_capture_stop b
	report_takeover "$killed" "$(lab_load_end)"
}

# report_takeover KILLED JSON: KILLED is the moment before the cable was pulled, so that nothing is
# made to look shorter than it was.
report_takeover() {
	local announced served lost before gap gap_start

	gap=$(json_value longest_gap_ms <<<"$2")
	gap_start=$(json_value gap_start <<<"$2")
	served=$(awk -v t="$1" -v gap="$gap" -v from="$gap_start" \
		'BEGIN { printf "%d", (from - t) * 1000 + gap }')
	announced=$(lab_captured b "ether src $(lab_mac b) and arp[14:4] = 0x0a4d0064" |
		awk -v t="$1" '$1 >= t { printf "%d", ($1 - t) * 1000; exit }')
	# A request from before the kill may be the kill's victim.
	lost=$(awk -v t="$1" '$3 != "ok" && $2 >= t' "$LAB/load.log" | wc -l)
	before=$(awk -v t="$1" '$3 != "ok" && $2 < t' "$LAB/load.log" | wc -l)
	[ "$before" = 0 ] || die "$before requests failed before the kill"
	[ "$served" -gt 0 ] || die "the longest gap was not that of the kill"
	[ -n "$announced" ] || die "b has not announced the VIP"
	echo "   takeover time         $served ms  from the kill to the first request served again"
	echo "   VIP announced after   $announced ms  first gratuitous ARP of b"
	echo "   longest gap           $gap ms  between two answers"
	echo "   requests lost         $lost of $(json_value sent <<<"$2") (no retries, 300 ms patience)"
}

master_returns() {
	local load

	say "Director a's machine starts again, under the same load; it takes the VIP back"
	ip -n "$(lab_ns a)" address flush dev eth0 to "$LAB_VIP"
	lab_exec a nft flush ruleset
	lab_switch_port_up a
	lab_load_start --rate $RATE --timeout 1
	lab_start_director a
	lab_wait_master a 15 || die "a did not come back"
	lab_wait_until "! lab_has_vip b" 5 || die "b still holds the VIP"
	sleep 0.5
	load=$(lab_load_end)
	echo "   a is $(lab_status a vrrp.0.state), b is $(lab_status b vrrp.0.state);" \
		"requests lost: $(json_value failed <<<"$load") of $(json_value sent <<<"$load")"
	[ "$(json_value failed <<<"$load")" = 0 ] || die "requests failed: $load"
}

say "A lab of network namespaces"
show_lab
lab_up
lab_start_pair || die "no election"

say "Both directors run; directorctl status on a:"
lab_ctl a status
requests_are_spread
answers_come_straight
master_is_lost

say "directorctl status on b:"
lab_ctl b status
master_returns

say "Cleaning up"
lab_stop_director a || die "a did not end cleanly"
lab_stop_director b || die "b did not end cleanly"
lab_down
echo "   done: namespaces, processes and files of the lab are gone"
