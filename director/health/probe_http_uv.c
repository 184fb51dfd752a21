/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks "http" and "https": one request with libcurl, to the backend's own address with the kernel's
 * TCP, or to the virtual address through the path of the traffic (vip_stream_uv.h).
 *
 * A redirect is an answer like another: nothing is followed. One connection for one request; no proxy, no
 * name is looked up, no cookie kept. What a server may send without an end is bounded (http_answer.h).
 */
#include "director/health/curl_loop_uv.h"
#include "director/health/door_uv.h"
#include "director/health/http_answer.h"
#include "director/health/probe_uv.h"
#include "director/health/vip_stream_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { URL = 2048 };

struct prober {
	uv_loop_t *loop;
	struct curl_loop *curl;
	struct vip_path *path;
};

struct probe {
	struct prober *all;
	CURL *easy;
	struct curl_slist *headers, *resolve;
	struct http_answer answer;
	/* Through the path of the traffic: libcurl comes in by the door, and the stream begins. */
	struct door *door; /* NULL: the kernel's TCP */
	struct vip_ask to;
	struct vip_stream *stream;
	bool secure;
	char error[CURL_ERROR_SIZE];
	probe_done_fn *done;
	void *owner;
};

/* --- the end of one --------------------------------------------------------------------------- */

static void free_probe(struct probe *p)
{
	curl_easy_cleanup(p->easy);
	curl_slist_free_all(p->headers);
	curl_slist_free_all(p->resolve);
	vip_stream_end(p->stream);
	door_close(p->door);
	http_answer_clear(&p->answer);
	free(p);
}

static void tell(struct probe *p, const struct outcome *o)
{
	probe_done_fn *done = p->done;
	void *owner = p->owner;
	struct outcome copy = *o;

	free_probe(p);
	done(owner, &copy);
}

/* What the kernel says of a connection that did not come about. */
static void judge_connect(const struct probe *p, struct outcome *o)
{
	long error = 0;

	curl_easy_getinfo(p->easy, CURLINFO_OS_ERRNO, &error);
	switch (error) {
	case ECONNREFUSED: outcome_set(o, OUTCOME_REFUSED, "%s", ""); break;
	case ETIMEDOUT: outcome_set(o, OUTCOME_SILENT, "%s", ""); break;
	case EHOSTUNREACH:
	case ENETUNREACH: outcome_set(o, OUTCOME_UNREACHABLE, "%s", strerror((int)error)); break;
	default:
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s",
			    error ? strerror((int)error) : "no connection could be begun");
	}
}

static void judge(const struct probe *p, CURLcode result, struct outcome *o)
{
	switch ((int)result) {
	case CURLE_COULDNT_CONNECT: judge_connect(p, o); break;
	case CURLE_PEER_FAILED_VERIFICATION:
		outcome_set(o, OUTCOME_CERTIFICATE, "%s", p->error);
		break;
	case CURLE_SSL_CONNECT_ERROR: outcome_set(o, OUTCOME_NO_TLS, "%s", p->error); break;
	case CURLE_UNSUPPORTED_PROTOCOL: /* no status line in front: HTTP/0.9 at best */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_BAD_CONTENT_ENCODING: outcome_set(o, OUTCOME_NO_HTTP, "%s", p->error); break;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE: outcome_set(o, OUTCOME_CLOSED, "%s", p->error); break;
	default:
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s",
			    p->error[0] ? p->error : curl_easy_strerror(result));
	}
}

/* A handshake through the path of the traffic fails where libcurl sees the end of a file. */
static bool stream_failed(const struct probe *p, struct outcome *o)
{
	if (!p->stream)
		return false;
	vip_stream_outcome(p->stream, o);
	return o->code != OUTCOME_GOOD && o->code != OUTCOME_CLOSED;
}

static void ended(void *owner, CURL *easy, CURLcode result)
{
	struct probe *p = NULL;
	struct outcome o;

	(void)owner;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	if (result == CURLE_OK)
		http_answer_end(&p->answer);
	if (p->answer.decided)
		o = p->answer.outcome;
	else if (!stream_failed(p, &o))
		judge(p, result, &o);
	tell(p, &o);
}

