/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What virtual routers depend on: states over reloads, farms beside the other director's, groups. */
#include "director/config/load.h"
#include "director/track/tracking.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define CLUSTER                                                                                    \
	"cluster \"c\" { key-file = \"/k\" node \"a\" { address = \"10.77.0.2\" priority = 150 } " \
	"node \"b\" { address = \"10.77.0.3\" } }\n"
#define VRRP(name, id, words)                                                                      \
	"vrrp \"" name "\" { interface = \"eth0\" virtual-router-id = " id                         \
	" addresses = \"10.77.0.1" id "/24\" " words " }\n"
#define FARM(name, port)                                                                           \
	"farm \"" name "\" { address = \"10.77.0.110\" interface = \"eth0\" ports = \"" port       \
	"\" backend \"web1\" { address = \"10.77.0.21\" } }\n"

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct err err = {0};

	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0)
		CU_FAIL_FATAL("cannot load a configuration");
	return c;
}

static struct tracked *find(const struct tracking *t, enum config_track_kind kind, const char *name)
{
	struct tracked *item = tracking_find(t, kind, "web", name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(item);
	return item;
}

/* Of the section, as node a sees it. */
static void expect_verdict(const struct tracking *t, const struct config *c, size_t section,
			   unsigned int priority, const char *fault)
{
	struct tracking_verdict v = tracking_judge(t, c, &c->cluster.nodes[0], section);

	EXPECT_INT(v.priority, priority);
	EXPECT_TEXT(v.fault, fault);
}

static void nothing_is_tracked(void)
{
	struct config *c = load(CLUSTER VRRP("web", "10", ""));
	struct tracking t = {0};

	EXPECT_INT(tracking_configure(&t, c), 0);
	EXPECT_INT(t.n, 0);
	expect_verdict(&t, c, 0, 0, "");
	tracking_clear(&t);
	config_free(c);
}

static void weights_and_faults(void)
{
	struct config *c = load(CLUSTER VRRP("web", "10",
					     "track-interface \"eth1\" { weight = -60 } "
					     "track-command \"eth1\" { command = \"x\" } "
					     "track-command \"y\" { command = \"y\" weight = 5 }"));
	struct tracking t = {0};

	EXPECT_INT(tracking_configure(&t, c), 0);
	expect_verdict(&t, c, 0, 155, ""); /* all are well before anything is known */
	CU_ASSERT(
		tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), false, "interface eth1 is down"));
	CU_ASSERT(!tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), false, "again"));
	expect_verdict(&t, c, 0, 95, "");
	CU_ASSERT(tracking_tell(find(&t, TRACK_COMMAND, "y"), false, "y"));
	expect_verdict(&t, c, 0, 90, "");
	CU_ASSERT(tracking_tell(find(&t, TRACK_COMMAND, "eth1"), false, "it fails"));
	expect_verdict(&t, c, 0, 90, "it fails");
	/* The present reason counts. */
	find(&t, TRACK_COMMAND, "eth1")->news = false;
	CU_ASSERT(!tracking_tell(find(&t, TRACK_COMMAND, "eth1"), false, "it fails"));
	CU_ASSERT(!find(&t, TRACK_COMMAND, "eth1")->news);
	CU_ASSERT(!tracking_tell(find(&t, TRACK_COMMAND, "eth1"), false, "it hangs"));
	CU_ASSERT(find(&t, TRACK_COMMAND, "eth1")->news);
	expect_verdict(&t, c, 0, 90, "it hangs");
	CU_ASSERT(tracking_tell(find(&t, TRACK_COMMAND, "eth1"), true, ""));
	CU_ASSERT(tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), true, ""));
	expect_verdict(&t, c, 0, 150, "");
	tracking_clear(&t);
	config_free(c);
}

static void trouble_is_shown(void)
{
	struct config *c = load(CLUSTER VRRP("web", "10",
					     "track-interface \"eth1\" { weight = -60 } "
					     "track-interface \"eth2\" { weight = 10 }"));
	struct tracking t = {0};
	char text[TRACKING_FAULT];

	EXPECT_INT(tracking_configure(&t, c), 0);
	tracking_trouble(&t, "web", text);
	EXPECT_TEXT(text, "");
	tracking_tell(find(&t, TRACK_INTERFACE, "eth2"), false, "interface eth2 is down");
	tracking_trouble(&t, "web", text);
	EXPECT_TEXT(text, "interface eth2 is down (weight 10)");
	tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), false, "interface eth1 is down");
	tracking_trouble(&t, "web", text);
	EXPECT_TEXT(text, "interface eth1 is down (weight -60)");
	tracking_trouble(&t, "dns", text);
	EXPECT_TEXT(text, "");
	tracking_clear(&t);
	config_free(c);
}

