#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `config push`: what one node's file says of farms and routers comes into the other one's, which stays as it is
# in everything else; on both, or on neither. What would run a program, open a file or weaken the pair is refused.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

CONSENT='control { push-by-peer = true }'

# conf NODE [MORE …]: its file; "# of NODE" is a comment of its own, between cluster and the first farm.
conf() {
	local node=$1

	shift
	{
		lab_conf_cluster
		printf '# of %s\nmetrics { listen = "127.0.0.1:94%s" }\n' "$node" "$([ "$node" = a ] && echo 05 || echo 06)"
		lab_conf_vrrp
		lab_conf_farm www maglev '"80"' "${WEIGHT:-1}" 1 1
		printf '%s\n' "$@"
	} >"$LAB/$node.conf"
}

# more NAME PORT: another farm, on lines of its own.
more() {
	printf 'farm "%s" {\n\taddress = "%s" # %s\n\tports = "%s"\n\tdefault-checks = false\n\tbackend "w" { address = "%s" }\n}\n' \
		"$1" "$LAB_VIP" "comment of $1" "$2" "$(lab_address web1)"
}

reload() {
	lab_ctl "$1" config reload >/dev/null || fail "$1 refuses it"
}

# Both run what their own files say, and are alike but for a weight or two.
begin() {
	conf a
	conf b "$CONSENT"
	reload a
	reload b
}

# The other one takes no more than one in ten seconds.
pushes() {
	lab_wait_until "! lab_ctl a config push >\"\$LAB/said\" 2>&1 || true; ! grep -q 'ten seconds' \"\$LAB/said\"" 15 ||
		fail "$(cat "$LAB/said")"
}

pushed() {
	pushes
	grep -q '^node b: the file says the same' "$LAB/said" || fail "$(cat "$LAB/said")"
}

# refused REGEX: and neither node has changed, nor the file of b.
refused() {
	cp "$LAB/b.conf" "$LAB/b.was"
	digests >"$LAB/were"
	pushes
	grep -Eq -- "$1" "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	grep -q 'nothing is changed' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	as_before
}

# What is kept is what the file was before it changed, however often the same is pushed.
twice() {
	local before

	before=$(sha256sum <"$LAB/b.conf.before-push")
	sleep 10
	pushes || fail "it says: $(cat "$LAB/said")"
	expect "what is kept" "$(sha256sum <"$LAB/b.conf.before-push")" "$before"
	cmp -s "$LAB/b.conf" "$LAB/b.conf.before-push" && fail "what is kept is what was pushed"
	[ ! -e "$LAB/b.conf.pushed" ] || fail "b.conf.pushed is left"
	grep -q 'word for word' "$LAB/b/log" || fail "no word of it in the log of b"
}

as_before() {
	cmp "$LAB/b.conf" "$LAB/b.was" || fail "the file of b has changed"
	[ ! -e "$LAB/b.conf.pushed" ] || fail "b.conf.pushed is left"
	digests | cmp - "$LAB/were" || fail "configurations: $(digests), not $(cat "$LAB/were")"
	lab_wait_until settled 3 || fail "something is provisional still"
}

digests() {
	for node in a b; do
		lab_status $node config_digest
	done
}

settled() {
	local node

	for node in a b; do
		[ "$(lab_status $node unconfirmed)" != true ] || return 1
		! lab_ctl $node status | grep -q 'NOT confirmed' || return 1
	done
}

serves() {
	lab_exec "$1" nft list table netdev director | grep -q "$2"
}

a_new_farm() {
	local node

	begin
	# shellcheck disable=SC2119 # of WEIGHT alone
	WEIGHT=7 conf a "$(more extra 8081)"
	chmod 0640 "$LAB/b.conf"
	cp "$LAB/b.conf" "$LAB/b.was"
	pushed
	for node in a b; do
		expect "weight at $node" "$(lab_status $node farms.www.backends.web1.weight)" 7
		lab_ctl $node farm show extra >/dev/null || fail "$node has no farm extra"
		serves $node extra || fail "the ruleset of $node knows nothing of it"
		lab_ctl $node status | grep -Eq 'NOT confirmed|before the file' &&
			fail "status of $node: $(lab_ctl $node status)"
		"$LAB_BUILD/directorctl" config check "$LAB/$node.conf" >/dev/null || fail "$node.conf"
	done
	lab_ctl a config diff >"$LAB/said" || fail "they differ: $(cat "$LAB/said")"
	cmp "$LAB/b.conf.before-push" "$LAB/b.was" || fail "the old file is not kept"
	expect "mode" "$(stat -c %a "$LAB/b.conf") $(stat -c %a "$LAB/b.conf.before-push")" "640 640"
	[ ! -e "$LAB/b.conf.pushed" ] || fail "b.conf.pushed is left"
	for text in '# of b' "$CONSENT" '127.0.0.1:9406' '# comment of extra'; do
		grep -qF -- "$text" "$LAB/b.conf" || fail "not in the file of b: $text"
	done
	grep -q '9405' "$LAB/b.conf" && fail "b has what is of a"
	lab_ctl b ruleset history | grep -q 'config push' || fail "no word in the history of b"
	lab_ctl a ruleset history | grep -q 'config push' || fail "no word in the history of a"
	lab_logged b 'what node a pushed' || fail "b logs nothing of it"
}