/* --- what libcurl asks for -------------------------------------------------------------------- */

/* No more than is wanted ends the transfer: then it is decided. */
static size_t on_header(char *line, size_t size, size_t n, void *owner)
{
	struct probe *p = owner;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	http_answer_header(&p->answer, line, size * n, status);
	return p->answer.decided ? 0 : size * n;
}

static size_t on_body(char *octets, size_t size, size_t n, void *owner)
{
	struct probe *p = owner;

	http_answer_body(&p->answer, octets, size * n);
	return p->answer.decided ? 0 : size * n;
}

static void came_in(void *owner, int fd)
{
	struct probe *p = owner;

	/* A connection that ends at once: libcurl says so, and it could not be run. */
	if (fd >= 0 && vip_stream_over(p->all->path, &p->to, fd, &p->stream) < 0) {
		p->stream = NULL;
		close(fd);
	}
}

static curl_socket_t on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct probe *p = owner;
	struct sockaddr_un door;
	socklen_t len;

	(void)purpose;
	if (!p->door)
		return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	door_address(p->door, &door, &len);
	memcpy(&address->addr, &door, len); /* an autobound name is short: it fits */
	address->addrlen = len;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Closed with a reset: a thousand checks would leave tens of thousands of TIME_WAIT. */
static int on_opened(void *owner, curl_socket_t fd, curlsocktype purpose)
{
	const struct probe *p = owner;
	const struct linger at_once = {.l_onoff = 1};

	(void)purpose;
	if (!p->door)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return CURL_SOCKOPT_OK;
}

/* --- the request ------------------------------------------------------------------------------ */

static bool is_name(const char *text)
{
	struct addr ignored;

	return text[0] && addr_parse(text, &ignored) < 0 && !strpbrk(text, ":[]/");
}

/* The name that a certificate is to be of, or "": of the address then. */
static const char *certified_name(const struct config_check *k)
{
	if (k->sni[0])
		return k->sni;
	return is_name(k->host) ? k->host : "";
}

static bool add_to(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (longer)
		*list = longer;
	return longer != NULL;
}

/* "[fd77::100]:8080"; the port only where it is not the scheme's own. */
static const char *authority(const struct addr *a, uint16_t port, bool secure, char *buf,
			     size_t size)
{
	bool six = a->family == AF_INET6;
	char text[ADDR_TEXT], tail[8] = "";

	if (port != (secure ? 443 : 80))
		snprintf(tail, sizeof(tail), ":%u", port);
	snprintf(buf, size, "%s%s%s%s", six ? "[" : "", addr_format(a, text), six ? "]" : "", tail);
	return buf;
}

/*
 * A name in the URL makes it that of the handshake and of the certificate; where it leads is given, too,
 * so that nobody is asked.
 */
static bool set_url(struct probe *p, const struct probe_ask *ask)
{
	const struct config_check *k = ask->check;
	const struct addr *to = config_check_uses_vip(k) ? &ask->vip : &ask->address;
	const char *name = p->secure ? certified_name(k) : "",
		   *scheme = p->secure ? "https" : "http";
	char address[ADDR_TEXT], url[URL], host[URL], where[ADDR_TEXT + 16];
	bool six = to->family == AF_INET6;

	addr_format(to, address);
	if (name[0]) {
		snprintf(host, sizeof(host), "%s:%u:%s%s%s", name, ask->port, six ? "[" : "",
			 address, six ? "]" : "");
		if (!add_to(&p->resolve, host))
			return false;
		curl_easy_setopt(p->easy, CURLOPT_RESOLVE, p->resolve);
		snprintf(url, sizeof(url), "%s://%s:%u%s", scheme, name, ask->port, k->path);
	} else {
		snprintf(url, sizeof(url), "%s://%s%s%s:%u%s", scheme, six ? "[" : "", address,
			 six ? "]" : "", ask->port, k->path);
	}
	snprintf(host, sizeof(host), "Host: %s",
		 k->host[0] ? k->host
		 : name[0]  ? name
			    : authority(&ask->vip, ask->port, p->secure, where, sizeof(where)));
	if (addr_is_link_local(to))
		curl_easy_setopt(p->easy, CURLOPT_ADDRESS_SCOPE, (long)ask->ifindex);
	return add_to(&p->headers, host) && curl_easy_setopt(p->easy, CURLOPT_URL, url) == CURLE_OK;
}