static void what_stays_keeps_its_state(void)
{
	struct config *c = load(CLUSTER VRRP("web", "10",
					     "track-interface \"eth1\" { weight = -60 } "
					     "track-interface \"eth2\" { weight = -10 }"));
	struct config *next =
		load(CLUSTER VRRP("other", "11", "track-interface \"eth1\" { weight = -1 }")
			     VRRP("web", "10",
				  "track-command \"eth2\" { command = \"x\" weight = -20 } "
				  "track-interface \"eth1\" { weight = -50 }"));
	struct tracking t = {0};

	EXPECT_INT(tracking_configure(&t, c), 0);
	tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), false, "down");
	tracking_tell(find(&t, TRACK_INTERFACE, "eth2"), false, "down");
	expect_verdict(&t, c, 0, 80, "");
	EXPECT_INT(tracking_configure(&t, next), 0);
	expect_verdict(&t, next, 0, 150, ""); /* the same interface, of another section */
	expect_verdict(&t, next, 1, 100, "");
	CU_ASSERT_PTR_NULL(tracking_find(&t, TRACK_INTERFACE, "web", "eth2"));
	tracking_clear(&t);
	config_free(next);
	config_free(c);
}

/* --- farms ------------------------------------------------------------------------------------ */

#define TWO_FARMS                                                                                  \
	CLUSTER VRRP("web", "10",                                                                  \
		     "track-farm \"www\" { weight = -10 } track-farm \"dns\" { weight = -20 }")    \
		FARM("www", "80") FARM("dns", "53")

static void a_difference_has_to_last(void)
{
	const struct track_farms three = {3, 0, 7}, two = {2, 1, 7};
	const struct tracking_farms fine = {three, three, three, true},
				    less = {two, two, three, true}, same = {two, two, two, true},
				    alone = {two, two, three, false};
	struct config *c = load(TWO_FARMS);
	struct tracking t = {0};
	struct tracked *www;

	EXPECT_INT(tracking_configure(&t, c), 0);
	www = find(&t, TRACK_FARM, "www");
	CU_ASSERT(!tracking_tell_farm(www, &fine, 0));
	CU_ASSERT(!tracking_tell_farm(www, &less, 1000));
	CU_ASSERT(!tracking_tell_farm(www, &less, 1000 + TRACKING_FARM_MS - 1));
	CU_ASSERT(!tracking_tell_farm(www, &same, 1000 + TRACKING_FARM_MS)); /* it saw it later */
	CU_ASSERT(!tracking_tell_farm(www, &less, 1000 + TRACKING_FARM_MS));
	CU_ASSERT(!tracking_tell_farm(www, &less, 1000 + 2 * TRACKING_FARM_MS - 1));
	expect_verdict(&t, c, 0, 150, "");
	CU_ASSERT(tracking_tell_farm(www, &less, 1000 + 2 * TRACKING_FARM_MS));
	expect_verdict(&t, c, 0, 140, "");
	CU_ASSERT(!tracking_tell_farm(www, &less, 2000 + 2 * TRACKING_FARM_MS));
	/* The other one is gone, or no better: at once. */
	CU_ASSERT(tracking_tell_farm(www, &alone, 3000 + 2 * TRACKING_FARM_MS));
	expect_verdict(&t, c, 0, 150, "");
	tracking_clear(&t);
	config_free(c);
}

/* Long enough to be believed, from the first millisecond on. */
static void settle(struct tracked *item, const struct tracking_farms *f)
{
	item->behind_since_ms = 0;
	tracking_tell_farm(item, f, 0);
	tracking_tell_farm(item, f, 1 + TRACKING_FARM_MS);
}

/* The other director tells of all of them together. */
static void several_farms(void)
{
	const struct track_farms two = {2, 1, 3}, three = {3, 0, 4}, all = {5, 1, 7};
	const struct track_farms more = {6, 0, 7}, added = {7, 0, 11}, added_down = {6, 1, 11};
	struct config *c = load(TWO_FARMS);
	struct tracking t = {0};
	struct tracked *www, *dns;

	EXPECT_INT(tracking_configure(&t, c), 0);
	www = find(&t, TRACK_FARM, "www");
	dns = find(&t, TRACK_FARM, "dns");
	settle(www, &(struct tracking_farms){two, all, more, true});
	settle(dns, &(struct tracking_farms){three, all, more, true});
	CU_ASSERT(!www->well && dns->well);
	expect_verdict(&t, c, 0, 140, "");
	/* It has one more in its configuration. */
	settle(www, &(struct tracking_farms){two, all, added, true});
	CU_ASSERT(www->well);
	settle(www, &(struct tracking_farms){two, all, added_down, true});
	CU_ASSERT(www->well);
	settle(www, &(struct tracking_farms){three, more, added, true});
	settle(dns, &(struct tracking_farms){three, more, added, true});
	CU_ASSERT(www->well && dns->well);
	settle(www, &(struct tracking_farms){two, all, all, true});
	settle(dns, &(struct tracking_farms){three, all, all, true});
	CU_ASSERT(www->well && dns->well);
	tracking_clear(&t);
	config_free(c);
}

