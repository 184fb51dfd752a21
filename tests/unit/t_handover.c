/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the other director's kernel is asked: by state, reason, heartbeats and time. */
#include "director/ruleset/handover.h"
#include "tests/unit/unit.h"

static bool is_on(enum vrrp_state state, enum vrrp_reason reason, enum heartbeat_state peer,
		  uint64_t after_ms)
{
	struct handover h = {
		.state = state, .reason = reason, .changed_ms = 5000, .peer = peer, .heard = true};

	return handover_is_on(&h, 5000 + after_ms);
}

static bool gives(enum vrrp_reason reason, enum heartbeat_state peer)
{
	return is_on(VRRP_MASTER, reason, peer, 0);
}

/* It let the addresses go, or its process alone has ended. */
static void a_machine_that_lives_is_asked(void)
{
	CU_ASSERT(gives(VRRP_REASON_PEER_DIED, HEARTBEAT_GONE));
	CU_ASSERT(gives(VRRP_REASON_PEER_LEFT, HEARTBEAT_UP));
	CU_ASSERT(gives(VRRP_REASON_PRIORITY_ZERO, HEARTBEAT_UP));
	CU_ASSERT(gives(VRRP_REASON_PREEMPT, HEARTBEAT_UP));
	CU_ASSERT(gives(VRRP_REASON_GROUP, HEARTBEAT_UP));
	CU_ASSERT(gives(VRRP_REASON_GROUP, HEARTBEAT_GONE));
}

static void a_machine_that_may_be_gone_is_not(void)
{
	CU_ASSERT(!gives(VRRP_REASON_SILENCE, HEARTBEAT_DOWN));
	CU_ASSERT(!gives(VRRP_REASON_SILENCE, HEARTBEAT_OVERDUE));
	CU_ASSERT(!gives(VRRP_REASON_HELD, HEARTBEAT_DOWN));
	CU_ASSERT(!gives(VRRP_REASON_PEER_NO_LINK, HEARTBEAT_UP));
	CU_ASSERT(!gives(VRRP_REASON_NOBODY, HEARTBEAT_UP));
	CU_ASSERT(!gives(VRRP_REASON_OWNER, HEARTBEAT_UP));
	CU_ASSERT(!gives(VRRP_REASON_GROUP, HEARTBEAT_OVERDUE));
	CU_ASSERT(!gives(VRRP_REASON_GROUP, HEARTBEAT_DOWN));
}

static void it_ends_by_time(void)
{
	CU_ASSERT(is_on(VRRP_MASTER, VRRP_REASON_PEER_DIED, HEARTBEAT_GONE, HANDOVER_MS - 1));
	CU_ASSERT(!is_on(VRRP_MASTER, VRRP_REASON_PEER_DIED, HEARTBEAT_GONE, HANDOVER_MS));
}

/* So the set has the addresses before the first frame comes. */
static void who_waits_asks_already(void)
{
	static const struct handover alone = {.state = VRRP_BACKUP, .peer = HEARTBEAT_UP};

	CU_ASSERT(is_on(VRRP_BACKUP, VRRP_REASON_STARTUP, HEARTBEAT_UP, 60000));
	CU_ASSERT(is_on(VRRP_BACKUP, VRRP_REASON_STARTUP, HEARTBEAT_OVERDUE, 60000));
	CU_ASSERT(is_on(VRRP_BACKUP, VRRP_REASON_STARTUP, HEARTBEAT_GONE, 60000));
	CU_ASSERT(is_on(VRRP_MAINTENANCE, VRRP_REASON_MAINTENANCE, HEARTBEAT_UP, 60000));
	CU_ASSERT(!is_on(VRRP_BACKUP, VRRP_REASON_STARTUP, HEARTBEAT_DOWN, 60000));
	CU_ASSERT(!is_on(VRRP_FAULT, VRRP_REASON_NO_LINK, HEARTBEAT_UP, 60000));
	CU_ASSERT(!is_on(VRRP_INIT, VRRP_REASON_SHUTDOWN, HEARTBEAT_UP, 60000));
	/* Without heartbeats nobody knows. */
	CU_ASSERT(!handover_is_on(&alone, 5000));
}

/* Its backends may be out of its reach: a reset at once is better than a black hole. */
static void a_machine_at_fault_is_not(void)
{
	struct handover h = {.state = VRRP_MASTER,
			     .reason = VRRP_REASON_PRIORITY_ZERO,
			     .changed_ms = 5000,
			     .peer = HEARTBEAT_UP,
			     .heard = true};

	CU_ASSERT(handover_is_on(&h, 5000));
	h.at_fault = true;
	CU_ASSERT(!handover_is_on(&h, 5000));
	h.state = VRRP_BACKUP;
	CU_ASSERT(!handover_is_on(&h, 5000));
}

UNIT_TESTS(handover) = {
	{"a machine that lives is asked", a_machine_that_lives_is_asked},
	{"a machine that may be gone is not", a_machine_that_may_be_gone_is_not},
	{"a machine at fault is not", a_machine_at_fault_is_not},
	{"it ends by time", it_ends_by_time},
	{"who waits asks already", who_waits_asks_already},
	UNIT_TESTS_END,
};
