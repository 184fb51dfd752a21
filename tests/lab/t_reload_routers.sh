#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A reload ends twenty virtual routers, or makes them anew, while the adverts of another one go on every
# 10 ms. Each has sockets and a device whose end the kernel takes 5 to 20 ms for: on the thread of the
# election that was a gap of 540 to 1180 ms, in which the other director takes over; aside of it there
# is none to be seen (10 ms). Counted are gaps of ten intervals, for the sake of busy machines.
#
# SHOW=1 prints the gaps.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

ROUTERS=20
GAP_MS=100
LAB_ADVERTISE_INTERVAL=10ms
LAB_VRRP_KEYS="realtime = true"

# write_conf [PREFIX VIRTUAL_MAC]: the lab's, with twenty more sections PREFIX1 …
write_conf() {
	local i

	{
		lab_conf
		for ((i = 1; i <= ROUTERS && $# > 0; i++)); do
			cat <<-EOT
				vrrp "$1$i" {
					interface = "eth0"
					virtual-router-id = $((100 + i))
					addresses = { "10.77.1.$i/16" }
					advertise-interval = "10ms"
					virtual-mac = $2
				}
			EOT
		done
	} >"$LAB/next.conf"
	mv "$LAB/next.conf" "$LAB/director.conf"
}

# How many routers are master.
masters() {
	lab_ctl a -j status | grep -o '"state": *"master"' | wc -l
}

devices() {
	ip -n "$(lab_ns a)" -o link show type macvlan | wc -l
}

# The longest time between two adverts of the section that stays, in the client's capture.
longest_gap_ms() {
	lab_captured client "ip proto 112 and ip[21] = 51" | awk '
		last && $1 - last > gap { gap = $1 - last }
		{ last = $1 }
		END { if (NR < 50) print "too few adverts"; else printf "%d\n", gap * 1000 }'
}

# reload_without_a_gap [PREFIX VIRTUAL_MAC]
reload_without_a_gap() {
	local gap

	write_conf "$@"
	lab_capture client ip proto 112
	sleep 0.5
	lab_ctl a config reload
	sleep 1.5
	lab_capture_stop client
	gap=$(longest_gap_ms)
	echo "$gap ms: reload to ${1:-none} ${2:-}" >>"$LAB/gaps"
	[ "$gap" -lt "$GAP_MS" ] || fail "a gap of $gap ms"
}

# begin PREFIX VIRTUAL_MAC: all of them are master.
begin() {
	write_conf "$@"
	lab_ctl a config reload
	expect_soon "all are master" "[ \$(masters) = $((ROUTERS + 1)) ]" 20
}

routers_end() {
	begin x "$1"
	reload_without_a_gap
	expect "routers that are master" "$(masters)" 1
	expect_soon "their devices are gone" "[ \$(devices) = 0 ]" 5
}

# Another name makes another router, whose device has the name of the old one's.
made_anew() {
	begin x true
	reload_without_a_gap y true
	expect_soon "all are master" "[ \$(masters) = $((ROUTERS + 1)) ]" 20
	expect "devices" "$(devices)" "$ROUTERS"
	! lab_logged a "somebody removed the interface" || fail "a device went once more"
}

# Started by the main thread, before the election's has its priority and its processor.
pool_is_ordinary() {
	local pid threads

	pid=$(cat "$LAB/a/pid")
	ps -L -o tid=,cls=,comm= -p "$pid" | tee "$LAB/threads"
	expect "threads with real-time priority" "$(awk '$2 == "FF" { print $3 }' "$LAB/threads")" election
	threads=$(wc -l <"$LAB/threads")
	[ "$threads" -ge 6 ] || fail "there is no pool"
	[ "$(nproc)" -gt 1 ] || return 0
	expect "threads that keep off the election's processor, as the main one does" \
		"$(awk '{ print $1 }' "$LAB/threads" | xargs -n 1 taskset -p | awk '{ print $NF }' |
			grep -cx "$(taskset -p "$pid" | awk '{ print $NF }')")" $((threads - 1))
}

all_is_gone_at_the_end() {
	lab_stop_director a
	expect "devices" "$(devices)" 0
}

lab_up
write_conf
lab_start_director a
expect_soon "a is master" "lab_is a master" 10
run_case "the pool's threads are not the election's kind" pool_is_ordinary
run_case "twenty routers end" routers_end false
run_case "twenty routers with a virtual MAC address end" routers_end true
run_case "twenty devices are made anew" made_anew
run_case "none is left when the daemon has ended" all_is_gone_at_the_end
[ -z "${SHOW:-}" ] || sed 's/^/# /' "$LAB/gaps" || true
finish
