/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reply of the control socket, as it is on the other side. */
#ifndef TESTS_UNIT_REPLY_WIRE_H
#define TESTS_UNIT_REPLY_WIRE_H

#include "proto/codec.h"

/* Packs it as it is and unpacks that. 0, or the decoder's error; the caller clears *got in both cases. */
int reply_there_and_back(const struct control_reply *reply, struct control_reply *got);

#endif
