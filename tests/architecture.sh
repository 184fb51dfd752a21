#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# architecture.sh [ROOT]: enforces the floor plan of README.md. Prints FILE:LINE: what is wrong; exit
# status 1 when there is anything.
#
#   tests -> director -> ha -> proto -> include      includes point this way only
#   director/*.c -> director/ROOM/*.c                 rooms make no circle
#   x.c is pure, x_uv.c is the shell                 the pure one never includes the other
set -eu
cd "${1:-$(dirname "$0")/..}"

FILE_LINES=500
FUNCTION_LINES=120

c_files() {
	find include proto ha director tests -name '*.[ch]' | sort
}

# Headers of the shell: by their name; and those that stand for no .c of their own and include one.
shell_headers() {
	echo include/log.h
	c_files | grep '_uv\.h$' || true
	c_files | grep '\.h$' | while read -r file; do
		[ -e "${file%.h}.c" ] || ! grep -qE '^#include "[^"]*_uv\.h"' "$file" || echo "$file"
	done
}

# Shell files by their name; the programs' own top ends are shell, too.
pure_files() {
	c_files | grep -vE '_uv\.[ch]$|^tests/|^director/(main|log)\.c$|^director/ctl/' |
		grep -vxF "$(shell_headers)"
}

# Comments become empty, line numbers stay.
without_comments() {
	awk '{
		line = $0; text = ""
		while (line != "") {
			if (inside) {
				at = index(line, "*/")
				if (!at) break
				line = substr(line, at + 2); inside = 0
			} else {
				at = index(line, "/*")
				if (!at) { text = text line; break }
				text = text substr(line, 1, at - 1)
				line = substr(line, at + 2); inside = 1
			}
		}
		print text
	}' "$1"
}

# search REGEX WHY < list of files: where the code, without comments, matches.
search() {
	while read -r file; do
		without_comments "$file" | grep -nE "$1" | sed "s|^\([0-9]*\):.*|$file:\1: $2|"
	done
}

# includes_not FOLDER ALLOWED: files of FOLDER include from ALLOWED only.
includes_not() {
	c_files | grep "^$1/" |
		search "^#include \"" "" | cut -d : -f 1,2 |
		while IFS=: read -r file line; do
			sed -n "${line}p" "$file" | grep -qE "\"(($2)/|[a-z_]+\.pb-c\.h)" ||
				echo "$file:$line: $1 includes from ($2) only"
		done
}

arrows_point_down() {
	includes_not include 'include'
	includes_not proto 'proto|include'
	includes_not ha 'ha|proto|include'
	includes_not director 'director|ha|proto|include'
}

# ROOM ROOM: the first one includes from the second; the daemon itself, director/*.c, joins them all.
room_arrows() {
	find director -mindepth 2 -maxdepth 2 -name '*.[ch]' | while read -r file; do
		room=${file#director/}
		sed -n 's|^#include "director/\([a-z_]*\)/.*|\1|p' "$file" | sed "s|^|${room%%/*} |"
	done | awk '$1 != $2' | sort -u
}

rooms_make_no_circle() {
	room_arrows | tsort 2>&1 >/dev/null | sed 's|^tsort: *-: .*|director/: these rooms include each other:|; s|^tsort:||' |
		paste -sd '\0'
	find director -mindepth 2 -maxdepth 2 -name '*.[ch]' |
		search '^#include "director/[a-z_]+\.h"' 'a room includes from the daemon that joins it'
}

pure_is_pure() {
	headers=$(shell_headers | sed 's/\./\\./g' | paste -sd '|' -)
	pure_files | search "#include \"($headers)\"" 'a pure file includes a header of the shell'
	pure_files | search '#include <(uv|poll|sys/epoll|sys/timerfd)\.h>' 'a pure file waits'
	pure_files | search '\<(uv_[a-z_]+|clock_gettime|gettimeofday|time|sleep|usleep|nanosleep) ?\(' \
		'a pure file asks for the time or the loop'
	pure_files | search '\<(socket|sendto|sendmsg|recvfrom|recvmsg|mnl_socket_[a-z_]+) ?\(' \
		'a pure file uses a socket'
}

spdx_everywhere() {
	find include proto ha director conf tests deploy .ci Makefile -type f \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.proto' -o -name Makefile \
		-o -path .ci/run \) | sort |
		while read -r file; do
			head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
				echo "$file:1: no SPDX line"
		done
}

top_level_is_closed() {
	for entry in *; do
		case $entry in
		director | ha | proto | include | conf | tests | deploy | Makefile | README.md | build*) ;;
		*) echo "$entry: does not belong at the top" ;;
		esac
	done
}

files_are_short() {
	find include proto ha director tests Makefile -type f \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name Makefile \) | sort |
		while read -r file; do
			lines=$(wc -l <"$file")
			[ "$lines" -le $FILE_LINES ] || echo "$file:$FILE_LINES: $lines lines in one file"
		done
}

functions_are_short() {
	c_files | while read -r file; do
		awk -v file="$file" -v limit=$FUNCTION_LINES '
			/^\{/ { start = NR }
			/^\}/ {
				if (start && NR - start > limit)
					printf "%s:%d: a function of %d lines\n", file, start, NR - start
				start = 0
			}' "$file"
	done
	find tests deploy -name '*.sh' | while read -r file; do
		awk -v file="$file" -v limit=$FUNCTION_LINES '
			/^[a-z_]+\(\) *\{/ { start = NR }
			/^\}/ {
				if (start && NR - start > limit)
					printf "%s:%d: a function of %d lines\n", file, start, NR - start
				start = 0
			}' "$file"
	done
}

found=$(
	arrows_point_down
	rooms_make_no_circle
	pure_is_pure
	spdx_everywhere
	top_level_is_closed
	files_are_short
	functions_are_short
)
[ -z "$found" ] || {
	echo "$found"
	exit 1
}
