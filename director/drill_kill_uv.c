/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drill in which the daemon is killed: it writes down what it knows of the drill and sends itself SIGKILL,
 * so that nothing is said and nothing is tidied up, as when the kernel ends it for its memory. Who
 * supervises it starts it again, and what is started ends the drill (drill_rest.h).
 *
 * Shell, on the program's loop.
 */
#include "director/director.h"
#include "director/drill/drill_rest.h"
#include "director/service/boot_uv.h"
#include "director/service/notify_uv.h"
#include "director/service/state_file_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *path_of(const struct director *d, char buf[static STATE_FILE_PATH])
{
	snprintf(buf, STATE_FILE_PATH, "%s/drill.killed", d->options.runtime_dir);
	return buf;
}

bool director_kill_is_fine(const struct director *d, char why[static DRILL_WHY])
{
	if (d->options.supervised || notify_is_unit())
		return true;
	snprintf(why, DRILL_WHY,
		 "nobody would start directord again on node %.40s: run it by systemd, or with "
		 "--supervised",
		 d->self ? d->self->name : "?");
	return false;
}

struct octets {
	uint8_t *bytes;
	size_t len;
};

/* The boot first, whose clock the rest is by. */
static void print(const void *what, FILE *out)
{
	const struct octets *o = what;
	char boot[BOOT_ID_TEXT];

	boot_id_read(boot);
	fwrite(boot, 1, sizeof(boot), out);
	fwrite(o->bytes, 1, o->len, out);
}

/* The same boot, and a drill that is still waited for. As drill_rest_take(). */
static int take(const struct octets *o, const struct drill_budget *budget, uint64_t now_us,
		struct drill *ret, struct control_drill *ret_shown)
{
	char boot[BOOT_ID_TEXT];

	boot_id_read(boot);
	if (o->len < sizeof(boot))
		return -EBADMSG;
	if (memcmp(o->bytes, boot, sizeof(boot)) != 0)
		return -ESTALE;
	return drill_rest_take(o->bytes + sizeof(boot), o->len - sizeof(boot), budget, now_us, ret,
			       ret_shown);
}

int director_kill_daemon(struct director *d, uint64_t at_us, uint64_t lost, struct err *err)
{
	struct control_drill shown;
	char path[STATE_FILE_PATH];
	struct octets o = {0};
	int code = -ENOMEM;

	director_drill_show(&d->rehearsal, &shown);
	o.bytes = drill_rest_pack(&d->rehearsal.drill, &shown, at_us, lost, &o.len);
	if (o.bytes)
		code = state_file_write(path_of(d, path), print, &o);
	free(o.bytes);
	if (code < 0)
		return err_set(err, code, "cannot write %s: %s", path_of(d, path), strerror(-code));
	kill(getpid(), SIGKILL);
	return err_set(err, -EIO, "directord outlives SIGKILL"); /* it does not */
}

void director_open_drill(struct director *d)
{
	const struct drill_budget budget = director_drill_budget(d);
	char path[STATE_FILE_PATH];
	struct control_drill shown;
	uint64_t now_us = clock_us();
	struct drill drill = {0};
	struct octets o = {0};
	int code = state_file_read(path_of(d, path), DRILL_REST_MAX, &o.bytes, &o.len);

	if (code == 0 && !o.bytes)
		return;
	if (code == 0)
		code = take(&o, &budget, now_us, &drill, &shown);
	free(o.bytes);
	unlink(path); /* whatever becomes of this daemon: a drill is gone on with once */
	if (code < 0) {
		log_warning("what became of the drill that was under way is not known: %s: %s",
			    path, code == -ESTALE ? "it is of a time long gone" : strerror(-code));
		return;
	}
	director_drill_resume(d, &drill, &shown);
	log_info("drill %s: directord is started again, %llu ms after it was killed", shown.kind,
		 (unsigned long long)(now_us - drill.here.moments[0].at_us) / 1000);
}
