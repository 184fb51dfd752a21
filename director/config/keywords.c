/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/keywords.h"

#include <string.h>

#define AT(type, field) .offset = offsetof(struct type, field)
#define LIST(type, field)                                                                          \
	.list = true, .offset = offsetof(struct type, field),                                      \
	.count = offsetof(struct type, n_##field)
#define SECTION(which, type, field)                                                                \
	.section = SECTION_##which, .offset = offsetof(struct type, field),                        \
	.count = offsetof(struct type, n_##field)
#define RANGE(low, high) .min = (low), .max = (high)
#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* Ranges of durations, in milliseconds. */
#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
/* The longest duration that still fits 32 bits of milliseconds, as a round number. */
#define LONGEST (30 * 24 * HOUR)

/* Enums are stored through an int. */
_Static_assert(sizeof(enum config_scheduler) == sizeof(int), "an enum is not as wide as an int");

const struct keyword_word keyword_schedulers[] = {
	{"maglev", SCHEDULER_MAGLEV},
	{"round-robin", SCHEDULER_ROUND_ROBIN},
	{"random", SCHEDULER_RANDOM},
	{"source-hash", SCHEDULER_SOURCE_HASH},
	{"least-connections", SCHEDULER_LEAST_CONNECTIONS},
	{NULL, 0},
};

const struct keyword_word keyword_protocols[] = {
	{"tcp", PROTOCOL_TCP},
	{"udp", PROTOCOL_UDP},
	{"tcp+udp", PROTOCOL_TCP_UDP},
	{NULL, 0},
};

const struct keyword_word keyword_auth_modes[] = {
	{"off", AUTH_OFF},
	{"receive-only", AUTH_RECEIVE_ONLY},
	{"permissive", AUTH_PERMISSIVE},
	{"enforce", AUTH_ENFORCE},
	{NULL, 0},
};

static const struct keyword_word persistences[] = {
	{"none", PERSISTENCE_NONE},
	{"source-address", PERSISTENCE_SOURCE_ADDRESS},
	{NULL, 0},
};

static const struct keyword_word flow_tables[] = {
	{"auto", FLOW_TABLE_AUTO},
	{"full", FLOW_TABLE_FULL},
	{NULL, 0},
};

static const struct keyword_word when_empties[] = {
	{"drop", WHEN_EMPTY_DROP},
	{"reject", WHEN_EMPTY_REJECT},
	{NULL, 0},
};

static const struct keyword_word syn_retries[] = {
	{"check", SYN_RETRIES_CHECK},
	{"inhibit", SYN_RETRIES_INHIBIT},
	{"off", SYN_RETRIES_OFF},
	{NULL, 0},
};

static const struct keyword_word fragments[] = {
	{"drop", FRAGMENTS_DROP},
	{"spray", FRAGMENTS_SPRAY},
	{NULL, 0},
};

static const struct keyword_word states[] = {
	{"enabled", ADMIN_ENABLED},
	{"disabled", ADMIN_DISABLED},
	{"draining", ADMIN_DRAINING},
	{NULL, 0},
};

const struct keyword_word keyword_check_types[] = {
	{"tcp", CHECK_TCP},
	{"http", CHECK_HTTP},
	{"https", CHECK_HTTPS},
	{"icmp", CHECK_ICMP},
	{"command", CHECK_COMMAND},
	{"dsr", CHECK_DSR},
	{NULL, 0},
};

static const struct keyword_word throughs[] = {
	{"vip", THROUGH_VIP},
	{"address", THROUGH_ADDRESS},
	{NULL, 0},
};

static const struct keyword top_rows[] = {
	{"include", .type = KEYWORD_INCLUDE},
	{"cluster", KEYWORD_SECTION, .section = SECTION_CLUSTER,
	 .offset = offsetof(struct config, cluster), .count = offsetof(struct config, has_cluster)},
	{"vrrp", KEYWORD_SECTION, SECTION(VRRP, config, vrrps)},
	{"farm", KEYWORD_SECTION, SECTION(FARM, config, farms)},
	{"metrics", KEYWORD_SECTION, .section = SECTION_METRICS},
	{"drill", KEYWORD_SECTION, .section = SECTION_DRILL},
	{"control", KEYWORD_SECTION, .section = SECTION_CONTROL},
	{"notify", KEYWORD_PATH, AT(config, notify)},
	END,
};

static const struct keyword metrics_rows[] = {
	{"listen", KEYWORD_LISTEN, AT(config, metrics_listen)},
	END,
};

static const struct keyword drill_rows[] = {
	{"max-gap", KEYWORD_DURATION, "200ms", RANGE(1, HOUR), AT(config, drill_max_gap_ms)},
	{"max-lost-connections", KEYWORD_U32, "0", RANGE(0, 1000000000),
	 AT(config, drill_max_lost_connections)},
	{"by-peer", KEYWORD_BOOL, "false", AT(config, drill_by_peer)},
	END,
};

static const struct keyword control_rows[] = {
	{"read-group", KEYWORD_GROUP, AT(config, control_read_group)},
	{"change-group", KEYWORD_GROUP, AT(config, control_change_group)},
	{"push-by-peer", KEYWORD_BOOL, "false", AT(config, control_push_by_peer)},
	END,
};

static const struct keyword cluster_rows[] = {
	{"key-file", KEYWORD_PATH, AT(config_cluster, key_file)},
	{"accept-key-file", KEYWORD_PATH, AT(config_cluster, accept_key_file)},
	{"sync-port", KEYWORD_U16, "8405", RANGE(1, 65535), AT(config_cluster, sync_port)},
	{"hold-takeover", KEYWORD_BOOL, "true", AT(config_cluster, hold_takeover)},
	{"lease", KEYWORD_DURATION, "2s", RANGE(SECOND, HOUR), AT(config_cluster, lease_ms)},
	{"lone-lease", KEYWORD_DURATION, "10m", RANGE(SECOND, 24 * HOUR),
	 AT(config_cluster, lone_lease_ms)},
	{"node", KEYWORD_SECTION, SECTION(NODE, config_cluster, nodes)},
	END,
};

static const struct keyword node_rows[] = {
	{"address", KEYWORD_ADDRESS, .required = true, AT(config_node, address)},
	{"sync-address", KEYWORD_ADDRESS, AT(config_node, sync_address)},
	{"priority", KEYWORD_U8, "100", RANGE(1, 255), AT(config_node, priority)},
	END,
};

static const struct keyword vrrp_rows[] = {
	{"interface", KEYWORD_INTERFACE, .required = true, AT(config_vrrp, interface)},
	{"virtual-router-id", KEYWORD_U8, .required = true, RANGE(1, 255),
	 AT(config_vrrp, virtual_router_id)},
	{"addresses", KEYWORD_VIP, .required = true, LIST(config_vrrp, addresses)},
	{"version", KEYWORD_U8, "3", RANGE(2, 3), AT(config_vrrp, version)},
	{"advertise-interval", KEYWORD_DURATION, "1s", RANGE(10, 255 * SECOND),
	 AT(config_vrrp, advertise_interval_ms)},
	{"preempt", KEYWORD_BOOL, "true", AT(config_vrrp, preempt)},
	{"preempt-delay", KEYWORD_DURATION, "0s", RANGE(0, HOUR),
	 AT(config_vrrp, preempt_delay_ms)},
	{"unicast", KEYWORD_BOOL, "false", AT(config_vrrp, unicast)},
	{"virtual-mac", KEYWORD_BOOL, "false", AT(config_vrrp, virtual_mac)},
	{"accept", KEYWORD_BOOL, "true", AT(config_vrrp, accept)},
	{"group", KEYWORD_NAME, AT(config_vrrp, group)},
	{"auth-key-file", KEYWORD_PATH, AT(config_vrrp, auth_key_file)},
	{"auth-key-id", KEYWORD_U8, "0", RANGE(0, 255), AT(config_vrrp, auth_key_id)},
	{"auth-mode", KEYWORD_WORD, "off", .words = keyword_auth_modes, AT(config_vrrp, auth_mode)},
	{"track-interface", KEYWORD_SECTION, SECTION(TRACK_INTERFACE, config_vrrp, tracks)},
	{"track-command", KEYWORD_SECTION, SECTION(TRACK_COMMAND, config_vrrp, tracks)},
	{"track-farm", KEYWORD_SECTION, SECTION(TRACK_FARM, config_vrrp, tracks)},
	{"garp-repeat", KEYWORD_U8, "5", RANGE(1, 255), AT(config_vrrp, garp_repeat)},
	{"garp-refresh", KEYWORD_DURATION, "60s", RANGE(0, 24 * HOUR),
	 AT(config_vrrp, garp_refresh_ms)},
	{"realtime", KEYWORD_BOOL, "false", AT(config_vrrp, realtime)},
	END,
};

static const struct keyword track_interface_rows[] = {
	{"weight", KEYWORD_INT, "0", RANGE(-254, 254), AT(config_track, weight)},
	END,
};

static const struct keyword track_command_rows[] = {
	{"command", KEYWORD_TEXT, .required = true, AT(config_track, command)},
	{"interval", KEYWORD_DURATION, "2s", RANGE(100, HOUR), AT(config_track, interval_ms)},
	{"weight", KEYWORD_INT, "0", RANGE(-254, 254), AT(config_track, weight)},
	END,
};

static const struct keyword track_farm_rows[] = {
	{"weight", KEYWORD_INT, "0", RANGE(-254, 254), AT(config_track, weight)},
	END,
};

static const struct keyword farm_rows[] = {
	{"address", KEYWORD_ADDRESS, .required = true, LIST(config_farm, addresses)},
	{"interface", KEYWORD_INTERFACE, AT(config_farm, interface)},
	{"protocol", KEYWORD_WORD, "tcp", .words = keyword_protocols, AT(config_farm, protocol)},
	{"ports", KEYWORD_PORTS, .required = true, LIST(config_farm, ports)},
	{"scheduler", KEYWORD_WORD, "maglev", .words = keyword_schedulers,
	 AT(config_farm, scheduler)},
	{"seed", KEYWORD_U32, RANGE(1, UINT32_MAX), AT(config_farm, seed)},
	{"persistence", KEYWORD_WORD, "none", .words = persistences, AT(config_farm, persistence)},
	{"persistence-timeout", KEYWORD_DURATION, "10m", RANGE(SECOND, LONGEST),
	 AT(config_farm, persistence_timeout_ms)},
	{"persistence-prefix", KEYWORD_U8, "32", RANGE(1, 32), AT(config_farm, persistence_prefix)},
	{"persistence-prefix6", KEYWORD_U8, "128", RANGE(1, 128),
	 AT(config_farm, persistence_prefix6)},
	{"flow-table", KEYWORD_WORD, "auto", .words = flow_tables, AT(config_farm, flow_table)},
	{"max-connections", KEYWORD_U32, "1048576", RANGE(1, 1 << 24),
	 AT(config_farm, max_connections)},
	{"tcp-timeout", KEYWORD_DURATION, "15m", RANGE(SECOND, LONGEST),
	 AT(config_farm, tcp_timeout_ms)},
	{"tcp-close-timeout", KEYWORD_DURATION, "30s", RANGE(SECOND, LONGEST),
	 AT(config_farm, tcp_close_timeout_ms)},
	{"udp-timeout", KEYWORD_DURATION, "2m", RANGE(SECOND, LONGEST),
	 AT(config_farm, udp_timeout_ms)},
	{"gc-interval", KEYWORD_DURATION, RANGE(SECOND, 60 * SECOND),
	 AT(config_farm, gc_interval_ms)},
	{"transition-time", KEYWORD_DURATION, RANGE(SECOND, LONGEST),
	 AT(config_farm, transition_time_ms)},
	{"pin", KEYWORD_SECTION, SECTION(PIN, config_farm, pins)},
	{"minimum-backends", KEYWORD_U32, "1", RANGE(1, CONFIG_BACKENDS_MAX),
	 AT(config_farm, minimum_backends)},
	{"when-empty", KEYWORD_WORD, "drop", .words = when_empties, AT(config_farm, when_empty)},
	{"fragments", KEYWORD_WORD, "drop", .words = fragments, AT(config_farm, fragments)},
	{"allow", KEYWORD_FILTER, LIST(config_farm, allow),
	 .clients = offsetof(struct config_farm, allowed)},
	{"deny", KEYWORD_FILTER, LIST(config_farm, deny),
	 .clients = offsetof(struct config_farm, denied)},
	{"max-rate-per-source", KEYWORD_U32, "0", RANGE(0, 1000000000),
	 AT(config_farm, max_rate_per_source)},
	{"max-rate", KEYWORD_U32, "0", RANGE(0, 1000000000), AT(config_farm, max_rate)},
	{"slow-start", KEYWORD_DURATION, "0s", RANGE(0, 24 * HOUR), AT(config_farm, slow_start_ms)},
	{"syn-retries", KEYWORD_WORD, "check", .words = syn_retries, AT(config_farm, syn_retries)},
	{"sync", KEYWORD_BOOL, "true", AT(config_farm, sync)},
	{"backend", KEYWORD_SECTION, .required = true, SECTION(BACKEND, config_farm, backends)},
	{"default-checks", KEYWORD_BOOL, "true", AT(config_farm, default_checks)},
	{"check", KEYWORD_SECTION, SECTION(CHECK, config_farm, checks)},
	END,
};

static const struct keyword pin_rows[] = {
	{"client", KEYWORD_PREFIX, .required = true, AT(config_pin, client)},
	{"backend", KEYWORD_NAME, .required = true, AT(config_pin, backend)},
	END,
};

static const struct keyword backend_rows[] = {
	{"address", KEYWORD_ADDRESS, .required = true, AT(config_backend, address)},
	{"weight", KEYWORD_U16, "1", RANGE(0, CONFIG_WEIGHT_MAX), AT(config_backend, weight)},
	{"mac", KEYWORD_MAC, AT(config_backend, mac)},
	{"interface", KEYWORD_INTERFACE, AT(config_backend, interface)},
	{"backup", KEYWORD_BOOL, "false", AT(config_backend, backup)},
	{"state", KEYWORD_WORD, "enabled", .words = states, AT(config_backend, state)},
	END,
};

static const struct keyword check_rows[] = {
	{"type", KEYWORD_WORD, .required = true, .words = keyword_check_types,
	 AT(config_check, type)},
	{"port", KEYWORD_U16, RANGE(1, 65535), AT(config_check, port)},
	{"method", KEYWORD_METHOD, "GET", AT(config_check, method)},
	{"host", KEYWORD_TEXT, AT(config_check, host)},
	{"path", KEYWORD_URL_PATH, "/", AT(config_check, path)},
	{"expect-status", KEYWORD_U16, "200", RANGE(100, 599), LIST(config_check, expect_status)},
	{"expect-body", KEYWORD_REGEX, AT(config_check, expect_body)},
	{"sni", KEYWORD_HOST, AT(config_check, sni)},
	{"ca-file", KEYWORD_PATH, AT(config_check, ca_file)},
	{"verify", KEYWORD_BOOL, "true", AT(config_check, verify)},
	{"command", KEYWORD_TEXT, AT(config_check, command)},
	{"through", KEYWORD_WORD, "vip", .words = throughs, AT(config_check, through)},
	{"interval", KEYWORD_DURATION, "2s", RANGE(100, HOUR), AT(config_check, interval_ms)},
	{"fast-interval", KEYWORD_DURATION, RANGE(100, HOUR), AT(config_check, fast_interval_ms)},
	{"timeout", KEYWORD_DURATION, "1s", RANGE(10, HOUR), AT(config_check, timeout_ms)},
	{"rise", KEYWORD_U8, "2", RANGE(1, 255), AT(config_check, rise)},
	{"fall", KEYWORD_U8, "3", RANGE(1, 255), AT(config_check, fall)},
	END,
};

#define TITLED(type, kind) .titled = true, .title = offsetof(struct type, name), .title_type = kind

static const struct section sections[N_SECTIONS] = {
	[SECTION_TOP] = {"root", top_rows, PLACE_ONE, .size = sizeof(struct config)},
	[SECTION_CLUSTER] = {"cluster", cluster_rows, PLACE_ONE,
			     .size = sizeof(struct config_cluster),
			     TITLED(config_cluster, KEYWORD_NAME)},
	[SECTION_NODE] = {"node", node_rows, PLACE_FIXED, CONFIG_NODES_MAX,
			  sizeof(struct config_node), TITLED(config_node, KEYWORD_NAME)},
	[SECTION_VRRP] = {"vrrp", vrrp_rows, PLACE_ARRAY, CONFIG_VRRPS_MAX,
			  sizeof(struct config_vrrp), TITLED(config_vrrp, KEYWORD_NAME)},
	[SECTION_TRACK_INTERFACE] = {"track-interface", track_interface_rows, PLACE_ARRAY,
				     CONFIG_TRACKS_MAX, sizeof(struct config_track),
				     TITLED(config_track, KEYWORD_INTERFACE)},
	[SECTION_TRACK_COMMAND] = {"track-command", track_command_rows, PLACE_ARRAY,
				   CONFIG_TRACKS_MAX, sizeof(struct config_track),
				   TITLED(config_track, KEYWORD_NAME)},
	[SECTION_TRACK_FARM] = {"track-farm", track_farm_rows, PLACE_ARRAY, CONFIG_TRACKS_MAX,
				sizeof(struct config_track), TITLED(config_track, KEYWORD_NAME)},
	[SECTION_FARM] = {"farm", farm_rows, PLACE_ARRAY, CONFIG_FARMS_MAX,
			  sizeof(struct config_farm), TITLED(config_farm, KEYWORD_NAME)},
	[SECTION_PIN] = {"pin", pin_rows, PLACE_ARRAY, CONFIG_PINS_MAX,
			 .size = sizeof(struct config_pin)},
	[SECTION_BACKEND] = {"backend", backend_rows, PLACE_ARRAY, CONFIG_BACKENDS_MAX,
			     sizeof(struct config_backend), TITLED(config_backend, KEYWORD_NAME)},
	[SECTION_CHECK] = {"check", check_rows, PLACE_ARRAY, CONFIG_CHECKS_MAX,
			   sizeof(struct config_check), TITLED(config_check, KEYWORD_NAME)},
	[SECTION_METRICS] = {"metrics", metrics_rows, .place = PLACE_SAME},
	[SECTION_DRILL] = {"drill", drill_rows, .place = PLACE_SAME},
	[SECTION_CONTROL] = {"control", control_rows, .place = PLACE_SAME},
};

const struct section *section_of(enum config_section s)
{
	return &sections[s];
}

const struct keyword *keyword_find(enum config_section s, const char *name)
{
	for (const struct keyword *k = sections[s].rows; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

const char *keyword_word_name(const struct keyword_word *words, int value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return "?";
}

bool section_holds(enum config_section s, const void *object)
{
	const struct config_track *track = object;

	switch (s) {
	case SECTION_TRACK_INTERFACE: return track->kind == TRACK_INTERFACE;
	case SECTION_TRACK_COMMAND: return track->kind == TRACK_COMMAND;
	case SECTION_TRACK_FARM: return track->kind == TRACK_FARM;
	case SECTION_TOP:
	case SECTION_CLUSTER:
	case SECTION_NODE:
	case SECTION_VRRP:
	case SECTION_FARM:
	case SECTION_PIN:
	case SECTION_BACKEND:
	case SECTION_CHECK:
	case SECTION_METRICS:
	case SECTION_DRILL:
	case SECTION_CONTROL:
	case N_SECTIONS: return true;
	}
	return true;
}

bool keyword_is_text(const struct keyword *k)
{
	return k->type >= KEYWORD_TEXT;
}
