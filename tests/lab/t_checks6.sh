#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks over IPv6: of every type that speaks to a backend, to the farm's address through the path of the
# traffic and to the backend's own. t_checks.sh has the same for IPv4, and what does not depend on the
# version.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

FALL=3 INTERVAL_MS=500 TIMEOUT_MS=300
FOUND_S=$(found_s $FALL $INTERVAL_MS $TIMEOUT_MS)
# Farms, by what their check asks: those through the farm's address, and those to the backend's own.
THROUGH="dsr http https" OWN="own-tcp own-http own-https icmp"
NAME=www.example.com

# farm NAME PORT TYPE [KEY …]: over IPv6, with a check.
farm() {
	local name=$1 port=$2 type=$3

	shift 3
	LAB_FARM_CHECKS="check \"c\" { type = \"$type\" interval = \"${INTERVAL_MS}ms\" timeout = \"${TIMEOUT_MS}ms\" $* }" \
		lab_conf_farm "$name" maglev "\"$port\"" |
		sed "s/$LAB_VIP\"/$LAB_VIP6\"/; s/10\.77\.0\./fd77::/"
}

conf() {
	local page='path = "/healthz" expect-body = "^ok"' tls="host = \"$NAME\" ca-file = \"$LAB/ca.pem\""
	local own='through = "address"'

	lab_conf_cluster
	LAB_VIPS="\"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\"" lab_conf_vrrp
	farm dsr 80 dsr
	farm http 8080 http "$page"
	farm https 443 https "$page" "$tls"
	farm own-tcp 8081 tcp "$own"
	farm own-http 8082 http "$page" "$own"
	farm own-https 8443 https "$page" "$tls" "$own"
	farm icmp 8083 icmp
}

# The lab's servers with the same pages over IPv6 and TLS, the certificate of an authority of the lab's.
servers_speak_ipv6() {
	local web

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$NAME" \
		-addext "subjectAltName = DNS:$NAME" -keyout "$LAB/tls.key" -out "$LAB/ca.pem" 2>/dev/null
	lab_net6_up
	for web in $LAB_WEBS; do
		lab_stop "$web"
		web_start "$web"
	done
	for web in $LAB_WEBS; do
		lab_wait_until "lab_answers http://[$(lab_address6 "$web")]/healthz" 5 ||
			fail "$web does not answer"
	done
}

web_start() {
	local dir=$LAB/$1

	lab_web_conf "$1" "$dir" | awk -v dir="$LAB" '/^listen 80 / {
		for (i = 80; i <= 8083; i = i == 80 ? 8080 : i + 1) print "listen [::]:" i " backlog=4096;"
		print "listen [::]:443 ssl; listen [::]:8443 ssl;"
		print "ssl_certificate " dir "/ca.pem; ssl_certificate_key " dir "/tls.key;" } { print }' \
		>"$dir/nginx.conf"
	lab_spawn "$1" "$1" nginx -p "$dir" -e "$dir/error.log" -c "$dir/nginx.conf"
}

# state NODE FARM/BACKEND [KEY]
state() {
	lab_ctl "$1" -j backend show "$2" | "$LAB_TOOLS/lib/json_get.py" "${3:-state}"
}

# are BACKEND STATE FARM …: on both directors.
are() {
	local web=$1 state=$2 farm

	shift 2
	for farm in "$@"; do
		[ "$(state a "$farm/$web") $(state b "$farm/$web")" = "$state $state" ] || return 1
	done
}

# expect_are BACKEND STATE SECONDS FARM …
expect_are() {
	local web=$1 state=$2 seconds=$3

	shift 3
	expect_soon "$web is $state in $* on both" "are $web $state $*" "$seconds"
}

# expect_reason FARM/BACKEND TEXT
expect_reason() {
	local reason

	reason=$(state a "$1" reason)
	[[ $reason =~ $2 ]] || fail "$1: '$reason', not '$2'"
}

begin() {
	local web

	servers_speak_ipv6
	conf >"$LAB/director.conf"
	lab_start_director a
	lab_start_director b
	for web in $LAB_WEBS; do
		# shellcheck disable=SC2086
		expect_are "$web" up 15 $THROUGH $OWN
	done
	expect "of whom dsr asks" "$(state a dsr/web1 checks.0.target)" "$LAB_VIP6 port 80"
	for web in $THROUGH $OWN; do
		expect_soon "$web is tried" "[ \"\$(state a $web/web1 checks.0.outcome)\" = good ]" 5
	done
}

# Its own address answers all the while, and to nobody but those who ask that.
without_its_vip_it_is_out() {
	ip -n "$(lab_ns web1)" address del "$LAB_VIP6/128" dev lo
	# shellcheck disable=SC2086
	expect_are web1 down $FOUND_S $THROUGH
	# shellcheck disable=SC2086
	are web1 up $OWN || fail "by its own address it is out, too"
	expect_reason dsr/web1 "does not answer: port 80 of $LAB_VIP6"
	expect_reason https/web1 "does not answer: port 443 of $LAB_VIP6"
	are web2 up dsr || fail "web2 is out, too"
	ip -n "$(lab_ns web1)" address add "$LAB_VIP6/128" dev lo nodad
	# shellcheck disable=SC2086
	expect_are web1 up 5 $THROUGH
}

a_dead_process_is_out() {
	local begun

	lab_stop web2 KILL || true
	begun=$(now_ms)
	# shellcheck disable=SC2086
	expect_are web2 down $FOUND_S $THROUGH own-tcp own-http own-https
	echo "# out after $(($(now_ms) - begun)) ms; fall x interval + timeout: $((FALL * INTERVAL_MS + TIMEOUT_MS)) ms"
	are web2 up icmp || fail "it does not answer pings"
	expect_reason dsr/web2 'refuses connections'
	expect_reason own-https/web2 'refuses connections'
	web_start web2
	# shellcheck disable=SC2086
	expect_are web2 up 5 $THROUGH $OWN
}

a_dead_machine_is_out() {
	lab_switch_port_down web3
	# shellcheck disable=SC2086
	expect_are web3 down $((FOUND_S + 1)) $THROUGH $OWN
	lab_switch_port_up web3
	# shellcheck disable=SC2086
	expect_are web3 up 10 $THROUGH $OWN
}

# Replaced under a server that runs: the next attempts see it.
another_certificate_is_noticed() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$NAME" \
		-addext "subjectAltName = DNS:$NAME" -keyout "$LAB/other.key" -out "$LAB/other.pem" 2>/dev/null
	sed -i "s|$LAB/ca.pem|$LAB/other.pem|; s|$LAB/tls.key|$LAB/other.key|" "$LAB/web1/nginx.conf"
	lab_stop web1
	lab_spawn web1 web1 nginx -p "$LAB/web1" -e "$LAB/web1/error.log" -c "$LAB/web1/nginx.conf"
	expect_soon "https finds another certificate" \
		'[[ $(state a https/web1 reason) =~ certificate ]] && [[ $(state a own-https/web1 reason) =~ certificate ]]' 8
	expect_are web1 up 5 dsr http icmp
}

lab_up
run_case "a pair checks its backends over IPv6" begin
run_case "without its virtual address it is out" without_its_vip_it_is_out
run_case "a dead process is out in time, and comes back" a_dead_process_is_out
run_case "a dead machine is out, whatever is asked" a_dead_machine_is_out
run_case "another certificate is noticed" another_certificate_is_noticed
finish
