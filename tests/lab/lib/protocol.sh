# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of protocols are made of: farms, echo servers, IPv6, routers on the way.

SECOND_VIP=10.77.0.101
ECHO_PORT=7000
MIB=1048576

# --- what the cases are made of -------------------------------------------------------------------

# serve TEXT: both directors serve what TEXT, farms and vrrp sections, says; the backends are up.
serve() {
	{
		lab_conf_cluster
		echo "$1"
	} >"$LAB/director.conf"
	lab_ctl a config reload || fail "a refuses it"
	lab_ctl b config reload || fail "b refuses it"
	expect_soon "the backends of a are up" "all_up a" 10
	expect_soon "the backends of b are up" "all_up b" 10
	expect_soon "a is the master" "lab_is a master && lab_has_vip a" 10
}

all_up() {
	lab_ctl "$1" backend list | awk '$2 != "up" { bad = 1 } END { exit bad || !NR }'
}

vrrp() {
	printf 'vrrp "web" {\ninterface = "eth0"\nvirtual-router-id = 51\nadvertise-interval = "200ms"\n'
	printf 'addresses = { "%s/24"%s }\n}\n' "$LAB_VIP" "${1:-}"
}

# farm NAME PROTOCOL PORTS [LINE …]: of all backends.
farm() {
	local name=$1 protocol=$2 ports=$3 web

	shift 3
	printf 'farm "%s" {\ndefault-checks = false\naddress = "%s"\ninterface = "eth0"\nports = { %s }\n' "$name" \
		"${FARM_ADDRESS:-$LAB_VIP}" "$ports"
	[ "$protocol" = tcp ] || printf 'protocol = "%s"\n' "$protocol"
	printf '%s\n' "$@"
	for web in ${FARM_WEBS:-$LAB_WEBS}; do
		printf 'backend "%s" { address = "%s" }\n' "$web" "$(backend_address "$web")"
	done
	echo "}"
}

backend_address() {
	case ${FARM_ADDRESS:-} in
	*:*) lab_address6 "$1" ;;
	*) lab_address "$1" ;;
	esac
}

# echo_from HOST tcp|tcp-down|udp ADDRESS BYTES [PORT]: who answered, and how much it got or sent.
echo_from() {
	lab_exec "$1" timeout -k 2 20 "$LAB_TOOLS/echo.py" "$2" "$3" "${5:-$ECHO_PORT}" "$4"
}

# ping_from HOST ADDRESS
ping_from() {
	lab_exec "$1" timeout -k 2 10 "$LAB_TOOLS/echo.py" ping "$2" >/dev/null
}

# expect_echo HOST tcp|tcp-down|udp ADDRESS BYTES [PORT]: some backend got all of it; its name is in WHO.
expect_echo() {
	local answer

	answer=$(echo_from "$@") || fail "no answer to $2 of $4 octets from $3"
	WHO=${answer% *}
	[[ " $LAB_WEBS " == *" $WHO "* ]] || fail "$WHO is no backend"
	expect "octets at $WHO" "${answer#* }" "$4"
}

# expect_everybody HOST tcp|udp ADDRESS [PORT]: thirty tries reach every backend.
expect_everybody() {
	local seen='' web

	for _ in $(seq 30); do
		expect_echo "$1" "$2" "$3" 100 ${4:+"$4"}
		seen="$seen $WHO"
	done
	for web in $LAB_WEBS; do
		[[ "$seen " == *" $web "* ]] || fail "$web got nothing of 30: $seen"
	done
}

start_echo() {
	local web

	for web in $LAB_WEBS; do
		lab_spawn "echo-$web" "$web" "$LAB_TOOLS/echo.py" serve "$web" $ECHO_PORT
		lab_wait_until "grep -q ready '$LAB/echo-$web/log'" 10 || fail "no echo on $web"
	done
}

# begin: the pair, and echo servers beside the web servers.
begin() {
	start_echo
	{
		lab_conf_cluster
		plain
	} >"$LAB/director.conf"
	lab_start_pair
}

# The configuration of the cases that need nothing special.
plain() {
	vrrp
	farm www tcp '"80", "7000"'
}

# --- IPv6 ------------------------------------------------------------------------------------------

# give_ipv6: addresses for everybody, and a web server on [::]:80 of each backend.
give_ipv6() {
	local web

	lab_net6_up
	for web in $LAB_WEBS; do
		! lab_alive "six-$web" || continue
		mkdir -p "$LAB/six-$web/tmp"
		ln -sfn "$LAB/$web/root" "$LAB/six-$web/root"
		lab_web_conf "$web" "$LAB/six-$web" |
			sed -E 's/listen ([0-9]+) backlog=[0-9]+;/listen [::]:\1 ipv6only=on;/' \
				>"$LAB/six-$web/nginx.conf"
		lab_spawn "six-$web" "$web" nginx -p "$LAB/six-$web" -e "$LAB/six-$web/error.log" \
			-c "$LAB/six-$web/nginx.conf"
		expect_soon "nginx of $web on IPv6" "lab_answers 'http://[$(lab_address6 "$web")]/'" 5
	done
}

# The election does not carry IPv6 addresses yet: the master gets the VIP by hand.
hold_vip6() {
	ip -n "$(lab_ns a)" address replace "$LAB_VIP6/128" dev eth0 nodad preferred_lft 0
}

# --- path-MTU discovery ---------------------------------------------------------------------------

# far_up: a client "far" behind two routers with an MTU of 1300 between them.
#
#	far 10.79.0.10 -- 10.79.0.1 r1 10.79.1.1 == 1300 == 10.79.1.2 r2 10.77.0.9 -- switch
far_up() {
	local host ns switch

	[ ! -e "/run/netns/$(lab_ns far)" ] || return 0
	switch=$(lab_ns switch)
	for host in far r1 r2; do
		ns=$(lab_ns $host)
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		lab_exec $host sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	cable far 10.79.0.10/24 r1 10.79.0.1/24
	cable r1 10.79.1.1/24 r2 10.79.1.2/24 1300
	ip link add eth0 netns "$(lab_ns r2)" type veth peer name r2 netns "$switch"
	ip -n "$switch" link set dev r2 master switch up
	ip -n "$(lab_ns r2)" address add 10.77.0.9/24 dev eth0
	ip -n "$(lab_ns r2)" link set eth0 up
	ip -n "$(lab_ns far)" route add default via 10.79.0.1
	ip -n "$(lab_ns r1)" route add 10.77.0.0/24 via 10.79.1.2
	ip -n "$(lab_ns r2)" route add 10.79.0.0/24 via 10.79.1.1
	for host in a b $LAB_WEBS; do
		ip -n "$(lab_ns "$host")" route add 10.79.0.0/16 via 10.77.0.9
	done
}

# cable HOST ADDRESS HOST ADDRESS [MTU]: each end is named for the other host.
cable() {
	ip link add "$3" netns "$(lab_ns "$1")" mtu "${5:-1500}" type veth peer name "$1" \
		netns "$(lab_ns "$3")" mtu "${5:-1500}"
	ip -n "$(lab_ns "$1")" address add "$2" dev "$3"
	ip -n "$(lab_ns "$1")" link set "$3" up
	ip -n "$(lab_ns "$3")" address add "$4" dev "$1"
	ip -n "$(lab_ns "$3")" link set "$1" up
}

# forget_mtu: what the hosts have learned of the path.
forget_mtu() {
	local host

	for host in far $LAB_WEBS; do
		ip -n "$(lab_ns "$host")" route flush cache
	done
}
