#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program of notify is told of every change of routers, backends and farms, in order; and nothing
# waits for it. Each director's program puts what it is told into $LAB/NODE/told.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# program NODE [NAME] [WORDS]: what it does when it has noted the object. Put in place at once: it may run.
program() {
	mkdir -p "$LAB/$1"
	printf '#!/bin/sh\ncat >>%s\n%s\n' "$LAB/$1/told" "${3:-}" >"$LAB/$1/${2:-hook}.new"
	chmod 755 "$LAB/$1/${2:-hook}.new"
	mv "$LAB/$1/${2:-hook}.new" "$LAB/$1/${2:-hook}"
}

# conf NODE [NAME]: the configuration of that one, with that program.
conf() {
	{
		echo "notify = \"$LAB/$1/${2:-hook}\""
		LAB_CLUSTER_KEYS='hold-takeover = false' lab_conf_cluster
		lab_conf_vrrp
		LAB_FARM_CHECKS='check "page" { type = "http" path = "/healthz" interval = "200ms" timeout = "150ms" fall = 2 rise = 2 }' \
			lab_conf_farm www maglev '"80"'
	} >"$LAB/$1.conf"
}

# told NODE: one line for each object, such as "vrrp web backup master"; resent ones begin with "=".
told() {
	python3 - "$LAB/$1/told" <<-'EOT'
		import json, sys
		last = None
		for line in open(sys.argv[1]):
		    o = json.loads(line)
		    if o["version"] != 1 or not o["time"].endswith("Z") or o["node"] not in ("a", "b") or not o["address"]:
		        print("BAD object", line)
		    if last not in (None, o["sequence"] - 1 - o["lost"]) and o["sequence"] != 1:
		        print("BAD sequence", line)
		    last = o["sequence"]
		    name = o["name"] + ("/" + o["backend"] if o["event"] == "backend" else "")
		    print(("=" if o["resent"] else "") + o["event"], name, o["from"], o["to"], o["lost"])
	EOT
}

# was_told NODE REGEX: of a whole line, but for what was lost.
was_told() {
	told "$1" | grep -qE "^$2 [0-9]+\$"
}

# never_told NODE REGEX WHY: nor anything that is no good object.
never_told() {
	told "$1" >"$LAB/told.lines"
	! grep BAD "$LAB/told.lines" || fail "$1 was told nonsense: $(grep BAD "$LAB/told.lines")"
	! grep -qE "^$2 [0-9]+\$" "$LAB/told.lines" || fail "$3"
}

expect_told() {
	expect_soon "$1 is told '$2' ($(told "$1" | tail -n 5 | paste -sd ,))" "was_told $1 '$2'" "${3:-5}"
}

forget() {
	: >"$LAB/a/told"
	: >"$LAB/b/told"
}

# quiet NODE: nothing is told for a while.
quiet() {
	local n

	n=$(wc -l <"$LAB/$1/told")
	sleep 1
	[ "$(wc -l <"$LAB/$1/told")" = "$n" ]
}

# web_down HOST, web_up HOST: its /healthz.
web_down() {
	touch "$LAB/$1/root/sick"
}

web_up() {
	rm -f "$LAB/$1/root/sick"
}

# state NODE WEB
state() {
	lab_ctl "$1" -j backend show "www/$2" | "$LAB_TOOLS/lib/json_get.py" state
}

start_tells_everything() {
	lab_start_director a "$LAB/a.conf"
	lab_start_director b "$LAB/b.conf"
	lab_wait_master a
	expect_soon "b is backup" "lab_is b backup" 5
	expect_told a 'vrrp web init backup'
	expect_told a 'vrrp web backup master'
	expect_told b 'vrrp web init backup'
	for node in a b; do
		expect_told $node '=farm www (up up|down down)'
		expect_told $node '=backend www/web1 (.*)'
		expect_told $node '=backend www/web3 (.*)'
		expect_told $node '=vrrp web (.*)'
	done
	expect_soon "all backends are up" '[ "$(state a web1)$(state a web2)$(state a web3)" = upupup ]' 5
	expect_soon "it is quiet" "quiet a && quiet b" 10
	never_told b '.*vrrp web .* master' "b was told that it is master"
	grep -q '"reason": "[^"]' "$LAB/a/told" || fail "no reason is told"
}

