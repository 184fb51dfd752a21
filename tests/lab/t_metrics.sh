#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Metrics over HTTP: they are what the status says, in a form that Prometheus accepts; and nobody who
# asks for them, however badly, keeps others waiting or harms the director.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/listener.sh"

# metric NODE SAMPLE: its value as of $LAB/NODE.prom; "none" when there is no such sample.
metric() {
	awk -v sample="$2" '{ at = length($0) - length($NF) }
		substr($0, 1, at - 1) == sample { print $NF; found = 1 }
		END { if (!found) print "none" }' "$LAB/$1.prom"
}

# agree NODE: the samples are those of the status, which is asked for before and after.
agree() {
	local node=$1

	sleep 1.1 # the next text is a new one
	lab_ctl "$node" -j status >"$LAB/$node.before"
	get "$node" /metrics >"$LAB/$node.prom"
	lab_ctl "$node" -j status >"$LAB/$node.after"
	"$LAB_TOOLS/lib/metrics_agree.py" "$LAB/$node.prom" "$LAB/$node.before" "$LAB/$node.after" \
		>"$LAB/$node.agree"
}

# Some numbers go up and down by the moment.
expect_agreement() {
	lab_wait_until "agree $1" 10 || fail "$(cat "$LAB/$1.agree")"
	cat "$LAB/$1.agree"
}

served_by_both() {
	local node

	start_twins
	expect_in_sync 5
	for node in a b; do
		expect "status of /metrics on $node" "$(code $node /metrics)" 200
		expect "its type" "$(get $node /metrics -o /dev/null -w '%{content_type}')" \
			"text/plain; version=0.0.4; charset=utf-8"
		expect "/healthz of $node" "$(get $node /healthz)" '{"ready": true}'
		expect "status of /healthz on $node" "$(code $node /healthz)" 200
	done
	lab_logged a "metrics are served on $URL/metrics" || fail "it is not in the log"
}

prometheus_accepts_them() {
	local node

	for node in a b; do
		get $node /metrics >"$LAB/$node.prom"
		promtool check metrics <"$LAB/$node.prom" || fail "promtool has something to say of $node's"
		lab_ctl $node metrics | promtool check metrics || fail "of what directorctl prints, too"
	done
	promtool check metrics <"$LAB_ROOT/tests/golden/metrics/pair.prom" || fail "and of the golden one"
}

they_are_the_status() {
	hold www tcp "$LAB_VIP" 80 20
	expect_twins www-flows 20
	expect_soon "nothing waits" '[ "$(twin a queued) $(twin a unacknowledged)" = "0 0" ]' 3
	expect_agreement a
	expect_agreement b
	[ "$(metric a 'director_farm_connections{farm="www"}')" -ge 20 ] ||
		fail "of 20 connections there are $(metric a 'director_farm_connections{farm="www"}')"
	expect "master" "$(metric a 'director_vrrp_state{router="web",family="ipv4",state="master"}')" 1
	expect "master on b" "$(metric b 'director_vrrp_state{router="web",family="ipv4",state="master"}')" 0
	expect "in sync" "$(metric b 'director_sync_state{node="a",state="in-sync"}')" 1
	expect "a backend" "$(metric a 'director_backend_state{farm="www",backend="web1",state="up"}')" 1
	release www
}

# One text a second, for everybody; and a new one after that.
texts_are_shared() {
	local first

	sleep 1.1
	first=$(get a /metrics | grep ^director_uptime_seconds)
	expect "uptime in the next moment" "$(get a /metrics | grep ^director_uptime_seconds)" "$first"
	sleep 1.1
	[ "$(get a /metrics | grep ^director_uptime_seconds)" != "$first" ] || fail "it is still $first"
}

other_requests() {
	expect "another path" "$(code a /x)" 404
	expect "a longer path" "$(code a /metrics/x)" 404
	expect "a query" "$(code a '/metrics?x=1')" 200
	expect "HEAD" "$(code a /metrics -I)" 200
	expect "POST" "$(code a /metrics -d x=1)" 405
	expect "DELETE" "$(code a /healthz -X DELETE)" 405
	expect "what is allowed" \
		"$(get a /metrics -X PUT -o /dev/null -D - | tr -d '\r' | sed -n 's/^Allow: //p')" "GET, HEAD"
}

# well [SECONDS]: the director answers everybody at once, and nothing of the pair has changed; after
# reloads the tables need some time.
well() {
	expect "status of /metrics" "$(code a /metrics)" 200
	lab_is a master || fail "a is $(lab_status a vrrp.0.state)"
	lab_is b backup || fail "b is $(lab_status b vrrp.0.state)"
	expect_in_sync "${1:-1}"
	[ -z "$(lab_reports)" ] || fail "a sanitizer has something to say"
}

# raw TEXT: what the server says to it, as far as it says anything.
raw() {
	printf '%b' "$1" | lab_exec a timeout 7 "$LAB_TOOLS/lib/tcp_say.py" 127.0.0.1 $PORT
}

garbage_is_refused() {
	local i reply

	reply=$(raw 'nonsense\r\n\r\n' | head -c 200)
	[[ $reply == "" || $reply == "HTTP/1.1 4"* ]] || fail "to nonsense it says $reply"
	reply=$(raw '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' | head -c 200)
	[[ $reply == "" || $reply == "HTTP/1.1 4"* ]] || fail "to TLS it says $reply"
	for i in 1 2 3 4 5 6 7 8; do
		head -c 30000 /dev/urandom | lab_exec a timeout 7 "$LAB_TOOLS/lib/tcp_say.py" 127.0.0.1 $PORT \
			>/dev/null || fail "it was not ended"
	done
	well
}

