/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/watch_terminal.h"

#include "include/output.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

int watch_terminal_init(struct watch_terminal *t)
{
	static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	sigset_t set;

	*t = (struct watch_terminal){
		.live = isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb") != 0,
		.unicode = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.colour = !no_color || !no_color[0],
	};
	t->keys = t->live && isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->before) == 0;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		/* A file's writer is stopped as any other program; what was ignored (nohup) stays so. */
		if (t->live || watched[i] == SIGINT || watched[i] == SIGTERM)
			sigaddset(&set, watched[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	t->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return t->signals < 0 ? -errno : 0;
}

void watch_terminal_enter(struct watch_terminal *t)
{
	if (!t->live)
		return;
	if (t->keys) {
		struct termios raw = t->before;

		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ^C and ^Z are signals still */
		raw.c_iflag &= ~(tcflag_t)ICRNL;
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	/* The other screen, no cursor, no line that goes on in the next one. */
	fputs("\033[?1049h\033[?25l\033[?7l\033[0m\033[2J", stdout);
	output_flush(stdout);
	t->entered = true;
}

void watch_terminal_leave(struct watch_terminal *t)
{
	if (!t->entered)
		return;
	t->entered = false;
	fputs("\033[0m\033[?7h\033[?25h\033[?1049l", stdout);
	output_flush(stdout);
	if (t->keys)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &t->before);
}

void watch_terminal_size(size_t *width, size_t *height)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
		size = (struct winsize){.ws_col = 80, .ws_row = 24};
	*width = size.ws_col;
	*height = size.ws_row;
}

bool watch_terminal_signal(struct watch_terminal *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	switch (info.ssi_signo) {
	case SIGTSTP:
		watch_terminal_leave(t);
		raise(SIGSTOP); /* SIGTSTP itself is blocked; until the next line it is stopped */
		return false;
	case SIGCONT: /* whoever had the terminal meanwhile may have changed it */
		watch_terminal_enter(t);
		return false;
	case SIGWINCH: fputs("\033[0m\033[2J", stdout); return false;
	default: return true;
	}
}
