# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab's network: namespaces, the switch, cables. MAC addresses are fixed: 02:00:00:00:00:XX with
# XX the last octet of the IPv4 address in hexadecimal.

LAB_VIP=10.77.0.100
LAB_VIP6=fd77::100
LAB_VIP6_LINK=fe80::100
LAB_HOSTS="client a b web1 web2 web3"
LAB_WEBS="web1 web2 web3"
# What the kernel gives to connections that ask for no port.
LAB_PORTS="45000 60999"

# lab_address HOST
lab_address() {
	case $1 in
	client) echo 10.77.0.10 ;;
	a) echo 10.77.0.2 ;;
	b) echo 10.77.0.3 ;;
	web[1-9]) echo "10.77.0.2${1#web}" ;;
	*)
		echo "no host $1 in the lab" >&2
		return 1
		;;
	esac
}

# lab_address6 HOST: fd77::21 for 10.77.0.21; once lab_net6_up has given it.
lab_address6() {
	local address

	address=$(lab_address "$1")
	echo "fd77::${address##*.}"
}

# lab_net6_up: everybody gets an IPv6 address, the web servers the VIP on lo.
lab_net6_up() {
	local host

	for host in $LAB_HOSTS; do
		ip -n "$(lab_ns "$host")" address replace "$(lab_address6 "$host")/64" dev eth0 nodad
	done
	for host in $LAB_WEBS; do
		ip -n "$(lab_ns "$host")" address replace $LAB_VIP6/128 dev lo nodad
	done
}

# lab_mac HOST: the MAC address that the lab gave it.
lab_mac() {
	local address

	address=$(lab_address "$1")
	printf '02:00:00:00:00:%02x\n' "${address##*.}"
}

# lab_ns HOST|switch: the namespace's name.
lab_ns() {
	echo "lab-$LAB_ID-$1"
}

# lab_exec HOST COMMAND …
lab_exec() {
	local ns

	ns=$(lab_ns "$1")
	shift
	ip netns exec "$ns" "$@"
}

lab_net_up() {
	local host

	lab_switch_up
	for host in $LAB_HOSTS; do
		lab_host_up "$host"
		lab_plug "$host"
	done
}

lab_switch_up() {
	local ns

	ns=$(lab_ns switch)
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	ip -n "$ns" link add switch type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	# A switch has no firewall, and what looking for one costs is no cost of a switch.
	ip netns exec "$ns" sh -c 'for call in /proc/sys/net/bridge/bridge-nf-call-*; do
		[ ! -e "$call" ] || echo 0 >"$call"
	done'
	ip -n "$ns" link set switch up
}

lab_host_up() {
	local ns

	ns=$(lab_ns "$1")
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	# Set before the interface exists, so that it counts for every cable that is plugged in.
	lab_exec "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	# Ports that a test gives to its connections (lab_load --source-port) lie below these: a port that
	# the kernel gave to another connection before could not be had for minutes.
	lab_exec "$1" sysctl -qw net.ipv4.ip_local_port_range="$LAB_PORTS"
}

# lab_plug HOST [MAC]: a cable from the host's eth0 to the switch; also after lab_unplug.
lab_plug() {
	local ns switch mac=${2:-}

	[ -n "$mac" ] || mac=$(lab_mac "$1")
	ns=$(lab_ns "$1")
	switch=$(lab_ns switch)
	ip link add eth0 netns "$ns" address "$mac" type veth peer name "$1" netns "$switch"
	ip -n "$switch" link set dev "$1" master switch up
	ip -n "$ns" address add "$(lab_address "$1")/24" dev eth0
	ip -n "$ns" link set eth0 up
}

# lab_unplug HOST: its eth0 is gone, with every address on it.
lab_unplug() {
	ip -n "$(lab_ns "$1")" link delete eth0
}

# lab_switch_port_down HOST: the host's cable is pulled; what is left of the machine hears nobody.
lab_switch_port_down() {
	ip -n "$(lab_ns switch)" link set dev "$1" down
}

lab_switch_port_up() {
	ip -n "$(lab_ns switch)" link set dev "$1" up
}

# lab_many_clients NETWORKS HOSTS: the client has 10.80.N.1 and so on, too, so many of each of these networks.
lab_many_clients() {
	local n h web

	for n in $1; do
		for ((h = 1; h <= $2; h++)); do
			ip -n "$(lab_ns client)" address add "10.80.$n.$h/32" dev lo
		done
	done
	for web in $LAB_WEBS; do
		ip -n "$(lab_ns "$web")" route add 10.80.0.0/16 via "$(lab_address client)"
	done
}

LAB_ADVERTS='ip protocol 112 drop; ip6 nexthdr 112 drop'
LAB_HEARTBEATS='udp dport 8405 drop'

# lab_deafen RULES [INTERFACES]: neither a nor b hears what these rules drop, on eth0 or on "eth0, eth1".
lab_deafen() {
	local node

	for node in a b; do
		lab_exec $node nft -f - <<-EOT
			table netdev deaf {
				chain drops {
					type filter hook ingress devices = { ${2:-eth0} } priority -400
					$1
				}
			}
		EOT
	done
}

# lab_hear: all again.
lab_hear() {
	local node

	for node in a b; do
		lab_exec $node nft delete table netdev deaf
	done
}

# lab_switch_floods: every frame goes to every port, as on a switch that has forgotten all addresses.
lab_switch_floods() {
	local ns host

	ns=$(lab_ns switch)
	ip -n "$ns" link set switch type bridge ageing_time 0
	for host in $LAB_HOSTS; do
		ip -n "$ns" link set dev "$host" type bridge_slave learning off flood on
		bridge -n "$ns" fdb flush dev "$host" 2>/dev/null || true
	done
}

# lab_has_address HOST ADDRESS [DEVICE]: whether the address is on the host's eth0, or DEVICE.
lab_has_address() {
	ip -n "$(lab_ns "$1")" -o address show dev "${3:-eth0}" 2>/dev/null | grep -qF " $2/"
}

# lab_net_down: removes the lab's namespaces, and with them everything in them.
lab_net_down() {
	local ns

	for ns in /run/netns/lab-"$LAB_ID"-*; do
		[ ! -e "$ns" ] || ip netns delete "${ns##*/}" 2>/dev/null || true
	done
}
