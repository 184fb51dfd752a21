# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What cases expect; each calls fail with what it found instead.

# expect WHAT GOT WANTED
expect() {
	[ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}

# found_s FALL INTERVAL_MS TIMEOUT_MS: the seconds in which a check finds a fault, at most; two of them are
# for a slow machine.
found_s() {
	echo $((($1 * $2 + $3 + 999) / 1000 + 2))
}

# expect_soon WHAT CONDITION SECONDS
expect_soon() {
	lab_wait_until "$2" "$3" || fail "not within $3 s: $1"
}

# expect_no_loss JSON: every request of a load was answered.
expect_no_loss() {
	[ "$(json_value failed <<<"$1")" = 0 ] && [ "$(json_value ok <<<"$1")" -gt 0 ] && return 0
	fail "requests were lost: $1"
}

# expect_spread JSON WEIGHT1 WEIGHT2 WEIGHT3: the answers came from the backends by these weights.
# Chi-square with two degrees of freedom: chance alone exceeds 20 once in 22,000 times.
expect_spread() {
	local json=$1 counts=() web chi

	for web in $LAB_WEBS; do
		counts+=("$(json_value "backends.$web" <<<"$json" || echo 0)")
	done
	chi=$(echo "${counts[@]}" "$2" "$3" "$4" | awk '{
		for (i = 1; i <= 3; i++) { all += $i; weights += $(i + 3) }
		for (i = 1; i <= 3; i++) { e = all * $(i + 3) / weights; chi += ($i - e) ^ 2 / e }
		printf "%d", chi }')
	[ "$chi" -lt 20 ] || fail "weights $2:$3:$4 but answers ${counts[*]} (chi-square $chi)"
}

# expect_vip_on NODE: and on no other director.
expect_vip_on() {
	local node

	for node in a b; do
		if [ "$node" = "$1" ]; then
			lab_has_vip "$node" || fail "$node does not hold the VIP"
		else
			! lab_has_vip "$node" || fail "$node holds the VIP beside $1"
		fi
	done
}

# expect_master NODE [SECONDS]: it becomes master and alone holds the VIP.
expect_master() {
	local other=b

	[ "$1" = a ] || other=a
	expect_soon "$1 is master and answers" "lab_is $1 master && lab_has_vip $1" "${2:-10}"
	expect_soon "$other has given the VIP up" "! lab_has_vip $other" 3
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 3
}

# expect_sender HOST FILTER …: every captured frame that matches comes from HOST's MAC, and some do.
expect_sender() {
	local host=$1 macs

	shift
	macs=$(lab_captured "$@" | awk '{ print $2 }' | sort -u | tr '\n' ' ')
	expect "sender of $*" "$macs" "$(lab_mac "$host") "
}