failover_is_told_by_both() {
	forget
	lab_ctl a cluster failover
	expect_told a 'vrrp web master backup'
	expect_told b 'vrrp web backup master'
	expect_soon "a takes it back or does not" "quiet a && quiet b" 15
	forget
	lab_is a master || lab_ctl b cluster failover
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 5
	expect_soon "it is quiet" "quiet a && quiet b" 10
}

backend_dies_and_returns() {
	forget
	web_down web2
	expect_told a 'backend www/web2 up down'
	expect_told b 'backend www/web2 up down'
	grep '"backend": "web2"' "$LAB/a/told" | grep -q 503 || fail "no reason: $(cat "$LAB/a/told")"
	web_up web2
	expect_told a 'backend www/web2 down up'
	expect_told b 'backend www/web2 down up'
	lab_ctl a backend drain www/web3
	expect_told a 'backend www/web3 up draining'
	lab_ctl a backend enable www/web3
	expect_told a 'backend www/web3 draining up'
	expect "what a was told" "$(told a | paste -sd ,)" \
		"backend www/web2 up down 0,backend www/web2 down up 0,backend www/web3 up draining 0,backend www/web3 draining up 0"
}

farm_goes_and_returns() {
	local web

	forget
	for web in $LAB_WEBS; do
		web_down "$web"
	done
	expect_told a 'farm www up down' 10
	expect_told b 'farm www up down' 10
	expect "the farm" "$(lab_status a farms.www.state)" down
	for web in $LAB_WEBS; do
		web_up "$web"
	done
	expect_told a 'farm www down up' 10
	expect_told b 'farm www down up' 10
	expect_soon "all are up" '[ "$(state a web1)$(state a web2)$(state a web3)" = upupup ]' 5
	expect_soon "it is quiet" "quiet a && quiet b" 10
	expect "farms" "$(told a | grep -c ^farm)" 2
}

# As long as it hangs nothing is told, everything else goes on, and afterwards everything is told.
program_that_hangs() {
	local word="0000$$" sent

	forget
	program a hook "[ \$DIRECTOR_TO != disabled ] || sleep 61.$word"
	sent=$(lab_status b vrrp.0.transitions)
	lab_ctl a backend disable www/web3
	expect_soon "it hangs" "pgrep -f 'sleep 61.$word'" 5
	lab_ctl a backend enable www/web3
	web_down web1
	expect_soon "a sees web1 go" '[ "$(state a web1)" = down ]' 5
	web_up web1
	lab_holds_for "lab_is a master && lab_is b backup" 6 || fail "the VIP has moved"
	never_told a 'backend www/web3 disabled .*' "the next one did not wait"
	expect_told a 'backend www/web3 disabled up' 10
	expect_told a 'backend www/web1 down up'
	expect_soon "nothing is left of it" "! pgrep -f 'sleep 61.$word'" 5
	lab_logged a 'the notify program takes longer than 10 s' || fail "not logged"
	expect "transitions of b" "$(lab_status b vrrp.0.transitions)" "$sent"
	expect "backends in order" "$(told a | grep -E 'web3' | paste -sd ,)" \
		"backend www/web3 up disabled 0,backend www/web3 disabled up 0"
	program a
}

program_that_fails() {
	forget
	program b hook 'echo it is broken >&2; exit 3'
	lab_ctl b backend disable www/web3
	expect_told b 'backend www/web3 up disabled'
	expect_soon "it is logged" "lab_logged b 'the notify program has exit status 3: it is broken'" 3
	lab_ctl b backend enable www/web3
	expect_told b 'backend www/web3 disabled .*'
	expect_soon "web3 is up" '[ "$(state b web3)" = up ]' 5
	program b
}

another_path() {
	program a second "echo second >>$LAB/a/second.told"
	conf a second
	forget
	lab_ctl a config reload
	expect_soon "the second one runs" "[ -s $LAB/a/second.told ]" 3
	expect_told a '=backend www/web3 up up'
	expect_told a '=farm www up up'
	expect_told a '=vrrp web master master'
	expect "all of it" "$(told a | grep -c '^=')" 5
	conf a none
	lab_ctl a config reload
	lab_logged a 'the notify program .*/none cannot be run: No such file' || fail "not logged"
	sed -i /^notify/d "$LAB/a.conf"
	lab_ctl a config reload
	forget
	lab_ctl a backend disable www/web3
	lab_ctl a backend enable www/web3
	quiet a || fail "somebody is told"
	conf a
	lab_ctl a config reload
	expect_told a '=vrrp web master master'
	expect_soon "it is quiet" "quiet a" 10
}

