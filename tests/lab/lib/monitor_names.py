#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""monitor_names.py METRICS DASHBOARD RULES: whether a dashboard and alerts ask for what there is.

METRICS is the text of a pair. Every expression may use its families and their labels alone, beside "up"
and the labels that Prometheus adds. Prints what is wrong; exit status 1 when there is anything.
"""
import json
import re
import sys

ADDED = {"job", "instance"}
SAMPLE = re.compile(r"^([a-z0-9_]+)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
SELECTOR = re.compile(r"\b(director_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring) *\(([^)]*)\)")
LEGEND = re.compile(r"\{\{ *(?:\$labels\.)?([a-z_]+) *\}\}")


def read_families(path):
    families = {"up": {}}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            name, labels = SAMPLE.match(line).groups()
            for label, value in LABEL.findall(labels or ""):
                families.setdefault(name, {}).setdefault(label, set()).add(value)
            families.setdefault(name, {})
    return families


def mistakes(families, expr, shown):
    labels = set(ADDED)
    found = SELECTOR.findall(GROUPING.sub("", expr))
    if not found:
        yield "asks for nothing"
    for name, matchers in found:
        if name not in families:
            yield f"there is no {name}"
            continue
        labels |= set(families[name])
        for label, how, value in MATCHER.findall(matchers):
            if label in ADDED:
                continue
            if label not in families[name]:
                yield f"{name} has no label {label}"
            elif label in ("state", "phase"):
                known = families[name][label]
                for word in value.split("|") if "~" in how else [value]:
                    if word not in known:
                        yield f'{name} has no {label}="{word}"'
    asked = {x.strip() for group in GROUPING.findall(expr) for x in group.split(",")}
    for label in sorted((asked | set(LEGEND.findall(shown))) - labels):
        yield f"none of its families has a label {label}"


def read_dashboard(path):
    with open(path, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(ids) == len(set(ids)), "two panels have one id"
    for panel in panels:
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


def read_rules(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for rule in text.split("- alert: ")[1:]:
        name = rule.split("\n", 1)[0]
        expr = re.search(r"expr: (?:>-\n)?(.*?)\n +(?:for|labels):", rule, re.S).group(1)
        yield name, expr, re.search(r"annotations: (.*)", rule).group(1)


def main():
    families = read_families(sys.argv[1])
    asked = [*read_dashboard(sys.argv[2]), *read_rules(sys.argv[3])]
    wrong = [f"{where}: {what}" for where, expr, shown in asked for what in mistakes(families, expr, shown)]
    print("\n".join(wrong) if wrong else f"{len(asked)} expressions")
    return 1 if wrong else 0


sys.exit(main())
