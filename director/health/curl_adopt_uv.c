/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/curl_adopt_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_WRONG = 0x075800, FIRST_RIGHT = 0x080000 };

static bool connects_anyway(void)
{
	unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;

	return version >= FIRST_WRONG && version < FIRST_RIGHT;
}

int curl_nowhere_open(int *ret)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd, error;

	*ret = -1;
	if (!connects_anyway())
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Of the family alone: the kernel gives it an abstract name (unix(7), autobind). */
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	*ret = fd;
	return 0;
}

void curl_nowhere_close(int nowhere)
{
	if (nowhere >= 0)
		close(nowhere);
}

/* The same number, another socket. libcurl has not waited for it yet, so no loop knows the old one. */
static bool take_over(struct curl_adopt *a)
{
	int other;

	if (a->stand_in < 0)
		return true;
	if (dup3(a->fd, a->stand_in, O_CLOEXEC) < 0)
		return false;
	close(a->fd);
	a->fd = a->stand_in = -1;
	while ((other = accept(a->nowhere, NULL, NULL)) >= 0)
		close(other);
	return true;
}

static CURLcode before_tls(CURL *easy, void *context, void *owner)
{
	(void)easy;
	(void)context;
	return take_over(owner) ? CURLE_OK : CURLE_COULDNT_CONNECT;
}

static int before_request(void *owner, char *to, char *from, int to_port, int from_port)
{
	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	return take_over(owner) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

void curl_adopt_set(struct curl_adopt *a, CURL *easy)
{
	if (a->nowhere < 0)
		return;
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, before_tls);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, a);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, a);
}

curl_socket_t curl_adopt_open(struct curl_adopt *a, struct curl_sockaddr *address)
{
	struct sockaddr_un to;
	socklen_t len = sizeof(to);
	int fd = a->fd;

	if (fd < 0 || a->stand_in >= 0) { /* there is one, for one attempt */
		errno = ENOTCONN;
		return CURL_SOCKET_BAD;
	}
	if (a->nowhere < 0) {
		a->fd = -1;
		return fd;
	}
	/* A name that the kernel gives is of eight octets: no longer than the address that was there. */
	if (getsockname(a->nowhere, (struct sockaddr *)&to, &len) < 0 ||
	    len > sizeof(address->addr))
		return CURL_SOCKET_BAD;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	address->family = AF_UNIX;
	address->addrlen = len;
	memcpy(&address->addr, &to, len);
	a->stand_in = fd;
	return fd;
}

int curl_adopt_opened(const struct curl_adopt *a)
{
	return a->nowhere < 0 ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}
