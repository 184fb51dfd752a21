/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend in detail <-> what protoc-c generates. Private to codec.c.
 *
 * Pure.
 */
#ifndef PROTO_CODEC_DETAIL_H
#define PROTO_CODEC_DETAIL_H

#include "include/backend_detail.h"
#include "proto/control.pb-c.h"

struct packed_detail;

/* NULL without memory. The message borrows the strings of from. */
struct packed_detail *packed_detail_new(const struct backend_detail *from);
Control__Detail *packed_detail_message(struct packed_detail *p);
/* Accepts NULL. */
void packed_detail_free(struct packed_detail *p);

/* 0, -EBADMSG or -ENOMEM; *ret untouched then. */
int codec_take_detail(const Control__Detail *m, struct backend_detail *ret);

#endif
