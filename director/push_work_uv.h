/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config push`: what a thread does of it (push_uv.h). Shell. */
#ifndef DIRECTOR_PUSH_WORK_UV_H
#define DIRECTOR_PUSH_WORK_UV_H

#include "director/push_uv.h"

/* uv_work_cb; work->data is the struct push_work. */
void push_work_run(uv_work_t *work);

#endif
