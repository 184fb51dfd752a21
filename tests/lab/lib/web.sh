# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The web servers: one nginx each, the VIP on lo, silent about it on the wire. Each answers with its
# own name; /healthz says ok, or 503 while there is a file root/sick; /big?rate=100k is a download of 16 MiB at that many bytes a second
# (200k without rate).

# Ports that every web server listens on.
LAB_WEB_PORTS="80 8080 8081"

lab_web_up() {
	local web

	for web in $LAB_WEBS; do
		lab_web_prepare "$web"
		lab_web_start "$web"
	done
	for web in $LAB_WEBS; do
		lab_wait_until "lab_answers http://$(lab_address "$web")/healthz" 5 || {
			echo "$web does not answer" >&2
			return 1
		}
	done
}

# What directorctl backend-setup would have an operator do.
lab_web_prepare() {
	lab_exec "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n "$(lab_ns "$1")" address add "$LAB_VIP/32" dev lo
}

lab_web_start() {
	local dir=$LAB/$1

	mkdir -p "$dir/root" "$dir/tmp"
	truncate -s 16M "$dir/root/big"
	lab_web_conf "$1" "$dir" >"$dir/nginx.conf"
	lab_spawn "$1" "$1" nginx -p "$dir" -e "$dir/error.log" -c "$dir/nginx.conf"
}

lab_web_conf() {
	local name=$1 dir=$2 port temp

	cat <<-EOT
		daemon off;
		master_process off;
		pid $dir/nginx.pid;
		error_log $dir/error.log;
		events { worker_connections 2048; }
		http {
			log_format lab '\$remote_addr \$remote_port \$server_addr \$server_port \$request_uri';
			access_log $dir/access.log lab;
			default_type text/plain;
			keepalive_timeout 120;
			keepalive_requests 100000;
			map \$arg_rate \$rate { default \$arg_rate; "" 200k; }
	EOT
	for temp in client_body proxy fastcgi uwsgi scgi; do
		echo "${temp}_temp_path $dir/tmp/$temp;"
	done
	echo "server {"
	for port in $LAB_WEB_PORTS; do
		echo "listen $port backlog=4096;"
	done
	cat <<-EOT
			root $dir/root;
			add_header X-Backend $name always;
			location = / { return 200 "$name\\n"; }
			location = /healthz {
				if (-f $dir/root/sick) { return 503 "sick\\n"; }
				return 200 "ok\\n";
			}
			location = /big { limit_rate \$rate; }
		}
		}
	EOT
}

# lab_web_served WEB: how many requests through the VIP it has answered.
lab_web_served() {
	awk -v vip="$LAB_VIP" '$3 == vip { n++ } END { print n + 0 }' "$LAB/$1/access.log"
}
