/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * directorctl: what its commands share. The tables of commands and of options (command.h,
 * option.h) make the help and the completion as well; one file per family of commands; one renderer
 * for people and one for programs.
 */
#ifndef DIRECTOR_CTL_CTL_H
#define DIRECTOR_CTL_CTL_H

#include "include/err.h"
#include "proto/codec.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit codes (directorctl(8)). */
enum ctl_exit {
	CTL_DONE = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 3,
	CTL_NOT_GOOD = 4,
};

struct json_t; /* jansson.h */

/* Of probe; NULL: not given. */
struct ctl_probe {
	const char *rate, *duration, *timeout, *send, *hold, *max_gap, *max_lost;
	bool udp;
};

struct ctl {
	const char *socket;
	const char *config; /* -c; NULL when it was not given */
	bool json;
	const char *deadline;		     /* --deadline; NULL when it was not given */
	const char *farm, *backend, *client; /* of connections, persistence; NULL: not given */
	bool count;
	bool watch;
	const char *interval,
		*times; /* of status --watch: --interval, --count N; NULL: not given */
	bool force;
	const char *last;    /* of ruleset history; NULL: not given */
	const char *against; /* of ruleset diff; NULL: not given */
	const char *confirm; /* --confirm TIME; NULL when it was not given */
	bool this_node;
	const char *limit;	    /* --limit; NULL when it was not given */
	const char *target;	    /* --probe, likewise */
	bool failback;		    /* of cluster drill */
	const char *html;	    /* of cluster drill; NULL: not given */
	const char *format;	    /* of ruleset export; NULL: not given */
	const char *os, *interface; /* of backend-setup; NULL: not given */
	struct ctl_probe probe;
	bool no_wait; /* of what has an outcome to wait for */
	bool wait;    /* of a drain: until nothing is left to be drained */
	bool help, version;
	int patience_ms; /* until the daemon must have answered; 0: as long as its kind may take */
	int argc;	 /* what follows the command's words */
	char **argv;
};

#define CTL_DEFAULT_CONFIG "/etc/director/director.conf"
#define CTL_DEFAULT_SOCKET "/run/director/director.sock"

/* Prints one sentence on standard error, after the program's name. Returns code. */
int ctl_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int ctl_fail_err(const struct err *err);
/* There is no such one in the configuration; tells what was meant, or what there is. Return CTL_FAILED. */
int ctl_unknown_farm(const struct config *c, const char *name);
int ctl_unknown_backend(const struct config_farm *farm, const char *written); /* "www/web9" */

/*
 * Asks the daemon and prints the sentence when there is no good answer. CTL_DONE and *ret filled
 * (the caller clears it), or the exit code.
 */
int ctl_ask(const struct ctl *ctl, enum control_command command, struct control_reply *ret);
int ctl_request(const struct ctl *ctl, const struct control_request *request,
		struct control_reply *ret);

/*
 * The status as it comes, when nobody needs all of it at once: its head, then each farm, all of them
 * borrowed. Each returns 0, or a negative errno that ends it.
 */
struct ctl_farms {
	int (*head)(void *owner, const struct status *s);
	int (*farm)(void *owner, const struct status_farm *f);
	void *owner;
};
int ctl_ask_farms(const struct ctl *ctl, const struct ctl_farms *to);

/* The same without a word on standard error: 0, or a negative errno with the sentence. */
int ctl_try(const struct ctl *ctl, const struct control_request *request, struct control_reply *ret,
	    struct err *err);

/* "www/web1", the first of what follows the command's words. */
int ctl_take_backend(const struct ctl *ctl, struct control_request *request);
/* Of the only farm of an answer; NULL: it is not there. */
const struct status_backend *ctl_find_backend(const struct status *s, const char *name);
/* An order on a backend, and what the daemon says of it. */
int ctl_order(const struct ctl *ctl, const struct control_request *request);

