#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every packet is counted, once and for the backend that got it, while elements with their counters
# come and go under it.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/flows.sh"

config() {
	local LAB_FARM_KEYS='transition-time = "1s"'

	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"'
	lab_conf_farm rr round-robin '"8080"'
}

# counts FARM: "backend packets" of each.
counts() {
	lab_ctl a -j farm show "$1" | python3 -c '
import json, sys
for b in json.load(sys.stdin)["backends"]:
    if b["packets"] or b["weight"]: print(b["name"], b["packets"])' | sort
}

# received: the same as the backends themselves counted it, of the flows that have just ended.
received() {
	sed -n 's/^\(web[0-9]*\) .* flows *\([0-9]*\) packets.*/\1 \2/p' "$LAB/verdict" | sort
}

# difference BEFORE AFTER: backend by backend.
difference() {
	join <(echo "$1") <(echo "$2") | awk '{ print $1, $3 - $2 }'
}

# never_less BEFORE AFTER
never_less() {
	[ -z "$(difference "$1" "$2" | awk '$2 < 0')" ] ||
		fail "counts went backwards, from" "$1" "to" "$2"
}

# counted FARM VIP:PORT TIMES CHANGE: flows, and TIMES calls of CHANGE FARM NUMBER during them.
counted() {
	local farm=$1 vip=$2 times=$3 change=$4 before last now i

	before=$(counts "$farm")
	last=$before
	lab_flows_start "$vip" --flows 5000 --churn 1000 --churn-alive 500 --duration 300
	sleep 0.5
	for ((i = 1; i <= times; i++)); do
		"$change" "$farm" "$i"
		now=$(counts "$farm")
		never_less "$last" "$now"
		last=$now
	done
	lab_flows_end
	lab_flows_judge || true # whom the flows went to is another test's business
	[ "$(received | awk '{ n += $2 } END { print n }')" -gt 100000 ] || fail "there was no traffic"
	expect "packets of each backend" "$(difference "$before" "$(counts "$farm")")" "$(received)"
}

weight() {
	lab_ctl a backend weight "$1/web2" $(($2 % 4 + 1)) >/dev/null
}

off_and_on() {
	lab_ctl a backend "$([ $(($2 % 2)) = 1 ] && echo disable || echo enable)" "$1/web1" >/dev/null
}

nothing() {
	sleep 0.05
}

# The whole table is made anew, with one of another size: so many backends come, or go. Those that come
# serve nobody, so what they get does not go from the counts with them.
more_backends() {
	local n mac

	config >"$LAB/director.conf"
	if [ $(($2 % 2)) = 1 ]; then
		mac=$(lab_mac web1)
		for n in $(seq 100); do
			echo "backend \"more$n\" { address = \"10.77.1.$n\" interface = \"eth0\" mac = \"$mac\" weight = 0 }"
		done >"$LAB/more"
		sed -i "/^farm \"$1\"/r $LAB/more" "$LAB/director.conf"
	fi
	lab_ctl a config reload >/dev/null
	sleep 0.2
}

begin() {
	lab_start_director a
	lab_wait_until "lab_ctl a status >/dev/null" 10
	expect_soon "the master" "lab_ctl a status | grep -q master" 20
	expect_soon "all backends are up" "[ \$(lab_ctl a backend list | awk '\$2 == \"up\"' | wc -l) = 6 ]" 20
	lab_flows_prepare
}

lab_up
config >"$LAB/director.conf"
run_case "the director starts" begin
run_case "maglev: at rest" counted www "$LAB_VIP:80" 5 nothing
run_case "maglev: 30 changes of a weight" counted www "$LAB_VIP:80" 30 weight
run_case "maglev: a backend goes and comes 50 times" counted www "$LAB_VIP:80" 100 off_and_on
run_case "maglev: another number of buckets 10 times" counted www "$LAB_VIP:80" 10 more_backends
run_case "round-robin: at rest" counted rr "$LAB_VIP:8080" 5 nothing
run_case "round-robin: a backend goes and comes 15 times" counted rr "$LAB_VIP:8080" 30 off_and_on
run_case "round-robin: another number of slots 10 times" counted rr "$LAB_VIP:8080" 10 more_backends
finish
