# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an attack costs the daemon that it is made on: its memory, its descriptors, how late its loops
# were, how much of a processor it took, how many lines it wrote, and whether anybody's role changed.

# With sanitizers all is slower, and what was freed is kept for a while.
if lab_sanitized; then
	HARM_MEMORY_KB=$((450 * 1024)) HARM_LATE_US=400000
else
	HARM_MEMORY_KB=$((96 * 1024)) HARM_LATE_US=100000
fi
HARM_FILES=40
HARM_LINES=60

# harm_of NODE: peak of memory in KiB, descriptors, late at most in µs (main loop, election), processor
# ticks, lines, transitions of both.
harm_of() {
	local pid

	pid=$(cat "$LAB/$1/pid")
	echo "$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")" \
		"$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" \
		"$(lab_status "$1" main_loop.late_max_us) $(lab_status "$1" election.late_max_us)" \
		"$(awk '{ print $14 + $15 }' "/proc/$pid/stat") $(wc -l <"$LAB/$1/log")" \
		"$(lab_status a vrrp.0.transitions)/$(lab_status b vrrp.0.transitions)"
}

# harm_begins NODE: remembers how it is before.
harm_begins() {
	harm_of "$1" >"$LAB/harm"
	now_ms >"$LAB/harm-began"
}

# harm_bounded NODE WHAT: whether all of it is within its bounds since harm_begins; prints it.
harm_bounded() {
	local kb files main election ticks lines roles old_ticks old_lines old_roles ms

	lab_alive "$1" || fail "$1 is dead: $(tail -n 3 "$LAB/$1/log")"
	read -r _ _ _ _ old_ticks old_lines old_roles <"$LAB/harm"
	read -r kb files main election ticks lines roles <<<"$(harm_of "$1")"
	ms=$(($(now_ms) - $(cat "$LAB/harm-began")))
	HARM_CPU=$(((ticks - old_ticks) * 1000 * 100 / $(getconf CLK_TCK) / (ms > 0 ? ms : 1)))
	echo "$2, $1 in $ms ms: peak $kb KiB, $files descriptors, main loop $main us late at most," \
		"election $election us, $HARM_CPU % of a processor, $((lines - old_lines)) lines" |
		tee -a "$LAB/harms"
	[ "$kb" -le $HARM_MEMORY_KB ] || fail "$1 took $kb KiB of memory"
	[ "$files" -le $HARM_FILES ] || fail "$1 has $files descriptors open"
	[ "$main" -le $HARM_LATE_US ] || fail "the main loop of $1 was $main us late"
	[ "$election" -le $HARM_LATE_US ] || fail "the election of $1 was $election us late"
	[ $((lines - old_lines)) -le $HARM_LINES ] || fail "$1 wrote $((lines - old_lines)) lines"
	expect "transitions of a and b" "$roles" "$old_roles"
}
