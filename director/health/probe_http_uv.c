/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks "http" and "https": one request with libcurl (HTTP/1.1) on a connection of its own, to the
 * backend's own address with the kernel's TCP or with another transport (probe_http_uv.h).
 *
 * A redirect is an answer like another: nothing is followed, no proxy asked, no name looked up, no
 * cookie kept. What a server may send without an end is bounded (http_answer.h).
 */
#include "director/health/probe_http_uv.h"

#include "director/health/connect_error.h"
#include "director/health/curl_adopt_uv.h"
#include "director/health/curl_loop_uv.h"
#include "director/health/http_answer.h"
#include "director/health/http_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* libcurl keeps the parsed certificates of one file for each of its loops: so there is one for each. */
struct trust {
	struct trust *next;
	struct curl_loop *curl;
	char ca_file[]; /* "": the system's */
};

struct prober {
	uv_loop_t *loop;
	struct trust *trusts;
	const struct http_transport *transport;
	int nowhere; /* curl_adopt_uv.h */
};

struct probe {
	struct curl_loop *curl;
	CURL *easy;
	struct http_request request;
	struct http_answer answer;
	struct addr address;
	uint16_t port;
	bool secure;
	int socket; /* libcurl's, as long as it works on the transfer; -1: not yet */
	const struct http_transport *transport; /* NULL: the kernel's TCP */
	void *connection;			/* of the transport */
	struct curl_adopt adopt;		/* the same, as a descriptor */
	int failed;	    /* a negative errno: there is no connection to be had */
	const char *misfit; /* or no request, why */
	char error[CURL_ERROR_SIZE];
	probe_done_fn *done;
	void *owner;
};

/* --- the end of one --------------------------------------------------------------------------- */

static void free_probe(struct probe *p)
{
	curl_easy_cleanup(p->easy);
	http_request_clear(&p->request);
	http_answer_clear(&p->answer);
	if (p->adopt.fd >= 0)
		close(p->adopt.fd);
	if (p->connection)
		p->transport->end(p->connection);
	free(p);
}

static void tell(struct probe *p, const struct outcome *o)
{
	probe_done_fn *done = p->done;
	void *owner = p->owner;

	free_probe(p);
	done(owner, o);
}

static bool has_come(const struct probe *p, CURLINFO phase)
{
	curl_off_t took = 0;

	curl_easy_getinfo(p->easy, phase, &took);
	return took > 0;
}

static void judge_failed(const struct probe *p, int error, struct outcome *o)
{
	if (p->misfit)
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s", p->misfit);
	else
		connect_error_judge(error, &p->address, p->port, o);
}

static void judge_connect(const struct probe *p, struct outcome *o)
{
	long error = 0;

	curl_easy_getinfo(p->easy, CURLINFO_OS_ERRNO, &error);
	if (p->failed < 0)
		judge_failed(p, -p->failed, o);
	else if (error)
		judge_failed(p, (int)error, o);
	else
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s", p->error);
}

/* Without what it says in front of each of them. */
static const char *certificate_reason(const char *text)
{
	static const char first[] = "SSL certificate problem: ", second[] = "SSL: ";

	if (strncmp(text, first, strlen(first)) == 0)
		return text + strlen(first);
	return strncmp(text, second, strlen(second)) == 0 ? text + strlen(second) : text;
}

/* More than libcurl 7.88 keeps of one header line is called "out of memory", 8.6 has a word for it. */
enum { LINE_TOO_LONG = 100 /* CURLE_TOO_LARGE */ };

