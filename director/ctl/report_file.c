/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/report_file.h"

#include "director/ctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct report_file *f)
{
	return ctl_fail(CTL_FAILED, "cannot write %s: %s", f->path, strerror(errno));
}

/* As a shell would have made it. */
static void set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

int report_file_begin(struct report_file *f, const char *path)
{
	struct stat there;
	int fd;

	*f = (struct report_file){.path = path};
	if (!path)
		return CTL_DONE;
	/* A device must not become a file. */
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return ctl_fail(CTL_FAILED, "cannot write %s: it is no file", path);
	if (strlen(path) + sizeof(".XXXXXX") > sizeof(f->beside)) {
		errno = ENAMETOOLONG;
		return fail(f);
	}
	snprintf(f->beside, sizeof(f->beside), "%s.XXXXXX", path);
	fd = mkstemp(f->beside);
	if (fd < 0)
		return fail(f);
	set_mode(fd);
	f->out = fdopen(fd, "w");
	if (f->out)
		return CTL_DONE;
	fail(f);
	close(fd);
	unlink(f->beside);
	return CTL_FAILED;
}

int report_file_finish(struct report_file *f)
{
	int code = CTL_DONE;

	if (!f->out)
		return CTL_DONE;
	if (fflush(f->out) != 0 || ferror(f->out) || fsync(fileno(f->out)) < 0 ||
	    rename(f->beside, f->path) < 0)
		code = fail(f);
	if (code == CTL_DONE) {
		fclose(f->out);
		f->out = NULL;
	}
	report_file_drop(f);
	return code;
}

void report_file_drop(struct report_file *f)
{
	if (!f->out)
		return;
	fclose(f->out);
	unlink(f->beside);
	f->out = NULL;
}