# The file is what runs: a reload of it changes nothing, nor does another start.
it_stays() {
	local was

	was=$(lab_status b config_digest)
	reload b
	expect "digest after a reload" "$(lab_status b config_digest)" "$was"
	lab_stop_director b
	lab_start_director b "$LAB/b.conf"
	expect "digest after a start" "$(lab_status b config_digest)" "$was"
	lab_logged b 'was not confirmed' && fail "b starts with something else"
	expect_in_sync 10
}

as_json() {
	local out

	conf a "$(more extra 8081)"
	lab_wait_until 'lab_ctl a -j config push >"$LAB/said" 2>/dev/null' 15 || fail "$(cat "$LAB/said")"
	out=$("$LAB_TOOLS/lib/json_get.py" nodes.b <"$LAB/said")
	[[ $out =~ replaced ]] || fail "$(cat "$LAB/said")"
	expect "weight at b" "$(lab_status b farms.www.backends.web1.weight)" 1
}

without_consent() {
	conf b
	conf a
	reload a
	reload b
	WEIGHT=5 conf a
	refused 'push-by-peer'
	lab_ctl a ruleset history | grep -q "config push: refused" || fail "no word in the history of a"
}

# What a push does not bring, and what stands elsewhere.
not_there() {
	begin
	WEIGHT=5 LAB_CLUSTER_KEYS='lease = 3s' conf a
	refused 'cluster lab: lease = 2s here, 3s on a'
	WEIGHT=5 conf a 'notify = "/bin/true"'
	refused 'brings the sections vrrp and farm alone.*notify'
	WEIGHT=4 conf b "$CONSENT"
	WEIGHT=5 conf a
	refused 'is not what runs'
	mkdir -p "$LAB/b.d"
	conf b "$CONSENT" "include(\"$LAB/b.d/more.conf\")"
	more extra 8081 >"$LAB/b.d/more.conf"
	reload b
	conf a
	refused 'stands in .*more.conf'
	conf b "$CONSENT"
	reload b
	{
		cat "$LAB/a.conf"
		more www 8081
	} >"$LAB/a.two"
	mv "$LAB/a.two" "$LAB/a.conf"
	refused 'www'
}

# What is in the files was taken back on both: it is not called what is to be loaded first.
taken_back() {
	begin
	WEIGHT=6 conf a
	WEIGHT=6 conf b "$CONSENT"
	lab_ctl a config reload --confirm 5s >"$LAB/said" || fail "$(cat "$LAB/said")"
	expect_soon "a went back" '[ "$(lab_status a config.given_up)" = true ]' 15
	expect_soon "b went back" '[ "$(lab_status b config.given_up)" = true ]' 15
	refused "b.conf is not what runs there since a reload of it was not confirmed: put back what runs"
	grep -q '; the file of node a is not what runs, since' "$LAB/said" || fail "$(cat "$LAB/said")"
	! grep -q 'on node b first' "$LAB/said" || fail "$(cat "$LAB/said")"
	conf a # put back; b has not
	refused 'which loads it all the same$'
}

# b cannot: at once, or when it is to go over, and a has.
b_cannot() {
	begin
	conf a "$(more extra 8081)"
	mv "$LAB/b.conf" "$LAB/b.real"
	ln -s b.real "$LAB/b.conf"
	refused 'not a regular file'
	rm "$LAB/b.conf"
	mv "$LAB/b.real" "$LAB/b.conf"
	mkdir -p "$LAB/b/run/config.unconfirmed/in-the-way"
	refused 'the other director: it cannot be kept'
	rm -r "$LAB/b/run/config.unconfirmed"
}

no_program() {
	begin
	conf a "$(more evil 8082 | sed 's/default-checks = false/check \"c\" { type = "command" command = "touch \/tmp\/evil" }/')"
	refused 'farm "evil": command'
	echo 192.0.2.0/24 >"$LAB/list"
	conf a "$(more evil 8082 | sed "s|default-checks = false|default-checks = false allow = { \"@$LAB/list\" }|")"
	refused 'farm "evil": allow'
	conf a
	sed -i 's/virtual-router-id/track-command "x" { command = "\/bin\/true" }\n\tvirtual-router-id/' "$LAB/a.conf"
	refused 'vrrp "web": command'
	conf a 'control { push-by-peer = true change-group = "daemon" }'
	pushes
	grep -q change-group "$LAB/b.conf" && fail "b's groups have changed"
	[ ! -e /tmp/evil ] || fail "it ran"
}

cut() {
	local way

	lab_exec b nft add table inet cut
	lab_exec b nft add chain inet cut in '{ type filter hook input priority 0; }'
	for way in dport sport; do
		lab_exec b nft add rule inet cut in tcp $way 8405 drop
	done
}