static void judge(struct probe *p, CURLcode result, struct outcome *o)
{
	const char *why = p->error[0] ? p->error : curl_easy_strerror(result);

	switch ((int)result) {
	case CURLE_COULDNT_CONNECT: judge_connect(p, o); return;
	case CURLE_PEER_FAILED_VERIFICATION:
		outcome_set(o, OUTCOME_CERTIFICATE, "%s", certificate_reason(why));
		return;
	case CURLE_SSL_CONNECT_ERROR: outcome_set(o, OUTCOME_NO_TLS, "%s", why); return;
	case CURLE_UNSUPPORTED_PROTOCOL: /* no status line: HTTP/0.9 at best */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2: outcome_set(o, OUTCOME_NO_HTTP, "%s", why); return;
	case CURLE_RECV_ERROR:
		if (strstr(why, "chunked-encoding")) {
			outcome_set(o, OUTCOME_NO_HTTP, "%s", why);
			return;
		}
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE: break;
	case CURLE_OUT_OF_MEMORY:
	case LINE_TOO_LONG:
		if (has_come(p, CURLINFO_STARTTRANSFER_TIME_T)) {
			outcome_set(o, OUTCOME_TOO_LARGE, "a header line without an end");
			return;
		}
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s", why);
		return;
	default: outcome_set(o, OUTCOME_CANNOT_RUN, "%s", why); return;
	}
	http_answer_cut(&p->answer, OUTCOME_CLOSED);
	*o = p->answer.outcome;
}

/* A connection that did not come about ends for libcurl like any other: the transport knows better. */
static bool transport_failed(const struct probe *p, struct outcome *o)
{
	return p->connection && !p->transport->is_open(p->connection, o);
}

static void ended(void *owner, CURL *easy, CURLcode result)
{
	struct outcome o = {.code = OUTCOME_GOOD};
	struct probe *p = NULL;

	(void)owner;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	if (result == CURLE_OK)
		http_answer_end(&p->answer);
	if (p->answer.decided)
		o = p->answer.outcome;
	else if (!transport_failed(p, &o))
		judge(p, result, &o);
	tell(p, &o);
}

/* libcurl knows the time of a connection only when TLS is through, too. */
static bool is_connected(const struct probe *p)
{
	struct sockaddr_storage ignored;
	socklen_t len = sizeof(ignored);

	return p->socket >= 0 && getpeername(p->socket, (struct sockaddr *)&ignored, &len) == 0;
}

static void expire_http(struct probe *p)
{
	struct outcome o = {.code = OUTCOME_GOOD};
	bool connected = is_connected(p);

	curl_loop_remove(p->curl, p->easy);
	if (p->failed < 0) {
		judge_failed(p, -p->failed, &o);
	} else if (transport_failed(p, &o)) {
		; /* it has said how */
	} else if (!p->connection && !connected) {
		connect_error_judge(ETIMEDOUT, &p->address, p->port, &o);
	} else if (p->secure && !has_come(p, CURLINFO_APPCONNECT_TIME_T)) {
		outcome_set(&o, OUTCOME_STALLED, "TLS handshake not whole");
	} else {
		http_answer_cut(&p->answer, OUTCOME_STALLED);
		o = p->answer.outcome;
	}
	tell(p, &o);
}

static void cancel_http(struct probe *p)
{
	curl_loop_remove(p->curl, p->easy);
	free_probe(p);
}

/* --- what libcurl asks for -------------------------------------------------------------------- */

/* Taking less than there is ends the transfer: the answer is decided then. */
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

static curl_socket_t on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct probe *p = owner;
	int fd;

	(void)purpose;
	if (p->failed < 0)
		return CURL_SOCKET_BAD;
	if (p->transport)
		fd = curl_adopt_open(&p->adopt, address);
	else
		fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0)
		p->failed = -errno;
	p->socket = fd;
	return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

/* Closed with a reset: a thousand checks would leave tens of thousands of sockets in TIME_WAIT. */
static int on_opened(void *owner, curl_socket_t fd, curlsocktype purpose)
{
	const struct probe *p = owner;
	const struct linger at_once = {.l_onoff = 1};

	(void)purpose;
	if (p->transport)
		return curl_adopt_opened(&p->adopt);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return CURL_SOCKOPT_OK;
}

static void set_callbacks(struct probe *p)
{
	CURL *easy = p->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, p->error);
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

/* The file that a check trusts, "" for the system's and for none. */
static const char *trusted_by(const struct config_check *k)
{
	return k->type == CHECK_HTTPS && k->verify ? k->ca_file : "";
}

static struct curl_loop *loop_for(struct prober *prober, const char *ca_file)
{
	struct trust *t;

