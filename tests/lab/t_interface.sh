#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kinds of interfaces: on each that director(7) calls good, a director is master and forwards; each
# that it calls useless is named with its kind, the reason and what to use instead.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

in_a() {
	ip -n "$(lab_ns a)" "$@"
}

# make COMMAND …: or the kernel does not know the kind.
make() {
	"$@" 2>"$LAB/make.log" || {
		grep -qi 'unknown device type\|not supported' "$LAB/make.log" &&
			skip "this kernel does not have it"
		fail "cannot be made: $(cat "$LAB/make.log")"
	}
}

# The address that eth0 has goes to x0.
move_address() {
	in_a address flush dev eth0 scope global
	in_a link set x0 up
	in_a address add "$(lab_address a)/24" dev x0
}

make_bridge() {
	make in_a link add x0 type bridge stp_state 0 forward_delay 0
	in_a link set eth0 master x0
}

make_bond() {
	make in_a link add x0 type bond mode active-backup miimon 50
	in_a link set eth0 down
	in_a link set eth0 master x0
}

make_team() {
	make in_a link add x0 type team
	in_a link set eth0 down
	in_a link set eth0 master x0
	in_a link set eth0 up
}

make_macvlan() {
	make in_a link add link eth0 name x0 type macvlan mode bridge
}

make_ipvlan() {
	make in_a link add link eth0 name x0 type ipvlan mode l2
}

# The switch's port for it is a VLAN interface, too.
make_vlan() {
	make in_a link add link eth0 name x0 type vlan id 7
	ip -n "$(lab_ns switch)" link set dev a nomaster
	ip -n "$(lab_ns switch)" link add link a name a.7 type vlan id 7
	ip -n "$(lab_ns switch)" link set dev a.7 master switch up
}

# overlay KIND ARGUMENT …: a tunnel with Ethernet headers over what was the cable.
overlay() {
	local switch kind=$1

	shift
	switch=$(lab_ns switch)
	make in_a link add x0 type "$kind" "$@" remote 192.0.2.2
	in_a address add 192.0.2.1/24 dev eth0
	ip -n "$switch" link set dev a nomaster
	ip -n "$switch" address add 192.0.2.2/24 dev a
	ip -n "$switch" link add x0 type "$kind" "$@" remote 192.0.2.1
	ip -n "$switch" link set x0 master switch up
}

make_vxlan() {
	overlay vxlan id 7 dstport 4789
}

make_geneve() {
	overlay geneve id 7
}

make_gretap() {
	overlay gretap
}

make_tap() {
	lab_exec a test -c /dev/net/tun || skip "there is no /dev/net/tun"
	lab_spawn tap a "$LAB_TOOLS/lib/tap.py" x0 eth0
	lab_wait_until "in_a link show x0 >/dev/null 2>&1" 5
}

unmake() {
	lab_stop_director a || true
	lab_stop tap || true
	in_a link delete x0 2>/dev/null || true
	ip -n "$(lab_ns switch)" link delete x0 2>/dev/null || true
	lab_unplug a
	lab_plug a
}

config_on() {
	sed "s/interface = \"eth0\"/interface = \"$1\"/" "$LAB/director.conf" >"$LAB/on.conf"
}

# works_on KIND: master, addresses and real requests on x0.
works_on() {
	local load

	config_on x0
	"make_$1"
	case $1 in
	vxlan | geneve | gretap)
		in_a link set x0 up
		in_a address delete "$(lab_address a)/24" dev eth0
		in_a address add "$(lab_address a)/24" dev x0
		;;
	*) move_address ;;
	esac
	lab_start_director a "$LAB/on.conf"
	expect_soon "a is master" "lab_is a master" 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
	load=$(lab_load --count 60 --source-port "$2")
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
	expect "device of the chain" "$(lab_table a | grep -c 'device "x0"')" 1
	! lab_logged a 'x0.*waits for it|large receive offload' || fail "it complains: $(grep x0 "$LAB/a/log")"
	lab_stop_director a
}

# refused NAME WORDS …: a reload onto that interface says why, in the log and in status.
refused() {
	local name=$1 reason

	shift
	config_on "$name"
	cp "$LAB/on.conf" "$LAB/live.conf"
	: >"$LAB/a/log"
	lab_ctl a config reload
	lab_logged a "interface \"$name\" $*.* waits for it" || fail "the log: $(cat "$LAB/a/log")"
	expect "state of the farm" "$(lab_status a farms.www.state)" down
	reason=$(lab_status a farms.www.reason)
	[[ $reason =~ ^"interface \"$name\" "$*: ]] || fail "the reason: $reason"
}

refuses_ports() {
	in_a link add br0 type bridge
	in_a link add p0 type veth peer name p1
	in_a link set p0 master br0
	refused p0 'is a port of the bridge "br0", where the addresses and the frames are'
	[[ $(lab_status a farms.www.reason) == *': use "br0"' ]] || fail "it does not say what to use"
	in_a link set p0 nomaster
	expect_soon "p0 alone is good" '[ "$(lab_status a farms.www.reason)" = "interface \"p0\" is down" ]' 3
}

refuses_tun() {
	lab_exec a test -c /dev/net/tun || skip "there is no /dev/net/tun"
	in_a tuntap add dev tun0 mode tun
	refused tun0 '\(tun\) has no Ethernet header, and that is what a director writes'
}

refuses_macvtap() {
	make in_a link add link eth0 name mt0 type macvtap
	refused mt0 '\(macvtap\) hands its frames to the program behind its tap'
}

refuses_ifb() {
	make in_a link add ifb7 type ifb
	refused ifb7 '\(ifb\) is a queue for traffic control, not a network'
}

# A tunnel without Ethernet headers, of any kind that this kernel has.
refuses_tunnels() {
	local kind any=

	for kind in wireguard ipip sit gre ip6tnl vti; do
		in_a link add t0 type $kind remote 192.0.2.9 local 192.0.2.1 2>/dev/null ||
			in_a link add t0 type $kind 2>/dev/null || continue
		refused t0 "\\($kind\\) has no Ethernet header, and that is what a director writes"
		in_a link delete t0
		any=yes
	done
	[ -n "$any" ] || skip "this kernel has none of them"
}

refuses_loopback() {
	refused lo 'is the loopback interface, where no frames of a network arrive'
}

goes_back() {
	cp "$LAB/director.conf" "$LAB/live.conf"
	lab_ctl a config reload
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 10
}

lab_up
port=31000
for kind in bridge bond team macvlan ipvlan vlan vxlan geneve gretap tap; do
	run_case "a director works on a $kind" works_on $kind $port
	unmake >/dev/null 2>&1
	port=$((port + 1000))
done
cp "$LAB/director.conf" "$LAB/live.conf"
lab_start_director a "$LAB/live.conf"
lab_wait_master a
run_case "a port of a bridge is refused" refuses_ports
run_case "a tun is refused" refuses_tun
run_case "a macvtap is refused" refuses_macvtap
run_case "an ifb is refused" refuses_ifb
run_case "tunnels without Ethernet headers are refused" refuses_tunnels
run_case "the loopback interface is refused" refuses_loopback
run_case "and it goes back" goes_back
finish
