/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text that is pushed into a file is refused, or comes to one that the same push changes no further. */
#include "director/config/push_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char own[] =
	"# of b\nvrrp \"v\" { auth-mode = \"enforce\" }\nfarm \"x\" { a = 1 } # near\n"
	"farm \"y\" { allow = { \"@/a\" } }\ncontrol { }\n";

/* There is no file without a name that is read by one. */
static int put(const char *text, size_t len)
{
	int fd = memfd_create("own", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	return fd;
}

static int merge(const char *text, size_t len, const uint8_t *data, size_t size,
		 struct push_merge *ret)
{
	struct err err = {.text = ""};
	int fd = put(text, len), code;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	code = push_merge(path, (const char *)data, size, ret, &err);
	close(fd);
	if (code < 0 && (ret->merged || !err.text[0]))
		abort();
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct push_merge m, again;

	if (merge(own, strlen(own), data, size, &m) < 0)
		return 0;
	if (!memmem(m.merged, m.merged_len, "control { }", 11) ||
	    !memmem(m.merged, m.merged_len, "# of b", 6))
		abort();
	if (merge(m.merged, m.merged_len, data, size, &again) < 0)
		abort();
	push_merge_clear(&again);
	push_merge_clear(&m);
	return 0;
}