	for (t = prober->trusts; t; t = t->next)
		if (strcmp(t->ca_file, ca_file) == 0)
			return t->curl;
	t = calloc(1, sizeof(*t) + strlen(ca_file) + 1);
	if (!t)
		return NULL;
	t->curl = curl_loop_new(prober->loop, ended, prober);
	if (!t->curl) {
		free(t);
		return NULL;
	}
	memcpy(t->ca_file, ca_file, strlen(ca_file) + 1);
	t->next = prober->trusts;
	prober->trusts = t;
	return t->curl;
}

static void open_transport(struct probe *p, const struct http_transport *t,
			   const struct probe_ask *ask)
{
	int fd;

	if (!t || !t->carries(t->owner, ask))
		return;
	p->transport = t;
	fd = t->open(t->owner, ask, &p->connection);
	if (fd < 0) {
		p->failed = fd;
		return;
	}
	p->adopt.fd = fd;
	curl_adopt_set(&p->adopt, p->easy);
}

static bool begin(struct probe *p, struct prober *prober, const struct probe_ask *ask)
{
	const struct config_check *k = ask->check;
	int code;

	p->easy = curl_easy_init();
	p->curl = loop_for(prober, trusted_by(k));
	if (!p->easy || !p->curl || http_answer_init(&p->answer, k) < 0)
		return false;
	set_callbacks(p);
	code = http_request_set(&p->request, p->easy, ask->check, &ask->vip, &ask->address,
				ask->port, ask->ifindex);
	if (code == -ENOMEM)
		return false;
	p->failed = code;
	if (code < 0)
		p->misfit = "its sni cannot be the name of a host";
	else
		open_transport(p, prober->transport, ask);
	return curl_loop_add(p->curl, p->easy) == 0;
}

static struct probe *start_http(struct prober *prober, const struct probe_ask *ask,
				probe_done_fn *done, void *owner)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->adopt = (struct curl_adopt){.nowhere = prober->nowhere, .fd = -1, .stand_in = -1};
	p->address = ask->address;
	p->port = ask->port;
	p->socket = -1;
	p->secure = ask->check->type == CHECK_HTTPS;
	p->done = done;
	p->owner = owner;
	if (!begin(p, prober, ask)) {
		free_probe(p);
		return NULL;
	}
	return p;
}

/* --- what all of them share ------------------------------------------------------------------- */

int probe_http_global_init(struct err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, -ENOMEM, "libcurl cannot be used");
	return 0;
}

void probe_http_global_close(void)
{
	curl_global_cleanup();
}

void probe_http_set_transport(struct prober *prober, const struct http_transport *transport)
{
	prober->transport = transport;
}

static bool is_trusted(const struct check_list *l, const char *ca_file)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(trusted_by(l->items[i].check), ca_file) == 0)
			return true;
	return false;
}

static void free_trust(struct trust *t)
{
	curl_loop_close(t->curl);
	free(t);
}

void probe_http_keep(struct prober *prober, const struct check_list *l)
{
	struct trust **at = &prober->trusts;

	while (*at) {
		struct trust *t = *at;

		if (!t->ca_file[0] || is_trusted(l, t->ca_file)) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		free_trust(t);
	}
}

static int open_http(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int code;

	if (!prober)
		return err_set(err, -ENOMEM, "no memory for checks");
	prober->loop = loop;
	code = curl_nowhere_open(&prober->nowhere);
	if (code < 0) {
		free(prober);
		return err_set(err, code, "no socket for checks: %s", strerrordesc_np(-code));
	}
	*ret = prober;
	return 0;
}

static void close_http(struct prober *prober)
{
	if (!prober)
		return;
	while (prober->trusts) {
		struct trust *t = prober->trusts;

		prober->trusts = t->next;
		free_trust(t);
	}
	curl_nowhere_close(prober->nowhere);
	free(prober);
}

const struct probe_kind probe_http = {
	.open = open_http,
	.close = close_http,
	.start = start_http,
	.expire = expire_http,
	.cancel = cancel_http,
};
