#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is known of connections: counts and lists agree with the kernel, live through a restart, and
# least-connections goes by them.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

config() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"'
	lab_conf_farm rr round-robin '"8080"' | sed 's/ports = /tcp-close-timeout = "2s"\n&/'
	lab_conf_farm least least-connections '"8081"' | sed 's/ports = /tcp-close-timeout = "2s"\n&/'
}

# held FARM [BACKEND]
held() {
	lab_status a "farms.$1.${2:+backends.$2.}connections"
}

# in_kernel FARM: flows of its tables.
in_kernel() {
	lab_exec a nft list table netdev director | awk -v farm="$1" '
		$1 == "map" { on = $2 == farm "-flows" || $2 == farm "-closing" }
		on { n += gsub(/ expires /, "") }
		END { print n + 0 }'
}

# downloads NAME COUNT PORT: slow ones, NAME1 …
downloads() {
	local i

	for i in $(seq "$2"); do
		lab_download "$1$i" 1m --max-time 120 "http://$LAB_VIP:$3/big?rate=100k" -o /dev/null
	done
}

end_downloads() {
	local i

	for i in $(seq "$2"); do
		lab_stop "$1$i" KILL
	done
}

all_up() {
	[ "$(lab_ctl a backend list | grep -c ' up ')" = 9 ]
}

begin() {
	lab_start_director a
	expect_soon "all are up" all_up 10
	expect_master a
	expect "connections" "$(held rr)" 0
	expect "new connections" "$(lab_status a farms.rr.new_flows)" 0
}

counts_match() {
	downloads rr 12 8080
	expect_soon "twelve connections" '[ "$(held rr)" = 12 ]' 5
	for web in $LAB_WEBS; do
		expect "connections of $web" "$(held rr "$web")" 4
	done
	expect "new connections" "$(lab_status a farms.rr.new_flows)" 12
	expect "flows in the kernel" "$(in_kernel rr)" 12
	# The kernel counts what was deleted until it clears it away.
	expect_soon "none is half-open" '[ "$(lab_status a farms.rr.half_open)" = 0 ]' 30
	expect "counted" "$(lab_ctl a connections --farm rr --count)" 12
	expect "counted, of web1" "$(lab_ctl a connections --farm rr --backend web1 --count)" 4
}

