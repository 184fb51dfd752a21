#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a monitor and a person's browser get from a pair: whether a director is ready, its status, the page
# that shows it; and that the shipped alerts and the dashboard ask for what there is.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/listener.sh"

DEPLOY=$LAB_ROOT/deploy
# Harms a page that takes a name for markup.
NASTY='<img src=x onerror=document.title=1>'

# browse NODE ARGUMENT …: the page in a browser on that node, after so long that it has had two answers.
browse() {
	local node=$1

	shift
	lab_exec "$node" timeout -k 2 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--no-first-run --no-proxy-server --user-data-dir="$(mktemp -d "$LAB/browser.XXXXXX")" --virtual-time-budget=5000 "$@" \
		"${PAGE:-$URL/}" 2>"$LAB/browser.err"
}

pair_is_ready() {
	local node

	start_twins
	expect_in_sync 5
	for node in a b; do
		expect "/healthz of $node" "$(get $node /healthz)" '{"ready": true}'
		expect "its status" "$(code $node /healthz)" 200
	done
}

# The keys of all objects, and where they are.
keys() {
	python3 -c 'import json, sys
def walk(at, x):
	for k, v in (x.items() if isinstance(x, dict) else enumerate(x) if isinstance(x, list) else ()):
		name = f"{at}.{k}"
		print(name)
		walk(name, v)
walk("", json.load(sys.stdin))' | grep -vE '\.(late|outcomes|rejected|rejected_reasons|notes)\.'
}

status_is_that_of_the_command() {
	expect "its type" "$(get a /status -o /dev/null -w '%{content_type}')" application/json
	get a /status | keys >"$LAB/keys.http"
	lab_ctl a -j status | keys >"$LAB/keys.ctl"
	diff "$LAB/keys.http" "$LAB/keys.ctl" || fail "they have different keys"
	grep -q '^\.farms\.0\.backends\.0\.state$' "$LAB/keys.http" || fail "there is no backend in it"
}

requests() {
	local path

	for path in / /status /metrics /healthz; do
		expect "HEAD $path" "$(code a $path -I)" 200
		expect "POST $path" "$(code a $path -d x=1)" 405
	done
	expect "another path" "$(code a /status/x)" 404
	get a / -o /dev/null -D - | grep -qi "^Content-Security-Policy: default-src 'none';" || fail "no policy"
}

shown() {
	browse a --dump-dom >"$LAB/page.html" || fail "$(tail -n 3 "$LAB/browser.err")"
}

# has TEXT …: they are on the page.
has() {
	local text

	for text in "$@"; do
		grep -qF -- "$text" "$LAB/page.html" || {
			grep -o '<p id.*\|<section.*' "$LAB/page.html" | cut -c 1-300
			fail "the page does not show $text"
		}
	done
}

page_shows_the_pair() {
	shown
	has "<h1 id=\"title\">director a</h1>" "Farm www" "Farm dns6" "web1 " "web2 " ">up<" ">master<" ">in-sync<" \
		"b $(lab_address b)" '<body class="">' 'role="alert" hidden='
}

# The configuration allows no such names; the page must not count on it.
names_are_no_markup() {
	mkdir "$LAB/fake-root"
	get a / >"$LAB/fake-root/index.html"
	get a /status | sed "s|\"www\"|\"$NASTY\"|; s|\"web1\"|\"$NASTY\"|" >"$LAB/fake-root/status"
	grep -qF "$NASTY" "$LAB/fake-root/status" || fail "nothing was replaced"
	lab_spawn fake a python3 -m http.server --bind 127.0.0.1 --directory "$LAB/fake-root" 9408
	lab_wait_until "lab_exec a curl -s -o /dev/null http://127.0.0.1:9408/" 5 || fail "nobody listens"
	URL=http://127.0.0.1:9408 shown
	has "Farm &lt;img src=x onerror=document.title=1&gt;"
	! sed '/<script>/,/<.script>/d' "$LAB/page.html" | grep -q '<img' || fail "a name became markup"
	lab_stop fake KILL || true
}

# Readings of counters: when, in the daemon's time, packets, new connections, octets; and what the page makes
# of each. The first tells no rate, the same reading twice the same, one that began anew none.
RATES='const told = [];
for (const [at, packets, new_flows, bytes] of [
	[1000, 0, 0, 0], [3000, 4000, 20, 500000], [3000, 4000, 20, 500000], [2500, 4000, 20, 500000],
	[5000, 8000, 20, 500000], [7000, 100, 0, 100], [9000, 300, 1, 850], [11000, 500, null, null],
	[500, 10, 0, 0], [1500, 1234577, 10, 1000]])
	told.push(rateCells(rate("x", at, { packets, new_flows, bytes })).join(", "));
