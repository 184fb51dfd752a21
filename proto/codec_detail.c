/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_detail.h"

#include "include/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- out ------------------------------------------------------------------------------------- */

struct packed_detail {
	Control__Detail message;
	Control__Check *checks, **check_list;
	Control__Change *changes, **change_list;
};

void packed_detail_free(struct packed_detail *p)
{
	if (!p)
		return;
	free(p->checks);
	free(p->check_list);
	free(p->changes);
	free(p->change_list);
	free(p);
}

Control__Detail *packed_detail_message(struct packed_detail *p)
{
	return &p->message;
}

static void put_check(Control__Check *m, struct detail_check *c)
{
	control__check__init(m);
	m->name = c->name;
	m->type = c->type;
	m->target = c->target;
	m->state = c->state;
	m->outcome = c->outcome;
	m->text = c->text;
	m->took_us = c->took_us;
	m->age_ms = c->age_ms;
	m->since_ms = c->since_ms;
	m->interval_ms = c->interval_ms;
}

static void put_change(Control__Change *m, struct detail_change *c)
{
	control__change__init(m);
	m->at_ms = c->at_ms;
	m->from = c->from;
	m->to = c->to;
	m->reason = c->reason;
}

struct packed_detail *packed_detail_new(const struct backend_detail *from)
{
	struct packed_detail *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->checks = calloc(from->n_checks + 1, sizeof(*p->checks));
	p->check_list = calloc(from->n_checks + 1, sizeof(*p->check_list));
	p->changes = calloc(from->n_changes + 1, sizeof(*p->changes));
	p->change_list = calloc(from->n_changes + 1, sizeof(*p->change_list));
	if (!p->checks || !p->check_list || !p->changes || !p->change_list) {
		packed_detail_free(p);
		return NULL;
	}
	for (size_t i = 0; i < from->n_checks; i++) {
		put_check(&p->checks[i], &from->checks[i]);
		p->check_list[i] = &p->checks[i];
	}
	for (size_t i = 0; i < from->n_changes; i++) {
		put_change(&p->changes[i], &from->changes[i]);
		p->change_list[i] = &p->changes[i];
	}
	control__detail__init(&p->message);
	p->message.since_ms = from->since_ms;
	p->message.n_checks = from->n_checks;
	p->message.checks = p->check_list;
	p->message.n_changes = from->n_changes;
	p->message.changes = p->change_list;
	return p;
}

/* --- in -------------------------------------------------------------------------------------- */

/* False: longer than its place, or nothing to be shown on a terminal. */
static bool take_text(char *to, size_t size, const char *from)
{
	if (!text_is_printable(from, size))
		return false;
	strcpy(to, from);
	return true;
}

#define TAKE(field) take_text(ret->field, sizeof(ret->field), m->field)

static bool take_check(const Control__Check *m, struct detail_check *ret)
{
	ret->took_us = m->took_us;
	ret->age_ms = m->age_ms;
	ret->since_ms = m->since_ms;
	ret->interval_ms = m->interval_ms;
	return TAKE(name) && TAKE(type) && TAKE(target) && TAKE(state) && TAKE(outcome) &&
	       TAKE(text);
}

static bool take_change(const Control__Change *m, struct detail_change *ret)
{
	ret->at_ms = m->at_ms;
	return TAKE(from) && TAKE(to) && TAKE(reason);
}

int codec_take_detail(const Control__Detail *m, struct backend_detail *ret)
{
	struct backend_detail d = {.since_ms = m->since_ms};
	bool good = m->n_checks <= DETAIL_CHECKS_MAX && m->n_changes <= DETAIL_CHANGES_MAX;

	if (!good)
		return -EBADMSG;
	d.checks = calloc(m->n_checks + 1, sizeof(*d.checks));
	d.changes = calloc(m->n_changes + 1, sizeof(*d.changes));
	if (!d.checks || !d.changes) {
		backend_detail_clear(&d);
		return -ENOMEM;
	}
	for (; good && d.n_checks < m->n_checks; d.n_checks++)
		good = take_check(m->checks[d.n_checks], &d.checks[d.n_checks]);
	for (; good && d.n_changes < m->n_changes; d.n_changes++)
		good = take_change(m->changes[d.n_changes], &d.changes[d.n_changes]);
	if (!good) {
		backend_detail_clear(&d);
		return -EBADMSG;
	}
	*ret = d;
	return 0;
}
