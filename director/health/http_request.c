/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/http_request.h"

#include "director/health/http_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUFFER = 8192, /* of a transfer: answers are small, and there may be thousands at once */
	TRUST_TIME_S =
		60, /* a changed ca-file counts after that; the system's takes milliseconds */
};

static int add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = line ? curl_slist_append(*list, line) : NULL;

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int set_url(CURL *easy, const struct config_check *check, const struct addr *vip,
		   uint16_t port)
{
	char name[HTTP_NAME] = "", *url;
	int code = check->type == CHECK_HTTPS ? http_target_name(check, name) : 0;
	CURLcode result;

	url = http_target_url(check, name, vip, port);
	if (!url)
		return -ENOMEM;
	result = curl_easy_setopt(easy, CURLOPT_URL, url);
	free(url);
	return result != CURLE_OK ? -ENOMEM : code;
}

/* RFC 9112, 9.6: who uses a connection once says so; RFC 9110, 8.6: and that there is no content. */
static int set_headers(struct http_request *r, CURL *easy, const struct config_check *check,
		       const struct addr *vip, uint16_t port)
{
	static const char *const with_content[] = {"POST", "PUT", "PATCH"};
	char *host = http_target_host(check, vip, port);
	int code = add_line(&r->headers, host);

	free(host);
	if (code == 0)
		code = add_line(&r->headers, "Accept: */*");
	if (code == 0)
		code = add_line(&r->headers, "Connection: close");
	for (size_t i = 0; i < sizeof(with_content) / sizeof(with_content[0]); i++)
		if (code == 0 && strcmp(check->method, with_content[i]) == 0)
			code = add_line(&r->headers, "Content-Length: 0");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
	return code;
}

static void set_method(CURL *easy, const char *method)
{
	if (strcmp(method, "HEAD") == 0) /* there is no body to wait for */
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_manners(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "directord/" DIRECTOR_VERSION);
}

/*
 * Every handshake is a whole one: a session that goes on shows no certificate, and with OpenSSL 3.0 it
 * takes half the time, not a tenth (tests/bench/bench_check_http.c has the whole one). Without CAPATH, since
 * libcurl keeps the parsed certificates of a file, and not those of a folder; and nothing is parsed that
 * is not looked at.
 */
static void set_tls(CURL *easy, const struct config_check *check)
{
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check->verify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)TRUST_TIME_S);
	if (!check->verify)
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	else if (check->ca_file[0])
		curl_easy_setopt(easy, CURLOPT_CAINFO, check->ca_file);
}

int http_request_set(struct http_request *r, CURL *easy, const struct config_check *check,
		     const struct addr *vip, const struct addr *address, uint16_t port,
		     uint32_t ifindex)
{
	char to[HTTP_CONNECT_TO];
	int code = set_headers(r, easy, check, vip, port);

	if (code == 0)
		code = add_line(&r->connect_to, http_target_connect_to(address, port, to));
	if (code < 0)
		return code;
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, r->connect_to);
	if (addr_is_link_local(address))
		curl_easy_setopt(easy, CURLOPT_ADDRESS_SCOPE, (long)ifindex);
	set_manners(easy);
	set_method(easy, check->method);
	if (check->type == CHECK_HTTPS)
		set_tls(easy, check);
	return set_url(easy, check, vip, port);
}

void http_request_clear(struct http_request *r)
{
	curl_slist_free_all(r->headers);
	curl_slist_free_all(r->connect_to);
	*r = (struct http_request){0};
}
