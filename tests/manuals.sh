#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# manuals.sh: mandoc and groff have nothing to say of the man pages. Prints what they say; exit status 1
# when there is anything.
# manuals.sh wrap: breaks lines of text that are longer than 80 octets, which mandoc minds.
set -eu
cd "$(dirname "$0")/.."

# Not in what is printed as it stands, not in a request, and no line that would begin like one or begin a
# new sentence.
wrap() {
	awk -v most=80 '
		/^\.Bd -literal/ { literal = 1 }
		/^\.Ed/ { literal = 0 }
		literal || /^[.\047]/ { print; next }
		{
			line = $0
			while (length(line) > most) {
				for (at = most + 1; at > 1; at--)
					if (substr(line, at, 1) == " " && substr(line, at - 1, 1) !~ /[ .!?:)]/ &&
						substr(line, at + 1, 1) !~ /[ .\047]/)
						break
				if (at == 1)
					break
				print substr(line, 1, at - 1)
				line = substr(line, at + 1)
			}
			print line
		}' "$1" >"$1.wrapped"
	cmp -s "$1" "$1.wrapped" || cat "$1.wrapped" >"$1"
	rm -f "$1.wrapped"
}

if [ "${1:-}" = wrap ]; then
	for page in deploy/man/*.[578]; do
		wrap "$page"
	done
	exit
fi

# Manuals that ours name and that are ours.
strangers() {
	sed -nE 's/^\.Xr (director[^ ]*) ([0-9]).*/\1.\2/p' "$1" | sort -u | while read -r page; do
		[ -e "deploy/man/$page" ] || echo "$1: there is no manual $page"
	done
}

# Whether others are there, mandoc looks up on this machine.
found=$(
	for page in deploy/man/*.[578]; do
		mandoc -T lint -W all "$page" 2>&1 |
			sed '/referenced manual not found/d; /outdated mandoc\.db lacks/d'
		groff -mandoc -ww -z "$page" 2>&1
		strangers "$page"
	done
)
[ -z "$found" ] || {
	echo "$found"
	exit 1
}
