/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A web server on the loopback interface, in a thread of its own, that does whatever a test wants; one
 * connection after the other. With an identity it speaks TLS.
 */
#ifndef TESTS_WEB_SERVER_H
#define TESTS_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEB_REQUEST = 4096 };

struct web_server;
struct web_identity;

/* A connection, as the function sees it that serves it. */
struct web_client;
typedef void web_serve(struct web_client *c);

/* serve() is called once a connection, with TLS after the handshake. */
struct web_server *web_server_new(const struct web_identity *identity, web_serve *serve);
/* On a connection that is there already, once. */
struct web_server *web_server_on(int fd, const struct web_identity *identity, web_serve *serve);
/* Waits for the end of what is being served: the client is to be gone. */
void web_server_free(struct web_server *w);
uint16_t web_server_port(const struct web_server *w);
/* The last request, of all that it has read so far; after web_server_free() no more. */
const char *web_server_request(struct web_server *w);
/* How connections ended that serve() waited out: with a reset. */
unsigned int web_server_resets(const struct web_server *w);
/* Octets that went out, all connections. */
size_t web_server_sent(const struct web_server *w);
unsigned int web_server_connections(const struct web_server *w);

/* Reads to the empty line behind the header. */
bool web_request(struct web_client *c);
/* False: the client is gone. */
bool web_send(struct web_client *c, const void *octets, size_t n);
bool web_say(struct web_client *c, const char *text);
void web_pause(unsigned int ms);
/* Until the client is gone. */
void web_wait(struct web_client *c);

/* Certificates of a test. names: "DNS:www.example.com,IP:10.77.0.100". */
struct web_identity *web_authority_new(void);
/* Signed by that, or by itself (NULL); from so many days ago to so many days from now. */
struct web_identity *web_identity_new(const struct web_identity *authority, const char *names,
				      int from_days, int to_days);
/* With a key of RSA, 2048 bits, in place of one of P-256. */
struct web_identity *web_identity_rsa(const struct web_identity *authority, const char *names);
void web_identity_free(struct web_identity *i);
bool web_identity_save(const struct web_identity *i, const char *path);

#endif
