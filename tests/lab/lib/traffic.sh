# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The client's traffic, and captures of what is on the wires.

# lab_curl ARGUMENT …: curl on the client, three seconds at most.
lab_curl() {
	lab_exec client curl -sS --noproxy '*' --max-time 3 "$@"
}

lab_answers() {
	lab_exec client curl -s --noproxy '*' -o /dev/null --max-time 1 "$1"
}

# lab_load ARGUMENT …: load.py on the client; JSON on standard output.
lab_load() {
	lab_exec client timeout -k 2 120 "$LAB_TOOLS/load.py" "$LAB_VIP" "$@"
}

# lab_load_start ARGUMENT …: the same in the background, a line for every request in $LAB/load.log;
# lab_load_end prints its JSON. Returns when the first request was answered or given up.
lab_load_start() {
	rm -f "$LAB/load.json" "$LAB/load.log"
	lab_spawn load client "$LAB_TOOLS/load.py" "$LAB_VIP" --duration 120 \
		--output "$LAB/load.json" --log "$LAB/load.log" "$@"
	lab_wait_until "[ -s '$LAB/load.log' ]" 5
}

# lab_load_end: asks it to send no more, waits for the last answers.
lab_load_end() {
	lab_stop load TERM
	cat "$LAB/load.json"
}

# json_value PATH: of the JSON document on standard input.
json_value() {
	"$LAB_TOOLS/lib/json_get.py" "$1"
}

# lab_capture HOST [FILTER …]: records what HOST's eth0 receives and sends; returns once it listens.
# With LAB_CAPTURE_OPTIONS=-p only what is meant for HOST (no promiscuous mode); LAB_CAPTURE_DEVICE is
# another interface than eth0.
lab_capture() {
	local host=$1 name=capture-$1

	shift
	rm -f "$LAB/$host.pcap" "$LAB/$name/log"
	# shellcheck disable=SC2086
	lab_spawn "$name" "$host" tcpdump --immediate-mode -U -Z root -n -s 256 \
		-i "${LAB_CAPTURE_DEVICE:-eth0}" ${LAB_CAPTURE_OPTIONS:-} -w "$LAB/$host.pcap" "$@"
	lab_wait_until "grep -q 'listening on' '$LAB/$name/log'" 5 && return 0
	echo "no capture on $host: $(cat "$LAB/$name/log")" >&2
	return 1
}

lab_capture_stop() {
	lab_stop "capture-$1" INT
}

# lab_captured HOST [FILTER …]: the frames that were captured, one a line: epoch, MACs, headers.
lab_captured() {
	local host=$1

	shift
	tcpdump -tt -e -n -r "$LAB/$host.pcap" "$@" 2>/dev/null
}

# lab_captured_count HOST [FILTER …]
lab_captured_count() {
	lab_captured "$@" | wc -l
}

# lab_inject HOST ARGUMENT …: one hand-made frame out of HOST's eth0.
lab_inject() {
	local host=$1

	shift
	lab_exec "$host" "$LAB_TOOLS/inject.py" "$@"
}

# lab_download NAME [RATE [CURL ARGUMENT …]]: a download of 16 MiB in the background, RATE bytes a
# second.
lab_download() {
	local name=$1 rate=${2:-4m}

	shift
	[ $# -eq 0 ] || shift
	rm -f "$LAB/$name/log"
	lab_spawn "$name" client curl -sS --noproxy '*' --max-time 60 -o /dev/null \
		-w '%{size_download}\n' "$@" "http://$LAB_VIP/big?rate=$rate"
}

# lab_download_complete NAME: waits for its end; whether every byte came.
lab_download_complete() {
	lab_wait_until "! lab_alive '$1'" 30 && [ "$(tail -n 1 "$LAB/$1/log")" = 16777216 ]
}
