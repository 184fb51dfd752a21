#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# directorctl doctor: each fault that a farm of this kind can have is found and named, alone and beside
# every other one, and of a sound farm nothing is said; on the master, on the standby, without a daemon.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

FAR=10.99.0 # a network behind a router
declare -A ADDRESS=() MAC=() # of a backend in the configuration, where it is another one

# conf [KEY …]: of both nodes.
conf() {
	local web

	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_KEYS="$*" lab_conf_farm www maglev '"80"' >"$LAB/farm"
	for web in $LAB_WEBS; do
		sed -i "s/\(\"$web\" {.*address = \)\"[^\"]*\"/\1\"${ADDRESS[$web]:-$(lab_address "$web")}\" ${MAC[$web]:-}/" \
			"$LAB/farm"
	done
	cat "$LAB/farm"
}

configure() {
	local node

	for node in a b; do
		conf >"$LAB/$node.conf"
	done
}

# reconfigure: both daemons have it.
reconfigure() {
	local node

	configure
	for node in a b; do
		lab_ctl $node config reload >/dev/null
	done
	expect_in_sync 30 # so many reloads spend the credit that the channel has
}

# doctor NODE [ARGUMENT …]: its findings, "CODE FARM/BACKEND" a line, sorted; its exit status in $LAB/status,
# the right one in $LAB/wanted.
doctor() {
	local node=$1 status=0

	shift
	lab_ctl "$node" -j -c "$LAB/$node.conf" doctor "$@" >"$LAB/doctor.json" || status=$?
	echo $status >"$LAB/status"
	python3 -c '
import json, sys
d = json.load(sys.stdin)
for f in sorted(d["findings"], key=lambda f: (f["code"], f["farm"] or "", f["backend"] or "")):
    if f["code"] != "vip-claimed": # which counts for a minute after it was mended
        print(f["code"], "/".join(filter(None, (f["farm"], f["backend"]))))
open(sys.argv[1], "w").write("4\n" if d["findings"] else "0\n")' "$LAB/wanted" <"$LAB/doctor.json"
}

# expect_doctor NODE LINES
expect_doctor() {
	local found

	found=$(doctor "$1")
	[ "$found" = "$2" ] || fail "$1 finds '$(echo "$found" | paste -sd ,)', not '$(echo "$2" | paste -sd ,)': $(cat "$LAB/doctor.json")"
	expect "exit status" "$(cat "$LAB/status")" "$(cat "$LAB/wanted")"
}

# --- faults: of a backend, and taken back ------------------------------------------------------------

vip_missing() { ip -n "$(lab_ns "$1")" address delete "$LAB_VIP/32" dev lo; }
vip_missing_back() { ip -n "$(lab_ns "$1")" address add "$LAB_VIP/32" dev lo; }