static void set_method(CURL *easy, const char *method)
{
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_tls(CURL *easy, const struct config_check *k)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, k->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, k->verify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (k->ca_file[0]) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, k->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static void set_manners(struct probe *p)
{
	CURL *easy = p->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, p->error);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "directord/" DIRECTOR_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, p);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, p);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_opened);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, p);
}

/* --- a probe ---------------------------------------------------------------------------------- */

static bool begin(struct probe *p, const struct probe_ask *ask)
{
	const struct config_check *k = ask->check;

	p->to = (struct vip_ask){.vip = ask->vip,
				 .port = ask->port,
				 .backend = ask->address,
				 .ifindex = ask->ifindex,
				 .mac = ask->mac,
				 .own_mac = ask->own_mac};
	p->secure = k->type == CHECK_HTTPS;
	p->easy = curl_easy_init();
	if (!p->easy || http_answer_init(&p->answer, k) < 0 || !set_url(p, ask))
		return false;
	set_method(p->easy, k->method);
	if (p->secure)
		set_tls(p->easy, k);
	if (config_check_uses_vip(k) && door_new(p->all->loop, came_in, p, &p->door) < 0)
		return false;
	set_manners(p);
	return curl_loop_add(p->all->curl, p->easy) == 0;
}

static struct probe *start_http(struct prober *prober, const struct probe_ask *ask,
				probe_done_fn *done, void *owner)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->all = prober;
	p->done = done;
	p->owner = owner;
	if (!begin(p, ask)) {
		free_probe(p);
		return NULL;
	}
	return p;
}

static bool is_connected(const struct probe *p)
{
	curl_off_t took = 0;

	curl_easy_getinfo(p->easy, CURLINFO_CONNECT_TIME_T, &took);
	return took > 0;
}

static bool is_secured(const struct probe *p)
{
	curl_off_t took = 0;

	curl_easy_getinfo(p->easy, CURLINFO_APPCONNECT_TIME_T, &took);
	return took > 0;
}

static void expire_http(struct probe *p)
{
	struct outcome o = {0};

	if (!stream_failed(p, &o)) {
		if (!p->door && !is_connected(p)) {
			outcome_set(&o, OUTCOME_SILENT, "%s", "");
		} else if (p->secure && !is_secured(p)) {
			outcome_set(&o, OUTCOME_STALLED, "no end of the TLS handshake");
		} else {
			http_answer_expire(&p->answer);
			o = p->answer.outcome;
		}
	}
	curl_loop_remove(p->all->curl, p->easy);
	tell(p, &o);
}

static void cancel_http(struct probe *p)
{
	curl_loop_remove(p->all->curl, p->easy);
	free_probe(p);
}

static int open_http(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int code;

	if (!prober)
		return err_set(err, -ENOMEM, "no memory for checks");
	prober->loop = loop;
	code = curl_loop_new(loop, ended, prober, &prober->curl, err);
	if (code == 0)
		code = vip_path_new(loop, &prober->path, err);
	if (code < 0) {
		curl_loop_close(prober->curl);
		free(prober);
		return code;
	}
	*ret = prober;
	return 0;
}

static void close_http(struct prober *prober)
{
	if (!prober)
		return;
	curl_loop_close(prober->curl);
	vip_path_close(prober->path);
	free(prober);
}

const struct probe_kind probe_http = {
	.open = open_http,
	.close = close_http,
	.start = start_http,
	.expire = expire_http,
	.cancel = cancel_http,
};