static void the_sentence_names_the_farm(void)
{
	struct config *c =
		load(CLUSTER VRRP("web", "10", "track-farm \"www\" { }") FARM("www", "80"));
	struct tracking t = {0};

	EXPECT_INT(tracking_configure(&t, c), 0);
	settle(&t.items[0], &(struct tracking_farms){{1, 2, 7}, {1, 2, 7}, {3, 0, 7}, true});
	expect_verdict(&t, c, 0, 150,
		       "farm \"www\" has 1 healthy backend here and lacks 2, the other director "
		       "sees more");
	tracking_clear(&t);
	config_free(c);
}

/* The digest of the farm "www" with these backends. */
static uint32_t digest(const char *backends)
{
	char text[2048];
	struct tracking t = {0};
	struct config *c;
	uint32_t value;

	snprintf(text, sizeof(text),
		 CLUSTER VRRP("web", "10",
			      "track-farm \"www\" { }") "farm \"www\" { address = \"10.77.0.110\" "
							"interface = \"eth0\" ports = \"80\" %s }",
		 backends);
	c = load(text);
	EXPECT_INT(tracking_configure(&t, c), 0);
	value = t.items[0].backends;
	tracking_clear(&t);
	config_free(c);
	return value;
}

static void a_digest_of_the_backends(void)
{
	const char *one = "backend \"web1\" { address = \"10.77.0.21\" weight = 3 } ";
	const char *two = "backend \"web2\" { address = \"10.77.0.22\" } ";
	const char *moved = "backend \"web1\" { address = \"10.77.0.29\" } ";
	const char *off = "backend \"web2\" { address = \"10.77.0.22\" state = disabled } ";
	char both[300], turned[300], part[300];

	snprintf(both, sizeof(both), "%s%s", one, two);
	snprintf(turned, sizeof(turned), "%sbackend \"web1\" { address = \"10.77.0.21\" }", two);
	snprintf(part, sizeof(part), "%s%s", one, off);
	EXPECT_INT(digest(both), digest(turned));
	EXPECT_INT(digest(part), digest(one));
	CU_ASSERT(digest(one) != 0);
	CU_ASSERT(digest(one) != digest(two));
	CU_ASSERT(digest(one) != digest(both));
	CU_ASSERT(digest(one) != digest(moved));
}

/* --- groups ----------------------------------------------------------------------------------- */

static void a_group_has_one_priority(void)
{
	struct config *c = load(CLUSTER VRRP("web", "10",
					     "group = \"g\" track-interface \"eth1\" "
					     "{ weight = -60 }") VRRP("dns", "11", "group = \"g\"")
					VRRP("mail", "12",
					     "group = \"h\" track-interface \"eth1\" "
					     "{ weight = 20 }") VRRP("ntp", "13", "group = \"h\"")
						VRRP("ssh", "14", ""));
	struct tracking t = {0};

	EXPECT_INT(tracking_configure(&t, c), 0);
	expect_verdict(&t, c, 0, 150, "");
	expect_verdict(&t, c, 1, 150, "");
	/* The least of 170 and 150. */
	expect_verdict(&t, c, 2, 150, "");
	expect_verdict(&t, c, 3, 150, "");
	expect_verdict(&t, c, 4, 0, "");
	tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), false, "down");
	expect_verdict(&t, c, 0, 90, "");
	expect_verdict(&t, c, 1, 90, "");
	expect_verdict(&t, c, 2, 150, "");
	expect_verdict(&t, c, 4, 0, "");
	tracking_clear(&t);
	config_free(c);
}

/* A fault is a member's own: ha/group.h hands it on. */
static void a_fault_is_its_own(void)
{
	struct config *c =
		load(CLUSTER VRRP("web", "10", "group = \"g\" track-interface \"eth1\" { }")
			     VRRP("dns", "11", "group = \"g\""));
	struct tracking t = {0};

	EXPECT_INT(tracking_configure(&t, c), 0);
	tracking_tell(find(&t, TRACK_INTERFACE, "eth1"), false, "interface eth1 is down");
	expect_verdict(&t, c, 0, 150, "interface eth1 is down");
	expect_verdict(&t, c, 1, 150, "");
	tracking_clear(&t);
	config_free(c);
}

UNIT_TESTS(tracking) = {
	{"nothing is tracked", nothing_is_tracked},
	{"weights and faults", weights_and_faults},
	{"trouble is shown", trouble_is_shown},
	{"what stays keeps its state", what_stays_keeps_its_state},
	{"a difference between the directors has to last", a_difference_has_to_last},
	{"several farms of one section", several_farms},
	{"the sentence names the farm", the_sentence_names_the_farm},
	{"a digest of the backends", a_digest_of_the_backends},
	{"a group has one priority", a_group_has_one_priority},
	{"a fault is its own", a_fault_is_its_own},
	UNIT_TESTS_END,
};
