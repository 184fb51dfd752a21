#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The virtual addresses are a lease of the kernel's: who does not renew them loses them. What others
# remove comes back at once.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

SECOND=10.77.0.101

# watch_start NODE: writes down when addresses come to it and go.
watch_start() {
	rm -rf "$LAB/watch"
	lab_spawn watch "$1" "$LAB_TOOLS/lib/address_log.py"
	lab_wait_until "grep -q ready '$LAB/watch/log'" 5
}

# watched WORD ADDRESS: the milliseconds at which the last such event came.
watched() {
	awk -v word="$1" -v address="$2" '$2 == word && $3 == address { at = $1 } END { print at }' \
		"$LAB/watch/log"
}

killed_daemon_loses_the_vip() {
	local killed gone

	lab_load_start --rate 100 --timeout 2
	watch_start a
	killed=$(now_ms)
	lab_kill_director a
	expect_soon "the VIP is gone from a" "! lab_has_vip a" 4
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	lab_stop watch
	gone=$(($(watched del $LAB_VIP) - killed))
	echo "the VIP was gone after $gone ms"
	[ "$gone" -lt 2700 ] || fail "the VIP was gone only after $gone ms"
	[ "$gone" -gt 1000 ] || fail "the VIP was gone after $gone ms: there was no lease"
	sleep 0.5
	expect_no_loss "$(lab_load_end)"
	lab_start_director a
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
}

stopped_daemon_loses_the_vip() {
	local stopped gone

	lab_load_start --rate 100 --timeout 2
	watch_start a
	stopped=$(now_ms)
	lab_signal a STOP
	expect_soon "the VIP is gone from a" "! lab_has_vip a" 4
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	lab_stop watch
	gone=$(($(watched del $LAB_VIP) - stopped))
	echo "the VIP was gone after $gone ms"
	[ "$gone" -lt 2700 ] || fail "the VIP was gone only after $gone ms"
	lab_signal a CONT
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
	lab_holds_for "lab_is a master && lab_is b backup && lab_has_vip a && ! lab_has_vip b" 2 ||
		fail "not one master"
	expect_no_loss "$(lab_load_end)"
}

# Renewed all the time: never missing, for more than twice its lifetime.
the_vip_is_never_missing() {
	watch_start a
	lab_holds_for "lab_has_vip a" 6 || fail "it was missing"
	lab_stop watch
	expect "removals" "$(grep -c ' del ' "$LAB/watch/log")" 0
	[ "$(grep -c " new $LAB_VIP" "$LAB/watch/log")" -ge 10 ] || fail "it was not renewed"
}

# remove ADDRESS: what a network manager does. Back, and announced, both within 100 ms.
remove() {
	local before deleted back announced length=32 filter

	[[ $1 != *:* ]] || length=128
	filter="arp src host $1 and arp dst host $1"
	[[ $1 != *:* ]] || filter="icmp6 and src host $1 and ip6[40] = 136"
	lab_capture client "$filter"
	watch_start a
	before=$(now_ms)
	ip -n "$(lab_ns a)" address del "$1/$length" dev eth0
	expect_soon "$1 is back" "lab_has_address a $1" 5
	sleep 0.3
	lab_stop watch
	lab_capture_stop client
	deleted=$(watched del "$1")
	back=$(($(awk -v at="$deleted" -v address="$1" \
		'$1 >= at && $2 == "new" && $3 == address { print $1; exit }' "$LAB/watch/log") - deleted))
	# On a machine that is busy the watch may hear of it after the client does.
	announced=$(lab_captured client | awk -v at="$deleted" -v before="$before" '$1 * 1000 >= before {
		printf "%d", ($1 * 1000 > at ? $1 * 1000 - at : 0); exit }')
	echo "$1: back after $back ms, announced after $announced ms"
	[ "$back" -lt 100 ] || fail "$1 was back only after $back ms"
	[ -n "$announced" ] && [ "$announced" -lt 100 ] || fail "announced after '$announced' ms"
}

removed_vip_comes_back() {
	local others

	others=$(watch_others)
	remove $LAB_VIP
	lab_logged a "$LAB_VIP.* was removed from eth0, not by us" || fail "not logged"
	expect "the other addresses" "$(watch_others)" "$others"
	lab_is a master || fail "a is not master any more"
}

