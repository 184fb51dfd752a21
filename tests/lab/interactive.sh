#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A lab with both directors running and a shell in front of it; everything goes when the shell ends.
. "$(dirname "$0")/lab.sh"

welcome() {
	cat <<-EOT
		   client 10.77.0.10 | directors a 10.77.0.2, b 10.77.0.3 | web1 web2 web3 10.77.0.21 - .23
		   VIP $LAB_VIP, ports 80 and 8080; files and logs in $LAB

		   on client curl http://$LAB_VIP/      a command on a host: client, a, b, web1 … web3
		   ctl a status                          directorctl, speaking to director a (or b)
		   load --rate 100 --duration 5          requests at a rate, what was lost and the longest gap
		   stop a | start a | crash a            SIGTERM; start it; kill -9
		   unplug a | plug a                     the cable of a host
		   on b tcpdump -eni eth0 vrrp or arp    what is on the wire
		   logs a                                its log so far; edit $LAB/director.conf, ctl a config reload
		   exit                                  takes the lab down
	EOT
}

# The commands of the shell: short names for the lab's functions.
commands() {
	cat <<-EOT
		. "$LAB_TOOLS/lab.sh"
		set +eu
		lab_attach "$LAB"
		PS1='lab# '
		on() { lab_exec "\$@"; }
		ctl() { lab_ctl "\$@"; }
		load() { lab_load "\$@"; }
		start() { lab_start_director "\$@"; }
		stop() { lab_stop_director "\$@"; }
		crash() { lab_kill_director "\$@"; }
		plug() { lab_switch_port_up "\$@"; }
		unplug() { lab_switch_port_down "\$@"; }
		logs() { cat "\$LAB/\$1/log"; }
	EOT
}

lab_up
lab_start_pair
commands >"$LAB/commands"
welcome
if [ -t 0 ]; then
	B=$LAB_BUILD bash --noprofile --rcfile "$LAB/commands" -i || true
else
	# Commands from a pipe.
	{
		echo ". '$LAB/commands'"
		cat
	} | B=$LAB_BUILD bash --noprofile || true
fi
echo "taking the lab down"
