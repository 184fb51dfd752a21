/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a web server may do to who asks it, from the best to the worst: functions for web_server.h. Unless
 * they say otherwise they wait, in the end, until the client has gone.
 */
#ifndef TESTS_WEB_MANNERS_H
#define TESTS_WEB_MANNERS_H

#include "tests/unit/web_server.h"

/* "all well" */
web_serve web_good, web_endless_body_begins_well, web_interim, web_in_chunks, web_slow_and_good;
web_serve web_body_until_close; /* closes */
/* Another status. */
web_serve web_unavailable, web_redirect_to_itself, web_switches;
/* Never whole, fast or slowly. */
web_serve web_never_answers, web_half_a_header, web_half_a_body, web_slow_header, web_slow_body;
/* Gone before it is whole. */
web_serve web_closes_at_once, web_closes_after_request, web_closes_in_header, web_closes_in_body;
/* No HTTP. */
web_serve web_mail, web_noise, web_in_bad_chunks;
/* Without an end, or a hundred million octets before it. */
web_serve web_endless_header, web_endless_line, web_endless_interim, web_huge;

#endif
