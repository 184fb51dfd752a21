# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Flows that begin, go on, close, break and fall silent while things happen to a pair, and what its kernels
# remember of them at the end. Of the user: FLOWS, PACKETS_A_SECOND, `fail`; lib/twin.sh.

CHURN_PORT=9000
CHURN_S=30	 # a flow that is silent for so long ends
CHURN_CLOSE_S=20 # and a closing one

# churn_conf: a farm that remembers every flow.
churn_conf() {
	lab_conf_cluster
	lab_conf_vrrp
	farm churn tcp "\"$CHURN_PORT\"" "$ROUND_ROBIN" "tcp-timeout = \"${CHURN_S}s\"" \
		"tcp-close-timeout = \"${CHURN_CLOSE_S}s\""
}

# churn_prepare: once, after lab_up. The backends drop the flows, and listen for the checks.
churn_prepare() {
	local web

	for web in $LAB_WEBS; do
		lab_exec "$web" nft -f - <<-'EOT'
			table netdev sink {
				chain flows {
					type filter hook ingress device "eth0" priority 0
					ip saddr 100.64.0.0/10 drop
				}
			}
		EOT
		lab_spawn "serve-$web" "$web" "$LAB_BUILD/bench_clients" serve $CHURN_PORT
		lab_wait_until "grep -q ready '$LAB/serve-$web/log'" 5 || fail "no server on $web"
	done
}

churn_start() {
	rm -f "$LAB/churn/log"
	lab_spawn churn client "$LAB_BUILD/bench_clients" churn "$LAB_VIP" $CHURN_PORT "$FLOWS" \
		"$PACKETS_A_SECOND" 100.64.0.0
	lab_wait_until "grep -q ready '$LAB/churn/log'" 5 || fail "no churn: $(cat "$LAB/churn/log")"
}

churn_stop() {
	lab_stop churn TERM || fail "the churn does not end"
	tail -n 1 "$LAB/churn/log"
}

churn_master() {
	if lab_is a master; then echo a; else echo b; fi
}

# on_both WORD …: an order to both directors.
on_both() {
	local node

	for node in a b; do
		lab_ctl $node "$@" >/dev/null || fail "$node: $*: exit status $?"
	done
}

# --- what happens -------------------------------------------------------------------------------------

churn_disable() {
	on_both backend disable churn/web1
}

churn_enable() {
	on_both backend enable churn/web1
}

churn_drain() {
	on_both backend drain churn/web2
}

churn_undrain() {
	on_both backend enable churn/web2
}

churn_reload() {
	on_both config reload
}

# Until the directors have given the connection up.
churn_cut() {
	lab_exec b nft -f - <<-'EOT'
		table inet cut {
			chain in {
				type filter hook input priority 0
				tcp dport 8405 drop
				tcp sport 8405 drop
			}
		}
	EOT
}

churn_heal() {
	lab_exec b nft delete table inet cut
}

churn_failover() {
	local master

	master=$(churn_master)
	lab_ctl "$master" cluster failover >/dev/null || fail "failover of $master: exit status $?"
}

CHURN_EVENTS="disable enable drain undrain reload cut heal failover"

# churn_through SECONDS: all of that, at equal distances.
churn_through() {
	local event began each wait

	began=$(now_ms)
	# shellcheck disable=SC2086
	set -- "$1" $CHURN_EVENTS
	each=$(($1 * 1000 / $#))
	shift
	for event in "$@"; do
		wait=$((each - ($(now_ms) - began) % each))
		sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
		echo "$((($(now_ms) - began) / 1000)) s: $event; flows: $(lab_status a farms.churn.connections)" \
			"on a, $(lab_status b farms.churn.connections) on b"
		"churn_$event"
	done
	sleep "$((each / 1000))"
}

# --- what is left -------------------------------------------------------------------------------------

# churn_read NODE MAP: as it is now.
churn_read() {
	lab_exec "$1" nft -j list map netdev director "churn-$2" >"$LAB/$1.$2.json"
}

# churn_flows NODE: what was read of it, a line for each flow.
churn_flows() {
	local map

	for map in flows closing; do
		"$LAB_TOOLS/lib/flow_map.py" <"$LAB/$1.$map.json" >"$LAB/$1.lines" || return 1
		sed "s/^/$map:/" "$LAB/$1.lines"
	done
}

# churn_compare LEAST: both kernels, which are read side by side; the words of flow_compare.py in
# $LAB/compared, how long that took in READ_MS.
churn_compare() {
	local least=$1 began node map reader readers=

	began=$(now_ms)
	for node in a b; do
		for map in flows closing; do
			churn_read $node $map &
			readers="$readers $!"
		done
	done
	for reader in $readers; do
		wait "$reader" || fail "a map cannot be read"
	done
	READ_MS=$(($(now_ms) - began))
	[ $READ_MS -lt $((least * 1000)) ] || fail "it took $READ_MS ms to read the maps, longer than $least s"
	for node in a b; do
		churn_flows $node >"$LAB/$node.dump" || fail "a map of $node is none"
	done
	set -- a b
	lab_is a master || set -- b a
	map_lines "$1" churn-relayed >"$LAB/relayed" || fail "what $1 relays cannot be read"
	"$LAB_TOOLS/lib/flow_compare.py" "$LAB/$1.dump" "$LAB/$2.dump" "$least" "$LAB/relayed" \
		>"$LAB/compared"
}

# churn_compared KIND: how many.
churn_compared() {
	awk -v kind="$1" '$1 == kind { print $2 }' "$LAB/compared"
}

churn_quiet() {
	twins_in_sync && [ "$(twin a queued) $(twin a unacknowledged)" = "0 0" ] &&
		[ "$(twin b queued) $(twin b unacknowledged)" = "0 0" ]
}
