/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/vrrp_story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void story_add(struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void story_add(struct story *s, const char *fmt, ...)
{
	size_t used = strlen(s->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->text + used, sizeof(s->text) - used, fmt, ap);
	va_end(ap);
}

void story_step(struct story *s, struct vrrp_event ev)
{
	struct vrrp_update u;
	char cause[VRRP_CAUSE_TEXT];

	ev.now_us = s->now_us;
	u = vrrp_step(&s->v, &ev);
	story_add(s, "[%5llu.%03u] %s", (unsigned long long)s->now_us / 1000,
		  (unsigned int)(s->now_us % 1000), vrrp_state_name(s->v.state));
	if (u.flags & VRRP_RELEASE_VIP)
		story_add(s, " release");
	if (u.flags & VRRP_ADVERT)
		story_add(s, " adv%u", u.send_priority);
	if (u.flags & VRRP_GOODBYE)
		story_add(s, " goodbye");
	if (u.flags & VRRP_TAKE_VIP)
		story_add(s, " take");
	if (u.flags & VRRP_ANNOUNCE)
		story_add(s, " garp");
	if (u.flags & VRRP_TIMER && u.deadline_us == VRRP_NEVER)
		story_add(s, " stop");
	else if (u.flags & VRRP_TIMER)
		story_add(s, " timer+%llu.%03u",
			  (unsigned long long)(u.deadline_us - s->now_us) / 1000,
			  (unsigned int)((u.deadline_us - s->now_us) % 1000));
	if (u.flags & VRRP_HELD)
		story_add(s, s->v.wait == VRRP_WAIT_HELD ? " held" : " unheld");
	if (u.flags & VRRP_TIED)
		story_add(s, " tied");
	if (u.flags & VRRP_STATE)
		story_add(s, " (%s: %s)", vrrp_state_name(u.from),
			  vrrp_cause_format(&u.cause, cause));
	story_add(s, "\n");
}

struct story story_begin(uint8_t priority, uint64_t interval_ms, bool preempt)
{
	struct story s = {.now_us = 0};
	const struct vrrp_settings settings = {
		.priority = priority,
		.preempt = preempt,
		.interval_us = interval_ms * 1000,
		.address = addr_v4(OWN),
	};

	vrrp_init(&s.v, &settings);
	return s;
}

/* Lets the time pass; timers fire exactly when they are due. */
void story_until(struct story *s, uint64_t ms)
{
	while (s->v.deadline_us != VRRP_NEVER && s->v.deadline_us <= ms * 1000) {
		s->now_us = s->v.deadline_us;
		story_step(s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	}
	s->now_us = ms * 1000;
}

void story_at(struct story *s, uint64_t ms, enum vrrp_event_type type)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = type});
}

void story_fault(struct story *s, uint64_t ms, enum vrrp_reason why)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_FAULT, .fault = why});
}

void story_advert(struct story *s, uint64_t ms, uint32_t source, uint8_t priority,
		  uint64_t interval_ms)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_ADVERT,
					  .advert = {.source = addr_v4(source),
						     .priority = priority,
						     .interval_us = interval_ms * 1000}});
}

void story_reconfigure(struct story *s, uint64_t ms, uint8_t priority, uint64_t interval_ms,
		       bool preempt)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_RECONFIGURE,
					  .settings = {.priority = priority,
						       .preempt = preempt,
						       .interval_us = interval_ms * 1000,
						       .address = addr_v4(OWN)}});
}

void story_peer(struct story *s, uint64_t ms, uint32_t source, uint8_t priority, uint64_t ago_ms)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_PEER,
					  .peer = {.source = addr_v4(source),
						   .priority = priority,
						   .says = VRRP_PEER_MASTER,
						   .hold = true,
						   .interval_us = SECOND_MS * 1000,
						   .sent_us = s->now_us - ago_ms * 1000}});
}

void story_gone(struct story *s, uint64_t ms, uint32_t source, enum vrrp_reason why, bool successor)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_PEER,
					  .peer = {.source = addr_v4(source),
						   .says = VRRP_PEER_GONE,
						   .why = why,
						   .successor = successor}});
}

void story_gate(struct story *s, uint64_t ms, enum vrrp_reason why)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_GATE, .gate = why});
}

void story_group(struct story *s, uint64_t ms, enum vrrp_group_word word)
{
	story_until(s, ms);
	story_step(s, (struct vrrp_event){.type = VRRP_EVENT_GROUP, .group = word});
}

/* Forgets what was told so far. */
void story_silently(struct story *s)
{
	s->text[0] = '\0';
}

struct story story_begin_master(uint8_t priority, uint64_t interval_ms, bool preempt)
{
	struct story s = story_begin(priority, interval_ms, preempt);

	story_at(&s, 0, VRRP_EVENT_STARTUP);
	s.now_us = s.v.deadline_us;
	story_step(&s, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	s.v.deadline_us = 5000 * 1000; /* so that stories have round times */
	s.v.since_us = s.v.deadline_us - s.v.settings.interval_us;
	story_silently(&s);
	return s;
}