/* Commands: each returns the exit code. */
int ctl_status(const struct ctl *ctl);
int ctl_watch(const struct ctl *ctl); /* status --watch */
int ctl_farm_list(const struct ctl *ctl);
int ctl_farm_show(const struct ctl *ctl);
int ctl_backend_list(const struct ctl *ctl);
int ctl_backend_show(const struct ctl *ctl);
int ctl_backend_enable(const struct ctl *ctl);
int ctl_backend_drain(const struct ctl *ctl);
int ctl_backend_disable(const struct ctl *ctl);
int ctl_backend_weight(const struct ctl *ctl);
int ctl_backend_setup(const struct ctl *ctl);
int ctl_connections(const struct ctl *ctl);
int ctl_persistence(const struct ctl *ctl);
int ctl_ruleset_export(const struct ctl *ctl);
int ctl_ruleset_verify(const struct ctl *ctl);
int ctl_ruleset_diff(const struct ctl *ctl);
int ctl_ruleset_history(const struct ctl *ctl);
int ctl_ruleset_explain(const struct ctl *ctl);
int ctl_cluster_status(const struct ctl *ctl);
int ctl_cluster_failover(const struct ctl *ctl);
int ctl_cluster_maintenance(const struct ctl *ctl);
int ctl_cluster_drill(const struct ctl *ctl);
int ctl_drill_history(const struct ctl *ctl);
int ctl_doctor(const struct ctl *ctl);
int ctl_probe(const struct ctl *ctl);
int ctl_metrics(const struct ctl *ctl);
int ctl_config_check(const struct ctl *ctl);
int ctl_config_reload(const struct ctl *ctl);
int ctl_config_confirm(const struct ctl *ctl);
int ctl_config_rollback(const struct ctl *ctl);
int ctl_config_diff(const struct ctl *ctl);
int ctl_config_push(const struct ctl *ctl);
int ctl_key_generate(const struct ctl *ctl);
int ctl_key_fingerprint(const struct ctl *ctl);
int ctl_completion(const struct ctl *ctl);

/* Renderers. */
void print_status(FILE *out, const struct status *s);
void print_cluster(FILE *out, const struct status *s);
void print_farms(FILE *out, const struct status *s);
void print_backends(FILE *out, const struct status *s);
void print_farm(FILE *out, const struct status_farm *f, uint64_t counters_age_ms);
/* One host may be a backend of several farms, which its MAC tells; one that is disabled shows none. */
bool print_is_claim_of(const struct status_claim *c, const char *farm,
		       const struct status_backend *b);
/* Of the only farm of the status. */
void print_backend(FILE *out, const struct status *s, const struct status_backend *b,
		   const struct backend_detail *d);
/* What the renderers for people share. */
void print_state(FILE *out, const char *state, int width); /* in its colour, at a terminal */
bool colour_is_wanted(FILE *out);
const char *colour_of(const char *state);			   /* as SGR has it; NULL: none */
void print_lines(FILE *out, const char *text, const char *before); /* in front of each line */
enum { PRINT_AGE = 32, PRINT_COUNT = 32 };
const char *print_age(uint64_t ms, char buf[static PRINT_AGE]);
const char *print_count(uint64_t n, char buf[static PRINT_COUNT]); /* "?" for STATUS_UNKNOWN */
/* One JSON document: a part of the status. 0 or -1 without memory. */
enum json_part { JSON_STATUS, JSON_CLUSTER, JSON_FARMS, JSON_FARM, JSON_BACKENDS };
int print_json(FILE *out, const struct status *s, enum json_part part);
/* The status, farm by farm, between its begin and its end; the same as with JSON_STATUS. */
struct json_status;							 /* print_json.c */
struct json_status *print_json_begin(FILE *out, const struct status *s); /* NULL: no memory */
void print_json_next(struct json_status *j, const struct status_farm *f);
/* 0, or -1: it is not all there. Not whole: nothing more comes, and it must not look like all. */
int print_json_end(struct json_status *j, bool whole); /* accepts NULL */
/* One backend, as in the list of them. */
int print_json_backend(FILE *out, const struct status_farm *f, const struct status_backend *b);
/* The same with its checks, its history and its claims. 0 or -1 without memory. */
int print_json_detail(FILE *out, const struct status *s, const struct status_backend *b,
		      const struct backend_detail *d);
/* What a doctor found, in that order. JSON: 0 or -1 without memory. */
struct findings; /* director/doctor/finding.h */
void print_findings(FILE *out, const struct findings *f);
int print_json_findings(FILE *out, const struct findings *f);
/* Any document, which is consumed; NULL stands for no memory. */
int print_json_document(FILE *out, struct json_t *document);

#endif
