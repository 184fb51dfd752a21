#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Authenticated adverts: from off to enforce and from one key to another without a change of the
# master; who has no key, and whoever plays recordings, is heard by nobody.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# configure MODE [ID]
configure() {
	LAB_VRRP_KEYS="auth-mode = \"$1\"
		auth-key-file = \"$LAB/advert.keys\"
		auth-key-id = ${2:-0}" lab_conf >"$LAB/director.conf"
}

reload_both() {
	local node

	for node in a b; do
		lab_ctl "$node" config reload || fail "$node refused the reload"
	done
}

key() {
	head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'
}

transitions() {
	echo "$(lab_status a vrrp.0.transitions) $(lab_status b vrrp.0.transitions)"
}

# go_over MODE [ID]: on one director after the other; nobody changes its state.
go_over() {
	local before

	before=$(transitions)
	configure "$@"
	reload_both
	sleep 2
	expect "states" "$(lab_status a vrrp.0.state) $(lab_status b vrrp.0.state)" "master backup"
	expect "transitions" "$(transitions)" "$before"
}

# Adverts of a that have a trailer: 8 octets, an address, 28 more, behind an IPv4 header of 20.
with_trailer() {
	lab_captured_count b "vrrp and src host $(lab_address a) and ip[2:2] = 60"
}

is_hmac_of() {
	/usr/bin/python3 - "$1" "$2" "$(lab_address a)" <<-'PYTHON'
		import hashlib, hmac, socket, struct, sys
		key, path, src = bytes.fromhex(sys.argv[1]), sys.argv[2], socket.inet_aton(sys.argv[3])
		with open(path, "rb") as f:
		    f.read(24)
		    frames = []
		    while len(head := f.read(16)) == 16:
		        frames.append(f.read(struct.unpack("<I", head[8:12])[0]))
		good = 0
		for x in frames:
		    if x[26:30] != src or x[16:18] != b"\x00\x3c":
		        continue
		    m = x[34:74]
		    text = bytes([4, 3, m[1], 0]) + src + bytes(12) + m[:6] + bytes(2) + m[8:24] + bytes(16)
		    if hmac.new(key, text, hashlib.sha256).digest()[:16] != m[24:]:
		        sys.exit("a wrong HMAC")
		    good += 1
		sys.exit(0 if good else "no advert")
	PYTHON
}

step_by_step_to_enforce() {
	key >"$LAB/advert.keys"
	chmod 600 "$LAB/advert.keys"
	go_over off
	go_over receive-only
	lab_capture b vrrp
	go_over permissive
	go_over enforce
	lab_capture_stop b
	[ "$(with_trailer)" -ge 5 ] || fail "$(with_trailer) adverts with a trailer"
	is_hmac_of "$(cat "$LAB/advert.keys")" "$LAB/b.pcap" || fail "they are not what the draft says"
	expect "malformed" "$(tshark -r "$LAB/b.pcap" -Y _ws.malformed 2>/dev/null | wc -l)" 0
}

# refusals NODE: how many adverts it refused.
refusals() {
	lab_status "$1" vrrp.0.adverts.rejected
}

forgeries_are_refused() {
	local before refused

	before=$(transitions)
	refused=$(refusals b)
	for _ in 1 2 3; do
		lab_exec client "$LAB_TOOLS/advert.py" --src "$(lab_address a)" --priority 0
		lab_exec client "$LAB_TOOLS/advert.py" --src 10.77.0.66 --priority 254
		sleep 0.3
	done
	expect "transitions" "$(transitions)" "$before"
	[ "$(refusals b)" -ge $((refused + 6)) ] || fail "b refused $(refusals b), $refused before"
	lab_logged b 'not authenticated' || fail "b does not say why"
}

# The master's machine is gone, and somebody plays its last advert again and again.
play() {
	local end=$((SECONDS + 5))

	while [ $SECONDS -lt $end ]; do
		lab_exec client "$LAB_TOOLS/advert.py" --src "$(lab_address a)" --replay "$LAB/client.pcap"
		sleep 0.05
	done
}

recordings_keep_nobody_alive() {
	lab_capture client vrrp
	sleep 1
	lab_switch_port_down a
	lab_capture_stop client
	play &
	expect_soon "b is master" "lab_is b master" 4
	wait
	lab_is b master || fail "b is $(lab_status b vrrp.0.state)"
	lab_switch_port_up a
	expect_soon "a is master again" "lab_is a master && lab_is b backup" 12
}

# What was recorded a moment before the daemon was started anew is still known to the next one.
a_restart_forgets_nothing() {
	lab_capture client vrrp
	sleep 1
	lab_kill_director b
	lab_switch_port_down a
	lab_capture_stop client
	lab_start_director b
	play &
	expect_soon "b is master" "lab_is b master" 4
	wait
	lab_logged b 'heard before' || fail "b heard no recording"
	lab_switch_port_up a
	expect_soon "a is master again" "lab_is a master && lab_is b backup" 12
}

keys_are_exchanged() {
	local old new

	old=$(cat "$LAB/advert.keys")
	new=$(key)
	printf '1 %s\n2 hex:%s\n' "$old" "$new" >"$LAB/advert.keys"
	go_over enforce 1
	lab_capture b vrrp
	go_over enforce 2
	lab_capture_stop b
	printf '2 %s\n' "$new" >"$LAB/advert.keys"
	go_over enforce 2
}

mistakes_have_a_sentence() {
	local answer

	printf '2 %s\n2 %s\n' "$(key)" "$(key)" >"$LAB/advert.keys"
	answer=$(lab_ctl a config reload 2>&1) && fail "the reload went through"
	[[ $answer == *"director.conf:"*"advert.keys, line 2: a key with this id is there already"* ]] ||
		fail "$answer"
	chmod 644 "$LAB/advert.keys"
	answer=$(lab_ctl a config reload 2>&1) && fail "the reload went through"
	[[ $answer == *"chmod 600"* ]] || fail "$answer"
	expect "states" "$(lab_status a vrrp.0.state) $(lab_status b vrrp.0.state)" "master backup"
}

# A busy machine must not look like a change of the master: a takeover takes 1.8 s.
export LAB_ADVERTISE_INTERVAL=500ms
lab_up
lab_start_pair
run_case "from off to enforce, the master stays" step_by_step_to_enforce
run_case "forged adverts are refused" forgeries_are_refused
run_case "recordings do not keep a dead master alive" recordings_keep_nobody_alive
run_case "a restarted daemon refuses what the one before it heard" a_restart_forgets_nothing
run_case "another key, the master stays" keys_are_exchanged
run_case "a bad file of keys is refused with its place" mistakes_have_a_sentence
finish