speaks() { lab_exec "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0; }
speaks_back() { lab_exec "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; }

# serve WEB LISTEN: nginx listens there instead of port 80.
serve() {
	lab_stop "$1" TERM || true
	lab_web_conf "$1" "$LAB/$1" | sed "s/^listen 80 /listen $2 /" >"$LAB/$1/nginx.conf"
	rm -f "$LAB/$1/access.log"
	lab_spawn "$1" "$1" nginx -p "$LAB/$1" -e "$LAB/$1/error.log" -c "$LAB/$1/nginx.conf"
	lab_wait_until "[ -e '$LAB/$1/access.log' ]" 5
}

own_only() { serve "$1" "$(lab_address "$1"):80"; }
own_only_back() { serve "$1" 80; }

other_port() { serve "$1" 8888; }
other_port_back() { serve "$1" 80; }

small_mtu() { ip -n "$(lab_ns "$1")" link set eth0 mtu 1300; }
small_mtu_back() { ip -n "$(lab_ns "$1")" link set eth0 mtu 1500; }

# Those of the configuration have effect with the next reload.
wrong_mac() { MAC[$1]='mac = "02:00:00:00:99:99"'; }
wrong_mac_back() { unset "MAC[$1]"; }

far_away() { ADDRESS[$1]=$FAR.${1#web}; }
far_away_back() { unset "ADDRESS[$1]"; }

# Of the pair, whatever the backend.
differ() { DIFFER=yes; }
differ_back() { DIFFER=; }

declare -A CODES=(
	[vip_missing]=vip-missing [speaks]=vip-spoken-for [own_only]=own-address-only
	[other_port]=not-listening [small_mtu]=mtu-too-small [wrong_mac]=wrong-mac
	[far_away]=backend-off-link [differ]=configurations-differ
)
FAULTS="vip_missing speaks own_only other_port small_mtu wrong_mac far_away differ"
DIFFER=

is_configured() {
	case $1 in wrong_mac | far_away | differ) ;; *) return 1 ;; esac
}

# finding FAULT WEB: the line.
finding() {
	if [ "$1" = differ ]; then echo "${CODES[$1]} "; else echo "${CODES[$1]} www/$2"; fi
}

both_know() {
	[ "$(lab_status a peers.0.channel.config_differs) $(lab_status b peers.0.channel.config_differs)" = "true true" ]
}

# put_in_force FAULT …: what of these is configured.
put_in_force() {
	local fault

	for fault in "$@"; do
		is_configured "$fault" || continue
		reconfigure
		if [ -n "$DIFFER" ]; then
			conf 'tcp-timeout = "7m"' >"$LAB/a.conf"
			lab_ctl a config reload >/dev/null
			expect_soon "both know of it" "both_know" 5
			expect_in_sync 30
		fi
		return 0
	done
}

# --- cases --------------------------------------------------------------------------------------------

begin() {
	local node

	for node in a b; do
		ip -n "$(lab_ns $node)" route add "$FAR.0/24" via "$(lab_address client)"
	done
	configure
	for node in a b; do
		lab_start_director $node "$LAB/$node.conf"
	done
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "all are up" "! lab_ctl a status | grep -q unresolved && ! lab_ctl b status | grep -q unresolved" 10
	expect_in_sync 10
}

a_sound_farm() {
	expect_doctor a ""
	expect_doctor b ""
	expect "for people" "$(lab_ctl a -c "$LAB/a.conf" doctor)" "nothing is wrong"
	expect "of one farm" "$(lab_ctl b -c "$LAB/a.conf" doctor www)" "nothing is wrong"
	lab_ctl a -c "$LAB/a.conf" doctor wwww 2>"$LAB/err" && fail "there is no such farm"
	grep -q 'did you mean "www"' "$LAB/err" || fail "$(cat "$LAB/err")"
}

# alone FAULT: on both directors; the cure is told.
alone() {
	"$1" web2
	put_in_force "$1"
	expect_doctor a "$(finding "$1" web2)"
	python3 -c '
import json, sys
sys.exit(not all(f["cure"] for f in json.load(sys.stdin)["findings"]))' <"$LAB/doctor.json" ||
		fail "no cure: $(cat "$LAB/doctor.json")"
	expect_doctor b "$(finding "$1" web2)"
	[ "$1" != differ ] || grep -q 'tcp-timeout = 15m here, 7m on a' "$LAB/doctor.json" ||
		fail "it is not told what differs: $(cat "$LAB/doctor.json")"
	"${1}_back" web2
	put_in_force "$1"
	expect_doctor a ""
}

# beside FAULT: every other one, at another backend.
beside() {
	local other behind=

	for other in $FAULTS; do
		if [ "$other" = "$1" ]; then
			behind=yes
			continue
		fi
		[ -n "$behind" ] || continue # that pair was there
		"$1" web1
		"$other" web3
		put_in_force "$1" "$other"
		expect_doctor a "$( (finding "$1" web1; finding "$other" web3) | sort)"
		"${1}_back" web1
		"${other}_back" web3
		put_in_force "$1" "$other"
	done
	expect_doctor a ""
}

# Who is out of service is not asked for.
a_backend_in_repair() {
	lab_ctl a backend disable www/web2 >/dev/null
	other_port web2
	expect_doctor a ""
	expect_doctor b "" # the order counts on both
	other_port_back web2
	lab_ctl a backend enable www/web2 >/dev/null
}

# Heard, not asked for: so it is told although the wire is sound again.
a_claim_of_a_minute_ago() {
	speaks web1
	doctor a >/dev/null
	speaks_back web1
	expect_soon "the daemon has heard it" "lab_status a claims | grep -q web1" 5
	doctor a >/dev/null
	grep -q '"vip-claimed"' "$LAB/doctor.json" || fail "$(cat "$LAB/doctor.json")"
}

rules_before_ours() {
	lab_exec a nft -f - <<-'EOT'
		table netdev early {
			chain drops {
				type filter hook ingress device "eth0" priority -10
				udp dport 9 drop
			}
		}
	EOT
	expect_doctor a "chain-before "
	expect_doctor b ""
	lab_exec a nft delete table netdev early
	expect_doctor a ""
}

a_firewall_that_sees_nothing() {
	lab_exec a nft -f - <<-'EOT'
		table inet wall {
			chain input {
				type filter hook input priority 0
				tcp dport 80 drop
			}
		}
	EOT
	expect_doctor a "firewall-bypassed www"
	lab_exec a nft delete table inet wall
	expect_doctor a ""
}

# Network namespaces of the lab have mounts of their own for each command.
a_saved_table() {
	local found status=0

	lab_ctl a ruleset export >"$LAB/saved.nft"
	found=$(lab_exec a sh -c "mount --bind '$LAB/saved.nft' /etc/nftables.conf &&
		exec '$LAB_BUILD/directorctl' -s '$LAB/a/run/director.sock' -j -c '$LAB/a.conf' doctor") || status=$?
	expect "exit status" $status 4
	[[ $found == *'"code": "saved-table"'*'/etc/nftables.conf:'* ]] || fail "$found"
	[ "$(grep '"code"' <<<"$found" | grep -cv vip-claimed)" = 1 ] || fail "more than that: $found"
}

without_daemons() {
	local node

	speaks web3
	for node in a b; do
		lab_stop_director $node || fail "$node does not end"
	done
	expect_doctor a "vip-spoken-for www/web3"
	grep -q 'directord is not running' "$LAB/doctor.json" || fail "$(cat "$LAB/doctor.json")"
	speaks_back web3
	expect_doctor b ""
	for node in a b; do
		lab_start_director $node "$LAB/$node.conf"
	done
}

lab_up
run_case "the pair starts" begin
run_case "of a sound farm nothing is said" a_sound_farm
for fault in $FAULTS; do
	run_case "${CODES[$fault]}, alone" alone "$fault"
done
for fault in ${FAULTS% *}; do
	run_case "${CODES[$fault]}, beside every other one" beside "$fault"
done
run_case "a backend that is out of service" a_backend_in_repair
run_case "a claim that was heard within the last minute" a_claim_of_a_minute_ago
run_case "rules of somebody else before ours" rules_before_ours
run_case "a firewall by which the farm's traffic does not come" a_firewall_that_sees_nothing
run_case "a saved ruleset that holds our table" a_saved_table
run_case "without daemons" without_daemons
finish
