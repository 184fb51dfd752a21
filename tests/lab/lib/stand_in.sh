#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What examples call and a lab has not, by the name that it is called by: the service manager with the one
# unit of the node whose home this is, a way to log in to another host, and make, which has been run.
. "$LAB_TOOLS/lab.sh"
lab_attach "$LAB"
name=${0##*/}
node=${LAB_HOME##*/}

case "$name $*" in
"systemctl daemon-reload" | "make" | "make install PREFIX=/usr") ;;
"systemctl start directord" | "systemctl enable --now directord")
	lab_alive "$node" || lab_start_director "$node" /etc/director/director.conf
	;;
"systemctl stop directord" | "systemctl disable --now directord") lab_stop_director "$node" ;;
"systemctl restart directord")
	lab_stop_director "$node"
	lab_start_director "$node" /etc/director/director.conf
	;;
"ssh root@"*)
	host=${1#root@}
	shift
	lab_exec "$host" "$@"
	;;
*)
	echo "$name is not stood in for with: $*" >&2
	exit 1
	;;
esac
