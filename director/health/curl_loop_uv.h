/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers of libcurl on a libuv loop: its sockets and its timer (curl_multi_socket_action(3)).
 *
 * Owns the multi handle and what watches its sockets. The transfers are the user's. curl_global_init()
 * has been called before the first one is made.
 */
#ifndef DIRECTOR_HEALTH_CURL_LOOP_UV_H
#define DIRECTOR_HEALTH_CURL_LOOP_UV_H

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;

/*
 * A transfer has ended, with that result; it is the user's alone again. Called from the loop, never from
 * inside libcurl: it may add and remove transfers, and close the curl_loop.
 */
typedef void curl_loop_ended(void *owner, CURL *easy, CURLcode result);

/* NULL: no memory. */
struct curl_loop *curl_loop_new(uv_loop_t *loop, curl_loop_ended *ended, void *owner);
/* When no transfer is left in it. Asynchronous; accepts NULL. */
void curl_loop_close(struct curl_loop *l);
/* Begins a transfer: ended() comes later, never from inside. 0 or -ENOMEM. */
int curl_loop_add(struct curl_loop *l, CURL *easy);
/* Ends one without a word; not from inside a callback of libcurl. */
void curl_loop_remove(struct curl_loop *l, CURL *easy);

#endif
