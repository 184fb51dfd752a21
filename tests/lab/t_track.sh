#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The priority, and with it the VIP, follows what the directors depend on: an interface, a command, a
# farm. Each case begins and ends with a as master and b as backup.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# second_interface NODE: its eth1, whose cable ends in the same namespace.
second_interface() {
	ip -n "$(lab_ns "$1")" link add eth1 type veth peer name cable
	ip -n "$(lab_ns "$1")" link set eth1 up
	ip -n "$(lab_ns "$1")" link set cable up
}

# cable NODE up|down
cable() {
	ip -n "$(lab_ns "$1")" link set cable "$2"
}

# conf NODE WORDS: its configuration with these words in the vrrp section; the director reads it anew.
conf() {
	LAB_VRRP_KEYS=$2 lab_conf >"$LAB/$1.conf"
	lab_ctl "$1" config reload
}

# tracks WORDS: the same on both; NODE in it stands for the node.
tracks() {
	conf a "${1//NODE/a}"
	conf b "${1//NODE/b}"
}

expect_priority() {
	expect_soon "the priority of $1 is $2" "[ \"\$(lab_status $1 vrrp.0.priority)\" = $2 ]" "${3:-3}"
}

# lose NODE WEB: nothing of the web server arrives there.
lose() {
	lab_exec "$1" nft -f - <<-EOT
		table netdev lost-$2 {
			chain in {
				type filter hook ingress device "eth0" priority -400
				ether saddr $(lab_mac "$2") drop
			}
		}
	EOT
}

find_again() {
	lab_exec "$1" nft delete table netdev "lost-$2"
}

interface_down_and_up() {
	tracks 'track-interface "eth1" { weight = -60 }'
	expect_priority a 150
	cable a down
	expect_priority a 90
	expect_master b
	expect_soon "a is backup" "lab_is a backup" 3
	lab_logged a 'vrrp "web": interface eth1 is down \(weight -60\)' || fail "not logged"
	expect error "$(lab_status a vrrp.0.error)" 'interface eth1 is down (weight -60)'
	lab_logged a 'vrrp "web": its priority is 90, it was 150' || fail "the priority is not logged"
	cable a up
	expect_master a
	expect_priority a 150
	expect_soon "b is backup" "lab_is b backup" 3
	lab_logged a 'the tracked interface "eth1" is well again' || fail "its return is not logged"
}

interface_that_does_not_exist() {
	tracks 'track-interface "eth1" { weight = -60 }'
	ip -n "$(lab_ns a)" link delete eth1
	expect_master b
	expect_soon "the log says so" "lab_logged a 'interface eth1 (is down|does not exist)'" 3
	conf a 'track-interface "eth1" { }'
	expect_soon "a is in fault" "lab_is a fault" 3
	expect error "$(lab_status a vrrp.0.error)" 'interface eth1 does not exist'
	conf a 'track-interface "eth1" { weight = -60 }'
	second_interface a
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
}

# What stays in a new configuration keeps its state: nothing moves, not for a moment.
reload_keeps_what_is_known() {
	local before

	tracks "track-interface \"eth1\" { weight = -60 }
		track-command \"gate\" { command = \"test ! -e $LAB/NODE.closed\" interval = \"500ms\" weight = -5 }"
	cable a down
	touch "$LAB/a.closed"
	expect_priority a 85
	expect_master b
	before=$(lab_status a vrrp.0.transitions)$(lab_status b vrrp.0.transitions)
	tracks "garp-repeat = 3
		track-interface \"eth1\" { weight = -61 }
		track-command \"gate\" { command = \"sleep 0.3; test ! -e $LAB/NODE.closed\" interval = \"2s\" weight = -5 }"
	expect_priority a 84 1
	lab_holds_for '[ "$(lab_status a vrrp.0.priority)" = 84 ]' 3 || fail "the priority did not stay"
	expect transitions "$(lab_status a vrrp.0.transitions)$(lab_status b vrrp.0.transitions)" "$before"
	rm "$LAB/a.closed"
	cable a up
	expect_master a
	expect_priority a 150
	expect_soon "b is backup" "lab_is b backup" 3
}

command_with_weight() {
	tracks "track-command \"gate\" { command = \"test ! -e $LAB/NODE.closed\" interval = \"300ms\" weight = -60 }"
	expect_priority a 150
	touch "$LAB/a.closed"
	expect_priority a 90
	expect_master b
	lab_logged a 'command "gate" has exit status 1' || fail "not logged"
	rm "$LAB/a.closed"
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
}

command_without_weight() {
	tracks "track-command \"gate\" { command = \"[ ! -e $LAB/NODE.closed ] || exit 3\" interval = \"300ms\" }"
	touch "$LAB/a.closed"
	expect_soon "a is in fault" "lab_is a fault" 3
	expect error "$(lab_status a vrrp.0.error)" 'command "gate" has exit status 3'
	expect_master b
	rm "$LAB/a.closed"
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
	expect error "$(lab_status a vrrp.0.error)" ''
}

