# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Traffic of many flows, every packet of which is accounted for (tests/flowcheck). The flows come from
# 100.64.0.0/10 or 2001:db8:64::/48, whose packets the backends' own stacks never see; those of each
# run from addresses of their own, so that nothing that was remembered of another run matters.
#
# The sender feeds the director's cable from within the switch, which spares the way from the client.

LAB_FLOWS_RATE=${LAB_FLOWS_RATE:-100000}

# lab_flows_prepare: once, after lab_up.
lab_flows_prepare() {
	local web

	# A bridge whose packets no firewall has to see is twice as fast.
	lab_exec switch sysctl -qw net.bridge.bridge-nf-call-iptables=0 \
		net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || true
	for web in $LAB_WEBS; do
		lab_exec "$web" nft -f - <<-'EOT'
			table netdev sink {
				chain flows {
					type filter hook ingress device "eth0" priority 0
					ip saddr 100.64.0.0/10 drop
					ip6 saddr 2001:db8:64::/48 drop
				}
			}
		EOT
	done
}

# lab_flows_start VIP:PORT [ARGUMENT …]: flows to director a in the background; returns when they flow.
# ARGUMENTs are those of `flowcheck send`.
lab_flows_start() {
	local vip=$1 web

	shift
	# Of a case that failed half-way.
	lab_flows_end >/dev/null 2>&1 || true
	rm -f "$LAB"/flows/*
	mkdir -p "$LAB/flows"
	echo >>"$LAB/flows-runs"
	for web in $LAB_WEBS; do
		rm -f "$LAB/flows-$web/log"
		lab_spawn "flows-$web" "$web" "$LAB_BUILD/flowcheck" receive --dev eth0 --name "$web" \
			--report "$LAB/flows/$web"
		lab_wait_until "grep -q ready '$LAB/flows-$web/log'" 5
	done
	rm -f "$LAB/flows-sender/log"
	lab_spawn flows-sender switch "$LAB_BUILD/flowcheck" send --dev a --to "$(lab_mac a)" \
		--from "$(lab_mac client)" --vip "$vip" --client "$(lab_flows_client "$vip")" \
		--rate "$LAB_FLOWS_RATE" --report "$LAB/flows/sent" "$@"
}

# lab_flows_client VIP:PORT: whence the flows of this run come; LAB_FLOWS_CLIENT, when that is set.
lab_flows_client() {
	local run=$(($(wc -l <"$LAB/flows-runs") % 64))

	case ${LAB_FLOWS_CLIENT:-$1} in
	"${LAB_FLOWS_CLIENT:-}") echo "$LAB_FLOWS_CLIENT" ;;
	*]:*) printf '2001:db8:64:%x::\n' $run ;;
	*) echo "100.$((64 + run)).0.0" ;;
	esac
}

# lab_flows_rounds FLOWS N: returns when each of so many lasting flows has sent N packets more, beside
# passing ones that are a twentieth of the packets.
lab_flows_rounds() {
	lab_flows_packets $(($1 * $2 * 11 / 10))
}

# lab_flows_passed: returns when the passing flows that are alive have ended. One lives as long as the
# sender takes for a second's packets when --churn-alive is not given.
lab_flows_passed() {
	lab_flows_packets $((LAB_FLOWS_RATE * 11 / 10))
}

# lab_flows_packets N: returns when the director's cable has carried so many more.
lab_flows_packets() {
	local until=$(($(lab_flows_carried) + $1))

	lab_wait_until "[ \$(lab_flows_carried) -ge $until ] || ! lab_alive flows-sender" 60 &&
		lab_alive flows-sender && return 0
	echo "the sender does not send: $(cat "$LAB/flows-sender/log")" >&2
	return 1
}

lab_flows_carried() {
	lab_exec switch cat /sys/class/net/a/statistics/tx_packets
}

# lab_flows_end: the flows are closed; waits for the last packets.
lab_flows_end() {
	local web

	lab_stop flows-sender TERM || true
	for web in $LAB_WEBS; do
		lab_signal "flows-$web" TERM || true
	done
	for web in $LAB_WEBS; do
		lab_stop "flows-$web" TERM || true
	done
	cat "$LAB/flows-sender/log"
}

# lab_flows_judge [OPTION …]: its words in $LAB/verdict; exit status of `flowcheck judge`.
lab_flows_judge() {
	"$LAB_BUILD/flowcheck" judge "$@" "$LAB"/flows/* >"$LAB/verdict" 2>&1
}

# lab_flows_counted WHAT: a number of the last verdict, such as "flows moved".
lab_flows_counted() {
	sed -n "s/^$1: //p" "$LAB/verdict"
}
