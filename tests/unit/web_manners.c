/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/web_manners.h"

#define OK_HEADER "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

/* A header and a body; then they wait until the client has gone. */
static void answer(struct web_client *c, const char *text)
{
	if (web_request(c) && web_say(c, text))
		web_wait(c);
}

void web_good(struct web_client *c)
{
	answer(c, OK_HEADER "Content-Length: 8\r\n\r\nall well");
}

void web_endless_body_begins_well(struct web_client *c)
{
	answer(c, OK_HEADER "\r\nall well");
}

void web_unavailable(struct web_client *c)
{
	answer(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
}

void web_redirect_to_itself(struct web_client *c)
{
	answer(c, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
}

void web_interim(struct web_client *c)
{
	answer(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
		  "</a>\r\n\r\n" OK_HEADER "Content-Length: 0\r\n\r\n");
}

void web_in_chunks(struct web_client *c)
{
	answer(c, OK_HEADER "Transfer-Encoding: chunked\r\n\r\n4\r\nall \r\n4\r\nwell\r\n0\r\n"
			    "Trailer: 1\r\n\r\n");
}

void web_in_bad_chunks(struct web_client *c)
{
	answer(c, OK_HEADER "Transfer-Encoding: chunked\r\n\r\nzzz\r\n");
}

void web_switches(struct web_client *c)
{
	answer(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: no\r\n\r\n");
}

void web_never_answers(struct web_client *c)
{
	web_wait(c);
}

void web_half_a_header(struct web_client *c)
{
	answer(c, OK_HEADER "X-Half: ");
}

void web_half_a_body(struct web_client *c)
{
	answer(c, OK_HEADER "Content-Length: 8\r\n\r\nall");
}

void web_slow_header(struct web_client *c)
{
	const char *text = OK_HEADER "X-Slow: and slower, and slower, and slower\r\n\r\n";

	while (*text && web_send(c, text++, 1))
		web_pause(5);
}

void web_slow_body(struct web_client *c)
{
	bool there = web_request(c) && web_say(c, OK_HEADER "\r\n");

	while (there && web_say(c, "."))
		web_pause(5);
}

void web_slow_and_good(struct web_client *c)
{
	const char *text = OK_HEADER "Content-Length: 8\r\n\r\nall well";

	while (*text && web_send(c, text++, 1))
		web_pause(1);
	web_wait(c);
}

void web_closes_at_once(struct web_client *c)
{
	(void)c;
}

void web_closes_after_request(struct web_client *c)
{
	web_request(c);
}

void web_closes_in_header(struct web_client *c)
{
	if (web_request(c))
		web_say(c, OK_HEADER);
}

void web_closes_in_body(struct web_client *c)
{
	if (web_request(c))
		web_say(c, OK_HEADER "Content-Length: 8\r\n\r\nall");
}

void web_body_until_close(struct web_client *c)
{
	if (web_request(c))
		web_say(c, "HTTP/1.0 200 OK\r\n\r\nall well");
}

void web_mail(struct web_client *c)
{
	if (web_say(c, "220 mail.example.com ESMTP\r\n"))
		web_wait(c);
}

void web_noise(struct web_client *c)
{
	static const char octets[64] = {'\x16', '\x03', '\0', '\xff', 'x'};

	if (web_request(c) && web_send(c, octets, sizeof(octets)))
		web_wait(c);
}

void web_endless_header(struct web_client *c)
{
	bool there = web_request(c) && web_say(c, OK_HEADER);

	while (there && web_say(c, "X-More: and more, and more, and more\r\n"))
		;
}

void web_endless_line(struct web_client *c)
{
	bool there = web_request(c) && web_say(c, OK_HEADER "X-More: ");

	while (there && web_say(c, "and more, and more, and more, and more"))
		;
}

void web_endless_interim(struct web_client *c)
{
	bool there = web_request(c);

	while (there && web_say(c, "HTTP/1.1 103 Early Hints\r\n\r\n"))
		;
}

/* A hundred million octets, if the client takes them. */
void web_huge(struct web_client *c)
{
	static const char some[65536] = {'.'};
	bool there = web_request(c) && web_say(c, OK_HEADER "Content-Length: 100000000\r\n\r\n");

	for (int i = 0; there && i < 1526; i++)
		there = web_send(c, some, sizeof(some));
}
