#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""metrics_agree.py METRICS BEFORE AFTER: whether metrics are those of a status.

BEFORE and AFTER are the JSON of the status just before and after they were read; a number must lie
between both. Prints what does not; exit status 1 when there is anything.
"""
import json
import re
import sys

SAMPLE = re.compile(r"^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def read_metrics(path):
    samples = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            key = (name, frozenset(LABEL.findall(labels or "")))
            assert key not in samples, f"twice: {line}"
            samples[key] = float(value)
    return samples


def of_director(s):
    index = s["flow_index"]
    yield "director_uptime_seconds", {}, s["uptime_ms"] / 1000
    yield "director_ruleset_in_sync", {}, s["ruleset"]["in_sync"]
    yield "director_alarms", {}, len(s["alarms"])
    yield "director_stragglers", {}, len(s["stragglers"])
    for c in s["claims"]:
        labels = {k: c[k] for k in ("address", "mac", "farm", "backend")}
        yield "director_address_claims_total", labels, c["count"]
    yield "director_build_info", {"node": s["node"], "version": s["version"]}, 1
    yield "director_config_info", {"digest": s["config_digest"]}, 1
    yield "director_flow_index_flows", {}, index["connections"]
    yield "director_election_lateness_seconds_count", {}, s["election"]["count"]
    yield "director_election_lateness_max_seconds", {}, s["election"]["late_max_us"] / 1e6


def of_router(v):
    labels = {"router": v["name"], "family": f"ipv{v['family']}"}
    for state in ("init", "backup", "master", "fault", "maintenance"):
        yield "director_vrrp_state", {**labels, "state": state}, v["state"] == state
    yield "director_vrrp_priority", labels, v["priority"]
    yield "director_vrrp_transitions_total", labels, v["transitions"]
    yield "director_vrrp_adverts_sent_total", labels, v["adverts"]["sent"]
    yield "director_vrrp_adverts_received_total", labels, v["adverts"]["received"]
    for reason, n in v["adverts"]["rejected_reasons"].items():
        yield "director_vrrp_adverts_rejected_total", {**labels, "reason": reason}, n


def of_peer(p):
    labels, c = {"node": p["node"]}, p["channel"]
    for state in ("in-sync", "syncing", "stale"):
        yield "director_sync_state", {**labels, "state": state}, p["sync"] == state
    yield "director_heartbeats_sent_total", labels, p["sent"]
    yield "director_heartbeats_received_total", labels, p["received"]
    for key in ("connected", "current_here", "current_there", "config_differs"):
        yield f"director_sync_{key}", labels, c[key]
    for key in ("median", "p99", "max"):
        if c[f"lag_{key}_us"] is not None:
            yield f"director_sync_lag_{key}_seconds", labels, c[f"lag_{key}_us"] / 1e6
    for key in ("flows_sent", "flows_received", "flows_unknown", "flows_refused", "lost",
                "snapshots_sent", "snapshots_received", "connections"):
        yield f"director_sync_{key}_total", labels, c[key]
    yield "director_sync_sent_bytes_total", labels, c["octets_sent"]
    yield "director_sync_received_bytes_total", labels, c["octets_received"]
    yield "director_sync_held_ours_flows", labels, c["held_ours"]
    yield "director_sync_held_theirs_flows", labels, c["held_theirs"]
    yield "director_sync_queued_entries", labels, c["queued"]
    yield "director_sync_unacknowledged_entries", labels, c["unacknowledged"]
    yield "director_sync_would_lose_flows", labels, c["would_lose"]
    for reason, n in c["rejected"].items():
        yield "director_sync_rejected_total", {**labels, "reason": reason}, n


def of_farm(f):
    labels = {"farm": f["name"]}
    yield "director_farm_up", labels, f["state"] == "up"
    for key, name in (("connections", "connections"), ("packets", "packets_total"),
                      ("bytes", "bytes_total"), ("new_flows", "new_flows_total"),
                      ("half_open", "half_open_connections"), ("pins", "pins")):
        yield f"director_farm_{name}", labels, f[key]
    for drop in f["drops"]:
        yield ("director_farm_dropped_packets_total", {**labels, "reason": drop["reason"]},
               drop["packets"])
    for table in f["tables"]:
        yield "director_farm_table_size_entries", {**labels, "table": table["name"]}, table["size"]
        yield "director_farm_table_used_entries", {**labels, "table": table["name"]}, table["used"]
    for b in f["backends"]:
        yield from of_backend({**labels, "backend": b["name"]}, b)


def of_backend(labels, b):
    for state in ("up", "slow-start", "down", "draining", "disabled", "unresolved"):
        yield "director_backend_state", {**labels, "state": state}, b["state"] == state
    for state in ("up", "down", "unknown"):
        yield "director_backend_peer_state", {**labels, "state": state}, b["peer_state"] == state
    yield "director_backend_weight", labels, b["weight"]
    yield "director_backend_effective_weight", labels, b["effective_weight"]
    for key, name in (("connections", "connections"), ("packets", "packets_total"),
                      ("bytes", "bytes_total"), ("new_flows", "new_flows_total")):
        yield f"director_backend_{name}", labels, b[key]


def expected(path):
    with open(path, encoding="utf-8") as file:
        s = json.load(file)
    parts = [of_director(s)] + [of_router(v) for v in s["vrrp"]]
    parts += [of_peer(p) for p in s["peers"]] + [of_farm(f) for f in s["farms"]]
    return {(name, frozenset(labels.items())): value
            for part in parts for name, labels, value in part if value is not None}


def main():
    samples, before, after = read_metrics(sys.argv[1]), expected(sys.argv[2]), expected(sys.argv[3])
    wrong = 0
    for key in before.keys() & after.keys():
        low, high = sorted((float(before[key]), float(after[key])))
        if key not in samples or not low - 1e-9 <= samples[key] <= high + 1e-9:
            print(f"{key[0]} {dict(key[1])}: {samples.get(key)}, status {low} to {high}")
            wrong += 1
    print(f"{len(samples)} samples, {len(before)} compared")
    return 1 if wrong or len(before) < 100 else 0


sys.exit(main())
