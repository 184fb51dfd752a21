/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `backend drain`: the order, and with --wait what comes of it. */
#include "director/ctl/drain.h"

#include "director/backend/remaining.h"
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "ha/clock_uv.h"
#include "include/output.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
	LOOK_MS = 500,
	LOOKS_EMPTY = 2, /* one alone may be of a moment before the last count */
	AWAY_MS =
		30000, /* a daemon that is started anew is waited for, and a count that is not known for now */
};

/* What the answers tell until it has ended. */
struct drain {
	enum drain_stand stand;
	uint64_t left; /* as last known while it drained; STATUS_UNKNOWN */
	bool settles;  /* that was not to be known yet */
};

enum drain_stand drain_stand(const struct status_farm *f, const struct status_backend *b)
{
	if (strcmp(b->admin_state, "disabled") == 0)
		return DRAIN_OVER;
	if (strcmp(b->admin_state, "draining") != 0)
		return DRAIN_UNDONE;
	/* A flow that is silent while its bucket moves is in no count yet; nor one that begins. */
	if (remaining_settles(f) || b->share > 0)
		return DRAIN_GOES_ON;
	/* A hashed farm that is steady has no table, and nothing but its buckets. */
	if (b->connections != STATUS_UNKNOWN)
		return b->connections ? DRAIN_GOES_ON : DRAIN_EMPTY;
	return b->deadline_ms == STATUS_UNKNOWN ? DRAIN_BLIND : DRAIN_GOES_ON;
}

static void take_breath(void)
{
	struct timespec breath = {.tv_nsec = (long)LOOK_MS * 1000000};

	nanosleep(&breath, NULL);
}

/* It was disabled before it was known to be empty. */
static void tell_cut(const struct control_request *request, const struct drain *drain,
		     const char *age)
{
	char count[PRINT_COUNT];

	printf("%s of %s is disabled, after %s; ", request->backend, request->farm, age);
	if (drain->left != STATUS_UNKNOWN)
		printf("it had %s connection%s yet\n", print_count(drain->left, count),
		       drain->left == 1 ? "" : "s");
	else
		printf("whether it had connections yet is not known%s\n",
		       drain->settles ? ": the buckets had not settled" : "");
}

/* What is left to be said once it has ended; the exit code. */
static int tell(const struct ctl *ctl, const struct control_request *request,
		const struct drain *drain, uint64_t took_ms)
{
	int code = drain->stand == DRAIN_OVER ? CTL_NOT_GOOD : CTL_DONE;
	char age[PRINT_AGE];

	if (drain->stand == DRAIN_UNDONE)
		return ctl_fail(
			CTL_FAILED,
			"%s of %s gets new connections again, by another order: it is not drained",
			request->backend, request->farm);
	if (drain->stand == DRAIN_BLIND)
		return ctl_fail(CTL_FAILED,
				"nobody knows how many connections %s of %s has: --wait needs a "
				"--deadline; it drains all the same",
				request->backend, request->farm);
	if (ctl->json)
		return code;
	print_age(took_ms, age);
	if (drain->stand == DRAIN_OVER)
		tell_cut(request, drain, age);
	else
		printf("%s of %s is drained: no connection remains, after %s\n", request->backend,
		       request->farm, age);
	return code;
}

static bool is_over(enum drain_stand stand, int empty, uint64_t blind_ms)
{
	return stand == DRAIN_OVER || stand == DRAIN_UNDONE || empty >= LOOKS_EMPTY ||
	       blind_ms > AWAY_MS;
}

/* What it waits for now is another thing than the order's answer said. */
static void tell_settled(const struct ctl *ctl, const struct status_farm *f,
			 const struct status_backend *b)
{
	/* With --json standard output has one document: how it is in the end. */
	FILE *out = ctl->json ? stderr : stdout;

	fprintf(out, "the buckets of %s have settled; ", f->name);
	remaining_print(out, f, b);
	fputc('\n', out);
	fflush(out);
}