# What is on eth0 but for the VIP: without lifetimes.
watch_others() {
	ip -n "$(lab_ns a)" -o address show dev eth0 | awk '{ print $4 }' | grep -v "^$LAB_VIP/" | sort
}

# Somebody removes it over and over: the daemon goes on with its work.
stubborn_remover() {
	local i

	watch_start a
	for i in $(seq 100); do
		ip -n "$(lab_ns a)" address del "$LAB_VIP/32" dev eth0 2>/dev/null || true
	done
	expect_soon "the VIP is back" "lab_has_vip a" 5
	lab_stop watch
	lab_holds_for "lab_is a master && lab_is b backup" 1 || fail "the election was disturbed"
	# At most one line in ten seconds, and the case before has just had one.
	[ "$(lab_logged_count a 'not by us')" -le 3 ] || fail "the log is flooded"
}

lab_logged_count() {
	grep -cE "$2" "$LAB/$1/log"
}

ipv6_vips_come_back() {
	remove $LAB_VIP6
	remove $LAB_VIP6_LINK
	lab_has_address a $SECOND || fail "the second IPv4 address is gone"
}

# The kernel removes IPv6 addresses when the link goes down, and keeps those of IPv4.
link_down_and_up() {
	ip -n "$(lab_ns a)" link set eth0 down
	ip -n "$(lab_ns a)" link set eth0 up
	expect_soon "a holds all again" "lab_is a master && lab_has_vip a && lab_has_vip6 a" 10
	# The host's own went with the link, as the kernel does it.
	ip -n "$(lab_ns a)" address replace "$(lab_address6 a)/64" dev eth0 nodad
	lab_holds_for "lab_has_vip6 a" 3 || fail "they did not stay"
	expect_soon "b holds none" "! lab_has_vip6 b && ! lab_has_vip b" 3
	expect "the lifetime" "$(lab_vip_lifetime a $LAB_VIP6 | grep -cE '^[12]$')" 1
}

# The owner's address was there before the daemon, with the network's length.
owner_keeps_its_own() {
	local node

	for node in a b; do
		lab_stop_director $node
	done
	ip -n "$(lab_ns a)" address add "$LAB_VIP/24" dev eth0
	{
		LAB_PRIORITY_A=255 lab_conf_cluster
		LAB_VIPS="\"$LAB_VIP/24\", \"$SECOND/24\"" lab_conf_vrrp
	} >"$LAB/owner.conf"
	lab_start_director a "$LAB/owner.conf"
	expect_soon "a is master" "lab_is a master && lab_has_address a $SECOND" 10
	sleep 3
	expect "the host's lifetime" "$(lab_vip_lifetime a)" forever
	expect "the second's lifetime" "$(lab_vip_lifetime a $SECOND | grep -cE '^[12]$')" 1
	# Ours of an earlier run are known again.
	lab_kill_director a
	lab_start_director a "$LAB/owner.conf"
	expect_soon "a is master" "lab_is a master && lab_has_address a $SECOND" 10
	lab_holds_for "lab_has_address a $SECOND" 4 || fail "the second address was not renewed"
	lab_stop_director a
	expect "the host's lifetime" "$(lab_vip_lifetime a)" forever
	! lab_has_address a $SECOND || fail "the second address is still there"
	ip -n "$(lab_ns a)" address del "$LAB_VIP/24" dev eth0
}

lab_up
lab_net6_up
{
	lab_conf_cluster
	LAB_VIPS="\"$LAB_VIP/24\", \"$SECOND/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\"" lab_conf_vrrp
	lab_conf_farm www maglev '"80", "8080"'
} >"$LAB/director.conf"
lab_start_pair
run_case "the VIP is renewed and never missing" the_vip_is_never_missing
run_case "a removed VIP is back and announced at once, its sibling stays" removed_vip_comes_back
run_case "removed IPv6 VIPs are back and announced at once" ipv6_vips_come_back
run_case "one that is removed over and over" stubborn_remover
run_case "the link goes down and up" link_down_and_up
run_case "a killed daemon loses the VIP, no request is lost" killed_daemon_loses_the_vip
run_case "a stopped daemon loses the VIP; continued, there is one master" stopped_daemon_loses_the_vip
run_case "an address owner's own address is never leased" owner_keeps_its_own
finish