# states NODE: of its two virtual routers, with their priorities.
states() {
	echo "$(lab_status "$1" vrrp.0.state) $(lab_status "$1" vrrp.0.priority)" \
		"$(lab_status "$1" vrrp.1.state) $(lab_status "$1" vrrp.1.priority)"
}

# group WEIGHT: the second section tracks nothing itself.
group() {
	local node

	for node in a b; do
		{
			LAB_VRRP_KEYS="group = \"all\" track-interface \"eth1\" { weight = $1 }" lab_conf
			echo 'vrrp "dns" { interface = "eth0"  virtual-router-id = 52  group = "all"'
			echo 'addresses = "10.77.0.101/24"  advertise-interval = "200ms" }'
		} >"$LAB/$node.conf"
		lab_ctl $node config reload
	done
	expect_soon "both are with a" "[ \"\$(states a)\" = 'master 150 master 150' ]" 5
	expect_soon "b listens" "[ \"\$(states b)\" = 'backup 100 backup 100' ]" 3
}

a_group_moves_together() {
	group -60
	cable a down
	expect_soon "a has one priority" "[ \"\$(states a)\" = 'backup 90 backup 90' ]" 5
	expect_soon "both are with b" "[ \"\$(states b)\" = 'master 100 master 100' ]" 3
	cable a up
	expect_soon "both are with a" "[ \"\$(states a)\" = 'master 150 master 150' ]" 5
	group 0
	cable a down
	expect_soon "both are in fault" "[ \"\$(states a)\" = 'fault 150 fault 150' ]" 5
	expect error "$(lab_status a vrrp.1.error)" 'another router of its group is in fault'
	expect_soon "both are with b" "[ \"\$(states b)\" = 'master 100 master 100' ]" 3
	cable a up
	expect_soon "both are with a" "[ \"\$(states a)\" = 'master 150 master 150' ]" 5
	tracks ''
}

# children: the processes of the command below, by what they alone are called.
children() {
	pgrep -f "^sleep 61[.]$1"
}

# One run at a time, and none is left behind: not by its end, a reload or the daemon's end.
command_that_hangs() {
	local word=$((LAB_ID_NUMBER))

	conf a "track-command \"slow\" { command = \"sleep 61.$word & sleep 61.$word\" interval = \"500ms\" weight = -10 }"
	expect_priority a 140
	lab_logged a 'command "slow" takes longer than its interval of 500ms' || fail "not logged"
	lab_holds_for "[ \$(children $word | wc -l) -le 2 ]" 2 || fail "several runs at a time"
	expect_soon "it runs again" "[ \$(children $word | wc -l) = 2 ]" 5
	conf a ''
	expect_soon "nothing is left by the reload" "! children $word" 5
	expect_priority a 150
	conf a "track-command \"back\" { command = \"sleep 61.$word &\" interval = \"500ms\" }
		track-command \"slow\" { command = \"sleep 61.$word\" interval = \"30s\" }"
	expect_soon "it runs" "children $word" 5
	sleep 1
	lab_is a master || fail "a is not master: $(lab_status a vrrp.0.error)"
	[ "$(children $word | wc -l)" -le 2 ] || fail "what it left in the background stays"
	lab_stop_director a
	! children $word || fail "something is left by the daemon"
	lab_start_director a "$LAB/a.conf"
	conf a ''
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
}

# A failover would help nobody.
farm_down_on_both() {
	local web

	tracks 'track-farm "www" { }'
	for web in $LAB_WEBS; do
		lab_switch_port_down "$web"
	done
	expect_soon "both miss them" "[ \"\$(lab_status a farms.www.state)\$(lab_status b farms.www.state)\" = downdown ]" 10
	lab_holds_for "lab_is a master && lab_is b backup" 8 || fail "the VIP has moved"
	for web in $LAB_WEBS; do
		lab_switch_port_up "$web"
	done
	expect_soon "both see them" "[ \"\$(lab_status a farms.www.state)\$(lab_status b farms.www.state)\" = upup ]" 10
	lab_holds_for "lab_is a master && lab_is b backup" 8 || fail "the VIP has moved afterwards"
}

farm_down_here() {
	tracks 'track-farm "www" { weight = -60 }'
	lose a web2
	expect_master b 20
	expect_priority a 90
	lab_logged a 'farm "www" has 2 healthy backends here and lacks 1, the other director sees more' ||
		fail "not logged"
	find_again a web2
	expect_master a 20
	expect_soon "b is backup" "lab_is b backup" 3
}

