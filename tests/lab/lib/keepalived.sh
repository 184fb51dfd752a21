# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived in a director's place: another router of the same virtual router id. Its state is what
# its own notify script has written. LAB_KEEPALIVED_VIPS are its addresses, LAB_KEEPALIVED_KEYS
# further lines of its instance.

# lab_start_keepalived NODE PRIORITY [VERSION]
lab_start_keepalived() {
	local dir=$LAB/keepalived-$1

	mkdir -p "$dir"
	: >"$dir/states"
	printf '#!/bin/sh\necho "$3" >>%s/states\n' "$dir" >"$dir/notify"
	chmod 755 "$dir/notify"
	keepalived_conf "$dir" "$2" "${3:-3}" >"$dir/keepalived.conf"
	lab_spawn "keepalived-$1" "$1" keepalived --dont-fork --log-console --log-detail --no-syslog \
		--vrrp --dont-respawn --use-file "$dir/keepalived.conf" \
		--pid "$dir/keepalived.pid" --vrrp_pid "$dir/vrrp.pid"
}

keepalived_conf() {
	cat <<-EOT
		global_defs {
			script_user root
			enable_script_security
			vrrp_version $3
		}
		vrrp_instance web {
			state BACKUP
			interface eth0
			virtual_router_id 51
			priority $2
			advert_int ${LAB_KEEPALIVED_INTERVAL:-0.2}
			virtual_ipaddress {
				${LAB_KEEPALIVED_VIPS:-$LAB_VIP/24}
			}
			notify $1/notify
			${LAB_KEEPALIVED_KEYS:-}
		}
	EOT
}

lab_stop_keepalived() {
	lab_stop "keepalived-$1" TERM
}

# lab_keepalived_is NODE MASTER|BACKUP|FAULT|STOP
lab_keepalived_is() {
	[ "$(tail -n 1 "$LAB/keepalived-$1/states")" = "$2" ]
}