static void note(struct drain *drain, const struct status_farm *f, const struct status_backend *b,
		 bool empty)
{
	/* No connection in one look alone may be of a moment before the last count. */
	drain->left = empty ? STATUS_UNKNOWN : remaining_of(f, b);
	drain->settles = remaining_settles(f);
}

/* Looks until it has ended, in *ret the last answer, which the caller clears, or no word on why there is none. */
static int look(const struct ctl *ctl, const struct control_request *request, struct drain *drain,
		struct control_reply *ret)
{
	struct control_request show = {.command = CONTROL_BACKEND_SHOW};
	uint64_t heard_ms = clock_ms(), known_ms = heard_ms;
	const struct status_backend *b;
	const struct status_farm *f;
	struct err err = {0};
	int empty = 0;

	memcpy(show.farm, request->farm, sizeof(show.farm));
	memcpy(show.backend, request->backend, sizeof(show.backend));
	for (;; take_breath()) {
		int code = ctl_try(ctl, &show, ret, &err);

		if (code < 0 && clock_ms() - heard_ms > AWAY_MS)
			return ctl_fail(CTL_UNREACHABLE, "%s", err.text);
		if (code < 0)
			continue;
		heard_ms = clock_ms();
		b = ctl_find_backend(&ret->status, request->backend);
		if (!b)
			return ctl_fail(CTL_FAILED, "%s of %s is not in the configuration any more",
					request->backend, request->farm);
		f = &ret->status.farms[0];
		drain->stand = drain_stand(f, b);
		if (drain->stand != DRAIN_BLIND)
			known_ms = heard_ms;
		empty = drain->stand == DRAIN_EMPTY ? empty + 1 : 0;
		if (is_over(drain->stand, empty, heard_ms - known_ms))
			return CTL_DONE;
		if (drain->settles && !remaining_settles(f) && !empty)
			tell_settled(ctl, f, b);
		note(drain, f, b, empty);
		control_reply_clear(ret);
	}
}

static int wait_for_it(const struct ctl *ctl, const struct control_request *request)
{
	struct drain drain = {.stand = DRAIN_GOES_ON, .left = STATUS_UNKNOWN};
	uint64_t began_ms = clock_ms();
	struct control_reply reply = {0};
	int code = look(ctl, request, &drain, &reply);

	if (code == CTL_DONE)
		code = tell(ctl, request, &drain, clock_ms() - began_ms);
	if (ctl->json && (code == CTL_DONE || code == CTL_NOT_GOOD) &&
	    print_json_backend(stdout, &reply.status.farms[0],
			       ctl_find_backend(&reply.status, request->backend)) < 0)
		code = ctl_fail(CTL_FAILED, "no memory for a JSON document");
	control_reply_clear(&reply);
	return code;
}

int ctl_backend_drain(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_BACKEND_DRAIN,
					  .no_wait = ctl->no_wait};
	struct control_reply reply = {0};
	char longest[DURATION_TEXT];
	int code;

	if (ctl->wait && ctl->no_wait)
		return ctl_fail(CTL_USAGE, "--wait and --no-wait cannot both be meant");
	if (ctl->deadline && (duration_parse(ctl->deadline, &request.number) < 0 ||
			      request.number < 1 || request.number > CONFIG_DEADLINE_MAX_MS))
		return ctl_fail(CTL_USAGE,
				"--deadline must be a duration with its unit, such as 30s or 10m, "
				"of at most %s, not \"%s\"",
				duration_format(CONFIG_DEADLINE_MAX_MS, longest), ctl->deadline);
	code = ctl_take_backend(ctl, &request);
	if (code != CTL_DONE || !ctl->wait)
		return code == CTL_DONE ? ctl_order(ctl, &request) : code;
	code = ctl_request(ctl, &request, &reply);
	if (code != CTL_DONE)
		return code;
	/* As in tell_settled(). */
	fputs(reply.text, ctl->json ? stderr : stdout);
	output_flush(stdout);
	control_reply_clear(&reply);
	return wait_for_it(ctl, &request);
}
