/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages as they are in director/page, inside the programs. The status page, status.html, needs nothing
 * from elsewhere and asks for nothing but /status, which PAGE_POLICY has browsers enforce.
 *
 * Pure.
 */
#ifndef DIRECTOR_MONITOR_PAGE_H
#define DIRECTOR_MONITOR_PAGE_H

#define PAGE_CONTENT_TYPE "text/html; charset=utf-8"
#define PAGE_POLICY                                                                                \
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "              \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* The beginning of the report of a drill; its title is to follow. */
extern const char page_drill_html[];
extern const char page_html[]; /* terminated */

#endif