farm_down_here_without_weight() {
	tracks 'track-farm "www" { }'
	lose a web2
	expect_soon "a is in fault" "lab_is a fault" 20
	lab_status a vrrp.0.error | grep -q '^farm "www" has 2' || fail "status says: $(lab_status a vrrp.0.error)"
	expect_master b
	# Nobody is left who sees more.
	lab_stop_director b
	expect_master a
	lab_start_director b "$LAB/b.conf"
	expect_master b 20
	find_again a web2
	expect_master a 20
	expect_soon "b is backup" "lab_is b backup" 3
}

# The order is given on one director after the other.
operator_disables_a_backend() {
	tracks 'track-farm "www" { }'
	lab_ctl a backend disable www/web2
	lab_holds_for "lab_is a master && lab_is b backup" 8 || fail "the VIP has moved"
	lab_ctl b backend disable www/web2
	lab_ctl a backend enable www/web2
	lab_holds_for "lab_is a master && lab_is b backup" 8 || fail "the VIP has moved"
	lab_ctl b backend enable www/web2
}

# web3_of NODE none|WORDS: the backend web3 in its configuration, with these words; the farm is tracked.
web3_of() {
	if [ "$2" = none ]; then set -- "$1" '/"web3"/d'; else set -- "$1" "s/\"web3\" {.*}/\"web3\" { $2 }/"; fi
	LAB_VRRP_KEYS='track-farm "www" { weight = -60 }' lab_conf | sed "$2" >"$LAB/$1.conf"
	lab_ctl "$1" config reload
}

# serve HERE THERE: so many backends, as a knows.
serve() {
	[ "$(lab_status a farms.www.backends | grep -o '"state": "up"' | wc -l)" = "$1" ] &&
		[ "$(lab_status a peers.0.vrrp.0.healthy_backends)" = "$2" ]
}

# nothing_moves WHAT HERE THERE: for longer than it takes to believe a difference.
nothing_moves() {
	expect_soon "$1: $2 serve here, $3 there" "serve $2 $3" 10
	lab_holds_for '[ "$(lab_status a vrrp.0.priority)$(lab_status b vrrp.0.priority)" = 150100 ]' 10 ||
		fail "$1: a priority has changed: $(lab_status a vrrp.0.error)$(lab_status b vrrp.0.error)"
	serve "$2" "$3" || fail "$1: other backends serve"
}

# The operator changes one configuration after the other: no backend is seen better there than here.
backends_of_one_director_alone() {
	local here there before

	here="address = \"$(lab_address web3)\""
	there="address = \"$(lab_address web3 | sed 's/[0-9]*$/199/')\"" # where nobody is
	web3_of a none
	web3_of b none
	expect_soon "a has priority 150" '[ "$(lab_status a vrrp.0.priority)" = 150 ]' 3
	expect_soon "both serve" "serve 2 2" 10
	before=$(lab_status a vrrp.0.transitions)$(lab_status b vrrp.0.transitions)
	web3_of b "$here"
	nothing_moves "added there first" 2 3
	web3_of a "$there"
	nothing_moves "another one here, which is not up" 2 3
	web3_of b none
	nothing_moves "added here first, not up yet" 2 2
	# Nor does what both have, until there are no others.
	web3_of a none
	web3_of b "$here"
	lose a web2
	nothing_moves "one is down here only" 1 3
	expect transitions "$(lab_status a vrrp.0.transitions)$(lab_status b vrrp.0.transitions)" "$before"
	web3_of b none
	expect_master b 20
	expect_priority a 90
	find_again a web2
	expect_master a 20
	expect_soon "b is backup" "lab_is b backup" 3
}

lab_up
LAB_ID_NUMBER=$((10000 + $$ % 90000))
second_interface a
second_interface b
cp "$LAB/director.conf" "$LAB/a.conf"
cp "$LAB/director.conf" "$LAB/b.conf"
lab_start_director a "$LAB/a.conf"
lab_start_director b "$LAB/b.conf"
lab_wait_master a && lab_wait_until "lab_is b backup" 5
run_case "an interface goes down and comes back: priority and VIP move and come back" interface_down_and_up
run_case "an interface that does not exist is one that is down" interface_that_does_not_exist
run_case "a reload keeps what is known" reload_keeps_what_is_known
run_case "a command that fails takes its weight" command_with_weight
run_case "without a weight it is a fault that names it" command_without_weight
run_case "a group has one priority, and one fault" a_group_moves_together
run_case "a command that hangs is ended, nothing is left behind" command_that_hangs
run_case "all backends are down on both: nothing moves" farm_down_on_both
run_case "a backend is down here only: the VIP moves" farm_down_here
run_case "without a weight: a fault, until nobody sees more" farm_down_here_without_weight
run_case "a backend of one configuration alone does not move the VIP" backends_of_one_director_alone
run_case "the operator's orders do not move the VIP" operator_disables_a_backend
finish
