# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an attack costs the daemon that it is made on: its memory, its descriptors, how late its loops
# were, how much of a processor it took, how many lines it wrote, and whether anybody's role changed.

# How late something was is known by powers of two. What holds a loop by itself, as a million flows in one
# piece do, exceeds the bounds; for how long its threads have waited for a processor, which others had,
# is added to them. With sanitizers all is slower, and what was freed is kept for a while.
if lab_sanitized; then
	HARM_MEMORY_KB=$((256 * 1024)) HARM_MAIN_US=524288 HARM_ELECTION_US=262144
else
	HARM_MEMORY_KB=$((96 * 1024)) HARM_MAIN_US=131072 HARM_ELECTION_US=131072
fi
HARM_FILES=60
HARM_LINES=60

# harm_of NODE: peak of memory in KiB, descriptors, processor ticks, lines, transitions of both, for how
# long its threads waited for a processor, in µs.
harm_of() {
	local pid

	pid=$(cat "$LAB/$1/pid")
	echo "$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")" \
		"$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" \
		"$(awk '{ print $14 + $15 }' "/proc/$pid/stat") $(wc -l <"$LAB/$1/log")" \
		"$(lab_status a vrrp.0.transitions)/$(lab_status b vrrp.0.transitions)" \
		"$(cat "/proc/$pid"/task/*/schedstat | awk '{ us += $2 / 1000 } END { printf "%d", us }')"
}

# harm_begins NODE: remembers how it is before.
harm_begins() {
	harm_of "$1" >"$LAB/harm"
	lab_ctl "$1" -j status >"$LAB/harm.before"
	now_ms >"$LAB/harm-began"
}

# harm_late WHAT: main_loop or election was less than so many µs late since harm_begins.
harm_late() {
	python3 - "$LAB/harm.before" "$LAB/harm.after" "$1" <<-'EOT'
		import json, sys

		def counts(path):
		    with open(path) as f:
		        return {b["below_us"]: b["count"] for b in json.load(f)[sys.argv[3]]["late"]}

		before, after = counts(sys.argv[1]), counts(sys.argv[2])
		print(max((b for b in after if after[b] > before.get(b, 0)), default=0))
	EOT
}

# harm_bounded NODE WHAT: whether all of it is within its bounds since harm_begins; prints it.
# shellcheck disable=SC2034
harm_bounded() {
	local kb files main election ticks lines roles old_ticks old_lines old_roles ms waited old_waited

	lab_alive "$1" || fail "$1 is dead: $(tail -n 3 "$LAB/$1/log")"
	read -r _ _ old_ticks old_lines old_roles old_waited <"$LAB/harm"
	read -r kb files ticks lines roles waited <<<"$(harm_of "$1")"
	lab_ctl "$1" -j status >"$LAB/harm.after"
	ms=$(($(now_ms) - $(cat "$LAB/harm-began")))
	main=$(harm_late main_loop)
	election=$(harm_late election)
	waited=$((waited - old_waited))
	HARM_CPU=$(((ticks - old_ticks) * 1000 * 100 / $(getconf CLK_TCK) / (ms > 0 ? ms : 1)))
	echo "$2, $1 in $ms ms: peak $kb KiB, $files descriptors, main loop below $main us late" \
		"and $waited us without a processor," \
		"election below $election us, $HARM_CPU % of a processor, $((lines - old_lines)) lines" |
		tee -a "$LAB/harms"
	[ "$kb" -le $HARM_MEMORY_KB ] || fail "$1 took $kb KiB of memory"
	[ "$files" -le $HARM_FILES ] || fail "$1 has $files descriptors open"
	[ "$main" -le $((HARM_MAIN_US + waited)) ] ||
		fail "the main loop of $1 was up to $main us late"
	[ "$election" -le $((HARM_ELECTION_US + waited)) ] ||
		fail "the election of $1 was up to $election us late"
	[ $((lines - old_lines)) -le $HARM_LINES ] || fail "$1 wrote $((lines - old_lines)) lines"
	expect "transitions of a and b" "$roles" "$old_roles"
}
