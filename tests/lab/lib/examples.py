#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""examples.py list ROOT DIRECTORCTL DIR: finds the examples of the man pages, of README.md and of the help.

Each is a file DIR/NUMBER with its text, and a line "NUMBER KIND HOST STATUS QUIET WHERE" in DIR/list:

    run      a script for a shell on that host; ends with that status; prints something unless quiet
    endless  the same, until it is ended after some seconds
    conf     a configuration, as it stands; part: sections that stand in one
    json     what a command prints with -j: its keys; the command is in the first line

What is found and fits no rule is a mistake, and so is a rule that nothing fits.

examples.py keys FILE < OUTPUT: whether a JSON document has the keys of the example in the file.
"""
import json
import re
import subprocess
import sys

PROGRAMS = "directorctl directord nft ip sysctl ethtool journalctl systemctl make"

# Text (the whole of it, blanks as one), and what is to be done with it: a kind, or why not. Other options:
# host, status, quiet (prints nothing). The first rule that fits counts.
RULES = [
    (r"make (demo|test|bench|lab|lint|fuzz|deps|deps-lint).*", {"not": "runs tests or installs packages"}),
    (r"journalctl .*", {"not": "needs the journal, see t_journald"}),
    (r"[ ┌─┐│▼└┘►◄▲]*request: client .*", {"not": "a picture"}),
    (r"request client --> switch .*", {"not": "a picture"}),
    (r"(meta pkttype host|@th,96,32|@nh,96,32) .*", {"not": "rules, see the unit suite ruleset_golden"}),
    (r"\{\"version\": 1, \"sequence\".*", {"not": "what a program is told, see t_notify"}),
    (r"farm www: up .*", {"not": "what a command prints"}),
    (r"the kernel's table differs; .*", {"not": "what a command prints"}),
    (r"farm www: backend web3 is added .*", {"not": "what a command prints"}),
    (r"7 .* reload by uid 0, .*", {"not": "what a command prints"}),
    (r"node b, director .*", {"not": "what a command prints"}),
    (r"directorctl probe|directorctl farm show|directorctl backend (show|disable)|directorctl backend-setup",
     {"not": "the name of a command that needs an argument"}),
    (r"directorctl config rollback", {"not": "needs a configuration that waits, see t_confirm"}),
    (r"sysctl -w .* ip address add .*", {"host": "web1"}),
    (r"directorctl probe .*", {"host": "client"}),
    (r"directorctl status --watch", {"kind": "endless"}),
    (r"directord -v .*", {"kind": "endless", "host": "spare"}),
    (r"directorctl ruleset diff -c new\.conf", {"status": 4}),
    # In four seconds the buckets have not settled: whether anything was left is not known.
    (r"directorctl backend drain www/web1 --deadline 20m --wait", {"status": 4}),
    (r"directorctl persistence .*", {"quiet": True}),
    (r"nft flush ruleset", {"quiet": True}),
    (r"ethtool -K eth0 lro off", {"quiet": True, "host": "web1"}),
    (r"systemctl disable .* directord --clean", {"quiet": True}),
    (r"directorctl -j backend list \| jq .*", {"quiet": True}),
    (r"directorctl (-j )?ruleset export >.*", {"quiet": True}),
    (r"directorctl -j backend-setup .* ssh .*", {"quiet": True}),
    (r"directorctl (completion|key|config check|ruleset diff|doctor)\b.*", {}),
    (rf"({PROGRAMS.replace(' ', '|')})\b.*", {}),
    (r"cluster \".*|metrics \{ .* \}|farm \".*", {"kind": "conf"}),
    (r"(\[ )?\{ \".*", {"kind": "json"}),
]


def roff(text):
    """What a line of a display prints."""
    for code, char in (("\\(dq", '"'), ("\\&", ""), ("\\-", "-"), ("\\e", "\\")):
        text = text.replace(code, char)
    return text


def of_manual(path, name):
    """Displays, .Dl and names of commands: where, the item above, text."""
    item, display, began = "", None, 0
    for number, line in enumerate(open(path), 1):
        line = line.rstrip("\n")
        if line.startswith(".It Ic "):
            item = line[7:]
        if line.startswith(".Bd -literal"):
            display, began = [], number
        elif line.startswith(".Ed"):
            text = "\n".join(display)
            # What it prints stands below a command behind a prompt.
            yield f"{name}:{began}", item, text.split("\n")[0][2:] if text.startswith("$ ") else text
            display = None
        elif display is not None:
            display.append(roff(line))
        elif line.startswith(".Dl "):
            yield f"{name}:{number}", item, roff(line[4:])
        elif re.match(r"\.Ql (directorctl|directord|nft) ", line):
            yield f"{name}:{number}", item, roff(re.sub(r" [.,;:]$", "", line[4:]))


def of_readme(path):
    """Indented blocks, those of one configuration as one, and commands in backquotes."""
    block, began, prose = [], 0, ""
    lines = open(path).read().split("\n") + ["end"]
    for number, line in enumerate(lines, 1):
        if line.startswith("    "):
            began = began if block else number
            block.append(line[4:])
        elif not line and block and block[0].startswith("cluster ") and \
                re.match(r"    (vrrp|farm) ", lines[number]):
            block.append("")
        elif block:
            yield f"README.md:{began}", "", "\n".join(block)
            block = []
        if not line.startswith("    "):
            prose += line + "\n"
    for match in re.finditer(r"`((?:directorctl|directord|nft|make|metrics \{) ?[^`]*)`", prose):
        if " " in match[1]:
            yield "README.md", "", " ".join(match[1].split())


def of_help(program):
    """The example of each command, from the help of its first word, and those of the whole."""
    say = lambda *words: subprocess.run([program, *words, "--help"], check=True, capture_output=True,
                                        text=True).stdout
    whole = say()
    for match in re.finditer(r"^example: +(.*)$", whole, re.M):
        yield "--help", "", match[1]
    for match in re.finditer(r"`(directorctl [^`A-Z]*)`", whole):
        yield "--help", "", match[1]
    words = re.findall(r"^  ([a-z-]+)", whole[whole.index("\ncommands:"):whole.index("\nexit status")], re.M)
    for word in dict.fromkeys(words):
        usage = say(word)
        examples = usage[usage.index("\nexample:"):].split("\n\n")[0]
        for line in examples.strip().split("\n"):
            yield f"{word} --help", "", re.sub(r"^(example:)? +", "", line)


def find_rule(text):
    flat = " ".join(text.split())
    return next((i for i, (pattern, _) in enumerate(RULES) if re.fullmatch(pattern, flat, re.S)), None)


def command_of(item, examples):
    """The command that an item of the manual is about, from the help's example of it, and -j."""
    if "no-wait" in item:
        return "directorctl -j config reload --no-wait"
    words = item.split(" ,")[0]
    return next(("directorctl -j " + e[12:].split(" >")[0] for e in examples
                 if f"{e} ".startswith(f"directorctl {words} ")), None)


