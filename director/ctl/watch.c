/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `status --watch`: asks again and again and shows what comes, on a terminal as a screen with keys, else as
 * one block of text an interval. A daemon that is away is told to be, and asked again.
 */
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "director/ctl/screen.h"
#include "director/ctl/watch_ask.h"
#include "director/ctl/watch_terminal.h"
#include "ha/clock_uv.h"
#include "include/output.h"

#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	INTERVAL_MS = 1000,
	INTERVAL_MIN_MS = 100,
	INTERVAL_MAX_MS = 3600000,
	FILE_WIDTH = 132,
	SLOW_MS = 2000, /* an answer that takes longer is none so far */
	KEYS = 64,
	CLOCK = 16,
};

struct watch {
	const struct ctl *ctl;
	struct watch_ask ask;
	struct watch_terminal terminal;
	struct watch_answer *last; /* the last good one */
	struct rates rates;
	struct err trouble;
	struct screen screen;
	struct screen_view view;
	uint64_t interval_ms, next_ms, heard_ms, asked_ms;
	uint64_t left; /* blocks until the end; 0: there is none */
	uint8_t keys[KEYS];
	size_t n_keys;
	bool over, blind; /* blind: no memory */
};

static int take_options(struct watch *w)
{
	const struct ctl *ctl = w->ctl;
	int64_t count = 0;

	w->interval_ms = INTERVAL_MS;
	if (ctl->interval && (duration_parse(ctl->interval, &w->interval_ms) < 0 ||
			      w->interval_ms < INTERVAL_MIN_MS || w->interval_ms > INTERVAL_MAX_MS))
		return ctl_fail(
			CTL_USAGE,
			"--interval must be a duration with its unit, from 100ms to 1h, not \"%s\"",
			ctl->interval);
	if (ctl->times && (number_parse(ctl->times, &count) < 0 || count < 1))
		return ctl_fail(CTL_USAGE, "--count must be a number from 1, not \"%s\"",
				ctl->times);
	w->left = (uint64_t)count;
	return CTL_DONE;
}

static void draw(struct watch *w)
{
	char clock[CLOCK] = "";
	time_t now = time(NULL);
	struct tm utc;
	const struct screen_model m = {
		.status = w->last ? &w->last->reply.status : NULL,
		.rates = &w->rates,
		.trouble = w->trouble.text,
		.silent_ms = clock_ms() - w->heard_ms,
		.interval_ms = w->interval_ms,
		.clock = clock,
	};

	if (gmtime_r(&now, &utc))
		strftime(clock, sizeof(clock), "%H:%M:%S UTC", &utc);
	w->view.width = FILE_WIDTH;
	if (w->terminal.live)
		watch_terminal_size(&w->view.width, &w->view.height);
	if (screen_draw(&w->screen, &m, &w->view) < 0) {
		w->blind = w->over = true;
		return;
	}
	if (w->terminal.live)
		screen_paint(stdout, &w->screen, w->terminal.colour);
	else
		screen_print(stdout, &w->screen);
	if (output_flush(stdout) < 0)
		w->over = true; /* nobody reads it any more */
}

/* One block for a file, with a blank line between two. */
static void print_block(struct watch *w)
{
	if (!w->ctl->json) {
		draw(w);
		fputc('\n', stdout);
	} else if (w->trouble.text[0]) {
		ctl_fail_err(&w->trouble);
	} else if (w->last && print_json(stdout, &w->last->reply.status, JSON_STATUS) < 0) {
		w->blind = w->over = true;
	}
	if (output_flush(stdout) < 0)
		w->over = true;
}

static void take_answer(struct watch *w)
{
	struct watch_answer *answer = watch_ask_take(&w->ask);

	if (!answer) {
		w->blind = w->over = true;
		return;
	}
	if (answer->code < 0) {
		w->trouble = answer->err;
		watch_answer_free(answer);
	} else if (w->view.paused && w->last) {
		w->trouble = (struct err){0};
		w->heard_ms = answer->at_ms;
		watch_answer_free(answer);
	} else {
		w->trouble = (struct err){0};
		watch_answer_free(w->last);
		w->last = answer;
		w->heard_ms = answer->at_ms;
		w->blind = w->over =
			rates_take(&w->rates, &answer->reply.status, answer->at_ms) < 0;
	}
	if (w->terminal.live)
		draw(w);
	else
		print_block(w);
	if (w->left && --w->left == 0)
		w->over = true;
}

static void take_keys(struct watch *w)
{
	ssize_t n = read(STDIN_FILENO, w->keys + w->n_keys, sizeof(w->keys) - w->n_keys);
	size_t used, at = 0;

	if (n <= 0) {
		w->over = true; /* the terminal has gone */
		return;
	}
	w->n_keys += (size_t)n;
	while (at < w->n_keys && !w->over &&
	       (used = screen_press(&w->view, w->keys + at, w->n_keys - at, &w->over)) > 0)
		at += used;
	memmove(w->keys, w->keys + at, w->n_keys - at);
	w->n_keys -= at;
	draw(w);
}

/* Time for the next question; while one is open, for telling that it is. */
static void tick(struct watch *w, uint64_t now)
{
	w->next_ms = now + w->interval_ms;
	if (!w->ask.asked)
		w->asked_ms = now;
	else if (now - w->asked_ms > SLOW_MS)
		err_set(&w->trouble, -1, "directord has been asked and says nothing");
	if (w->ask.asked && w->terminal.live)
		draw(w);
	watch_ask_next(&w->ask);
}

static void run(struct watch *w)
{
	struct pollfd fds[] = {
		{.fd = w->terminal.signals, .events = POLLIN},
		{.fd = w->ask.answers[0], .events = POLLIN},
		{.fd = w->terminal.keys ? STDIN_FILENO : -1, .events = POLLIN},
	};

	while (!w->over) {
		uint64_t now = clock_ms();

		if (now >= w->next_ms) {
			tick(w, now);
			continue;
		}
		if (poll(fds, 3, (int)(w->next_ms - now)) <= 0)
			continue;
		if (fds[0].revents) {
			w->over |= watch_terminal_signal(&w->terminal);
			if (!w->over && w->terminal.entered)
				draw(w);
		}
		if (fds[1].revents && !w->over)
			take_answer(w);
		if (fds[2].revents && !w->over)
			take_keys(w);
	}
}

int ctl_watch(const struct ctl *ctl)
{
	static struct watch w; /* its thread may still use it at the end */
	int code;

	w.ctl = ctl;
	code = take_options(&w);
	if (code != CTL_DONE)
		return code;
	w.heard_ms = clock_ms();
	if (watch_terminal_init(&w.terminal) < 0 || watch_ask_start(&w.ask, ctl) < 0)
		return ctl_fail(CTL_FAILED, "no thread or no descriptor to watch with");
	w.view.unicode = w.terminal.unicode;
	w.terminal.live = w.terminal.live && !ctl->json;
	w.terminal.keys = w.terminal.keys && w.terminal.live;
	watch_terminal_enter(&w.terminal);
	run(&w);
	watch_terminal_leave(&w.terminal);
	if (w.blind)
		code = ctl_fail(CTL_FAILED, "no memory for the screen");
	else if (w.trouble.text[0])
		code = w.terminal.live ? ctl_fail(CTL_UNREACHABLE, "%s", w.trouble.text)
				       : CTL_UNREACHABLE;
	watch_answer_free(w.last);
	rates_clear(&w.rates);
	screen_clear(&w.screen);
	return code;
}