# What is said takes so long that a step can be told from the next.
slow_wire() {
	slow_down 400
	expect_in_sync 15
}

# on_the_way CONDITION: one is pushed, so far that this is true.
on_the_way() {
	begin
	WEIGHT=9 conf a
	cp "$LAB/b.conf" "$LAB/b.was"
	digests >"$LAB/were"
	sleep 10 # since the last one that was taken
	lab_ctl a config push >"$LAB/said" 2>&1 &
	PUSH=$!
	lab_wait_until "$1" 10 || fail "it never came to $1: $(cat "$LAB/said")"
}

# Both are as before, each by its own clock, and the operator knows.
comes_to_nothing() {
	wait $PUSH && fail "it says: $(cat "$LAB/said")"
	grep -q 'nothing is changed' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	lab_wait_until 'digests | cmp -s - "$LAB/were"' 45 || fail "$(digests), not $(cat "$LAB/were")"
	lab_wait_until '[ ! -e "$LAB/b.conf.pushed" ]' 5 || fail "b.conf.pushed is left"
	as_before
}

mended() {
	lab_exec b nft delete table inet cut
	expect_in_sync 15
}

cut_while_staged() {
	on_the_way '[ -e "$LAB/b.conf.pushed" ]'
	cut
	comes_to_nothing
	mended
}

# b has gone over, and hears of no confirmation.
cut_while_it_runs() {
	on_the_way '[ "$(lab_status b farms.www.backends.web1.weight)" = 9 ]'
	cut
	comes_to_nothing
	mended
}

# Somebody writes to the file of b while what came for it runs: that stays, and nothing else does.
written_meanwhile() {
	on_the_way '[ "$(lab_status b farms.www.backends.web1.weight)" = 9 ]'
	echo '# a word' | tee -a "$LAB/b.conf" >>"$LAB/b.was"
	comes_to_nothing
	grep -q 'changed meanwhile' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	expect_in_sync 15
}

# It is started with its file, which has never been another one.
killed() {
	on_the_way '[ "$(lab_status b farms.www.backends.web1.weight)" = 9 ]'
	lab_kill_director b
	lab_start_director b "$LAB/b.conf"
	comes_to_nothing
	lab_logged b 'starting with what ran before' && fail "b says that its file was not confirmed"
	expect_in_sync 15
}

nobody_there() {
	lab_stop_director b
	expect_soon "a knows" '[ "$(twin a connected)" = false ]' 5
	lab_ctl a config push >"$LAB/said" 2>&1 && fail "$(cat "$LAB/said")"
	grep -q 'not connected' "$LAB/said" || fail "$(cat "$LAB/said")"
}

# told NODE: so many of its pushes are done, by its log.
told() {
	grep -c "runs here and was pushed to node" "$LAB/$1/log" || true
}

# Operators of both nodes, and two of one: each is told of his own push, done or refused for another one. Who comes
# a moment later may find that over, and is done, too.
at_once() {
	local i who code
	local -A pid before done

	begin
	conf a "$CONSENT"
	reload a
	expect_in_sync 25
	for i in 0 1 2 3; do
		sleep 10.5 # either takes one again
		for who in a b; do
			before[$who]=$(told $who)
			done[$who]=0
		done
		for who in a b a2; do
			lab_ctl "${who%2}" config push >"$LAB/said.$who" 2>&1 &
			pid[$who]=$!
			sleep 0.0$i
		done
		for who in a b a2; do
			code=0
			wait "${pid[$who]}" || code=$?
			echo "# round $i, $who: $code: $(head -n 1 "$LAB/said.$who")" | tee -a "$LAB/figures"
			if [ $code = 0 ]; then
				done[${who%2}]=$((${done[${who%2}]} + 1))
				grep -q "^node [ab]: the file says the same" "$LAB/said.$who" || fail "$who: $(cat "$LAB/said.$who")"
			else
				grep -qE 'under way|not confirmed yet|ten seconds ago' "$LAB/said.$who" ||
					fail "$who: $(cat "$LAB/said.$who")"
			fi
		done
		for who in a b; do
			expect "pushes of $who that are done" "$(($(told $who) - ${before[$who]}))" "${done[$who]}"
		done
	done
}

lab_up
conf a
conf b "$CONSENT"
start_twins
expect_in_sync 5
run_case "a new farm" a_new_farm
run_case "it stays" it_stays
run_case "the same once more" twice
run_case "as JSON, and a farm that goes" as_json
run_case "without consent" without_consent
run_case "what does not go into that file" not_there
run_case "both files were taken back" taken_back
run_case "the other one cannot" b_cannot
run_case "no program, no file, no group" no_program
run_case "a slow wire" slow_wire
run_case "the channel is cut before they go over" cut_while_staged
run_case "the channel is cut when the other one has gone over" cut_while_it_runs
run_case "the file is written to meanwhile" written_meanwhile
run_case "killed on the way" killed
run_case "operators of both nodes at once" at_once
run_case "nobody there" nobody_there
finish
