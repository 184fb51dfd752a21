#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh check|install PACKAGE …
#
# check:   says which of Debian's packages are missing and how to get them; exit 1 when any is.
# install: installs the missing ones by name. Services that come with them (nginx, keepalived) are
#          not started: the lab runs its own, in its own namespaces.
set -eu

mode=$1
shift

missing=
for package in "$@"; do
	case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$mode" = check ]; then
	echo "missing packages:$missing" >&2
	echo "\`make deps\` installs them" >&2
	exit 1
fi

if [ "$(id -u)" != 0 ]; then
	echo "missing packages:$missing" >&2
	echo "installing them needs root: run \`make deps\` as root" >&2
	exit 1
fi

echo "installing:$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' INT TERM HUP
fi
log=$(mktemp)
if ! { apt-get update &&
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
	>"$log" 2>&1 </dev/null; then
	tail -n 20 "$log" >&2
	echo "apt-get could not install them (the whole log: $log)" >&2
	exit 1
fi
rm -f "$log"
