#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two paths between the directors, adverts and heartbeats: what either of them is worth when the other
# one is lost, and what `cluster status` shows of it. Each case begins with a as master and b as backup.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# configure FILE [INTERVAL]: with LAB_CLUSTER_KEYS, LAB_VRRP_KEYS and LAB_KEY as they are.
configure() {
	LAB_ADVERTISE_INTERVAL=${2:-200ms} lab_conf >"$LAB/$1"
}

# pair_with FILE [FILE]: both anew, with these configurations (b with the second one).
pair_with() {
	local node

	for node in a b; do
		lab_exec $node nft delete table netdev test 2>/dev/null || true # of a case that failed
		! lab_alive $node || lab_stop_director $node
	done
	lab_start_director a "$LAB/$1"
	lab_start_director b "$LAB/${2:-$1}"
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 5
}

pair_is_connected() {
	[ "$(lab_status a peers.0.state) $(lab_status b peers.0.state)" = "connected connected" ]
}

expect_connected() {
	expect_soon "both hear each other's heartbeats" pair_is_connected 5
}

expect_quiet() {
	expect "alarms of a" "$(lab_status a alarms)" "[]"
	expect "alarms of b" "$(lab_status b alarms)" "[]"
}

transitions() {
	echo "$(lab_status a vrrp.0.transitions) $(lab_status b vrrp.0.transitions)"
}

# filter MATCH: drops such packets at both directors; unfilter: no more.
filter() {
	local node

	for node in a b; do
		lab_exec $node nft -f - <<-EOT
			table netdev test {
				chain drops {
					type filter hook ingress device "eth0" priority -400
					$1 drop
				}
			}
		EOT
	done
}

unfilter() {
	lab_exec a nft delete table netdev test
	lab_exec b nft delete table netdev test
}

# has_alarm NODE REGEX
has_alarm() {
	lab_status "$1" alarms | grep -qE "$2"
}

# exit_status COMMAND …: prints it.
exit_status() {
	local status=0

	"$@" >/dev/null || status=$?
	echo $status
}

# ms_since EPOCH FRAME: of a line of lab_captured.
ms_since() {
	awk -v since="$1" '{ printf "%d\n", ($1 - since) * 1000; exit }' <<<"$2"
}

# first_word NODE EPOCH: the first announcement of the VIP by NODE after that, in milliseconds; captured
# at the client.
first_word() {
	local line

	line=$(lab_captured client "arp src host $LAB_VIP and ether src $(lab_mac "$1")" |
		awk -v since="$2" '$1 >= since' | head -n 1)
	[ -n "$line" ] || fail "$1 has not announced the VIP"
	ms_since "$2" "$line"
}

a_healthy_pair_is_shown() {
	local text

	pair_with director.conf
	expect_connected
	expect_quiet
	expect "exit status" "$(exit_status lab_ctl b cluster status)" 0
	expect "heartbeat" "$(lab_status b peers.0.heartbeat.state)" up
	expect "what b knows of a" "$(lab_status b peers.0.vrrp.web.state)" master
	expect "what a knows of b" "$(lab_status a peers.0.vrrp.web.state)" backup
	expect "backends of farms that b tracks: none" "$(lab_status a peers.0.vrrp.0.healthy_backends)" null
	[ "$(lab_status b peers.0.heartbeat.age_ms)" -lt 1000 ] || fail "an old heartbeat"
	[ "$(lab_status a vrrp.0.lease_s)" -gt 0 ] || fail "no lease"
	expect "lease of b" "$(lab_status b vrrp.0.lease_s)" 0
	text=$(lab_ctl b cluster status)
	grep -qE '^peer a +10.77.0.2, connected,' <<<"$text" || fail "$text"
	grep -qE '^  there: vrrp web master, priority 150, holds the addresses' <<<"$text" || fail "$text"
}

# One master; the standby says why it is none, until adverts arrive again.
lost_adverts_are_no_takeover() {
	local before

	pair_with director.conf
	expect_connected
	before=$(transitions)
	filter "ip protocol 112"
	expect_soon "b holds its takeover" '[ "$(lab_status b vrrp.0.held)" = true ]' 5
	has_alarm b "takeover held" || fail "no alarm: $(lab_status b alarms)"
	expect "exit status" "$(exit_status lab_ctl b cluster status)" 4
	expect "exit status of status" "$(exit_status lab_ctl b status)" 0
	lab_holds_for "lab_is a master && lab_is b backup && ! lab_has_vip b" 10 || fail "not one master"
	has_alarm b "takeover held" || fail "the alarm did not last"
	unfilter
	expect_soon "the alarm ends" '[ "$(lab_status b alarms)" = "[]" ]' 5
	expect "held" "$(lab_status b vrrp.0.held)" false
	expect "transitions" "$(transitions)" "$before"
}

