/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a drill as a page. tests/golden/drill has what is drawn of each kind; GOLDEN=write writes it anew.
 */
#include "director/ctl/drill.h"
#include "director/ctl/drill_draw.h"
#include "director/ctl/drill_page.h"
#include "director/drill/drill_probe.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GOLDEN "tests/golden/drill/"

static char *page_of(const struct control_drill *d)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	drill_page(d, out);
	fclose(out);
	return text;
}

static struct control_drill crash(void)
{
	return (struct control_drill){
		.id = 7,
		.kind = "crash",
		.from = "a",
		.to = "b",
		.result = "missed",
		.why = "the takeover took 612 ms, max-gap is 200 ms",
		.let_go = true,
		.took_over = true,
		.takeover_us = 611300,
		.within_us = 210,
		.n = 6,
		.moments = {{true, SYNC_MOMENT_LAST_ADVERT, -70300},
			    {false, SYNC_MOMENT_LET_GO, 0},
			    {true, SYNC_MOMENT_DETECTED, 402000},
			    {true, SYNC_MOMENT_MASTER, 611300},
			    {true, SYNC_MOMENT_ANNOUNCED, 615200},
			    {false, SYNC_MOMENT_RESTORED, 9900100}},
		.about = {.at_ms = 1795833834142,
			  .asked_on = "b",
			  .has_asker = true,
			  .uid = 1000,
			  .limit_ms = 10000,
			  .max_gap_ms = 200,
			  .from = {"0.1.0", "00112233445566778899aabbccddeeff"},
			  .to = {"0.1.0", "00112233445566778899aabbccddeeff"}}};
}

static struct control_drill graceful(void)
{
	struct control_drill d = crash();

	strcpy(d.kind, "graceful");
	strcpy(d.result, "passed");
	d.why[0] = '\0';
	d.takeover_us = 2100;
	d.n = 5;
	d.moments[0] = (struct control_moment){false, SYNC_MOMENT_LET_GO, 0};
	d.moments[1] = (struct control_moment){true, SYNC_MOMENT_MASTER, 2100};
	d.moments[2] = (struct control_moment){false, CONTROL_MOMENT_LAST_FRAME, 3100};
	d.moments[3] = (struct control_moment){true, CONTROL_MOMENT_FIRST_FRAME, 4300};
	d.moments[4] = (struct control_moment){true, SYNC_MOMENT_ANNOUNCED, 9000};
	d.from_seen = (struct sync_tally){SYNC_SIGHT_FRAME, 0, 0, 12, 14, 400};
	d.to_seen = (struct sync_tally){SYNC_SIGHT_FRAME,  0, 0, 12, SYNC_TALLY_UNKNOWN,
					SYNC_TALLY_UNKNOWN};
	d.about.has_asker = false;
	return d;
}

static struct control_drill split(void)
{
	struct control_drill d = crash();

	strcpy(d.kind, "split");
	strcpy(d.result, "passed");
	d.why[0] = '\0';
	d.took_over = false;
	d.takeover_us = 0;
	d.n = 2;
	d.moments[0] = (struct control_moment){false, SYNC_MOMENT_LET_GO, 0};
	d.moments[1] = (struct control_moment){false, SYNC_MOMENT_RESTORED, 9900000};
	strcpy(d.about.to.config, "another");
	return d;
}

static void expect_golden(const char *path, const struct control_drill *d)
{
	const char *golden = getenv("GOLDEN");
	char *page = page_of(d), *want;

	if (golden && strcmp(golden, "write") == 0) {
		FILE *out = fopen(path, "w");

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fputs(page, out);
		fclose(out);
	}
	want = unit_read_file(path);
	EXPECT_TEXT(page, want);
	free(want);
	free(page);
}

static void as_it_was_looked_at(void)
{
	struct control_drill d = crash();

	expect_golden(GOLDEN "crash.html", &d);
	d = graceful();
	expect_golden(GOLDEN "graceful.html", &d);
	d = split();
	expect_golden(GOLDEN "split.html", &d);
}