def write_list(root, program, directory):
    found = list(of_help(program))
    helps = [re.sub(r"^directorctl .* && ", "", text) for _, _, text in found]
    for page in ("director.7", "director.conf.5", "directorctl.8", "directord.8"):
        found += of_manual(f"{root}/deploy/man/{page}", page)
    found += of_readme(f"{root}/README.md")
    used, seen, wrong = set(), {}, []
    for where, item, text in found:
        i = find_rule(text)
        if i is None:
            wrong.append(f"{where}: no rule for: {text[:70]}")
            continue
        used.add(i)
        rule = RULES[i][1]
        kind = rule.get("kind", "run")
        if kind == "json":
            command = command_of(item, helps)
            text = f"{command}\n{text}"
            told = find_rule(command.replace(" -j", "")) if command else None
            rule = RULES[told][1] if told is not None and "not" in RULES[told][1] else rule
        if "not" not in rule:
            seen.setdefault(text, (kind, rule, []))[2].append(where)
    wrong += [f"nothing fits {RULES[i][0]}" for i in range(len(RULES)) if i not in used]
    with open(f"{directory}/list", "w") as out:
        for number, (text, (kind, rule, where)) in enumerate(seen.items()):
            with open(f"{directory}/{number:03}", "w") as file:
                file.write(text + "\n")
            if kind == "json":
                rule = RULES[find_rule(text.split("\n")[0].replace(" -j", ""))][1]
            print(f"{number:03}", kind, rule.get("host", "a"), rule.get("status", 0),
                  "quiet" if rule.get("quiet") else "prints", ",".join(where).replace(" ", "_"), file=out)
    print("\n".join(wrong), end="\n" if wrong else "")
    return bool(wrong)


def differ(want, got, at, some):
    """Keys that one has and the other has not; of a list, one item has to be like the first of the other."""
    if isinstance(want, dict) and isinstance(got, dict):
        if some != at and set(want) != set(got):
            return f"{at}: keys {sorted(set(want) ^ set(got))}"
        return next((d for d in (differ(want[k], got[k], f"{at}.{k}", some) for k in want if k in got) if d), None)
    if isinstance(want, list) and isinstance(got, list) and want and got:
        all_of = [differ(want[0], g, f"{at}[]", some) for g in got]
        return None if None in all_of else all_of[0]
    return None


def keys(path):
    text = open(path).read().split("\n", 1)[1]
    # What stands for more: of that object some keys are given.
    some = re.search(r'"(\w+)": \{[^{}]*, \.\.\. \}', text)
    want = json.loads(re.sub(r", \.\.\. ", " ", text))
    wrong = differ(want, json.load(sys.stdin), "", f".{some[1]}" if some else None)
    print(wrong or "", end="\n" if wrong else "")
    return bool(wrong)


sys.exit(write_list(*sys.argv[2:]) if sys.argv[1] == "list" else keys(sys.argv[2]))