# As the protocol has it: two masters, for as long as no advert gets through, and both know it.
not_holding_makes_two_masters() {
	LAB_CLUSTER_KEYS='hold-takeover = false' configure bold.conf
	pair_with bold.conf
	expect_connected
	filter "ip protocol 112"
	expect_soon "b takes over" "lab_is b master" 5
	expect_soon "a has an alarm" 'has_alarm a "two masters: node b says that it is master"' 5
	expect_soon "b has an alarm" 'has_alarm b "two masters: node a says that it is master"' 5
	lab_holds_for "lab_is a master && lab_is b master" 3 || fail "one of them has changed its mind"
	unfilter
	expect_soon "b is backup" "lab_is b backup && ! lab_has_vip b" 3
	expect_soon "the alarms end" '[ "$(lab_status a alarms)$(lab_status b alarms)" = "[][]" ]' 3
	expect "transitions of a" "$(lab_status a vrrp.0.transitions)" 2
}

lost_heartbeats_are_no_takeover() {
	local before

	pair_with director.conf
	expect_connected
	before=$(transitions)
	filter "udp dport 8405"
	expect_soon "b misses them" '[ "$(lab_status b peers.0.state)" = down ]' 5
	expect_soon "a misses them" '[ "$(lab_status a peers.0.state)" = down ]' 5
	has_alarm b "node a: adverts come, but its heartbeats do not" ||
		fail "no alarm: $(lab_status b alarms)"
	lab_holds_for "lab_is a master && lab_is b backup" 3 || fail "the states have changed"
	unfilter
	expect_connected
	expect_quiet
	expect "transitions" "$(transitions)" "$before"
}

# goodbye_is_answered_at_once FROM COMMAND …: b announces the VIP within 100 ms of the command or, when
# it is one that takes its time to start, of the goodbye (FROM is command, goodbye); no request is lost.
goodbye_is_answered_at_once() {
	local since took from=$1

	shift
	pair_with slow.conf
	expect_connected
	lab_load_start --rate 100 --timeout 2
	lab_capture client arp or vrrp
	since=$EPOCHREALTIME
	"$@"
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	sleep 0.3
	lab_capture_stop client
	expect_no_loss "$(lab_load_end)"
	[ "$from" = command ] ||
		since=$(lab_captured client "vrrp and src host $(lab_address a) and ip[22] = 0" |
			awk '{ print $1; exit }')
	[ -n "$since" ] || fail "a has not said goodbye"
	took=$(first_word b "$since")
	[ "$took" -le 100 ] || fail "b announced the VIP after $took ms"
}

daemon_dies() {
	local since took

	pair_with slow.conf
	expect_connected
	lab_load_start --rate 100 --timeout 2
	lab_capture client arp
	since=$EPOCHREALTIME
	lab_signal a KILL
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 3
	lab_wait_until "! lab_has_vip a" 2 || fail "a holds the VIP still"
	took=$(ms_since "$since" "$EPOCHREALTIME")
	[ "$took" -le 3000 ] || fail "two holders for $took ms"
	sleep 1
	expect_vip_on b
	lab_capture_stop client
	expect_no_loss "$(lab_load_end)"
	took=$(first_word b "$since")
	[ "$took" -le 2500 ] || fail "b announced the VIP after $took ms"
	lab_wait_until "! lab_alive a" 5
}

# One that was stopped for longer than its lease has nothing to say when it goes on but that it is no
# master, after it has let the VIP go.
stopped_daemon_says_nothing() {
	local since said

	pair_with slow.conf
	expect_connected
	lab_signal a STOP
	sleep 6
	lab_is b master || fail "b is no master"
	expect_vip_on b
	lab_capture client "ether src $(lab_mac a) and (arp or vrrp)"
	since=$EPOCHREALTIME
	lab_signal a CONT
	sleep 1
	lab_capture_stop client
	said=$(lab_captured client "(vrrp and ip[22] != 0) or arp src host $LAB_VIP")
	[ -z "$said" ] || fail "a spoke: $said"
	lab_logged a stalled || fail "a did not notice"
	expect_master a 10 # preempts, in its own time
	expect_soon "b is backup" "lab_is b backup" 3
	expect_soon "alarms end" '[ "$(lab_status a alarms)$(lab_status b alarms)" = "[][]" ]' 3
}