list_matches() {
	local list ports

	lab_ctl a -j connections --farm rr >"$LAB/list"
	list=$(python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
for row in rows:
    assert sorted(row) == sorted(["farm", "client", "client_port", "address", "port", "protocol",
                                  "backend", "expires_ms"]), row
    assert row["farm"] == "rr" and row["client"] == "10.77.0.10" and row["protocol"] == "tcp"
    assert row["address"] == "10.77.0.100" and row["port"] == 8080
    assert 800000 < row["expires_ms"] <= 900000, row
    print(row["client_port"], row["backend"])
' "$LAB/list" | sort)
	expect "listed" "$(wc -l <<<"$list")" 12
	ports=$(lab_exec client ss -Htn state established dst "$LAB_VIP:8080" | awk '{ sub(/.*:/, "", $3); print $3 }' | sort)
	expect "their ports" "$(cut -d ' ' -f 1 <<<"$list" | sort)" "$ports"
	expect "of web2" "$(lab_ctl a connections --farm rr --backend web2 | grep -c web2)" 4
	expect "of another client" "$(lab_ctl a -j connections --client 10.77.0.11)" "[]"
	expect "of this client" "$(lab_ctl a connections --client 10.77.0.10 --count)" 12
}

restart_keeps_them() {
	lab_stop_director a
	lab_download late 1m --max-time 120 "http://$LAB_VIP:8080/big?rate=100k" -o /dev/null
	sleep 0.5
	lab_start_director a
	lab_logged a 'the index of flows holds 12 flows of before' || fail "$(cat "$LAB/a/log")"
	expect_soon "thirteen connections" '[ "$(held rr)" = 13 ]' 5
	expect_soon "thirteen are listed" '[ "$(lab_ctl a connections --farm rr | grep -c rr)" = 13 ]' 8
	lab_stop late KILL
}

# One answer: of the farm, and its backends' together.
sums() {
	lab_status a farms.rr | python3 -c '
import json, sys
farm = json.load(sys.stdin)
print(farm["connections"], sum(backend["connections"] for backend in farm["backends"]))'
}

# What has ended, the kernel clears away later; it is in no number. The others end after those of web1.
drain_falls() {
	local farm backends

	expect_soon "web1 has four or five" '[ "$(held rr web1)" -ge 4 ]' 5
	lab_ctl a backend drain rr/web1 | grep -qE 'drains; [45] connections remain' || fail "drain"
	end_downloads rr 12
	for _ in $(seq 20); do
		read -r farm backends <<<"$(sums)"
		expect "connections of the farm" "$farm" "$backends"
		sleep 0.1
	done
	expect_soon "none remains" '[ "$(held rr web1)" = 0 ]' 10
	lab_ctl a backend enable rr/web1
	expect_soon "none is in the kernel" '[ "$(in_kernel rr)" = 0 ]' 3
	expect_soon "none is known of" '[ "$(sums)" = "0 0" ]' 5
	expect "counted" "$(lab_ctl a connections --farm rr --count)" 0
}

# web1 has twenty connections, the others none: it gets few of the next ones.
least_balances() {
	local n

	lab_ctl a backend drain least/web2
	lab_ctl a backend drain least/web3
	downloads old 20 8081
	expect_soon "web1 has twenty" '[ "$(held least web1)" = 20 ]' 5
	lab_ctl a backend enable least/web2
	lab_ctl a backend weight least/web3 0
	lab_ctl a backend enable least/web3
	expect_soon "web1 has a small share" \
		'awk "BEGIN { exit !($(lab_status a farms.least.backends.web1.share) < 0.3) }"' 15
	[ "$(lab_status a farms.least.scheduler_age_ms)" -lt 3500 ] || fail "the counts are old"
	downloads new 30 8081
	expect_soon "fifty connections" '[ "$(held least)" = 50 ]' 5
	n=$(held least web2)
	echo "of 30 new connections $n went to web2"
	[ "$n" -ge 16 ] || fail "only $n of 30 new connections went to web2"
	expect_soon "web1 gets more again" \
		'awk "BEGIN { exit !($(lab_status a farms.least.backends.web1.share) > 0.27) }"' 15
	end_downloads old 20
	end_downloads new 30
	lab_ctl a ruleset verify || fail "the kernel holds something else"
	[ "$(grep -c 'ruleset applied' "$LAB/a/log")" -lt 30 ] || fail "each step is logged"
}

# mended_after COMMAND …: somebody's nft changes the table; the log says who.
mended_after() {
	local from

	expect_soon "nothing differs" "lab_ctl a ruleset verify >/dev/null 2>&1" 5
	sleep 1.1
	: >"$LAB/a/log"
	from=$(now_ms)
	lab_exec a "$@"
	while ! lab_logged a 'nft \(process [0-9]+\) changed our nft table; mending it: '; do
		[ $(($(now_ms) - from)) -lt 1000 ] || fail "not noticed in a second: $(cat "$LAB/a/log")"
		sleep 0.02
	done
	echo "noticed after $(($(now_ms) - from)) ms"
	expect_soon "it is mended" "lab_ctl a ruleset verify >/dev/null 2>&1" 5
}

others_tables_are_cheap() {
	local i

	: >"$LAB/a/log"
	for i in $(seq 50); do
		lab_exec a nft add table ip "other$i"
	done
	lab_exec a nft flush chain netdev director farm-www
	expect_soon "it is noticed" "lab_logged a 'changed our nft table'" 5
	expect "warnings" "$(grep -c 'changed our nft table' "$LAB/a/log")" 1
}

clean_removes_the_index() {
	[ -e "$LAB/a/run/flows.index" ] || fail "there is no index"
	lab_stop_director a
	lab_directord a -c "$LAB/director.conf" --clean
	[ ! -e "$LAB/a/run/flows.index" ] || fail "the index is left"
}

# A directory stands where the index should be.
without_an_index() {
	mkdir -p "$LAB/a/run/flows.index/x"
	lab_start_director a
	expect_soon "all are up" all_up 10
	expect "warnings" "$(grep -c 'connections are not listed' "$LAB/a/log")" 1
	downloads none 3 8080
	expect_soon "three connections" '[ "$(held rr)" = 3 ]' 5
	end_downloads none 3
}

lab_up
config >"$LAB/director.conf"
run_case "it begins empty" begin
run_case "counts match" counts_match
run_case "the list matches" list_matches
run_case "a restart keeps them" restart_keeps_them
run_case "a drained backend's count falls" drain_falls
run_case "least-connections goes by the counts" least_balances
run_case "a deleted element is mended, the log says whose it was" mended_after \
	nft delete element netdev director www-buckets '{ 3 }'
run_case "a flushed chain is mended" mended_after nft flush chain netdev director farm-rr
run_case "changes of other tables cost little" others_tables_are_cheap
run_case "--clean removes the index" clean_removes_the_index
run_case "it works without an index" without_an_index
finish
