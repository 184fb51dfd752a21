/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcurl on a connection that is there already.
 *
 * That is what CURL_SOCKOPT_ALREADY_CONNECTED is for; libcurl 7.88, Debian 12's, connects all the same and
 * takes the error for one of the connection. There it connects to a socket that leads nowhere, and its
 * descriptor becomes the connection before the first octet: at the start of TLS, or of the request.
 */
#ifndef DIRECTOR_HEALTH_CURL_ADOPT_UV_H
#define DIRECTOR_HEALTH_CURL_ADOPT_UV_H

#include <curl/curl.h>

/* One transfer's. */
struct curl_adopt {
	int nowhere;  /* curl_nowhere_open(), or -1: libcurl does not need it */
	int fd;	      /* the connection, until libcurl has it; else -1. The user closes it then. */
	int stand_in; /* what libcurl has in its place; -1: nothing */
};

/* A listening socket for all transfers, or -1: libcurl needs none. 0 or a negative errno. */
int curl_nowhere_open(int *ret);
void curl_nowhere_close(int nowhere);

/* Before it is added. */
void curl_adopt_set(struct curl_adopt *a, CURL *easy);
/* For CURLOPT_OPENSOCKETFUNCTION: what to return. */
curl_socket_t curl_adopt_open(struct curl_adopt *a, struct curl_sockaddr *address);
/* For CURLOPT_SOCKOPTFUNCTION. */
int curl_adopt_opened(const struct curl_adopt *a);

#endif
