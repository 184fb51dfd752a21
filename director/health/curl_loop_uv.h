/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers of libcurl on a libuv loop: its sockets and its timer (curl_multi_socket_action(3)).
 *
 * Owns the multi handle and what watches its sockets. The transfers are the user's.
 */
#ifndef DIRECTOR_HEALTH_CURL_LOOP_UV_H
#define DIRECTOR_HEALTH_CURL_LOOP_UV_H

#include "include/err.h"

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;

/* A transfer has ended, with that result; it is in nobody's hands but the user's. */
typedef void curl_loop_ended(void *owner, CURL *easy, CURLcode result);

int curl_loop_new(uv_loop_t *loop, curl_loop_ended *ended, void *owner, struct curl_loop **ret,
		  struct err *err);
/* When no transfer is left in it. Asynchronous; accepts NULL. */
void curl_loop_close(struct curl_loop *l);
/* Begins a transfer: ended() comes later, never from inside. 0 or -ENOMEM. */
int curl_loop_add(struct curl_loop *l, CURL *easy);
/* Ends it without a word; not from inside a callback of libcurl. */
void curl_loop_remove(struct curl_loop *l, CURL *easy);

#endif