static bool has(const struct control_drill *d, const char *what)
{
	char *page = page_of(d);
	bool ret = strstr(page, what) != NULL;

	free(page);
	return ret;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* Elements and attributes are as many as of a page with harmless names. */
static void names_are_no_markup(void)
{
	static const char nasty[] = "</svg><img src=x onerror='1'>\"&";
	struct control_drill d = crash();
	char *good, *bad;

	d.from_seen.sight = d.to_seen.sight = SYNC_SIGHT_FULL;
	good = page_of(&d);
	CU_ASSERT(sizeof(nasty) <= sizeof(d.from));
	strcpy(d.from, nasty);
	strcpy(d.to, nasty);
	strcpy(d.why, nasty);
	strcpy(d.kind, "<b onclick='1'>");
	strcpy(d.result, "\"><script>1//");
	strcpy(d.about.asked_on, nasty);
	strcpy(d.about.from.version, nasty);
	strcpy(d.about.from.config, nasty);
	strcpy(d.about.to.version, nasty);
	strcpy(d.about.to.config, nasty);
	d.from_seen.sight = SYNC_SIGHT_REFUSED;
	d.to_seen.sight = SYNC_SIGHT_CLOCK;
	bad = page_of(&d);
	EXPECT_INT(count(bad, "<img"), 0);
	EXPECT_INT(count(bad, "<script"), 0);
	EXPECT_INT(count(bad, "<b "), 0);
	EXPECT_INT(count(bad, "</svg>"), 1);
	EXPECT_INT(count(bad, "<"), count(good, "<"));
	EXPECT_INT(count(bad, "\""), count(good, "\""));
	CU_ASSERT(strstr(bad, "&lt;/svg&gt;&lt;img src=x onerror=&#39;1&#39;&gt;&quot;&amp;") !=
		  NULL);
	free(good);
	free(bad);
}

static void what_is_not_known(void)
{
	struct control_drill d = {.id = 1, .kind = "graceful", .result = "unknown"};

	CU_ASSERT(has(&d, "Whether the master let go is not known"));
	CU_ASSERT(!has(&d, "<svg"));
	CU_ASSERT(!has(&d, "uid"));
	CU_ASSERT(has(&d, "<td>?</td>"));
	strcpy(d.result, "missed");
	CU_ASSERT(has(&d, "nothing was seen"));
	d = crash();
	d.took_over = false;
	d.takeover_us = 0;
	CU_ASSERT(has(&d, "nobody took over, max-gap is 200 ms"));
	CU_ASSERT(!has(&d, "frame of the"));
	d.from_seen.sight = SYNC_SIGHT_CLOCK;
	CU_ASSERT(has(&d, "<td>not known, the date of node a was set meanwhile</td>"));
	CU_ASSERT(has(&d, "<td>not known, node b does not tell</td>"));
	d.to_seen.sight = SYNC_SIGHT_NONE;
	CU_ASSERT(has(&d, "<td>not known, node b forwarded none when its record ended</td>"));
}

/* What is green or red is what the verdict is about. */
static void probed_it_is_the_gap(void)
{
	struct control_drill d = crash();

	d.vip = (struct addr){.family = AF_INET, .bytes = {10, 77, 0, 100}};
	d.port = 80;
	d.takeover_us = 150000;
	d.gap_us = 656400;
	CU_ASSERT(has(&d, "<th scope=\"row\">takeover</th><td class=\"\">150.0 ms</td><td></td>"));
	CU_ASSERT(has(&d, "<th scope=\"row\">gap at 10.77.0.100:80</th><td class=\"bad\">656.4 "
			  "ms</td><td>200 ms</td>"));
	CU_ASSERT(has(&d, "nobody is master for 150.0 ms, the service was away for 656.4 ms, "
			  "max-gap is 200 ms"));
	CU_ASSERT(!has(&d, "class=\"budget\""));
	d.takeover_us = 611300;
	d.gap_us = 200000;
	CU_ASSERT(has(&d, "<td class=\"\">611.3 ms</td>"));
	CU_ASSERT(has(&d, "<td class=\"good\">200.0 ms</td>"));
	/* Then the takeover is. */
	d.gap_us = 0;
	d.gap = DRILL_GAP_NO_NEW;
	CU_ASSERT(has(&d, "<td class=\"bad\">611.3 ms</td><td>200 ms</td>"));
	CU_ASSERT(has(&d,
		      "<th scope=\"row\">gap at 10.77.0.100:80</th><td>not known, node a had no "
		      "answer by way of node b</td><td></td>"));
	d.took_over = false;
	d.gap = DRILL_GAP_NOBODY;
	CU_ASSERT(has(&d, "<td class=\"bad\">nobody took over</td><td>200 ms</td>"));
	CU_ASSERT(has(&d, "<td>not known, nobody took over</td>"));
}

/* One record of two: nothing is good or bad. */
static void the_other_record_did_not_come(void)
{
	struct control_drill d = crash();

	strcpy(d.result, "unknown");
	strcpy(d.why, "the other director's record did not come");
	d.took_over = false;
	d.takeover_us = 0;
	d.n = 1;
	d.moments[0] = (struct control_moment){false, SYNC_MOMENT_LET_GO, 0};
	CU_ASSERT(!has(&d, "nobody took over") && !has(&d, "<text>backup"));
	CU_ASSERT(has(&d, "takeover</th><td class=\"\">not known</td>"));
	CU_ASSERT(has(&d, "connections lost</th><td class=\"\">not known</td>"));
	CU_ASSERT(has(&d, ">not known</text>"));
	d.vip = (struct addr){.family = AF_INET, .bytes = {10, 77, 0, 100}};
	d.port = 80;
	d.gap = DRILL_GAP_NOBODY;
	CU_ASSERT(has(&d, "<td>not known, nobody knows who took over</td>"));
	strcpy(d.kind, "split");
	CU_ASSERT(has(&d, "a second master</th><td class=\"\">not known</td>"));
}

/* The gap ends there, long before the limit. */
static void master_again(void)
{
	struct control_drill d = graceful();

	strcpy(d.result, "missed");
	d.took_over = false;
	d.takeover_us = 0;
	d.n = 3;
	d.moments[1] = (struct control_moment){false, SYNC_MOMENT_MASTER, 400000};
	d.moments[2] = (struct control_moment){false, SYNC_MOMENT_RESTORED, 1899200};
	CU_ASSERT(has(&d, "nobody took over, nobody is master for 400.0 ms, max-gap is 200 ms"));
	CU_ASSERT(has(&d, "<td class=\"at\">+400.0 ms</td><td>a</td><td>is master again</td>"));
	CU_ASSERT(!has(&d, "class=\"back\""));
}

static void what_is_null(void)
{
	struct control_drill d = crash();
	json_t *document = drill_document(&d);

	EXPECT_INT(json_integer_value(json_object_get(document, "lost_connections")), 0);
	CU_ASSERT(json_is_integer(json_object_get(document, "lost_connections")));
	CU_ASSERT(json_is_null(json_object_get(document, "failback")));
	json_decref(document);
	strcpy(d.result, "unknown");
	d.back = CONTROL_BACK_UNTOLD;
	document = drill_document(&d);
	CU_ASSERT(json_is_null(json_object_get(document, "lost_connections")));
	CU_ASSERT(json_is_null(json_object_get(json_object_get(document, "failback"), "done")));
	json_decref(document);
	d.back = CONTROL_BACK_NOT;
	document = drill_document(&d);
	CU_ASSERT(json_is_false(json_object_get(json_object_get(document, "failback"), "done")));
	json_decref(document);
}

static void back_again(void)
{
	struct control_drill d = crash();

	CU_ASSERT(!has(&d, "back again"));
	d.back = CONTROL_BACK_ORDERLY;
	d.back_us = 2100;
	CU_ASSERT(has(&d, "back again</th><td>node a took over in 3 ms</td>"));
	d.back = CONTROL_BACK_ITSELF;
	CU_ASSERT(has(&d, "<td>node a is the master, by itself</td>"));
	d.back = CONTROL_BACK_UNTOLD;
	CU_ASSERT(has(&d, "<td>not known, the command has not told</td>"));
	d.back = CONTROL_BACK_NOT;
	CU_ASSERT(has(&d, "<td>no, node a is not the master: nobody handed over</td>"));
	strcpy(d.back_why, "<b>");
	CU_ASSERT(has(&d, "<td>no, node a is not the master: &lt;b&gt;</td>"));
}

static void times_of_any_size(void)
{
	struct control_drill d = crash();

	d.moments[0].at_us = INT64_MIN;
	d.moments[5].at_us = INT64_MAX;
	d.takeover_us = UINT64_MAX;
	d.about.at_ms = UINT64_MAX;
	d.about.max_gap_ms = UINT32_MAX;
	CU_ASSERT(has(&d, "</html>\n"));
	CU_ASSERT(!has(&d, "nan") && !has(&d, "inf"));
	d.n = CONTROL_MOMENTS;
	for (size_t i = 0; i < d.n; i++)
		d.moments[i] = (struct control_moment){i % 2, SYNC_MOMENT_MASTER, INT64_MAX};
	CU_ASSERT(has(&d, "</html>\n"));
	CU_ASSERT(!has(&d, "nan") && !has(&d, "inf"));
}

/* What comes seconds after all the rest does not squeeze it. */
static void time_has_a_break(void)
{
	struct control_drill d = crash();

	CU_ASSERT(has(&d, "class=\"break\""));
	d.moments[5].at_us = 900000;
	CU_ASSERT(!has(&d, "class=\"break\""));
}

static void it_needs_nothing_else(void)
{
	struct control_drill d = crash();
	char *page = page_of(&d);

	CU_ASSERT(strstr(page, "default-src 'none'") != NULL);
	EXPECT_INT(count(page, "http:"), 0);
	EXPECT_INT(count(page, "https:"), 0);
	EXPECT_INT(count(page, "url("), 0);
	EXPECT_INT(count(page, "src="), 0);
	EXPECT_INT(count(page, "href="), 0);
	free(page);
}

UNIT_TESTS(drill_page) = {
	{"as it was looked at", as_it_was_looked_at},
	{"names are no markup", names_are_no_markup},
	{"what is not known", what_is_not_known},
	{"probed: it is the gap", probed_it_is_the_gap},
	{"the other record did not come", the_other_record_did_not_come},
	{"master again", master_again},
	{"what is null", what_is_null},
	{"back again", back_again},
	{"times of any size", times_of_any_size},
	{"time has a break", time_has_a_break},
	{"it needs nothing else", it_needs_nothing_else},
	UNIT_TESTS_END,
};