# 000: the connection was ended while curl was still talking.
huge_is_refused() {
	local long reply

	long=$(head -c 40000 /dev/zero | tr '\0' x)
	reply=$(code a /metrics -H "X: $long" 2>/dev/null || true)
	[[ $reply == 4?? || $reply == 000 ]] || fail "a huge head: $reply"
	reply=$(code a "/$long" 2>/dev/null || true)
	[[ $reply == 4?? || $reply == 000 ]] || fail "a huge path: $reply"
	head -c 50000000 /dev/zero >"$LAB/huge"
	reply=$(code a /metrics --data-binary "@$LAB/huge" -H 'Expect:' 2>/dev/null || true)
	[[ $reply == 405 || $reply == 000 ]] || fail "a huge body: $reply"
	well
}

# slow KIND COUNT: such clients are got rid of, and meanwhile others are served.
slow() {
	local kept began

	rm -f "$LAB/slow/log"
	lab_spawn slow a "$LAB_TOOLS/slow_http.py" 127.0.0.1 $PORT "$1" "$2"
	expect_soon "they are there" "grep -q opened '$LAB/slow/log'" 8
	began=$(now_ms)
	lab_wait_until '[ "$(code a /metrics 2>/dev/null || true)" = 200 ]' 10 || fail "nobody else is served"
	echo "somebody else is served after $(($(now_ms) - began)) ms"
	lab_holds_for 'lab_is a master && [ "$(lab_status a peers.0.sync)" = in-sync ]' 2 ||
		fail "a is no master in sync any more"
	expect_soon "all are gone" "! lab_alive slow" 14
	kept=$(tail -n 1 "$LAB/slow/log")
	echo "kept for $(cut -d ' ' -f 1 <<<"$kept") to ${kept##* } ms"
	[[ " $kept " != *" -1 "* ]] || fail "some are still there after twelve seconds"
	well
}

crowd() {
	local i pids=() failed=0

	for ((i = 0; i < 200; i++)); do
		lab_exec a curl -sS --noproxy '*' --max-time 20 -o /dev/null -f "$URL/metrics" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=$((failed + 1))
	done
	expect "of 200 at once, those that were not served" $failed 0
	well
}

# serve LISTEN: a goes over to it.
serve() {
	metrics_conf "$1" >"$LAB/a.conf"
	lab_ctl a config reload
}

reload_moves_it() {
	serve 127.0.0.1:9406 || fail "it was refused"
	! get a /metrics >/dev/null 2>&1 || fail "it still listens at the old port"
	expect "status of /metrics" "$(URL=http://127.0.0.1:9406 code a /metrics)" 200
	serve 0.0.0.0:9406 || fail "it does not go over to all addresses"
	expect "from another host" \
		"$(lab_curl -o /dev/null -w '%{http_code}' "http://$(lab_address a):9406/metrics")" 200
	serve "[::1]:$PORT" || fail "it does not go over to IPv6"
	expect "over IPv6" "$(URL="http://[::1]:$PORT" code a /metrics)" 200
	serve "" || fail "it does not end"
	! get a /metrics >/dev/null 2>&1 || fail "it still listens"
	lab_ctl a metrics | grep -q '^director_uptime_seconds' || fail "directorctl does not print them"
	serve 127.0.0.1:$PORT || fail "it does not begin again"
	well 20
}

# A port that somebody else has, an address that is not here.
bad_ones_are_refused() {
	local sentence

	lab_spawn other a python3 -m http.server --bind 127.0.0.1 9407
	lab_wait_until "lab_exec a curl -s -o /dev/null http://127.0.0.1:9407/" 5 || fail "nobody listens"
	! sentence=$(serve 127.0.0.1:9407 2>&1) || fail "a reload takes a port that somebody else has"
	[[ $sentence == *"cannot serve metrics on 127.0.0.1:9407: Address already in use"* ]] || fail "it says $sentence"
	! sentence=$(serve 192.0.2.1:9405 2>&1) || fail "a reload takes an address that is not here"
	[[ $sentence == *"cannot serve metrics on 192.0.2.1:9405: Cannot assign"* ]] || fail "it says $sentence"
	well 20
	! lab_directord a --runtime-dir "$LAB/x" -c "$LAB/a.conf" 2>"$LAB/stderr" || fail "it starts with it"
	grep -q 'cannot serve metrics on 192.0.2.1:9405' "$LAB/stderr" || fail "at the start: $(cat "$LAB/stderr")"
	lab_stop other KILL || true
	serve 127.0.0.1:$PORT || fail "the good one is refused"
}

# metrics_conf LISTEN: the pair of lib/twin.sh, served there.
metrics_conf() {
	twin_conf
	[ -z "$1" ] || echo "metrics { listen = \"$1\" }"
}

command -v promtool >/dev/null || skip_all "promtool (Debian's prometheus) is not installed"
lab_up
give_ipv6
for node in a b; do
	metrics_conf 127.0.0.1:$PORT >"$LAB/$node.conf"
done
run_case "both serve them" served_by_both
run_case "Prometheus accepts them" prometheus_accepts_them
run_case "they are what the status says" they_are_the_status
run_case "one text a second" texts_are_shared
run_case "other requests" other_requests
run_case "garbage is refused" garbage_is_refused
run_case "what is huge is refused" huge_is_refused
run_case "a slow client is got rid of" slow dribble 1
run_case "200 connections that say nothing" slow silent 200
run_case "50 that do not read" slow deaf 50
run_case "200 requests at once" crowd
run_case "a reload moves the listener" reload_moves_it
run_case "a listener that cannot be is refused" bad_ones_are_refused
finish