# rotate FIRST SECOND: to another key and back, one director after the other.
rotate() {
	local before step node

	pair_with director.conf
	expect_connected
	before=$(transitions)
	for step in one:two two:one two: two:one one:two one:; do
		LAB_CLUSTER_KEYS=
		[ -z "${step#*:}" ] || LAB_CLUSTER_KEYS="accept-key-file = \"$LAB/${step#*:}.key\""
		LAB_KEY=$LAB/${step%:*}.key configure director.conf
		for node in "$@"; do
			lab_ctl "$node" config reload >/dev/null || fail "$node: no reload"
			lab_holds_for pair_is_connected 1 || fail "not connected at step $step of $node"
		done
	done
	expect "transitions" "$(transitions)" "$before"
	expect_quiet
	for node in a b; do
		! lab_logged $node 'node [ab] .*: down' || fail "$node has missed heartbeats"
	done
}

another_key_is_named() {
	LAB_KEY=$LAB/two.key configure other.conf
	pair_with director.conf other.conf
	expect_soon "a has an alarm" 'has_alarm a "node b: heartbeats that do not open"' 5
	expect_soon "b has an alarm" 'has_alarm b "node a: heartbeats that do not open"' 5
	[ "$(lab_status a peers.0.heartbeat.rejected_reasons.key)" -gt 0 ] || fail "not counted"
	expect "state" "$(lab_status a peers.0.state)" connecting
	expect "exit status" "$(exit_status lab_ctl a cluster status)" 4
	lab_load_start --rate 100 --timeout 2
	lab_stop_director a
	expect_master b
	expect_no_loss "$(lab_load_end)"
	lab_start_director a
	expect_master a
}

returning_node_waits() {
	local since took

	LAB_VRRP_KEYS='preempt-delay = "3s"' configure delay.conf
	pair_with delay.conf
	lab_stop_director a
	expect_master b
	since=$(now_ms)
	lab_start_director a "$LAB/delay.conf"
	expect_soon "a says why it waits" 'lab_status a vrrp.0.gate | grep -q preempt-delay' 2
	lab_ctl a cluster status | grep -q '^  does not preempt yet (preempt-delay)' || fail "not in the text"
	lab_holds_for "lab_is b master" 2 || fail "a did not wait"
	expect_master a 5
	took=$(($(now_ms) - since))
	[ "$took" -ge 3000 ] || fail "a was master after $took ms"
	expect gate "$(lab_status a vrrp.0.gate)" ""
}

# Not only after a start: the delay begins when the link is back, however long it was away.
returning_link_waits() {
	local since took

	lab_switch_port_down a
	expect_master b
	sleep 4
	lab_switch_port_up a
	expect_soon "a has its link" "lab_is a backup" 5
	since=$(now_ms)
	expect_soon "a says why it waits" 'lab_status a vrrp.0.gate | grep -q preempt-delay' 2
	expect_master a 6
	took=$(($(now_ms) - since))
	[ "$took" -ge 2500 ] || fail "a was master $took ms after its link was back"
}

lab_up
lab_key_make "$LAB/two.key"
cp -p "$LAB/cluster.key" "$LAB/one.key"
configure director.conf
configure slow.conf 1s
run_case "a healthy pair is shown" a_healthy_pair_is_shown
run_case "lost adverts are no takeover" lost_adverts_are_no_takeover
run_case "without hold-takeover there are two masters" not_holding_makes_two_masters
run_case "lost heartbeats are no takeover" lost_heartbeats_are_no_takeover
run_case "an orderly stop is answered at once" goodbye_is_answered_at_once \
	command lab_signal a TERM
run_case "a failover is answered at once" goodbye_is_answered_at_once \
	goodbye lab_ctl a cluster failover
run_case "a daemon dies, its heartbeats tell" daemon_dies
run_case "a stopped daemon says nothing when it goes on" stopped_daemon_says_nothing
run_case "from key to key, a first" rotate a b
run_case "from key to key, b first" rotate b a
run_case "another key is named, and harms nothing" another_key_is_named
run_case "a returning node waits for its preempt-delay" returning_node_waits
run_case "a returning link waits for its preempt-delay" returning_link_waits
finish