document.body.replaceChildren(...told.map((t) => node("p", t)));'
RATES_TOLD='…, …, …
10 /s, 2.0 kp/s, 2.0 Mbit/s
10 /s, 2.0 kp/s, 2.0 Mbit/s
10 /s, 2.0 kp/s, 2.0 Mbit/s
0 /s, 2.0 kp/s, 0 bit/s
…, …, …
0.5 /s, 100 p/s, 3.0 kbit/s
…, 100 p/s, …
…, 100 p/s, …
10 /s, 1.2 Mp/s, 8.0 kbit/s'

# The functions of the page itself, given these in place of answers.
rates_are_right() {
	get a / | RATES=$RATES awk '/^ask\(\);/ { print ENVIRON["RATES"]; next } !/^setInterval\(judge/' >"$LAB/rates.html"
	PAGE=file://$LAB/rates.html shown
	expect "the rates" "$(grep -oE '<p>[^<]*</p>' "$LAB/page.html" | sed 's/<[^>]*>//g')" "$RATES_TOLD"
}

page_shows_a_backend_down() {
	lab_stop web1 KILL || true
	expect_soon "it is down" 'lab_ctl a -j status | grep -q "\"state\": \"down\""' 10
	sleep 1.1
	shown
	has '<span class="bad">down: '
}

# More than one colour, and as large as was asked for.
screenshot() {
	browse a --window-size=400,800 --screenshot="$LAB/page.png" >/dev/null || fail "$(tail -n 3 "$LAB/browser.err")"
	python3 - "$LAB/page.png" <<'PY' || fail "the picture is empty"
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, pixels = 8, b""
while at < len(data):
    n, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IHDR":
        width, height = struct.unpack(">II", data[at + 8:at + 16])
    if kind == b"IDAT":
        pixels += data[at + 8:at + 8 + n]
    at += 12 + n
rows = zlib.decompress(pixels)
stride = len(rows) // height
print(width, height, len(data))
# A row like the one above is all zeros behind its filter, when the picture is of one colour.
different = sum(any(rows[y * stride + 5:(y + 1) * stride]) for y in range(1, height))
assert height == 800 and different > 100, different
PY
}

fault_is_not_ready() {
	lab_exec b ip link set eth0 down
	expect_soon "b says so" '[ "$(code b /healthz)" = 503 ]' 8
	get b /healthz
	get b /healthz | grep -q 'is in fault' || fail "it says $(get b /healthz)"
	lab_exec b ip link set eth0 up
	expect_soon "it is ready again" '[ "$(code b /healthz)" = 200 ]' 10
}

they_ask_for_what_there_is() {
	promtool check rules "$DEPLOY/prometheus/director.rules.yml" || fail "the rules are refused"
	promtool test rules "$DEPLOY/prometheus/director.rules.test.yml" || fail "an alert is not as it should be"
	"$LAB_TOOLS/lib/monitor_names.py" "$LAB_ROOT/tests/golden/metrics/pair.prom" \
		"$DEPLOY/grafana/director.json" "$DEPLOY/prometheus/director.rules.yml" || fail "they do not"
}

monitor_conf() {
	twin_conf
	farm watched tcp '"8082"' "$ROUND_ROBIN" 'check "page" { type = "http" path = "/healthz" port = 80
		through = "address" interval = "200ms" timeout = "150ms" fall = 2 rise = 2 }'
	echo "metrics { listen = \"127.0.0.1:$PORT\" }"
}

command -v promtool >/dev/null || skip_all "promtool (Debian's prometheus) is not installed"
command -v chromium >/dev/null || skip_all "chromium is not installed"
lab_up
give_ipv6
for node in a b; do
	monitor_conf >"$LAB/$node.conf"
done
run_case "alerts and dashboard ask for what there is" they_ask_for_what_there_is
run_case "a healthy pair is ready, its backup, too" pair_is_ready
run_case "/status is that of directorctl" status_is_that_of_the_command
run_case "requests" requests
run_case "the page shows the pair" page_shows_the_pair
run_case "names are no markup" names_are_no_markup
run_case "rates" rates_are_right
run_case "a picture of it" screenshot
run_case "the page shows a backend that is down" page_shows_a_backend_down
run_case "a director in fault is not ready" fault_is_not_ready
finish
