/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request of a check as options of libcurl: what is asked, of whom, and all that it must not do by
 * itself. The only file that knows which options that takes; nothing is sent here.
 *
 * Owns the words that libcurl only borrows.
 */
#ifndef DIRECTOR_HEALTH_HTTP_REQUEST_H
#define DIRECTOR_HEALTH_HTTP_REQUEST_H

#include "include/addr.h"
#include "include/config.h"

#include <curl/curl.h>

struct http_request {
	struct curl_slist *headers, *connect_to;
};

/*
 * 0; -ENOMEM; -EINVAL: of the check no request can be made. r is zeros before, and to be cleared after
 * any of them, when the transfer is over. The link is that of a link-local address.
 */
int http_request_set(struct http_request *r, CURL *easy, const struct config_check *check,
		     const struct addr *vip, const struct addr *address, uint16_t port,
		     uint32_t ifindex);
void http_request_clear(struct http_request *r);

#endif