# Neither hears the other, then both do: the one that stays is told again.
two_masters() {
	forget
	lab_deafen "$LAB_ADVERTS; $LAB_HEARTBEATS"
	expect_told b 'vrrp web backup master'
	expect_soon "two masters" "lab_is a master && lab_is b master" 3
	sleep 1
	never_told a '.*vrrp .*' "a was told too early"
	lab_hear
	expect_told b 'vrrp web master backup'
	expect_told a '=vrrp web master master' 5
	sleep 2
	expect "a was told" "$(told a | grep -c vrrp)" 1
}

# many STATE: five farms more in the configuration of a, with 80 backends each, in that state.
many() {
	local farm host

	conf a
	for farm in 1 2 3 4 5; do
		echo "farm \"many$farm\" { address = \"$LAB_VIP\" interface = \"eth0\" ports = \"900$farm\" default-checks = false"
		for host in $(seq 80); do
			echo "backend \"b$host\" { address = \"10.77.1.$host\" interface = \"eth0\" mac = \"02:00:00:00:01:01\" state = \"$1\" }"
		done
		echo "}"
	done >>"$LAB/a.conf"
	lab_ctl a config reload
}

# 400 backends and their farms change at once.
too_many() {
	forget
	many enabled
	expect_told a '=vrrp web master master' 60
	expect_soon "it is quiet" "quiet a" 20
	expect "many backends are up" "$(told a | grep -c '^=backend many./b.* up up')" 400
	forget
	many disabled
	expect_told a '=vrrp web master master' 90
	expect_soon "it is quiet" "quiet a" 20
	lab_logged a 'the notify program is too slow: changes are lost' || fail "not logged"
	expect "changes, told and lost" "$(told a | awk '!/^=/ { n++ } { n += $5 } END { print n }')" 405
	expect "changes lost, by the status" "$(lab_status a notify.lost)" "$(told a | awk '{ n += $5 } END { print n }')"
	[ "$(told a | grep -vc '^=')" -ge 257 ] || fail "more was lost than there was no room for"
	expect "many backends are disabled" "$(told a | grep -c '^=backend many./b.* disabled disabled')" 400
	lab_is a master || fail "a is not master"
	expect "transitions of b" "$(told b)" ""
	conf a
	lab_ctl a config reload
	expect_soon "it is quiet" "quiet a" 20
}

# The end is told, and a program that hangs does not hold it up.
the_end_is_told() {
	local begun

	forget
	lab_stop_director a
	expect_told a 'vrrp web master init' 1
	expect_told b 'vrrp web backup master'
	program b hook '[ $DIRECTOR_TO != init ] || sleep 61'
	begun=$(now_ms)
	lab_stop_director b
	[ $(($(now_ms) - begun)) -lt 4000 ] || fail "it took $(($(now_ms) - begun)) ms"
	lab_logged b 'the notify program is ended with the daemon' || fail "not logged"
	program b
}

# Who was killed tells nothing; at the next start everything is told.
killed_and_started() {
	forget
	lab_start_director a "$LAB/a.conf"
	lab_start_director b "$LAB/b.conf"
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 5
	expect_soon "it is quiet" "quiet a && quiet b" 15
	lab_kill_director a
	expect_told b 'vrrp web backup master'
	forget
	lab_start_director a "$LAB/a.conf"
	expect_told a 'vrrp web init backup'
	expect_told a '=vrrp web .*'
	expect_told a '=farm www .*'
	expect_master a
}

lab_up
for node in a b; do
	program $node
	conf $node
done
run_case "a start tells how everything is" start_tells_everything
run_case "a failover is told by both" failover_is_told_by_both
run_case "a backend dies and returns" backend_dies_and_returns
run_case "a farm goes down and comes back" farm_goes_and_returns
run_case "a program that hangs is ended, and nothing else waits" program_that_hangs
run_case "a program that fails" program_that_fails
run_case "another path, and none" another_path
run_case "two masters: who remains is told again" two_masters
run_case "too many changes: what is lost is said, and everything is told" too_many
run_case "the end is told, within a second" the_end_is_told
run_case "who was killed is told everything at the next start" killed_and_started
finish
