# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The HTTP listener of a director, asked on that node itself.

PORT=9405
URL=http://127.0.0.1:$PORT

# get NODE PATH [ARGUMENT …]: the reply to a request.
get() {
	local node=$1 path=$2

	shift 2
	lab_exec "$node" curl -sS --noproxy '*' --max-time 3 "$@" "$URL$path"
}

# code NODE PATH [ARGUMENT …]: its status.
code() {
	get "$@" -o /dev/null -w '%{http_code}'
}
